// Owns finding where the rows of one key lie, all at once: in segments and in memory, by dataset.
// Invariants: the directory of each segment is asked once, however many datasets the key has rows in; nothing of the rows is read.
// Does not decide which rows a snapshot sees.

/// Where the rows of a key lie.
package struct KeyPlaces {
  /// A stretch of rows in one segment.
  package struct Part {
    /// The segment, by its place among those of the snapshot's view.
    var segment: Int
    var run: RowRun
  }

  package let key: UInt128
  /// The texts of the subject that were read, for all its datasets.
  let subjectTexts = SubjectTextMemo()
  /// By dataset, within one by segment.
  let parts: [Part]
  /// Rows in memory, by dataset, within one by position.
  let memory: [(position: UInt32, row: MemoryRow)]

  /// - Parameters:
  ///   - isWanted: the datasets that count.
  ///   - hasRows: the segments that count.
  init(
    _ key: UInt128, in snapshot: EngineSnapshot, where isWanted: (DatasetID) -> Bool,
    segments hasRows: (SegmentView) -> Bool
  ) throws(StoreError) {
    self.key = key
    var parts: [Part] = []
    var isOrdered = true
    for (place, segment) in snapshot.view.segments.enumerated() where hasRows(segment) {
      for run in try segment.reader.runs(of: key) where isWanted(run.dataset) {
        // In one segment they ascend; a key nearly always lies in one.
        if let last = parts.last, last.run.dataset > run.dataset { isOrdered = false }
        parts.append(Part(segment: place, run: run))
      }
    }
    if !isOrdered {
      parts.sort {
        ($0.run.dataset.rawValue, $0.segment, $0.run.first) < (
          $1.run.dataset.rawValue, $1.segment, $1.run.first
        )
      }
    }
    self.parts = parts
    let rows = snapshot.view.memory.rows(of: key, asOf: snapshot.commit).filter {
      isWanted($0.row.schema.dataset)
    }
    memory = rows.sorted {
      ($0.row.schema.dataset.rawValue, $0.position) < ($1.row.schema.dataset.rawValue, $1.position)
    }
  }

  /// The stretches in one dataset.
  func parts(of dataset: DatasetID) -> ArraySlice<Part> {
    let first = parts.partitioningIndex { $0.run.dataset >= dataset }
    return parts[first...].prefix { $0.run.dataset == dataset }
  }

  /// The rows in memory of one dataset.
  func memory(of dataset: DatasetID) -> ArraySlice<(position: UInt32, row: MemoryRow)> {
    let first = memory.partitioningIndex { $0.row.schema.dataset >= dataset }
    return memory[first...].prefix { $0.row.schema.dataset == dataset }
  }
}
