// Owns putting rows of one dataset of a segment together from their columns.
// Invariants: columns the segment does not have read as null; a row outside the dataset is damage.
// Does not decide which rows a snapshot sees.

/// Puts rows of a dataset chunk together from their columns. Keeps its blocks from row to row.
package struct RowAssembler {
  package let schema: DatasetSchema
  private let chunk: DatasetChunk
  private let view: SegmentView
  private var system: [ColumnCursor]
  private var columns: [ColumnCursor]
  /// Only in segments of history.
  private var supersededBy: ColumnCursor

  /// `nil` when the segment has no rows of the dataset.
  package init?(_ segment: SegmentView, schema: DatasetSchema) throws(StoreError) {
    guard let chunk = try segment.reader.chunk(of: schema.dataset) else { return nil }
    let entries = try segment.reader.columns(of: chunk)
    self.schema = schema
    self.chunk = chunk
    view = segment
    system = SystemColumn.always.map { ColumnCursor(segment.reader, entries, id: $0.rawValue) }
    columns = schema.columns.map { ColumnCursor(segment.reader, entries, id: $0.id, type: $0.type) }
    supersededBy = ColumnCursor(segment.reader, entries, id: SystemColumn.superseded.rawValue)
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

  /// The hash of some values of a row, which is that of ``ContentHash`` over them alone; nothing else of the row is read.
  ///
  /// - Parameter places: columns of the schema, ascending.
  package mutating func hash(_ places: [Int], _ position: UInt32, key: UInt128) throws(StoreError) -> UInt64 {
    let row = try row(at: position)
    var hash = ContentHash.start
    for place in places {
      let cell: RowPayload.View? =
        schema.columns[place].type == .text
        ? try columns[place].text(row, key: key).map { .text($0) }
        : try columns[place].integer(row).map { .integer($0) }
      hash = TextHash.combine(hash, ContentHash.value(cell ?? .null))
    }
    return hash
  }

  /// The text of a column of the schema in one row, valid until the next is asked for.
  package mutating func text(_ column: Int, _ row: Int, key: UInt128) throws(StoreError)
    -> UnsafeRawBufferPointer?
  {
    // In place: for one value, copying the cursor would cost more than reading it.
    try columns[column].text(row, key: key)
  }

  /// The state of one row of the chunk.
  package mutating func state(_ row: Int) throws(StoreError) -> UInt8 {
    UInt8(clamping: try system[SystemColumn.state.index].integer(row) ?? 0)
  }

  /// The place of a position of the segment within the dataset.
  package func row(at position: UInt32) throws(StoreError) -> Int {
    guard position >= chunk.firstRow, position - chunk.firstRow < chunk.rowCount else {
      throw StoreError(.damaged, "a run points outside its dataset")
    }
    return Int(position - chunk.firstRow)
  }

  /// The places of the rows of a run within the dataset.
  package func rows(at run: RowRun) throws(StoreError) -> Range<Int> {
    guard let rows = chunk.rows(of: run) else {
      throw StoreError(.damaged, "a run points outside its dataset")
    }
    return rows
  }

  /// The commit of the row at a position of the segment.
  package mutating func commit(_ position: UInt32) throws(StoreError) -> UInt64 {
    let row = try row(at: position)
    let commit = UInt64(bitPattern: try system[SystemColumn.commit.index].integer(row) ?? 0)
    return commit == 0 ? view.addedCommit : commit
  }

  /// The commit that superseded the row at a position of the segment, as a snapshot at `commit` sees it.
  package mutating func superseded(_ position: UInt32, asOf commit: UInt64) throws(StoreError) -> UInt64? {
    guard view.isHistory else { return view.marks.superseded(position, asOf: commit) }
    let found = UInt64(bitPattern: try supersededBy.integer(try row(at: position)) ?? 0)
    return found <= commit ? found : nil
  }

  /// The system values of consecutive rows of the chunk.
  package mutating func systemValues(_ rows: Range<Int>) throws(StoreError) -> [RowSystemValues] {
    var values = [RowSystemValues](repeating: RowSystemValues(batch: 0, state: 0), count: rows.count)
    for column in SystemColumn.always {
      var cursor = system[column.index]
      defer { system[column.index] = cursor }
      // Rows of one batch, all in their first version: nearly always there is but one value.
      if let value = try cursor.constant(rows) {
        for place in values.indices { set(column, value, &values[place]) }
        continue
      }
      for row in rows { set(column, try cursor.integer(row), &values[row - rows.lowerBound]) }
    }
    return values
  }

  @inline(__always)
  private func set(_ column: SystemColumn, _ value: Int64?, _ values: inout RowSystemValues) {
    switch column {
    case .commit:
      let commit = UInt64(bitPattern: value ?? 0)
      values.commit = commit == 0 ? view.addedCommit : commit
    case .batch: values.batch = UInt64(bitPattern: value ?? 0)
    case .version: values.version = UInt32(clamping: value ?? 1)
    case .state: values.state = UInt8(clamping: value ?? 0)
    case .superseded: break
    }
  }

  /// The system values of a row of the chunk.
  package mutating func systemValues(_ row: Int) throws(StoreError) -> RowSystemValues {
    let commit = UInt64(bitPattern: try system[SystemColumn.commit.index].integer(row) ?? 0)
    return RowSystemValues(
      commit: commit == 0 ? view.addedCommit : commit,
      batch: UInt64(bitPattern: try system[SystemColumn.batch.index].integer(row) ?? 0),
      version: UInt32(clamping: try system[SystemColumn.version.index].integer(row) ?? 1),
      state: UInt8(clamping: try system[SystemColumn.state.index].integer(row) ?? 0))
  }
}
