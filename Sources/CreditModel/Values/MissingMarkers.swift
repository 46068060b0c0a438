// Owns rule V13: which cells mean "missing".
// Invariants: decided on the trimmed cell before any other rule; a zero in a numeric item is a value.
// Does not trim.

/// The stand-ins that publishers write where they have no value (缺失标记, rule V13).
package enum MissingMarkers {
  /// Whether a trimmed cell means "missing".
  ///
  /// All zeros mean "missing" in dates, also with the signs of a date between them (`0000-00-00 00:00:00`), and in texts (numbers of documents) of two
  /// characters and more, but never in numeric items or in codes, where zero is an ordinary value.
  package static func contains(_ cell: Span<UInt8>, type: ItemType) -> Bool {
    switch cell.count {
    case 0: return true
    case 1 where cell[0] != 0x30: return cell[0] == 0x2F || cell[0] == 0x2D || cell[0] == 0x2A
    case 2: if cell[0] == 0x5C, cell[1] == 0x4E { return true }
    case 3: if equals(cell, "无") { return true }
    case 4: if equals(cell, "null") { return true }
    case 6: if equals(cell, "暂无") { return true }
    case 10:
      if equals(cell, "1900-01-01") || equals(cell, "1899-12-31") || equals(cell, "9999-09-09") {
        return true
      }
    default: break
    }
    let isDate = type == .date || type == .timestamp || type == .month
    guard isDate || type == .text && cell.count > 1, cell[0] == 0x30 else { return false }
    for index in 1..<cell.count where cell[index] != 0x30 {
      guard isDate, isDateSign(cell[index]) else { return false }
    }
    return true
  }

  /// Whether a byte stands between the digits of dates and times.
  private static func isDateSign(_ byte: UInt8) -> Bool {
    byte == 0x2D || byte == 0x2F || byte == 0x2E || byte == 0x3A || byte == 0x20 || byte == 0x54
  }

  private static func equals(_ cell: Span<UInt8>, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { buffer in
      guard cell.count == buffer.count else { return false }
      for index in 0..<cell.count where cell[index] != buffer[index] { return false }
      return true
    }
  }
}
