// Owns the states of a version of a record.
// Invariants: the numbers are stored and never change; the words are the JSON contract's.

/// State of one version of a record (记录状态).
public enum RecordState: UInt8, Sendable, CaseIterable {
  /// Collected from a unit.
  case loaded = 0
  /// Corrected by hand.
  case corrected = 1
  /// Withdrawn: no longer shown.
  case withdrawn = 2
  /// Repaired (信用修复).
  case repaired = 3
  /// Shown again after a withdrawal or repair.
  case reinstated = 4

  /// The word of the JSON contract.
  public var name: String {
    switch self {
    case .loaded: "loaded"
    case .corrected: "corrected"
    case .withdrawn: "withdrawn"
    case .repaired: "repaired"
    case .reinstated: "reinstated"
    }
  }

  /// Whether a new row from a unit must wait for a decision by a person.
  package var isClosed: Bool { self == .withdrawn || self == .repaired }
}
