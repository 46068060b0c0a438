// Goal: a record came when it came first, whatever became of it since: corrections, repairs, moves to another subject, merges of files.
// Method: random changes beside a note of the batch that brought each record; the condition on `$received`, its figures and the quality of units are compared with
// the notes. Seeds are printed.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct FirstCommitTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func recordsCameWithTheirFirstVersion(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed + 500)
    let store = try StoreFixture()
    // By number: the batch that brought it.
    var brought: [String: UInt64] = [:]
    var number = 0
    for round in 0..<12 {
      let rows = (0..<(round == 3 ? 3000 : Int.random(in: 1...5, using: &random))).map { _ -> String in
        number += 1
        return ExchangeFixture.row(number % 3, "\(number)", "甲")
      }
      // Some that are there come again with another text.
      let known = (0..<3).compactMap { _ in brought.keys.sorted().randomElement(using: &random) }
      let again = Set(known).compactMap { key -> String? in
        guard
          let code = StoreFixture.codes.firstIndex(where: { code in
            (try? store.records(code).contains { $0.key == key }) ?? false
          })
        else { return nil }
        return ExchangeFixture.row(code, key, "又\(round)")
      }
      let first = number - rows.count + 1
      let batch = try store.collect(rows + again).batch
      for key in first...number { brought["\(key)"] = batch }
      for _ in 0..<4 {
        let code = StoreFixture.codes[Int.random(in: 0..<3, using: &random)]
        guard
          let record = try store.records(code, .currentAndWithdrawn, entry: "T1").randomElement(
            using: &random)
        else { continue }
        try change(record, in: store, &random)
      }
      if round == 6 || round == 9 { _ = try await store.database.compact() }
    }
    let snapshot = store.database.snapshot()
    var expected: [UInt64: Int] = [:]
    for code in StoreFixture.codes {
      for record in try store.records(code, entry: "T1") {
        expected[try #require(brought[record.key]), default: 0] += 1
      }
    }
    let figures = try snapshot.aggregate(
      AggregateQuery(
        entries: ["T1"], groups: [try .init(parsing: "$received")], measures: [.count]))
    var found: [UInt64: Int] = [:]
    for row in figures.rows {
      guard case .integer(let batch)? = row.group.first, case .integer(let count)? = row.measures.first else {
        Issue.record("\(row)")
        continue
      }
      found[UInt64(batch)] = Int(count)
    }
    #expect(found == expected)
    for (batch, count) in expected {
      let query = RecordQuery(
        entries: ["T1"], filter: try Filter(parsing: "$received = \(batch)"), limit: 10_000)
      let page = try snapshot.records(matching: query)
      #expect(page.records.count == count && page.records.allSatisfy { brought[$0.key] == batch })
    }
  }

  private func change(
    _ record: CreditRecord, in store: StoreFixture, _ random: inout SeededGenerator
  ) throws {
    let (subject, key) = (record.subject, record.key)
    do {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: _ = try store.database.withdraw("T1", subject: subject, key: key, reason: "撤")
      case 1: _ = try store.database.repair("T1", subject: subject, key: key, reason: "修复")
      case 2: _ = try store.database.reinstate("T1", subject: subject, key: key, reason: "恢复")
      case 3:
        _ = try store.database.correct(
          "T1", subject: subject, key: key, reason: "改",
          changes: ["TEXT": .text("改\(Int.random(in: 0..<100, using: &random))")])
      default:
        let other = StoreFixture.codes[Int.random(in: 0..<3, using: &random)]
        _ = try store.database.correct(
          "T1", subject: subject, key: key, reason: "改主体", changes: ["CODE": .text(other)])
      }
    } catch let error as CreditError {
      let expected = [
        "alreadyWithdrawn", "notClosed", "nothingChanged", "recordExists", "unknownRecord", "closed",
      ]
      #expect(expected.contains(error.code), "\(error)")
    }
  }

  /// A record without record key, corrected twice and moved to another subject, came with its first version too.
  @Test func recordsWithoutKeyCameFirstToo() throws {
    let store = try StoreFixture()
    let batch = try store.collect([ExchangeFixture.row(0, "1", "甲")], entry: "T0").batch
    try store.collect([ExchangeFixture.row(1, "2", "乙")], entry: "T0")
    for text in ["丙", "丁"] {
      let record = try #require(try store.records(StoreFixture.codes[0], entry: "T0").first)
      _ = try store.database.correct(
        "T0", subject: record.subject, key: record.key, reason: "改", changes: ["TEXT": .text(text)])
    }
    let query = RecordQuery(entries: ["T0"], filter: try Filter(parsing: "$received = \(batch)"))
    func found() throws -> [Value?] {
      try store.database.snapshot().records(matching: query).records.map { $0["TEXT"] }
    }
    #expect(try found() == [.text("丁")])
    let record = try #require(try store.records(StoreFixture.codes[0], entry: "T0").first)
    _ = try store.database.correct(
      "T0", subject: record.subject, key: record.key, reason: "改主体",
      changes: ["CODE": .text(StoreFixture.codes[2])])
    #expect(try found() == [.text("丁")])
  }

  /// What the centre corrects weeks later does not make the unit late, nor take its records out of the day on which they came.
  ///
  /// The store is put back by thirty days before the correction: its commits stand in the state with their instants.
  @Test func figuresOfADayStayWhatTheyWere() async throws {
    let store = try StoreFixture()
    let day = Day(daysSinceEpoch: Int(CreditDatabase.today().daysSinceEpoch) - 30) ?? .epoch
    let batch = try store.collect(
      ["\(StoreFixture.codes[0]),1,\(day),1,甲"], unit: "11130300000000019B"
    ).batch
    _ = try await store.database.compact()
    try store.database.close()
    let folder = StoreFolder(path: store.path, files: PosixFileSystem())
    var (state, identifier) = try StateFile.read(
      number: try folder.currentState(), folder: folder.path, files: folder.files)
    #expect(state.commit >= batch)
    state.instants = state.instants.map { $0 - 30 * 86_400_000 }
    try StateFile.write(state, store: identifier, folder: folder.path, files: folder.files)
    let database = try CreditDatabase(opening: store.path, mode: .readWrite())
    let before = try database.snapshot().recordQuality(of: ["T1"], days: day...day)
    #expect(before.map(\.timelyRecords) == [1])
    _ = try database.correct(
      "T1", subject: Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode), key: "1", reason: "改",
      changes: ["TEXT": .text("乙")])
    let after = database.snapshot()
    #expect(try after.recordQuality(of: ["T1"], days: day...day) == before)
    #expect(try after.recordQuality(of: ["T1"]).map(\.timelyRecords) == [1])
    let late = try after.filter(for: .late, inRecordsOf: "T1", unit: "11130300000000019B")
    #expect(try after.records(matching: RecordQuery(entries: ["T1"], filter: late)).records.isEmpty)
    try database.close()
  }
}
