// Owns folding whole texts as headers are folded, byte by byte: a catalogue's item names are megabytes.
// Invariants: agrees with HeaderName on every text, but that colons and asterisks at the end of a name stay; lines stay lines.
// Does not normalise Unicode.

/// Folds UTF-8 for searching: width, case and blanks do not count.
package enum FoldedText {
  /// Adds the folded form of a text; line feeds stay, and record marks (0x1E) become line feeds.
  package static func fold(_ text: UnsafeRawBufferPointer, into target: inout [UInt8]) {
    var place = 0
    while place < text.count {
      let byte = text[place]
      if byte < 0x80 {
        switch byte {
        case 0x61...0x7A: target.append(byte - 0x20)
        case 0x0A, 0x1E: target.append(0x0A)
        case 0x20, 0x09...0x0D: break
        default: target.append(byte)
        }
        place += 1
        continue
      }
      let width = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
      let end = min(text.count, place + width)
      if width == 3, end - place == 3 {
        append(byte, text[place + 1], text[place + 2], to: &target)
      } else if !(byte == 0xC2 && end - place == 2 && text[place + 1] == 0xA0) {
        target.append(contentsOf: text[place..<end])
      }
      place = end
    }
  }

  /// A character of three bytes: full-width forms, ideographic blanks, brackets and dashes have others for them.
  private static func append(_ first: UInt8, _ second: UInt8, _ third: UInt8, to target: inout [UInt8]) {
    switch (first, second, third) {
    // U+FF01 to U+FF5E stand for U+0021 to U+007E.
    case (0xEF, 0xBC, 0x81...0xBF): appendUpper(third - 0x81 + 0x21, to: &target)
    case (0xEF, 0xBD, 0x80...0x9E): appendUpper(third - 0x80 + 0x60, to: &target)
    case (0xE3, 0x80, 0x80), (0xE2, 0x80, 0x8B), (0xEF, 0xBB, 0xBF): break
    case (0xE3, 0x80, 0x94), (0xE3, 0x80, 0x90): target.append(0x28)
    case (0xE3, 0x80, 0x95), (0xE3, 0x80, 0x91): target.append(0x29)
    case (0xE2, 0x80, 0x94), (0xE2, 0x80, 0x93): target.append(0x2D)
    default: target.append(contentsOf: [first, second, third])
    }
  }

  private static func appendUpper(_ byte: UInt8, to target: inout [UInt8]) {
    target.append((0x61...0x7A).contains(byte) ? byte - 0x20 : byte)
  }
}
