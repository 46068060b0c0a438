// Owns what a store knows of one of its segments beside the file: whose commits it holds and which rows were superseded.
// Invariants: rows of a history segment are all superseded and say by which commit themselves; other segments have marks.
// Does not read values.

/// One segment of a store.
package struct SegmentView: Sendable {
  package let reader: SegmentReader
  /// Commit of the rows that name none, and the first commit with rows here.
  package let addedCommit: UInt64
  /// The last commit with rows here; a checkpoint gathers rows of many commits.
  package let lastCommit: UInt64
  /// Of a history segment (历史): the commit from which on all its rows are superseded. 0 for all others.
  package let historyEnd: UInt64
  /// Whether it is in its final form: a thorough merge wrote it.
  package let isCompacted: Bool
  package let marks: MarkTable

  package init(
    reader: SegmentReader, addedCommit: UInt64, lastCommit: UInt64, historyEnd: UInt64 = 0,
    isCompacted: Bool = false, marks: MarkTable = MarkTable()
  ) {
    self.reader = reader
    self.addedCommit = addedCommit
    self.lastCommit = lastCommit
    self.historyEnd = historyEnd
    self.isCompacted = isCompacted
    self.marks = marks
  }

  /// The same segment read through another cache.
  package func reading(through context: ReadingContext) -> SegmentView {
    SegmentView(
      reader: SegmentReader(reader, context: context), addedCommit: addedCommit, lastCommit: lastCommit,
      historyEnd: historyEnd, isCompacted: isCompacted, marks: marks)
  }

  /// Whether it holds superseded rows only.
  package var isHistory: Bool { historyEnd > 0 }

  /// The rows of a chunk that something has superseded, from its first row on; `nil` = all of them.
  package func supersededRows(of chunk: DatasetChunk, asOf commit: UInt64) -> [Range<Int>]? {
    guard !isHistory else { return nil }
    var ranges: [Range<Int>] = []
    for position in marks.positions(asOf: commit, in: chunk.firstRow..<chunk.firstRow + chunk.rowCount) {
      let row = Int(position - chunk.firstRow)
      if let last = ranges.last, last.upperBound == row {
        ranges[ranges.count - 1] = last.lowerBound..<row + 1
      } else {
        ranges.append(row..<row + 1)
      }
    }
    return ranges
  }

  /// Whether a snapshot may see rows here.
  package func hasRows(asOf commit: UInt64) -> Bool { addedCommit <= commit }

  /// Whether a snapshot may see rows here that nothing has superseded.
  package func hasCurrentRows(asOf commit: UInt64) -> Bool {
    addedCommit <= commit && (historyEnd == 0 || commit < historyEnd)
  }

  /// Whether some row was superseded as of a commit, or is not there yet.
  package func needsLook(asOf commit: UInt64) -> Bool {
    isHistory || marks.count > 0 || lastCommit > commit
  }
}
