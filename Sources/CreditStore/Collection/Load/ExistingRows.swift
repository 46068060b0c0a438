// Owns joining the sorted subjects of a batch with the rows the store already has of the entry.
// Invariants: subjects are asked for in ascending order; every row visible to the snapshot that a row of the batch may be a version of is
// found, superseded ones too. Hashes only leave out: equality is decided later, on the bytes.

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
    hasMemoryRows = snapshot.view.memory.rowCount(of: schema.dataset, asOf: snapshot.commit) > 0
  }

  /// Whether the store has no row of the dataset at all.
  package var isEmpty: Bool { sources.isEmpty && !hasMemoryRows }

  /// The rows of a subject that rows of a batch may be versions of, oldest first: all of them without a record key, else those whose keys have the hash of
  /// one of the batch's.
  package mutating func rows(
    of key: UInt128, like incoming: ArraySlice<RunEntry>, _ identity: RecordIdentity
  ) throws(StoreError) -> [StoredRow] {
    guard !isEmpty else { return [] }
    var wanted: KeyHashes?
    var rows: [StoredRow] = []
    for index in sources.indices {
      for run in try sources[index].cursor.runs(of: key) where run.dataset == schema.dataset {
        if identity.isKeyed, wanted == nil { wanted = KeyHashes(incoming) }
        for position in run.first..<run.first + run.count {
          if let wanted {
            let hash = try sources[index].assembler.hash(identity.keyPlaces, position, key: key)
            guard wanted.contains(identity.masked(hash)) else { continue }
          }
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
    // Rows in memory are few: whether they are of the same records is seen later.
    if rows.count > 1 {
      rows.sort { ($0.system.commit, $0.system.version) < ($1.system.commit, $1.system.version) }
    }
    return rows
  }

  /// Gives the texts of the schema's first column in all rows of a subject, each valid until the next, with the state of its row.
  mutating func forEachText(
    of key: UInt128, _ body: (UnsafeRawBufferPointer, _ state: UInt8) -> Void
  ) throws(StoreError) {
    for index in sources.indices {
      for run in try sources[index].cursor.runs(of: key) where run.dataset == schema.dataset {
        for place in try sources[index].assembler.rows(at: run) {
          let state = try sources[index].assembler.state(place)
          if let text = try sources[index].assembler.text(0, place, key: key) { body(text, state) }
        }
      }
    }
    guard hasMemoryRows else { return }
    for (position, row) in snapshot.view.memory.rows(of: key, asOf: snapshot.commit)
    where row.schema.dataset == schema.dataset {
      let stored = snapshot.stored(position, row, schema)
      stored.payload.withUnsafeBytes { bytes in
        _ = RowPayload.walk(bytes, schema) { column, cell in
          if column == 0, case .text(let text) = cell { body(text, stored.system.state) }
        }
      }
    }
  }
}

/// The hashes of the record keys of some rows.
private struct KeyHashes {
  private var hashes: [UInt32]
  /// Up to so many are compared one by one.
  private static let few = 16

  init(_ rows: ArraySlice<RunEntry>) {
    hashes = rows.map { RunRow.keyHash($0.row) }
    if hashes.count > Self.few { hashes.sort() }
  }

  func contains(_ hash: UInt32) -> Bool {
    guard hashes.count > Self.few else { return hashes.contains(hash) }
    let place = hashes.partitioningIndex { $0 >= hash }
    return place < hashes.count && hashes[place] == hash
  }
}
