// Owns an objection: what a subject says is wrong, and what became of it.
// Invariants: while one is open its record is marked wherever it is shown.

public import CreditModel
import CreditStore

/// What a subject objects to (异议申请).
public struct Objection: Codable, Sendable, Equatable {
  /// What has become of an objection.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Nobody has decided yet.
    case open
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

  static func place(_ record: CreditRecord) -> String { record.entry.code + "|" + record.key }

  /// Records of a subject that are objected to.
  static func open(of subject: Identifier, _ snapshot: CreditSnapshot) throws -> Set<String> {
    var places: Set<String> = []
    for document in try snapshot.documents(DocumentKind.objection, of: subject) {
      let objection = try document.decoded(as: Objection.self)
      if objection.state == .open { places.insert(objection.entry + "|" + objection.key) }
    }
    return places
  }
}
