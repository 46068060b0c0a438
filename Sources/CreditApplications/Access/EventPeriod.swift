// Owns whether a record counts in a period: reports and reviews ask the same.
// Invariants: a record without a day counts in every period; of a membership some day of it must lie in the period, wherever it begins.
// Does not decide who sees a record.

import CreditModel

/// A period of events (信息期限).
struct EventPeriod {
  /// Categories whose records are memberships, where no mapping says so.
  static let lists: Set<String> = ["seriousBreach", "abnormalOperation", "honour"]

  /// The first day; `nil` = without beginning.
  let first: Day?
  /// The last day; `nil` = without end.
  let last: Day?
  let mappings: [String: PublicationMapping]

  /// Whether the event of a record lies in the period; of memberships, whether some day of it does.
  func takes(_ record: ShownRecord) -> Bool {
    guard let day = record.day else { return true }
    guard day <= last ?? .maximum else { return false }
    let first = first ?? .minimum
    if day >= first { return true }
    guard mappings[record.entry].map({ $0.kind == .list }) ?? Self.lists.contains(record.category) else {
      return false
    }
    return record.isInForce || record.publication?.lastDay.map { $0 >= first } ?? false
  }
}
