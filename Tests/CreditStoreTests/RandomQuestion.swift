// Owns random questions for the naive model: their text for the store, and their answer worked out row by row.
// Invariants: a question and its answer come from the same random choices; texts compare by bytes, absent values make a condition unknown.

@testable import CreditStore
import Foundation
import TestSupport

extension QueryModel {
  /// A condition with its text and its truth for a row (`nil` = unknown).
  struct Condition {
    var text: String
    var holds: (Row) -> Bool?
  }

  /// A column that groups or measures can name.
  struct Column {
    var label: String
    var name: String
    /// The value in a form that sorts, and as the answer shows it.
    var value: (Row) -> (order: Cell, shown: String?)
  }

  static func cell(_ row: Row, _ index: Int) -> Cell { row.cells[index] }

  // MARK: Conditions

  static func condition(_ depth: Int, _ rows: [Row], using random: inout SeededGenerator) -> Condition {
    switch depth > 0 ? Int.random(in: 0..<6, using: &random) : 5 {
    case 0:
      let (left, right) = (
        condition(depth - 1, rows, using: &random), condition(depth - 1, rows, using: &random)
      )
      return Condition(text: "(\(left.text) and \(right.text))") { row in
        let (first, second) = (left.holds(row), right.holds(row))
        if first == false || second == false { return false }
        return first == nil || second == nil ? nil : true
      }
    case 1:
      let (left, right) = (
        condition(depth - 1, rows, using: &random), condition(depth - 1, rows, using: &random)
      )
      return Condition(text: "(\(left.text) or \(right.text))") { row in
        let (first, second) = (left.holds(row), right.holds(row))
        if first == true || second == true { return true }
        return first == nil || second == nil ? nil : false
      }
    case 2:
      let inner = condition(depth - 1, rows, using: &random)
      return Condition(text: "not \(inner.text)") { inner.holds($0).map { !$0 } }
    default: return comparison(rows, using: &random)
    }
  }

  private static func quoted(_ text: String) -> String {
    "'\(text.replacingOccurrences(of: "'", with: "''"))'"
  }

  private static func comparison(_ rows: [Row], using random: inout SeededGenerator) -> Condition {
    if Int.random(in: 0..<8, using: &random) == 0 { return storeComparison(using: &random) }
    let item = Int.random(in: 0..<items.count, using: &random)
    let name = items[item].id
    if Int.random(in: 0..<8, using: &random) == 0 {
      return Condition(text: "\(name) is null") { cell($0, item) == .null }
    }
    // A value that some row has, most of the time.
    let sample = cell(rows[Int.random(in: 0..<rows.count, using: &random)], item)
    switch sample {
    case .null: return Condition(text: "\(name) is not null") { cell($0, item) != .null }
    case .text(let bytes): return textComparison(item, bytes, rows, using: &random)
    case .number(let number): return numberComparison(item, number, using: &random)
    }
  }

  private static func numberComparison(_ item: Int, _ number: Int, using random: inout SeededGenerator)
    -> Condition
  {
    let (name, kind) = items[item]
    let signs = ["=", "!=", "<", "<=", ">", ">="]
    let sign = kind == .boolean ? "=" : signs[Int.random(in: 0..<6, using: &random)]
    if kind == .decimal, Int.random(in: 0..<3, using: &random) == 0 {
      // A literal with more places than the item: compared at its own scale.
      let literal = number * 10 + 5
      return Condition(text: "\(name) \(sign) \(decimal(literal, places: 3))") { row in
        guard case .number(let value) = cell(row, item) else { return nil }
        return compare(value * 10, sign, literal)
      }
    }
    if kind == .integer, number != Int(Int64.min), Int.random(in: 0..<3, using: &random) == 0 {
      return Condition(text: "\(name) in (\(number), 3, -2)") { row in
        guard case .number(let value) = cell(row, item) else { return nil }
        return [number, 3, -2].contains(value)
      }
    }
    let literal = number == Int(Int64.min) ? number + 1 : number
    return Condition(text: "\(name) \(sign) \(shown(.number(literal), kind))") { row in
      guard case .number(let value) = cell(row, item) else { return nil }
      return compare(value, sign, literal)
    }
  }

  private static func compare(_ left: Int, _ sign: String, _ right: Int) -> Bool {
    switch sign {
    case "=": left == right
    case "!=": left != right
    case "<": left < right
    case "<=": left <= right
    case ">": left > right
    default: left >= right
    }
  }

  private static func textComparison(
    _ item: Int, _ bytes: [UInt8], _ rows: [Row], using random: inout SeededGenerator
  ) -> Condition {
    let name = items[item].id
    let text = String(decoding: bytes, as: UTF8.self)
    func test(_ text: String, _ holds: @escaping ([UInt8]) -> Bool) -> Condition {
      Condition(text: text) { row in
        guard case .text(let value) = cell(row, item) else { return nil }
        return holds(value)
      }
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      let scalars = Array(text.unicodeScalars)
      let start = Int.random(in: 0..<max(1, scalars.count), using: &random)
      var part = String.UnicodeScalarView()
      part.append(
        contentsOf: scalars[start..<min(scalars.count, start + Int.random(in: 1...4, using: &random))])
      let wanted = Array(String(part).utf8)
      return test("\(name) contains \(quoted(String(part)))") { value in
        wanted.isEmpty
          || value.indices.contains { value[$0...].starts(with: wanted) }
      }
    case 1:
      var head = String.UnicodeScalarView()
      head.append(contentsOf: text.unicodeScalars.prefix(Int.random(in: 1...12, using: &random)))
      let wanted = Array(String(head).utf8)
      return test("\(name) startsWith \(quoted(String(head)))") { $0.starts(with: wanted) }
    case 2:
      var list = [bytes]
      for _ in 0..<3 {
        if case .text(let other) = cell(rows[Int.random(in: 0..<rows.count, using: &random)], item) {
          list.append(other)
        }
      }
      let names = list.map { quoted(String(decoding: $0, as: UTF8.self)) }.joined(separator: ", ")
      return test("\(name) in (\(names), 'nowhere')") { list.contains($0) }
    case 3: return test("\(name) < \(quoted(text))") { $0.lexicographicallyPrecedes(bytes) }
    case 4: return test("\(name) >= \(quoted(text))") { !$0.lexicographicallyPrecedes(bytes) }
    case 5: return test("\(name) = 'in no row'") { $0 == Array("in no row".utf8) }
    case 6: return test("\(name) != \(quoted(text))") { $0 != bytes }
    default: return test("\(name) = \(quoted(text))") { $0 == bytes }
    }
  }

  private static func storeComparison(using random: inout SeededGenerator) -> Condition {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return Condition(text: "$state = 'corrected'") { $0.state == "corrected" }
    case 1:
      return Condition(text: "$unit = '12130304000000027W'") { row in
        row.unit.map { $0 == "12130304000000027W" }
      }
    case 2: return Condition(text: "$batch > 20") { $0.batch > 20 }
    default:
      return Condition(text: "$division startsWith '13030'") { row in
        division(row).map { $0.hasPrefix("13030") }
      }
    }
  }

  static func division(_ row: Row) -> String? {
    guard case .text(let bytes) = row.cells[0], bytes.count == 18 else { return nil }
    return String(decoding: bytes[2..<8], as: UTF8.self)
  }

  // MARK: Columns

  static func column(using random: inout SeededGenerator) -> Column {
    let choice = Int.random(in: 0..<items.count + 4, using: &random)
    switch choice - items.count {
    case 0:
      return Column(label: "$state", name: "$state") { (.text(Array($0.state.utf8)), $0.state) }
    case 1:
      return Column(label: "$unit", name: "$unit") { row in
        (row.unit.map { .text(Array($0.utf8)) } ?? .null, row.unit)
      }
    case 2: return Column(label: "$batch", name: "$batch") { (.number($0.batch), String($0.batch)) }
    case 3:
      return Column(label: "$division", name: "$division") { row in
        (division(row).map { .text(Array($0.utf8)) } ?? .null, division(row))
      }
    default: break
    }
    let (name, kind) = items[choice]
    guard kind == .date || kind == .timestamp || kind == .month, Bool.random(using: &random) else {
      return Column(label: name, name: name) { row in
        (cell(row, choice), cell(row, choice) == .null ? nil : shown(cell(row, choice), kind))
      }
    }
    let part =
      kind == .month
      ? ["quarter", "year"].randomElement(using: &random) ?? "year"
      : ["month", "quarter", "year"].randomElement(using: &random) ?? "year"
    return Column(label: "\(part)(\(name))", name: name) { row in
      guard case .number(let number) = cell(row, choice) else { return (.null, nil) }
      var month = number
      if kind != .month {
        let days = kind == .date ? number : Int((Double(number) / 86_400).rounded(.down))
        month = civil(days).year * 12 + civil(days).month - 1
      }
      switch part {
      case "month": return (.number(month), Self.month(month))
      case "quarter": return (.number(month / 3), String(format: "%04d-Q%d", month / 12, month % 12 / 3 + 1))
      default: return (.number(month / 12), String(format: "%04d", month / 12))
      }
    }
  }

  // MARK: Answers

  static func precedes(_ left: Cell, _ right: Cell) -> Bool {
    switch (left, right) {
    case (.null, .null): false
    case (.null, _): true
    case (_, .null): false
    case (.number(let left), .number(let right)): left < right
    case (.text(let left), .text(let right)): left.lexicographicallyPrecedes(right)
    case (.number, .text): true
    case (.text, .number): false
    }
  }

  /// A measure of some rows, as the answer shows it.
  static func measure(_ function: String, _ item: Int, _ rows: [Row]) -> String? {
    let kind = items[item].kind
    let present = rows.map { cell($0, item) }.filter { $0 != .null }
    let numbers = present.compactMap { if case .number(let number) = $0 { Int128(number) } else { nil } }
    let total = numbers.reduce(0, +)
    switch function {
    case "count": return String(rows.count)
    case "distinct": return String(Set(present).count)
    case "min", "max":
      let best = present.sorted(by: precedes)
      return (function == "min" ? best.first : best.last).map { shown($0, kind) }
    case "sum":
      if numbers.isEmpty { return nil }
      return kind == .integer ? String(total) : decimal(Int(total), places: 2)
    default:
      if numbers.isEmpty { return nil }
      // Four more places, half away from zero.
      let scaled = total.magnitude * 10_000
      let count = UInt128(numbers.count)
      let rounded = scaled / count + (scaled % count * 2 >= count ? 1 : 0)
      let places = kind == .integer ? 4 : 6
      var digits = String(rounded)
      while digits.count <= places { digits = "0" + digits }
      return (total < 0 && rounded > 0 ? "-" : "") + digits.dropLast(places) + "." + digits.suffix(places)
    }
  }
}
