// Owns the sets of rules of all times, and which of them counts on a day.
// Invariants: on every day from the first on exactly one set is in force for organs in general; sets for certain organs do not overlap one another.
// Rules for certain organs come before those for all.

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
  /// - Throws: `PublicationError` for a set that is wrong, overlaps another one for the same organs, or leaves days without one.
  public init(_ regimes: [PublicationRegime]) throws(PublicationError) {
    if let problem = regimes.lazy.compactMap(\.problem).first {
      throw PublicationError("invalidRules", problem)
    }
    guard Set(regimes.map(\.id)).count == regimes.count else {
      throw PublicationError("invalidRules", "two sets of rules have the same id")
    }
    for (authorities, group) in Dictionary(grouping: regimes, by: \.authorities) {
      let ordered = group.sorted { $0.from < $1.from }
      for (earlier, later) in zip(ordered, ordered.dropFirst()) {
        guard let end = earlier.until, end < later.from else {
          throw PublicationError("invalidRules", "rules \(earlier.id) are in force when \(later.id) begin")
        }
        guard authorities != nil || end.daysSinceEpoch + 1 == later.from.daysSinceEpoch else {
          throw PublicationError(
            "rulesMissing",
            "no rules are in force between \(end) and \(later.from): \(earlier.id) end, \(later.id) begin")
        }
      }
    }
    guard let last = regimes.filter({ $0.authorities == nil }).max(by: { $0.from < $1.from }) else {
      throw PublicationError("rulesMissing", "there are no rules for organs in general")
    }
    guard last.until == nil else {
      throw PublicationError("rulesMissing", "rules \(last.id) end, and none follow; leave the last set open")
    }
    for (place, one) in regimes.enumerated() {
      for other in regimes[(place + 1)...] where one.authorities != other.authorities && one.overlaps(other) {
        throw PublicationError(
          "invalidRules", "rules \(one.id) and \(other.id) are in force at once for organs of the same name")
      }
    }
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
  /// - Throws: `PublicationError` with code `rulesMissing` that names the day.
  public func regime(on day: Day, authority: String? = nil) throws(PublicationError) -> PublicationRegime {
    let inForce = regimes.filter { $0.isInForce(on: day) }
    if let own = inForce.first(where: { $0.authorities != nil && $0.isFor(authority: authority) }) {
      return own
    }
    if let general = inForce.first(where: { $0.authorities == nil }) { return general }
    throw PublicationError("rulesMissing", "no rules for publication are known that are in force on \(day)")
  }

  /// How long a decision is shown, by the rules in force on a day.
  ///
  /// - Parameters:
  ///   - facts: the decision.
  ///   - day: the day for which is asked.
  /// - Throws: `PublicationError` with code `rulesMissing`.
  public func publication(of facts: PublicationFacts, on day: Day) throws(PublicationError) -> Publication {
    try regime(on: day, authority: facts.authority).publication(of: facts, on: day)
  }
}

/// What is wrong with rules for publication, or not known.
public struct PublicationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable word for programs: `invalidRules`, `rulesMissing`.
  public let code: String
  /// What it is, and where.
  public let message: String
  /// The message.
  public var description: String { message }

  init(_ code: String, _ message: String) {
    self.code = code
    self.message = message
  }
}
