// Owns an objection: what a subject says is wrong, and what became of it.
// Invariants: until one is decided its record is marked wherever it is shown.

public import CreditModel

/// What a subject objects to (异议申请).
public struct Objection: Codable, Sendable, Equatable {
  /// What has become of an objection.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Nobody has decided yet.
    case open
    /// Given back for more material (退回补正).
    case returned
    /// Not accepted (不予受理).
    case refused
    /// Taken back by the subject (撤回申请).
    case retracted
    /// The record stays as it is (维持).
    case upheld
    /// The record was corrected (更正).
    case corrected
    /// The record was withdrawn (删除).
    case withdrawn
  }

  /// One item that is said to be wrong.
  public struct Claim: Codable, Sendable, Equatable {
    /// Id of the item.
    public var item: String
    /// What the subject says it should be; `nil` = it should not be there.
    public var value: String?

    /// Makes a claim.
    public init(item: String, value: String?) {
      self.item = item
      self.value = value
    }
  }

  /// Number of the case.
  public var id: String
  /// Whose record.
  public var subject: Identifier
  /// Code of the entry.
  public var entry: String
  /// The record key.
  public var key: String
  /// What is said to be wrong; none = the record as a whole.
  public var claims: [Claim]
  /// Why.
  public var reason: String
  /// What proves it.
  public var materials: [CaseMaterial]
  /// The unit that has to decide; `nil` = the centre.
  public var competentUnit: String?
  /// What has become of it.
  public var state: State
  /// The day by which has to be decided.
  public var decideBy: Day
  /// What happened.
  public var steps: [CaseStep]

  /// Whether the decision was put off.
  public var isExtended: Bool?

  /// Whether its record is marked as disputed.
  var isUndecided: Bool { state == .open || state == .returned }
}
