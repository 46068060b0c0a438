// Owns the answer to how long a decision is shown.
// Invariants: names the rules it follows from.

/// Whether and how long a record is shown to everybody (公示期限).
public struct Publication: Codable, Sendable, Equatable {
  /// Why it is shown or not.
  public enum Reason: String, Codable, Sendable, CaseIterable {
    /// It is shown.
    case shown
    /// Decisions about natural persons are not shown.
    case naturalPerson
    /// Decisions made on the spot are not shown.
    case simplifiedProcedure
    /// Decisions of these categories alone are not shown.
    case category
    /// Decisions of this class are not shown in principle.
    case minor
    /// It is not decided yet on that day.
    case notYet
    /// Its time is over.
    case maximumReached
    /// It was repaired, withdrawn or ended.
    case ended
    /// It is kept from the public while a plan of reorganisation is carried out.
    case shielded
  }

  /// Whether it is shown on the day asked about.
  public var isShown: Bool
  /// The first day on which it may be shown.
  public var firstDay: Day
  /// The first day on which repair may be applied for; `nil` where there is none.
  public var earliestRepair: Day?
  /// The last day on which it is shown; `nil` = without end.
  public var lastDay: Day?
  /// Id of the rules it follows from; `nil` where it is shown as long as it holds.
  public var regime: String?
  /// The class it was taken for.
  public var breachClass: BreachClass?
  /// Why.
  public var reason: Reason

  /// Makes an answer.
  public init(
    isShown: Bool, firstDay: Day, earliestRepair: Day? = nil, lastDay: Day?, regime: String? = nil,
    breachClass: BreachClass? = nil, reason: Reason
  ) {
    self.isShown = isShown
    self.firstDay = firstDay
    self.earliestRepair = earliestRepair
    self.lastDay = lastDay
    self.regime = regime
    self.breachClass = breachClass
    self.reason = reason
  }
}
