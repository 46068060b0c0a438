// Owns a review: what a unit asks the centre to look up about a list of subjects, and what became of the request.
// Invariants: the subjects stand in documents of their own, one each, so that a purge of one leaves the others; kinds are kept as they were when it was asked.

public import CreditModel

/// A request to have subjects reviewed before they are honoured, funded, appointed or let in (信用审查).
public struct CreditReview: Codable, Sendable, Equatable {
  /// Subjects of one review at most.
  public static let maximumSubjects = 10_000

  /// What has become of a request.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Nobody has decided yet (待审核).
    case pending
    /// The centre refused it (审核不通过).
    case refused
    /// The centre passed it: there is a result (审核通过).
    case passed
    /// The unit took it back (撤回).
    case retracted
  }

  /// One of those to be reviewed.
  public struct Subject: Codable, Sendable, Equatable {
    /// Its identifier.
    public var identifier: String
    /// Its name as the unit has it; it is compared with the names its records give it.
    public var name: String?

    /// Makes a subject.
    public init(_ identifier: String, name: String? = nil) {
      self.identifier = identifier
      self.name = name
    }
  }

  /// Number of the request, unique.
  public var id: String
  /// What is reviewed, such as 2026 年度文明单位评选 (审查名称).
  public var title: String
  /// What the result is used for (审查用途).
  public var purpose: String
  /// Credit code of the unit that asks; `nil` where whoever keeps the store asked for nobody.
  public var unit: String?
  /// The kinds of information that are counted.
  public var kinds: [ReviewKind]
  /// The first day of the events that count; `nil` = all earlier ones.
  public var from: Day?
  /// The last day; `nil` until the decision = the day of the decision.
  public var until: Day?
  /// How many subjects are reviewed.
  public var subjectCount: Int
  /// Codes of entries that are shared on conditions and that the decision lets count.
  public var grantedEntries: [String]
  /// What has become of it.
  public var state: State
  /// What happened.
  public var steps: [CaseStep]
}

/// What a unit asks for (信用审查申请).
public struct ReviewRequest: Sendable {
  /// What is reviewed.
  public var title: String
  /// What the result is used for.
  public var purpose: String
  /// Codes of the kinds of information; see ``ReviewKind/national``.
  public var kinds: [String]
  /// The first day of the events that count.
  public var from: Day?
  /// The last day.
  public var until: Day?
  /// Those to be reviewed, 1 to ``CreditReview/maximumSubjects``.
  public var subjects: [CreditReview.Subject]

  /// Makes a request.
  public init(
    title: String, purpose: String, kinds: [String], from: Day? = nil, until: Day? = nil,
    subjects: [CreditReview.Subject]
  ) {
    self.title = title
    self.purpose = purpose
    self.kinds = kinds
    self.from = from
    self.until = until
    self.subjects = subjects
  }
}
