// Owns the delete marks of one segment: which rows were superseded, and by which commit.
// Invariants: a row is marked at most once; marks are only added; readers ignore marks newer than their snapshot.
// Does not know why a row was superseded.

import Synchronization

/// Superseded rows of a segment or of the rows in memory.
package final class MarkTable: Sendable {
  private struct Mark {
    var position: UInt32
    var commit: UInt64
  }

  private struct State {
    var commits: [UInt32: UInt64]
    /// The same, ascending, from the first time on that somebody asks for a range: questions over all datasets ask for each of them.
    var sorted: [Mark]?
    /// Marks that came since.
    var added: [Mark] = []

    mutating func sort() -> [Mark] {
      if let sorted, added.isEmpty { return sorted }
      var all: [Mark]
      if let sorted {
        added.sort { $0.position < $1.position }
        all = []
        all.reserveCapacity(sorted.count + added.count)
        var next = 0
        for mark in sorted {
          while next < added.count, added[next].position < mark.position {
            all.append(added[next])
            next += 1
          }
          all.append(mark)
        }
        all += added[next...]
      } else {
        all = commits.map { Mark(position: $0.key, commit: $0.value) }.sorted { $0.position < $1.position }
      }
      added = []
      sorted = all
      return all
    }
  }

  private let marks: Guarded<State>
  private let total: Atomic<Int>

  package init(_ initial: [(position: UInt32, commit: UInt64)] = []) {
    let commits = Dictionary(
      initial.map { ($0.position, $0.commit) }, uniquingKeysWith: { first, _ in first })
    marks = Guarded(State(commits: commits))
    total = Atomic(initial.count)
  }

  /// Number of marks.
  package var count: Int { total.load(ordering: .acquiring) }

  /// Marks a row; false when it was marked before.
  package func insert(_ position: UInt32, commit: UInt64) -> Bool {
    marks.withLock { marks in
      guard marks.commits[position] == nil else { return false }
      marks.commits[position] = commit
      if marks.sorted != nil { marks.added.append(Mark(position: position, commit: commit)) }
      total.add(1, ordering: .releasing)
      return true
    }
  }

  /// The commit that superseded a row, as a snapshot at `commit` sees it.
  package func superseded(_ position: UInt32, asOf commit: UInt64) -> UInt64? {
    guard count > 0 else { return nil }
    return marks.withLock { $0.commits[position] }.flatMap { $0 <= commit ? $0 : nil }
  }

  /// Positions superseded as of a commit, ascending.
  package func positions(asOf commit: UInt64, in range: Range<UInt32> = 0..<UInt32.max) -> [UInt32] {
    guard count > 0 else { return [] }
    let sorted = marks.withLock { $0.sort() }
    let first = sorted.partitioningIndex { $0.position >= range.lowerBound }
    return sorted[first...].prefix { $0.position < range.upperBound }.compactMap {
      $0.commit <= commit ? $0.position : nil
    }
  }

  /// All marks, ascending.
  package var all: [(position: UInt32, commit: UInt64)] {
    marks.withLock { $0.sort() }.map { ($0.position, $0.commit) }
  }
}
