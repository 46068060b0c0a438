// Owns the sets of rules for publication that were in force in the whole country, and those of market regulation.
// Invariants: as the texts have them; where a text leaves the class open, the words of categories are a fallback, and what no text seen says is a default
// that a city replaces.

extension PublicationRules {
  /// The rules from July 2018 on: 发改办财金〔2018〕424号, 〔2019〕527号, orders 58 (2023) and 36 (2025) of the NDRC, and those of market regulation.
  public static let national: PublicationRules = {
    do { return try PublicationRules(regimes) } catch {
      preconditionFailure("the built-in rules are wrong: \(error)")
    }
  }()

  private static let grave = ["责令停产停业", "责令关闭", "吊销", "限制从业", "降低资质等级", "行政拘留", "暂扣或者吊销"]
  private static let marketRegulators = ["市场监督管理", "市场监管", "工商行政管理"]

  private static let regimes = [
    PublicationRegime(
      id: "R2018", basis: "发改办财金〔2018〕424号", from: day(2018, 7, 25), until: day(2019, 6, 30),
      periods: [
        .init(.general, minimumMonths: 0, maximumMonths: 12),
        .init(.serious, minimumMonths: 0, maximumMonths: 36),
      ], classWords: [.init(.serious, categories: grave)]),
    PublicationRegime(
      id: "R2019", basis: "发改办财金〔2019〕527号", from: day(2019, 7, 1), until: day(2023, 4, 30),
      periods: [
        .init(.general, minimumMonths: 3, maximumMonths: 12),
        .init(.serious, minimumMonths: 6, maximumMonths: 36),
        .init(.speciallySerious, minimumMonths: nil, maximumMonths: 36),
      ], classWords: [.init(.serious, categories: grave)]),
    PublicationRegime(
      id: "R2023", basis: "国家发展改革委令第58号", from: day(2023, 5, 1), until: day(2026, 3, 31),
      showsBodiesOnly: true, showsOrdinaryProcedureOnly: true, unshownCategories: ["警告", "通报批评"],
      periods: [.init(.general, minimumMonths: 3, maximumMonths: 36)],
      longerMinimums: [.init(words: ["食品", "药品", "特种设备", "安全生产", "消防"], months: 12)]),
    PublicationRegime(
      id: "R2026", basis: "国家发展改革委令第36号", from: day(2026, 4, 1), showsBodiesOnly: true,
      periods: graded, classWords: gradedWords, classOfSimplifiedProcedure: .minor),
    PublicationRegime(
      id: "RSAMR2021", basis: "市场监督管理行政处罚信息公示规定（总局令第45号）", from: day(2021, 9, 1),
      until: day(2025, 12, 24), authorities: marketRegulators, showsBodiesOnly: true,
      showsOrdinaryProcedureOnly: true, unshownCategories: ["警告"],
      periods: [.init(.general, minimumMonths: 3, maximumMonths: 36)]),
    PublicationRegime(
      id: "RSAMR2025", basis: "市场监督管理信用修复管理办法（2025）", from: day(2025, 12, 25),
      authorities: marketRegulators, showsBodiesOnly: true, periods: graded, classWords: gradedWords,
      classOfSimplifiedProcedure: .minor),
  ]

  private static let graded: [PublicationRegime.Period] = [
    .init(.minor, isShown: false, minimumMonths: 0, maximumMonths: 3),
    .init(.general, minimumMonths: 3, maximumMonths: 12),
    .init(.serious, minimumMonths: 12, maximumMonths: 36),
  ]

  private static let gradedWords: [PublicationRegime.ClassWords] = [
    .init(.serious, categories: ["暂扣", "吊销", "降低资质等级", "限制从业"]),
    .init(.minor, categories: ["警告", "通报批评"]),
  ]

  private static func day(_ year: Int, _ month: Int, _ day: Int) -> Day {
    Day(year: year, month: month, day: day) ?? .epoch
  }
}
