// Goal: a row whose cells stood wrongly becomes no record until somebody says how they were meant; records without a key stay apart; what is no number links nobody.
// Method: each story is one that somebody found with the command.

@testable import CreditStore
import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct MisreadRowsTests {
  private static let code = "91130302MA0000015N"

  /// The story: judging all rows of an entry again made records of rows with too few cells and of one whose quote swallowed the row behind it.
  @Test func judgingAgainDoesNotGuessCells() throws {
    let store = try StoreFixture()
    let receipt = try store.collect([
      "\(Self.code),1,2024-01-05,1", "\(Self.code),2,2024-01-05,2,\"甲", "\(Self.code),3,2024-01-05,3,乙",
    ])
    #expect(receipt.counters == [0, 0, 0, 2, 0, 0])
    let again = try store.database.judgeAgain(batch: receipt.batch)
    #expect((again.judged, again.loaded, again.remaining) == (2, 0, 2))
    #expect(again.refusals.flatMap(\.reasons).map(\.rule) == ["R-RAGGED", "R-QUOTE"])
    // Somebody looked at it.
    let corrected = try store.database.judgeAgain(batch: receipt.batch, corrections: [1: ["TEXT": "丙"]])
    #expect((corrected.judged, corrected.loaded) == (1, 1))
    #expect(try store.records(Self.code).compactMap { $0["TEXT"]?.canonicalText } == ["丙"])
  }

  /// The story: an empty key and no identifier made a row unlinked, and the key was only missed once a subject was found.
  @Test func aRowWithNeitherKeyNorSubjectIsQuestionable() throws {
    let store = try StoreFixture()
    let receipt = try store.collect([",,2024-01-05,1,甲", ",7,2024-01-05,1,甲", "\(Self.code),,2024-01-05,1,甲"])
    #expect(receipt.counters == [0, 0, 0, 2, 1, 0])
    #expect(
      try store.rules(ofBatch: receipt.batch) == [
        "1 questionable R-KEY+V03", "2 unlinked V03", "3 questionable R-KEY",
      ])
  }

  /// The story: a correction gave one of two records without a key the values of the other, and neither could be named any more.
  @Test func recordsWithoutKeyStayApart() throws {
    let store = try StoreFixture()
    try store.collect(["\(Self.code),1,2024-01-05,1,甲", "\(Self.code),1,2024-01-05,2,甲"], entry: "T0")
    let subject = Identifier(Self.code, as: .unifiedSocialCreditCode)
    let records = try store.records(Self.code, entry: "T0")
    let first = try #require(records.first { $0["AMOUNT"]?.canonicalText.hasPrefix("1") == true })
    let two = try #require(try StoreFixture.keyless.items[3].value(reading: "2"))
    let three = try #require(try StoreFixture.keyless.items[3].value(reading: "3"))
    let error = #expect(throws: CreditError.self) {
      try store.database.correct(
        "T0", subject: subject, key: first.key, reason: "r", changes: ["AMOUNT": two])
    }
    #expect(error?.code == "recordExists")
    _ = try store.database.correct(
      "T0", subject: subject, key: first.key, reason: "r", changes: ["AMOUNT": three])
    let left = try store.records(Self.code, entry: "T0")
    #expect(Set(left.map(\.key)).count == 2 && left.count == 2)
    for record in left {
      _ = try store.database.withdraw("T0", subject: subject, key: record.key, reason: "r")
    }
  }

  /// The story: a company was linked with the word for "none", and whoever screened a list with such a line was told of its penalties.
  @Test func nothingIsLinkedWithWhatIsNoNumber() throws {
    let store = try StoreFixture()
    try store.collect(["\(Self.code),1,2024-01-05,1,甲"])
    let subject = Identifier(Self.code, as: .unifiedSocialCreditCode)
    for other in [Identifier("无", as: .unknown), Identifier("/", as: .document)] {
      let error = #expect(throws: CreditError.self) {
        try store.database.link(subject, other, evidence: .manual, by: "李某")
      }
      #expect(error?.code == "invalidIdentifier", "\(other.text)")
    }
    _ = try store.database.link(
      subject, Identifier(StoreFixture.codes[1], as: .unifiedSocialCreditCode), evidence: .manual, by: "李某")
  }
}
