// Goal: personal numbers do not leave without a purpose.
// Method: texts with numbers of every form, and a record with an identity number in several items.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct PresentationTests {
  private static let today = Day("2026-11-23") ?? .epoch

  @Test(arguments: [
    ("130302199001010016", "130302********0016"), ("张三130302199001010016。", "张三130302********0016。"),
    ("11010519491231002X,11010519491231002x", "110105********002X,110105********002x"),
    ("130302900101001", "130302*****1001"),
    // A wrong check character does not make a number public.
    ("130302199001010019", "130302********0019"), ("ID130302199001010016号", "ID130302********0016号"),
    ("１３０３０２１９９００１０１００１６", "１３０３０２********００１６"), ("130302 19900101 0016", "130302 ******** 0016"),
    ("2021-01-31 130302199001010016 12", "2021-01-31 130302********0016 12"),
    // A day that never was.
    ("当事人身份证130302199002290013", "当事人身份证130302********0013"), ("130302199002310010", "130302********0010"),
    // A taxpayer number made of an identity number and two digits.
    ("9211010519491231002X", "92110105********002X"),
    ("13030219900101001601", "130302********001601"),
    ("13800138000130302199001010016", "13800138000130302********0016"),
    // Taxpayer numbers made of identity numbers.
    ("13030290010100101", "130302*****100101"), ("税号：13030290010100101。", "税号：130302*****100101。"),
  ])
  func identityNumbersAreMasked(text: String, expected: String) {
    #expect(PersonalNumbers.masked(text, on: Self.today) == expected)
  }

  @Test(arguments: [
    "91130302MA0000015N", "914403001922038216", "330203000030639", "2021年1月31日", "",
    "130302299001010016",
    // The number of a commitment reads like one and has another check character.
    "32010020230217000011",
    // A time, no date of birth, no division.
    "20210115102530123", "13030290130100101", "99030290010100101",
  ])
  func otherNumbersStay(text: String) { #expect(PersonalNumbers.masked(text, on: Self.today) == text) }

  /// What the catalogue masks by now is masked in what is read of before.
  @Test func thePastIsMaskedAsThePresent() throws {
    let folder = try TemporaryFolder()
    try CreditDatabase.create(at: folder.path("store"))
    let database = try CreditDatabase(opening: folder.path("store"), mode: .readWrite())
    func entry(_ version: Int, _ openness: Openness?, _ mask: [Int]?) -> CatalogueEntry {
      CatalogueEntry(
        code: "M", name: "测试", version: version, subject: ["ID"], recordKey: ["NO"],
        items: [
          CatalogueItem(id: "ID", identifier: .any), CatalogueItem(id: "NO"),
          CatalogueItem(id: "T", openness: openness, mask: mask),
        ])
    }
    try database.catalogue.publish(entry(1, nil, nil))
    let file = try folder.write(
      "m.csv", "ID,NO,T\n91130302MA0000015N,1,G12345678\n91130302MA0000015N,,G87654321\n")
    let receipt = try database.collectBlocking(.csv(file), for: "M")
    try database.catalogue.publish(entry(2, .authorized, [2, 3]))
    let third = database.snapshot().commit
    try database.catalogue.publish(entry(3, .authorized, [4, 1]))
    func shown(_ commit: UInt64, _ presentation: RecordPresentation) throws -> String? {
      let record = try database.snapshot(asOf: commit).records(of: "91130302MA0000015N").first
      return record.flatMap { presentation.values(of: $0).first { $0.item == "T" }?.value.canonicalText }
    }
    let now = RecordPresentation.masked(on: Self.today).masking(asIn: database.snapshot())
    #expect(try shown(receipt.commit, now) == "G123****8" && shown(third, now) == "G1******8")
    #expect(try shown(database.snapshot().commit, now) == "G123****8")
    let purpose = try RecordPresentation.unmasked(purpose: "核查", on: Self.today)
    #expect(try shown(receipt.commit, purpose.masking(asIn: database.snapshot())) == "G12345678")
    // Values of aggregates and raw rows too.
    let item = entry(1, nil, nil).items[2]
    #expect(now.text("G12345678", of: now.item(item, in: ["M"])) == "G123****8")
    #expect(now.text("G12345678", of: now.item(item, in: [])) == "G12345678")
    let row = try #require(
      try database.snapshot(asOf: receipt.commit).setAsideRows(ofBatch: receipt.batch).first)
    guard case .object(let raw) = row.raw else {
      Issue.record("no raw row")
      return
    }
    #expect(now.rawRow(raw, of: entry(1, nil, nil)).contains("G876****1"))
    try database.close()
  }

  @Test func recordsAreMaskedUnlessAPurposeIsGiven() throws {
    let folder = try TemporaryFolder()
    try CreditDatabase.create(at: folder.path("store"))
    let database = try CreditDatabase(opening: folder.path("store"), mode: .readWrite())
    let entry = CatalogueEntry.administrativePenalty2018
    let row = [
      "CF_XDR_MC": "张三", "CF_XDR_LB": "自然人", "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": "130302199001010016",
      "CF_WSH": "1号",
      "CF_WFXW": "x", "CF_SY": "当事人130302199001010016违法", "CF_YJ": "x", "CF_CFLB": "警告", "CF_NR": "警告",
      "CF_JDRQ": "2024-01-01", "CF_YXQ": "2025-01-01", "CF_CFJG": "x", "CF_CFJGDM": "11130300000000019B",
      "CF_SJLY": "x",
      "CF_SJLYDM": "11130300000000019B",
    ]
    let csv =
      entry.items.map(\.id).joined(separator: ",") + "\n"
      + entry.items.map { row[$0.id] ?? "" }.joined(separator: ",") + "\n"
    let file = try folder.write("a.csv", csv)
    #expect(try database.collectBlocking(.csv(file), for: "XZCF").loaded == 1)
    let record = try #require(try database.snapshot().records(of: "130302199001010016").first)
    let shown = Dictionary(
      uniqueKeysWithValues: RecordPresentation.masked(on: Self.today).values(of: record).map {
        ($0.item, $0.value.canonicalText)
      })
    #expect(shown["CF_XDR_ZJHM"] == "130302********0016" && shown["CF_SY"] == "当事人130302********0016违法")
    let full = try RecordPresentation.unmasked(purpose: "核查", on: Self.today).values(of: record)
    #expect(full.contains { $0.value == .text("130302199001010016") })
    #expect(throws: CreditError.self) { try RecordPresentation.unmasked(purpose: "", on: Self.today) }
  }

  /// The stories: an account number masked among the values stood in the key beside it, and an identity number in an item of integers came out of
  /// aggregates in full.
  @Test func keysAndCellsOfAggregatesAreMaskedAsValuesAre() throws {
    let folder = try TemporaryFolder()
    try CreditDatabase.create(at: folder.path("store"))
    let database = try CreditDatabase(opening: folder.path("store"), mode: .readWrite())
    try database.catalogue.publish(
      CatalogueEntry(
        code: "P2", name: "测试", subject: ["CODE"], recordKey: ["NO", "ACCOUNT"],
        items: [
          CatalogueItem(id: "CODE", identifier: .any), CatalogueItem(id: "NO"),
          CatalogueItem(id: "ACCOUNT", openness: .authorized, mask: [2, 2]),
          CatalogueItem(id: "N", type: .integer),
        ]))
    let file = try folder.write(
      "p.csv", "CODE,NO,ACCOUNT,N\n91130302MA0000015N,文|1,A00987654321,130302199001010016\n")
    #expect(try database.collectBlocking(.csv(file), for: "P2").loaded == 1)
    let masked = RecordPresentation.masked(on: Self.today)
    let full = try RecordPresentation.unmasked(purpose: "核查", on: Self.today)
    let record = try #require(try database.snapshot().records(of: "91130302MA0000015N").first)
    #expect(masked.key(of: record) == "文\\|1|A0********21" && full.key(of: record) == record.key)
    let query = AggregateQuery(
      entries: ["P2"], groups: [try .init(parsing: "N")], measures: [.max("N"), .count])
    let result = try database.snapshot().aggregate(query)
    let cells = Array(result.rows[0].group) + Array(result.rows[0].measures)
    let shown = cells.map { masked.cell($0, of: result.items["N"]) }
    #expect(shown == [.text("130302********0016"), .text("130302********0016"), .integer(1)])
    #expect(cells.map { full.cell($0, of: result.items["N"]) } == cells)
    var page = RecordQuery(entries: ["P2"], limit: 1)
    page.order = [.init("NO")]
    let more = try folder.write("q.csv", "CODE,NO,ACCOUNT,N\n91130302MA0000015N,文|2,A00987654322,1\n")
    _ = try database.collectBlocking(.csv(more), for: "P2")
    #expect(masked.cursor(of: try database.snapshot().records(matching: page), page).isWithheld)
    try database.close()
  }

  /// A cursor holds the last record as it is: it is given out where nothing of it would be masked, or for a purpose.
  @Test func aCursorWithAPersonalNumberIsWithheld() throws {
    let folder = try TemporaryFolder()
    try CreditDatabase.create(at: folder.path("store"))
    let database = try CreditDatabase(opening: folder.path("store"), mode: .readWrite())
    try database.catalogue.publish(
      CatalogueEntry(
        code: "P1", name: "测试", subject: ["CODE"], recordKey: ["NO"],
        items: [CatalogueItem(id: "CODE", identifier: .any), CatalogueItem(id: "NO")]))
    let rows = ["91130302MA0000015N,1", "11010519491231002X,2", "11010519491231002X,3"]
    let file = try folder.write("p.csv", Data((["CODE,NO"] + rows).joined(separator: "\n").utf8))
    #expect(try database.collectBlocking(.csv(file), for: "P1").loaded == 3)
    var query = RecordQuery(entries: ["P1"], limit: 1)
    let masked = RecordPresentation.masked(on: Self.today)
    let company = try database.snapshot().records(matching: query)
    #expect(masked.cursor(of: company, query) == (company.next, false) && company.next != nil)
    query.cursor = company.next
    let person = try database.snapshot().records(matching: query)
    #expect(person.next != nil && masked.cursor(of: person, query) == (nil, true))
    let shown = try RecordPresentation.unmasked(purpose: "核查", on: Self.today)
    #expect(shown.cursor(of: person, query) == (person.next, false))
  }
}
