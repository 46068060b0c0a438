// Owns the words for kinds of personal documents.
// Invariants: names of the 2018 standard, local numbers 01 to 05 and GA/T 517 numbers; anything else is unknown.

/// Kinds of documents natural persons show (证件类型).
package enum DocumentKinds {
  /// Whether a cell names the resident identity card (居民身份证).
  package static func isIdentityCard(_ text: String) -> Bool {
    ["身份证", "居民身份证", "01", "1", "111"].contains(text) || text.hasPrefix("居民身份证") || text.hasPrefix("身份证")
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
