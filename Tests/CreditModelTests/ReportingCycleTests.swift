// Goal: periods follow one another without gaps, are those of the calendar, and are found again by their labels; deadlines fall on the day they should.
// Method: every day of several years beside Foundation's calendars (ISO 8601 for weeks).

import CreditModel
import Foundation
import Testing

@Suite struct ReportingCycleTests {
  private static func date(_ day: Day) -> Date {
    Date(timeIntervalSince1970: Double(day.daysSinceEpoch) * 86_400)
  }

  private static var calendar: Calendar {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
    return calendar
  }

  @Test(arguments: ReportingCycle.allCases)
  func periodsAreThoseOfTheCalendar(cycle: ReportingCycle) throws {
    let calendar = Self.calendar
    let first = try #require(Day(year: 2018, month: 12, day: 1))
    for offset in 0..<3000 {
      let day = try #require(Day(daysSinceEpoch: Int(first.daysSinceEpoch) + offset))
      let period = try #require(cycle.period(of: day))
      #expect(period.first <= day && day <= period.last)
      #expect(cycle.period(labelled: period.label) == period, "\(period.label)")
      let next = try #require(cycle.period(after: period))
      #expect(next.first.daysSinceEpoch == period.last.daysSinceEpoch + 1)
      let parts = calendar.dateComponents(
        [.year, .month, .weekOfYear, .yearForWeekOfYear], from: Self.date(day))
      let (year, month) = (parts.year ?? 0, parts.month ?? 0)
      let label: String
      switch cycle {
      case .daily: label = day.description
      case .weekly: label = String(format: "%04d-W%02d", parts.yearForWeekOfYear ?? 0, parts.weekOfYear ?? 0)
      case .monthly: label = String(format: "%04d-%02d", year, month)
      case .quarterly: label = String(format: "%04d-Q%d", year, (month + 2) / 3)
      case .yearly: label = String(format: "%04d", year)
      }
      #expect(period.label == label)
    }
  }

  @Test func labelsOfNoPeriodAreRefused() {
    let bad: [(ReportingCycle, String)] = [
      (.daily, "2026-02-30"), (.daily, "2026/02/03"), (.weekly, "2026-W54"), (.weekly, "2025-W53"),
      (.weekly, "2026-48"),
      (.monthly, "2026-13"), (.monthly, "2026-1"), (.quarterly, "2026-Q5"), (.quarterly, "2026-4"),
      (.yearly, "26"),
      (.yearly, "2026-"), (.monthly, ""), (.yearly, "99999"), (.yearly, "0"),
    ]
    for (cycle, label) in bad { #expect(cycle.period(labelled: label) == nil, "\(cycle) \(label)") }
    #expect(ReportingCycle.weekly.period(labelled: "2026-W53")?.last == Day("2027-01-03"))
  }

  /// The first and the last period of a task are those in which its days lie; periods due earlier are left out.
  @Test func tasksHaveThePeriodsTheyShould() throws {
    func day(_ text: String) throws -> Day { try #require(Day(text)) }
    var task = CollectionTask(
      unit: "11130300000000019B", entry: "XZCF", cycle: .monthly, dueDays: 10, from: try day("2026-08-15"))
    func labels(_ earliest: String, _ begun: String) throws -> [String] {
      task.periods(dueFrom: try day(earliest), begunBy: try day(begun), limit: 100).map(\.label)
    }
    #expect(try labels("2020-01-01", "2026-11-29") == ["2026-08", "2026-09", "2026-10", "2026-11"])
    // October is due on the tenth of November.
    #expect(try labels("2026-11-10", "2026-11-29") == ["2026-10", "2026-11"])
    #expect(try labels("2026-11-11", "2026-11-30") == ["2026-11"])
    #expect(try labels("2026-11-11", "2026-12-01") == ["2026-11", "2026-12"])
    task.until = try day("2026-10-31")
    #expect(try labels("2020-01-01", "2026-12-31") == ["2026-08", "2026-09", "2026-10"])
    #expect(task.problem == nil)
    task.until = try day("2026-08-14")
    #expect(task.problem != nil)
    let whole = CollectionTask(unit: "", entry: "", cycle: .daily, dueDays: 366, from: .minimum)
    #expect(whole.periods(dueFrom: .maximum, begunBy: .maximum, limit: 1000).count == 367)
    #expect(CollectionTask(unit: "", entry: "", cycle: .daily, dueDays: 367, from: .minimum).problem != nil)
  }
}
