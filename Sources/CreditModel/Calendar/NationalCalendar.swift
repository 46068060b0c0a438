// Owns the holidays of the years for which the State Council's office has announced them.
// Invariants: as printed in the notices; a year that was not announced is not here. Where a notice names a working day of the week as worked again, it
// is left out: it is one anyway.

extension WorkingCalendar {
  /// Years 2018 to 2026 (国务院办公厅关于节假日安排的通知); later years are added as they are announced, `merging` them in.
  public static let national: WorkingCalendar = {
    let years = [
      year(
        2018,
        "01-01 02-15..02-21 04-05..04-07 04-29..05-01 06-18 09-24 10-01..10-07 12-30..12-31",
        "02-11 02-24 04-08 04-28 09-29..09-30 12-29"),
      year(
        2019, "01-01 02-04..02-10 04-05 05-01..05-04 06-07 09-13 10-01..10-07",
        "02-02..02-03 04-28 05-05 09-29 10-12"),
      year(
        2020, "01-01 01-24..02-02 04-04..04-06 05-01..05-05 06-25..06-27 10-01..10-08",
        "01-19 04-26 05-09 06-28 09-27 10-10"),
      year(
        2021,
        "01-01..01-03 02-11..02-17 04-03..04-05 05-01..05-05 06-12..06-14 09-19..09-21 10-01..10-07",
        "02-07 02-20 04-25 05-08 09-18 09-26 10-09"),
      year(
        2022,
        "01-01..01-03 01-31..02-06 04-03..04-05 04-30..05-04 06-03..06-05 09-10..09-12 10-01..10-07 12-31",
        "01-29..01-30 04-02 04-24 05-07 10-08..10-09"),
      year(
        2023, "01-01..01-02 01-21..01-27 04-05 04-29..05-03 06-22..06-24 09-29..10-06",
        "01-28..01-29 04-23 05-06 06-25 10-07..10-08"),
      year(
        2024, "01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"),
      year(
        2025, "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
        "01-26 02-08 04-27 09-28 10-11"),
      year(
        2026,
        "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10"),
    ]
    do { return try WorkingCalendar(years: years) } catch {
      preconditionFailure("the built-in calendar is wrong: \(error)")
    }
  }()

  private static func year(_ number: Int, _ off: String, _ worked: String) -> Year {
    Year(
      year: number, off: off.split(separator: " ").map(String.init),
      worked: worked.split(separator: " ").map(String.init))
  }

  /// The calendar with the years of another, which count where both have them.
  ///
  /// - Parameter other: years that were announced since, or a city's own.
  public func merging(_ other: WorkingCalendar) -> WorkingCalendar {
    let known = Set(other.years.map(\.year))
    let years = years.filter { !known.contains($0.year) } + other.years
    // Both were sound by themselves, and no year stands twice.
    do { return try WorkingCalendar(years: years) } catch { return other }
  }
}
