// Owns running an aggregate query and putting its result together.
// Invariants: answers depend on no thread count and no setting; groups ascend.
// Does not read or add rows itself.

import CreditModel
import SegmentStore

/// Runs an aggregate query.
struct AggregateRun {
  private let plan: AggregatePlan
  private let snapshot: EngineSnapshot
  private let options: QueryExecution
  private let byteLimit: Int
  private let isCancelled: @Sendable () -> Bool

  /// - Parameters:
  ///   - byteLimit: bytes that groups and different values may take.
  ///   - isCancelled: asked between parts.
  init(
    _ plan: AggregatePlan, _ snapshot: EngineSnapshot, byteLimit: Int,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.isCancelled = isCancelled
    self.plan = plan
    self.snapshot = snapshot
    options = plan.query.execution
    self.byteLimit = byteLimit
  }

  func result() throws -> AggregateResult {
    let run = QueryRun(rows: plan.rows, snapshot: snapshot, options: options, isCancelled: isCancelled)
    let (workers, explanation) = try run.gather { [plan, options, byteLimit] threads in
      AggregateWorker(plan, options: options, byteLimit: byteLimit / threads)
    }
    for (index, other) in workers.enumerated().dropFirst() {
      workers[0].merge(other, isLast: index == workers.count - 1)
    }
    // Each thread has found few enough; together they may have more.
    try workers[0].checkGroups()
    var result = AggregateResult(
      rows: try rows(workers[0]), recordsScanned: workers[0].scanned, recordsMatched: workers[0].matched)
    result.items = Dictionary(plan.items.items.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    result.explanation = explanation
    return result
  }

  // MARK: Results

  private func rows(_ worker: AggregateWorker) throws -> [AggregateResult.Row] {
    let groups = plan.groups.isEmpty ? [0] : sortedGroups(worker)
    let (columns, measures) = (plan.groups.count, plan.measures.count)
    // A value stands in many groups: its text is made once.
    let cells = zip(worker.columns, plan.groups).map { numbering, group in
      (0..<UInt32(numbering.count)).map { cell(numbering.value($0), group.column, group.part) }
    }
    var storage: [AggregateResult.Cell] = []
    storage.reserveCapacity(groups.count * (columns + measures))
    var values = [UInt32](repeating: 0, count: columns)
    for group in groups {
      worker.values(group, to: &values)
      for column in 0..<columns { storage.append(cells[column][Int(values[column])]) }
      for index in 0..<measures { storage.append(try measure(worker, index, group)) }
    }
    return groups.indices.map { index in
      let start = index * (columns + measures)
      return AggregateResult.Row(
        group: AggregateResult.Cells(storage, start..<start + columns),
        measures: AggregateResult.Cells(storage, start + columns..<start + columns + measures))
    }
  }

  /// Groups with rows, ascending by their values.
  private func sortedGroups(_ worker: AggregateWorker) -> [Int] {
    let ranks = worker.columns.map { $0.ranks() }
    var values = [UInt32](repeating: 0, count: ranks.count)
    let widths = worker.columns.map { UInt64.bitWidth - UInt64($0.count).leadingZeroBitCount }
    guard widths.reduce(0, +) <= UInt64.bitWidth else {
      let groups = worker.groupsWithRows
      let keys = groups.map { group in
        worker.values(group, to: &values)
        return values.indices.map { ranks[$0][Int(values[$0])] }
      }
      return groups.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }.map { groups[$0] }
    }
    // The ranks of all columns fit one number.
    var keys: [(rank: UInt64, group: Int)] = []
    for group in worker.groupsWithRows {
      worker.values(group, to: &values)
      var rank: UInt64 = 0
      for column in values.indices {
        rank = rank << UInt64(widths[column]) | UInt64(ranks[column][Int(values[column])])
      }
      keys.append((rank, group))
    }
    keys.sort { $0.rank < $1.rank }
    return keys.map(\.group)
  }

  private func measure(_ worker: AggregateWorker, _ index: Int, _ group: Int) throws -> AggregateResult.Cell {
    let (measure, column) = (worker.measures[plan.places[index]], plan.measures[index].column)
    var scale = 0
    if case .item(let position)? = column, plan.items.items[position].type == .decimal {
      scale = plan.items.items[position].scale
    }
    switch plan.measures[index].function {
    case .count: return .integer(Int128(worker.rows[group]))
    case .distinct: return .integer(Int128(measure.count(group)))
    case .sum:
      guard measure.count(group) > 0 else { return .null }
      if let column, plan.items.type(column) == .integer { return .integer(measure.sum(group)) }
      return .text(WideDecimal.text(measure.sum(group), scale: scale, isShortest: true))
    case .avg:
      guard measure.count(group) > 0 else { return .null }
      return .text(try WideDecimal.average(measure.sum(group), measure.count(group), scale: scale))
    case .min, .max:
      guard let column else { return .null }
      return cell(measure.extreme(group), column, .value)
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
    switch plan.items.items[position].value(stored: number) {
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
}

extension CreditSnapshot {
  /// Runs an aggregate query over current records that are not withdrawn.
  ///
  /// - Throws: `CreditError`: `unknownEntry`, `unknownItem`, `typeMismatch`, `invalidFilter`, `overflow`, `limit`.
  public func aggregate(_ query: AggregateQuery) throws -> AggregateResult {
    do {
      return try AggregateRun(plan(query), engine, byteLimit: database.engine.memoryBudgetBytes).result()
    } catch { throw CreditError(wrapping: error) }
  }

  /// The same on threads of the store's own: for long questions from tasks. Cancelling the task ends it.
  ///
  /// - Throws: as the other form; `cancelled` when the task was cancelled.
  @concurrent
  public func aggregateInBackground(_ query: AggregateQuery) async throws -> AggregateResult {
    try await Cancellation.background { isCancelled in
      do {
        return try AggregateRun(
          plan(query), engine, byteLimit: database.engine.memoryBudgetBytes, isCancelled: isCancelled
        ).result()
      } catch { throw CreditError(wrapping: error) }
    }
  }

  private func plan(_ query: AggregateQuery) throws -> AggregatePlan {
    try binding(query.entries) { try AggregatePlan(query, entries: $0) }
  }
}
