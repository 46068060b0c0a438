// Owns the reading of integers, decimals and Booleans from cells.
// Invariants: total over any bytes; overflow is a refusal, never a trap or a wrap; nothing is rounded.
// Does not apply missing markers.

/// Reads numbers in the forms exchange files use.
package enum NumberForms {
  /// A 64-bit integer: sign, digits, thousands separators, and a fraction of zeros only.
  package static func integer(_ text: Span<UInt8>) -> Int64? { number(text, scale: 0, limit: .max) }

  /// A decimal of at most 18 digits, as units of its last place.
  package static func decimal(_ text: Span<UInt8>, scale: Int) -> Int64? {
    number(text, scale: scale, limit: FixedDecimal.maximumUnits)
  }

  private static func number(_ text: Span<UInt8>, scale: Int, limit: Int64) -> Int64? {
    var index = 0
    var isNegative = false
    if let (sign, width) = symbol(text, 0), sign == 0x2D || sign == 0x2B {
      isNegative = sign == 0x2D
      index = width
    }
    var value: Int64 = 0
    var wholeDigits = 0
    var groupDigits = -1  // digits since the last separator; -1 before the first one
    var places = -1  // digits behind the point; -1 before it
    while let (symbol, width) = symbol(text, index) {
      index += width
      switch symbol {
      case 0x30...0x39:
        if places >= 0 {
          places += 1
          if places > scale {
            guard symbol == 0x30 else { return nil }
            continue
          }
        } else {
          wholeDigits += 1
          if groupDigits >= 0 { groupDigits += 1 }
        }
        guard let next = appended(value, Int64(symbol - 0x30), isNegative) else { return nil }
        value = next
      case 0x2C where places < 0 && wholeDigits > 0:
        guard groupDigits < 0 ? wholeDigits <= 3 : groupDigits == 3 else { return nil }
        groupDigits = 0
      case 0x2E where places < 0: places = 0
      default: return nil
      }
    }
    guard wholeDigits > 0 || places > 0, groupDigits < 0 || groupDigits == 3 else { return nil }
    for _ in 0..<max(0, scale - max(0, places)) {
      let (next, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      value = next
    }
    return limit == .max || value.magnitude <= UInt64(limit) ? value : nil
  }

  private static func appended(_ value: Int64, _ digit: Int64, _ isNegative: Bool) -> Int64? {
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    guard !overflow else { return nil }
    let (sum, carry) =
      isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
    return carry ? nil : sum
  }

  /// The next character with its width folded, and its length in bytes; `nil` at the end, 0 for others.
  private static func symbol(_ text: Span<UInt8>, _ index: Int) -> (UInt8, Int)? {
    guard index < text.count else { return nil }
    let byte = text[index]
    if byte != 0xEF { return (byte < 0x80 ? byte : 0, 1) }
    guard index + 2 < text.count, text[index + 1] == 0xBC, text[index + 2] >= 0x81 else { return (0, 1) }
    return (text[index + 2] - 0x60, 3)
  }

  /// A Boolean: `true`/`false`, `1`/`0`, `是`/`否`, `Y`/`N`, letters in any case.
  package static func boolean(_ text: Span<UInt8>) -> Bool? {
    switch text.count {
    case 1:
      switch text[0] {
      case 0x31, 0x59, 0x79: return true
      case 0x30, 0x4E, 0x6E: return false
      default: return nil
      }
    case 3: return matches(text, "是") ? true : matches(text, "否") ? false : nil
    case 4: return matches(text, "true") ? true : nil
    case 5: return matches(text, "false") ? false : nil
    default: return nil
    }
  }

  private static func matches(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
    guard text.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { buffer in
      for index in 0..<text.count {
        let byte = text[index]
        guard (byte &- 0x41 <= 25 ? byte | 0x20 : byte) == buffer[index] else { return false }
      }
      return true
    }
  }
}
