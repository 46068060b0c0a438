// Owns reading the store as of one commit.
// Invariants: a snapshot never changes, whatever is committed later; a row is visible when its commit is not newer
// than the snapshot and no mark of the snapshot supersedes it.
// Does not know record identities, states or items.

/// One segment of a view.
package struct SegmentView: Sendable {
  package let reader: SegmentReader
  /// Commit of the rows that name none, and the first commit with rows here.
  package let addedCommit: UInt64
  /// The last commit with rows here; a checkpoint gathers rows of many commits.
  package let lastCommit: UInt64
  package let marks: MarkTable
}

/// What a store consists of at a commit.
package final class EngineView: Sendable {
  package let commit: UInt64
  package let segments: [SegmentView]
  package let memory: MemoryTable
  /// Position of each segment in `segments`.
  private let positions: [UInt64: Int]

  package init(commit: UInt64, segments: [SegmentView], memory: MemoryTable) {
    self.commit = commit
    self.segments = segments
    self.memory = memory
    positions = Dictionary(
      segments.enumerated().map { ($1.reader.id.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package func segment(_ id: UInt64) -> SegmentView? { positions[id].map { segments[$0] } }
}

/// A row as a snapshot sees it.
package struct StoredRow: Sendable {
  package var address: RowAddress
  package var dataset: DatasetID
  package var key: UInt128
  package var system: RowSystemValues
  /// The commit that superseded the row, if the snapshot knows of one.
  package var superseded: UInt64?
  /// Values in the order of the schema asked for.
  package var payload: [UInt8]

  package init(
    address: RowAddress, dataset: DatasetID, key: UInt128, system: RowSystemValues, superseded: UInt64?,
    payload: [UInt8]
  ) {
    self.address = address
    self.dataset = dataset
    self.key = key
    self.system = system
    self.superseded = superseded
    self.payload = payload
  }
}

/// The store as of one commit (快照).
public struct EngineSnapshot: Sendable {
  package let view: EngineView
  /// The commit up to which changes are seen.
  public let commit: UInt64

  package init(view: EngineView, commit: UInt64) {
    self.view = view
    self.commit = commit
  }

  /// Datasets in which a key has rows, ascending; superseded rows count too.
  package func datasets(of key: UInt128) throws(StoreError) -> [DatasetID] {
    var found: Set<DatasetID> = []
    for segment in view.segments where segment.addedCommit <= commit {
      for run in try segment.reader.runs(of: key) where !found.contains(run.dataset) {
        if segment.lastCommit > commit {
          let schema = DatasetSchema(dataset: run.dataset, version: 1, columns: [])
          guard var rows = try RowAssembler(segment, schema: schema) else { continue }
          var isVisible = false
          for position in run.first..<run.first + run.count where !isVisible {
            isVisible = try rows.commit(position) <= commit
          }
          guard isVisible else { continue }
        }
        found.insert(run.dataset)
      }
    }
    for (_, row) in view.memory.rows(of: key, asOf: commit) { found.insert(row.schema.dataset) }
    return found.sorted()
  }

  /// All rows of a key in a dataset, superseded ones too, oldest commit first and within a commit by version.
  package func rows(of key: UInt128, schema: DatasetSchema) throws(StoreError) -> [StoredRow] {
    var rows: [StoredRow] = []
    for segment in view.segments where segment.addedCommit <= commit {
      for run in try segment.reader.runs(of: key) where run.dataset == schema.dataset {
        try appendRows(of: run, key: key, segment: segment, schema: schema, to: &rows)
      }
    }
    for (position, row) in view.memory.rows(of: key, asOf: commit) where row.schema.dataset == schema.dataset
    {
      rows.append(stored(position, row, schema))
    }
    return rows
  }

  /// Visits the rows of a key that the snapshot sees and no mark supersedes, without putting them together.
  ///
  /// - Parameters:
  ///   - visit: a row in a segment: its system values, its place, and where to read its values.
  ///   - memory: a row in memory.
  package func visitCurrentRows(
    of key: UInt128, schema: DatasetSchema,
    _ visit: (RowSystemValues, Int, inout RowAssembler) throws(StoreError) -> Void,
    memory: (StoredRow) throws(StoreError) -> Void
  ) throws(StoreError) {
    for segment in view.segments where segment.addedCommit <= commit {
      for run in try segment.reader.runs(of: key) where run.dataset == schema.dataset {
        guard var reader = try RowAssembler(segment, schema: schema) else { continue }
        for position in run.first..<run.first + run.count {
          if segment.marks.count > 0, segment.marks.superseded(position, asOf: commit) != nil { continue }
          let row = try reader.row(at: position)
          let system = try reader.systemValues(row)
          if system.commit <= commit { try visit(system, row, &reader) }
        }
      }
    }
    for (position, row) in view.memory.rows(of: key, asOf: commit) where row.schema.dataset == schema.dataset
    {
      let stored = stored(position, row, schema)
      if stored.superseded == nil { try memory(stored) }
    }
  }

  /// Counts visible rows of a key in a dataset without reading their values.
  package func count(of key: UInt128, dataset: DatasetID) throws(StoreError) -> Int {
    var total = 0
    for segment in view.segments where segment.addedCommit <= commit {
      for run in try segment.reader.runs(of: key) where run.dataset == dataset {
        total += Int(run.count)
        guard segment.marks.count > 0 || segment.lastCommit > commit else { continue }
        var reader = try RowAssembler(
          segment, schema: DatasetSchema(dataset: dataset, version: 1, columns: []))
        for position in run.first..<run.first + run.count {
          var rowCommit: UInt64 = 0
          if segment.lastCommit > commit { rowCommit = try reader?.commit(position) ?? 0 }
          if rowCommit > commit || segment.marks.superseded(position, asOf: commit) != nil { total -= 1 }
        }
      }
    }
    for (position, row) in view.memory.rows(of: key, asOf: commit) where row.schema.dataset == dataset {
      if view.memory.marks.superseded(position, asOf: commit) == nil { total += 1 }
    }
    return total
  }

  package func stored(_ position: UInt32, _ row: MemoryRow, _ schema: DatasetSchema) -> StoredRow {
    StoredRow(
      address: RowAddress(segment: 0, position: position), dataset: row.schema.dataset, key: row.key,
      system: row.system, superseded: view.memory.marks.superseded(position, asOf: commit),
      payload: row.schema.columns == schema.columns ? row.payload : Self.converted(row, schema))
  }

  /// A row of another schema version with the columns asked for: by id, absent ones null.
  private static func converted(_ row: MemoryRow, _ schema: DatasetSchema) -> [UInt8] {
    guard let cells = row.payload.withUnsafeBytes({ RowPayload.decode($0, row.schema) }) else { return [] }
    return RowPayload.encode(
      schema.columns.map { column in
        row.schema.columns.firstIndex { $0 == column }.map { cells[$0] } ?? .null
      })
  }

  private func appendRows(
    of run: RowRun, key: UInt128, segment: SegmentView, schema: DatasetSchema, to rows: inout [StoredRow]
  ) throws(StoreError) {
    guard var reader = try RowAssembler(segment, schema: schema) else { return }
    for position in run.first..<run.first + run.count {
      if segment.lastCommit > commit, try reader.commit(position) > commit { continue }
      let (system, payload) = try reader.row(position, key: key)
      rows.append(
        StoredRow(
          address: RowAddress(segment: segment.reader.id.rawValue, position: position),
          dataset: schema.dataset,
          key: key, system: system, superseded: segment.marks.superseded(position, asOf: commit),
          payload: payload))
    }
  }
}

/// Puts rows of a dataset chunk together from their columns. Keeps its blocks from row to row.
package struct RowAssembler {
  private let schema: DatasetSchema
  private let chunk: DatasetChunk
  private let addedCommit: UInt64
  private var system: [ColumnCursor]
  private var columns: [ColumnCursor]

  /// `nil` when the segment has no rows of the dataset.
  package init?(_ segment: SegmentView, schema: DatasetSchema) throws(StoreError) {
    guard let chunk = try segment.reader.chunk(of: schema.dataset) else { return nil }
    let entries = try segment.reader.columns(of: chunk)
    self.schema = schema
    self.chunk = chunk
    addedCommit = segment.addedCommit
    system = SystemColumn.allCases.map { ColumnCursor(segment.reader, entries.column($0.rawValue)) }
    columns = schema.columns.map { column in
      let entry = entries.column(column.id).flatMap { $0.type == column.type ? $0 : nil }
      return ColumnCursor(segment.reader, entry)
    }
  }

  /// The system values and the payload of the row at a position of the segment.
  package mutating func row(_ position: UInt32, key: UInt128) throws(StoreError) -> (RowSystemValues, [UInt8])
  {
    let row = try row(at: position)
    let system = try systemValues(row)
    var payload = ByteBuffer(capacity: 160)
    payload.append(contentsOf: repeatElement(0, count: RowPayload.bitmapBytes(columns.count)))
    for index in columns.indices {
      if schema.columns[index].type == .text, let text = try columns[index].text(row, key: key) {
        payload.append(varint: UInt64(text.count))
        payload.append(raw: text)
      } else if schema.columns[index].type == .integer, let value = try columns[index].integer(row) {
        payload.append(value)
      } else {
        let byte = index >> 3
        payload.replace(at: byte, with: payload.bytes[byte] | 1 << UInt8(index & 7))
      }
    }
    return (system, payload.bytes)
  }

  /// The integer of a column of the schema, or `nil`.
  package mutating func integer(_ column: Int, _ row: Int) throws(StoreError) -> Int64? {
    try columns[column].integer(row)
  }

  /// The text of a column of the schema, or `nil`; valid until the column is asked again.
  package mutating func text(_ column: Int, _ row: Int, key: UInt128) throws(StoreError)
    -> UnsafeRawBufferPointer?
  {
    try columns[column].text(row, key: key)
  }

  /// The place of a position of the segment within the dataset.
  package func row(at position: UInt32) throws(StoreError) -> Int {
    guard position >= chunk.firstRow, position - chunk.firstRow < chunk.rowCount else {
      throw StoreError(.damaged, "a run points outside its dataset")
    }
    return Int(position - chunk.firstRow)
  }

  /// The commit of the row at a position of the segment.
  package mutating func commit(_ position: UInt32) throws(StoreError) -> UInt64 {
    let row = try row(at: position)
    let commit = UInt64(bitPattern: try system[SystemColumn.commit.index].integer(row) ?? 0)
    return commit == 0 ? addedCommit : commit
  }

  /// The system values of a row of the chunk.
  package mutating func systemValues(_ row: Int) throws(StoreError) -> RowSystemValues {
    let commit = UInt64(bitPattern: try system[SystemColumn.commit.index].integer(row) ?? 0)
    return RowSystemValues(
      commit: commit == 0 ? addedCommit : commit,
      batch: UInt64(bitPattern: try system[SystemColumn.batch.index].integer(row) ?? 0),
      version: UInt32(clamping: try system[SystemColumn.version.index].integer(row) ?? 1),
      state: UInt8(clamping: try system[SystemColumn.state.index].integer(row) ?? 0))
  }
}
