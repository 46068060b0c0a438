// Owns which days are worked: weekends, holidays and the weekend days that are worked in their place, year by year.
// Invariants: what is not known is an error, never a guess: the holidays of a year are decided in the autumn before it, and follow no rule that could be
// written down. Does not know deadlines of any law; the caller says how many days.

/// The working days of some years (工作日历).
///
/// ```swift
/// let day = Day(year: 2026, month: 2, day: 13)!
/// try WorkingCalendar.national.workingDay(7, after: day)   // 2026-03-02: the Spring Festival lies between
/// ```
public struct WorkingCalendar: Codable, Sendable, Equatable {
  /// One year: what differs from Monday to Friday.
  public struct Year: Codable, Sendable, Equatable {
    /// The year.
    public var year: Int
    /// Days off, as `MM-DD` or `MM-DD..MM-DD`; weekends among them do no harm.
    public var off: [String]
    /// Days of weekends that are worked, in the same form.
    public var worked: [String]

    /// Makes a year.
    public init(year: Int, off: [String], worked: [String]) {
      self.year = year
      self.off = off
      self.worked = worked
    }
  }

  /// The years, each once.
  public let years: [Year]
  /// By year, whether each of its days is worked.
  private let isWorked: [Int: [Bool]]

  /// Makes a calendar.
  ///
  /// - Parameter years: each once, in any order.
  /// - Throws: `CalendarError` for a year that stands twice, a day that does not exist, or one that is both off and worked.
  public init(years: [Year]) throws(CalendarError) {
    var isWorked: [Int: [Bool]] = [:]
    for year in years {
      guard (1...9998).contains(year.year) else {
        throw CalendarError("year \(year.year) is none from 1 to 9998", year: year.year)
      }
      guard isWorked[year.year] == nil else {
        throw CalendarError("year \(year.year) stands twice", year: year.year)
      }
      isWorked[year.year] = try Self.days(of: year)
    }
    self.years = years.sorted { $0.year < $1.year }
    self.isWorked = isWorked
  }

  /// Reads the JSON form: an array of years.
  public init(from decoder: any Decoder) throws {
    let years = try decoder.singleValueContainer().decode([Year].self)
    do { try self.init(years: years) } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.message))
    }
  }

  /// Writes the JSON form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(years)
  }

  private static func days(of year: Year) throws(CalendarError) -> [Bool] {
    guard let first = Day(year: year.year, month: 1, day: 1),
      let next = Day(year: year.year + 1, month: 1, day: 1)
    else { throw CalendarError("there is no year \(year.year)", year: year.year) }
    var days = (first.daysSinceEpoch..<next.daysSinceEpoch).map { !isWeekend(Int($0)) }
    var isOff = [Bool](repeating: false, count: days.count)
    for text in year.off {
      for place in try places(text, year.year, first) {
        days[place] = false
        isOff[place] = true
      }
    }
    for text in year.worked {
      for place in try places(text, year.year, first) {
        guard !isOff[place] else {
          throw CalendarError("\(text) of \(year.year) is both off and worked", year: year.year)
        }
        days[place] = true
      }
    }
    return days
  }

  /// The days of the year, from 0, that `MM-DD` or `MM-DD..MM-DD` names.
  private static func places(_ text: String, _ year: Int, _ first: Day) throws(CalendarError) -> ClosedRange<
    Int
  > {
    let ends = text.split(separator: ".", omittingEmptySubsequences: true)
    var days: [Int] = []
    for end in ends {
      let parts = end.split(separator: "-").map { $0.utf8.count <= 2 ? Int($0) : nil }
      guard parts.count == 2, let month = parts[0], let number = parts[1],
        let day = Day(year: year, month: month, day: number)
      else { throw CalendarError("\(text) is no day of \(year); write MM-DD or MM-DD..MM-DD", year: year) }
      days.append(Int(day.daysSinceEpoch - first.daysSinceEpoch))
    }
    guard let start = days.first, let end = days.last, days.count <= 2, start <= end else {
      throw CalendarError("\(text) is no day of \(year); write MM-DD or MM-DD..MM-DD", year: year)
    }
    return start...end
  }

  private static func isWeekend(_ day: Int) -> Bool {
    // 1970-01-01 was a Thursday.
    let place = (day % 7 + 7) % 7
    return place == 2 || place == 3
  }

  // MARK: Counting

  /// Whether a day is worked.
  ///
  /// - Throws: `CalendarError` for a day of a year that the calendar does not have.
  public func isWorkingDay(_ day: Day) throws(CalendarError) -> Bool {
    let year = day.components.year
    guard let days = isWorked[year], let first = Day(year: year, month: 1, day: 1) else {
      throw CalendarError(
        "the calendar has no year \(year): its holidays must be entered before deadlines in it can be told",
        year: year)
    }
    return days[Int(day.daysSinceEpoch - first.daysSinceEpoch)]
  }

  /// The n-th working day behind a day, which itself does not count.
  ///
  /// - Parameters:
  ///   - count: 1 to 10,000.
  ///   - day: the day of the event.
  /// - Throws: `CalendarError` where a year on the way is not known.
  public func workingDay(_ count: Int, after day: Day) throws(CalendarError) -> Day {
    guard (1...10_000).contains(count) else {
      throw CalendarError("a deadline has 1 to 10000 working days", year: day.components.year)
    }
    var left = count
    var next = day
    while left > 0 {
      guard let following = Day(daysSinceEpoch: Int(next.daysSinceEpoch) + 1) else {
        throw CalendarError("the calendar ends", year: day.components.year)
      }
      next = following
      if try isWorkingDay(next) { left -= 1 }
    }
    return next
  }

  /// Working days behind a day up to another, which counts.
  ///
  /// - Returns: 0 where the second is not later.
  /// - Throws: `CalendarError` where a year on the way is not known.
  public func workingDays(after day: Day, through end: Day) throws(CalendarError) -> Int {
    guard day < end else { return 0 }
    var count = 0
    for number in day.daysSinceEpoch + 1...end.daysSinceEpoch {
      if try isWorkingDay(Day(unchecked: number)) { count += 1 }
    }
    return count
  }
}

/// What is wrong with a calendar, or not known by it.
public struct CalendarError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What it is, and what to do.
  public let message: String
  /// The year at fault.
  public let year: Int
  /// The message.
  public var description: String { message }

  init(_ message: String, year: Int) {
    self.message = message
    self.year = year
  }
}
