// Owns what a competent organ said about one decision: how grave it is, and how it came about.
// Invariants: one finding a record; earlier ones stay readable.

public import CreditModel

/// What the organ that decided says of the decision's class (失信程度认定).
public struct BreachFinding: Codable, Sendable, Equatable {
  /// Code of the entry.
  public var entry: String
  /// The record key.
  public var key: String
  /// Whose record; `nil` in findings of before it was kept, which are about the record of whoever was asked about.
  public internal(set) var subject: Identifier?
  /// The class.
  public var breachClass: BreachClass
  /// How the decision came about; `nil` = not said.
  public var procedure: PublicationFacts.Procedure?
  /// Whether it is shown although decisions of its class are not shown in principle.
  public var isShownByDecision: Bool
  /// Whether the law excludes repair before its time is over (不予修复).
  public var isNeverRepaired: Bool
  /// What that rests on: document and rule (认定依据).
  public var evidence: String
  /// Credit code of the unit that says so.
  public var unit: String

  /// Makes a finding.
  public init(
    entry: String, key: String, breachClass: BreachClass, procedure: PublicationFacts.Procedure? = nil,
    isShownByDecision: Bool = false, isNeverRepaired: Bool = false, evidence: String, unit: String
  ) {
    self.entry = entry
    self.key = key
    self.breachClass = breachClass
    self.procedure = procedure
    self.isShownByDecision = isShownByDecision
    self.isNeverRepaired = isNeverRepaired
    self.evidence = evidence
    self.unit = unit
  }
}
