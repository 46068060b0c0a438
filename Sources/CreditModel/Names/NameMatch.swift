// Owns the ways in which a name fits what was asked for.
// Invariants: better matches are smaller; the words are part of the JSON contract.
// Does not compare names (CreditStore).

/// How a name fits what was asked for; what fits better comes first.
public enum NameMatch: String, Codable, Sendable, CaseIterable, Comparable {
  /// The same name.
  case exact
  /// The same but for the legal form: 甲有限公司 and 甲有限责任公司.
  case legalForm
  /// It begins with what was asked for.
  case prefix
  /// It has it somewhere.
  case substring

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Whether one fits better than another.
  public static func < (left: NameMatch, right: NameMatch) -> Bool { left.rank < right.rank }
}
