// Goal: deadlines are those of the rules in force on the day, for the organ; sets with a gap or two at once are refused.
// Method: the days on both sides of each boundary, from the texts.

import CreditModel
import Testing

@Suite struct DeadlineRulesTests {
  @Test(
    arguments: [
      ("2018-07-24", "城管局", nil, nil), ("2018-07-25", "城管局", "D2018", 7), ("2023-04-30", "城管局", "D2018", 7),
      ("2023-05-01", "城管局", "D2023", 7), ("2025-06-21", nil, "D2023", 7), ("2025-06-22", nil, "D2025", 7),
      ("2021-08-31", "海港区市场监督管理局", "DSAMR2018", 7), ("2018-07-24", "海港区工商行政管理局", nil, nil),
      ("2021-09-01", "海港区市场监督管理局", "DSAMR2021", 15),
      ("2025-12-24", "海港区市场监督管理局", "DSAMR2021", 15), ("2025-12-25", "海港区市场监督管理局", "DSAMR2025", 7),
      ("2025-12-25", "城管局", "D2025", 7),
    ] as [(String, String?, String?, Int?)])
  func eachDayHasItsRules(day: String, organ: String?, id: String?, decision: Int?) throws {
    let found = try? DeadlineRules.national.deadlines(on: try #require(Day(day)), authority: organ)
    #expect(found?.id == id && found?.decisionWorkingDays == decision)
    #expect(found == nil || found?.publicityWorkingDays == 7)
    #expect(found == nil || found?.secondPublicityWorkingDays == (organ?.contains("海港区") == true ? 20 : nil))
  }

  @Test func gapsAndOverlapsAreRefused() throws {
    func set(_ id: String, _ from: String, _ until: String?, _ organs: [String]? = nil) throws
      -> CaseDeadlines
    {
      CaseDeadlines(
        id: id, basis: "b", from: try #require(Day(from)), until: until.flatMap { Day($0) },
        authorities: organs)
    }
    func code(_ sets: [CaseDeadlines]) -> String? {
      do {
        _ = try DeadlineRules(sets)
        return nil
      } catch { return error.code }
    }
    let first = try set("A", "2020-01-01", "2020-12-31")
    #expect(code([first, try set("B", "2021-01-01", nil)]) == nil)
    #expect(code([first, try set("B", "2021-01-02", nil)]) == "rulesMissing")
    #expect(code([first, try set("B", "2020-12-31", nil)]) == "invalidRules")
    #expect(code([first]) == "rulesMissing" && code([]) == "rulesMissing")
    #expect(
      code([try set("A", "2020-01-01", nil), try set("A", "2020-01-01", nil, ["市场"])]) == "invalidRules")
    let overlapping = [
      try set("A", "2020-01-01", nil), try set("B", "2020-01-01", nil, ["市场监督"]),
      try set("C", "2021-01-01", nil, ["市场"]),
    ]
    #expect(code(overlapping) == "invalidRules")
    var wrong = try set("A", "2020-01-01", nil)
    wrong.decisionWorkingDays = 0
    #expect(code([wrong]) == "invalidRules")
  }
}
