// Owns finding and masking citizen identity numbers inside any text.
// Invariants: every run of 18 places (or 15 digits) that reads like an identity number is masked, also one with a wrong
// check character: it is still somebody's. Credit codes, which start with 9 or show no birth date, stay.
// Does not know items; RecordPresentation does.

public import CreditModel

/// Masks identity numbers in texts.
public enum PersonalNumbers {
  /// The text with every identity number masked.
  ///
  /// ```swift
  /// PersonalNumbers.masked("张三 130302199001010016", on: today)   // "张三 130302********0016"
  /// ```
  public static func masked(_ text: String, on today: Day) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    var found = false
    while index < bytes.count {
      guard isDigit(bytes[index]) else {
        result.append(bytes[index])
        index += 1
        continue
      }
      var end = index
      while end < bytes.count, isDigit(bytes[end]) { end += 1 }
      if end < bytes.count, end - index == 17, bytes[end] == 0x58 || bytes[end] == 0x78 { end += 1 }
      // A number inside a longer word of letters and digits is another kind of code.
      let isBounded = (index == 0 || !isLetter(bytes[index - 1])) && (end == bytes.count || !isLetter(bytes[end]))
      if isBounded, isIdentityNumber(Array(bytes[index..<end]), on: today) {
        found = true
        for offset in index..<end {
          result.append(offset - index < 6 || end - offset <= 4 ? bytes[offset] : 0x2A)
        }
      } else {
        result.append(contentsOf: bytes[index..<end])
      }
      index = end
    }
    return found ? String(decoding: result, as: UTF8.self) : text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
  private static func isLetter(_ byte: UInt8) -> Bool { byte &- 0x41 <= 25 || byte &- 0x61 <= 25 }

  /// Whether digits read like an identity number: place of registration first, then a birth date.
  private static func isIdentityNumber(_ digits: [UInt8], on today: Day) -> Bool {
    guard digits.count == 18 || digits.count == 15, digits[0] != 0x39, digits[0] != 0x30 else { return false }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1 &- 0x30) } }
    let year = digits.count == 18 ? number(6..<10) : 1900 + number(6..<8)
    let start = digits.count == 18 ? 10 : 8
    guard year >= 1850, let birth = Day(year: year, month: number(start..<start + 2), day: number(start + 2..<start + 4))
    else { return false }
    return birth <= today
  }
}
