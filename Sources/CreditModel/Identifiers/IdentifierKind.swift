// Owns the kinds of identifier the platform tells apart.
// Invariants: raw values are the words of the JSON contract and never change.
// Does not decide which kind a text is (see IdentifierDetection).

/// The kind of an identifier (标识种类) that names a credit subject.
///
/// ```swift
/// IdentifierKind(rawValue: "unifiedSocialCreditCode") == .unifiedSocialCreditCode
/// ```
public enum IdentifierKind: String, Codable, Sendable, CaseIterable {
  /// Unified social credit code (统一社会信用代码), 18 characters, GB 32100-2015.
  case unifiedSocialCreditCode
  /// Citizen identity number (公民身份号码), 18 characters by GB 11643-1999 or the older 15 digits.
  case citizenIdentityNumber
  /// Organisation code (组织机构代码), 8 + 1 characters, GB 11714-1997.
  case organizationCode
  /// Business registration number (工商注册号), 15 digits by GS 15-2006 or 13 older digits.
  case businessRegistrationNumber
  /// Taxpayer number (纳税人识别号), 15, 17, 18 or 20 characters.
  case taxpayerNumber
  /// Any other document (其他证件): passports, permits, certificates; free text.
  case document
  /// A text whose form fits none of the kinds above.
  case unknown

  /// Kinds that name a natural person, so that their text is personal information (个人信息).
  public var namesNaturalPerson: Bool { self == .citizenIdentityNumber || self == .document }
}
