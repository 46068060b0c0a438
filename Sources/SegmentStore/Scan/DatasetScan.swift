// Owns walking all rows of a dataset as a snapshot sees them, column by column.
// Invariants: segments in the order they were added, rows in segment order, then the rows in memory; every row visible
// at the snapshot exactly once; superseded rows only on demand.
// Does not filter or group.

/// One row of a scan. Values are read on demand and stay valid until the next row.
package struct ScanRow {
  fileprivate var cursors: [ColumnCursor] = []
  fileprivate var system: [ColumnCursor] = []
  fileprivate var row = 0
  fileprivate var addedCommit: UInt64 = 0
  fileprivate var memory: MemoryRow?
  fileprivate var memoryCells: [RowPayload.Cell] = []
  /// Subject key of the row.
  package fileprivate(set) var key: UInt128 = 0
  /// Address of the row.
  package fileprivate(set) var address = RowAddress(segment: 0, position: 0)

  /// The integer of a column of the scan, or `nil`.
  package mutating func integer(_ column: Int) throws(StoreError) -> Int64? {
    guard memory == nil else {
      if case .integer(let value) = memoryCells[column] { return value } else { return nil }
    }
    return try cursors[column].integer(row)
  }

  /// The bytes of a text column of the scan, or `nil`.
  package mutating func text(_ column: Int) throws(StoreError) -> [UInt8]? {
    guard memory == nil else {
      if case .text(let value) = memoryCells[column] { return value } else { return nil }
    }
    return try cursors[column].text(row, key: key).map(Array.init)
  }

  /// A system value of the row.
  package mutating func system(_ column: SystemColumn) throws(StoreError) -> Int64 {
    if let memory {
      switch column {
      case .commit: return Int64(bitPattern: memory.system.commit)
      case .batch: return Int64(bitPattern: memory.system.batch)
      case .version: return Int64(memory.system.version)
      case .state: return Int64(memory.system.state)
      case .superseded: return 0
      }
    }
    let value = try system[column.index].integer(row) ?? 0
    return column == .commit && value == 0 ? Int64(bitPattern: addedCommit) : value
  }
}

/// Walks the rows of a dataset.
package struct DatasetScan {
  private let snapshot: EngineSnapshot
  private let schema: DatasetSchema
  private let includesSuperseded: Bool

  /// A scan over the columns of `schema`, which may be fewer than the dataset has.
  package init(_ snapshot: EngineSnapshot, schema: DatasetSchema, includesSuperseded: Bool = false) {
    self.snapshot = snapshot
    self.schema = schema
    self.includesSuperseded = includesSuperseded
  }

  /// Visits every visible row.
  package func forEach(_ body: (inout ScanRow) throws -> Void) throws {
    let commit = snapshot.commit
    for segment in snapshot.view.segments
    where includesSuperseded ? segment.hasRows(asOf: commit) : segment.hasCurrentRows(asOf: commit) {
      try scan(segment, body)
    }
    try scanMemory(body)
  }

  private func scan(_ segment: SegmentView, _ body: (inout ScanRow) throws -> Void) throws {
    guard let chunk = try segment.reader.chunk(of: schema.dataset) else { return }
    let columns = try segment.reader.columns(of: chunk)
    var row = ScanRow()
    row.addedCommit = segment.addedCommit
    row.cursors = schema.columns.map {
      ColumnCursor(segment.reader, columns, id: $0.id, type: $0.type)
    }
    let hidesHistory = segment.isHistory && !includesSuperseded
    var supersededBy = ColumnCursor(segment.reader, columns, id: SystemColumn.superseded.rawValue)
    row.system = SystemColumn.always.map { ColumnCursor(segment.reader, columns, id: $0.rawValue) }
    let hidden = includesSuperseded ? [] : segment.marks.positions(asOf: snapshot.commit)
    var nextHidden = hidden.partitioningIndex { $0 >= chunk.firstRow }
    for fence in try segment.reader.subjectTree().fences {
      let leaf = try segment.reader.leaf(fence)
      for subject in 0..<leaf.subjectCount {
        for run in leaf.runs(subject) where run.dataset == schema.dataset {
          row.key = leaf.key(subject)
          guard run.first >= chunk.firstRow, run.count <= chunk.rowCount,
            run.first - chunk.firstRow <= chunk.rowCount - run.count
          else {
            throw StoreError.damaged(
              "a run lies outside its dataset", file: segment.reader.id.fileName,
              offset: fence.location.offset)
          }
          for position in run.first..<run.first + run.count {
            if nextHidden < hidden.count, hidden[nextHidden] == position {
              nextHidden += 1
              continue
            }
            row.row = Int(position - chunk.firstRow)
            row.address = RowAddress(segment: segment.reader.id.rawValue, position: position)
            if segment.lastCommit > snapshot.commit, try row.system(.commit) > Int64(snapshot.commit) {
              continue
            }
            // Here are rows a later commit superseded, and others the snapshot knows to be superseded.
            if hidesHistory, UInt64(bitPattern: try supersededBy.integer(row.row) ?? 0) <= snapshot.commit {
              continue
            }
            try body(&row)
          }
        }
      }
    }
  }

  private func scanMemory(_ body: (inout ScanRow) throws -> Void) throws {
    let memory = snapshot.view.memory
    for (position, stored) in memory.rows(of: schema.dataset, asOf: snapshot.commit) {
      if !includesSuperseded, memory.marks.superseded(position, asOf: snapshot.commit) != nil { continue }
      let payload = snapshot.stored(position, stored, schema).payload
      guard let cells = payload.withUnsafeBytes({ RowPayload.decode($0, schema) }) else {
        throw StoreError(.damaged, "a row in memory does not fit its schema")
      }
      var row = ScanRow()
      row.memory = stored
      row.memoryCells = cells
      row.key = stored.key
      row.address = RowAddress(segment: 0, position: position)
      try body(&row)
    }
  }
}

extension Array {
  /// Index of the first element for which a monotonic predicate holds.
  @inlinable
  package func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
