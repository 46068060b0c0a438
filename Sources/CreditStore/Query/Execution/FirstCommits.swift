// Owns when records came: the commit of their first version, wherever later versions stand (首次入库).
// Invariants: as of one snapshot; a record that a correction moved to another subject came when it came there first; nothing is read of entries whose records
// have one version. Shared by the threads of a question.
// Does not keep anything from one question to the next.

import CreditModel
import SegmentStore
import Synchronization

/// The commits with which records came.
final class FirstCommits: Sendable {
  /// Entries whose commits are remembered: threads work on neighbours, and each goes from one to the next.
  private static let rememberedEntries = 8

  private struct Known {
    var dataset: DatasetID
    var commits: [RowAddress: Int64]
  }

  private let snapshot: EngineSnapshot
  /// Those of records with several versions, by the address of the present one; the entry asked about last stands last.
  private let known = Mutex<[Known]>([])

  init(_ snapshot: EngineSnapshot) { self.snapshot = snapshot }

  /// Whether no row of a vector has a version before it.
  static func areAllFirst(_ vector: borrowing RowVector) -> Bool {
    guard let versions = vector.bounds(SystemColumn.version), let states = vector.bounds(SystemColumn.state)
    else {
      return false
    }
    return versions.upperBound <= 1 && !states.contains(Int64(RecordState.corrected.rawValue))
  }

  /// Gives the commit with which the record of each selected row came, with the place of the row.
  func forEach(
    of vector: inout RowVector, _ context: QueryContext, _ body: (Int, Int64) throws -> Void
  ) throws {
    // A version has the number of its commit as batch.
    let batches = try vector.system(.batch)
    guard !Self.areAllFirst(vector) else {
      try vector.selection.visit { try body($0, batches[$0]) }
      return
    }
    let versions = try vector.system(.version)
    let states = try vector.system(.state)
    let moved = Int64(RecordState.corrected.rawValue)
    var later: [RowAddress: Int64]?
    let selection = vector.selection
    for place in UnsafeBufferPointer(start: selection.places, count: selection.count).lazy.map(Int.init) {
      guard versions[place] > 1 || states[place] == moved else {
        try body(place, batches[place])
        continue
      }
      let commits = try later ?? commits(of: context.entry)
      later = commits
      try body(place, commits[vector.address(place)] ?? batches[place])
    }
  }

  private func commits(of entry: PublishedEntry) throws -> [RowAddress: Int64] {
    try known.withLock { known in
      if let place = known.firstIndex(where: { $0.dataset == entry.dataset }) {
        known.append(known.remove(at: place))
      } else {
        var finding = FirstCommitFinding(snapshot, entry)
        known.append(Known(dataset: entry.dataset, commits: try finding.run()))
        if known.count > Self.rememberedEntries { known.removeFirst() }
      }
      return known[known.count - 1].commits
    }
  }
}
