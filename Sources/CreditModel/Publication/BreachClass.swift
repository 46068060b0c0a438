// Owns the classes of breaches of trust and what is known of a decision that its publication follows from.
// Invariants: classes are ordered from the lightest to the gravest.
// Does not judge: the class is a decision of the organ that made the decision, with the words of categories as a fallback.

/// How grave a breach of trust is (失信程度分类).
public enum BreachClass: String, Codable, Sendable, CaseIterable, Comparable {
  /// 轻微.
  case minor
  /// 一般.
  case general
  /// 严重.
  case serious
  /// 特定严重, of the rules of 2019: shown to the end, never repaired.
  case speciallySerious

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Whether a class is lighter than another.
  public static func < (left: BreachClass, right: BreachClass) -> Bool { left.rank < right.rank }
}

/// What of a decision tells how long it is shown (公示要素).
public struct PublicationFacts: Sendable, Equatable {
  /// How a decision came about.
  public enum Procedure: String, Codable, Sendable, CaseIterable {
    /// 简易程序: on the spot.
    case simplified
    /// 普通程序.
    case ordinary
  }

  /// The day of the decision, from which all periods count.
  public var decisionDay: Day
  /// Categories of the penalty, as the record has them (处罚类别).
  public var categories: [String]
  /// Name of the organ that decided.
  public var authority: String?
  /// Whether it is about a natural person.
  public var isAboutPerson: Bool
  /// How the decision came about; `nil` counts as ordinary.
  public var procedure: Procedure?
  /// The class the organ gave it; `nil` = by the words of the categories.
  public var breachClass: BreachClass?
  /// Whether the organ had it shown although decisions of its class are not shown in principle.
  public var isShownByDecision: Bool
  /// Texts that tell the field it belongs to: kind of offence, facts, basis.
  public var fields: [String]
  /// The last day on which it is shown, as the record has it (公示截止期).
  public var reportedLastDay: Day?

  /// Makes facts; only the day is needed.
  public init(
    decisionDay: Day, categories: [String] = [], authority: String? = nil, isAboutPerson: Bool = false,
    procedure: Procedure? = nil, breachClass: BreachClass? = nil, isShownByDecision: Bool = false,
    fields: [String] = [], reportedLastDay: Day? = nil
  ) {
    self.decisionDay = decisionDay
    self.categories = categories
    self.authority = authority
    self.isAboutPerson = isAboutPerson
    self.procedure = procedure
    self.breachClass = breachClass
    self.isShownByDecision = isShownByDecision
    self.fields = fields
    self.reportedLastDay = reportedLastDay
  }
}
