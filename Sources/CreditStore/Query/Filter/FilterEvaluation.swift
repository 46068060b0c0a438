// Owns running a bound filter over the rows of vectors.
// Invariants: three-valued; only rows whose truth is "yes" stay selected; zone maps and dictionaries only ever leave out work, never change
// an answer. One evaluation belongs to one thread. Marked kernel: buffers have room for the rows of a vector.
// Does not read files by itself: a vector reads the columns a condition asks for.

import CreditModel
import SegmentStore

/// A filter while a question runs on one thread.
final class FilterEvaluation {
  /// A part of the filter, with what conditions remember between vectors.
  private indirect enum Node {
    case and([Node])
    case or([Node])
    case not(Node)
    case numbers(QueryColumn, NumberCondition)
    case texts(Int, TextItemCondition)
    case store(StoreTextCondition)
    case isNull(QueryColumn)
  }

  /// A part that must hold together with others, and how many rows it left of those it saw.
  private struct Conjunct {
    var node: Node
    var isCheap: Bool
    var seen = 1
    var kept = 1
  }

  /// Vectors after which the order of conditions is looked at again.
  private static let vectorsPerOrder = 16

  /// What must hold together: cheap conditions first, and those that leave few rows.
  private var conjuncts: [Conjunct]
  private var vectors = 0
  private var buffers: [UnsafeMutablePointer<UInt8>] = []
  private let options: QueryExecution
  /// What was left out, and why.
  private(set) var skipped = SkippedRows()

  init(_ filter: BoundFilter?, items: QueryItems, options: QueryExecution) {
    self.options = options
    conjuncts = (filter?.conjuncts ?? []).map {
      let node = Self.node($0, items, options)
      return Conjunct(node: node, isCheap: Self.isCheap(node))
    }
    order()
  }

  private func order() {
    conjuncts.sort { left, right in
      left.isCheap != right.isCheap
        ? left.isCheap : Double(left.kept) * Double(right.seen) < Double(right.kept) * Double(left.seen)
    }
  }

  /// Bytes that its conditions remember.
  var byteCount: Int { conjuncts.reduce(0) { $0 + Self.byteCount($1.node) } }

  private static func byteCount(_ node: Node) -> Int {
    switch node {
    case .and(let parts), .or(let parts): parts.reduce(0) { $0 + byteCount($1) }
    case .not(let inner): byteCount(inner)
    case .texts(_, let condition): condition.byteCount
    case .numbers, .store, .isNull: 0
    }
  }

  deinit { for buffer in buffers { buffer.deallocate() } }

  private static func node(_ filter: BoundFilter, _ items: QueryItems, _ options: QueryExecution) -> Node {
    switch filter {
    case .and(let parts): return .and(parts.map { node($0, items, options) })
    case .or(let parts): return .or(parts.map { node($0, items, options) })
    case .not(let inner): return .not(node(inner, items, options))
    case .numbers(let column, let condition): return .numbers(column, condition)
    case .texts(.item(let item), let condition):
      return .texts(item, TextItemCondition(condition, item: item, usesWords: options.usesDictionaries))
    case .texts(let column, let condition):
      return .store(StoreTextCondition(condition, ColumnNumbering(column, type: items.type(column))))
    case .isNull(let column): return .isNull(column)
    }
  }

  private static func isCheap(_ node: Node) -> Bool { if case .numbers = node { true } else { false } }

  // MARK: Narrowing

  /// Takes the rows that do not satisfy the filter out of the selection.
  func narrow(_ vector: inout RowVector, _ context: QueryContext) throws {
    for conjunct in conjuncts {
      if let reason = try reasonNoneCan(conjunct.node, &vector) {
        skipped.count(reason, vector.selectedCount)
        vector.clear()
        return
      }
    }
    for index in conjuncts.indices {
      conjuncts[index].seen += vector.selectedCount
      try keep(conjuncts[index].node, &vector, context)
      conjuncts[index].kept += vector.selectedCount
      if vector.selectedCount == 0 { break }
    }
    vectors += 1
    if vectors.isMultiple(of: Self.vectorsPerOrder) { order() }
  }

  private func keep(_ node: Node, _ vector: inout RowVector, _ context: QueryContext) throws {
    if case .numbers(.item(let item), .range(let low, let high, let isOutside)) = node, low <= high {
      try vector.keepIntegers(item, in: low...high, isOutside: isOutside)
      return
    }
    try evaluate(node, &vector, context, 0)
    vector.keep(buffer(0), equalTo: Truth.yes)
  }

  /// Why no row of the vector can satisfy a part of the filter, as far as zone maps and dictionaries tell; `nil` when some may.
  private func reasonNoneCan(_ node: Node, _ vector: inout RowVector) throws -> SkippedRows.Reason? {
    switch node {
    case .and(let parts):
      for part in parts { if let reason = try reasonNoneCan(part, &vector) { return reason } }
      return nil
    case .or(let parts):
      var last: SkippedRows.Reason?
      for part in parts {
        last = try reasonNoneCan(part, &vector)
        if last == nil { return nil }
      }
      return last
    case .numbers(let column, let condition):
      guard options.usesZoneMaps else { return nil }
      let bounds: ClosedRange<Int64>?
      switch column {
      case .item(let item): bounds = vector.bounds(item)
      // What came earlier than its present version tells nothing by that.
      case .received where !FirstCommits.areAllFirst(vector): return nil
      default: bounds = vector.bounds(SystemColumn.batch)
      }
      return bounds.map { condition.mayHold(in: $0) } ?? true ? nil : .zoneMap
    case .texts(let item, let condition):
      guard vector.wordCount(item) > 0, options.usesDictionaries else { return nil }
      return try condition.reasonNoneCan(&vector, usesZoneMaps: options.usesZoneMaps)
    case .not, .store, .isNull: return nil
    }
  }

  // MARK: Truth

  private func buffer(_ depth: Int) -> UnsafeMutablePointer<UInt8> {
    while buffers.count <= depth { buffers.append(.allocate(capacity: RowVector.capacity)) }
    return buffers[depth]
  }

  /// Writes the truth of the selected rows into the buffer of a depth, by their places.
  private func evaluate(
    _ node: Node, _ vector: inout RowVector, _ context: QueryContext, _ depth: Int
  ) throws {
    let truth = buffer(depth)
    switch node {
    case .and(let parts): try combine(parts, &vector, context, depth, isAnd: true)
    case .or(let parts): try combine(parts, &vector, context, depth, isAnd: false)
    case .not(let inner):
      try evaluate(inner, &vector, context, depth)
      vector.selection.visit { truth[$0] = Truth.yes - truth[$0] }
    case .numbers(.item(let item), let condition):
      condition.evaluate(try vector.integers(item), vector.selection, to: truth)
    case .numbers(.received, let condition):
      try context.firsts.forEach(of: &vector, context) {
        truth[$0] = condition.holds($1) ? Truth.yes : Truth.no
      }
    case .numbers(_, let condition):
      let batches = try vector.system(.batch)
      vector.selection.visit { truth[$0] = condition.holds(batches[$0]) ? Truth.yes : Truth.no }
    case .texts(_, let condition): try condition.evaluate(&vector, to: truth)
    case .store(let condition): try condition.evaluate(&vector, context, to: truth)
    case .isNull(let column): try evaluateNull(column, &vector, context, truth)
    }
  }

  private func combine(
    _ parts: [Node], _ vector: inout RowVector, _ context: QueryContext, _ depth: Int, isAnd: Bool
  ) throws {
    let truth = buffer(depth)
    truth.update(repeating: isAnd ? Truth.yes : Truth.no, count: vector.count)
    for part in parts {
      try evaluate(part, &vector, context, depth + 1)
      let next = buffer(depth + 1)
      if isAnd {
        vector.selection.visit { truth[$0] = min(truth[$0], next[$0]) }
      } else {
        vector.selection.visit { truth[$0] = max(truth[$0], next[$0]) }
      }
    }
  }

  private func evaluateNull(
    _ column: QueryColumn, _ vector: inout RowVector, _ context: QueryContext,
    _ truth: UnsafeMutablePointer<UInt8>
  ) throws {
    switch column {
    case .item(let item) where vector.isText(item):
      if let codes = try vector.codes(item) {
        vector.selection.visit { truth[$0] = codes[$0] == absentCode ? Truth.yes : Truth.no }
        return
      }
      try vector.selection.visit { place in
        truth[place] = try vector.hasText(item, place) ? Truth.no : Truth.yes
      }
    case .item(let item):
      let nulls = try vector.integers(item).nulls
      vector.selection.visit { truth[$0] = nulls[$0] == 1 ? Truth.yes : Truth.no }
    case .batch, .received: vector.selection.visit { truth[$0] = Truth.no }
    default:
      // A column of the store: "no value" has the number 0.
      try numbers(of: column, &vector, context) { place, number in
        truth[place] = number == 0 ? Truth.yes : Truth.no
      }
    }
  }

  private var nullColumns: [QueryColumn: ColumnNumbering] = [:]
  private lazy var scratch = VectorNumbers()

  private func numbers(
    of column: QueryColumn, _ vector: inout RowVector, _ context: QueryContext, _ body: (Int, UInt32) -> Void
  ) throws {
    let numbering = nullColumns[column] ?? ColumnNumbering(column, type: .text)
    nullColumns[column] = numbering
    try numbering.numbers(of: &vector, context, to: scratch.base)
    let numbers = scratch.base
    vector.selection.visit { body($0, numbers[$0]) }
  }
}

/// Room for a number of each row of a vector.
final class VectorNumbers {
  let base = UnsafeMutablePointer<UInt32>.allocate(capacity: RowVector.capacity)
  init() { base.initialize(repeating: 0, count: RowVector.capacity) }
  deinit { base.deallocate() }
}

/// A condition on one of the store's own columns, decided once for each value.
private final class StoreTextCondition {
  private let condition: TextCondition
  private let numbering: ColumnNumbering
  private let numbers = VectorNumbers()
  /// By number.
  private var known: [UInt8] = [Truth.unknown]

  init(_ condition: TextCondition, _ numbering: ColumnNumbering) {
    self.condition = condition
    self.numbering = numbering
  }

  func evaluate(
    _ vector: inout RowVector, _ context: QueryContext, to truth: UnsafeMutablePointer<UInt8>
  ) throws {
    try numbering.numbers(of: &vector, context, to: numbers.base)
    while known.count < numbering.count {
      let holds = numbering.withText(UInt32(known.count)) { condition.holds($0) }
      known.append(holds ? Truth.yes : Truth.no)
    }
    let base = numbers.base
    known.withUnsafeBufferPointer { known in vector.selection.visit { truth[$0] = known[Int(base[$0])] } }
  }
}
