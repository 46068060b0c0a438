// Owns small stores and files for the tests of collection.
// Invariants: each fixture has a folder of its own.

import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

/// A store in a temporary folder.
struct StoreFixture {
  let folder: TemporaryFolder
  let database: CreditDatabase
  var path: String { folder.path("store") }

  static let entry = CatalogueEntry(
    code: "T1", name: "测试", subject: ["CODE"], subjectName: "TEXT", recordKey: ["NO"], eventDate: "DAY",
    items: [
      CatalogueItem(id: "CODE", name: "代码", identifier: .any), CatalogueItem(id: "NO", name: "文号"),
      CatalogueItem(id: "DAY", name: "日期", type: .date),
      CatalogueItem(id: "AMOUNT", name: "金额", type: .decimal, scale: 2),
      CatalogueItem(id: "TEXT", name: "内容", length: 20),
    ])

  /// The same entry without a record key.
  static var keyless: CatalogueEntry {
    var entry = entry
    entry.code = "T0"
    entry.recordKey = []
    entry.subjectName = nil
    return entry
  }

  static let codes = ["91130302MA0000015N", "92130303MA0000023W", "93130321MA0000031N"]

  init(
    _ entries: [CatalogueEntry] = [StoreFixture.entry, StoreFixture.keyless],
    memoryBudgetBytes: Int = 64 << 20
  ) throws {
    folder = try TemporaryFolder()
    try CreditDatabase.create(at: folder.path("store"))
    // Whatever is merged gets an index of its names.
    var options = CreditDatabase.Options(memoryBudgetBytes: memoryBudgetBytes)
    options.indexedRows = 0
    database = try CreditDatabase(opening: folder.path("store"), mode: .readWrite(), options: options)
    try database.catalogue.publish(entries)
  }

  /// Collects rows under the header of the test entry.
  @discardableResult
  func collect(
    _ rows: [String], entry: String = "T1", unit: String? = nil, header: String = "CODE,NO,DAY,AMOUNT,TEXT",
    options: CollectionOptions? = nil
  ) throws -> Receipt {
    try collect(
      text: ([header] + rows).joined(separator: "\n") + "\n", entry: entry, unit: unit, options: options)
  }

  @discardableResult
  func collect(
    text: String, entry: String = "T1", unit: String? = nil, options: CollectionOptions? = nil
  ) throws -> Receipt {
    try collect(data: Data(text.utf8), entry: entry, unit: unit, options: options)
  }

  @discardableResult
  func collect(
    data: Data, entry: String = "T1", unit: String? = nil, encoding: FileEncoding = .auto,
    options: CollectionOptions? = nil
  ) throws -> Receipt {
    let file = try folder.write("file-\(UUID().uuidString).csv", data)
    let receipt = try database.collectBlocking(
      .csv(file, encoding: encoding), for: entry, from: unit, options: options)
    #expect(receipt.isBalanced)
    return receipt
  }

  func records(_ subject: String, _ versions: CreditSnapshot.Versions = .current, entry: String? = nil) throws
    -> [CreditRecord]
  {
    try database.snapshot().records(of: subject, entry: entry, versions: versions)
  }

  func rules(ofBatch batch: UInt64) throws -> [String] {
    try database.snapshot().setAsideRows(ofBatch: batch).map {
      "\($0.row) \($0.state.name) \($0.reasons.map(\.rule).joined(separator: "+"))"
    }
  }
}

extension Receipt {
  /// Loaded, updated, duplicate, questionable, unlinked, warnings.
  var counters: [Int] { [loaded, updated, duplicate, questionable, unlinked, warnings] }
}
