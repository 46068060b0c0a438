// Owns the deadlines of all times, and which of them count on a day; and those that were in force in the whole country.
// Invariants: those of DatedRules.

/// The deadlines of all times (办理时限规则集).
public struct DeadlineRules: Codable, Sendable, Equatable {
  /// The sets, in any order.
  public let sets: [CaseDeadlines]

  /// Puts sets together.
  ///
  /// - Throws: `RulesError` for a set that is wrong, overlaps another one for the same organs, or leaves days without one.
  public init(_ sets: [CaseDeadlines]) throws(RulesError) {
    try DatedRules.check(sets)
    self.sets = sets
  }

  /// Reads the sets, and checks them as the initialiser does.
  public init(from decoder: any Decoder) throws {
    try self.init(
      try decoder.container(keyedBy: CodingKeys.self).decode([CaseDeadlines].self, forKey: .sets))
  }

  /// The set in force on a day for an organ.
  ///
  /// - Parameters:
  ///   - day: the day.
  ///   - authority: name of the organ.
  /// - Throws: `RulesError` with code `rulesMissing` that names the day.
  public func deadlines(on day: Day, authority: String? = nil) throws(RulesError) -> CaseDeadlines {
    try DatedRules.inForce(sets, on: day, authority: authority, "deadlines")
  }

  /// Publication within seven working days from July 2018 on (发改办财金〔2018〕424号); repair by order 58 (2023), by 国办发〔2025〕22号, and by the rules of market
  /// regulation, who have 20 working days beside the seven (企业信息公示暂行条例, art. 6).
  public static let national: DeadlineRules = {
    var market2018 = CaseDeadlines(
      id: "DSAMR2018", basis: "发改办财金〔2018〕424号；企业信息公示暂行条例（2014）", from: day(2018, 7, 25),
      until: day(2021, 8, 31),
      authorities: ["市场监督管理", "市场监管", "工商行政管理"])
    market2018.secondPublicityWorkingDays = 20
    var market2021 = market2018
    (market2021.id, market2021.basis) = ("DSAMR2021", "市场监督管理信用修复管理办法（2021）")
    (market2021.from, market2021.until, market2021.decisionWorkingDays) = (
      day(2021, 9, 1), day(2025, 12, 24), 15
    )
    var market2025 = market2021
    (market2025.id, market2025.basis) = ("DSAMR2025", "市场监督管理信用修复管理办法（2025）")
    (market2025.from, market2025.until, market2025.decisionWorkingDays) = (day(2025, 12, 25), nil, 7)
    let general = [
      CaseDeadlines(id: "D2018", basis: "发改办财金〔2018〕424号", from: day(2018, 7, 25), until: day(2023, 4, 30)),
      CaseDeadlines(id: "D2023", basis: "国家发展改革委令第58号", from: day(2023, 5, 1), until: day(2025, 6, 21)),
      CaseDeadlines(id: "D2025", basis: "国办发〔2025〕22号", from: day(2025, 6, 22)),
    ]
    do { return try DeadlineRules(general + [market2018, market2021, market2025]) } catch {
      preconditionFailure("the built-in deadlines are wrong: \(error)")
    }
  }()

  private static func day(_ year: Int, _ month: Int, _ day: Int) -> Day {
    Day(year: year, month: month, day: day) ?? .epoch
  }
}
