// Owns the sets of rules of all times, and which of them counts on a day.
// Invariants: those of DatedRules.

/// The rules for publication of all times (公示规则集).
///
/// ```swift
/// let shown = try PublicationRules.national.publication(of: PublicationFacts(decisionDay: decided, categories: ["罚款"]), on: today)
/// ```
public struct PublicationRules: Codable, Sendable, Equatable {
  /// The sets, in any order.
  public let regimes: [PublicationRegime]

  /// Puts sets together.
  ///
  /// - Throws: `RulesError` for a set that is wrong, overlaps another one for the same organs, or leaves days without one.
  public init(_ regimes: [PublicationRegime]) throws(RulesError) {
    try DatedRules.check(regimes)
    self.regimes = regimes
  }

  /// Reads the sets, and checks them as the initialiser does.
  public init(from decoder: any Decoder) throws {
    try self.init(
      try decoder.container(keyedBy: CodingKeys.self).decode([PublicationRegime].self, forKey: .regimes))
  }

  /// The set in force on a day for an organ.
  ///
  /// - Parameters:
  ///   - day: the day.
  ///   - authority: name of the organ.
  /// - Throws: `RulesError` with code `rulesMissing` that names the day.
  public func regime(on day: Day, authority: String? = nil) throws(RulesError) -> PublicationRegime {
    try DatedRules.inForce(regimes, on: day, authority: authority, "publication")
  }

  /// How long a decision is shown, by the rules in force on a day.
  ///
  /// - Parameters:
  ///   - facts: the decision.
  ///   - day: the day for which is asked.
  /// - Throws: `RulesError` with code `rulesMissing`.
  public func publication(of facts: PublicationFacts, on day: Day) throws(RulesError) -> Publication {
    try regime(on: day, authority: facts.authority).publication(of: facts, on: day)
  }
}
