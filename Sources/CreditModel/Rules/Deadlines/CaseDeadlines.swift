// Owns within how many working days decisions are published and cases dealt with, by the rules of a time.
// Invariants: rules are data; numbers no text was seen for are defaults that a city replaces.
// Does not count days (WorkingCalendar).

/// Numbers of working days within which something has to be done, in force between two days (办理时限).
public struct CaseDeadlines: Codable, Sendable, Equatable, DatedRuleSet {
  /// What it is called.
  public var id: String
  /// The text it comes from.
  public var basis: String
  /// The first day on which it is in force.
  public var from: Day
  /// The last day; `nil` = until further notice.
  public var until: Day?
  /// Words in the names of organs it is for; `nil` = all others.
  public var authorities: [String]?
  /// From a decision to its publication (双公示).
  public var publicityWorkingDays = 7
  /// The longer limit that a text of the organs' own gives, measured beside the other; `nil` = there is none.
  public var secondPublicityWorkingDays: Int?
  /// From an application for repair to whether it is accepted.
  public var acceptanceWorkingDays = 3
  /// From acceptance to the decision.
  public var decisionWorkingDays = 7
  /// By how many a decision may be put off.
  public var extensionWorkingDays = 10
  /// From an application to the result that the applicant is told.
  public var resultWorkingDays = 10
  /// From an objection to its decision.
  public var objectionWorkingDays = 5
  /// By how many the decision of an objection may be put off.
  public var objectionExtensionWorkingDays = 15
  /// Months for which nobody may apply again who broke a commitment or handed in false material.
  public var barMonths = 36

  /// Makes a set with the defaults; change what differs.
  public init(id: String, basis: String, from: Day, until: Day? = nil, authorities: [String]? = nil) {
    self.id = id
    self.basis = basis
    self.from = from
    self.until = until
    self.authorities = authorities
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if id.allSatisfy(\.isWhitespace) || basis.allSatisfy(\.isWhitespace) {
      return "a set of deadlines has an id and a basis"
    }
    if let until, until < from { return "deadlines \(id) end before they begin" }
    if let authorities, authorities.isEmpty || authorities.contains(where: \.isEmpty) {
      return "deadlines \(id) are for organs without a name"
    }
    let days = [
      publicityWorkingDays, acceptanceWorkingDays, decisionWorkingDays, extensionWorkingDays,
      resultWorkingDays, objectionWorkingDays, objectionExtensionWorkingDays,
      secondPublicityWorkingDays ?? publicityWorkingDays,
    ]
    if days.contains(where: { !(1...1000).contains($0) }) || !(0...600).contains(barMonths) {
      return "deadlines \(id) have a number of days or months that cannot be"
    }
    return nil
  }
}
