// Owns reading the store as of one commit.
// Invariants: a snapshot never changes, whatever is committed later; a row is visible when its commit is not newer
// than the snapshot and no mark of the snapshot supersedes it.
// Does not know record identities, states or items.

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

  /// Whether a dataset can have rows as far as the files tell, without reading any: most stores need not look into most of their tables.
  package func mayHaveRows(of dataset: DatasetID) throws(StoreError) -> Bool {
    if view.memory.rowCount(of: dataset, asOf: commit) > 0 { return true }
    return try view.list.hasRows(of: dataset)
  }

  /// Segments in which the snapshot may see rows.
  package var segments: [SegmentView] { view.segments.filter { $0.hasRows(asOf: commit) } }
  /// Segments in which the snapshot may see rows that nothing has superseded.
  package var currentSegments: [SegmentView] { view.segments.filter { $0.hasCurrentRows(asOf: commit) } }

  /// Datasets in which a key has rows, ascending; superseded rows may count too.
  ///
  /// - Parameters:
  ///   - includesHistory: also those in which every row of the key is superseded.
  ///   - wanted: of others nothing is read but the directory of subjects.
  package func datasets(
    of key: UInt128, includesHistory: Bool = true, among wanted: Set<DatasetID>? = nil
  ) throws(StoreError) -> [DatasetID] {
    try datasets(of: places(of: key, includesHistory: includesHistory, among: wanted))
  }

  /// Where the rows of a key lie.
  ///
  /// - Parameters:
  ///   - includesHistory: also segments in which every row is superseded.
  ///   - wanted: the datasets that count; `nil` = all.
  package func places(
    of key: UInt128, includesHistory: Bool = true, among wanted: Set<DatasetID>? = nil
  ) throws(StoreError) -> KeyPlaces {
    try KeyPlaces(key, in: self) {
      wanted?.contains($0) ?? true
    } segments: {
      includesHistory ? $0.hasRows(asOf: commit) : $0.hasCurrentRows(asOf: commit)
    }
  }

  /// The datasets in which places hold a row the snapshot may see, ascending; superseded rows may count too.
  package func datasets(of places: KeyPlaces) throws(StoreError) -> [DatasetID] {
    var found: [DatasetID] = []
    for part in places.parts where found.last != part.run.dataset {
      if try hasVisibleRows(part) { found.append(part.run.dataset) }
    }
    guard !places.memory.isEmpty else { return found }
    return Set(found + places.memory.map(\.row.schema.dataset)).sorted()
  }

  private func hasVisibleRows(_ part: KeyPlaces.Part) throws(StoreError) -> Bool {
    let segment = view.segments[part.segment]
    guard segment.lastCommit > commit else { return true }
    let schema = DatasetSchema(dataset: part.run.dataset, version: 1, columns: [])
    guard let reader = try RunReader(segment, schema: schema) else { return false }
    for range in try Self.pieces(of: reader.rows(at: part.run))
    where try reader.hasRow(upTo: commit, among: range) { return true }
    return false
  }

  /// All rows of a key in a dataset, superseded ones too, in no order.
  package func rows(of key: UInt128, schema: DatasetSchema) throws(StoreError) -> [StoredRow] {
    try rows(of: key, schema: schema, includesSuperseded: true)
  }

  /// The rows of a key in a dataset that the snapshot sees and nothing has superseded, in no order; the values of all others are not read.
  package func currentRows(of key: UInt128, schema: DatasetSchema) throws(StoreError) -> [StoredRow] {
    try rows(of: key, schema: schema, includesSuperseded: false)
  }

  private func rows(
    of key: UInt128, schema: DatasetSchema, includesSuperseded: Bool
  ) throws(StoreError) -> [StoredRow] {
    var rows: [StoredRow] = []
    for segment in view.segments
    where includesSuperseded ? segment.hasRows(asOf: commit) : segment.hasCurrentRows(asOf: commit) {
      for run in try segment.reader.runs(of: key) where run.dataset == schema.dataset {
        try appendRows(
          of: run, key: key, segment: segment, schema: schema, includesSuperseded: includesSuperseded,
          to: &rows)
      }
    }
    for (position, row) in view.memory.rows(of: key, asOf: commit) where row.schema.dataset == schema.dataset
    {
      let row = stored(position, row, schema)
      if includesSuperseded || row.superseded == nil { rows.append(row) }
    }
    return rows
  }

  /// Rows of a key that are visited at once.
  private static let visitedRows = 65_536

  /// Consecutive rows in pieces of so many.
  private static func pieces(of rows: Range<Int>) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: visitedRows).map {
      $0..<min(rows.upperBound, $0 + visitedRows)
    }
  }

  /// Visits the rows of a key that the snapshot sees and no mark supersedes, without putting them together.
  ///
  /// - Parameters:
  ///   - places: where the rows of the key lie, as ``places(of:includesHistory:among:)`` of this snapshot found them without history.
  ///   - visit: rows in one segment, a vector's worth at a time: their places, their system values, and where to read their values.
  ///   - memory: a row in memory.
  package func visitCurrentRows(
    _ places: KeyPlaces, schema: DatasetSchema,
    _ visit: ([Int], [RowSystemValues], inout RunReader) throws(StoreError) -> Void,
    memory: (StoredRow) throws(StoreError) -> Void
  ) throws(StoreError) {
    for part in places.parts(of: schema.dataset) {
      let segment = view.segments[part.segment]
      guard var reader = try RunReader(segment, schema: schema, places.subjectTexts) else { continue }
      for range in try Self.pieces(of: reader.rows(at: part.run)) {
        let all = try reader.systemValues(range)
        let superseded = try reader.superseded(range, asOf: commit)
        var rows: [Int] = []
        var systems: [RowSystemValues] = []
        for (row, system) in zip(range, all) where system.commit <= commit {
          if !superseded.isEmpty, superseded[row - range.lowerBound] { continue }
          rows.append(row)
          systems.append(system)
        }
        if !rows.isEmpty { try visit(rows, systems, &reader) }
      }
    }
    for (position, row) in places.memory(of: schema.dataset) {
      let stored = stored(position, row, schema)
      if stored.superseded == nil { try memory(stored) }
    }
  }

  /// Whether a row that an earlier snapshot saw as current is so here, under the same address.
  package func isStillCurrent(_ address: RowAddress, since earlier: EngineSnapshot) -> Bool {
    guard address.segment != 0 else {
      return view.memory === earlier.view.memory
        && view.memory.marks.superseded(address.position, asOf: commit) == nil
    }
    guard let segment = view.segment(address.segment), !segment.isHistory else { return false }
    return segment.marks.superseded(address.position, asOf: commit) == nil
  }

  /// The row at an address, as the snapshot sees it.
  ///
  /// - Parameter key: the subject key of the row.
  package func row(at address: RowAddress, key: UInt128, schema: DatasetSchema) throws(StoreError)
    -> StoredRow
  {
    guard address.segment != 0 else {
      guard let row = view.memory.row(address.position) else {
        throw StoreError(.invalidArgument, "there is no such row in memory")
      }
      return stored(address.position, row, schema)
    }
    return try RowFetcher(self).row(at: address, key: key, schema: schema)
  }

  /// Counts visible rows of a key in a dataset without reading their values.
  ///
  /// - Parameter places: where the rows of the key lie, without history.
  package func count(_ places: KeyPlaces, dataset: DatasetID) throws(StoreError) -> Int {
    var total = 0
    for part in places.parts(of: dataset) {
      let segment = view.segments[part.segment]
      total += Int(part.run.count)
      guard segment.needsLook(asOf: commit) else { continue }
      let schema = DatasetSchema(dataset: dataset, version: 1, columns: [])
      guard let reader = try RunReader(segment, schema: schema) else { continue }
      for range in try Self.pieces(of: reader.rows(at: part.run)) {
        let commits = segment.lastCommit > commit ? try reader.commits(range) : []
        let superseded = try reader.superseded(range, asOf: commit)
        for place in 0..<range.count {
          let isLater = !commits.isEmpty && commits[place] > commit
          if isLater || !superseded.isEmpty && superseded[place] { total -= 1 }
        }
      }
    }
    for (position, _) in places.memory(of: dataset)
    where view.memory.marks.superseded(position, asOf: commit) == nil { total += 1 }
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
    of run: RowRun, key: UInt128, segment: SegmentView, schema: DatasetSchema, includesSuperseded: Bool,
    to rows: inout [StoredRow]
  ) throws(StoreError) {
    guard var reader = try RowAssembler(segment, schema: schema) else { return }
    for position in run.first..<run.first + run.count {
      if segment.lastCommit > commit, try reader.commit(position) > commit { continue }
      let superseded = try reader.superseded(position, asOf: commit)
      guard includesSuperseded || superseded == nil else { continue }
      let (system, payload) = try reader.row(position, key: key)
      rows.append(
        StoredRow(
          address: RowAddress(segment: segment.reader.id.rawValue, position: position),
          dataset: schema.dataset, key: key, system: system, superseded: superseded, payload: payload))
    }
  }
}
