// Owns the normalised bytes of a structured identifier and the normalisation itself.
// Invariants: at most 32 bytes are kept, `count` tells the full length; only width, case, blanks and hyphens
// are touched, a letter is never turned into a digit.
// Does not judge the form.

/// Up to 32 normalised bytes of an identifier, held without allocation.
package struct IdentifierBytes: Sendable {
  /// More than the longest structured identifier (20), so that longer texts are recognised as such.
  package static let capacity = 32

  package private(set) var storage: InlineArray<32, UInt8> = .init(repeating: 0)
  /// Number of normalised bytes, also counting those beyond the capacity.
  package private(set) var count = 0
  /// Hyphens dropped; they are kept when the text turns out to be no structured number.
  package private(set) var droppedHyphens = 0
  /// Whether a character outside ASCII was seen after folding the width.
  package private(set) var hasOtherCharacters = false
  /// Whether the text was normalised already.
  package private(set) var changedNothing = true

  package subscript(index: Int) -> UInt8 { storage[index] }

  /// Normalises UTF-8: full width to half width, upper case, blanks and hyphens dropped.
  package init(normalizing text: Span<UInt8>) {
    var index = 0
    let end = text.count
    while index < end {
      let byte = text[index]
      if byte < 0x80 {
        index += 1
        append(ascii: byte)
        continue
      }
      changedNothing = false
      let (scalar, length) = Self.scalar(in: text, at: index)
      index += length
      switch scalar {
      case 0xFF01...0xFF5E: append(ascii: UInt8(truncatingIfNeeded: scalar - 0xFEE0))
      case 0x3000, 0xA0, 0x2000...0x200B, 0x202F, 0xFEFF: continue
      case 0x2010...0x2015, 0x2212: droppedHyphens += 1
      default:
        hasOtherCharacters = true
        for offset in 0..<length { push(text[index - length + offset]) }
      }
    }
  }

  private mutating func append(ascii byte: UInt8) {
    switch byte {
    case 0x20, 0x09...0x0D: changedNothing = false
    case 0x2D:
      changedNothing = false
      droppedHyphens += 1
    case 0x61...0x7A:
      changedNothing = false
      push(byte &- 0x20)
    default: push(byte)
    }
  }

  private mutating func push(_ byte: UInt8) {
    if count < Self.capacity { storage[count] = byte }
    count += 1
  }

  /// The bytes as text; only meaningful up to the capacity.
  package var text: String {
    String(decoding: (0..<min(count, Self.capacity)).map { storage[$0] }, as: UTF8.self)
  }

  /// Whether all bytes of a range are decimal digits; the range must lie within the kept bytes.
  package func digits(_ range: Range<Int>) -> Bool {
    for index in range where storage[index] &- 0x30 > 9 { return false }
    return true
  }

  /// The value of decimal digits, which the caller has checked.
  package func number(_ range: Range<Int>) -> Int {
    var value = 0
    for index in range { value = value * 10 + Int(storage[index] &- 0x30) }
    return value
  }

  /// The Unicode scalar at an index and its length in bytes; malformed bytes count as themselves.
  private static func scalar(in text: Span<UInt8>, at index: Int) -> (UInt32, Int) {
    let lead = UInt32(text[index])
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
    guard length > 1, index + length <= text.count else { return (0xFFFD, 1) }
    var value = lead & (0x7F >> UInt32(length))
    for offset in 1..<length { value = value << 6 | UInt32(text[index + offset] & 0x3F) }
    return (value, length)
  }

  /// Normalises the free text of a document: outer blanks off, width folded, upper case, inner blanks dropped.
  ///
  /// Hyphens stay: in free text they tell numbers apart.
  package static func normalizedDocument(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0xFF01...0xFF5E:
        let folded = scalar.value - 0xFEE0
        result.append(Unicode.Scalar(UInt8((0x61...0x7A).contains(folded) ? folded - 0x20 : folded)))
      case 0x61...0x7A: result.append(Unicode.Scalar(UInt8(scalar.value - 0x20)))
      case 0x20, 0x09...0x0D, 0x3000, 0xA0, 0x2000...0x200B, 0x202F, 0xFEFF: continue
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
