// Owns what a link between two identifiers of one subject says.
// Invariants: a link has evidence; a name alone is none.

public import CreditModel

/// Why two identifiers are one subject's (关联依据).
public enum LinkEvidence: String, Codable, Sendable, CaseIterable {
  /// The organisation code is the one inside the unified social credit code (characters 9 to 17).
  case organizationCode
  /// An 18-digit citizen identity number is the 15-digit one with century and check character.
  case upgradedIdentityNumber
  /// One row of a reporting unit names both, and no other row names one of them with a third.
  case sameRow
  /// The registration authority says that the code changed (登记变更, 换证, 个转企).
  case registrationChange
  /// Somebody looked into it and decided (人工认定).
  case manual

  /// Whether two numbers can be one subject's for this reason, as far as they tell.
  func isBorne(by first: Identifier, _ second: Identifier) -> Bool {
    func holds(_ one: Identifier, _ other: Identifier) -> Bool {
      switch self {
      case .organizationCode:
        one.kind == .unifiedSocialCreditCode && one.text.utf8.count == 18
          && other.text.suffix(9) == one.text.dropFirst(8).prefix(9)
      case .upgradedIdentityNumber:
        one.kind == .citizenIdentityNumber && one.text.utf8.count == 18 && other.text.utf8.count == 15
          && other.text == one.text.prefix(6) + one.text.dropFirst(8).prefix(9)
      case .sameRow, .registrationChange, .manual: true
      }
    }
    return holds(first, second) || holds(second, first)
  }
}

/// Two identifiers of the same subject (主体关联).
public struct SubjectLink: Sendable, Equatable {
  /// Number of the link, unique in the store.
  public var number: UInt64
  /// The identifier that was asked about.
  public var subject: Identifier
  /// The other one.
  public var other: Identifier
  /// Why they are the same subject's.
  public var evidence: LinkEvidence
  /// More about it: an entry and a batch, a document.
  public var note: String?
  /// The first day on which the subject had the other identifier; `nil` = not known.
  public var since: Day?
  /// Who made the link.
  public var author: String
  /// The commit that made it.
  public var commit: UInt64
  /// The commit that undid it; `nil` while it holds.
  public var until: UInt64?
}
