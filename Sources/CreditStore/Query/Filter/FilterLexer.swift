// Owns cutting the text of a filter into words.
// Invariants: every token knows its offset in bytes; the text is bounded; nothing is skipped but blanks.

import CreditModel

enum FilterToken: Equatable {
  case name(String)
  case keyword(String)
  case literal(Value)
  case symbol(String)
  case end
}

struct FilterLexer {
  static let maximumBytes = 1 << 20
  private static let keywords: Set<String> = [
    "or", "and", "not", "in", "is", "null", "contains", "startswith",
  ]
  private let bytes: [UInt8]
  private var index = 0

  init(_ text: String) throws(CreditError) {
    bytes = Array(text.utf8)
    guard bytes.count <= Self.maximumBytes else { throw .filter("the filter is longer than 1 MiB", at: 0) }
  }

  /// All tokens with their offsets, the end last.
  mutating func tokens() throws(CreditError) -> [(token: FilterToken, offset: Int)] {
    var result: [(FilterToken, Int)] = []
    while true {
      while index < bytes.count, bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]) { index += 1 }
      let start = index
      guard index < bytes.count else {
        result.append((.end, start))
        return result
      }
      result.append((try next(), start))
    }
  }

  private mutating func next() throws(CreditError) -> FilterToken {
    let byte = bytes[index]
    switch byte {
    case 0x28, 0x29, 0x2C, 0x3D:
      index += 1
      return .symbol(String(Unicode.Scalar(byte)))
    case 0x21, 0x3C, 0x3E: return try comparison(byte)
    case 0x27: return .literal(.text(try quoted(0x27, "text")))
    case 0x60: return .name(try quoted(0x60, "name"))
    case 0x2B, 0x2D, 0x30...0x39: return .literal(try numberOrDate())
    case 0x24, 0x5F, 0x41...0x5A, 0x61...0x7A: return word()
    default: throw .filter("a character that no filter has; put other names in backticks", at: index)
    }
  }

  private mutating func comparison(_ byte: UInt8) throws(CreditError) -> FilterToken {
    let start = index
    index += 1
    let hasEqual = index < bytes.count && bytes[index] == 0x3D
    if hasEqual { index += 1 }
    if byte == 0x21, !hasEqual { throw .filter("'!' must be followed by '='", at: start) }
    return .symbol(String(Unicode.Scalar(byte)) + (hasEqual ? "=" : ""))
  }

  /// Text up to the closing mark; a doubled mark stands for itself.
  private mutating func quoted(_ mark: UInt8, _ what: String) throws(CreditError) -> String {
    let start = index
    index += 1
    var content: [UInt8] = []
    while index < bytes.count {
      if bytes[index] == mark {
        index += 1
        guard index < bytes.count, bytes[index] == mark else {
          return String(decoding: content, as: UTF8.self)
        }
      }
      content.append(bytes[index])
      index += 1
    }
    throw .filter("the \(what) that starts here does not end", at: start)
  }

  private mutating func word() -> FilterToken {
    let start = index
    while index < bytes.count, bytes[index] == 0x24 && index == start || isNameByte(bytes[index]) {
      index += 1
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    let lowered = text.lowercased()
    if Self.keywords.contains(lowered) { return .keyword(lowered) }
    if lowered == "true" { return .literal(.boolean(true)) }
    if lowered == "false" { return .literal(.boolean(false)) }
    return .name(text)
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x5F || byte &- 0x30 <= 9 || byte &- 0x41 <= 25 || byte &- 0x61 <= 25
  }

  private mutating func numberOrDate() throws(CreditError) -> Value {
    let start = index
    while index < bytes.count,
      isNameByte(bytes[index]) || bytes[index] == 0x2E || bytes[index] == 0x3A
        || bytes[index] == 0x2D || bytes[index] == 0x2B && index == start
    { index += 1 }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if let value = Self.date(text) ?? Self.number(text) { return value }
    throw .filter("neither a number nor a date such as 2021-01-31", at: start)
  }

  /// `yyyy-MM`, `yyyy-MM-dd` or `yyyy-MM-ddTHH:mm:ss` and nothing else.
  private static func date(_ text: String) -> Value? {
    let shape = text.utf8.map { $0 &- 0x30 <= 9 ? UInt8(0x39) : $0 }
    switch String(decoding: shape, as: UTF8.self) {
    case "9999-99": return Month(text).map(Value.month)
    case "9999-99-99": return Day(text).map(Value.day)
    case "9999-99-99T99:99:99": return Second(text).map(Value.second)
    default: return nil
    }
  }

  private static func number(_ text: String) -> Value? {
    guard !text.contains(",") else { return nil }
    if let integer = Int64(text) { return .integer(integer) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 &- 0x30 <= 9 }) else {
      return nil
    }
    return FixedDecimal(text, scale: min(18, parts[1].utf8.count)).map(Value.decimal)
  }
}
