// Owns the list of what a store consists of at one commit.
// Invariants: immutable; the rows in memory may grow behind it, snapshots skip what is newer than they are.

/// The segments of a store, shared by all views until one is added or replaced.
package final class SegmentList: Sendable {
  package let segments: [SegmentView]
  /// Segments that a look-up of one key has to ask at most, history apart.
  package let height: Int
  /// Position of each segment.
  private let positions: [UInt64: Int]
  /// Whether segments have rows of a dataset, as far as it was asked.
  private let known = Guarded<[DatasetID: Bool]>([:])

  package init(_ segments: [SegmentView]) {
    self.segments = segments
    height = CompactionPolicy.height(segments.map(SegmentShape.init))
    positions = Dictionary(
      segments.enumerated().map { ($1.reader.id.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package func segment(_ id: UInt64) -> SegmentView? { positions[id].map { segments[$0] } }

  /// Whether some segment has rows of a dataset; found out once, for questions that nearly always hear no.
  package func hasRows(of dataset: DatasetID) throws(StoreError) -> Bool {
    if let answer = known.withLock({ $0[dataset] }) { return answer }
    var answer = false
    for segment in segments where !answer { answer = try segment.reader.chunk(of: dataset) != nil }
    known.withLock { $0[dataset] = answer }
    return answer
  }
}

/// What a store consists of at a commit.
package final class EngineView: Sendable {
  package let commit: UInt64
  package let list: SegmentList
  package let memory: MemoryTable

  package var segments: [SegmentView] { list.segments }

  package init(commit: UInt64, list: SegmentList, memory: MemoryTable) {
    self.commit = commit
    self.list = list
    self.memory = memory
  }

  package convenience init(commit: UInt64, segments: [SegmentView], memory: MemoryTable) {
    self.init(commit: commit, list: SegmentList(segments), memory: memory)
  }

  package func segment(_ id: UInt64) -> SegmentView? { list.segment(id) }
}
