// Owns running an aggregate query as a plain scan.
// Invariants: each visible, not withdrawn record counts once; sums are exact in 128 bits and overflow is an error;
// memory is bounded by a limit on groups.

import CreditModel
import SegmentStore

struct AggregateScan {
  static let maximumGroups = 5_000_000

  private let query: AggregateQuery
  private let entries: [PublishedEntry]
  private var items: QueryItems
  private let filter: BoundFilter?
  private let groups: [(column: QueryColumn, part: AggregateQuery.Group.Part)]
  private let measures: [(function: AggregateQuery.Measure.Function, column: QueryColumn?)]
  private var table: [[QueryValue]: [Accumulator]] = [:]
  private var scanned = 0
  private var matched = 0

  init(_ query: AggregateQuery, entries: [PublishedEntry]) throws(CreditError) {
    self.query = query
    self.entries = entries
    var items = QueryItems(entries)
    if let filter = query.filter { self.filter = try BoundFilter(filter, &items) } else { filter = nil }
    var groups: [(QueryColumn, AggregateQuery.Group.Part)] = []
    for group in query.groups {
      let column = try items.column(group.column)
      if group.part != .value {
        let type = items.type(column)
        guard type == .date || type == .timestamp || (type == .month && group.part != .month) else {
          throw CreditError(
            "typeMismatch", "\(group.label) needs a date or timestamp, \(group.column) is a \(type.rawValue)",
            item: group.column)
        }
      }
      groups.append((column, group.part))
    }
    var measures: [(AggregateQuery.Measure.Function, QueryColumn?)] = []
    for measure in query.measures {
      guard measure.function != .count else {
        measures.append((.count, nil))
        continue
      }
      let column = try items.column(measure.item)
      let type = items.type(column)
      if measure.function == .sum || measure.function == .avg, type != .integer, type != .decimal {
        throw CreditError(
          "typeMismatch", "\(measure.label) needs a number, not a \(type.rawValue)", item: measure.item)
      }
      measures.append((measure.function, column))
    }
    self.items = items
    self.groups = groups
    self.measures = measures
  }

  mutating func run(_ snapshot: EngineSnapshot) throws -> AggregateResult {
    for entry in entries {
      var row = QueryRow(entryCode: entry.entry.code, snapshot: snapshot, items: items.items)
      try DatasetScan(snapshot, schema: items.schema(of: entry)).forEach { scan in try add(&row, &scan) }
    }
    if query.groups.isEmpty, table.isEmpty { table[[]] = newAccumulators() }
    let sorted = table.sorted { left, right in left.key.lexicographicallyPrecedes(right.key) }
    let rows = try sorted.map { key, accumulators in
      AggregateResult.Row(
        group: zip(key, groups).map { cell($0, $1.column, $1.part) },
        measures: try zip(accumulators, measures).map { try result($0, $1.function, $1.column) })
    }
    return AggregateResult(rows: rows, recordsScanned: scanned, recordsMatched: matched)
  }

  private func newAccumulators() -> [Accumulator] { measures.map { Accumulator($0.function) } }

  private mutating func add(_ row: inout QueryRow, _ scan: inout ScanRow) throws {
    guard try scan.system(.state) != Int64(RecordState.withdrawn.rawValue) else { return }
    scanned += 1
    if let filter, try filter.evaluate(&row, &scan) != true { return }
    matched += 1
    var key: [QueryValue] = []
    key.reserveCapacity(groups.count)
    for group in groups {
      key.append(Self.part(try row.value(group.column, &scan), group.part, items.type(group.column)))
    }
    var values: [QueryValue] = []
    for measure in measures { values.append(try measure.column.map { try row.value($0, &scan) } ?? .null) }
    if table[key] == nil {
      guard table.count < Self.maximumGroups else {
        throw CreditError(
          "limit", "more than \(Self.maximumGroups) groups; narrow the filter or group by less")
      }
      table[key] = newAccumulators()
    }
    for index in measures.indices { try table[key]?[index].add(values[index]) }
  }

  /// The month (since year 0), quarter (year × 4 + quarter) or year of a value.
  private static func part(_ value: QueryValue, _ part: AggregateQuery.Group.Part, _ type: ItemType)
    -> QueryValue
  {
    guard part != .value, case .number(let number) = value else { return value }
    let month: Int
    switch type {
    case .date: month = Int(Day(daysSinceEpoch: Int(number))?.month.monthsSinceYearZero ?? 0)
    case .timestamp: month = Int(Second(stored: number).day.month.monthsSinceYearZero)
    default: month = Int(number)
    }
    switch part {
    case .month: return .number(Int64(month))
    case .quarter: return .number(Int64(month / 3))
    default: return .number(Int64(month / 12))
    }
  }

  private func cell(_ value: QueryValue, _ column: QueryColumn, _ part: AggregateQuery.Group.Part)
    -> AggregateResult.Cell
  {
    switch (value, part) {
    case (.null, _): return .null
    case (.text(let bytes), _): return .text(String(decoding: bytes, as: UTF8.self))
    case (.number(let number), .month): return .text(Self.month(Int(number)))
    case (.number(let number), .quarter):
      return .text(Self.padded(Int(number) / 4, 4) + "-Q\(number % 4 + 1)")
    case (.number(let number), .year): return .text(Self.padded(Int(number), 4))
    case (.number(let number), .value): return numberCell(number, column)
    }
  }

  private func numberCell(_ number: Int64, _ column: QueryColumn) -> AggregateResult.Cell {
    guard case .item(let position) = column else { return .integer(Int128(number)) }
    switch items.items[position].value(stored: number) {
    case .integer(let value): return .integer(Int128(value))
    case .boolean(let flag): return .boolean(flag)
    case let value: return .text(value.canonicalText)
    }
  }

  private static func month(_ number: Int) -> String {
    padded(number / 12, 4) + "-" + padded(number % 12 + 1, 2)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }

  private func result(
    _ accumulator: Accumulator, _ function: AggregateQuery.Measure.Function, _ column: QueryColumn?
  ) throws -> AggregateResult.Cell {
    var scale = 0
    if case .item(let position)? = column, items.items[position].type == .decimal {
      scale = items.items[position].scale
    }
    switch function {
    case .count, .distinct: return .integer(Int128(accumulator.count))
    case .sum:
      guard accumulator.count > 0 else { return .null }
      if let column, items.type(column) == .integer { return .integer(accumulator.sum) }
      return .text(WideDecimal.text(accumulator.sum, scale: scale, isShortest: true))
    case .avg:
      guard accumulator.count > 0 else { return .null }
      return .text(try WideDecimal.average(accumulator.sum, accumulator.count, scale: scale))
    case .min, .max:
      guard let column else { return .null }
      return cell(accumulator.extreme, column, .value)
    }
  }
}

/// What is gathered for one measure of one group.
struct Accumulator {
  private let function: AggregateQuery.Measure.Function
  /// Records (count), or values that are not absent.
  private(set) var count = 0
  private(set) var sum: Int128 = 0
  private(set) var extreme = QueryValue.null
  private var seen: Set<QueryValue> = []

  init(_ function: AggregateQuery.Measure.Function) { self.function = function }

  mutating func add(_ value: QueryValue) throws {
    if function == .count {
      count += 1
      return
    }
    guard value != .null else { return }
    switch function {
    case .sum, .avg:
      guard case .number(let number) = value else { return }
      let (next, overflow) = sum.addingReportingOverflow(Int128(number))
      guard !overflow else { throw CreditError("overflow", "a sum is too large") }
      sum = next
      count += 1
    case .min:
      if extreme == .null || value < extreme { extreme = value }
    case .max:
      if extreme < value { extreme = value }
    case .distinct:
      if seen.insert(value).inserted { count += 1 }
    case .count: break
    }
  }
}
