// Owns counting and adding up records one by one.
// Invariants: exact, and in the forms in which the store gives figures.

import CreditModel
import CreditStore

/// Figures of groups, as records are added.
struct FigureTally {
  /// What was gathered for one measure.
  private struct Sum {
    var count = 0
    var units: Int128 = 0
    /// Places of the numbers; `nil` for whole ones.
    var scale: Int?
    var least: Value?
    var greatest: Value?
    var values: Set<Value> = []
  }

  private let groups: [AggregateQuery.Group]
  private let measures: [AggregateQuery.Measure]
  private var sums: [[String?]: [Sum]] = [:]
  /// Different values that are kept.
  private var values = 0

  /// Groups, and different values, that are kept at most.
  private static let maximumKept = 500_000

  init(groups: [AggregateQuery.Group], measures: [AggregateQuery.Measure]) {
    self.groups = groups
    self.measures = measures
    // Without groups there is one, of no records too.
    if groups.isEmpty { sums[[]] = [Sum](repeating: Sum(), count: measures.count) }
  }

  mutating func add(_ record: CreditRecord, unit: String?) throws {
    let group = groups.map { Self.label($0, Self.value($0.column, record, unit)) }
    var row = sums[group] ?? [Sum](repeating: Sum(), count: measures.count)
    for (place, measure) in measures.enumerated() {
      guard measure.function != .count else {
        row[place].count += 1
        continue
      }
      guard let value = Self.value(measure.item, record, unit) else { continue }
      values -= row[place].values.count
      try Self.add(value, measure.function, &row[place])
      values += row[place].values.count
    }
    sums[group] = row
    guard sums.count * measures.count + values <= Self.maximumKept else {
      throw CreditError("limit", "the question has too many groups or different values; narrow it")
    }
  }

  private static func add(_ value: Value, _ function: AggregateQuery.Measure.Function, _ sum: inout Sum)
    throws
  {
    sum.count += 1
    switch function {
    case .count: break
    case .distinct: sum.values.insert(value)
    case .min: if sum.least.map({ precedes(value, $0) }) ?? true { sum.least = value }
    case .max: if sum.greatest.map({ precedes($0, value) }) ?? true { sum.greatest = value }
    case .sum, .avg:
      guard let number = value.stored else { return }
      let (next, isOver) = sum.units.addingReportingOverflow(Int128(number))
      guard !isOver else { throw CreditError("overflow", "a sum is too large") }
      sum.units = next
      if case .decimal(let decimal) = value { sum.scale = decimal.scale }
    }
  }

  private static func precedes(_ left: Value, _ right: Value) -> Bool {
    if case .text(let left) = left, case .text(let right) = right {
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
    return left.stored ?? .min < right.stored ?? .min
  }

  /// The value of an item, or of a column of the store.
  private static func value(_ column: String, _ record: CreditRecord, _ unit: String?) -> Value? {
    switch column {
    case "$entry": return .text(record.entry.code)
    case "$unit": return unit.map(Value.text)
    case "$batch": return .integer(Int64(bitPattern: record.batch))
    case "$state": return .text(record.state.name)
    case "$subjectKind": return .text(record.subject.subjectKind.rawValue)
    case "$division":
      return SubjectKey(record.subject, digest: { _ in 0 })?.division.map { .text(String($0)) }
    default: return record[column]
    }
  }

  private static func label(_ group: AggregateQuery.Group, _ value: Value?) -> String? {
    guard let value else { return nil }
    guard group.part != .value else { return value.canonicalText }
    let month: Month
    switch value {
    case .day(let day): month = day.month
    case .second(let second): month = second.day.month
    case .month(let own): month = own
    default: return value.canonicalText
    }
    let text = month.description
    switch group.part {
    case .value, .month: return text
    case .quarter: return text.prefix(4) + "-Q\((month.month + 2) / 3)"
    case .year: return String(text.prefix(4))
    }
  }

  /// The groups with their figures, in no order.
  func rows() throws -> [(group: [String?], measures: [String?])] {
    try sums.map { group, row in
      (group, try zip(measures, row).map { try Self.text($0.function, $1) })
    }
  }

  private static func text(_ function: AggregateQuery.Measure.Function, _ sum: Sum) throws -> String? {
    switch function {
    case .count: return String(sum.count)
    case .distinct: return String(sum.values.count)
    case .min: return sum.least?.canonicalText
    case .max: return sum.greatest?.canonicalText
    case .sum:
      guard sum.count > 0 else { return nil }
      return WideDecimal.text(sum.units, scale: sum.scale ?? 0, isShortest: true)
    case .avg:
      guard sum.count > 0 else { return nil }
      return try WideDecimal.average(sum.units, sum.count, scale: sum.scale ?? 0)
    }
  }
}
