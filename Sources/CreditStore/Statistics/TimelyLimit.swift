// Owns within how many days of its event a record is in time.
// Invariants: in working days a deadline follows from the calendar alone; where a year is needed that it does not have, that is an error.

public import CreditModel

/// How soon after its event a record has to come (报送时限).
public enum TimelyLimit: Sendable, Equatable {
  /// So many calendar days.
  case calendarDays(Int)
  /// So many working days (工作日): permits and penalties have seven.
  case workingDays(Int, WorkingCalendar = .national)
}

/// Tells for many records whether they were in time.
final class Deadlines {
  private let limit: TimelyLimit
  /// By day of the event, the last day in time; both since 1970.
  private var known: [Int: Int] = [:]

  init(_ limit: TimelyLimit) {
    // A hundred years are enough for whoever means never.
    func clamped(_ days: Int) -> Int { max(0, min(days, 36_500)) }
    switch limit {
    case .calendarDays(let days): self.limit = .calendarDays(clamped(days))
    case .workingDays(let days, let calendar): self.limit = .workingDays(clamped(days), calendar)
    }
  }

  /// Whether a record that came on a day came in time.
  ///
  /// - Parameters:
  ///   - event: the day of the event, since 1970.
  ///   - day: the day it came.
  func isKept(event: Int, day: Int) throws(CreditError) -> Bool {
    let gap = day - event
    switch limit {
    case .calendarDays(let days): return gap <= days
    case .workingDays(let days, let calendar):
      // No working day lies before the calendar day of its number, and half of all days and a season of holidays are more than anybody has off.
      if gap <= days { return true }
      if gap > 2 * days + 120 { return false }
      if let last = known[event] { return day <= last }
      if let last = try? lastDay(event: event, days, calendar) {
        known[event] = last
        return day <= last
      }
      // What lies behind the day it came need not be known.
      return try workingDays(after: event, before: day, calendar) < days
    }
  }

  /// The first day of an event that a record of a day is in time for: earlier ones are late.
  func firstEvent(forRecordsOf day: Int) throws(CreditError) -> Int {
    switch limit {
    case .calendarDays(let days): return day - days
    case .workingDays(let days, _):
      var first = day - days
      while try isKept(event: first - 1, day: day) { first -= 1 }
      return first
    }
  }

  private func workingDays(
    after event: Int, before day: Int, _ calendar: WorkingCalendar
  ) throws(CreditError) -> Int {
    do {
      return try calendar.workingDays(
        after: Day(daysSinceEpoch: event) ?? .minimum, through: Day(daysSinceEpoch: day - 1) ?? .minimum)
    } catch { throw CreditError(wrapping: error) }
  }

  private func lastDay(event: Int, _ days: Int, _ calendar: WorkingCalendar) throws(CreditError) -> Int {
    do {
      return Int(
        try calendar.workingDay(days, after: Day(daysSinceEpoch: event) ?? .minimum).daysSinceEpoch)
    } catch { throw CreditError(wrapping: error) }
  }
}
