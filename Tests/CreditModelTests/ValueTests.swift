// Goal: cells are read in the forms exchange files use, and nothing else is guessed.
// Method: both sides of every form; days against a second calendar (Foundation's).

import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct ValueTests {
  @Test(arguments: [
    ("2021-01-31", "2021-01-31"), ("2021/1/3", "2021-01-03"), ("2021.01.03", "2021-01-03"),
    ("20210131", "2021-01-31"),
    ("2021年1月3日", "2021-01-03"), ("2021-01-31 00:00:00", "2021-01-31"), ("2021-01-31T00:00", "2021-01-31"),
    ("44227", "2021-01-31"), ("1612022400000", "2021-01-31"), ("9999-9-9", "9999-09-09"),
    ("2099/12/31", "2099-12-31"),
  ])
  func daysAreRead(text: String, expected: String) {
    #expect(Day(text)?.description == expected)
  }

  @Test(arguments: [
    "2021-02-29", "2021-13-01", "2021-00-10", "31/01/2021", "2021-1-3-4", "2021年1月3", "1.3E+17", "abc", "",
    "2021",
    "2021-01-31 08:00:00", "2021-01/31", "21-01-31", "2021-01-31x", "99999999999999",
  ])
  func otherTextsAreNoDays(text: String) { #expect(Day(text) == nil) }

  @Test func everyDayOfTwelveCenturiesAgreesWithFoundation() {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
    for days in stride(from: -100_000, to: 400_000, by: 37) {
      let components = calendar.dateComponents(
        [.year, .month, .day], from: Date(timeIntervalSince1970: Double(days) * 86_400))
      let day = Day(daysSinceEpoch: days)
      #expect(day?.components.year == components.year && day?.components.day == components.day)
      #expect(Day(year: components.year ?? 0, month: components.month ?? 0, day: components.day ?? 0) == day)
    }
    #expect(Day.minimum.description == "0001-01-01" && Day.maximum.description == "9999-12-31")
    #expect(Day(daysSinceEpoch: Int(Day.maximum.daysSinceEpoch) + 1) == nil)
  }

  @Test func openEndsAndMissingMarkersAreTheirOwn() {
    #expect(Day("2099-12-31")?.isOpenEnded == true && Day("2099-01-31")?.isOpenEnded == true)
    #expect(Day("2098-12-31")?.isOpenEnded == false)
    for text in ["1900-01-01", "1899-12-31", "9999-09-09"] { #expect(Day(text)?.isMissingMarker == true) }
    #expect(Day("1900-01-02")?.isMissingMarker == false)
  }

  @Test func secondsAndMonths() {
    #expect(Second("2021-01-31 08:05:09")?.description == "2021-01-31T08:05:09")
    #expect(Second("2021/1/31 8:05")?.description == "2021-01-31T08:05:00")
    // With a zone it is an instant, on the clock of Asia/Shanghai.
    for (text, local) in [
      ("2021-01-31T08:05:09Z", "2021-01-31T16:05:09"), ("2021-01-31T08:05:09.250z", "2021-01-31T16:05:09"),
      ("2021-01-31T08:05:09+08:00", "2021-01-31T08:05:09"),
      ("2021-01-31 08:05:09+0800", "2021-01-31T08:05:09"),
      ("2021-01-31T23:05:09+08", "2021-01-31T23:05:09"), ("2021-01-31T23:05:09-03:30", "2021-02-01T10:35:09"),
      ("2021-01-01T00:05:00+09:00", "2020-12-31T23:05:00"),
      ("2021-01-31 08:05:09 +08:00", "2021-01-31T08:05:09"),
      // Summer time in China: midnight of a birthday, as systems send it.
      ("1988-06-30T15:00:00Z", "1988-07-01T00:00:00"),
      ("1988-04-16T17:59:59Z", "1988-04-17T01:59:59"), ("1988-04-16T18:00:00Z", "1988-04-17T03:00:00"),
      ("1988-09-10T16:59:59Z", "1988-09-11T01:59:59"), ("1988-09-10T17:00:00Z", "1988-09-11T01:00:00"),
      ("1992-06-30T16:00:00Z", "1992-07-01T00:00:00"),
    ] { #expect(Second(text)?.description == local, "\(text)") }
    for text in [
      "2021-01-31T08:05:09+", "2021-01-31T08:05:09+8", "2021-01-31T08:05:09+08:0",
      "2021-01-31T08:05:09+15:00",
      "2021-01-31T08:05:09+08:60", "2021-01-31T08:05:09ZZ", "2021-01-31T08:05:09 Z8",
      "0001-01-01T00:00:00+14:00",
      "9999-12-31T23:59:59-01:00", "2021-01-31+08:00", "2021-01-31T08:05:09+080000",
      // Spans of time are no zones.
      "2021-01-31 09:30-11:30", "2021/1/31 8:30-12:00", "2021-01-31 08:00-10", "2021-01-31 08:00:00-08:00",
      "2021-01-01T00:05+09:00",
    ] { #expect(Second(text) == nil, "\(text)") }
    // Midnight in Shanghai is a day, midnight in Greenwich is eight in the morning.
    #expect(Day("2021-01-30T16:00:00Z")?.description == "2021-01-31" && Day("2021-01-31T00:00:00Z") == nil)
    #expect(Second("2021-01-31 24:00:00") == nil && Second("2021-01-31 08:60:00") == nil)
    #expect(Second("1969-12-31 23:59:59")?.secondsSinceEpoch == -1)
    #expect(Second("1969-12-31 23:59:59")?.description == "1969-12-31T23:59:59")
    #expect(Month("202101")?.description == "2021-01" && Month("2021年3月")?.description == "2021-03")
    #expect(Month("202113") == nil && Month("2021-01-01") == nil)
  }

  @Test(arguments: [
    ("0.2", 6, "0.2"), ("1,234.50", 6, "1234.5"), ("-3", 0, "-3"), ("12.000000", 2, "12"), (".5", 1, "0.5"),
    ("999999999999999999", 0, "999999999999999999"), ("１２．５", 2, "12.5"), ("+7", 0, "7"), ("0", 6, "0"),
  ])
  func decimalsAreExact(text: String, scale: Int, expected: String) {
    #expect(FixedDecimal(text, scale: scale)?.description == expected)
  }

  @Test(arguments: [
    ("0.21", 1), ("1e5", 6), ("", 2), ("1,23", 2), ("1,2345", 0), ("--1", 0), ("9999999999999999999", 0),
    ("1.2.3", 6),
    ("12元", 2), ("1 000", 0), ("9999999999999", 6),
  ])
  func otherTextsAreNoDecimals(text: String, scale: Int) { #expect(FixedDecimal(text, scale: scale) == nil) }

  @Test func markersAreMissingOnlyWhereTheyMeanIt() throws {
    let text = CatalogueItem(id: "A", type: .text)
    let number = CatalogueItem(id: "B", type: .integer)
    let code = CatalogueItem(id: "C", type: .code)
    let date = CatalogueItem(id: "D", type: .date)
    for marker in ["", " ", "无", "暂无", "/", "-", "\\N", "null", "*", "　无　", "0000"] {
      #expect(try text.value(reading: marker) == nil, "'\(marker)'")
    }
    for value in ["N/A", "无锡", "NULL", "0", "00x"] { #expect(try text.value(reading: value) == .text(value)) }
    #expect(try number.value(reading: "0") == .integer(0))
    #expect(try code.value(reading: "00") == .text("00"))
    #expect(try date.value(reading: "1900/1/1") == nil)
    #expect(throws: ItemError.self) { try number.value(reading: "1.5") }
    #expect(throws: ItemError.self) { try number.value(reading: "9223372036854775808") }
    #expect(try number.value(reading: "-9223372036854775808") == .integer(.min))
    #expect(throws: ItemError.self) { try CatalogueItem(id: "L", length: 2).value(reading: "一二三") }
    #expect(throws: ItemError.self) {
      try CatalogueItem(id: "P", type: .decimal, precision: 4, scale: 2).value(reading: "100")
    }
  }

  @Test func outerBlanksGoInnerStay() throws {
    let text = CatalogueItem(id: "A")
    #expect(try text.value(reading: " \t\u{3000}甲 乙\u{A0}\u{2003}\n") == .text("甲 乙"))
    #expect(Value.text("e\u{301}") != Value.text("é"))
  }

  /// Digits and signs of full width are the same digits; texts stay as they were written.
  @Test func fullWidthDigitsAreDigits() throws {
    func read(_ text: String, _ type: ItemType, scale: Int = 0) -> Value? {
      try? CatalogueItem(id: "X", type: type, scale: scale).value(reading: text)
    }
    for text in ["２０２１－０１－３１", "２０２１年１月３１日", "２０２１／１／３１", "２０２10131"] {
      #expect(read(text, .date) == read("2021-01-31", .date) && read(text, .date) != nil, "\(text)")
    }
    #expect(read("２０２１－０１－３１　０８：０５", .timestamp) == read("2021-01-31 08:05", .timestamp))
    #expect(read("－１２．５０", .decimal, scale: 2) == read("-12.50", .decimal, scale: 2))
    #expect(read("１，２３４", .integer) == read("1,234", .integer) && read("１２", .integer) == .integer(12))
    #expect(read("２０２１－０１", .month) == read("2021-01", .month))
    #expect(read("2021年1月31日 09：30－11：30", .timestamp) == nil)
    // What stands for "missing" does so with a zone as well.
    for text in [
      "1900-01-01T00:00:00Z", "1899-12-31T00:00:00+08:00", "0000-00-00", "0000/00/00", "0000-00-00 00:00:00",
      "0", "００００－００－００", "00000000",
    ] {
      let item = CatalogueItem(id: "X", type: .timestamp)
      #expect(try item.value(reading: text) == nil, "\(text)")
    }
    #expect(read("0", .text) == .text("0") && read("0", .integer) == .integer(0))
    #expect(read("0-0", .text) == .text("0-0") && read("0000-00-01", .date) == nil)
    #expect(read("１２", .text) == .text("１２") && read("一二", .integer) == nil)
  }

  @Test func readingNeverTraps() {
    var random = SeededGenerator(seed: 17)
    let alphabet = Array("0123456789-/.:, 年月日T+eE１。".unicodeScalars)
    for _ in 0..<50_000 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0..<22, using: &random) {
        scalars.append(alphabet.randomElement(using: &random) ?? "0")
      }
      let text = String(scalars)
      _ = (Day(text), Second(text), Month(text), FixedDecimal(text, scale: 18))
      for type in ItemType.allCases { _ = try? CatalogueItem(id: "X", type: type).value(reading: text) }
    }
  }
}
