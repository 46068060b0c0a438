// Goal: the rows of a workbook come in as those of a CSV file with the same cells do, whatever way the workbook is written in; dates and numbers are those
// that a spreadsheet shows; a file that is damaged, cut off, protected or hostile is refused with its name, and nothing of it comes in.
// Method: random rows as CSV and as workbooks that this test writes itself, zlib doing the packing; dates against a table; a real workbook against the
// tab-separated text its publisher made of it.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct WorkbookCollectionTests {
  typealias Cell = WorkbookFile.Cell

  private static let header: [Cell] = ["CODE", "NO", "DAY", "AMOUNT", "TEXT"].map { .shared($0) }
  private static let texts = ["罚款", "é\"引\" & <b>", "a,b", "行\n二", "_x0041_ 8", "e\u{301}", "😀 ", "c\rd"]

  private func write(_ store: StoreFixture, _ data: Data) throws -> String {
    try store.folder.write("book-\(UUID().uuidString).xlsx", data)
  }

  private func rows(_ path: String, sheet: String? = nil, headerRow: Int? = nil) throws -> [String] {
    let source = try SheetRows(Workbook(path: path), sheet: sheet, headerRow: headerRow)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 777)
    while true {
      let count = try piece.withUnsafeMutableBytes { piece in
        try piece.baseAddress.map { try source.read(into: $0, count: 777) } ?? 0
      }
      if count == 0 { break }
      bytes += piece[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
  }

  @Test(arguments: [(true, ""), (false, ""), (true, "x")])
  func aWorkbookGivesTheRecordsOfCSV(isDeflated: Bool, prefix: String) throws {
    var random = SeededGenerator(seed: isDeflated ? 3 : 4)
    var book = WorkbookFile()
    (book.isDeflated, book.prefix, book.styles) = (isDeflated, prefix, [0, 14])
    var rows: [(Int, [Cell])] = [(2, Self.header)]
    var lines: [String] = []
    for index in 0..<900 {
      let text = Self.texts[index % Self.texts.count]
      let day = Int.random(in: 44_000..<45_000, using: &random)
      let amount = "\(Int.random(in: 0..<10_000, using: &random)).\(index % 90 + 10)"
      let code = StoreFixture.codes[index % 3]
      rows.append(
        (
          3 + index * 2,
          [
            index % 2 == 0 ? .shared(code) : .inline(code), .formula("文\(index % 201)"),
            index % 5 > 0 ? .number("\(day)", style: 1) : .none, index % 7 > 0 ? .number(amount) : .none,
            index % 3 == 0 ? .inline(text) : .shared(text),
          ]
        ))
      // Rows without a value are none.
      if index % 10 == 0 { rows.append((4 + index * 2, [.none, .shared(""), .none])) }
      let date = try #require(Day(daysSinceEpoch: day - 25_569))
      // What a writer escapes stands for the character itself.
      let plain = text.replacingOccurrences(of: "_x0041_", with: "A")
      lines.append(
        [
          code, "文\(index % 201)", index % 5 > 0 ? date.description : "", index % 7 > 0 ? amount : "",
          CSVText.quoted(plain),
        ].joined(separator: ","))
    }
    book.sheets = [("数据 & 1", nil, rows)]
    let (expected, store) = (try StoreFixture(), try StoreFixture())
    let receipt = try expected.collect(lines)
    let path = try write(store, book.data())
    let own = try store.database.collectBlocking(.xlsx(path), for: "T1")
    #expect(own.isBalanced && own.counters == receipt.counters && own.reported == 900)
    for code in StoreFixture.codes {
      func content(_ store: StoreFixture) throws -> [String] {
        try store.records(code, .history).map { record in
          "\(record.key) \(record.version) "
            + record.values.map { $0?.canonicalText ?? "-" }.joined(separator: "|")
        }
      }
      #expect(try content(store) == content(expected))
    }
  }

  /// Days and times as ISO/IEC 29500-1 18.17.4 counts them, the 29 February 1900 that never was included; formats as Chinese programs write them.
  @Test func datesAreWhatCellsShow() {
    let numbers = NumberText(isFrom1904: false)
    let table: [(String, NumberMeaning, String)] = [
      ("1", .day, "1900-01-01"), ("59", .day, "1900-02-28"), ("60", .day, "60"), ("61", .day, "1900-03-01"),
      ("25569", .day, "1970-01-01"), ("44227", .day, "2021-01-31"), ("44227.75", .day, "2021-01-31"),
      ("44227", .month, "2021-01"), ("44227.3333333333", .instant, "2021-01-31T08:00:00"),
      ("44227", .instant, "2021-01-31T00:00:00"), ("44227.999999999", .instant, "2021-02-01T00:00:00"),
      ("44226.999999999996", .day, "2021-01-31"), ("44227", .year, "2021"), ("0.5", .time, "12:00:00"),
      ("2958465", .day, "9999-12-31"), ("2958466", .day, "2958466"),
      ("-1", .day, "-1"), ("1e300", .day, "1e300"), ("nan", .day, "nan"), ("", .day, ""),
    ]
    for (written, meaning, expected) in table {
      #expect(numbers.text(written, meaning) == expected, "\(written)")
    }
    #expect(NumberText(isFrom1904: true).text("0", .day) == "1904-01-01")
    #expect(NumberText(isFrom1904: true).text("42765", .day) == "2021-01-31")
    let formats: [(String, NumberMeaning)] = [
      ("General", .number), ("0.00", .number), ("#,##0.00_);[Red](#,##0.00)", .number), ("@", .number),
      ("yyyy-mm-dd", .day), ("yyyy\"年\"m\"月\"d\"日\";@", .day), ("[$-804]yyyy\"年\"m\"月\";@", .month),
      ("yyyy/m/d h:mm", .instant), ("yyyy\\-mm\\-dd\\ hh:mm:ss", .instant), ("[h]:mm:ss", .time),
      ("h:mm AM/PM", .time), ("0.00E+00", .number), ("\"day\"0", .number), ("mmm-yy", .month),
      ("[DBNum1][$-804]yyyy\"年\"m\"月\"d\"日\"", .day), ("¥#,##0", .number), ("[Blue]0", .number),
      ("e/m/d", .day), ("yyyy", .year), ("yyyy\"年\"", .year), ("", .number), ("[", .number), ("\"", .number),
      ("\\", .number),
    ]
    for (format, meaning) in formats { #expect(NumberMeaning(format: format) == meaning, "\(format)") }
    // Formats that a workbook need not write down: 18.8.30, with those of zh-cn.
    let builtIn: [(ClosedRange<Int>, NumberMeaning)] = [
      (0...13, .number), (14...16, .day), (17...17, .month), (18...21, .time), (22...22, .instant),
      (27...27, .month), (28...31, .day), (32...35, .time), (36...36, .month), (37...44, .number),
      (45...47, .time),
      (48...49, .number), (50...50, .month), (51...51, .day), (52...52, .month), (53...54, .day),
      (55...56, .time),
      (57...57, .month), (58...58, .day), (59...163, .number),
    ]
    for (ids, meaning) in builtIn {
      for id in ids { #expect(NumberMeaning(builtIn: id) == meaning, "\(id)") }
    }
  }

  /// Spreadsheets keep 15 digits: what stands behind them in a file is noise.
  @Test func numbersHaveTheDigitsThatASpreadsheetShows() {
    let numbers = NumberText(isFrom1904: false)
    let table = [
      ("0.1", "0.1"), ("0.10000000000000001", "0.1"), ("5.0000000000000001E-3", "0.005"), ("1E-3", "0.001"),
      ("123456789012345", "123456789012345"),
      // An identity number that was taken for a number: whole in the file, or known to have lost its last digits, but never made up.
      ("130302199001011234", "130302199001011234"), ("1.3030219900101E+17", "1.3030219900101E+17"),
      ("1234567890123456", "1234567890123456"), ("999999999999999.9", "1000000000000000"),
      ("-1.5", "-1.5"), ("-0.30000000000000004", "-0.3"), ("1E+2", "100"), ("0", "0"), ("0E0", "0"),
      ("20.000000000000004", "20"), ("1234567.8900000001", "1234567.89"), ("1E+100", "1E+100"),
    ]
    for (written, expected) in table { #expect(numbers.text(written, .number) == expected, "\(written)") }
  }

  @Test func sheetsAndHeadersAreFound() throws {
    let store = try StoreFixture()
    let title: (Int, [Cell]) = (1, [.none, .shared("2026 年 11 月报表")])
    let row: [Cell] = [.shared(StoreFixture.codes[0]), .inline("文1"), .none, .number("1.5"), .boolean(true)]
    var book = WorkbookFile()
    book.sheets = [
      ("说明", "hidden", [(1, [.shared("x"), .shared("y")])]),
      ("数据", nil, [title, (3, Self.header), (4, row)]),
      ("其他", nil, [(1, Self.header), (2, row), (3, [.shared("a"), .error("#N/A")])]),
      ("空", nil, []), ("一", nil, [(1, [.shared("CODE")]), (2, [.shared("甲")])]),
    ]
    let path = try write(store, book.data())
    let head = "\"CODE\",\"NO\",\"DAY\",\"AMOUNT\",\"TEXT\""
    let line = "\"\(StoreFixture.codes[0])\",\"文1\",,\"1.5\",\"true\""
    #expect(try rows(path) == [head, line])
    #expect(try rows(path, sheet: "其他") == [head, line, "\"a\",\"#N/A\",,,"])
    #expect(try rows(path, sheet: "其他", headerRow: 2) == [line, "\"a\",\"#N/A\",,,"])
    #expect(try rows(path, sheet: "一") == ["\"CODE\"", "\"甲\""])
    for (sheet, headerRow, code) in [
      ("空", nil, "empty"), ("没有", nil, "unknownSheet"), ("数据", 9, "empty"), ("数据", 2, "empty"),
    ] as [(String, Int?, String)] {
      let error = #expect(throws: CreditError.self) { try rows(path, sheet: sheet, headerRow: headerRow) }
      #expect(error?.code == code && error?.description.contains(path) ?? false, "\(sheet)")
    }
    let receipt = try store.database.collectBlocking(.xlsx(path, sheet: "数据"), for: "T1")
    #expect(receipt.loaded == 1 && receipt.reported == 1)
  }

  /// Cells and rows need not say where they stand; empty ones count all the same, whatever type they have.
  @Test func cellsThatDoNotSayWhereTheyStandFollowTheOnesBefore() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.sheets = [("数据", nil, [])]
    book.replaced["xl/worksheets/sheet1.xml"] = Data(
      """
      <worksheet><sheetData>
      <row><c t="inlineStr"><is><t>A</t></is></c><c t="inlineStr"><is><t>B</t></is></c><c t="str"><v>C</v></c></row>
      <row><c t="inlineStr"><is><t>1</t></is></c><c/><c t="str"><v>3</v></c></row>
      <row><c/><c t="s"/><c r="C3" t="b"/><c t="str"><v>4</v></c></row>
      <row><c r="B4"><v></v></c><c t="b"><v>true</v></c></row>
      <row r="9223372036854775807"><c t="str"><v>x</v></c></row><row><c t="str"><v>y</v></c></row><row r="-5"><c><v>1</v></c></row>
      </sheetData></worksheet>
      """.utf8)
    let found = try rows(write(store, book.data()))
    #expect(
      found == [
        "\"A\",\"B\",\"C\"", "\"1\",,\"3\"", ",,,\"4\"", ",,\"true\"", "\"x\",,", "\"y\",,", "\"1\",,",
      ])
  }

  /// The story: a program wrote formulas and nobody opened the workbook since, so that no values stand beside them: cells were empty, and nothing said so.
  @Test func formulasWithoutValuesAreKept() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.sheets = [("数据", nil, [])]
    book.replaced["xl/worksheets/sheet1.xml"] = Data(
      """
      <worksheet><sheetData>
      <row><c t="str"><v>A</v></c><c t="str"><v>B</v></c><c t="str"><v>C</v></c><c t="str"><v>D</v></c><c t="str"><v>E</v></c></row>
      <row><c><f>1+1</f></c><c><f>1+1</f><v>2</v></c><c t="str"><f>IF(A1&lt;2,"","x")</f><v></v></c><c><f t="shared" si="0"/></c><c><f>A4</f><v/></c></row>
      </sheetData></worksheet>
      """.utf8)
    #expect(
      try rows(write(store, book.data())) == [
        "\"A\",\"B\",\"C\",\"D\",\"E\"", "\"=1+1\",\"2\",,\"=\",\"=A4\"",
      ])
  }

  /// What a workbook says of its own formats and days reaches the cells.
  @Test func formatsAndDaysOfTheWorkbookReachItsCells() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.isFrom1904 = true
    book.formats = [(164, "yyyy\"年\"m\"月\""), (165, "yyyy-mm-dd hh:mm:ss"), (166, "0.00")]
    book.styles = [0, 14, 164, 165, 166]
    let days: [Cell] = (0..<5).map { .number("42765.25", style: $0) }
    book.sheets = [("数据", nil, [(1, Self.header), (2, days)])]
    let found = try rows(write(store, book.data()))
    #expect(found.last == "\"42765.25\",\"2021-01-31\",\"2021-01\",\"2021-01-31T06:00:00\",\"42765.25\"")
  }

  /// A sheet whose first is one of charts, and an identity number typed as a number: nobody gets somebody else's record.
  @Test func identifiersTypedAsNumbersAreSetAside() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    let row: (String) -> [Cell] = { [.number($0), .inline("文1"), .none, .number("1"), .none] }
    book.sheets = [
      ("数据", nil, [(1, Self.header), (2, row("1.30302199001011E+17")), (3, row("9.113030201E+17"))])
    ]
    let path = try write(store, book.data())
    let receipt = try store.database.collectBlocking(.xlsx(path), for: "T1")
    #expect(receipt.loaded == 0 && receipt.questionable + receipt.unlinked == 2)
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book.replaced["xl/_rels/workbook.xml.rels"] = Data(
      """
      <Relationships><Relationship Id="rId1" Type="\(kind)/chartsheet" Target="worksheets/sheet1.xml"/>
      <Relationship Id="rId2" Type="\(kind)/worksheet" Target="worksheets/sheet2.xml"/></Relationships>
      """.utf8)
    book.sheets.append(("第二", nil, [(1, [.inline("A"), .inline("B")])]))
    #expect(try rows(write(store, book.data())) == ["\"A\",\"B\""])
  }

  /// Parts end anywhere beside the pieces in which they are unpacked and given out.
  @Test func partsOfEverySizeAreUnpacked() throws {
    let store = try StoreFixture()
    for size in [0, 1, 65_535, 65_536, 65_537, 65_800, 131_072, 200_000] {
      for isDeflated in [true, false] {
        let text = Data(repeating: UInt8(ascii: "a"), count: size)
        let path = try write(store, WorkbookFile.archive([("part", text)], isDeflated: isDeflated))
        for piece in [1, 777, 65_536, 1 << 20] where piece > 1 || size <= 70_000 {
          let source = try ZipArchive(path: path).open("part")
          var buffer = [UInt8](repeating: 0, count: piece)
          var total = 0
          while true {
            let count = try buffer.withUnsafeMutableBytes { buffer in
              try buffer.baseAddress.map { try source.read(into: $0, count: piece) } ?? 0
            }
            if count == 0 { break }
            total += count
          }
          #expect(total == size, "\(size) in pieces of \(piece)")
        }
      }
    }
  }

  /// Files of some kilobytes that would take gigabytes.
  @Test func bombsAreRefused() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.sheets = [("数据", nil, [(1, Self.header)])]
    let (sheet, texts, styles) = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml")
    let long = String(repeating: "<t>" + String(repeating: "长", count: 300_000) + "</t>", count: 3)
    let cells = String(repeating: "<c t='s'><v>0</v></c>", count: 16_000)
    let large = "<sst><si><t>" + String(repeating: "x", count: 1_000_000) + "</t></si></sst>"
    for parts in [
      [sheet: "<worksheet><row>" + cells + "</row></worksheet>", texts: large],
      [sheet: "<worksheet><row><c t='inlineStr'><is>\(long)</is></c></row></worksheet>"],
      [
        sheet: "<worksheet><row><c t='s'><v>0</v></c></row></worksheet>",
        texts: "<sst><si>\(long)</si></sst>",
      ],
      [sheet: "<worksheet><row a='" + String(repeating: "x", count: 2 << 20) + "'/></worksheet>"],
    ] {
      var bomb = book
      bomb.replaced = parts.mapValues { Data($0.utf8) }
      let path = try write(store, bomb.data())
      #expect(throws: (any Error).self, "\(parts.keys)") { try rows(path) }
    }
    // A format that no program writes says nothing.
    book.replaced[styles] = Data(
      ("<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[" + String(repeating: "a", count: 900_000)
        + "'/></numFmts><cellXfs><xf numFmtId='164'/></cellXfs></styleSheet>").utf8)
    #expect(try rows(write(store, book.data())).count == 1)
  }

  /// However a file is damaged, it is refused or gives rows; a part that does not fit its checksum is never taken in.
  @Test func damagedWorkbooksAreRefused() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.sheets = [
      (
        "数据", nil,
        [(1, Self.header)] + (0..<40).map { (2 + $0, [.shared(StoreFixture.codes[0]), .inline("文\($0)")]) }
      )
    ]
    let good = book.data()
    let whole = try rows(write(store, good))
    #expect(whole.count == 41)
    var refused = 0
    for length in stride(from: 0, to: good.count, by: 7) {
      #expect(throws: CreditError.self, "cut at \(length)") { try rows(write(store, good.prefix(length))) }
    }
    for place in stride(from: 0, to: good.count, by: 3) {
      var bytes = [UInt8](good)
      bytes[place] ^= UInt8(1 << (place % 8))
      do {
        // Names, times and unused fields are covered by nothing.
        let found = try rows(write(store, Data(bytes)))
        #expect(found == whole, "changed at \(place)")
      } catch { refused += 1 }
    }
    print("refused \(refused) of \(good.count / 3) changed workbooks")
    #expect(refused > good.count / 6)
    // Nothing of a file that turns out damaged after many rows comes in.
    book.sheets[0].rows =
      [(1, Self.header)] + (0..<20_000).map { (2 + $0, [.shared(StoreFixture.codes[0]), .inline("文\($0)")]) }
    book.isDeflated = false
    var late = [UInt8](book.data())
    let mark = try #require(Data(late).range(of: Data("文19990<".utf8)))
    late[mark.lowerBound + 4] ^= 1
    let path = try write(store, Data(late))
    let before = store.database.snapshot().commit
    let error = #expect(throws: CreditError.self) {
      try store.database.collectBlocking(.xlsx(path), for: "T1")
    }
    #expect(error?.description.contains("checksum") ?? false)
    let kept = try store.records(StoreFixture.codes[0])
    #expect(store.database.snapshot().commit == before)
    #expect(kept.isEmpty)
  }

  @Test func hostileWorkbooksAreRefused() throws {
    let store = try StoreFixture()
    var book = WorkbookFile()
    book.sheets = [("数据", nil, [(1, Self.header), (2, [.shared("甲"), .shared("乙")])])]
    let sheet = "xl/worksheets/sheet1.xml"
    let start =
      "<worksheet><sheetData><row><c t='inlineStr'><is><t>A</t></is></c><c t='inlineStr'><is><t>B</t></is></c></row><row>"
    let deep = String(repeating: "<a>", count: 100_000)
    let parts: [(String, String)] = [
      (sheet, "<!DOCTYPE a [<!ENTITY b \"&c;&c;\">]><worksheet/>"), (sheet, "<worksheet><row><c></row>"),
      (sheet, start + "<c t='s'><v>99999999</v></c></row></sheetData></worksheet>"),
      (sheet, start + "<c t='s'><v>-1</v></c></row></sheetData></worksheet>"),
      (sheet, start + deep), (sheet, "</worksheet>"), (sheet, "<worksheet a=>"), (sheet, "<"), (sheet, ""),
      (sheet, "\u{FEFF}<?xml"), ("xl/workbook.xml", "<workbook><sheets/></workbook>"),
      ("_rels/.rels", "<Relationships/>"), ("xl/_rels/workbook.xml.rels", "<Relationships/>"),
    ]
    for (part, text) in parts {
      var hostile = book
      hostile.replaced[part] = Data(text.utf8)
      let path = try write(store, hostile.data())
      #expect(throws: (any Error).self, "\(part): \(text.prefix(60))") { try rows(path) }
    }
    // A cell far to the right, a row far below, and an entity that is none do no harm.
    book.replaced[sheet] = Data(
      (start
        + "<c r='ZZZZZZZZZZZZ2' t='str'><v>x</v></c><c r='B9999999999' t='str'><v>&unknown; &#x110000;</v></c></row></sheetData></worksheet>")
        .utf8)
    #expect(try rows(write(store, book.data())) == ["\"A\",\"B\"", ",\"&unknown; &#x110000;\""])
    for (data, word) in [
      (Data([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) + Data(count: 600), "password"),
      (Data("CODE,NO\n1,2\n".utf8), "ZIP"), (Data(), "ZIP"),
    ] as [(Data, String)] {
      let path = try write(store, data)
      let error = #expect(throws: CreditError.self) { try rows(path) }
      #expect(error?.code == "invalidWorkbook" && error?.description.contains(word) ?? false)
    }
    #expect(throws: CreditError.self) { try rows(store.folder.path("none.xlsx")) }
    #expect(throws: CreditError.self) { try rows(store.folder.path("store")) }
  }

  /// A workbook a ministry published, and the same table as its publisher's text.
  @Test func aRealWorkbookIsReadAsItsTextSays() throws {
    guard let folder = RealData.path("national-lists", for: "a real workbook") else { return }
    let path = folder + "/91855.xlsx"
    let text = try String(contentsOfFile: folder + "/91855.tsv", encoding: .utf8)
    let expected = text.split(whereSeparator: \.isNewline).map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    let found = try rows(path).map { line in
      line.components(separatedBy: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
      }
    }
    #expect(found.count == expected.count && found.count > 400)
    for (own, other) in zip(found, expected) {
      #expect(own.filter { !$0.isEmpty } == other.filter { !$0.isEmpty })
    }
  }
}
