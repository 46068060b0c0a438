// Owns how often a unit reports, and the periods that makes.
// Invariants: the periods of a cycle follow one another without gaps; a day lies in exactly one of them; weeks are those of ISO 8601.
// Does not know working days: deadlines here are calendar days.

/// How often something is to be reported (报送周期).
public enum ReportingCycle: String, Codable, Sendable, CaseIterable {
  /// Every day.
  case daily
  /// Every week, Monday to Sunday.
  case weekly
  /// Every month.
  case monthly
  /// Every quarter.
  case quarterly
  /// Every year.
  case yearly

  /// Days of its longest period.
  var maximumDays: Int {
    switch self {
    case .daily: 1
    case .weekly: 7
    case .monthly: 31
    case .quarterly: 92
    case .yearly: 366
    }
  }

  /// The period a day lies in.
  ///
  /// ```swift
  /// ReportingCycle.quarterly.period(of: Day("2026-11-29")!)?.label   // "2026-Q4"
  /// ```
  /// - Returns: `nil` where the period would leave the years 1 to 9999.
  public func period(of day: Day) -> ReportingPeriod? {
    let (year, month, _) = day.components
    switch self {
    case .daily: return ReportingPeriod(label: day.description, first: day, last: day)
    case .weekly: return Self.week(of: day)
    case .monthly:
      return Self.months(from: month, count: 1, year, label: digits(year, 4) + "-" + digits(month, 2))
    case .quarterly:
      let quarter = (month - 1) / 3
      return Self.months(from: quarter * 3 + 1, count: 3, year, label: digits(year, 4) + "-Q\(quarter + 1)")
    case .yearly: return Self.months(from: 1, count: 12, year, label: digits(year, 4))
    }
  }

  /// The period after another one; `nil` behind the last there is.
  public func period(after period: ReportingPeriod) -> ReportingPeriod? {
    Day(daysSinceEpoch: Int(period.last.daysSinceEpoch) + 1).flatMap { self.period(of: $0) }
  }

  /// The period with a label; `nil` unless it is written as this cycle writes it.
  public func period(labelled label: String) -> ReportingPeriod? {
    let parts = label.split(separator: "-", omittingEmptySubsequences: false)
    guard let year = parts.first.flatMap({ Int($0) }) else { return nil }
    let first: Day?
    switch self {
    case .daily: first = Day(label)
    // The fourth of January lies in the first week.
    case .weekly:
      guard parts.count == 2, parts[1].first == "W", let week = Int(parts[1].dropFirst()) else { return nil }
      first = Day(year: year, month: 1, day: 4).flatMap {
        (1...53).contains(week) ? Day(daysSinceEpoch: Int($0.daysSinceEpoch) + 7 * (week - 1)) : nil
      }
    case .monthly:
      first = parts.count == 2 ? Int(parts[1]).flatMap { Day(year: year, month: $0, day: 1) } : nil
    case .quarterly:
      guard parts.count == 2, parts[1].first == "Q", let quarter = Int(parts[1].dropFirst()),
        (1...4).contains(quarter)
      else { return nil }
      first = Day(year: year, month: quarter * 3 - 2, day: 1)
    case .yearly: first = parts.count == 1 ? Day(year: year, month: 1, day: 1) : nil
    }
    guard let found = first.flatMap({ period(of: $0) }), found.label.utf8.elementsEqual(label.utf8) else {
      return nil
    }
    return found
  }

  private static func months(from month: Int, count: Int, _ year: Int, label: String) -> ReportingPeriod? {
    let last = month + count - 1
    guard let first = Day(year: year, month: month, day: 1),
      let end = Day(year: year, month: last, day: Day.daysIn(month: last, year: year))
    else { return nil }
    return ReportingPeriod(label: label, first: first, last: end)
  }

  private static func week(of day: Day) -> ReportingPeriod? {
    // 1970-01-01 was a Thursday.
    let days = Int(day.daysSinceEpoch)
    let weekday = ((days + 3) % 7 + 7) % 7
    guard let monday = Day(daysSinceEpoch: days - weekday),
      let sunday = Day(daysSinceEpoch: days - weekday + 6),
      // The year of a week is that of its Thursday.
      let thursday = Day(daysSinceEpoch: days - weekday + 3),
      let newYear = Day(year: thursday.components.year, month: 1, day: 1)
    else { return nil }
    let week = Int(thursday.daysSinceEpoch - newYear.daysSinceEpoch) / 7 + 1
    return ReportingPeriod(
      label: digits(thursday.components.year, 4) + "-W" + digits(week, 2), first: monday, last: sunday)
  }
}

/// A span of days for which a unit reports (所属期).
public struct ReportingPeriod: Sendable, Equatable {
  /// `2026-11-29`, `2026-W48`, `2026-11`, `2026-Q4` or `2026`.
  public let label: String
  /// Its first day.
  public let first: Day
  /// Its last day.
  public let last: Day
}
