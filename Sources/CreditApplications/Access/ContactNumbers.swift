// Owns masking mobile and bank card numbers and e-mail addresses inside texts that everybody sees, and what the words before it call a telephone or an account.
// Invariants: a number is masked where it stands among other words, also in groups and with the country's code in front; a value that is nothing but digits in one
// group is a number of its item's own kind, and stays.
// Does not mask identity numbers (PersonalNumbers).

import CreditModel

/// Masks ways to reach or pay somebody in texts.
enum ContactNumbers {
  /// The text with such numbers masked: of a mobile number three digits stay in front and four behind, of a card number four behind, of an e-mail address its first
  /// character and its host.
  static func masked(_ text: String) -> String {
    let isNamed =
      PersonalNumbers.hasDigits(leastDigits, text) && text.unicodeScalars.contains(where: beginsWord)
    let hasNumber = isNamed || PersonalNumbers.hasDigits(11, text)
    guard hasNumber || text.utf8.contains(0x40) else { return text }
    var scalars = Array(text.unicodeScalars)
    var isMasked = maskAddresses(&scalars)
    if hasNumber, maskNumbers(&scalars, isNamed: isNamed) { isMasked = true }
    guard isMasked else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  // MARK: Numbers

  /// A word behind which any number of so many digits is one to ring at, or to pay to.
  private struct Word {
    var scalars: [Unicode.Scalar]
    var isAccount: Bool
    var digits: Int { isAccount ? 9 : ContactNumbers.leastDigits }
  }

  private static let words =
    ["电话", "手机", "座机", "传真", "联系方式"].map { Word(scalars: Array($0.unicodeScalars), isAccount: false) }
    + ["账号", "帐号", "账户", "帐户", "卡号"].map { Word(scalars: Array($0.unicodeScalars), isAccount: true) }
  private static let leastDigits = 7
  /// Characters before a number in which such a word is looked for.
  private static let wordReach = 8
  /// The longest account numbers.
  private static let mostDigits = 32

  /// Whether one of the words may begin with a character: most texts have none of them, and nothing has to be looked for.
  private static func beginsWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "电", "手", "座", "传", "联", "账", "帐", "卡": true
    default: false
    }
  }

  private static func maskNumbers(_ scalars: inout [Unicode.Scalar], isNamed: Bool) -> Bool {
    let groups = groups(scalars)
    var isMasked = false
    var first = 0
    // The word of a number that ended just before: a list of numbers has it once.
    var last: (word: Word, end: Int)?
    while first < groups.count {
      var word = isNamed ? self.word(before: groups[first].lowerBound, scalars) : nil
      if word == nil, let last, last.end == first,
        isList(groups[first - 1].upperBound..<groups[first].lowerBound, scalars)
      {
        word = last.word
      }
      let namedEnd = word.flatMap { self.namedEnd(of: first, $0, groups, scalars) }
      guard let end = namedEnd ?? end(of: first, groups, scalars),
        !(groups.count == 1 && groups[0] == scalars.indices)
      else {
        first += 1
        continue
      }
      let places = groups[first..<end].flatMap { Array($0) }
      // Of what a word alone tells, the end stays.
      if let kept = kept(places.compactMap { digit(scalars[$0]) })
        ?? (namedEnd != nil ? (0, min(4, places.count / 2)) : nil)
      {
        for place in places.dropFirst(kept.leading).dropLast(kept.trailing) { scalars[place] = "*" }
        isMasked = true
      }
      last = namedEnd == nil ? nil : word.map { ($0, end) }
      first = end
    }
    return isMasked
  }

  /// The word that says what the number at a place is; `nil` where none does, or where it is a sum in an account.
  private static func word(before place: Int, _ scalars: [Unicode.Scalar]) -> Word? {
    let text = scalars[max(0, place - wordReach)..<place]
    // What belongs to the number before it does not tell anything of this one.
    let own = text.lastIndex { digit($0) != nil }.map { text[($0 + 1)...] } ?? text
    return words.first { word in
      own.indices.contains { start in
        guard own[start...].starts(with: word.scalars) else { return false }
        let between = own[(start + word.scalars.count)...]
        return !word.isAccount || !between.contains { "款额资金".unicodeScalars.contains($0) }
      }
    }
  }

  /// Whether what stands between two numbers makes them a list.
  private static func isList(_ gap: Range<Int>, _ scalars: [Unicode.Scalar]) -> Bool {
    gap.count == 1 && "、，,；;/或和及".unicodeScalars.contains(scalars[gap.lowerBound])
  }

  /// Where groups end that are one number because a word calls them so; `nil` where they cannot be.
  private static func namedEnd(
    of first: Int, _ word: Word, _ groups: [Range<Int>], _ scalars: [Unicode.Scalar]
  ) -> Int? {
    var count = groups[first].count
    var next = first + 1
    while next < groups.count, count + groups[next].count <= mostDigits {
      let gap = scalars[groups[next - 1].upperBound..<groups[next].lowerBound]
      // An area code may stand in brackets; in an account there are blanks and hyphens alone.
      let isJoined =
        word.isAccount
        ? gap.count == 1 && gap.allSatisfy { " -\u{3000}".unicodeScalars.contains($0) }
        : gap.count <= 2 && gap.allSatisfy { isSeparator($0) || "()（）".unicodeScalars.contains($0) }
      guard isJoined else { break }
      count += groups[next].count
      next += 1
    }
    guard count >= word.digits, count <= mostDigits, !isDate(groups[first..<next], scalars) else {
      return nil
    }
    let end = groups[next - 1].upperBound
    // A sum of money is no number of an account.
    guard !word.isAccount || end == scalars.count || !".元万亿".unicodeScalars.contains(scalars[end]) else {
      return nil
    }
    return next
  }

  /// Whether groups are the day of a call, the time behind it or not.
  private static func isDate(_ groups: ArraySlice<Range<Int>>, _ scalars: [Unicode.Scalar]) -> Bool {
    let sizes = groups.map(\.count)
    guard let year = groups.first, sizes[0] == 4 || sizes == [8],
      [[1, 9], [2, 0]].contains(scalars[year].prefix(2).compactMap(digit))
    else { return false }
    guard sizes.count == 1 else { return sizes.count >= 3 && sizes[1] <= 2 && sizes[2] <= 2 }
    return Day(String(String.UnicodeScalarView(scalars[year]))) != nil
  }

  /// Where the most groups end that are a number together, the first of them among them; `nil` where none are.
  private static func end(of first: Int, _ groups: [Range<Int>], _ scalars: [Unicode.Scalar]) -> Int? {
    guard canBegin(first, groups, scalars) else { return nil }
    var digits: [Int] = []
    var next = first
    var found: Int?
    while next < groups.count, digits.count < 19 {
      if next > first {
        // A single blank, hyphen or dot between groups.
        let gap = groups[next - 1].upperBound..<groups[next].lowerBound
        guard gap.count == 1, isSeparator(scalars[gap.lowerBound]) else { break }
      }
      digits += groups[next].compactMap { digit(scalars[$0]) }
      next += 1
      let isNumber = kept(digits) != nil && isUsual(groups[first..<next].map(\.count))
      if isNumber, canEnd(next - 1, groups, scalars) { found = next }
    }
    return found
  }

  /// Whether numbers are written in groups of such sizes: others that stand beside each other are dates and sums.
  private static func isUsual(_ sizes: [Int]) -> Bool {
    sizes.count == 1 || sizes == [3, 4, 4] || sizes == [3, 8] || sizes.count == 2 && sizes[0] == 6
      || sizes.count == 11 && sizes.allSatisfy { $0 == 1 }
      || sizes.count > 3 && sizes.dropLast().allSatisfy { $0 == 4 }
  }

  /// Whether what stands before a group lets a number begin with it: no letter, and no hyphen but behind the country's code.
  private static func canBegin(_ group: Int, _ groups: [Range<Int>], _ scalars: [Unicode.Scalar]) -> Bool {
    let start = groups[group].lowerBound
    guard start > 0 else { return true }
    let before = scalars[start - 1]
    guard before == "-" else { return !isLetter(before) }
    guard group > 0, groups[group - 1].upperBound == start - 1 else { return false }
    return [[8, 6], [0, 0, 8, 6]].contains(groups[group - 1].compactMap { digit(scalars[$0]) })
  }

  private static func canEnd(_ group: Int, _ groups: [Range<Int>], _ scalars: [Unicode.Scalar]) -> Bool {
    let end = groups[group].upperBound
    return end == scalars.count || !isLetter(scalars[end])
  }

  /// Stretches of digits.
  private static func groups(_ scalars: [Unicode.Scalar]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var start = 0
    while start < scalars.count {
      guard digit(scalars[start]) != nil else {
        start += 1
        continue
      }
      var end = start
      while end < scalars.count, digit(scalars[end]) != nil { end += 1 }
      groups.append(start..<end)
      start = end
    }
    return groups
  }

  /// Digits that stay of a number that is one; `nil` where it is none.
  private static func kept(_ digits: [Int]) -> (leading: Int, trailing: Int)? {
    func isMobile(_ digits: ArraySlice<Int>) -> Bool {
      digits.count == 11 && digits.first == 1 && digits.dropFirst().first ?? 0 >= 3
    }
    if isMobile(digits[...]) { return (3, 4) }
    // With the country's code in one piece.
    for code in [[8, 6], [0, 0, 8, 6]]
    where digits.starts(with: code) && isMobile(digits.dropFirst(code.count)) {
      return (code.count + 3, 4)
    }
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

  private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
    " -.\u{3000}\u{FF0D}\u{FF0E}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{00B7}".unicodeScalars.contains(
      scalar)
  }

  /// Letters that make a number part of a longer code; Chinese characters do not.
  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    isLatin(scalar) || scalar == "-" || scalar == "_" || scalar == "*"
  }

  private static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
    (0x41...0x5A).contains(scalar.value) || (0x61...0x7A).contains(scalar.value)
  }

  // MARK: Addresses

  /// Masks what stands before an @ that a host follows, but for its first character.
  private static func maskAddresses(_ scalars: inout [Unicode.Scalar]) -> Bool {
    var isMasked = false
    for place in scalars.indices where scalars[place] == "@" || scalars[place] == "\u{FF20}" {
      var start = place
      while start > 0, isOfAddress(scalars[start - 1]) { start -= 1 }
      var end = place + 1
      while end < scalars.count, isOfAddress(scalars[end]) { end += 1 }
      guard start < place, scalars[place + 1..<end].contains(".") else { continue }
      // Of a short name nothing stays.
      for letter in min(place - 1, start + 1)..<place { scalars[letter] = "*" }
      isMasked = true
    }
    return isMasked
  }

  private static func isOfAddress(_ scalar: Unicode.Scalar) -> Bool {
    isLatin(scalar) || (0x30...0x39).contains(scalar.value) || ".-_+%".unicodeScalars.contains(scalar)
  }
}
