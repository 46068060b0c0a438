// Owns finding and masking citizen identity numbers inside any text.
// Invariants: every 18 places or 15 digits that read like an identity number are masked, also with a wrong check
// character or a day that never was, in full width, next to letters, or written in groups: it is still somebody's. Credit codes, which start
// with 9 or show no birth date, stay.
// Does not know items; RecordPresentation does.

public import CreditModel

/// Masks identity numbers in texts.
public enum PersonalNumbers {
  /// The text with every identity number masked: six places stay at the front and four at the end.
  ///
  /// ```swift
  /// PersonalNumbers.masked("张三 130302199001010016", on: today)   // "张三 130302********0016"
  /// ```
  public static func masked(_ text: String, on today: Day) -> String {
    guard hasDigits(15, text) else { return text }
    var scalars = Array(text.unicodeScalars)
    let values = scalars.map(value)
    let groups = groups(values)
    var isMasked = false
    for group in groups where group.count == 17 {
      // A taxpayer number: an old identity number with two digits behind it.
      let digits = values[group].map { $0 ?? 0 }
      guard provinces.contains(digits[0] * 10 + digits[1]),
        isIdentityNumber(Array(digits.prefix(15)), on: today)
      else { continue }
      for place in group.lowerBound + 6..<group.lowerBound + 11 { scalars[place] = "*" }
      isMasked = true
    }
    for group in groups where group.count > 18 {
      // A number with something behind or before it, such as a taxpayer number of twenty digits: only where its check character is right.
      var start = group.lowerBound
      while start + 18 <= group.upperBound {
        let digits = values[start..<start + 18].map { $0 ?? 0 }
        if isIdentityNumber(digits, on: today), hasRightCheck(digits) {
          for place in start + 6..<start + 14 { scalars[place] = "*" }
          isMasked = true
          start += 18
        } else {
          start += 1
        }
      }
    }
    var first = 0
    while first < groups.count {
      // Whole groups that together have the length of a number, each a single blank or hyphen behind the one before.
      var places: [Int] = []
      var next = first
      var matched: Int?
      while next < groups.count, places.count < 18,
        next == first || groups[next].lowerBound - groups[next - 1].upperBound == 1
      {
        places += groups[next]
        next += 1
        if isIdentityNumber(places.map { values[$0] ?? 0 }, on: today) { matched = next }
        if matched != nil { break }
      }
      guard let end = matched else {
        first += 1
        continue
      }
      for place in places.dropFirst(6).dropLast(4) { scalars[place] = "*" }
      isMasked = true
      first = end
    }
    guard isMasked else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Whether a text has as many digits as a number: nearly none has.
  static func hasDigits(_ count: Int, _ text: String) -> Bool {
    guard text.utf8.count >= count else { return false }
    var digits = 0
    var isWide = false
    for byte in text.utf8 {
      // Digits of full width are three bytes, EF BC 90 to EF BC 99.
      if byte >= 0x30 && byte <= 0x39 || isWide && byte >= 0x90 && byte <= 0x99 { digits += 1 }
      isWide = byte == 0xBC
    }
    return digits >= count
  }

  /// Bytes in any encoding that keeps ASCII, with identity numbers masked.
  package static func masked(bytes: [UInt8], on today: Day) -> [UInt8] {
    // Latin-1 keeps every byte apart; numbers are ASCII in all encodings met here.
    let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    return masked(text, on: today).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }

  /// 0 to 9 for digits of either width, 10 for X, `nil` for anything else.
  static func value(_ scalar: Unicode.Scalar) -> Int? {
    switch scalar.value {
    case 0x30...0x39: Int(scalar.value - 0x30)
    case 0xFF10...0xFF19: Int(scalar.value - 0xFF10)
    case 0x58, 0x78, 0xFF38, 0xFF58: 10
    default: nil
    }
  }

  /// The first two digits of divisions (GB/T 2260): they keep times such as 20210131… apart from numbers of people.
  private static let provinces: Set<Int> = Set(
    Array(11...15) + Array(21...23) + Array(31...37) + Array(41...46) + Array(50...54) + Array(61...65)
      + [71, 81, 82])

  /// Stretches of digits, with an X behind the last one where it is the end of a number.
  private static func groups(_ values: [Int?]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var index = 0
    while index < values.count {
      guard let digit = values[index], digit < 10 else {
        index += 1
        continue
      }
      var end = index
      while end < values.count, let digit = values[end], digit < 10 { end += 1 }
      if end < values.count, values[end] == 10, end - index != 18 { end += 1 }
      groups.append(index..<end)
      index = end
    }
    return groups
  }

  /// Whether the last of eighteen digits is the check character of the others (ISO 7064 MOD 11-2).
  private static func hasRightCheck(_ digits: [Int]) -> Bool {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 }
    return [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2][sum % 11] == digits[17]
  }

  /// Whether digits read like an identity number: place of registration first, then a birth date.
  private static func isIdentityNumber(_ digits: [Int], on today: Day) -> Bool {
    guard digits.count == 18 || digits.count == 15, digits[0] != 9, digits[0] != 0,
      digits.dropLast(digits.count == 18 ? 1 : 0).allSatisfy({ $0 < 10 })
    else { return false }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
    let year = digits.count == 18 ? number(6..<10) : 1900 + number(6..<8)
    let start = digits.count == 18 ? 10 : 8
    // A day there never was, such as 29 February of most years, is a slip in somebody's number.
    if digits.count == 18, provinces.contains(number(0..<2)), (1900...today.month.year).contains(year),
      Day(year: year, month: number(10..<12), day: number(12..<14)) == nil
    {
      return (1...12).contains(number(10..<12)) && (1...31).contains(number(12..<14)) || hasRightCheck(digits)
    }
    guard year >= 1850,
      let birth = Day(year: year, month: number(start..<start + 2), day: number(start + 2..<start + 4))
    else { return false }
    return birth <= today
  }
}
