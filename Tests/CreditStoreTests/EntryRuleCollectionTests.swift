// Goal: rules of an entry decide about rows on the real path, a version with new rules is checked against the records there are, and rows that a program hands
// over are taken in like those of a file.
// Method: a few rows collected under a version with rules; the same text collected as a file and in pieces of every size.

import CreditModel
import CreditStore
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct EntryRuleCollectionTests {
  private static let rules = [
    EntryRule(
      id: "T-1", when: [RuleClause("TEXT", .equal, to: "罚款")], require: [RuleClause("AMOUNT", .present)],
      message: "a fine needs its amount"),
    EntryRule(
      id: "T-2", severity: .warning, require: [RuleClause("AMOUNT", .atMost, to: "500")],
      message: "more than is usual"),
    EntryRule(
      id: "T-3", require: [RuleClause("NO", .matches, to: #"\d{4}-\d+"#)],
      message: "the number has another form"),
  ]
  private static let rows = [
    "91130302MA0000015N,2024-1,2024-01-05,100,罚款", "91130302MA0000015N,2024-2,2024-01-05,,罚款",
    "91130302MA0000015N,2024-3,2024-01-05,,警告", "91130302MA0000015N,2024-4,2024-01-05,501,罚款",
    "91130302MA0000015N,第5号,2024-01-05,1,罚款", "91130302MA0000015N,第6号,2024-01-05,,罚款",
  ]

  @Test func rulesSetRowsAsideAndWarn() throws {
    let fixture = try StoreFixture([StoreFixture.entry.with(\.rules, Self.rules)])
    let receipt = try fixture.collect(Self.rows)
    #expect(receipt.counters == [3, 0, 0, 3, 0, 1])
    #expect(
      try fixture.rules(ofBatch: receipt.batch) == [
        "2 questionable T-1", "5 questionable T-3", "6 questionable T-1+T-3",
      ])
    // The national rules and those of the entry are reasons side by side.
    let mixed = try fixture.collect(["91130302MA0000015N,第7号,2024-13-05,,罚款"])
    #expect(try fixture.rules(ofBatch: mixed.batch) == ["1 questionable TYPE+T-1+T-3"])
    try fixture.database.close()
  }

  @Test func aVersionWithNewRulesIsCheckedAgainstTheRecords() throws {
    let fixture = try StoreFixture([StoreFixture.entry])
    let receipt = try fixture.collect(Self.rows)
    #expect(receipt.counters == [6, 0, 0, 0, 0, 0])
    var next = StoreFixture.entry.with(\.rules, Self.rules).with(\.version, 2)
    let check = try fixture.database.catalogue.check(next)
    let found = check.findings.map { "\($0.item) \($0.problem.rawValue) \($0.records) \($0.batches)" }
    #expect(
      found == [
        "T-1 breaksRule 2 [\(receipt.batch)]", "T-2 breaksRule 1 [\(receipt.batch)]",
        "T-3 breaksRule 2 [\(receipt.batch)]",
      ])
    try fixture.database.catalogue.publish(next)
    // What the present version has already is not found again.
    next.version = 3
    next.rules?.append(
      EntryRule(id: "T-4", require: [RuleClause("DAY", .less, to: "2024-01-05")], message: ""))
    #expect(try fixture.database.catalogue.check(next).findings.map(\.item) == ["T-4"])
    try fixture.database.close()
  }

  // MARK: Handed rows

  @Test(arguments: [1, 7, 64, 100_000]) func handedRowsAreTakenInLikeAFile(pieceBytes: Int) throws {
    let fixture = try StoreFixture()
    let text = Array(
      (["CODE,NO,DAY,AMOUNT,TEXT"]
        + (0..<900).map { "\(StoreFixture.codes[$0 % 3]),\($0),2024-01-05,\($0 % 7),\"内,容\($0)\"" } + [",,,,"])
        .joined(separator: "\n").utf8)
    let file = try fixture.collect(text: String(decoding: text, as: UTF8.self))
    let place = Mutex(0)
    let calls = Mutex(0)
    let receipt = try fixture.database.collectBlocking(
      .csv(named: "handed", byteCount: text.count) {
        calls.withLock { $0 += 1 }
        return place.withLock { place in
          guard place < text.count else { return nil }
          defer { place += pieceBytes }
          return Array(text[place..<min(text.count, place + pieceBytes)])
        }
      }, for: "T1")
    // Every row is there already.
    #expect(
      receipt.reported == file.reported && receipt.duplicate == file.loaded && receipt.loaded == 0
        && receipt.file == "handed")
    #expect(receipt.questionable == file.questionable && receipt.unlinked == file.unlinked)
    // Whoever said that there is no more is not asked again.
    #expect(calls.withLock { $0 } == (text.count + pieceBytes - 1) / pieceBytes + 1)
    try fixture.database.close()
  }

  @Test func whoFailsToHandOverLeavesNothingBehind() throws {
    struct Gone: Error {}
    let fixture = try StoreFixture()
    let before = fixture.database.snapshot().commit
    let count = Mutex(0)
    let error = #expect(throws: CreditError.self) {
      try fixture.database.collectBlocking(
        .csv(named: "handed") {
          let call = count.withLock { count -> Int in
            count += 1
            return count
          }
          if call == 4 { throw Gone() }
          return Array(
            ((call == 1 ? "CODE,NO,DAY,AMOUNT,TEXT\n" : "")
              + "\(StoreFixture.codes[0]),\(call),2024-01-05,1,a\n").utf8)
        }, for: "T1")
    }
    #expect(error?.code == "unreadable" && error?.file == "handed")
    #expect(fixture.database.snapshot().commit == before)
    let empty = #expect(throws: CreditError.self) {
      try fixture.database.collectBlocking(.csv(named: "empty") { nil }, for: "T1")
    }
    #expect(empty?.code == "empty")
    try fixture.database.close()
  }
}
