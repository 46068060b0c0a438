// Owns finding the records of a page: the first of all matching rows in the order of the query.
// Invariants: what is given up on the way would come behind the page; the answer depends on no thread count and no setting.
// Does not put records together: RecordRun does.

import CreditModel
import SegmentStore

/// What one thread finds.
final class RecordSearch: QueryWorker {
  private let order: RecordOrder
  private let cursor: RecordCursor?
  private let columns: [QueryColumn]
  private let types: [ItemType]
  private let filter: FilterEvaluation
  /// Of the store's own columns that are texts.
  private let store: [ColumnNumbering?]
  private let numbers = VectorNumbers()
  private let truth = UnsafeMutablePointer<UInt8>.allocate(capacity: RowVector.capacity)
  private var found: PageCandidates
  var candidates: [RecordCandidate] { found.rows }
  private var worst: RecordCandidate? { found.worst }

  init(
    order: RecordOrder, cursor: RecordCursor?, wanted: Int, columns: [QueryColumn], items: QueryItems,
    filter: BoundFilter?, options: QueryExecution
  ) {
    self.order = order
    self.cursor = cursor
    found = PageCandidates(order: order, wanted: wanted)
    self.columns = columns
    types = columns.map(items.type)
    self.filter = FilterEvaluation(filter, items: items, options: options)
    store = zip(columns, types).map { column, type in
      if case .item = column { nil } else { column == .batch ? nil : ColumnNumbering(column, type: type) }
    }
  }

  deinit { truth.deallocate() }

  var skipped: SkippedRows { filter.skipped }

  /// Whether nothing from a vector on can stand on the page: rows of a part ascend by subject, and so does the page.
  private func isBehind(_ vector: inout RowVector, _ entry: PublishedEntry) throws -> Bool {
    guard columns.isEmpty, let worst, vector.count > 0 else { return false }
    let (code, last) = (entry.entry.code, worst.entry.entry.code)
    if !code.utf8.elementsEqual(last.utf8) { return last.utf8.lexicographicallyPrecedes(code.utf8) }
    return try vector.isOrderedByKey && vector.key(0) > worst.key
  }

  /// Looks at the rows of a vector.
  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool {
    if try isBehind(&vector, context.entry) { return false }
    try vector.dropWithdrawn()
    try filter.narrow(&vector, context)
    try dropWorse(&vector, context.entry)
    guard vector.selectedCount > 0 else { return true }
    let keys = try vector.keys()
    let commits = try vector.system(.commit)
    let values = try columns.indices.map { try self.values($0, &vector, context) }
    try vector.selection.visit { place in
      if let worst, isWorse(place, keys[place], values, context, than: worst) { return }
      // Subjects ascend: a page that is full ends with the subject it ends in.
      if columns.isEmpty, worst == nil, vector.isOrderedByKey, found.rows.count >= found.wanted,
        found.rows.last?.key != keys[place]
      {
        try found.cut()
        if let worst, isWorse(place, keys[place], values, context, than: worst) { return }
      }
      let candidate = RecordCandidate(
        values: values.map { $0.value(place) }, entry: context.entry, key: keys[place],
        commit: commits[place], address: vector.address(place))
      if let cursor, try order.compare(candidate, cursor) <= 0 { return }
      try found.append(candidate)
    }
    return true
  }

  /// Takes the rows out of the selection whose first value tells that they come behind the page: nearly all, once a page is found.
  private func dropWorse(_ vector: inout RowVector, _ entry: PublishedEntry) throws {
    guard let worst, case .item(let item)? = columns.first, let isDescending = order.isDescending.first else {
      return
    }
    // Where one value is shared by very many rows, entry and subject decide: else all of them would be looked at one by one.
    let keys = columns.count == 1 ? try vector.keys() : nil
    func comesBehind(_ place: Int) -> Bool { keys.map { worst.precedes(entry, $0[place]) } ?? false }
    switch worst.values[0] {
    case .number(let last):
      if isDescending {
        // Absent values come last.
        if let bounds = vector.bounds(item), bounds.upperBound < last {
          return vector.clear()
        }
        try vector.keepIntegers(item, in: last...Int64.max, isOutside: false)
        guard vector.selectedCount > 0 else { return }
      }
      let integers = try vector.integers(item)
      vector.keep { place in
        guard integers.nulls[place] == 0 else { return !isDescending }
        let value = integers.values[place]
        return value == last ? !comesBehind(place) : isDescending || value < last
      }
    case .text(let last):
      try last.withUnsafeBytes { last in
        try vector.selection.visit { (place) throws(StoreError) in
          truth[place] = try vector.withText(item, place) { text in
            guard let text else { return isDescending ? Truth.no : Truth.yes }
            let order = ByteSearch.order(text, last)
            if order == 0 { return comesBehind(place) ? Truth.no : Truth.yes }
            return (isDescending ? order >= 0 : order <= 0) ? Truth.yes : Truth.no
          }
        }
      }
      vector.keep(truth, equalTo: Truth.yes)
    case .null: break
    }
  }

  /// Whether a row comes behind the page, as far as one look tells.
  private func isWorse(
    _ place: Int, _ key: UInt128, _ values: [VectorValues], _ context: QueryContext,
    than worst: RecordCandidate
  ) -> Bool {
    for (index, isDescending) in order.isDescending.enumerated() {
      let value = values[index].value(place)
      if value != worst.values[index] { return (value < worst.values[index]) == isDescending }
    }
    return worst.precedes(context.entry, key)
  }

  /// Adds what other threads found.
  func merge(_ others: ArraySlice<RecordSearch>) throws { try found.merge(others.map(\.found)) }

  /// The values of one column of the order in a vector.
  private struct VectorValues {
    var integers: IntegerVector?
    var texts: [Int: [UInt8]] = [:]
    var numbers: [UInt32] = []
    var numbering: ColumnNumbering?

    func value(_ place: Int) -> QueryValue {
      if let integers { return integers.nulls[place] == 1 ? .null : .number(integers.values[place]) }
      if let numbering { return numbering.value(numbers[place]) }
      return texts[place].map(QueryValue.text) ?? .null
    }
  }

  private func values(
    _ index: Int, _ vector: inout RowVector, _ context: QueryContext
  ) throws -> VectorValues {
    var values = VectorValues()
    if let numbering = store[index] {
      try numbering.numbers(of: &vector, context, to: numbers.base)
      values.numbers = Array(UnsafeBufferPointer(start: numbers.base, count: vector.count))
      values.numbering = numbering
      return values
    }
    guard case .item(let item) = columns[index] else {
      values.integers = try vector.batches()
      return values
    }
    guard types[index].isText else {
      values.integers = try vector.integers(item)
      return values
    }
    try vector.selection.visit { place in
      values.texts[place] = try vector.withText(item, place) { $0.map(Array.init) }
    }
    return values
  }
}
