// Owns telling whether a text names an identifier, however it is written: in full width, in lower case, in groups.
// Invariants: what stands between letters or digits of another number does not count, so that an organisation code is not found inside the
// credit code that contains it; every byte is looked at, whatever the text holds.
// Does not know where the text comes from.

import CreditModel
import SegmentStore

/// Finds identifiers in texts.
package struct IdentifierMention: Sendable {
  /// Shorter identifiers, shorter ones of digits alone, and names stand in too many texts that mean something else, such as dates, accounts and longer
  /// names: they are looked for as keys alone.
  package static let leastLetters = 9
  package static let leastDigits = 13

  /// Normalised letters of each way of writing it, with the places to go on from after a mismatch.
  private let needles: [(letters: [UInt8], next: [Int])]

  /// - Parameter identifiers: texts of identifiers; a citizen identity number is found in both of its forms, of 18 and of 15 places.
  package init(_ identifiers: [String]) {
    var letters: Set<[UInt8]> = []
    for text in identifiers {
      let own = Self.normalized(text)
      letters.insert(own)
      if let other = Self.otherForm(own) { letters.insert(other) }
    }
    needles = letters.filter(Self.isDistinctive).sorted { $0.lexicographicallyPrecedes($1) }
      .map { ($0, Self.failures($0)) }
  }

  private static func isDistinctive(_ letters: [UInt8]) -> Bool {
    guard letters.allSatisfy({ $0 &- 0x30 <= 9 || $0 &- 0x41 <= 25 }) else { return false }
    let isNumber = letters.allSatisfy { $0 &- 0x30 <= 9 }
    return letters.count >= (isNumber ? leastDigits : leastLetters)
  }

  /// Whether there is anything to look for.
  package var isEmpty: Bool { needles.isEmpty }

  /// Whether the text names one of the identifiers.
  package func isIn(_ text: UnsafeRawBufferPointer) -> Bool {
    needles.contains { text.count >= $0.letters.count && Self.find($0.letters, $0.next, text) }
  }

  package func isIn(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { isIn(UnsafeRawBufferPointer($0)) }
  }

  private static func normalized(_ text: String) -> [UInt8] {
    var letters: [UInt8] = []
    var text = text
    text.withUTF8 { utf8 in
      var reader = LetterReader(UnsafeRawBufferPointer(utf8))
      while let letter = reader.next() { letters.append(letter.byte) }
    }
    return letters
  }

  /// The form of a citizen identity number before 1999, or after; `nil` for other numbers and births of this century.
  private static func otherForm(_ letters: [UInt8]) -> [UInt8]? {
    func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
    if letters.count == 18, letters[..<17].allSatisfy(isDigit), letters[6] == 0x31, letters[7] == 0x39 {
      return Array(letters[..<6] + letters[8..<17])
    }
    guard letters.count == 15, letters.allSatisfy(isDigit) else { return nil }
    let text = String(decoding: letters, as: UTF8.self)
    let number = try? CitizenIdentityNumber(text, on: CreditDatabase.today())
    return number.map { Array($0.upgraded.utf8) }
  }

  /// The table of Knuth, Morris and Pratt: how much of the needle still fits when its next letter does not.
  private static func failures(_ letters: [UInt8]) -> [Int] {
    var next = [Int](repeating: 0, count: letters.count)
    var length = 0
    var index = 1
    while index < letters.count {
      if letters[index] == letters[length] {
        length += 1
        next[index] = length
        index += 1
      } else if length > 0 {
        length = next[length - 1]
      } else {
        index += 1
      }
    }
    return next
  }

  private static func find(_ letters: [UInt8], _ next: [Int], _ text: UnsafeRawBufferPointer) -> Bool {
    var reader = LetterReader(text)
    // The last letters, one more than the needle has: each stands at its number modulo their count.
    var recent = [LetterReader.Letter](
      repeating: LetterReader.Letter(byte: 0, start: 0, end: 0), count: letters.count + 1)
    var seen = 0
    var length = 0
    while let letter = reader.next() {
      recent[seen % recent.count] = letter
      seen += 1
      while length > 0, letters[length] != letter.byte { length = next[length - 1] }
      if letters[length] == letter.byte { length += 1 }
      guard length == letters.count else { continue }
      let first = recent[(seen - letters.count) % recent.count]
      let previous = seen > letters.count ? recent[(seen - letters.count - 1) % recent.count] : nil
      var ahead = reader
      if !(previous.map { $0.touches(first) } ?? false), !(ahead.next().map { letter.touches($0) } ?? false) {
        return true
      }
      length = next[length - 1]
    }
    return false
  }
}

/// Reads a text letter by letter: width folded, upper case, blanks and hyphens left out.
private struct LetterReader {
  struct Letter {
    var byte: UInt8
    var start: Int
    var end: Int
    private var isAlphanumeric: Bool { byte &- 0x30 <= 9 || byte &- 0x41 <= 25 }

    /// Whether this and the next letter belong to one number: nothing stands between them.
    func touches(_ next: Letter) -> Bool { end == next.start && isAlphanumeric && next.isAlphanumeric }
  }

  private let text: UnsafeRawBufferPointer
  private var offset = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  mutating func next() -> Letter? {
    while offset < text.count {
      let start = offset
      let byte = text[offset]
      var letter = byte
      offset += 1
      if byte == 0xEF, offset + 1 < text.count, text[offset] == 0xBC || text[offset] == 0xBD {
        // U+FF01 to U+FF5E are the letters of ASCII in full width.
        let scalar = UInt16(text[offset] & 0x3F) << 6 | UInt16(text[offset + 1] & 0x3F) | 0xF000
        if scalar >= 0xFF01, scalar <= 0xFF5E {
          letter = UInt8(truncatingIfNeeded: scalar &- 0xFEE0)
          offset += 2
        }
      } else if byte == 0xE3, offset + 1 < text.count, text[offset] == 0x80, text[offset + 1] == 0x80 {
        offset += 2
        continue
      }
      switch letter {
      case 0x20, 0x09...0x0D, 0x2D: continue
      case 0x61...0x7A: letter &-= 0x20
      default: break
      }
      return Letter(byte: letter, start: start, end: offset)
    }
    return nil
  }
}
