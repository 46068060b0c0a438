// Owns the point in time with a precision of one second.
// Invariants: years 1 to 9999.
// Does not know time zones: the clock time the source wrote, Asia/Shanghai by custom.

/// A clock time to the second (时间戳), counted from 1970-01-01T00:00:00 of the local calendar.
///
/// ```swift
/// Second("2021/1/31 8:00:00")?.description   // "2021-01-31T08:00:00"
/// ```
public struct Second: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Seconds since 1970-01-01T00:00:00 of the same clock; negative before.
  public let secondsSinceEpoch: Int64

  package init(unchecked seconds: Int64) { secondsSinceEpoch = seconds }

  /// Takes a stored number, kept inside the years 1 to 9999.
  package init(stored seconds: Int64) {
    secondsSinceEpoch = min(max(seconds, -62_135_596_800), 253_402_300_799)
  }

  /// Takes a day and the second within it; `nil` when the second is outside 0 to 86,399.
  public init?(day: Day, secondOfDay: Int) {
    guard (0..<86_400).contains(secondOfDay) else { return nil }
    secondsSinceEpoch = Int64(day.daysSinceEpoch) * 86_400 + Int64(secondOfDay)
  }

  /// Reads any of the forms exchange files use (see `DateForms`); `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let second = text.withUTF8({ DateForms.second($0.span) }) else { return nil }
    self = second
  }

  /// The day the time lies in.
  public var day: Day {
    let days = secondsSinceEpoch >= 0 ? secondsSinceEpoch / 86_400 : (secondsSinceEpoch - 86_399) / 86_400
    return Day(unchecked: Int32(clamping: days))
  }

  /// The second within the day, 0 to 86,399.
  public var secondOfDay: Int { Int(secondsSinceEpoch - Int64(day.daysSinceEpoch) * 86_400) }

  /// `yyyy-MM-ddTHH:mm:ss`, the form of the JSON contract.
  public var description: String {
    let second = secondOfDay
    return day.description + "T" + digits(second / 3600, 2) + ":" + digits(second / 60 % 60, 2) + ":"
      + digits(second % 60, 2)
  }

  /// Times sort by time.
  public static func < (left: Second, right: Second) -> Bool {
    left.secondsSinceEpoch < right.secondsSinceEpoch
  }
}
