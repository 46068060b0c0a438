// Goal: a wrong file or row gets its named error, loses nothing, and leaves nothing behind.
// Method: one wrong thing at a time; the store's counts and files are compared before and after.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct BadInputTests {
  private let a = StoreFixture.codes[0]
  private static let header = "CODE,NO,DAY,AMOUNT,TEXT\n"

  private func expectError(_ code: String, _ body: () throws -> Void) {
    #expect { try body() } throws: { error in
      guard let error = error as? CreditError else { return false }
      if error.code != code { print("got \(error.code): \(error)") }
      return error.code == code
    }
  }

  @Test func wrongFilesAreRefusedWhole() throws {
    let store = try StoreFixture()
    let commit = store.database.snapshot().commit
    expectError("empty") { try store.collect(text: "") }
    expectError("wrongHeader") { try store.collect(text: "x,y\n1,2\n") }
    expectError("wrongHeader") { try store.collect(text: "NO,DAY\n1,2\n") }
    expectError("wrongHeader") {
      try store.collect(text: (0..<10_000).map { "c\($0)" }.joined(separator: ",") + "\n1\n")
    }
    expectError("undecodable") { try store.collect(data: Data([0xFF, 0xFE, 0x41, 0x00, 0x0A, 0x00])) }
    expectError("undecodable") {
      try store.collect(data: Data((0..<4000).map { UInt8($0 % 2 == 0 ? 0xFF : 0x80) }))
    }
    expectError("unknownEntry") { try store.collect([], entry: "NOPE") }
    expectError("unreadable") {
      _ = try store.database.collectBlocking(.csv(store.folder.path("no.csv")), for: "T1")
    }
    expectError("unreadable") { _ = try store.database.collectBlocking(.csv(store.folder.path), for: "T1") }
    let open = Self.header + "\(a),N1,2021-01-01,1,\"" + String(repeating: "开", count: 500_000)
    expectError("unterminatedQuote") { try store.collect(text: open) }
    #expect(store.database.snapshot().commit == commit)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.path + "/tmp").isEmpty)
    #expect(try store.database.verify().isSound)
  }

  @Test func headerAloneAndBlankLinesAreNoRows() throws {
    let store = try StoreFixture()
    #expect(try store.collect(text: Self.header).reported == 0)
    #expect(
      try store.collect(text: "\u{FEFF}" + Self.header + "\r\n \n\(a),N1,,1,x\r\n\n").counters == [
        1, 0, 0, 0, 0, 0,
      ])
  }

  @Test func aShortOpenQuoteIsARow() throws {
    let store = try StoreFixture()
    let receipt = try store.collect(text: Self.header + "\(a),N1,,1,x\n\(a),N2,,1,\"open\nmore\n")
    #expect(receipt.counters == [1, 0, 0, 1, 0, 0])
    #expect(try store.rules(ofBatch: receipt.batch) == ["2 questionable R-QUOTE"])
  }

  @Test func quotesLineBreaksAndCommasInCells() throws {
    let store = try StoreFixture()
    try store.collect(
      text:
        "CODE,NO,DAY,AMOUNT,TEXT\r\n\(a),\"N\"\"1\"\"\",,\"1,000\",\"a\nb,c\"\r\n\(a),5\" pipe,,2,\"x\"y\n")
    let records = try store.records(a)
    #expect(Set(records.map { $0["NO"]?.canonicalText }) == ["N\"1\"", "5\" pipe"])
    #expect(Set(records.map { $0["TEXT"]?.canonicalText }) == ["a\nb,c", "xy"])
    #expect(records.contains { $0["AMOUNT"] == .decimal(FixedDecimal(units: 100_000, scale: 2)) })
  }

  @Test func undecodableRowsAreSetAsideAlone() throws {
    let store = try StoreFixture()
    var data = Data((Self.header + "\(a),N1,,1,好\n\(a),N2,,1,").utf8)
    data += [0xFF, 0xFE]
    data += Data("\n\(a),N3,,1,好\n".utf8)
    for encoding in [FileEncoding.auto, .utf8] {
      let receipt = try store.collect(data: data, encoding: encoding)
      #expect(receipt.questionable == 1 && receipt.reported == 3)
      #expect(try store.rules(ofBatch: receipt.batch) == ["2 questionable R-ENCODING"])
      guard case .base64(let text) = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)[0].raw
      else {
        Issue.record("the raw row is not Base64")
        continue
      }
      #expect(Data(base64Encoded: text)?.suffix(2) == Data([0xFF, 0xFE]))
    }
  }

  @Test func aHugeRecordIsKeptByItsBeginningAndTheRestGoesOn() throws {
    let store = try StoreFixture()
    for terminator in ["\n", "\r", "\r\n"] {
      let huge = "\(a),N0,,1,\"" + String(repeating: "z", count: 17 << 20) + "\""
      let rows = [huge] + (1...500).map { "\(a),N\($0),,1,a\"\"b" }
      let text = "CODE,NO,DAY,AMOUNT,TEXT" + terminator + rows.joined(separator: terminator) + terminator
      let receipt = try store.collect(text: text)
      #expect(receipt.reported == 501 && receipt.questionable == 1, "\(terminator.debugDescription)")
      guard
        case .excerpt(let json) = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)[0].raw
      else {
        Issue.record("no excerpt")
        continue
      }
      #expect(json.contains("\"length\":\(huge.utf8.count)"))
    }
    let commas = try store.collect(
      text: Self.header + String(repeating: ",", count: 5 << 20) + "\n\(a),N1,,1,a\"\"b\n")
    #expect(commas.reported == 2 && commas.questionable == 1)
  }

  @Test func cancellingLeavesNothingBehind() async throws {
    let store = try StoreFixture()
    let rows = (0..<200_000).map { "\(a),N\($0),2021-01-01,1,甲" }
    let file = try store.folder.write("big.csv", Self.header + rows.joined(separator: "\n"))
    let before = store.database.snapshot().commit
    let task = Task { try await store.database.collect(.csv(file), for: "T1") }
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? CreditError)?.code == "cancelled" }
    #expect(store.database.snapshot().commit == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.path + "/tmp").isEmpty)
    #expect(try store.collect(["\(a),N1,2021-01-01,1,甲"]).loaded == 1)
    try store.database.close()
    let reader = try CreditDatabase(opening: store.path, mode: .readOnly)
    #expect(throws: CreditError.self) { try reader.collectBlocking(.csv(file), for: "T1") }
  }

  @Test func entriesThatContradictTheCatalogueAreRefused() throws {
    let store = try StoreFixture()
    #expect(try store.database.catalogue.publish([StoreFixture.entry]) == (0, 1))
    var changed = StoreFixture.entry
    changed.name = "另名"
    expectError("versionNotNewer") { try store.database.catalogue.publish(changed) }
    changed.version = 2
    changed.items.append(CatalogueItem(id: "NEW"))
    #expect(try store.database.catalogue.publish(changed))
    changed.version = 3
    changed.recordKey = []
    expectError("recordKeyChanged") { try store.database.catalogue.publish(changed) }
  }

  /// A version that drops an item and one that brings it back once hid its values, and the same file loaded again.
  @Test func itemsThatLeaveAndComeBackKeepTheirValues() throws {
    let store = try StoreFixture()
    let row = "\(a),N1,2021-01-01,1.5,甲"
    let first = try store.collect([row])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.items[4].type = .code
    entry.items.remove(at: 3)
    try store.database.catalogue.publish(entry)
    #expect(try store.records(a)[0]["TEXT"] == .text("甲") && store.records(a)[0]["AMOUNT"] == nil)
    #expect(
      try store.database.snapshot(asOf: first.commit).records(of: a)[0]["AMOUNT"]?.canonicalText == "1.5")
    entry = StoreFixture.entry
    entry.version = 3
    try store.database.catalogue.publish(entry)
    #expect(try store.records(a)[0]["AMOUNT"]?.canonicalText == "1.5")
    #expect(try store.collect([row]).duplicate == 1)
  }
}
