// Owns the form in which rows that are kept aside travel and are stored.
// Invariants: the raw row is kept whole, except for records over 16 MiB; messages never repeat personal values.

package import CreditModel
import SegmentStore

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
      try rows.append(RunRowHead(key: UInt128(sequence), sequence: sequence), payload: $0)
    }
    try appendRaw(key: key, sequence: sequence, form: form, raw: raw, to: rawRows)
  }

  /// Adds a raw row, in the coded form the loader takes.
  private static func appendRaw(
    key: UInt128, sequence: UInt64, form: Int64, raw: String, to rawRows: RunStack
  ) throws {
    let row = ByteArena(capacity: raw.utf8.count + 32)
    _ = row.appendZeros(RowPayload.bitmapBytes(SystemDatasets.rawRows.columns.count))
    row.advance(CodedRow.write(integer: form, to: row.reserve(CodedRow.integerRoom)))
    var text = raw
    let hash = text.withUTF8 { utf8 in
      let bytes = UnsafeRawBufferPointer(utf8)
      row.advance(CodedRow.write(text: bytes, to: row.reserve(CodedRow.room(text: bytes.count))))
      return TextHash.hash(bytes)
    }
    var content = TextHash.combine(ContentHash.start, UInt64(bitPattern: form))
    content = TextHash.combine(content, hash)
    let head = RunRowHead(key: key, sequence: sequence, contentHash: UInt32(truncatingIfNeeded: content))
    try rawRows.append(head, payload: row.bytes)
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
