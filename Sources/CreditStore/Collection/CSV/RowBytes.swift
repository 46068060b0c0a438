// Owns writing rows as the bytes of a CSV file (RFC 4180) and giving these out piece by piece: what sources of other forms give to collection.
// Invariants: every cell with a value is quoted, so that any bytes may stand in it; a row is never an empty line, which would be none.
// Does not read rows.

/// Rows that wait to be read as CSV.
struct RowBytes {
  private var bytes: [UInt8] = []
  private var position = 0

  /// Bytes that nobody took yet.
  var count: Int { bytes.count - position }

  /// Appends a row; `nil` is an empty cell.
  mutating func append(_ cells: [[UInt8]?]) {
    if count == 0 {
      bytes.removeAll(keepingCapacity: true)
      position = 0
    }
    let quote = UInt8(ascii: "\"")
    for (place, cell) in cells.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      guard let cell else { continue }
      bytes.append(quote)
      for byte in cell {
        if byte == quote { bytes.append(byte) }
        bytes.append(byte)
      }
      bytes.append(quote)
    }
    if cells.count == 1, cells[0] == nil { bytes += [quote, quote] }
    bytes.append(0x0A)
  }

  /// Moves bytes to a target that has room for so many; returns how many there were.
  mutating func take(into target: UnsafeMutableRawPointer, count limit: Int) -> Int {
    let taken = min(limit, count)
    bytes.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { target.copyMemory(from: base + position, byteCount: taken) }
    }
    position += taken
    return taken
  }

  /// Hands out all bytes that nobody took yet.
  mutating func takeAll() -> [UInt8] {
    defer { (bytes, position) = ([], 0) }
    return position == 0 ? bytes : Array(bytes[position...])
  }
}
