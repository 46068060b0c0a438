// Owns lists of subjects that somebody watches, and the events they are told.
// Invariants: a list is its account's; what is told of a subject is what the account may see of it.

public import CreditModel

/// Subjects somebody wants to hear of (监测名单).
public struct WatchList: Codable, Sendable, Equatable {
  /// What it is called; unique.
  public var id: String
  /// Its name for people.
  public var name: String
  /// Whom it is about, at most ten thousand.
  public var subjects: [Identifier]
  /// Kinds of events that are told; none = all.
  public var events: [SubjectEvent.Kind]

  /// Makes a list.
  public init(id: String, name: String, subjects: [Identifier], events: [SubjectEvent.Kind] = []) {
    self.id = id
    self.name = name
    self.subjects = subjects
    self.events = events
  }

  /// Subjects of a list at most.
  public static let maximumSubjects = 10_000
}

/// Something that happened to a subject (主体事件).
public struct SubjectEvent: Codable, Sendable, Equatable {
  /// What happened.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// A registration, or a change of it.
    case registration
    /// A permit.
    case permit
    /// A penalty.
    case penalty
    /// It came onto a list of serious breach.
    case listEntered
    /// It left a list, or its membership ended with its day.
    case listLeft
    /// A decision is no longer public, since its period is over.
    case publicationEnded
    /// It came onto a list of abnormal operation.
    case abnormal
    /// A judgment or an enforcement.
    case judgment
    /// An honour.
    case honour
    /// A grade.
    case evaluated
    /// A commitment.
    case commitment
    /// Anything else.
    case other
    /// A record was reported again with other values.
    case updated
    /// A record was corrected.
    case corrected
    /// A record was repaired.
    case repaired
    /// A record was withdrawn.
    case withdrawn
    /// A record is shown again.
    case reinstated
  }

  /// What happened.
  public var kind: Kind
  /// The identifier as the list has it.
  public var subject: String
  /// Code of the entry.
  public var entry: String
  /// Name of the entry.
  public var name: String
  /// The day of the event, where it may be seen.
  public var day: Day?
  /// The commit that brought it.
  public var commit: UInt64
  /// The record as it is now; `nil` where it is not shown any more.
  public var record: ShownRecord?
}

/// Events that were not confirmed yet.
public struct SubjectEvents: Codable, Sendable, Equatable {
  /// The events, by commit; behind them what ended by itself.
  public var events: [SubjectEvent]
  /// What to confirm once they were taken in; they are told again until then.
  public var number: Int
  /// Whether there is more.
  public var hasMore: Bool
}

/// A list as the store keeps it.
struct OwnedList: Codable, Equatable {
  var list: WatchList
  var account: String?
}

/// Where the events of a list end.
struct WatchPlace: Codable, Equatable {
  /// Versions kept in ``left`` at most; what is behind them is told by the day once more.
  static let maximumLeft = 40_000

  /// Those that were confirmed.
  var token: String
  /// Those that were told last; `nil` once they were confirmed.
  var told: String?
  /// Number of those that were told last.
  var number: Int
  /// The day up to which was told what ended by itself; `nil` in lists of before that was told.
  var day: Day?
  /// The same for those that were told last.
  var toldDay: Day?
  /// Versions whose leaving a list was told as a change since that day: the day does not tell it once more.
  var left: [String]?
  /// The same behind those that were told last.
  var toldLeft: [String]?
  /// SHA-256 of the events that were told last, in hex: tells whether they are told again.
  var toldEvents: String?
}
