// Owns the words for kinds of personal documents.
// Invariants: names of the 2018 standard, local numbers 01 to 05 and GA/T 517 numbers; anything else is unknown.

/// Kinds of documents natural persons show (证件类型).
package enum DocumentKinds {
  /// Whether a cell names the resident identity card (居民身份证).
  package static func isIdentityCard(_ text: String) -> Bool {
    ["身份证", "居民身份证", "01", "1", "111"].contains(text) || text.hasPrefix("居民身份证") || text.hasPrefix("身份证")
  }

  /// What the 2018 layout calls the document whose number stands in a column of identity numbers that has no column for kinds beside it; `nil` where the number
  /// is a body's, or could be anything.
  ///
  /// A passport number and an organisation code have nine characters alike, and one in eleven passport numbers has the check character of one: in a column
  /// of people's numbers it is the passport.
  package static func word(inIdentityColumn text: String, on today: Day) -> StaticString? {
    let identifier = Identifier(detecting: text, on: today)
    if identifier.kind == .citizenIdentityNumber { return "身份证" }
    let bytes = Array(identifier.text.utf8)
    if bytes.count == 9, let word = word(ofNineCharacters: bytes) { return word }
    // A mistyped identity number is told that it is one, and not that it is no other kind of number.
    let hasForm =
      bytes.count == 18 && bytes.dropLast().allSatisfy(isDigit)
      && (isDigit(bytes[17]) || bytes[17] == UInt8(ascii: "X"))
    guard hasForm, !Identifier.check(text, as: .unifiedSocialCreditCode, on: today).isValid else {
      return nil
    }
    return "身份证"
  }

  /// Whether a text has the form of the number of a passport or of a permit of people of Hong Kong and Macao, which have no check character.
  package static func isTravelDocument(_ text: String, on today: Day) -> Bool {
    let bytes = Array(Identifier(detecting: text, on: today).text.utf8)
    return bytes.count == 9 && word(ofNineCharacters: bytes) != nil
  }

  /// Passports have one letter and eight digits, or two and seven (since 2017 E and a letter; PE, SE, DE for official ones); permits of people of Hong Kong and
  /// Macao H or M and eight digits.
  private static func word(ofNineCharacters bytes: [UInt8]) -> StaticString? {
    let letters = bytes.prefix { !isDigit($0) }
    guard letters.count <= 2, bytes.dropFirst(letters.count).allSatisfy(isDigit) else { return nil }
    switch String(decoding: letters, as: UTF8.self) {
    case "H", "M": return "港澳居民来往内地通行证"
    case "E", "G", "D", "S", "P", "K", "PE", "SE", "DE": return "护照"
    case let two where two.count == 2 && two.hasPrefix("E"): return "护照"
    default: return nil
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// The kind of identifier a document of this kind carries; `nil` where the form must decide.
  package static func identifierKind(_ text: String) -> IdentifierKind? {
    if isIdentityCard(text) { return .citizenIdentityNumber }
    let others = ["护照", "通行证", "永久居留", "其他", "军官证", "驾驶证", "回乡证"]
    if others.contains(where: text.contains) { return .document }
    let numbers = [
      "02", "03", "04", "05", "2", "3", "4", "5", "114", "335", "414", "420", "421", "511", "516", "553",
    ]
    if numbers.contains(text) { return .document }
    if text.contains("统一社会信用代码") { return .unifiedSocialCreditCode }
    if text.contains("组织机构代码") { return .organizationCode }
    return nil
  }
}
