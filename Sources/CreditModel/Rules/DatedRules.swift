// Owns what sets of rules have in common that replace one another by date: which is in force on a day, for whom, and whether there is a gap.
// Invariants: on every day from the first on exactly one set is in force for organs in general; sets for certain organs do not overlap one another, and come
// before those for all.
// Does not know what the rules say.

/// One set of rules, in force between two days, for certain organs or for all.
package protocol DatedRuleSet {
  var id: String { get }
  var from: Day { get }
  var until: Day? { get }
  /// Words in the names of organs it is for; `nil` = all others.
  var authorities: [String]? { get }
  /// What is wrong with it, or `nil`.
  var problem: String? { get }
}

extension DatedRuleSet {
  /// Whether it is for an organ by name.
  func isFor(authority: String?) -> Bool {
    guard let authorities else { return true }
    return authority.map { name in authorities.contains { name.contains($0) } } ?? false
  }

  /// Whether an organ's name could fall under both sets on some day.
  func overlaps(_ other: some DatedRuleSet) -> Bool {
    guard let own = authorities, let others = other.authorities else { return false }
    guard from <= other.until ?? .maximum, other.from <= until ?? .maximum else { return false }
    return own.contains { word in others.contains { $0.contains(word) || word.contains($0) } }
  }

  /// Whether it is in force on a day.
  func isInForce(on day: Day) -> Bool { from <= day && day <= until ?? .maximum }
}

/// Sets of rules of all times.
package enum DatedRules {
  /// Refuses sets that are wrong, overlap for the same organs, or leave days without one.
  package static func check(_ sets: [some DatedRuleSet]) throws(RulesError) {
    if let problem = sets.lazy.compactMap(\.problem).first { throw RulesError("invalidRules", problem) }
    guard Set(sets.map(\.id)).count == sets.count else {
      throw RulesError("invalidRules", "two sets of rules have the same id")
    }
    for (authorities, group) in Dictionary(grouping: sets, by: \.authorities) {
      let ordered = group.sorted { $0.from < $1.from }
      for (earlier, later) in zip(ordered, ordered.dropFirst()) {
        guard let end = earlier.until, end < later.from else {
          throw RulesError("invalidRules", "rules \(earlier.id) are in force when \(later.id) begin")
        }
        guard authorities != nil || end.daysSinceEpoch + 1 == later.from.daysSinceEpoch else {
          throw RulesError(
            "rulesMissing",
            "no rules are in force between \(end) and \(later.from): \(earlier.id) end, \(later.id) begin")
        }
      }
    }
    guard let last = sets.filter({ $0.authorities == nil }).max(by: { $0.from < $1.from }) else {
      throw RulesError("rulesMissing", "there are no rules for organs in general")
    }
    guard last.until == nil else {
      throw RulesError("rulesMissing", "rules \(last.id) end, and none follow; leave the last set open")
    }
    for (place, one) in sets.enumerated() {
      for other in sets[(place + 1)...] where one.authorities != other.authorities && one.overlaps(other) {
        throw RulesError(
          "invalidRules", "rules \(one.id) and \(other.id) are in force at once for organs of the same name")
      }
    }
  }

  /// The set in force on a day for an organ.
  ///
  /// - Parameter what: what the rules are about, for the error.
  package static func inForce<Rules: DatedRuleSet>(
    _ sets: [Rules], on day: Day, authority: String?, _ what: String
  ) throws(RulesError) -> Rules {
    let inForce = sets.filter { $0.isInForce(on: day) }
    if let own = inForce.first(where: { $0.authorities != nil && $0.isFor(authority: authority) }) {
      return own
    }
    if let general = inForce.first(where: { $0.authorities == nil }) { return general }
    throw RulesError("rulesMissing", "no rules for \(what) are known that are in force on \(day)")
  }
}

/// What is wrong with rules, or not known.
public struct RulesError: Error, Sendable, Equatable, CustomStringConvertible {
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
