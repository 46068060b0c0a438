// Owns the order of the rows of one dataset in the output of a merge, and which of them are history.
// Invariants: every row of every source stands in exactly one of the two lists, but for those that shall be dropped; rows of a subject are ordered by order value,
// commit, source and place, which depends on nothing else, so that a part of the plan can be made again.
// Does not read values.

/// A row of a merge: the number of its source and its place there.
package struct RowSource: Hashable {
  package var bits: UInt64
  @inline(__always)
  package init(source: Int, row: Int) { bits = UInt64(source) << 32 | UInt64(truncatingIfNeeded: row) }
  @inline(__always)
  package var source: Int { Int(bits >> 32) }
  @inline(__always)
  package var row: Int { Int(bits & 0xFFFF_FFFF) }
}

/// Rows in the order of an output segment.
package struct MergedRows {
  package var rows: [RowSource] = []
  /// Only of history: the commit that superseded each row.
  package var superseded: [UInt64] = []
  package var keys: [UInt128] = []
  package var counts: [UInt32] = []

  mutating func append(_ row: RowSource, key: UInt128) {
    rows.append(row)
    if keys.last == key {
      counts[counts.count - 1] += 1
    } else {
      keys.append(key)
      counts.append(1)
    }
  }
}

/// The order of the rows of a dataset in a merge.
package struct MergePlan {
  /// Rows of one subject in one source.
  package struct Part {
    package var source: Int
    package var run: SubjectLists.Run
  }

  package private(set) var current = MergedRows()
  package private(set) var history = MergedRows()
  package private(set) var sources: [MergeSource]

  package init(_ sources: [MergeSource]) { self.sources = sources }

  /// Plans all subjects.
  ///
  /// - Parameter lists: the runs of each source, ascending.
  package mutating func addAll(_ lists: [[SubjectLists.Run]]) throws(StoreError) {
    var next = [Int](repeating: 0, count: lists.count)
    var parts: [Part] = []
    while true {
      var smallest: UInt128?
      for (list, place) in zip(lists, next) where place < list.count {
        smallest = min(smallest ?? .max, list[place].key)
      }
      guard let key = smallest else { return }
      parts.removeAll(keepingCapacity: true)
      for index in lists.indices where next[index] < lists[index].count {
        guard lists[index][next[index]].key == key else { continue }
        parts.append(Part(source: index, run: lists[index][next[index]]))
        next[index] += 1
      }
      try add(parts)
    }
  }

  private struct Placed {
    var row: RowSource
    var order: Int64
    var commit: UInt64
  }

  /// Plans one subject.
  package mutating func add(_ parts: [Part]) throws(StoreError) {
    if parts.count == 1, let part = parts.first {
      for row in try rows(part) { try place(RowSource(source: part.source, row: row), part.run.key) }
      return
    }
    var placed: [Placed] = []
    for part in parts {
      for row in try rows(part) {
        placed.append(
          Placed(
            row: RowSource(source: part.source, row: row), order: try sources[part.source].order(row),
            commit: try sources[part.source].commit(row)))
      }
    }
    placed.sort { ($0.order, $0.commit, $0.row.bits) < ($1.order, $1.commit, $1.row.bits) }
    guard let key = parts.first?.run.key else { return }
    for row in placed { try place(row.row, key) }
  }

  private func rows(_ part: Part) throws(StoreError) -> Range<Int> {
    let chunk = sources[part.source].chunk
    guard let rows = chunk.rows(from: part.run.first, count: part.run.count) else {
      throw StoreError.damaged(
        "a run lies outside its dataset", file: sources[part.source].view.reader.id.fileName, offset: 0)
    }
    return rows
  }

  private mutating func place(_ row: RowSource, _ key: UInt128) throws(StoreError) {
    guard !sources[row.source].isDropped(row.row) else { return }
    let superseded = try sources[row.source].superseded(row.row)
    if superseded == 0 {
      current.append(row, key: key)
    } else {
      history.append(row, key: key)
      history.superseded.append(superseded)
    }
  }
}
