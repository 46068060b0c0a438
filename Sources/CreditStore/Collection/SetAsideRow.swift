// Owns rows that are kept aside: questionable and unlinked ones, with their reasons.
// Invariants: the raw row is kept whole, except for records over 16 MiB; messages never repeat personal values.

public import CreditModel
import SegmentStore

/// Why a row was kept aside.
public enum SetAsideState: Int64, Sendable, Codable {
  /// Some rule failed (疑问数据).
  case questionable = 1
  /// Well formed, but nothing identifies its subject (未关联数据).
  case unlinked = 2

  /// The word of the JSON contract.
  public var name: String { self == .questionable ? "questionable" : "unlinked" }
}

/// A row kept aside, as people and programs read it.
public struct SetAsideRow: Sendable {
  /// How the raw row is kept.
  public enum Raw: Sendable {
    /// A JSON object of header and cell.
    case object(String)
    /// The bytes of the record in Base64, because they are no text.
    case base64(String)
    /// The first 64 KiB in Base64, the length and the SHA-256 of a record over 16 MiB, as a JSON object.
    case excerpt(String)
  }

  /// Number of the row in its file: records from 1 after the header.
  public let row: Int
  /// Questionable or unlinked.
  public let state: SetAsideState
  /// All reasons found.
  public let reasons: [RuleFinding]
  /// The row as it was sent.
  public let raw: Raw
}

/// Builds the rows in which set-aside records travel and are stored.
package enum SetAsideRows {
  /// Adds a record to the runs of rows and raw rows.
  package static func append(
    sequence: UInt64, state: SetAsideState, reasons: [RuleFinding], form: Int64, raw: String,
    to rows: RunStack,
    rawRows: RunStack
  ) throws {
    let digest = SHA256.hash(raw.utf8)
    let key = SystemDatasets.key(digest: digest)
    let payload = RowPayload.encode([
      .integer(0), .integer(state.rawValue), .text(json(reasons)), .text(Array(digest.prefix(16))),
    ])
    try payload.withUnsafeBytes {
      try rows.append(
        key: UInt128(sequence), sequence: sequence, contentHash: 0, payload: $0, raw: [])
    }
    let rawPayload = RowPayload.encode([.integer(form), .text(raw)])
    try rawPayload.withUnsafeBytes {
      try rawRows.append(
        key: key, sequence: sequence, contentHash: XXHash64.hash($0), payload: $0, raw: [])
    }
  }

  /// The payload with its row number: the first value behind the bitmap.
  package static func numbered(_ payload: UnsafeRawBufferPointer, row: Int) -> [UInt8] {
    var bytes = Array(payload)
    let place = RowPayload.bitmapBytes(SystemDatasets.setAside.columns.count)
    withUnsafeBytes(of: Int64(row).littleEndian) { source in
      for (index, byte) in source.enumerated() { bytes[place + index] = byte }
    }
    return bytes
  }

  /// Reasons as a JSON array.
  package static func json(_ reasons: [RuleFinding]) -> String {
    let members = reasons.map {
      "{\"rule\":" + JSONText.quoted($0.rule) + ",\"item\":" + JSONText.quoted($0.item) + ",\"message\":"
        + JSONText.quoted($0.message) + "}"
    }
    return "[" + members.joined(separator: ",") + "]"
  }
}
