// Owns taking rows out of a store for good.
// Invariants: a purge is one exchange of segments, done or not done; afterwards no file of the store holds a purged row, nor a word only it
// used; the rows of all others, their history and their commits stay as they are; what readers of this or another process still hold open
// goes when they let go of it.
// Does not choose rows, and reaches no backup.

/// What a purge takes out.
package struct PurgeSelection: Sendable {
  /// The rows.
  package var rows: DroppedRows
  /// Datasets they lie in: segments that were not written by a merge may know words of them without holding their rows, as
  /// when they were sent again and found to be there.
  package var datasets: Set<DatasetID>
  /// Segments that shall be written anew in any case.
  package var segments: Set<SegmentID>

  package init(rows: DroppedRows, datasets: Set<DatasetID>, segments: Set<SegmentID> = []) {
    self.rows = rows
    self.datasets = datasets
    self.segments = segments
  }

  /// The segments to be written anew.
  func inputs(of view: EngineView) throws(StoreError) -> [SegmentView] {
    let holders = rows.segments
    var inputs: [SegmentView] = []
    for segment in view.segments {
      let id = segment.reader.id
      if holders.contains(id.rawValue) || segments.contains(id) {
        inputs.append(segment)
      } else if !segment.isCompacted {
        let own = try segment.reader.datasets()
        if own.contains(where: datasets.contains) { inputs.append(segment) }
      }
    }
    return inputs
  }
}

/// What a purge did.
public struct PurgeResult: Sendable, Equatable {
  /// Rows that are gone.
  public var rows: Int
  /// Segments that were written anew.
  public var segmentsRead: Int
  /// Segments in their place.
  public var segmentsWritten: Int
}

extension SegmentEngine {
  /// Takes rows out of the store for good, also out of the past; nothing is committed.
  ///
  /// - Parameters:
  ///   - isCancelled: asked often; nothing has changed then.
  ///   - progress: told the share that is done.
  ///   - choose: what to take out of the store as it stands, all of it in segments; `nil` = nothing.
  /// - Throws: `StoreError`, code `cancelled` when cancelled, `readOnly` for a store that is not open for writing.
  package func purge(
    isCancelled: @escaping () -> Bool = { false }, progress: @escaping (Double) -> Void = { _ in },
    choosing choose: (EngineSnapshot) throws(StoreError) -> PurgeSelection?
  ) throws(StoreError) -> PurgeResult? {
    try writing { (session) throws(StoreError) in
      try session.compactor.purge(isCancelled: isCancelled, progress: progress, choosing: choose)
    }
  }
}
