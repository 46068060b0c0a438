// Goal: how long a decision is shown follows from the rules in force on the day asked about, on both sides of each boundary and in each regime.
// Method: tables written from the texts of the rules, not from the code.

import CreditModel
import Testing

@Suite struct PublicationTests {
  struct Case: Sendable {
    var name: String
    var decided: String
    var categories: [String] = ["罚款"]
    var authority: String?
    var isPerson = false
    var procedure: PublicationFacts.Procedure?
    var breachClass: BreachClass?
    var fields: [String] = []
    var reported: String?
    var on: String
    var isShown: Bool
    var regime: String
    var earliest: String?
    var last: String?
    var reason: Publication.Reason
  }

  static let cases: [Case] = [
    // One year, three where it is grave; repair at any time.
    Case(
      name: "R2018 general, last day", decided: "2018-07-30", on: "2019-06-30", isShown: true,
      regime: "R2018",
      earliest: "2018-07-30", last: "2019-07-30", reason: .shown),
    Case(
      name: "R2018 serious", decided: "2018-08-31", categories: ["吊销许可证"], on: "2019-06-30", isShown: true,
      regime: "R2018", earliest: "2018-08-31", last: "2021-08-31", reason: .shown),
    Case(
      name: "R2018 general, over", decided: "2018-05-30", on: "2019-05-31", isShown: false, regime: "R2018",
      earliest: "2018-05-30", last: "2019-05-30", reason: .maximumReached),
    // The rules of the day asked about count, not those of the day of the decision.
    Case(
      name: "R2019 takes over", decided: "2018-07-30", on: "2019-07-01", isShown: true, regime: "R2019",
      earliest: "2018-10-30", last: "2019-07-30", reason: .shown),
    Case(
      name: "R2019 general, over", decided: "2018-07-30", on: "2019-07-31", isShown: false, regime: "R2019",
      earliest: "2018-10-30", last: "2019-07-30", reason: .maximumReached),
    Case(
      name: "R2019 specially serious is never repaired", decided: "2020-02-29",
      breachClass: .speciallySerious,
      on: "2023-02-28", isShown: true, regime: "R2019", earliest: nil, last: "2023-02-28", reason: .shown),
    Case(
      name: "R2019 specially serious, a day later", decided: "2020-02-29", breachClass: .speciallySerious,
      on: "2023-03-01", isShown: false, regime: "R2019", earliest: nil, last: "2023-02-28",
      reason: .maximumReached),
    Case(
      name: "R2019 serious, last day", decided: "2020-02-29", breachClass: .serious, on: "2023-02-28",
      isShown: true, regime: "R2019", earliest: "2020-08-29", last: "2023-02-28", reason: .shown),
    Case(
      name: "R2019 serious, over", decided: "2020-02-29", breachClass: .serious, on: "2023-03-01",
      isShown: false, regime: "R2019", earliest: "2020-08-29", last: "2023-02-28", reason: .maximumReached),
    // What was over under R2019 is shown again from the first day of R2023: three years instead of one.
    Case(
      name: "before R2023", decided: "2022-04-20", on: "2023-04-30", isShown: false, regime: "R2019",
      earliest: "2022-07-20", last: "2023-04-20", reason: .maximumReached),
    Case(
      name: "R2023 takes over", decided: "2022-04-20", on: "2023-05-01", isShown: true, regime: "R2023",
      earliest: "2022-07-20", last: "2025-04-20", reason: .shown),
    Case(
      name: "R2023 last day", decided: "2023-03-31", on: "2026-03-31", isShown: true, regime: "R2023",
      earliest: "2023-06-30", last: "2026-03-31", reason: .shown),
    Case(
      name: "R2023 warning alone", decided: "2024-01-31", categories: ["警告"], on: "2024-02-01",
      isShown: false,
      regime: "R2023", earliest: "2024-04-30", last: "2027-01-31", reason: .category),
    Case(
      name: "R2023 warning and fine", decided: "2024-01-31", categories: ["警告", "罚款"], on: "2024-02-01",
      isShown: true, regime: "R2023", earliest: "2024-04-30", last: "2027-01-31", reason: .shown),
    Case(
      name: "R2023 food", decided: "2024-01-31", fields: ["违反食品安全法"], on: "2024-02-01", isShown: true,
      regime: "R2023", earliest: "2025-01-31", last: "2027-01-31", reason: .shown),
    Case(
      name: "R2023 person", decided: "2024-01-31", isPerson: true, on: "2024-02-01", isShown: false,
      regime: "R2023", earliest: "2024-04-30", last: "2027-01-31", reason: .naturalPerson),
    Case(
      name: "R2023 on the spot", decided: "2024-01-31", procedure: .simplified, on: "2024-02-01",
      isShown: false,
      regime: "R2023", earliest: "2024-04-30", last: "2027-01-31", reason: .simplifiedProcedure),
    // Three years of R2023 become one of R2026 on the first day of April 2026.
    Case(
      name: "R2026 takes over", decided: "2025-04-01", on: "2026-04-01", isShown: true, regime: "R2026",
      earliest: "2025-07-01", last: "2026-04-01", reason: .shown),
    Case(
      name: "R2026 took over", decided: "2025-03-31", on: "2026-04-01", isShown: false, regime: "R2026",
      earliest: "2025-06-30", last: "2026-03-31", reason: .maximumReached),
    Case(
      name: "R2026 warning", decided: "2026-04-10", categories: ["警告", "通报批评"], on: "2026-04-20",
      isShown: false, regime: "R2026", earliest: "2026-04-10", last: "2026-07-10", reason: .minor),
    Case(
      name: "R2026 on the spot", decided: "2026-04-10", procedure: .simplified, on: "2026-04-20",
      isShown: false,
      regime: "R2026", earliest: "2026-04-10", last: "2026-07-10", reason: .minor),
    Case(
      name: "R2026 licence suspended", decided: "2026-04-10", categories: ["罚款", "暂扣许可证件"], on: "2026-04-20",
      isShown: true, regime: "R2026", earliest: "2027-04-10", last: "2029-04-10", reason: .shown),
    Case(
      name: "R2026 given class beats the words", decided: "2026-04-10", categories: ["警告"],
      breachClass: .serious, on: "2026-04-20", isShown: true, regime: "R2026", earliest: "2027-04-10",
      last: "2029-04-10", reason: .shown),
    Case(
      name: "R2026 earlier end as reported", decided: "2026-04-10", reported: "2026-06-30", on: "2026-07-01",
      isShown: false, regime: "R2026", earliest: nil, last: "2026-06-30", reason: .maximumReached),
    Case(
      name: "R2026 later end as reported", decided: "2026-04-10", reported: "2030-01-01", on: "2027-04-11",
      isShown: false, regime: "R2026", earliest: "2026-07-10", last: "2027-04-10", reason: .maximumReached),
    Case(
      name: "not decided yet", decided: "2026-04-10", on: "2026-04-09", isShown: false, regime: "R2026",
      earliest: "2026-07-10", last: "2027-04-10", reason: .notYet),
    // Market regulation has rules of its own.
    Case(
      name: "RSAMR2025 takes over early", decided: "2024-12-25", authority: "秦皇岛市市场监督管理局", on: "2025-12-25",
      isShown: true, regime: "RSAMR2025", earliest: "2025-03-25", last: "2025-12-25", reason: .shown),
    Case(
      name: "the same day for others", decided: "2024-12-25", authority: "秦皇岛市生态环境局", on: "2025-12-25",
      isShown: true, regime: "R2023", earliest: "2025-03-25", last: "2027-12-25", reason: .shown),
    Case(
      name: "RSAMR2021", decided: "2024-12-25", authority: "秦皇岛市市场监督管理局", on: "2025-12-24", isShown: true,
      regime: "RSAMR2021", earliest: "2025-03-25", last: "2027-12-25", reason: .shown),
  ]

  @Test(arguments: cases) func publicationIsThatOfTheDay(_ one: Case) throws {
    func day(_ text: String) throws -> Day { try #require(Day(text)) }
    let facts = PublicationFacts(
      decisionDay: try day(one.decided), categories: one.categories, authority: one.authority,
      isAboutPerson: one.isPerson, procedure: one.procedure, breachClass: one.breachClass, fields: one.fields,
      reportedLastDay: try one.reported.map(day))
    let found = try PublicationRules.national.publication(of: facts, on: try day(one.on))
    #expect(found.isShown == one.isShown, "\(one.name)")
    #expect(found.regime == one.regime, "\(one.name)")
    #expect(found.earliestRepair?.description == one.earliest, "\(one.name)")
    #expect(found.lastDay?.description == one.last, "\(one.name)")
    #expect(found.reason == one.reason, "\(one.name)")
  }

  @Test func daysWithoutRulesAreAnError() throws {
    let before = try #require(Day("2018-07-24"))
    #expect(throws: RulesError.self) {
      try PublicationRules.national.publication(of: PublicationFacts(decisionDay: before), on: before)
    }
    var gap = PublicationRules.national.regimes
    let place = try #require(gap.firstIndex { $0.id == "R2019" })
    gap[place].until = Day("2023-04-29")
    #expect { try PublicationRules(gap) } throws: { error in
      let error = error as? RulesError
      return error?.code == "rulesMissing" && error?.message.contains("2023-04-29") ?? false
    }
    gap[place].until = Day("2023-05-01")
    #expect { try PublicationRules(gap) } throws: { ($0 as? RulesError)?.code == "invalidRules" }
  }

  @Test(arguments: [
    ("2024-01-31", 1, "2024-02-29"), ("2023-01-31", 1, "2023-02-28"), ("2024-02-29", 12, "2025-02-28"),
    ("2024-12-31", 2, "2025-02-28"), ("2024-03-31", -1, "2024-02-29"), ("2024-01-15", 36, "2027-01-15"),
    ("9999-12-01", 1, "9999-12-31"), ("0001-01-01", -1, "0001-01-01"),
  ]) func monthsAreCounted(day: String, months: Int, expected: String) throws {
    #expect(try #require(Day(day)).adding(months: months).description == expected)
  }
}
