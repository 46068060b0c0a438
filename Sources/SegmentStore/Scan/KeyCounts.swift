// Owns counting the current rows of many keys at once: the keys and the subject directories are walked side by side.
// Invariants: counts are exact as of the snapshot; values are read only where states or marks make a row doubtful.
// Does not know what a state means: it is told which one does not count.

/// Counts rows of many keys.
package struct KeyCounts {
  private let snapshot: EngineSnapshot
  private let hiddenState: Int64

  /// - Parameter state: rows in this state do not count.
  package init(_ snapshot: EngineSnapshot, without state: UInt8) {
    self.snapshot = snapshot
    hiddenState = Int64(state)
  }

  /// Visits the datasets in which keys have rows, with the place of the key in the list and the number of rows; one dataset of a key may
  /// come several times.
  ///
  /// - Parameters:
  ///   - keys: ascending, each once.
  ///   - wanted: the datasets that count; of others nothing is read but the directory. `nil` = all.
  package func forEach(
    _ keys: [UInt128], among wanted: Set<DatasetID>? = nil, _ body: (Int, DatasetID, Int) -> Void
  ) throws(StoreError) {
    for segment in snapshot.currentSegments { try count(keys, among: wanted, in: segment, body) }
    let memory = snapshot.view.memory
    guard memory.count > 0 else { return }
    for (place, key) in keys.enumerated() {
      for (position, row) in memory.rows(of: key, asOf: snapshot.commit)
      where Int64(row.system.state) != hiddenState && wanted?.contains(row.schema.dataset) ?? true
        && memory.marks.superseded(position, asOf: snapshot.commit) == nil
      {
        body(place, row.schema.dataset, 1)
      }
    }
  }

  private func count(
    _ keys: [UInt128], among wanted: Set<DatasetID>?, in segment: SegmentView,
    _ body: (Int, DatasetID, Int) -> Void
  ) throws(StoreError) {
    let footer = segment.reader.footer
    let first = keys.partitioningIndex { $0 >= footer.minimumKey }
    let end = keys.partitioningIndex { $0 > footer.maximumKey }
    guard first < end else { return }
    var cursor = try SubjectCursor(segment.reader)
    var datasets: [DatasetID: DatasetRows] = [:]
    for place in first..<end {
      for run in try cursor.runs(of: keys[place]) where wanted?.contains(run.dataset) ?? true {
        if datasets[run.dataset] == nil {
          datasets[run.dataset] = try DatasetRows(segment, run.dataset, hiddenState, snapshot.commit)
        }
        let count = try datasets[run.dataset]?.count(run) ?? 0
        if count > 0 { body(place, run.dataset, count) }
      }
    }
  }

  /// The rows of one dataset in one segment.
  private struct DatasetRows {
    private var reader: RowAssembler?
    private let commit: UInt64
    private let hiddenState: Int64

    init(
      _ segment: SegmentView, _ dataset: DatasetID, _ hiddenState: Int64, _ commit: UInt64
    ) throws(StoreError) {
      self.commit = commit
      self.hiddenState = hiddenState
      guard let chunk = try segment.reader.chunk(of: dataset) else { return }
      let states = try segment.reader.columns(of: chunk).column(SystemColumn.state.rawValue)
      let mayBeHidden =
        states?.blocks.contains { $0.minimum <= hiddenState && hiddenState <= $0.maximum } ?? true
      guard mayBeHidden || segment.needsLook(asOf: commit) else { return }
      reader = try RowAssembler(segment, schema: DatasetSchema(dataset: dataset, version: 1, columns: []))
    }

    /// Rows of a run that count. Without a reader all do.
    mutating func count(_ run: RowRun) throws(StoreError) -> Int {
      guard var reader else { return Int(run.count) }
      defer { self.reader = reader }
      var count = 0
      let systems = try reader.systemValues(reader.rows(at: run))
      for (place, system) in systems.enumerated()
      where system.commit <= commit && Int64(system.state) != hiddenState {
        if try reader.superseded(run.first + UInt32(place), asOf: commit) == nil { count += 1 }
      }
      return count
    }
  }
}
