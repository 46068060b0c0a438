// Goal: a receipt tells what its counters do not: which rows were taken in with a warning, and which columns were left out.
// Method: files whose rows are known, small and large enough for several workers.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ReceiptDetailTests {
  private static var entry: CatalogueEntry {
    var entry = StoreFixture.entry
    entry.rules = [
      EntryRule(
        id: "T-1", severity: .warning, require: [RuleClause("AMOUNT", .atMost, to: "100")],
        message: "very much")
    ]
    return entry
  }

  @Test(arguments: [10, 40_000]) func warningsNameTheirRows(rows: Int) throws {
    let store = try StoreFixture([Self.entry])
    let warned = { (row: Int) in row % 7 == 3 }
    let lines = (1...rows).map { row in
      "\(StoreFixture.codes[row % 3]),\(row),2024-01-01,\(warned(row) ? 101 : 1),甲"
    }
    let receipt = try store.collect(lines, header: "CODE,NO,DAY,AMOUNT,TEXT")
    let expected = (1...rows).filter(warned)
    #expect(receipt.warnings == expected.count)
    let found = try #require(receipt.warningRules?.first)
    #expect(found.rule == "T-1" && found.rows == expected.count)
    #expect(found.firstRows == Array(expected.prefix(RowWarning.maximumRows)))
    #expect(receipt.ignoredColumns == nil)
  }

  @Test func columnsThatAreNoItemAreNamed() throws {
    let store = try StoreFixture()
    let receipt = try store.collect(
      ["\(StoreFixture.codes[0]),1,2024-01-01,1,甲,乙,"], header: "CODE,NO,DAY,AMOUNT,TEXT,完全未知列,")
    #expect(receipt.ignoredColumns == ["完全未知列"] && receipt.warningRules == nil && receipt.loaded == 1)
  }

  /// A header that is the name, or an alias, of two items is refused instead of going to the first.
  @Test func aHeaderOfTwoItemsIsRefused() throws {
    var entry = StoreFixture.entry
    entry.items[3].aliases = ["数"]
    entry.items[4].aliases = ["数"]
    let store = try StoreFixture([entry])
    let error = #expect(throws: CreditError.self) {
      try store.collect(["\(StoreFixture.codes[0]),1,2024-01-01,1"], header: "CODE,NO,DAY,数")
    }
    #expect(error?.code == "wrongHeader" && error?.message.contains("AMOUNT as well as TEXT") == true)
    #expect(try store.collect(["\(StoreFixture.codes[0]),1,2024-01-01,1,甲"]).loaded == 1)
  }

  /// In the layout of 2015 status 1 is a decision that was withdrawn, in that of 2018 a permit in force.
  @Test func aStatusOf2015IsReadAsSuch() throws {
    let store = try StoreFixture([.administrativePenalty2018, .administrativePermit2018])
    let code = StoreFixture.codes[0]
    let penalties = try store.collect(
      text:
        "CF_WSH,CF_CFMC,CF_CFLB1,CF_SY,CF_YJ,CF_XDR_MC,CF_XDR_SHXYM,CF_XDR_ZDM,CF_FR,CF_JG,CF_JDRQ,CF_XZJG,CF_ZT,BZ\n"
        + [0, 1, 2].map { "文\($0),某违法案,罚款,事由,依据,某公司,\(code),,张三,罚款二百元,2016/03/04,市场监管局,\($0),\n" }.joined(),
      entry: "XZCF")
    #expect(penalties.loaded == 2 && penalties.ignoredColumns == nil)
    #expect(try store.rules(ofBatch: penalties.batch) == ["2 questionable R-STATUS"])
    let permits = try store.collect(
      text:
        "XK_WSH,XK_XMMC,XK_SPLB,XK_NR,XK_XDR,XK_XDR_SHXYM,XK_XDR_ZDM,XK_FR,XK_JDRQ,XK_JZQ,XK_XZJG,XK_ZT,BZ\n"
        + [0, 1].map { "文\($0),某项目,普通,内容,某公司,\(code),,张三,2016/03/04,2030/03/04,审批局,\($0),\n" }.joined(),
      entry: "XZXK")
    #expect(try store.rules(ofBatch: permits.batch) == ["2 questionable R-STATUS"])
    #expect(try store.records(code, entry: "XZXK").map { $0["XK_ZT"] } == [.text("1")])
  }

  /// The layout of 2015 has one column for resident identity numbers, that of 2018 one for the number of any document and one for its kind.
  @Test func anIdentityNumberOf2015SaysWhatItIs() throws {
    let store = try StoreFixture([.administrativePenalty2018])
    let person = "130302199001010016"
    let rows = [
      "文1,某违法案,罚款,事由,依据,张三,,,\(person),罚款二百元,2016/03/04,市场监管局,0,",
      "文2,某违法案,罚款,事由,依据,某公司,\(StoreFixture.codes[0]),李四,,罚款二百元,2016/03/04,市场监管局,0,",
    ]
    let receipt = try store.collect(
      text: ([
        "CF_WSH,CF_CFMC,CF_CFLB1,CF_SY,CF_YJ,CF_XDR_MC,CF_XDR_SHXYM,CF_FR,CF_XDR_SFZ,CF_JG,CF_JDRQ,CF_XZJG,CF_ZT,BZ"
      ] + rows).joined(separator: "\n"), entry: "XZCF")
    #expect(try store.rules(ofBatch: receipt.batch) == [] && receipt.loaded == 2)
    let penalty = try #require(try store.records(person).first)
    #expect(penalty["CF_XDR_ZJHM"] == .text(person) && penalty["CF_XDR_ZJLX"] == .text("身份证"))
    #expect(try store.records(StoreFixture.codes[0]).first?["CF_XDR_ZJLX"] == nil)
  }

  /// A passport number in the column of 2015: one in eleven has the check character of an organisation code, and its holder would be a company. A mistyped identity
  /// number is told as such. An organisation code that stands there is one.
  @Test func otherNumbersInTheIdentityColumnOf2015() throws {
    let store = try StoreFixture([.administrativePenalty2018])
    func row(_ number: Int, _ card: String) -> String {
      "文\(number),某违法案,罚款,事由,依据,张三,,,\(card),罚款二百元,2016/03/04,市场监管局,0,"
    }
    let passport = "E12345673"
    #expect(Identifier.check(passport, as: .organizationCode, on: CreditDatabase.today()).isValid)
    let receipt = try store.collect(
      text: ([
        "CF_WSH,CF_CFMC,CF_CFLB1,CF_SY,CF_YJ,CF_XDR_MC,CF_XDR_SHXYM,CF_FR,CF_XDR_SFZ,CF_JG,CF_JDRQ,CF_XZJG,CF_ZT,BZ",
        row(1, passport), row(2, "130302199013410016"), row(3, "123456788"), row(4, "EA1000000"),
        row(5, "PE1000005"), row(6, "H01000006"),
      ]).joined(separator: "\n"), entry: "XZCF")
    #expect(receipt.loaded == 5)
    for (number, word) in [("EA1000000", "护照"), ("PE1000005", "护照"), ("H01000006", "港澳居民来往内地通行证")] {
      #expect(Identifier.check(number, as: .organizationCode, on: CreditDatabase.today()).isValid)
      let records = try store.database.snapshot().records(of: Identifier(number, as: .document))
      #expect(records.map { $0["CF_XDR_ZJLX"] } == [.text(word)], "\(number)")
    }
    let penalty = try #require(
      try store.database.snapshot().records(of: Identifier(passport, as: .document)).first)
    #expect(penalty["CF_XDR_ZJLX"] == .text("护照") && penalty.subject.kind == .document)
    #expect(try store.database.snapshot().records(of: Identifier(passport, as: .organizationCode)).isEmpty)
    let rejected = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)
    #expect(rejected.map(\.row) == [2] && rejected[0].reasons.map(\.item) == ["CF_XDR_ZJHM"])
    #expect(rejected[0].reasons[0].message.contains("birth date does not exist"))
    #expect(
      try store.database.snapshot().records(of: Identifier("123456788", as: .organizationCode)).count == 1)
  }

  /// Part of what was set aside is sent again: the rest still waits.
  @Test func whatWasNotSentAgainWaits() throws {
    let store = try StoreFixture()
    let rows = (1...3).map { "\(StoreFixture.codes[0]),\($0),xx,1,甲" }
    let first = try store.collect(rows)
    #expect(first.questionable == 3)
    var options = CollectionOptions(today: CreditDatabase.today())
    options.resubmits = first.batch
    try store.collect(["\(StoreFixture.codes[0]),1,2024-01-01,1,甲"], options: options)
    let report = try #require(
      try store.database.snapshot().batches().first(where: { $0.batch == first.batch }))
    #expect(report.state == .waiting && report.openRows == 2)
    // The same once more: nothing is corrected twice.
    try store.collect(["\(StoreFixture.codes[0]),1,2024-01-01,1,甲"], options: options)
    let again = try #require(
      try store.database.snapshot().batches().first(where: { $0.batch == first.batch }))
    #expect(again.openRows == 2 && again.resubmittedRows == 1 && again.resubmittedIn.count == 2)
    try store.collect(
      ["\(StoreFixture.codes[0]),2,2024-01-01,1,甲", "\(StoreFixture.codes[0]),3,2024-01-01,1,甲"],
      options: options)
    let all = try #require(
      try store.database.snapshot().batches().first(where: { $0.batch == first.batch }))
    #expect(all.state == .resubmitted && all.openRows == 0)
  }

  /// A blank or a hyphen in an identifier does not count for its length.
  @Test func blanksInIdentifiersDoNotCount() throws {
    var entry = StoreFixture.entry
    entry.items[0].length = 18
    let store = try StoreFixture([entry])
    let code = StoreFixture.codes[0]
    let receipt = try store.collect(["\(code.prefix(8)) \(code.dropFirst(8)),1,2024-01-01,1,甲"])
    #expect(receipt.loaded == 1)
    #expect(try store.records(code).count == 1)
  }

  /// What stands behind the records of a JSON file is an error, and not lost.
  @Test func nothingBehindTheRecordsIsLost() throws {
    let store = try StoreFixture()
    func row(_ number: Int) -> String {
      #"{"CODE":"\#(StoreFixture.codes[0])","NO":"\#(number)","DAY":"2024-01-01","AMOUNT":"1","TEXT":"甲"}"#
    }
    let wrapped = { (number: Int) in "{\"n\":1,\"rows\":[\(row(number))],\"total\":[1,{}]}" }
    for (text, member) in [
      (wrapped(1) + "\n" + wrapped(2), "rows"), ("[\(row(1))]\n[\(row(2))]", nil), ("[\(row(1))] xx", nil),
      ("[\(row(1))]\n\(row(2))", nil), ("{\"rows\":[\(row(1))],\"rows\":[\(row(2))]}", "rows"),
      ("{\"rows\":[\(row(1))],\"total\":", "rows"),
    ] as [(String, String?)] {
      let file = try store.folder.write("rows-\(UUID().uuidString).json", Data(text.utf8))
      let error = #expect(throws: CreditError.self, "\(text)") {
        try store.database.collectBlocking(
          .json(file, recordsIn: member), for: "T1", from: nil, options: nil)
      }
      #expect(error?.code == "invalidJSON", "\(text)")
    }
    #expect(try store.records(StoreFixture.codes[0]).isEmpty)
    let file = try store.folder.write("whole.json", Data((wrapped(1) + " \n").utf8))
    #expect(
      try store.database.collectBlocking(
        .json(file, recordsIn: "rows"), for: "T1", from: nil, options: nil
      ).loaded == 1)
  }
}
