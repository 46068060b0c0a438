// Owns finding the first changes behind a place: versions of records in the order in which they came.
// Invariants: what is given up on the way would come behind the page; the answer depends on no thread count and on no merge.

import CreditModel
import SegmentStore

/// What one thread finds.
final class ChangeSearch: QueryWorker {
  private let after: UInt64
  private let start: ChangeToken
  private var found: PageCandidates
  var candidates: [RecordCandidate] { found.rows }
  /// The commit of the last change that is still on the page.
  private var lastCommit: Int64 {
    if case .number(let commit)? = found.worst?.values.first { commit } else { .max }
  }

  init(after: UInt64, start: ChangeToken, wanted: Int, fetcher: RowFetcher) {
    self.after = after
    self.start = start
    found = PageCandidates(order: RecordOrder(isDescending: [false], fetcher: fetcher), wanted: wanted)
  }

  var skipped: SkippedRows { SkippedRows() }

  /// Looks at the rows of a vector.
  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool {
    let first = Int64(bitPattern: after) + 1
    if let bounds = vector.bounds(SystemColumn.commit), bounds.upperBound < first, bounds.lowerBound > 0 {
      return true
    }
    let last = lastCommit
    guard first <= last else { return true }
    try vector.keepSystem(.commit, in: first...last)
    guard vector.selectedCount > 0 else { return true }
    let commits = try vector.system(.commit)
    let keys = try vector.keys()
    let versions = try vector.system(.version)
    try vector.selection.visit { place in
      if let worst = found.worst {
        let lastCommit = lastCommit
        guard commits[place] <= lastCommit else { return }
        // A commit may be as large as a city: most of it is left out at one look.
        if commits[place] == lastCommit, worst.precedes(context.entry, keys[place]) { return }
      }
      let candidate = RecordCandidate(
        values: [.number(commits[place])], entry: context.entry, key: keys[place], commit: versions[place],
        address: vector.address(place))
      if try !isBehindStart(candidate, commits[place]) { return }
      try found.append(candidate)
    }
    return true
  }

  private func isBehindStart(_ candidate: RecordCandidate, _ commit: Int64) throws -> Bool {
    guard let place = start.place, commit == Int64(bitPattern: start.commit) else { return true }
    let cursor = RecordCursor(
      query: "", commit: start.commit, values: candidate.values, entry: place.entry, key: place.subject,
      record: place.record, version: place.version)
    return try found.order.compare(candidate, cursor) > 0
  }

  /// Adds what other threads found.
  func merge(_ others: ArraySlice<ChangeSearch>) throws { try found.merge(others.map(\.found)) }
}
