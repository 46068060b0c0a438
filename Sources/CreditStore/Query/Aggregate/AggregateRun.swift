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
    let templates = (0..<plan.groups.count + plan.gathered.count).map { _ in TemplateNumbers() }
    let (workers, explanation) = try run.gather { [plan, options, byteLimit] threads in
      AggregateWorker(plan, options: options, byteLimit: byteLimit / threads, templates: templates)
    }
    for other in workers.dropFirst() { workers[0].mergeCodeCounts(other) }
    try workers[0].addCodeCounts(isCancelled: isCancelled)
    for (index, other) in workers.enumerated().dropFirst() {
      workers[0].merge(other, isLast: index == workers.count - 1)
    }
    workers[0].finish(threads: explanation.threads)
    // Each thread has found few enough; together they may have more.
    try workers[0].checkGroups()
    var result = AggregateResult(
      rows: AggregateResult.Rows(try table(workers[0])), recordsScanned: workers[0].scanned,
      recordsMatched: workers[0].matched)
    result.items = Dictionary(plan.items.items.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    result.explanation = explanation
    return result
  }

  // MARK: Results

  private func table(_ worker: AggregateWorker) throws -> ResultTable {
    let groups = sortedGroups(worker)
    var columns: [ResultTable.Column] = []
    for (index, numbers) in groupNumbers(groups, worker).enumerated() {
      let format = CellFormat(item: item(plan.groups[index].column), part: plan.groups[index].part)
      columns.append(
        .values(ResultValues(numbering: worker.columns[index], format: format), numbers: numbers))
    }
    for index in plan.measures.indices { columns.append(try measure(worker, index, groups)) }
    return ResultTable(columns, groupColumns: plan.groups.count, rowCount: groups.count)
  }

  /// For each column the numbers of the groups' values.
  private func groupNumbers(_ groups: [UInt32], _ worker: AggregateWorker) -> [[UInt32]] {
    guard plan.groups.count > 1 else { return plan.groups.map { _ in groups } }
    var numbers = plan.groups.map { _ in [UInt32](repeating: 0, count: groups.count) }
    var values = [UInt32](repeating: 0, count: plan.groups.count)
    for (row, group) in groups.enumerated() {
      worker.values(Int(group), to: &values)
      for column in values.indices { numbers[column][row] = values[column] }
    }
    return numbers
  }

  /// Groups with rows, ascending by their values, "no value" first.
  private func sortedGroups(_ worker: AggregateWorker) -> [UInt32] {
    guard !plan.groups.isEmpty else { return [0] }
    let orders = worker.columns.map { $0.ascending() }
    if orders.count == 1 {
      let rows = worker.rows
      return (rows[0] > 0 ? [0] : []) + orders[0].filter { rows[Int($0)] > 0 }
    }
    if orders.count == 2, let groups = worker.groupsAscending(orders[0], orders[1]) { return groups }
    let ranks = orders.map { order in
      var ranks = [UInt32](repeating: 0, count: order.count + 1)
      for (rank, number) in order.enumerated() { ranks[Int(number)] = UInt32(rank) + 1 }
      return ranks
    }
    var values = [UInt32](repeating: 0, count: ranks.count)
    let widths = worker.columns.map { UInt64.bitWidth - UInt64($0.count).leadingZeroBitCount }
    guard widths.reduce(0, +) <= UInt64.bitWidth else {
      let groups = worker.groupsWithRows
      let keys = groups.map { group in
        worker.values(group, to: &values)
        return values.indices.map { ranks[$0][Int(values[$0])] }
      }
      return groups.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }.map { UInt32(groups[$0]) }
    }
    // The ranks of all columns fit one number.
    var keys: [(rank: UInt64, group: UInt32)] = []
    for group in worker.groupsWithRows {
      worker.values(group, to: &values)
      var rank: UInt64 = 0
      for column in values.indices {
        rank = rank << UInt64(widths[column]) | UInt64(ranks[column][Int(values[column])])
      }
      keys.append((rank, UInt32(group)))
    }
    keys.sort { $0.rank < $1.rank }
    return keys.map(\.group)
  }

  private func measure(
    _ worker: AggregateWorker, _ index: Int, _ groups: [UInt32]
  ) throws -> ResultTable.Column {
    let (measure, column) = (worker.measures[plan.places[index]], plan.measures[index].column)
    let item = column.flatMap(item)
    let scale = item?.type == .decimal ? item?.scale ?? 0 : 0
    func count(_ group: UInt32) -> Int { measure.count(Int(group), of: worker.rows[Int(group)]) }
    switch plan.measures[index].function {
    case .count: return .counts(worker.rows, groups: groups)
    case .distinct: return .cells(groups.map { .integer(Int128(count($0))) })
    case .sum:
      let isWhole = column.map { plan.items.type($0) == .integer } ?? true
      return .sums(
        groups.map { count($0) > 0 ? measure.sum(Int($0)) : nil }, scale: isWhole ? nil : scale)
    case .avg:
      return .cells(
        try groups.map { group in
          let count = count(group)
          return count > 0
            ? .text(try WideDecimal.average(measure.sum(Int(group)), count, scale: scale)) : .null
        })
    case .min, .max:
      let format = CellFormat(item: item)
      return .cells(groups.map { format.cell(measure.extreme(Int($0))) })
    }
  }

  private func item(_ column: QueryColumn) -> CatalogueItem? {
    if case .item(let position) = column { plan.items.items[position] } else { nil }
  }
}

extension CreditSnapshot {
  /// Checks the names and types of a question without asking it.
  ///
  /// - Throws: `CreditError`: `unknownEntry`, `unknownItem`, `typeMismatch`, `invalidFilter`.
  package func check(_ query: AggregateQuery) throws {
    do { _ = try binding(query.entries) { try AggregatePlan(query, entries: $0) } } catch {
      throw CreditError(wrapping: error)
    }
  }

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
