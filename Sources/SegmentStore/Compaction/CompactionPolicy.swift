// Owns the choice of what to merge next.
// Invariants: a choice depends only on row counts, key ranges and marks; after enough merges no key lies in more than
// `runLimit` runs of current segments, and none of history; small segments are merged with small ones, so that a row is written again
// about as often as the store grew threefold since.
// Does not merge.

/// What the policy looks at in a segment.
package struct SegmentShape: Sendable {
  package var rows: Int
  package var superseded: Int
  package var keys: ClosedRange<UInt128>
  package var isHistory: Bool
  package var isCompacted: Bool

  package init(
    rows: Int, superseded: Int, keys: ClosedRange<UInt128>, isHistory: Bool, isCompacted: Bool
  ) {
    self.rows = rows
    self.superseded = superseded
    self.keys = keys
    self.isHistory = isHistory
    self.isCompacted = isCompacted
  }

  package init(_ view: SegmentView) {
    let footer = view.reader.footer
    self.init(
      rows: Int(footer.rowCount), superseded: view.marks.count, keys: footer.minimumKey...footer.maximumKey,
      isHistory: view.isHistory, isCompacted: view.isCompacted)
  }
}

/// Chooses merges.
package enum CompactionPolicy {
  /// Runs of segments at which some are merged.
  package static let runLimit = 8
  /// Runs left after that, at most.
  private static let runGoal = 4
  /// A segment is rewritten when more than one row of so many is superseded …
  private static let supersededShare = 4
  /// … and it is worth the while.
  private static let supersededRows = 4096

  /// Segments whose key ranges do not touch form a run: a subject lies in at most one of them.
  package static func runs(_ shapes: [SegmentShape], among indexes: [Int]) -> [[Int]] {
    var runs: [(last: UInt128, members: [Int])] = []
    for index in indexes.sorted(by: { shapes[$0].keys.lowerBound < shapes[$1].keys.lowerBound }) {
      let keys = shapes[index].keys
      if let place = runs.firstIndex(where: { $0.last < keys.lowerBound }) {
        runs[place].last = keys.upperBound
        runs[place].members.append(index)
      } else {
        runs.append((keys.upperBound, [index]))
      }
    }
    return runs.map(\.members)
  }

  /// The most segments that share a key, history apart: what a look-up has to ask.
  package static func height(_ shapes: [SegmentShape]) -> Int {
    runs(shapes, among: shapes.indices.filter { !shapes[$0].isHistory }).count
  }

  /// What should be merged now, or `nil`.
  package static func job(_ shapes: [SegmentShape]) -> [Int]? {
    for isHistory in [false, true] {
      let runs = runs(shapes, among: shapes.indices.filter { shapes[$0].isHistory == isHistory })
      if runs.count >= runLimit { return overlapping(smallest(runs, shapes), shapes) }
    }
    let worn = shapes.indices.first { index in
      let shape = shapes[index]
      return !shape.isHistory && shape.superseded >= supersededRows
        && shape.superseded * supersededShare > shape.rows
    }
    return worn.map { [$0] }
  }

  /// Everything that is not in its final form, or `nil` when all is.
  package static func whole(_ shapes: [SegmentShape]) -> [Int]? {
    var chosen: [Int] = []
    for isHistory in [false, true] {
      let own = shapes.indices.filter { shapes[$0].isHistory == isHistory }
      let isDone =
        runs(shapes, among: own).count <= 1
        && own.allSatisfy { shapes[$0].isCompacted && shapes[$0].superseded == 0 }
      if !isDone { chosen += own }
    }
    // New history joins the old.
    if chosen.contains(where: { shapes[$0].superseded > 0 }) {
      chosen += shapes.indices.filter { shapes[$0].isHistory && !chosen.contains($0) }
    }
    return chosen.isEmpty ? nil : chosen.sorted()
  }

  /// Everything there is, or `nil` for a store without segments.
  package static func everything(_ shapes: [SegmentShape]) -> [Int]? {
    shapes.isEmpty ? nil : Array(shapes.indices)
  }

  /// The smallest runs: so many that the goal is met, and further ones while they are small beside those chosen.
  private static func smallest(_ runs: [[Int]], _ shapes: [SegmentShape]) -> [Int] {
    let sorted = runs.map { members in (members: members, rows: members.reduce(0) { $0 + shapes[$1].rows }) }
      .sorted { $0.rows < $1.rows }
    var chosen: [Int] = []
    var rows = 0
    for (index, run) in sorted.enumerated() {
      let mustGo = runs.count - index >= runGoal
      guard mustGo || run.rows < 2 * rows else { break }
      chosen += run.members
      rows += run.rows
    }
    return chosen
  }

  /// Leaves out what would only be copied.
  private static func overlapping(_ chosen: [Int], _ shapes: [SegmentShape]) -> [Int] {
    chosen.filter { index in
      let shape = shapes[index]
      return !shape.isCompacted || shape.superseded > 0
        || chosen.contains { $0 != index && shapes[$0].keys.overlaps(shape.keys) }
    }.sorted()
  }
}
