// Owns the finding of one rule on one row.
// Invariants: messages never repeat the value of an item that may be personal.

/// One finding of a rule on a row (规则校验结果).
public struct RuleFinding: Hashable, Sendable, Codable {
  /// Id of the rule, such as `V07`.
  public let rule: String
  /// The item at fault; empty when the row as a whole is.
  public let item: String
  /// What is wrong, for people.
  public let message: String

  /// Makes a finding.
  public init(rule: String, item: String, message: String) {
    self.rule = rule
    self.item = item
    self.message = message
  }
}

/// What a rule found, with its weight.
package struct RuleResult: Sendable {
  package var errors: [RuleFinding] = []
  package var warnings: [RuleFinding] = []

  package init() {}

  package mutating func error(_ rule: String, _ item: String, _ message: String) {
    errors.append(RuleFinding(rule: rule, item: item, message: message))
  }

  package mutating func warning(_ rule: String, _ item: String, _ message: String) {
    warnings.append(RuleFinding(rule: rule, item: item, message: message))
  }
}
