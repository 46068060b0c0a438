// Owns finding the subjects that have withdrawn or repaired records of an entry.
// Invariants: blocks whose largest state says that nothing is closed are not read.

package import SegmentStore

package enum ClosedRecords {
  /// Keys of subjects with a current version that is withdrawn or repaired.
  package static func keys(_ snapshot: EngineSnapshot, dataset: DatasetID) throws(StoreError) -> Set<UInt128>
  {
    var keys: Set<UInt128> = []
    // The writer asks as of the last commit: nothing in a history segment is current then.
    for segment in snapshot.currentSegments {
      let positions = try closedPositions(segment, dataset: dataset)
      guard !positions.isEmpty else { continue }
      for fence in try segment.reader.subjectTree().fences {
        let leaf = try segment.reader.leaf(fence)
        for subject in 0..<leaf.subjectCount {
          for run in leaf.runs(subject) where run.dataset == dataset {
            let isClosed = (run.first..<run.first + run.count).contains { position in
              positions.contains(position)
                && segment.marks.superseded(position, asOf: snapshot.commit) == nil
            }
            if isClosed { keys.insert(leaf.key(subject)) }
          }
        }
      }
    }
    for (_, row) in snapshot.view.memory.rows(of: dataset, asOf: snapshot.commit)
    where RecordState(rawValue: row.system.state)?.isClosed == true { keys.insert(row.key) }
    return keys
  }

  private static func closedPositions(_ segment: SegmentView, dataset: DatasetID) throws(StoreError) -> Set<
    UInt32
  > {
    guard let chunk = try segment.reader.chunk(of: dataset) else { return [] }
    let columns = try segment.reader.columns(of: chunk)
    guard let column = columns.column(SystemColumn.state.rawValue) else { return [] }
    var positions: Set<UInt32> = []
    for entry in column.blocks where entry.maximum >= Int64(RecordState.withdrawn.rawValue) {
      let block = try segment.reader.block(entry, of: column)
      for row in 0..<block.rowCount
      where RecordState(rawValue: UInt8(clamping: block.integer(row)))?.isClosed == true {
        positions.insert(chunk.firstRow + entry.firstRow + UInt32(row))
      }
    }
    return positions
  }
}
