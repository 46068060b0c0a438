// Owns measuring the records of units: how complete they are, and how soon after the event they came.
// Invariants: every current record that is not withdrawn counts once, for the unit of its present version's batch; it came with its first version, whoever
// corrected, repaired or moved it since; items an entry does not require are looked at only where it requires none.
// Does not judge rows (rules do, when they come) and gives no points (UnitScorecard).

public import CreditModel
import SegmentStore

/// The quality of the records of one unit in one entry (数据质量).
public struct RecordQuality: Codable, Sendable, Equatable {
  /// Code of the entry.
  public var entry: String
  /// Credit code of the unit; `nil` for records that name none.
  public var unit: String?
  /// Records.
  public var records: Int
  /// Values there should be: records times items looked at.
  public var expectedValues: Int
  /// Values there are.
  public var presentValues: Int
  /// Records with a date of their event.
  public var datedRecords: Int
  /// Of these, records that came at most the allowed days after it.
  public var timelyRecords: Int

  /// Values in a hundred that should be there, to two places (完整率); `nil` where none should.
  public var completeness: Double? { Self.rate(presentValues, of: expectedValues) }
  /// Records in a hundred dated ones that came in time, to two places (及时率); `nil` where none has a date.
  public var timeliness: Double? { Self.rate(timelyRecords, of: datedRecords) }

  /// A part of a whole, in a hundred, to two places; `nil` of nothing.
  static func rate(_ part: Int, of whole: Int) -> Double? {
    whole > 0 ? (Double(part) * 10_000 / Double(whole)).rounded() / 100 : nil
  }
}

extension CatalogueEntry {
  /// Items whose values should be there: those it requires, or all where it requires none.
  var expectedItems: [CatalogueItem] {
    let required = items.filter(\.required)
    return required.isEmpty ? items : required
  }
}

extension CreditSnapshot {
  /// Measures the records of units.
  ///
  /// ```swift
  /// for row in try snapshot.recordQuality(of: ["XZCF"], timely: .workingDays(7)) { print(row.unit ?? "", row.completeness ?? 0) }
  /// ```
  /// - Parameters:
  ///   - codes: the entries; none means all that have records.
  ///   - days: only records whose first version was committed on one of these days, in Asia/Shanghai.
  ///   - unit: only records of a unit.
  ///   - timely: how soon after the event a record is in time.
  /// - Returns: by entry, then unit, records without one first.
  /// - Throws: `CreditError`: `unknownEntry`, `calendarMissing` where a year is needed that the calendar does not have, `damaged`.
  public func recordQuality(
    of codes: [String] = [], days: ClosedRange<Day>? = nil, unit: String? = nil,
    timely: TimelyLimit = .calendarDays(7)
  ) throws -> [RecordQuality] {
    do {
      var found: [RecordQuality] = []
      for entry in try entries(codes) {
        found += try quality(of: entry, days, timely).filter { row in unit.map { $0 == row.unit } ?? true }
      }
      return found
    } catch { throw CreditError(wrapping: error) }
  }

  private func quality(of entry: PublishedEntry, _ days: ClosedRange<Day>?, _ timely: TimelyLimit) throws
    -> [RecordQuality]
  {
    var rows = try QueryRows([entry], filter: nil)
    let columns = try entry.entry.expectedItems.map { item in
      let column = try rows.items.column(item.id)
      return (column: Self.position(column), isText: item.type.isText)
    }
    var event: (column: Int, isSeconds: Bool)?
    if let id = entry.entry.eventDate {
      let column = try rows.items.column(id)
      let type = rows.items.type(column)
      if type == .date || type == .timestamp { event = (Self.position(column), type == .timestamp) }
    }
    let commits = CommitDays(database: database)
    let run = QueryRun(rows: rows, snapshot: engine, options: QueryExecution())
    let (workers, _) = try run.gather { [event] _ in
      QualityWorker(columns, event: event, days: days, deadlines: Deadlines(timely), commits)
    }
    var units: [String?: RecordQuality] = [:]
    for worker in workers {
      worker.forEach { unit, counters in
        var row =
          units[unit]
          ?? RecordQuality(
            entry: entry.entry.code, unit: unit, records: 0, expectedValues: 0, presentValues: 0,
            datedRecords: 0,
            timelyRecords: 0)
        row.records += counters.records
        row.expectedValues += counters.records * columns.count
        row.presentValues += counters.present
        row.datedRecords += counters.dated
        row.timelyRecords += counters.timely
        units[unit] = row
      }
    }
    return units.values.filter { $0.records > 0 }.sorted { left, right in
      guard let left = left.unit, let right = right.unit else { return left.unit == nil && right.unit != nil }
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }

  /// The position of an item's column; those of the store have none.
  private static func position(_ column: QueryColumn) -> Int {
    if case .item(let position) = column { position } else { 0 }
  }
}

/// The days of commits, in Asia/Shanghai.
private struct CommitDays: Sendable {
  let database: CreditDatabase

  func day(of commit: Int64) -> Int {
    let milliseconds = database.engine.instant(of: UInt64(bitPattern: commit)) ?? 0
    return Int(Day(millisecondsSinceEpoch: milliseconds).daysSinceEpoch)
  }
}

/// What one thread counts.
private final class QualityWorker: QueryWorker {
  struct Counters {
    var records = 0
    var present = 0
    var dated = 0
    var timely = 0
  }

  private let columns: [(column: Int, isText: Bool)]
  private let event: (column: Int, isSeconds: Bool)?
  private let days: ClosedRange<Int>?
  private let deadlines: Deadlines
  private let commits: CommitDays
  private let units = ColumnNumbering(.unit, type: .text)
  private let numbers = VectorNumbers()
  private let commitNumbers = UnsafeMutablePointer<Int64>.allocate(capacity: RowVector.capacity)
  private var counters: [Counters] = []
  private var dayOfCommit: [Int64: Int] = [:]
  let skipped = SkippedRows()

  init(
    _ columns: [(column: Int, isText: Bool)], event: (column: Int, isSeconds: Bool)?, days: ClosedRange<Day>?,
    deadlines: Deadlines, _ commits: CommitDays
  ) {
    self.columns = columns
    self.event = event
    self.days = days.map { Int($0.lowerBound.daysSinceEpoch)...Int($0.upperBound.daysSinceEpoch) }
    self.deadlines = deadlines
    self.commits = commits
  }

  deinit { commitNumbers.deallocate() }

  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool {
    try vector.dropWithdrawn()
    let commitOfRow = commitNumbers
    try context.firsts.forEach(of: &vector, context) { commitOfRow[$0] = $1 }
    if let days { vector.keep { days.contains(day(of: commitOfRow[$0])) } }
    guard vector.selectedCount > 0 else { return true }
    try units.numbers(of: &vector, context, to: numbers.base)
    if counters.count < units.count {
      counters += repeatElement(Counters(), count: units.count - counters.count)
    }
    let unitOfRow = numbers.base
    vector.selection.visit { counters[Int(unitOfRow[$0])].records += 1 }
    if let event {
      let integers = try vector.integers(event.column)
      try vector.selection.visit { place throws(CreditError) in
        guard integers.nulls[place] == 0 else { return }
        let happened =
          event.isSeconds ? Self.day(ofSecond: integers.values[place]) : Int(integers.values[place])
        counters[Int(unitOfRow[place])].dated += 1
        if try deadlines.isKept(event: happened, day: day(of: commitOfRow[place])) {
          counters[Int(unitOfRow[place])].timely += 1
        }
      }
    }
    for (column, isText) in columns { try countPresent(column, isText, &vector, unitOfRow) }
    return true
  }

  private func countPresent(
    _ column: Int, _ isText: Bool, _ vector: inout RowVector, _ unitOfRow: UnsafeMutablePointer<UInt32>
  ) throws {
    if !isText {
      let integers = try vector.integers(column)
      vector.selection.visit { counters[Int(unitOfRow[$0])].present += 1 - Int(integers.nulls[$0]) }
    } else if let codes = try vector.codes(column) {
      vector.selection.visit { counters[Int(unitOfRow[$0])].present += codes[$0] == absentCode ? 0 : 1 }
    } else {
      try vector.selection.visit { (place) throws(StoreError) in
        if try vector.hasText(column, place) { counters[Int(unitOfRow[place])].present += 1 }
      }
    }
  }

  private func day(of commit: Int64) -> Int {
    if let known = dayOfCommit[commit] { return known }
    let day = commits.day(of: commit)
    dayOfCommit[commit] = day
    return day
  }

  private static func day(ofSecond second: Int64) -> Int {
    let (quotient, remainder) = second.quotientAndRemainder(dividingBy: 86_400)
    return Int(remainder < 0 ? quotient - 1 : quotient)
  }

  /// Gives what was counted of each unit.
  func forEach(_ body: (String?, Counters) -> Void) {
    for (number, counters) in counters.enumerated() {
      let unit = number == 0 ? nil : units.withText(UInt32(number)) { String(decoding: $0, as: UTF8.self) }
      body(unit, counters)
    }
  }
}
