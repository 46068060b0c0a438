// Owns what one thread gathers of an aggregate query: its groups and their measures.
// Invariants: a row is added once; withdrawn records are left out; memory stays below its share of the budget, or the query fails.
// Does not decide which rows it gets.

import CreditModel
import SegmentStore

/// The groups of one thread.
final class AggregateWorker: QueryWorker {
  private let plan: AggregatePlan
  private let byteLimit: Int
  private let filter: FilterEvaluation
  let columns: [ColumnNumbering]
  /// Numbers of the first two columns together, of these and the third, and so on.
  private let chain: [PairNumbering]
  private(set) var measures: [MeasureColumn]
  /// Rows of each group.
  private(set) var rows = RowCounts()
  private(set) var scanned = 0
  private(set) var matched = 0
  private let groups = VectorNumbers()
  private let next = VectorNumbers()
  private let spare = VectorNumbers()
  private static let groupsBetweenChecks = 1 << 16
  /// Groups in use at which those with rows are counted again.
  private var nextGroupCheck = 0

  /// - Parameter templates: those of each group and each measure, shared by the threads of the question.
  init(
    _ plan: AggregatePlan, options: QueryExecution, byteLimit: Int, templates: [TemplateNumbers]
  ) {
    self.plan = plan
    self.byteLimit = byteLimit
    filter = FilterEvaluation(plan.rows.filter, items: plan.items, options: options)
    columns = zip(plan.groups, templates).map { group, templates in
      ColumnNumbering(
        group.column, part: group.part, type: plan.items.type(group.column), templates: templates,
        // A sixteenth of the share of the thread, 4 bytes each.
        maximumCodeCounts: min(options.maximumCodeCounts, byteLimit / 64))
    }
    // Only the last pairs are groups, of which some may have no rows.
    chain = plan.groups.indices.dropFirst().map {
      PairNumbering(side: $0 == plan.groups.count - 1 ? .neighbours : .single, byteLimit: byteLimit / 4)
    }
    measures = zip(plan.gathered, templates.dropFirst(plan.groups.count)).map { measure, templates in
      MeasureColumn(
        measure.function, measure.column, type: measure.column.map(plan.items.type) ?? .integer,
        isGrouped: !plan.groups.isEmpty, templates: templates, byteLimit: byteLimit / plan.gathered.count)
    }
    if plan.groups.isEmpty { reserve(1) }
  }

  var skipped: SkippedRows { filter.skipped }

  /// Numbers of groups in use; some may have no rows.
  private var groupCount: Int { chain.last?.count ?? columns.first?.count ?? 1 }

  /// Groups that have rows, in the order of their numbers.
  var groupsWithRows: [Int] { rows.groups }

  /// The same in the order of the values of two columns; `nil` where sorting them is quicker.
  func groupsAscending(_ left: [UInt32], _ right: [UInt32]) -> [UInt32]? {
    chain[0].ascending(left: [0] + left, right: [0] + right)?.filter { rows[Int($0)] > 0 }
  }

  private func reserve(_ count: Int) {
    rows.reserve(count)
    for index in measures.indices { measures[index].reserve(count) }
  }

  // MARK: Adding

  /// Whether nothing but the number of rows is asked.
  private var countsOnly: Bool { plan.gathered.allSatisfy { $0.function == .count } }

  /// Whether the number of rows of an entry is all that is asked for.
  var mayCountRows: Bool {
    plan.rows.filter == nil && countsOnly && plan.groups.count <= 1
      && plan.groups.allSatisfy { $0.column == .entry }
  }

  /// Adds rows of which only the number and the entry are known.
  func add(rowCount: Int, _ context: QueryContext) throws {
    guard rowCount > 0 else { return }
    scanned += rowCount
    matched += rowCount
    let group = Int(columns.first?.number(ofText: context.entry.entry.code) ?? 0)
    reserve(groupCount)
    rows.add(rowCount, to: group)
    try checkMemory()
  }

  /// Adds the rows of a vector.
  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool {
    try vector.dropWithdrawn()
    scanned += vector.selectedCount
    try filter.narrow(&vector, context)
    guard vector.selectedCount > 0 else { return true }
    matched += vector.selectedCount
    var groupOf: UnsafePointer<UInt32>?
    if plan.groups.isEmpty {
      rows.add(vector.selectedCount, to: 0)
    } else if countsOnly, chain.isEmpty, try columns[0].count(&vector, in: &rows) {
      return try checked()
    } else {
      let found = try findGroups(&vector, context)
      groupOf = found
      reserve(groupCount)
      rows.add(vector.selection, found)
    }
    for index in measures.indices { try measures[index].add(&vector, context, groupOf) }
    return try checked()
  }

  private func checked() throws(CreditError) -> Bool {
    try checkMemory()
    return true
  }

  private func findGroups(_ vector: inout RowVector, _ context: QueryContext) throws -> UnsafePointer<UInt32>
  {
    var (numbers, free) = (groups.base, spare.base)
    try columns[0].numbers(of: &vector, context, to: numbers)
    var count = columns[0].count
    for (column, pairs) in zip(columns.dropFirst(), chain) {
      let right = next.base
      try column.numbers(of: &vector, context, to: right)
      pairs.reserve(left: count, right: column.count)
      pairs.numbers(vector.selection, numbers, right, to: free)
      swap(&numbers, &free)
      count = pairs.count
    }
    return UnsafePointer(numbers)
  }

  /// - Parameter more: bytes that are needed beside the tables for a while.
  private func checkMemory(_ more: Int = 0) throws(CreditError) {
    // Counting millions of groups takes longer than a vector: once in a while is enough, since they are counted at the end.
    if groupCount >= nextGroupCheck {
      try checkGroups()
      nextGroupCheck = groupCount + Self.groupsBetweenChecks
    }
    let bytes =
      more + rows.byteCount + columns.reduce(0) { $0 + $1.byteCount }
      + chain.reduce(0) { $0 + $1.byteCount }
      + measures.reduce(0) { $0 + $1.byteCount } + filter.byteCount
    guard bytes <= byteLimit else {
      throw CreditError(
        "limit",
        "the groups and different values of the query need more than \(byteLimit >> 20) MiB; narrow the filter, group by "
          + "less, or open the store with a larger memory budget")
    }
  }

  /// Ends the question when it has too many groups; numbers that no row has do not count.
  func checkGroups() throws(CreditError) {
    let limit = plan.query.execution.maximumGroups
    guard groupCount > limit, rows.groupCount > limit else { return }
    throw CreditError(
      "limit", "more than \(limit) groups; narrow the filter or group by less")
  }

  // MARK: Merging

  /// Takes over what another thread counted by the codes of dictionaries, so that their words are numbered once for both.
  func mergeCodeCounts(_ other: AggregateWorker) {
    if let column = columns.first, let other = other.columns.first { column.mergeCodeCounts(other) }
  }

  /// Adds what was counted by codes to the groups.
  ///
  /// - Parameter isCancelled: asked now and then.
  func addCodeCounts(isCancelled: () -> Bool) throws {
    // Taken out meanwhile, because the check looks at the groups as well.
    var counted = rows
    rows = RowCounts()
    try columns.first?.addCodeCounts(to: &counted) { bytes in
      if isCancelled() { throw CancellationError() }
      try checkMemory(bytes + groupCount * 8)
    }
    rows = counted
    reserve(groupCount)
    try checkMemory()
  }

  /// Adds what another thread gathered.
  ///
  /// - Parameter isLast: whether nothing is merged after this.
  func merge(_ other: AggregateWorker, isLast: Bool) {
    scanned += other.scanned
    matched += other.matched
    var groups: [UInt32] = [0]
    if !columns.isEmpty {
      groups = columns[0].numbers(of: other.columns[0])
      for (index, pairs) in chain.enumerated() {
        let right = columns[index + 1].numbers(of: other.columns[index + 1])
        let left = index == 0 ? columns[0].count : chain[index - 1].count
        pairs.reserve(left: left, right: columns[index + 1].count)
        let isLast = index == chain.count - 1
        groups = (0..<other.chain[index].count).map { number in
          // The last pairs may be none.
          if isLast, other.rows[number] == 0 { return 0 }
          let pair = other.chain[index][number]
          return pairs.number(groups[Int(pair.left)], right[Int(pair.right)])
        }
      }
    }
    reserve(groupCount)
    rows.merge(other.rows, groups: groups)
    for index in measures.indices {
      measures[index].merge(other.measures[index], groups: groups, isLast: isLast)
    }
  }

  // MARK: Results

  /// Works out what is only known once all threads are done.
  func finish(threads: Int) {
    for column in columns { column.finish() }
    for index in measures.indices { measures[index].finish(threads: threads) }
  }

  /// Gives the numbers of a group's values, by column.
  func values(_ group: Int, to values: inout [UInt32]) {
    guard !columns.isEmpty else { return }
    var left = UInt32(group)
    for index in chain.indices.reversed() {
      let pair = chain[index][Int(left)]
      values[index + 1] = pair.right
      left = pair.left
    }
    values[0] = left
  }
}
