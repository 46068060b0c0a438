// Owns the kind of a subject as far as its identifier tells.
// Invariants: computed from the key alone; what the number does not say is `unknown`.

/// Kind of a subject (主体类型), as its identifier tells it.
public enum SubjectKind: String, Codable, Sendable, CaseIterable {
  /// Legal persons (法人).
  case legalPerson
  /// Sole traders (个体工商户).
  case soleTrader
  /// Other organisations (其他组织).
  case otherOrganization
  /// Natural persons (自然人).
  case naturalPerson
  /// The identifier does not tell.
  case unknown

  /// Reads the kind off a key: 92 and registration numbers of sequence 6 are sole traders; 11 to 13, 31 to 35, 51 to
  /// 53, 91 and 93 legal persons; other credit codes other organisations.
  public init(_ key: SubjectKey) {
    guard let kind = key.kind, let text = key.text else {
      self = .unknown
      return
    }
    switch kind {
    case .citizenIdentityNumber: self = .naturalPerson
    case .organizationCode: self = .legalPerson
    case .businessRegistrationNumber:
      self = text.dropFirst(6).first == "6" && text.utf8.count == 15 ? .soleTrader : .legalPerson
    case .unifiedSocialCreditCode:
      switch text.prefix(2) {
      case "92": self = .soleTrader
      case "11", "12", "13", "31", "32", "33", "34", "35", "51", "52", "53", "91", "93": self = .legalPerson
      default: self = .otherOrganization
      }
    case .taxpayerNumber, .document, .unknown: self = .unknown
    }
  }
}
