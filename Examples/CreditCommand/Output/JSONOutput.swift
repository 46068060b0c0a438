// Owns the JSON of the command: objects with keys in a fixed order, one a line.
// Invariants: valid JSON on one line; texts byte for byte but for what JSON escapes.

import CreditModel
import CreditStore
import Foundation

/// A JSON value in the order in which it was put together.
enum JSON {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])
  /// Text that is JSON already.
  case raw(String)

  static func int(_ value: Int) -> JSON { .integer(Int64(value)) }
  static func unsigned(_ value: UInt64) -> JSON { .raw(String(value)) }

  /// A value of a record in the form of the contract: numbers for integers, true and false, strings for all else.
  static func value(_ value: Value) -> JSON {
    switch value {
    case .integer(let number): .integer(number)
    case .boolean(let flag): .bool(flag)
    default: .string(value.canonicalText)
    }
  }

  var text: String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to result: inout String) {
    switch self {
    case .null: result += "null"
    case .bool(let flag): result += flag ? "true" : "false"
    case .integer(let number): result += String(number)
    case .number(let number): result += String(number)
    case .string(let text): JSONText.append(text, to: &result)
    case .array(let items):
      result += "["
      for (index, item) in items.enumerated() {
        if index > 0 { result += "," }
        item.write(to: &result)
      }
      result += "]"
    case .object(let members):
      result += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { result += "," }
        JSONText.append(member.0, to: &result)
        result += ":"
        member.1.write(to: &result)
      }
      result += "}"
    case .raw(let text): result += text
    }
  }

  /// What the library itself describes as JSON, on one line.
  static func encoding(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The error object of the contract.
  static func error(_ error: CreditError) -> JSON {
    var members: [(String, JSON)] = [("code", .string(error.code)), ("message", .string(error.message))]
    if let file = error.file { members.append(("file", .string(file))) }
    if let row = error.row { members.append(("row", .int(row))) }
    if let item = error.item { members.append(("item", .string(item))) }
    if let offset = error.offset { members.append(("offset", .integer(offset))) }
    return .object(members)
  }
}
