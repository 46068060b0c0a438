// Owns joining the sorted subjects of a batch with the rows the store already has of the entry.
// Invariants: subjects are asked for in ascending order; every row of the dataset visible to the snapshot is found,
// superseded ones too.

package import SegmentStore

package struct ExistingRows {
  private struct Source {
    var view: SegmentView
    var cursor: SubjectCursor
    var assembler: RowAssembler
  }

  private let snapshot: EngineSnapshot
  private let schema: DatasetSchema
  private var sources: [Source] = []
  private let hasMemoryRows: Bool

  package init(_ snapshot: EngineSnapshot, schema: DatasetSchema) throws(StoreError) {
    self.snapshot = snapshot
    self.schema = schema
    for view in snapshot.segments {
      guard let assembler = try RowAssembler(view, schema: schema) else { continue }
      sources.append(Source(view: view, cursor: try SubjectCursor(view.reader), assembler: assembler))
    }
    hasMemoryRows = snapshot.view.memory.count > 0
  }

  /// Whether the store has no row of the dataset at all.
  package var isEmpty: Bool { sources.isEmpty && !hasMemoryRows }

  /// All rows of a subject, oldest first.
  package mutating func rows(of key: UInt128) throws(StoreError) -> [StoredRow] {
    guard !isEmpty else { return [] }
    var rows: [StoredRow] = []
    for index in sources.indices {
      for run in try sources[index].cursor.runs(of: key) where run.dataset == schema.dataset {
        for position in run.first..<run.first + run.count {
          let view = sources[index].view
          let (system, payload) = try sources[index].assembler.row(position, key: key)
          guard system.commit <= snapshot.commit else { continue }
          rows.append(
            StoredRow(
              address: RowAddress(segment: view.reader.id.rawValue, position: position),
              dataset: schema.dataset,
              key: key, system: system,
              superseded: try sources[index].assembler.superseded(position, asOf: snapshot.commit),
              payload: payload))
        }
      }
    }
    if hasMemoryRows {
      for (position, row) in snapshot.view.memory.rows(of: key, asOf: snapshot.commit)
      where row.schema.dataset == schema.dataset {
        rows.append(snapshot.stored(position, row, schema))
      }
    }
    if rows.count > 1 {
      rows.sort { ($0.system.commit, $0.system.version) < ($1.system.commit, $1.system.version) }
    }
    return rows
  }
}
