// Owns the way from a raw cell to a canonical value: trimming, missing markers, conversion.
// Invariants: total over any bytes; a cell gives absent, a value or a refusal, never a guess.
// Does not apply rules that look at more than one cell.

/// What became of one cell.
package enum CellOutcome: Sendable {
  /// Empty or a missing marker.
  case absent
  /// The number stored for the value of a non-text item.
  case number(Int64)
  /// The trimmed bytes of a text item.
  case text(Range<Int>)
  /// The cell does not convert to the item's type.
  case unconvertible
}

package enum CellReader {
  /// Reads one cell of UTF-8 text.
  ///
  /// - Returns: for texts the range of bytes without outer blanks.
  package static func read(_ cell: Span<UInt8>, as item: CatalogueItem) -> CellOutcome {
    read(cell, as: item.type, scale: item.scale)
  }

  /// Reads one cell of UTF-8 text as a type; `scale` only matters for decimals.
  package static func read(_ cell: Span<UInt8>, as type: ItemType, scale: Int) -> CellOutcome {
    let range = trimmed(cell)
    let text = cell.extracting(range)
    if MissingMarkers.contains(text, type: type) { return .absent }
    switch type {
    case .text, .code: return .text(range)
    default:
      let outcome = value(text, as: type, scale: scale)
      guard case .unconvertible = outcome, let halfWidth = halfWidth(text) else { return outcome }
      // Digits and signs of full width (全角) are the same digits.
      if MissingMarkers.contains(halfWidth.span, type: type) { return .absent }
      return value(halfWidth.span, as: type, scale: scale)
    }
  }

  /// Reads what is no text.
  private static func value(_ text: Span<UInt8>, as type: ItemType, scale: Int) -> CellOutcome {
    switch type {
    case .text, .code: return .unconvertible
    case .integer: return outcome(NumberForms.integer(text))
    case .decimal: return outcome(NumberForms.decimal(text, scale: scale))
    case .date:
      guard let day = DateForms.day(text) else { return .unconvertible }
      return day.isMissingMarker ? .absent : .number(Int64(day.daysSinceEpoch))
    case .timestamp:
      guard let second = DateForms.second(text) else { return .unconvertible }
      return second.day.isMissingMarker && second.secondOfDay == 0
        ? .absent : .number(second.secondsSinceEpoch)
    case .month: return outcome(DateForms.month(text).map { Int64($0.monthsSinceYearZero) })
    case .boolean: return outcome(NumberForms.boolean(text).map { $0 ? 1 : 0 })
    }
  }

  /// The text with letters, digits and signs of full width as those of ASCII; `nil` where it has none.
  private static func halfWidth(_ text: Span<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var (index, isChanged) = (0, false)
    while index < text.count {
      let isThree = index + 2 < text.count
      if isThree, text[index] == 0xEF, text[index + 1] == 0xBC, text[index + 2] >= 0x81,
        text[index + 2] <= 0xBF
      {
        result.append(text[index + 2] - 0x60)
      } else if isThree, text[index] == 0xEF, text[index + 1] == 0xBD, text[index + 2] >= 0x80,
        text[index + 2] <= 0x9E
      {
        result.append(text[index + 2] - 0x20)
      } else if isThree, text[index] == 0xE3, text[index + 1] == 0x80, text[index + 2] == 0x80 {
        result.append(0x20)
      } else {
        result.append(text[index])
        index += 1
        continue
      }
      (index, isChanged) = (index + 3, true)
    }
    return isChanged ? result : nil
  }

  private static func outcome(_ number: Int64?) -> CellOutcome {
    number.map(CellOutcome.number) ?? .unconvertible
  }

  /// The range without outer blanks (Unicode white space).
  package static func trimmed(_ cell: Span<UInt8>) -> Range<Int> {
    var start = 0
    var end = cell.count
    while start < end {
      let width = blank(at: start, in: cell, end: end)
      if width == 0 { break }
      start += width
    }
    while end > start {
      let byte = cell[end - 1]
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        end -= 1
      } else if byte >= 0x80, end - start >= 2, byte & 0xC0 == 0x80 {
        let width =
          end - start >= 3 && blank(at: end - 3, in: cell, end: end) == 3
          ? 3 : blank(at: end - 2, in: cell, end: end) == 2 ? 2 : 0
        if width == 0 { break }
        end -= width
      } else {
        break
      }
    }
    return start..<end
  }

  /// The length of the white-space character at an index, or 0.
  private static func blank(at index: Int, in cell: Span<UInt8>, end: Int) -> Int {
    let byte = cell[index]
    if byte == 0x20 || (0x09...0x0D).contains(byte) { return 1 }
    guard byte >= 0xC2, index + 1 < end else { return 0 }
    let second = cell[index + 1]
    if byte == 0xC2 { return second == 0xA0 || second == 0x85 ? 2 : 0 }
    guard byte >= 0xE1, byte <= 0xE3, index + 2 < end else { return 0 }
    let scalar = UInt32(byte & 0x0F) << 12 | UInt32(second & 0x3F) << 6 | UInt32(cell[index + 2] & 0x3F)
    switch scalar {
    case 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return 3
    default: return 0
    }
  }
}
