// Owns the delete marks of one segment: which rows were superseded, and by which commit.
// Invariants: a row is marked at most once; marks are only added; readers ignore marks newer than their snapshot.
// Does not know why a row was superseded.

import Synchronization

/// Superseded rows of a segment or of the rows in memory.
package final class MarkTable: Sendable {
  private let marks: Guarded<[UInt32: UInt64]>
  private let total: Atomic<Int>

  package init(_ initial: [(position: UInt32, commit: UInt64)] = []) {
    marks = Guarded(
      Dictionary(initial.map { ($0.position, $0.commit) }, uniquingKeysWith: { first, _ in first }))
    total = Atomic(initial.count)
  }

  /// Number of marks.
  package var count: Int { total.load(ordering: .acquiring) }

  /// Marks a row; false when it was marked before.
  package func insert(_ position: UInt32, commit: UInt64) -> Bool {
    marks.withLock { marks in
      guard marks[position] == nil else { return false }
      marks[position] = commit
      total.add(1, ordering: .releasing)
      return true
    }
  }

  /// The commit that superseded a row, as a snapshot at `commit` sees it.
  package func superseded(_ position: UInt32, asOf commit: UInt64) -> UInt64? {
    guard count > 0 else { return nil }
    return marks.withLock { $0[position] }.flatMap { $0 <= commit ? $0 : nil }
  }

  /// Positions superseded as of a commit, ascending.
  package func positions(asOf commit: UInt64, in range: Range<UInt32> = 0..<UInt32.max) -> [UInt32] {
    guard count > 0 else { return [] }
    return marks.withLock { marks in
      marks.compactMap { $0.value <= commit && range.contains($0.key) ? $0.key : nil }
    }.sorted()
  }

  /// All marks, ascending.
  package var all: [(position: UInt32, commit: UInt64)] {
    marks.withLock { marks in marks.map { ($0.key, $0.value) } }.sorted { $0.0 < $1.0 }
  }
}
