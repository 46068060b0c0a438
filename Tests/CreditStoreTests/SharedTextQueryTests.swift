// Goal: questions about texts that rows share with their subject (names, addresses of a merged store) give what a plain reading of the rows gives, whether a row has
// the shared text, another one or none.
// Method: two entries that name the same subjects alike but for some rows; conditions, groups and distinct texts worked out row by row here, asked before the merge and after it.

import CreditModel
@testable import CreditStore
import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct SharedTextQueryTests {
  private struct Row {
    var code: String
    var number: String
    var name: String?
    var address: String?
    var cells: [String] { [code, number, name ?? "", address ?? ""] }
  }

  private static func entry(_ code: String) -> CatalogueEntry {
    CatalogueEntry(
      code: code, name: "登记", subject: ["CODE"], subjectName: "NAME", recordKey: ["NO"],
      items: [
        CatalogueItem(id: "CODE", name: "代码", identifier: .any), CatalogueItem(id: "NO", name: "号"),
        CatalogueItem(id: "NAME", name: "名称", length: 80),
        CatalogueItem(id: "ADDRESS", name: "地址", length: 80),
      ])
  }

  /// Identifiers of as many persons, with their check characters.
  private static func codes(_ count: Int) -> [String] {
    (0..<count).map { number in
      CitizenNumbers.completed(
        "1303021990" + String(format: "%02d%02d%03d", number % 12 + 1, number % 28 + 1, number))
    }
  }

  private static func row(_ code: String, _ subject: Int, _ number: String) -> Row {
    Row(
      code: code, number: number, name: "海港\(subject % 7)金鑫\(subject)号",
      address: "河北省秦皇岛市海港区文化路\(subject)号\(subject % 3)单元")
  }

  private static func rows(_ count: Int, using random: inout SeededGenerator) -> [Row] {
    let codes = codes(300)
    return (0..<count).map { index in
      let subject = Int.random(in: 0..<codes.count, using: &random)
      var row = row(codes[subject], subject, "N\(index)")
      switch Int.random(in: 0..<60, using: &random) {
      case 0: row.name = nil
      case 1: row.address = nil
      case 2: row.name = "山海\(index % 5)旧名"
      case 3: row.address = "迁往\(index)号"
      case 4: (row.name, row.address) = (nil, nil)
      default: break
      }
      // Some have none at all.
      if subject % 50 == 7 { row.address = nil }
      return row
    }
  }

  private static let conditions: [(text: String, holds: @Sendable (Row) -> Bool?)] = [
    ("NAME contains '海港3'", { $0.name.map { $0.contains("海港3") } }),
    ("NAME startsWith '山海'", { $0.name.map { $0.hasPrefix("山海") } }),
    ("NAME = '海港1金鑫1号'", { $0.name.map { $0 == "海港1金鑫1号" } }),
    ("NAME != '海港1金鑫1号'", { $0.name.map { $0 != "海港1金鑫1号" } }), ("NAME is null", { $0.name == nil }),
    ("ADDRESS is not null", { $0.address != nil }),
    ("not ADDRESS contains '1单元'", { $0.address.map { !$0.contains("1单元") } }),
    (
      "ADDRESS contains '迁往' or NAME contains '海港2'",
      { row in
        let (left, right) = (row.address.map { $0.contains("迁往") }, row.name.map { $0.contains("海港2") })
        if left == true || right == true { return true }
        return left == nil || right == nil ? nil : false
      }
    ),
  ]

  @Test(arguments: [5, 6] as [UInt64])
  func sharedTextsAnswerAsRowsDo(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    // The first one says what the text of a subject is.
    let store = try StoreFixture([Self.entry("S3"), Self.entry("S1"), Self.entry("S2")])
    let rows = Self.rows(12_000, using: &random)
    let header = "CODE,NO,NAME,ADDRESS"
    let receipt = try store.collect(
      rows.map { $0.cells.joined(separator: ",") }, entry: "S1", header: header)
    #expect(receipt.loaded == rows.count)
    try store.collect(
      Self.rows(6000, using: &random).map { $0.cells.joined(separator: ",") }, entry: "S2", header: header)
    // Of this one every row shares its texts with its subject, so that no row of it is numbered.
    let shared = Self.codes(300).enumerated().flatMap { subject, code in
      (0..<4).map { Self.row(code, subject, "W\(subject)-\($0)") }
    }
    try store.collect(shared.map { $0.cells.joined(separator: ",") }, entry: "S3", header: header)
    try Self.compare(store, rows)
    try Self.compareGroups(store, "S3", shared)
    _ = try await store.database.compact()
    #expect(
      try Self.followers(store.database.snapshot().engine).isSuperset(of: ["own", "none", "shared", "S3"]))
    try Self.compare(store, rows)
    try Self.compareGroups(store, "S3", shared)
  }

  /// What rows of columns that follow texts of subjects were met.
  private static func followers(_ snapshot: EngineSnapshot) throws -> Set<String> {
    var found: Set<String> = []
    for segment in snapshot.segments {
      for chunk in try segment.reader.datasetChunks() {
        let followers = try segment.reader.columns(of: chunk).entries.filter(\.followsSubjects)
        if chunk.rowCount == 1200, followers.count == 2, followers.allSatisfy({ $0.dictionaryCount == 0 }) {
          found.insert("S3")
        }
        for column in followers where chunk.rowCount == 12_000 {
          for entry in column.blocks {
            let block = try segment.reader.block(entry, of: column)
            for row in 0..<block.rowCount {
              found.insert(
                block.isNull(row) ? "none" : block.exception(row) != nil ? "own" : "shared")
            }
          }
        }
      }
    }
    return found
  }

  private static func compare(_ store: StoreFixture, _ rows: [Row]) throws {
    for (text, holds) in conditions {
      for threads in [1, 3] {
        var query = AggregateQuery(
          entries: ["S1"], filter: try Filter(parsing: text), groups: [try .init(parsing: "NAME")],
          measures: [.count, .init(function: .distinct, item: "ADDRESS")])
        query.execution.threads = threads
        let chosen = rows.filter { holds($0) == true }
        let result = try store.database.snapshot().aggregate(query)
        let found = Set(result.rows.map { "\(Array($0.group)) \(Array($0.measures))" })
        let groups = Dictionary(grouping: chosen, by: \.name)
        let expected = groups.map { name, members -> String in
          let group: AggregateResult.Cell = name.map { .text($0) } ?? .null
          let distinct = Set(members.compactMap(\.address)).count
          let measures: [AggregateResult.Cell] = [
            .integer(Int128(members.count)), .integer(Int128(distinct)),
          ]
          return "\([group]) \(measures)"
        }
        #expect(found == Set(expected) && result.rows.count == expected.count, "\(text), \(threads) threads")
        query.groups = []
        let whole = try store.database.snapshot().aggregate(query)
        #expect(
          whole.rows.first.map { Array($0.measures) } == [
            .integer(Int128(chosen.count)), .integer(Int128(Set(chosen.compactMap(\.address)).count)),
          ], "\(text)")
      }
    }
    try compareGroups(store, "S1", rows)
  }

  private static func compareGroups(_ store: StoreFixture, _ entry: String, _ rows: [Row]) throws {
    let counted = try store.database.snapshot().aggregate(
      AggregateQuery(entries: [entry], groups: [try .init(parsing: "ADDRESS")], measures: [.count]))
    #expect(
      Set(counted.rows.map { "\(Array($0.group)) \(Array($0.measures))" })
        == Set(
          Dictionary(grouping: rows, by: \.address).map { address, members -> String in
            let group: AggregateResult.Cell = address.map { .text($0) } ?? .null
            let measures: [AggregateResult.Cell] = [.integer(Int128(members.count))]
            return "\([group]) \(measures)"
          }))
  }
}
