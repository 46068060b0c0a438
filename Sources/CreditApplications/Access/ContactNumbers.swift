// Owns masking mobile and bank card numbers inside texts that everybody sees.
// Invariants: a number is masked where it stands among other words; a value that is nothing but digits is a number of its item's own kind, and stays.
// Does not mask identity numbers (PersonalNumbers).

/// Masks mobile and bank card numbers in texts.
enum ContactNumbers {
  /// The text with such numbers masked: of a mobile number three digits stay in front and four behind, of a card number four behind.
  static func masked(_ text: String) -> String {
    guard PersonalNumbers.hasDigits(11, text) else { return text }
    var scalars = Array(text.unicodeScalars)
    var isMasked = false
    var start = 0
    while start < scalars.count {
      guard digit(scalars[start]) != nil else {
        start += 1
        continue
      }
      var end = start
      while end < scalars.count, digit(scalars[end]) != nil { end += 1 }
      let digits = scalars[start..<end].compactMap(digit)
      let isAlone = start == 0 && end == scalars.count
      let isPart = start > 0 && isLetter(scalars[start - 1]) || end < scalars.count && isLetter(scalars[end])
      if !isAlone, !isPart, let kept = kept(digits) {
        for place in start + kept.leading..<end - kept.trailing { scalars[place] = "*" }
        isMasked = true
      }
      start = end
    }
    guard isMasked else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Digits that stay of a number that is one; `nil` where it is none.
  private static func kept(_ digits: [Int]) -> (leading: Int, trailing: Int)? {
    if digits.count == 11, digits[0] == 1, digits[1] >= 3 { return (3, 4) }
    if (16...19).contains(digits.count), hasLuhnCheck(digits) { return (0, 4) }
    return nil
  }

  /// The check digit of card numbers (ISO/IEC 7812-1).
  private static func hasLuhnCheck(_ digits: [Int]) -> Bool {
    var sum = 0
    for (place, digit) in digits.reversed().enumerated() {
      let doubled = place.isMultiple(of: 2) ? digit : digit * 2
      sum += doubled > 9 ? doubled - 9 : doubled
    }
    return sum.isMultiple(of: 10) && digits[0] != 0
  }

  private static func digit(_ scalar: Unicode.Scalar) -> Int? {
    PersonalNumbers.value(scalar).flatMap { $0 < 10 ? $0 : nil }
  }

  /// Letters that make a number part of a longer code; Chinese characters do not.
  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    (0x41...0x5A).contains(scalar.value) || (0x61...0x7A).contains(scalar.value) || scalar == "-"
      || scalar == "_" || scalar == "*"
  }
}
