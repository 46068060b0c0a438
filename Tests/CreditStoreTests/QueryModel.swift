// Owns a naive model of questions: rows as plain values, filters and groups worked out row by row.
// Invariants: knows nothing of the store's code; three-valued logic, sums and the order of groups are written out here once more.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport

/// Rows and questions for the comparison of the engine with a plain reading.
struct QueryModel {
  /// A value of a row.
  enum Cell: Hashable {
    case null
    case number(Int)
    case text([UInt8])
  }

  enum Kind: String, CaseIterable {
    case text, integer, decimal, date, timestamp, month, boolean
  }

  static let items: [(id: String, kind: Kind)] = [
    ("CODE", .text), ("NO", .text), ("KIND", .text), ("NOTE", .text), ("WORD", .text), ("INT", .integer),
    ("AMOUNT", .decimal), ("DAY", .date), ("AT", .timestamp), ("MONTH", .month), ("FLAG", .boolean),
    ("OFFICE", .text), ("WHOLE", .integer), ("HIGH", .integer),
    ("OWN", .integer),
  ]

  static let entry: CatalogueEntry = {
    var entry = CatalogueEntry(
      code: "Q1", name: "查询", subject: ["CODE"], recordKey: ["NO"], eventDate: "DAY",
      items: items.map { item in
        CatalogueItem(
          id: item.id, type: ItemType(rawValue: item.kind.rawValue) ?? .text,
          length: item.kind == .text ? 200 : nil, scale: item.kind == .decimal ? 2 : 0,
          identifier: item.id == "CODE" ? .any : nil)
      })
    entry.invalidIdentifier = .warn
    return entry
  }()

  /// By item, then the unit, the batch and the state.
  struct Row {
    var cells: [Cell]
    var unit: String?
    var batch: Int
    var state = "loaded"
  }

  // MARK: Rows

  private static let notes = ["罚款", "警告", "没收违法所得", "责令改正", "é", "e\u{301}", "ﬁ", "", "A,B", "'x'"]

  static func row(_ index: Int, using random: inout SeededGenerator) -> [Cell] {
    let subject = Int.random(in: 0..<2_000, using: &random)
    let code =
      subject < 40
      ? "X-\(subject)"
      : "9\(1 + subject % 3)1303\(String(format: "%02d", subject % 7))MA\(100_000 + subject)01"
    func maybe(_ share: Int, _ cell: Cell) -> Cell { index % share == share - 1 ? .null : cell }
    let note =
      (0..<Int.random(in: 1...3, using: &random)).map { _ in notes.randomElement(using: &random) ?? "" }
      .joined(separator: ";")
    let numbers = [Int.random(in: -5...5, using: &random), Int.random(in: 0..<1_000_000, using: &random)]
    let integer = index % 997 == 0 ? Int(Int64.max) : index % 991 == 0 ? Int(Int64.min) : numbers[index % 2]
    let kind = Int.random(in: 0..<30, using: &random)
    // Follows from the kind, but for some: merges keep a map and exceptions.
    let office: Cell = index % 7 == 6 ? .null : .text(Array((index % 97 == 0 ? "别处" : "第\(kind)办公室").utf8))
    let day = index % 503 == 0 ? -20_000 : Int.random(in: 16_000..<18_500, using: &random)
    return [
      .text(Array(code.utf8)),
      .text(
        Array(
          "冀秦\(["罚", "许", "改"][index % 3])字〔\(2018 + index % 4)〕第\(String(format: "%06d", index * 7919 % 1_000_000))号"
            .utf8)),
      maybe(7, .text(Array("K\(kind)".utf8))),
      maybe(5, note.isEmpty ? .null : .text(Array(note.utf8))),
      maybe(
        11, .text(Array("w\(Int.random(in: 0..<4_000, using: &random))\(index % 2 == 0 ? "" : "é")".utf8))),
      maybe(13, .number(integer)), maybe(6, .number(Int.random(in: -9_999...999_999, using: &random))),
      maybe(9, .number(day)), maybe(10, .number(day * 86_400 + Int.random(in: 0..<86_400, using: &random))),
      maybe(8, .number(2015 * 12 + Int.random(in: 0..<90, using: &random))),
      maybe(4, .number(Int.random(in: 0...1, using: &random))),
      office,
      // Never absent: many alike with outliers on both sides, and close to the largest number there is.
      .number(index % 400 == 0 ? 0 : index % 401 == 0 ? 1_000_000_000_000 : 1_000_000 + numbers[1] % 1024),
      .number(Int.max - numbers[1] % 1000),
      // Mostly that of the subject: merges leave it out where it repeats.
      subject % 50 == 0 ? .null : .number(index % 300 == 0 ? -1 : subject * 7_919 % 1_000_003),
    ]
  }

  /// The row as it stands in a file.
  static func line(_ cells: [Cell]) -> String {
    zip(cells, items).map { cell, item in
      let text = shown(cell, item.kind)
      return text.contains(where: { ",\"".contains($0) })
        ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }.joined(separator: ",")
  }

  /// The canonical form of a value; empty for none.
  static func shown(_ cell: Cell, _ kind: Kind) -> String {
    switch (cell, kind) {
    case (.null, _): return ""
    case (.text(let bytes), _): return String(decoding: bytes, as: UTF8.self)
    case (.number(let number), .integer): return String(number)
    case (.number(let number), .boolean): return number == 1 ? "true" : "false"
    case (.number(let number), .decimal): return decimal(number, places: 2)
    case (.number(let number), .month): return month(number)
    case (.number(let number), .date): return date(number)
    case (.number(let number), .timestamp):
      let (day, second) = (
        Int((Double(number) / 86_400).rounded(.down)),
        number - Int((Double(number) / 86_400).rounded(.down)) * 86_400
      )
      return date(day) + String(format: "T%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60)
    case (.number(let number), .text): return String(number)
    }
  }

  static func month(_ number: Int) -> String { String(format: "%04d-%02d", number / 12, number % 12 + 1) }

  /// Year, month and day of days since 1970 (proleptic Gregorian; counted through four-century cycles).
  static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    var rest = days + 719_162  // days since 0001-01-01
    var year = 1 + rest / 146_097 * 400
    rest %= 146_097
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    while rest >= (isLeap(year) ? 366 : 365) {
      rest -= isLeap(year) ? 366 : 365
      year += 1
    }
    let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while rest >= lengths[month] {
      rest -= lengths[month]
      month += 1
    }
    return (year, month + 1, rest + 1)
  }

  static func date(_ days: Int) -> String {
    let parts = civil(days)
    return String(format: "%04d-%02d-%02d", parts.year, parts.month, parts.day)
  }

  static func decimal(_ units: Int, places: Int) -> String {
    var power = 1
    for _ in 0..<places { power *= 10 }
    let digits = String(abs(units) % power)
    var fraction = String(repeating: "0", count: places - digits.count) + digits
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return (units < 0 ? "-" : "") + String(abs(units) / power) + (fraction.isEmpty ? "" : "." + fraction)
  }
}
