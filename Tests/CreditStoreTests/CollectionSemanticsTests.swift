// Goal: what becomes of a row is what the semantics say: identity, versions, duplicates, closed records, rows kept aside.
// Method: small files whose outcome can be told by hand.

import CreditModel
@testable import CreditStore
@testable import SegmentStore
import Foundation
import TestSupport
import Testing

@Suite struct CollectionSemanticsTests {
  private let a = StoreFixture.codes[0]
  private let b = StoreFixture.codes[1]

  @Test func firstVersionSecondVersionFirstAgain() throws {
    let store = try StoreFixture()
    #expect(try store.collect(["\(a),N1,2021-01-01,1.5,甲"]).counters == [1, 0, 0, 0, 0, 0])
    #expect(try store.collect(["\(a),N1,2021/1/1,1.50,甲"]).counters == [0, 0, 1, 0, 0, 0])
    #expect(try store.collect(["\(a),N1,2021-01-01,2,甲"]).counters == [0, 1, 0, 0, 0, 0])
    // An old file never undoes a newer version.
    #expect(try store.collect(["\(a),N1,2021-01-01,1.5,甲"]).counters == [0, 0, 1, 0, 0, 0])
    let history = try store.records(a, .history)
    #expect(history.map(\.version) == [1, 2])
    #expect(history.map { $0["AMOUNT"]?.canonicalText } == ["1.5", "2"])
    #expect(history.map(\.isCurrent) == [false, true] && history[0].until == history[1].commit)
    #expect(try store.records(a).map { $0["AMOUNT"]?.canonicalText } == ["2"])
    #expect(history[0].key == "N1")
  }

  @Test func equalAndChangedRowsInsideOneFile() throws {
    let store = try StoreFixture()
    let receipt = try store.collect([
      "\(a),N1,2021-01-01,1,甲", "\(a),N1,2021-01-01,1,甲", "\(a),N1,2021-01-01,2,甲", "\(a),N1,2021-01-01,1,甲",
      "\(a),N2,2020-01-01,1,甲", "\(b),N1,2021-01-01,1,甲",
    ])
    #expect(receipt.counters == [3, 1, 2, 0, 0, 0])
    #expect(try store.records(a).map(\.key) == ["N2", "N1"])
    let history = try store.records(a, .history).filter { $0.key == "N1" }
    #expect(history.map(\.version) == [1, 2] && history.allSatisfy { $0.commit == receipt.commit })
    #expect(history[0].until == receipt.commit && history[1].isCurrent)
  }

  @Test func twoUnitsSendingTheSameRecord() throws {
    let store = try StoreFixture()
    #expect(try store.collect(["\(a),N1,2021-01-01,1,甲"], unit: "11130300000000019B").loaded == 1)
    #expect(try store.collect(["\(a),N1,2021-01-01,1,甲"], unit: "12130304000000027W").duplicate == 1)
    #expect(try store.collect(["\(a),N1,2021-01-01,1,乙"], unit: "12130304000000027W").updated == 1)
    let groups = try store.database.snapshot().aggregate(
      AggregateQuery(entries: ["T1"], groups: [.init(parsing: "$unit")]))
    #expect(
      groups.rows.map { "\($0.group[0]) \($0.measures[0])" } == ["text(\"12130304000000027W\") integer(1)"])
  }

  @Test func aWithdrawnRecordWaitsForADecision() throws {
    let store = try StoreFixture()
    try store.collect(["\(a),N1,2021-01-01,1,甲"])
    let subject = Identifier(a, as: .unifiedSocialCreditCode)
    _ = try store.database.withdraw("T1", subject: subject, key: "N1", reason: "错报")
    #expect(try store.records(a).isEmpty)
    #expect(try store.records(a, .currentAndWithdrawn).map(\.state) == [.withdrawn])
    // The old values are a duplicate, new ones wait.
    #expect(try store.collect(["\(a),N1,2021-01-01,1,甲"]).duplicate == 1)
    let receipt = try store.collect(["\(a),N1,2021-01-01,3,甲", "\(a),N9,2021-01-01,3,甲"])
    #expect(receipt.counters == [1, 0, 0, 1, 0, 0])
    #expect(try store.rules(ofBatch: receipt.batch) == ["1 questionable R-CLOSED"])
    if case .object(let raw) = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)[0].raw {
      #expect(raw == #"{"CODE":"91130302MA0000015N","NO":"N1","DAY":"2021-01-01","AMOUNT":"3","TEXT":"甲"}"#)
    }
    _ = try store.database.reinstate("T1", subject: subject, key: "N1", reason: "复核")
    #expect(try store.records(a).map(\.state).contains(.reinstated))
    // The row that was set aside loads now.
    #expect(try store.collect(["\(a),N1,2021-01-01,3,甲"]).updated == 1)
    #expect(
      try store.records(a, .history, entry: "T1").filter { $0.key == "N1" }.map(\.state)
        == [.loaded, .withdrawn, .reinstated, .loaded])
  }

  @Test func aRepairedRecordWaitsToo() throws {
    let store = try StoreFixture()
    try store.collect(["\(a),N1,2021-01-01,1,甲"])
    _ = try store.database.repair(
      "T1", subject: Identifier(a, as: .unifiedSocialCreditCode), key: "N1", reason: "修复")
    #expect(try store.records(a).map(\.state) == [.repaired])
    #expect(try store.collect(["\(a),N1,2021-01-01,5,甲"]).questionable == 1)
  }

  /// The story: a slip of the pen was corrected in a repaired penalty, which was public again, while its case said repaired.
  @Test func aCorrectionMakesNothingPublicAgain() throws {
    let store = try StoreFixture()
    try store.collect(["\(a),N1,2021-01-01,1,甲"])
    let subject = Identifier(a, as: .unifiedSocialCreditCode)
    func correct(_ changes: [String: Value?]) -> String? {
      do {
        _ = try store.database.correct("T1", subject: subject, key: "N1", reason: "改", changes: changes)
      } catch { return (error as? CreditError)?.code }
      return nil
    }
    _ = try store.database.repair("T1", subject: subject, key: "N1", reason: "修复")
    #expect(correct(["TEXT": .text("乙")]) == nil)
    #expect(
      try store.records(a).map { "\($0.state.name) \($0["TEXT"]?.canonicalText ?? "")" } == ["repaired 乙"])
    #expect(try store.collect(["\(a),N1,2021-01-01,5,甲"]).questionable == 1)
    // Nor does it come to life under another subject.
    let other = StoreFixture.codes[1]
    #expect(correct(["CODE": .text(other)]) == "closed")
    _ = try store.database.reinstate("T1", subject: subject, key: "N1", reason: "复核")
    _ = try store.database.withdraw("T1", subject: subject, key: "N1", reason: "撤销")
    #expect(correct(["CODE": .text(other)]) == "closed")
    // Withdrawn after it was reinstated, it is shown again when it is corrected; withdrawn after it was repaired, it is not.
    #expect(correct(["TEXT": .text("丙")]) == nil)
    #expect(try store.records(a).map(\.state) == [.corrected])
    _ = try store.database.repair("T1", subject: subject, key: "N1", reason: "修复")
    _ = try store.database.withdraw("T1", subject: subject, key: "N1", reason: "撤销")
    #expect(correct(["TEXT": .text("丁")]) == nil)
    #expect(try store.records(a).map(\.state) == [.repaired])
    _ = try store.database.reinstate("T1", subject: subject, key: "N1", reason: "复核")
    #expect(correct(["CODE": .text(other)]) == nil)
    #expect(try store.records(other).map(\.state) == [.corrected])
  }

  @Test func correctionsAreVersionsAndOldFilesDoNotUndoThem() throws {
    let store = try StoreFixture()
    try store.collect(["\(a),N1,2021-01-01,1,甲"])
    let subject = Identifier(a, as: .unifiedSocialCreditCode)
    var changes: [String: Value?] = ["AMOUNT": .decimal(FixedDecimal(units: 250, scale: 2))]
    changes.updateValue(nil, forKey: "TEXT")
    _ = try store.database.correct("T1", subject: subject, key: "N1", reason: "更正", changes: changes)
    #expect(try store.records(a).map { $0["AMOUNT"]?.canonicalText } == ["2.5"])
    #expect(try store.records(a)[0]["TEXT"] == nil)
    #expect(try store.collect(["\(a),N1,2021-01-01,1,甲"]).duplicate == 1)
    #expect(try store.records(a)[0].state == .corrected)
    #expect {
      try store.database.correct("T1", subject: subject, key: "N1", reason: "", changes: [:])
    } throws: {
      ($0 as? CreditError)?.code == "reasonMissing"
    }
    #expect {
      try store.database.correct("T1", subject: subject, key: "N7", reason: "x", changes: [:])
    } throws: {
      ($0 as? CreditError)?.code == "unknownRecord"
    }
    #expect {
      try store.database.correct("T1", subject: subject, key: "N1", reason: "x", changes: ["NO": .text("N2")])
    } throws: {
      ($0 as? CreditError)?.code == "identityChanged"
    }
  }

  /// A record that was reported under a wrong code moves to the right subject in one commit, and no file brings it back.
  @Test func aCorrectedIdentifierMovesTheRecord() async throws {
    let store = try StoreFixture()
    let (wrong, right) = (StoreFixture.codes[0], StoreFixture.codes[1])
    try store.collect(
      ["\(wrong),N1,2021-01-01,1,甲", "\(wrong),N2,2021-01-02,2,甲", "\(right),N2,2021-01-02,2,乙"], unit: nil)
    func states(_ subject: String, _ versions: CreditSnapshot.Versions) throws -> [String] {
      try store.records(subject, versions).map { "\($0.key) \($0.version) \($0.state.name) \($0.isCurrent)" }
    }
    let before = store.database.snapshot()
    let subject = Identifier(wrong, as: .unifiedSocialCreditCode)
    let commit = try store.database.correct(
      "T1", subject: subject, key: "N1", reason: "报错了代码", changes: ["CODE": .text(right), "TEXT": .text("丙")])
    #expect(commit == before.commit + 1)
    #expect(try states(wrong, .current) == ["N2 1 loaded true"])
    #expect(try states(wrong, .history) == ["N1 1 loaded false", "N1 2 withdrawn true", "N2 1 loaded true"])
    #expect(try states(right, .current) == ["N1 1 corrected true", "N2 1 loaded true"])
    let moved = try #require(store.records(right, .current).first)
    #expect(
      moved["CODE"] == .text(right) && moved["TEXT"] == .text("丙") && moved["AMOUNT"]?.canonicalText == "1")
    // As of before, it stood where it had stood.
    #expect(try before.records(of: subject).count == 2)
    // The old file is known, the right one too; other values for the withdrawn record wait.
    #expect(try store.collect(["\(wrong),N1,2021-01-01,1,甲"]).duplicate == 1)
    #expect(try store.collect(["\(right),N1,2021-01-01,1,丙"]).duplicate == 1)
    #expect(try store.collect(["\(wrong),N1,2021-01-01,7,甲"]).questionable == 1)
    // Where the subject has such a record, nothing is overwritten; a code that fails its check does not pass.
    for (key, code, expected) in [
      ("N2", right, "recordExists"), ("N2", "91130302MA0000015X", "ruleFailed"), ("N2", "", "ruleFailed"),
    ] {
      #expect {
        try store.database.correct(
          "T1", subject: subject, key: key, reason: "x", changes: ["CODE": code.isEmpty ? nil : .text(code)])
      } throws: {
        ($0 as? CreditError)?.code == expected
      }
    }
    #expect(try states(wrong, .current) == ["N2 1 loaded true"])
    // Back again: both histories go on.
    _ = try store.database.correct(
      "T1", subject: moved.subject, key: "N1", reason: "r", changes: ["CODE": .text(wrong)])
    _ = try await store.database.compact()
    #expect(try states(wrong, .current) == ["N1 3 corrected true", "N2 1 loaded true"])
    #expect(try states(right, .current) == ["N2 1 loaded true"])
    #expect(try store.database.statistics().records == 3)
    #expect(try store.database.verify().faults.isEmpty)
  }

  /// To an identifier that is too long for a key, and away from it.
  @Test func aCorrectedIdentifierMayBeALongOne() throws {
    var entry = StoreFixture.entry
    entry.items[0].identifier = .document
    let store = try StoreFixture([entry])
    let (short, long) = ("P-1", "HK-" + String(repeating: "9", count: 40))
    try store.collect(["\(short),N1,2021-01-01,1,甲"])
    func records(_ text: String) throws -> [CreditRecord] {
      try store.database.snapshot().records(of: Identifier(text, as: .document))
    }
    _ = try store.database.correct(
      "T1", subject: Identifier(short, as: .document), key: "N1", reason: "r", changes: ["CODE": .text(long)])
    let moved = try #require(records(long).first)
    #expect(moved.subject.text == long && moved.state == .corrected)
    #expect(try records(short).isEmpty)
    _ = try store.database.correct(
      "T1", subject: moved.subject, key: "N1", reason: "r", changes: ["CODE": .text(short)])
    #expect(try records(short).map(\.version) == [3])
  }

  @Test func withoutARecordKeyTheWholeContentIsTheIdentity() throws {
    let store = try StoreFixture()
    let rows = ["\(a),N1,2021-01-01,1,甲", "\(a),N1,2021-01-01,2,甲", "\(a),N1,2021-01-01,1,甲"]
    #expect(try store.collect(rows, entry: "T0").counters == [2, 0, 1, 0, 0, 0])
    #expect(try store.collect(rows, entry: "T0").counters == [0, 0, 3, 0, 0, 0])
    let keys = try store.records(a, entry: "T0").map(\.key)
    #expect(Set(keys).count == 2 && keys.allSatisfy { $0.count == 32 })
    _ = try store.database.withdraw(
      "T0", subject: Identifier(a, as: .unifiedSocialCreditCode), key: keys[0], reason: "x")
    #expect(try store.records(a, entry: "T0").count == 1)
  }

  @Test func keysEscapeAndAbsentPartsAreEmpty() throws {
    var entry = StoreFixture.entry
    entry.code = "T2"
    entry.recordKey = ["NO", "TEXT"]
    let store = try StoreFixture([entry])
    #expect(
      try store.collect(["\(a),A|B\\C,2021-01-01,1,", "\(a),,2021-01-01,1,"], entry: "T2").counters == [
        1, 0, 0, 1, 0, 0,
      ])
    #expect(try store.records(a).map(\.key) == [#"A\|B\\C|"#])
  }

  @Test func rowsOfEveryFaultAreKeptAside() throws {
    let store = try StoreFixture()
    let receipt = try store.collect([
      "\(a),N1,2021-02-30,1,甲",  // 1: no such day
      "\(a),N2,2021-01-01,1",  // 2: ragged
      ",N3,2021-01-01,1,甲",  // 3: no subject
      "00000000000000000X,N4,2021-01-01,1,甲",  // 4: placeholder
      "9113030*********5N,N5,2021-01-01,1,甲",  // 5: masked
      "91130302MA0000015A,N6,2021-01-01,1,甲",  // 6: wrong check character
      "",  // no row
      ",N7,2021-01-01,x,甲",  // 7: no subject and no number
      "\(a),N8,2021-01-01,1,一二三四五六七八九十一二三四五六七八九十一",  // 8: too long
      "\(a),,2021-01-01,1,甲",  // 9: no key
      "\(a),N10,2021-01-01,1,一二三四五六七八九十一二三四五六七八九十",  // 10: just fits
      "\(a),N11,2021-01-01,1,a\u{0}b",  // 11: NUL
    ])
    #expect(receipt.counters == [1, 0, 0, 7, 3, 0] && receipt.reported == 11)
    #expect(
      try store.rules(ofBatch: receipt.batch) == [
        "1 questionable TYPE", "2 questionable R-RAGGED", "3 unlinked V03", "4 unlinked V03",
        "5 unlinked V03",
        "6 questionable V03", "7 questionable TYPE+V03", "8 questionable V12", "9 questionable R-KEY",
        "11 questionable R-NUL",
      ])
  }

  @Test func failingIdentifiersLoadWhereTheEntryLetsThem() throws {
    var entry = StoreFixture.entry
    entry.code = "T3"
    entry.invalidIdentifier = .warn
    let store = try StoreFixture([entry])
    let rows = ["91130302MA0000015A,N1,,1,甲", "企合苏总字第000123号,N1,,1,甲", "无,N1,,1,甲", "\(a),N1,,1,甲"]
    #expect(try store.collect(rows, entry: "T3").counters == [3, 0, 0, 0, 1, 2])
    #expect(try store.records("91130302MA0000015A").count == 1)
    #expect(try store.records("企合苏总字第000123号").count == 1)
    #expect(try store.records("企合苏总字第000124号").isEmpty)
  }

  @Test func forcedHashCollisionsDecideNothing() throws {
    let store = try StoreFixture()
    var options = CollectionOptions(today: CreditDatabase.today())
    options.hashMask = 0
    let rows = (0..<200).map { "\(a),N\($0 % 50),2021-01-01,\($0 % 3),甲" }
    let expected = try StoreFixture().collect(rows)
    #expect(try store.collect(rows, options: options).counters == expected.counters)
    #expect(try store.collect(rows, options: options).duplicate == 200)
    #expect(try store.collect(rows, entry: "T0", options: options).counters == [150, 0, 50, 0, 0, 0])
  }

  @Test func collidingLongIdentifiersNeverShareRecords() throws {
    // Two texts of one key: the table of full texts keeps them apart.
    let snapshot = try StoreFixture().database.engine.snapshot()
    let first = Identifier("企合苏总字第000123号", as: .unknown)
    #expect(try LongIdentifiers.key(of: first, in: snapshot) { _ in 7 } == nil)
    let store = try StoreFixture()
    _ = try store.database.engine.write { transaction in
      let key = SubjectKey(first) { _ in 7 }
      try transaction.append(
        SystemDatasets.longIdentifiers, key: key?.rawValue ?? 0, batch: 1,
        payload: RowPayload.encode([.text(first.text)]))
    }
    let later = store.database.engine.snapshot()
    #expect(try LongIdentifiers.key(of: first, in: later) { _ in 7 } != nil)
    #expect(
      try LongIdentifiers.key(of: Identifier("企合苏总字第000999号", as: .unknown), in: later) { _ in 7 } == nil)
  }

  @Test func setAsideRowsAreJudgedAgain() throws {
    let store = try StoreFixture()
    let row = "\(a),N1,2021-01-01,1,甲"
    var options = CollectionOptions(today: CreditDatabase.today())
    #expect(
      try store.collect([row.replacingOccurrences(of: "2021-01-01", with: "2021-01-32")]).questionable == 1)
    #expect(try store.collect([row]).loaded == 1)
    options.maximumRejects = 2
    #expect { try store.collect(Array(repeating: "x,y,z", count: 5), options: options) } throws: {
      ($0 as? CreditError)?.code == "tooManyRejects"
    }
    #expect(try store.database.statistics().records == 1)
  }
}
