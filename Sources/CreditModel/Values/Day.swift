// Owns the calendar day.
// Invariants: proleptic Gregorian, years 1 to 9999; a Day always exists in the calendar.
// Does not know time zones: a day is the day the source wrote, Asia/Shanghai by custom.

/// A calendar day (日期), counted from 1970-01-01.
///
/// ```swift
/// Day(year: 2021, month: 1, day: 31)?.description   // "2021-01-31"
/// Day("2021年1月31日")                               // the same day
/// ```
public struct Day: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01; negative before.
  public let daysSinceEpoch: Int32

  /// 1970-01-01.
  public static let epoch = Day(unchecked: 0)
  /// 0001-01-01, the earliest day.
  public static let minimum = Day(unchecked: -719_162)
  /// 9999-12-31, the latest day.
  public static let maximum = Day(unchecked: 2_932_896)

  package init(unchecked days: Int32) { daysSinceEpoch = days }

  /// Takes a count of days; `nil` outside the years 1 to 9999.
  public init?(daysSinceEpoch days: Int) {
    guard (Int(Self.minimum.daysSinceEpoch)...Int(Self.maximum.daysSinceEpoch)).contains(days) else {
      return nil
    }
    daysSinceEpoch = Int32(days)
  }

  /// Takes a date of the Gregorian calendar; `nil` for a date that does not exist.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= Self.daysIn(month: month, year: year)
    else { return nil }
    // Days from civil, in years that start in March so that the leap day is the last of its year.
    let shiftedYear = month <= 2 ? year - 1 : year
    let shiftedMonth = (month + 9) % 12
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    daysSinceEpoch = Int32(era * 146_097 + dayOfEra - 719_468)
  }

  /// Reads any of the forms exchange files use (see `DateForms`); `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let day = text.withUTF8({ DateForms.day($0.span) }) else { return nil }
    self = day
  }

  /// Year, month and day of the Gregorian calendar.
  public var components: (year: Int, month: Int, day: Int) {
    let shifted = Int(daysSinceEpoch) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// The month the day lies in.
  public var month: Month { Month(unchecked: Int32(components.year * 12 + components.month - 1)) }

  /// Whether the day stands for "no end" (长期): any day of the years 2099 and 9999, as live data uses them.
  public var isOpenEnded: Bool {
    let year = components.year
    return year == 2099 || year == 9999
  }

  /// Whether the day is a stand-in for "unknown" (缺失): 1899-12-31, 1900-01-01 or 9999-09-09.
  public var isMissingMarker: Bool {
    daysSinceEpoch == -25_568 || daysSinceEpoch == -25_567 || daysSinceEpoch == 2_932_783
  }

  /// `yyyy-MM-dd`, the form of the JSON contract.
  public var description: String {
    let (year, month, day) = components
    return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2)
  }

  /// Days sort by time.
  public static func < (left: Day, right: Day) -> Bool { left.daysSinceEpoch < right.daysSinceEpoch }

  /// Number of days of a month.
  public static func daysIn(month: Int, year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// A number with leading zeros.
func digits(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}

extension Day {
  /// The day of an instant in the time zone of Asia/Shanghai.
  ///
  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; those far beyond the days there are become 1970-01-01.
  package init(millisecondsSinceEpoch milliseconds: Int64) {
    let (days, rest) = milliseconds.addingReportingOverflow(8 * 3_600_000).partialValue
      .quotientAndRemainder(dividingBy: 86_400_000)
    self = Day(daysSinceEpoch: Int(rest < 0 ? days - 1 : days)) ?? .epoch
  }
}
