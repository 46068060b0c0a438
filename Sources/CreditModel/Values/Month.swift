// Owns the calendar month.
// Invariants: years 1 to 9999.
// Does not know days.

/// A calendar month (月份, 所属期), counted from year 0.
///
/// ```swift
/// Month("202101")?.description   // "2021-01"
/// ```
public struct Month: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Twelve times the year plus the month from 0.
  public let monthsSinceYearZero: Int32

  package init(unchecked months: Int32) { monthsSinceYearZero = months }

  /// Takes a year and a month; `nil` outside the years 1 to 9999.
  public init?(year: Int, month: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    monthsSinceYearZero = Int32(year * 12 + month - 1)
  }

  /// Reads `yyyy-MM`, `yyyyMM`, `yyyy/M`, `yyyy年M月`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let month = text.withUTF8({ DateForms.month($0.span) }) else { return nil }
    self = month
  }

  /// The year.
  public var year: Int { Int(monthsSinceYearZero) / 12 }
  /// The month of the year, from 1.
  public var month: Int { Int(monthsSinceYearZero) % 12 + 1 }
  /// `yyyy-MM`, the form of the JSON contract.
  public var description: String { digits(year, 4) + "-" + digits(month, 2) }
  /// Months sort by time.
  public static func < (left: Month, right: Month) -> Bool {
    left.monthsSinceYearZero < right.monthsSinceYearZero
  }
}
