// Owns counting in months.
// Invariants: a day that the month does not have is its last; the calendar's ends are not left.

extension Day {
  /// The day so many calendar months later, or earlier (按月计算的期限): 31 January and one month is the last of February.
  ///
  /// - Parameter months: any number; the result stays within the calendar.
  public func adding(months: Int) -> Day {
    let (year, month, day) = components
    let sum = (year * 12 + month - 1).addingReportingOverflow(months)
    guard !sum.overflow, sum.partialValue >= 12 else { return months < 0 ? .minimum : .maximum }
    guard sum.partialValue < 10_000 * 12 else { return .maximum }
    let (nextYear, nextMonth) = sum.partialValue.quotientAndRemainder(dividingBy: 12)
    let last = Self.daysIn(month: nextMonth + 1, year: nextYear)
    return Day(year: nextYear, month: nextMonth + 1, day: min(day, last)) ?? .maximum
  }
}
