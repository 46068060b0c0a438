// Owns the form in which raw rows are kept: JSON objects of header and cell, or Base64 where bytes are no text.
// Invariants: nothing of the row is lost; keys follow the header, columns beyond it stand under `$extra`.

import Foundation
import CreditModel
import SegmentStore

package enum RawRow {
  /// Under what cells beyond the header stand.
  static let extraCells = "$extra"
  package static let object: Int64 = 0
  package static let base64: Int64 = 1
  package static let excerpt: Int64 = 2

  /// The largest raw form that is kept whole, in bytes.
  private static let maximumBytes = 15 << 20

  /// The current record of a parser as a JSON object; `nil` when that would be too large.
  package static func json(header: [String], _ parser: borrowing RecordParser) -> String? {
    guard parser.recordRange.count <= maximumBytes / 6,
      parser.cellCount <= HeaderRecognition.maximumColumns * 2
    else {
      return nil
    }
    var members: [String] = []
    var used: [String: Int] = [:]
    for index in 0..<min(parser.cellCount, header.count) {
      // Doubled headers stay apart by their column number.
      let seen = used[header[index], default: 0]
      used[header[index]] = seen + 1
      let name = seen == 0 ? header[index] : header[index] + "#\(index + 1)"
      members.append(JSONText.quoted(name) + ":" + JSONText.quoted(cell(parser, index)))
    }
    if parser.cellCount > header.count {
      var extra: [String] = []
      for index in header.count..<parser.cellCount { extra.append(JSONText.quoted(cell(parser, index))) }
      members.append("\"\(extraCells)\":[" + extra.joined(separator: ",") + "]")
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  private static func cell(_ parser: borrowing RecordParser, _ index: Int) -> String {
    String(decoding: parser.copy(parser[index]), as: UTF8.self)
  }

  /// Bytes that are no text.
  package static func base64(_ bytes: UnsafeRawBufferPointer) -> String { Data(bytes).base64EncodedString() }

  /// The bytes that a stored raw row keeps in Base64; of a huge one its beginning.
  package static func bytes(form: Int64, text: String) -> [UInt8] {
    var encoded = Substring(text)
    if form == excerpt {
      // The head is the first member of the object.
      encoded = encoded.dropFirst("{\"head\":\"".count).prefix { $0 != "\"" }
    }
    return Data(base64Encoded: String(encoded)).map(Array.init) ?? []
  }

  /// What is kept of a record over the limit.
  package static func excerpt(_ oversize: SourceChunk.Oversize) -> String {
    let digest = oversize.digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    return "{\"head\":\"" + Data(oversize.head).base64EncodedString()
      + "\",\"length\":\(oversize.length),\"sha256\":\""
      + digest + "\"}"
  }
}

/// Writes JSON texts.
public enum JSONText {
  /// A text in quotes with everything escaped that JSON demands, and nothing else.
  ///
  /// ```swift
  /// JSONText.quoted("a\"b")   // "\"a\\\"b\""
  /// ```
  public static func quoted(_ text: String) -> String {
    var result = ""
    append(text, to: &result)
    return result
  }

  /// Adds a text in quotes to a JSON text, as ``quoted(_:)`` writes it.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - result: the JSON text so far.
  public static func append(_ text: String, to result: inout String) {
    result += "\""
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
      result += text
    } else {
      for scalar in text.unicodeScalars { append(scalar, to: &result) }
    }
    result += "\""
  }

  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    switch scalar.value {
    case 0x22: result += "\\\""
    case 0x5C: result += "\\\\"
    case 0x0A: result += "\\n"
    case 0x0D: result += "\\r"
    case 0x09: result += "\\t"
    case 0..<0x20:
      let hex = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    default: result.unicodeScalars.append(scalar)
    }
  }
}
