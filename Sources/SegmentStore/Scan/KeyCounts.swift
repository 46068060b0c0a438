// Owns counting the current rows of many keys at once: the keys and the subject directories are walked side by side.
// Invariants: counts are exact as of the snapshot; values are read only where states or marks make a row doubtful.
// Does not know what a state means: it is told which one does not count.

/// Counts rows of many keys.
package struct KeyCounts {
  private let snapshot: EngineSnapshot
  private let states: States

  /// The states that matter.
  private struct States {
    var hidden: Int64
    /// `nil` where none is told apart.
    var apart: Int64?

    /// Whether a row in one of them may be among rows with these bounds.
    func mayOccur(from minimum: Int64, through maximum: Int64) -> Bool {
      minimum <= hidden && hidden <= maximum || apart.map { minimum <= $0 && $0 <= maximum } ?? false
    }
  }

  /// How many rows a key has in one dataset.
  package struct Count: Sendable, Equatable {
    /// All that count.
    package var rows: Int
    /// Those of them in the state that is told apart.
    package var apart: Int
  }

  /// - Parameters:
  ///   - state: rows in this state do not count.
  ///   - apart: rows in this state count and are told apart; `nil` = none.
  package init(_ snapshot: EngineSnapshot, without state: UInt8, tellingApart apart: UInt8? = nil) {
    self.snapshot = snapshot
    states = States(hidden: Int64(state), apart: apart.map(Int64.init))
  }

  /// Visits the datasets in which keys have rows, with the place of the key in the list and the number of rows; one dataset of a key may
  /// come several times.
  ///
  /// - Parameters:
  ///   - keys: ascending, each once.
  ///   - wanted: the datasets that count; of others nothing is read but the directory. `nil` = all.
  package func forEach(
    _ keys: [UInt128], among wanted: Set<DatasetID>? = nil, _ body: (Int, DatasetID, Count) -> Void
  ) throws(StoreError) {
    for segment in snapshot.currentSegments { try count(keys, among: wanted, in: segment, body) }
    let memory = snapshot.view.memory
    guard memory.count > 0 else { return }
    for (place, key) in keys.enumerated() {
      for (position, row) in memory.rows(of: key, asOf: snapshot.commit)
      where Int64(row.system.state) != states.hidden && wanted?.contains(row.schema.dataset) ?? true
        && memory.marks.superseded(position, asOf: snapshot.commit) == nil
      {
        body(
          place, row.schema.dataset, Count(rows: 1, apart: Int64(row.system.state) == states.apart ? 1 : 0))
      }
    }
  }

  private func count(
    _ keys: [UInt128], among wanted: Set<DatasetID>?, in segment: SegmentView,
    _ body: (Int, DatasetID, Count) -> Void
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
          datasets[run.dataset] = try DatasetRows(segment, run.dataset, states, snapshot.commit)
        }
        if let count = try datasets[run.dataset]?.count(run), count.rows > 0 {
          body(place, run.dataset, count)
        }
      }
    }
  }

  /// The rows of one dataset in one segment.
  private struct DatasetRows {
    private var reader: RowAssembler?
    private let commit: UInt64
    private let states: States

    init(
      _ segment: SegmentView, _ dataset: DatasetID, _ states: States, _ commit: UInt64
    ) throws(StoreError) {
      self.commit = commit
      self.states = states
      guard let chunk = try segment.reader.chunk(of: dataset) else { return }
      let column = try segment.reader.columns(of: chunk).column(SystemColumn.state.rawValue)
      let mayMatter =
        column?.blocks.contains { states.mayOccur(from: $0.minimum, through: $0.maximum) } ?? true
      guard mayMatter || segment.needsLook(asOf: commit) else { return }
      reader = try RowAssembler(segment, schema: DatasetSchema(dataset: dataset, version: 1, columns: []))
    }

    /// Rows of a run that count. Without a reader all do.
    mutating func count(_ run: RowRun) throws(StoreError) -> Count {
      guard var reader else { return Count(rows: Int(run.count), apart: 0) }
      defer { self.reader = reader }
      var count = Count(rows: 0, apart: 0)
      let systems = try reader.systemValues(reader.rows(at: run))
      for (place, system) in systems.enumerated()
      where system.commit <= commit && Int64(system.state) != states.hidden {
        guard try reader.superseded(run.first + UInt32(place), asOf: commit) == nil else { continue }
        count.rows += 1
        if Int64(system.state) == states.apart { count.apart += 1 }
      }
      return count
    }
  }
}
