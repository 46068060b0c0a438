// Owns what happened in a case.
// Invariants: steps are only added.

/// What happened in a case, and when (办理环节).
public struct CaseStep: Codable, Sendable, Equatable {
  /// What happened.
  public var step: String
  /// The day.
  public var day: Day
  /// The account that did it.
  public var account: String?
  /// Credit code of its unit.
  public var unit: String?
  /// What was said.
  public var note: String?

  /// Makes a step.
  package init(step: String, day: Day, account: String?, unit: String?, note: String?) {
    self.step = step
    self.day = day
    self.account = account
    self.unit = unit
    self.note = note
  }
}
