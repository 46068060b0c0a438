// Owns one set of rules for how long decisions are shown, in force between two days.
// Invariants: rules are data; periods are calendar months from the day of the decision, a day that a month does not have being its last.
// Does not choose between sets (PublicationRules).

/// One set of rules for publication and repair (公示期限规则).
public struct PublicationRegime: Codable, Sendable, Equatable, DatedRuleSet {
  /// How long decisions of a class are shown.
  public struct Period: Codable, Sendable, Equatable {
    /// The class.
    public var breachClass: BreachClass
    /// Whether they are shown in principle.
    public var isShown: Bool
    /// Months after which repair may be applied for; `nil` = at no time.
    public var minimumMonths: Int?
    /// Months after which they are no longer shown.
    public var maximumMonths: Int

    /// Makes a period.
    public init(_ breachClass: BreachClass, isShown: Bool = true, minimumMonths: Int?, maximumMonths: Int) {
      self.breachClass = breachClass
      self.isShown = isShown
      self.minimumMonths = minimumMonths
      self.maximumMonths = maximumMonths
    }
  }

  /// Fields in which repair takes longer.
  public struct LongerMinimum: Codable, Sendable, Equatable {
    /// Words that tell the field.
    public var words: [String]
    /// Months after which repair may be applied for.
    public var months: Int

    /// Makes it.
    public init(words: [String], months: Int) {
      self.words = words
      self.months = months
    }
  }

  /// Which class categories tell where nobody gave one.
  public struct ClassWords: Codable, Sendable, Equatable {
    /// The class.
    public var breachClass: BreachClass
    /// Categories, or the beginnings of them.
    public var categories: [String]

    /// Makes it.
    public init(_ breachClass: BreachClass, categories: [String]) {
      self.breachClass = breachClass
      self.categories = categories
    }
  }

  /// What it is called, such as `R2026`.
  public var id: String
  /// The text it comes from.
  public var basis: String
  /// The first day on which it is in force.
  public var from: Day
  /// The last day; `nil` = until further notice.
  public var until: Day?
  /// Words in the names of organs it is for; `nil` = all others.
  public var authorities: [String]?
  /// Whether only decisions about bodies are shown.
  public var showsBodiesOnly: Bool
  /// Whether only decisions by ordinary procedure are shown.
  public var showsOrdinaryProcedureOnly: Bool
  /// Categories that alone are not shown.
  public var unshownCategories: [String]
  /// How long what is shown, one for each class that occurs.
  public var periods: [Period]
  /// Fields in which repair takes longer.
  public var longerMinimums: [LongerMinimum]
  /// The class by category, where nobody gave one: the gravest counts, a lighter one than the fallback only where it is that of all categories.
  public var classWords: [ClassWords]
  /// The class of what was decided on the spot; `nil` = by category.
  public var classOfSimplifiedProcedure: BreachClass?
  /// The class of all else.
  public var fallbackClass: BreachClass

  /// Makes a set of rules; see the properties.
  public init(
    id: String, basis: String, from: Day, until: Day? = nil, authorities: [String]? = nil,
    showsBodiesOnly: Bool = false, showsOrdinaryProcedureOnly: Bool = false, unshownCategories: [String] = [],
    periods: [Period], longerMinimums: [LongerMinimum] = [], classWords: [ClassWords] = [],
    classOfSimplifiedProcedure: BreachClass? = nil, fallbackClass: BreachClass = .general
  ) {
    self.id = id
    self.basis = basis
    self.from = from
    self.until = until
    self.authorities = authorities
    self.showsBodiesOnly = showsBodiesOnly
    self.showsOrdinaryProcedureOnly = showsOrdinaryProcedureOnly
    self.unshownCategories = unshownCategories
    self.periods = periods
    self.longerMinimums = longerMinimums
    self.classWords = classWords
    self.classOfSimplifiedProcedure = classOfSimplifiedProcedure
    self.fallbackClass = fallbackClass
  }

  /// What is wrong with it, or `nil`.
  package var problem: String? {
    if id.isEmpty { return "a set of rules has no id" }
    if let until, until < from { return "rules \(id) end before they begin" }
    let words =
      (authorities ?? ["-"]) + unshownCategories + longerMinimums.flatMap(\.words)
      + classWords.flatMap(\.categories)
    // An empty word would be in every text.
    if authorities?.isEmpty ?? false || words.contains("") { return "rules \(id) have an empty list or word" }
    guard Set(periods.map(\.breachClass)).count == periods.count else {
      return "rules \(id) name a class twice"
    }
    for period in periods {
      guard (1...600).contains(period.maximumMonths),
        (0...period.maximumMonths).contains(period.minimumMonths ?? 0)
      else { return "rules \(id) have a period of \(period.breachClass.rawValue) that cannot be" }
    }
    let known = Set(periods.map(\.breachClass))
    let used = Set(
      classWords.map(\.breachClass) + [fallbackClass] + [classOfSimplifiedProcedure].compactMap { $0 })
    if let missing = used.subtracting(known).min() {
      return "rules \(id) have no period for the class \(missing.rawValue)"
    }
    if longerMinimums.contains(where: { !(0...600).contains($0.months) || $0.words.isEmpty }) {
      return "rules \(id) have a longer minimum that cannot be"
    }
    return nil
  }

  // MARK: Applying it

  /// The class of a decision.
  func breachClass(of facts: PublicationFacts) -> BreachClass {
    if let given = facts.breachClass, periods.contains(where: { $0.breachClass == given }) { return given }
    if let given = facts.breachClass {
      // The set does not know the class: the gravest it knows that is not graver.
      let lighter = periods.map(\.breachClass).filter { $0 <= given }.max()
      return lighter ?? fallbackClass
    }
    if facts.procedure == .simplified, let simplified = classOfSimplifiedProcedure { return simplified }
    let classes = facts.categories.map { category in
      classWords.first { $0.categories.contains { category.hasPrefix($0) } }?.breachClass ?? fallbackClass
    }
    return classes.max() ?? fallbackClass
  }

  /// How long a decision is shown.
  ///
  /// - Parameters:
  ///   - facts: the decision.
  ///   - day: the day for which is asked whether it is shown.
  package func publication(of facts: PublicationFacts, on day: Day) -> Publication {
    let breachClass = breachClass(of: facts)
    let period =
      periods.first { $0.breachClass == breachClass }
      ?? Period(breachClass, minimumMonths: nil, maximumMonths: 36)
    let maximum = facts.decisionDay.adding(months: period.maximumMonths)
    let lastDay = facts.reportedLastDay.map { min(max($0, facts.decisionDay), maximum) } ?? maximum
    var publication = Publication(
      isShown: false, firstDay: facts.decisionDay, lastDay: lastDay, regime: id, breachClass: breachClass,
      reason: .shown)
    if let minimum = period.minimumMonths {
      let longer = longerMinimums.filter { longer in
        facts.fields.contains { field in longer.words.contains { field.contains($0) } }
      }.map(\.months).max()
      let earliest = facts.decisionDay.adding(months: max(minimum, longer ?? 0))
      publication.earliestRepair = earliest <= lastDay ? earliest : nil
    }
    publication.reason = reason(facts, period, lastDay, on: day)
    publication.isShown = publication.reason == .shown
    return publication
  }

  private func reason(
    _ facts: PublicationFacts, _ period: Period, _ lastDay: Day, on day: Day
  ) -> Publication.Reason {
    if showsBodiesOnly, facts.isAboutPerson { return .naturalPerson }
    if !facts.isShownByDecision {
      if showsOrdinaryProcedureOnly, facts.procedure == .simplified { return .simplifiedProcedure }
      let isUnshown =
        !facts.categories.isEmpty
        && facts.categories.allSatisfy { category in
          unshownCategories.contains { category.hasPrefix($0) }
        }
      if isUnshown { return .category }
      if !period.isShown { return .minor }
    }
    if day < facts.decisionDay { return .notYet }
    return day > lastDay ? .maximumReached : .shown
  }
}
