// Goal: a row that was set aside becomes a record once it passes, whatever made it pass, and only then; nothing is counted twice and nothing is lost.
// Method: rows of every kind set aside, then corrected, or judged under another version; the records beside those of a store that got the right rows at once.

@testable import CreditStore
import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct JudgingAgainTests {
  private static let rows = [
    "91130302MA0000015N,1,2024-01-05,1,甲", ",2,2024-01-05,2,乙", "91130302MA0000015A,3,2024-01-05,3,丙",
    "92130303MA0000023W,4,2024-02-30,4,丁", "92130303MA0000023W,5,2024-01-05,5,这个内容比二十个字符长得多，所以它不能入库，要等人来改",
    "92130303MA0000023W,6,2024-01-05,6,己,多一格",
  ]
  private static let unit = "11130300000000019B"

  private static func cells(_ record: CreditRecord) -> [String] {
    ["CODE", "NO", "DAY", "AMOUNT", "TEXT"].map { record[$0]?.canonicalText ?? "-" }
  }

  private static func lines(_ database: CreditDatabase) throws -> [String] {
    try database.snapshot().records(matching: RecordQuery(entries: ["T1"], limit: 1000)).records.map {
      "\($0.subject.text) \($0.key) \(Self.cells($0))"
    }.sorted()
  }

  @Test func correctedRowsAreTakenIn() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let receipt = try fixture.collect(Self.rows, unit: Self.unit)
    #expect(receipt.counters == [1, 0, 0, 4, 1, 0])
    let before = database.snapshot()
    let result = try database.judgeAgain(
      batch: receipt.batch,
      corrections: [
        2: ["代码": "93130321MA0000031N"], 4: ["DAY": "2024-02-29"], 5: ["TEXT": "短\"了,\n"],
        3: ["CODE": "91130302MA0000015B"],
      ],
      reason: "the unit called")
    #expect(
      (result.judged, result.loaded, result.updated, result.duplicate, result.remaining) == (4, 3, 0, 0, 1))
    #expect(result.refusals.map(\.row) == [3] && result.refusals.first?.reasons.map(\.rule) == ["V03"])
    #expect(result.commits == [before.commit + 1])
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["3 questionable V03", "6 questionable R-RAGGED"])
    #expect(try before.setAsideRows(ofBatch: receipt.batch).count == 5, "an earlier snapshot changed")
    let other = try StoreFixture()
    try other.collect([
      Self.rows[0], "93130321MA0000031N,2,2024-01-05,2,乙", "92130303MA0000023W,4,2024-02-29,4,丁",
      "92130303MA0000023W,5,2024-01-05,5,\"短\"\"了,\n\"",
    ])
    #expect(try Self.lines(database) == Self.lines(other.database))
    // The unit that reported the row is that of the record.
    let units = try database.snapshot().aggregate(
      AggregateQuery(entries: ["T1"], groups: [.init(parsing: "$unit")], measures: [.init(parsing: "count")]))
    #expect(units.rows.count == 1 && units.rows.first.map { Array($0.group) } == [.text(Self.unit)])
    let counts = try database.statistics()
    #expect((counts.questionable, counts.unlinked, counts.records) == (2, 0, 4))
    #expect(try database.verify().faults.isEmpty)
    // Sending the whole file once more changes nothing but what is aside still: those rows are judged again as well.
    #expect(try fixture.collect(Self.rows).duplicate == 1)
    try database.close()
  }

  @Test func anotherVersionLetsRowsPass() async throws {
    let strict = StoreFixture.entry.with(
      \.rules,
      [EntryRule(id: "T-1", require: [RuleClause("AMOUNT", .atMost, to: "100")], message: "too much")])
    let fixture = try StoreFixture([strict])
    let database = fixture.database
    let first = try fixture.collect((1...50).map { "91130302MA0000015N,\($0),2024-01-05,\($0 * 10),甲" })
    let second = try fixture.collect(["92130303MA0000023W,1,2024-01-05,101,甲", ",2,2024-01-05,7,乙"])
    #expect(first.counters == [10, 0, 0, 40, 0, 0] && second.counters == [0, 0, 0, 1, 1, 0])
    #expect(try database.snapshot().setAsideRows(of: "T1", rule: "T-1", limit: 100).count == 41)
    #expect(try database.snapshot().setAsideRows(of: nil, state: .unlinked).map(\.batch) == [second.batch])
    #expect(try database.snapshot().setAsideRows(of: "T1", limit: 7).count == 7)
    // Nothing changed: nobody passes, and nothing is written.
    let unchanged = try await database.judgeAgain(entry: "T1")
    #expect((unchanged.judged, unchanged.remaining, unchanged.commits) == (42, 42, []))
    var lenient = strict.with(\.version, 2)
    lenient.rules?[0].require = [RuleClause("AMOUNT", .atMost, to: "450")]
    try database.catalogue.publish(lenient)
    let result = try await database.judgeAgain(entry: "T1")
    #expect((result.judged, result.loaded, result.remaining, result.commits.count) == (42, 36, 6, 2))
    #expect(
      try database.snapshot().recordCounts(
        of: Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode))["T1"] == 45)
    // Records say which version they were checked against.
    let record = try #require(try fixture.records("92130303MA0000023W").first)
    #expect(try database.snapshot().entryVersion(of: record) == 2)
    #expect(try await database.judgeAgain(entry: nil).commits.isEmpty)
    try database.close()
  }

  @Test func closedRecordsStayClosed() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    try fixture.collect(["91130302MA0000015N,1,2024-01-05,1,甲"])
    let subject = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)
    _ = try database.withdraw("T1", subject: subject, key: "1", reason: "wrong person")
    let receipt = try fixture.collect(["91130302MA0000015N,1,2024-01-05,2,甲", ",1,2024-01-05,3,乙"])
    let linked = [2: ["CODE": subject.text]]
    let closed = try database.judgeAgain(batch: receipt.batch, corrections: linked)
    #expect(
      closed.remaining == 1 && closed.refusals.first?.reasons.map(\.rule) == ["R-CLOSED"]
        && closed.commits.isEmpty)
    _ = try database.reinstate("T1", subject: subject, key: "1", reason: "right after all")
    let result = try database.judgeAgain(batch: receipt.batch)
    #expect((result.updated, result.remaining) == (1, 1))
    #expect(try database.judgeAgain(batch: receipt.batch, corrections: linked).updated == 1)
    #expect(try fixture.records(subject.text, .history).count == 5)
    #expect(try database.snapshot().setAsideRows(ofBatch: receipt.batch).isEmpty)
    try database.close()
  }

  /// A row that nobody was named in is linked later: what came meanwhile, or was corrected, stands.
  @Test func linkingAnOldRowUndoesNothing() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let code = StoreFixture.codes[0]
    let old = try fixture.collect([",9,2024-01-05,1,一月", ",8,2024-01-05,1,一月"])
    try fixture.collect(["\(code),9,2024-01-05,1,三月"])
    _ = try database.correct(
      "T1", subject: Identifier(code, as: .unifiedSocialCreditCode), key: "9", reason: "异议成立",
      changes: ["TEXT": .text("改正")])
    let linked = try database.judgeAgain(
      batch: old.batch, corrections: [1: ["CODE": code], 2: ["代码": code]])
    #expect((linked.loaded, linked.updated, linked.remaining) == (1, 0, 1))
    #expect(linked.refusals.first?.reasons.map(\.rule) == ["R-NEWER"])
    #expect(try fixture.records(code).first { $0.key == "9" }?["TEXT"] == .text("改正"))
    // Whoever corrects what the row says looked at it.
    let mended = try database.judgeAgain(
      batch: old.batch, corrections: [1: ["CODE": code, "TEXT": "二月"]])
    #expect(mended.updated == 1)
  }

  /// A row with a comma too many can be corrected by whoever says what its cells are.
  @Test func aRaggedRowCanBeCorrected() throws {
    let fixture = try StoreFixture()
    let receipt = try fixture.collect(["\(StoreFixture.codes[0]),1,2024-01-05,1,甲,"])
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["1 questionable R-RAGGED"])
    #expect(try fixture.database.judgeAgain(batch: receipt.batch).remaining == 1)
    let mended = try fixture.database.judgeAgain(batch: receipt.batch, corrections: [1: ["TEXT": "甲"]])
    #expect((mended.loaded, mended.remaining) == (1, 0))
  }

  @Test func whatCannotBeJudgedIsSaid() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let bytes =
      Data("CODE,NO,DAY,AMOUNT,TEXT\n91130302MA0000015N,1,2024-01-05,1,".utf8) + Data([0xFF, 0xFE, 0x0A])
      + Data(
        ("91130302MA0000015N,2,2024-01-05,x,甲\n"
          + String(repeating: "91130302MA0000015N,3,2024-01-05,3,乙\n", count: 3)).utf8)
    let receipt = try fixture.collect(data: bytes, encoding: .utf8)
    #expect(receipt.questionable == 2)
    let result = try database.judgeAgain(batch: receipt.batch)
    #expect(
      (result.judged, result.remaining) == (2, 2)
        && result.refusals.map { $0.reasons.map(\.rule) } == [["R-ENCODING"], ["TYPE"]])
    for (batch, corrections, code) in [
      (receipt.batch, [3: ["NO": "1"]], "unknownRow"), (receipt.batch + 50, [:], "unknownBatch"),
    ] as [(UInt64, [Int: [String: String]], String)] {
      let error = #expect(throws: CreditError.self) {
        try database.judgeAgain(batch: batch, corrections: corrections)
      }
      #expect(error?.code == code)
    }
    // A column the entry does not know is carried along like any other; a number that is one passes.
    let mended = try database.judgeAgain(
      batch: receipt.batch, corrections: [2: ["AMOUNT": "7", "备注": "电话更正"]])
    #expect((mended.loaded, mended.remaining) == (1, 0))
    try database.close()
    let reader = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    #expect(throws: CreditError.self) { try reader.judgeAgain(batch: receipt.batch) }
    try reader.close()
  }

  /// A cell whose quote carries an accent once closed its quotes too early: what stood behind it became a row of its own, and a row was lost.
  @Test func noCellReachesIntoTheNextRow() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    for accent in ["\u{FE0F}", "\u{301}", "\u{200D}", ""] {
      let cell = "x\"\(accent)\n9,91130302MA0000015N,2024-01-05,777,伪造"
      let text =
        "TEXT,CODE,DAY,AMOUNT,NO\n\"" + cell.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        + "\",91130302MA0000015N,2024-01-05,,1\n甲,92130303MA0000023W,2024-01-05,x,2\n乙,93130321MA0000031N,2024-01-05,x,3\n"
      let receipt = try fixture.collect(text: text)
      #expect(receipt.questionable == 3)
      let result = try database.judgeAgain(
        batch: receipt.batch,
        corrections: [1: ["TEXT": "短\"\(accent)"], 2: ["AMOUNT": "2"], 3: ["AMOUNT": "y"]])
      #expect(
        result.loaded + result.updated + result.duplicate == 2 && result.refusals.map(\.row) == [3])
      #expect(try fixture.records("91130302MA0000015N").map { $0["TEXT"]?.canonicalText } == ["短\"\(accent)"])
      #expect(try database.snapshot().setAsideRows(ofBatch: receipt.batch).map(\.row) == [3])
      // The next round brings the same records with other values.
      _ = try database.judgeAgain(batch: receipt.batch, corrections: [3: ["AMOUNT": "3"]])
    }
    #expect(try Self.lines(database).allSatisfy { !$0.contains("777") && !$0.contains("伪造") })
    try database.close()
  }

  /// What was set aside long ago does not undo what the unit, or somebody by hand, said since.
  @Test func anOldRowReplacesNothingThatCameAfterIt() async throws {
    let strict = StoreFixture.entry.with(
      \.rules,
      [EntryRule(id: "T-1", require: [RuleClause("TEXT", .notEqual, to: "其它")], message: "must be 其他")])
    let fixture = try StoreFixture([strict])
    let database = fixture.database
    let old = try fixture.collect((1...3).map { "91130302MA0000015N,\($0),2024-01-05,1,其它" })
    try fixture.collect(["91130302MA0000015N,1,2024-01-05,1,其他", "91130302MA0000015N,2,2024-01-05,2,其他"])
    let subject = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)
    _ = try database.correct(
      "T1", subject: subject, key: "2", reason: "by hand",
      changes: ["AMOUNT": .decimal(FixedDecimal(units: 500, scale: 2))])
    var lenient = strict.with(\.version, 2)
    lenient.rules = nil
    try database.catalogue.publish(lenient)
    let result = try await database.judgeAgain(entry: "T1")
    #expect((result.loaded, result.updated, result.remaining) == (1, 0, 2))
    #expect(result.refusals.map { $0.reasons.map(\.rule) } == [["R-NEWER"], ["R-NEWER"]])
    #expect(try fixture.records(subject.text).map { $0["TEXT"]?.canonicalText } == ["其他", "其他", "其它"])
    // Somebody who looks at the row may.
    let mended = try database.judgeAgain(batch: old.batch, corrections: [1: ["AMOUNT": "9"]])
    #expect(mended.updated == 1)
    for entry in ["NONE", "T9"] {
      let error = await #expect(throws: CreditError.self) { try await database.judgeAgain(entry: entry) }
      #expect(error?.code == "unknownEntry")
      #expect(throws: CreditError.self) { try database.snapshot().setAsideRows(of: entry) }
    }
    try database.close()
  }
}
