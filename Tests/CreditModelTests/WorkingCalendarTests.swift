// Goal: deadlines in working days fall where the notices on holidays put them, and a year nobody announced is an error.
// Method: published counts of working days of each year; deadlines around holidays worked out by hand from the notices; a naive count.

import CreditModel
import Foundation
import Testing

@Suite struct WorkingCalendarTests {
  private static func day(_ text: String) throws -> Day { try #require(Day(text)) }

  /// Working days a year, as public tables print them.
  @Test(arguments: [
    (2018, 250), (2019, 250), (2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248),
    (2026, 248),
  ])
  func aYearHasSoManyWorkingDays(year: Int, count: Int) throws {
    let last = try Self.day("\(year - 1)-12-31")
    let end = try Self.day("\(year)-12-31")
    #expect(try WorkingCalendar.national.workingDays(after: last, through: end) == count)
  }

  /// The third, seventh and tenth working day behind a decision, around holidays.
  @Test(arguments: [
    ("2024-02-08", "2024-02-19", "2024-02-23", "2024-02-28"),
    ("2024-04-30", "2024-05-08", "2024-05-13", "2024-05-16"),
    ("2025-01-24", "2025-02-05", "2025-02-10", "2025-02-13"),
    ("2025-09-26", "2025-09-30", "2025-10-13", "2025-10-16"),
    ("2026-02-13", "2026-02-25", "2026-03-02", "2026-03-05"),
    ("2026-04-30", "2026-05-08", "2026-05-13", "2026-05-18"),
    ("2026-09-18", "2026-09-22", "2026-09-29", "2026-10-09"),
  ])
  func deadlinesAroundHolidays(decision: String, third: String, seventh: String, tenth: String) throws {
    let calendar = WorkingCalendar.national
    let start = try Self.day(decision)
    for (count, expected) in [(3, third), (7, seventh), (10, tenth)] {
      let deadline = try calendar.workingDay(count, after: start)
      #expect(deadline.description == expected)
      #expect(try calendar.workingDays(after: start, through: deadline) == count)
    }
  }

  @Test func whatIsNotKnownIsAnError() throws {
    let calendar = WorkingCalendar.national
    let late = try Self.day("2026-12-25")
    // The fourth working day is 31 December; the fifth lies in a year nobody announced.
    #expect(try calendar.workingDay(4, after: late) == Self.day("2026-12-31"))
    do {
      _ = try calendar.workingDay(5, after: late)
      Issue.record("a deadline was guessed")
    } catch { #expect(error.year == 2027) }
    #expect(throws: CalendarError.self) { try calendar.isWorkingDay(try Self.day("2017-06-01")) }
    let next = try WorkingCalendar(years: [.init(year: 2027, off: ["01-01"], worked: [])])
    let merged = calendar.merging(next)
    #expect(try merged.workingDay(5, after: late) == Self.day("2027-01-04"))
    #expect(merged.years.count == 10)
  }

  @Test func wrongCalendarsAreRefused() throws {
    func message(_ year: WorkingCalendar.Year) -> String? {
      do {
        _ = try WorkingCalendar(years: [year])
        return nil
      } catch { return error.message }
    }
    for off in [
      "02-30", "1", "", "01-02..01-01", "13-01", "01-01..01-02..01-03", "x-y", "001-01", "2026-01-01",
    ] {
      #expect(message(.init(year: 2026, off: [off], worked: [])) != nil, "\(off)")
    }
    #expect(message(.init(year: 0, off: [], worked: [])) != nil)
    #expect(message(.init(year: Int.max, off: [], worked: [])) != nil)
    #expect(message(.init(year: 2026, off: ["01-01..01-03"], worked: ["01-02"])) != nil)
    let year = WorkingCalendar.Year(year: 2026, off: [], worked: [])
    #expect(throws: CalendarError.self) { try WorkingCalendar(years: [year, year]) }
    let text = try JSONEncoder().encode(WorkingCalendar.national)
    #expect(try JSONDecoder().decode(WorkingCalendar.self, from: text) == .national)
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode(
        WorkingCalendar.self, from: Data(#"[{"year":2026,"off":["02-30"],"worked":[]}]"#.utf8))
    }
  }
}
