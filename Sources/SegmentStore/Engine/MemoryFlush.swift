// Owns writing the rows in memory into a segment at a checkpoint.
// Invariants: all rows are written, superseded ones with their marks; order is that of every segment.

package enum MemoryFlush {
  /// Writes the rows and returns the open segment with its marks.
  ///
  /// - Parameters:
  ///   - commit: rows and marks of later commits are left out.
  ///   - folder: where, if not in the store itself.
  package static func write(
    _ memory: MemoryTable, asOf commit: UInt64, as id: SegmentID, in environment: StoreEnvironment,
    folder: StoreFolder? = nil
  ) throws(StoreError) -> SegmentView {
    let folder = folder ?? environment.folder
    // Rows stand in commit order: those left out are the last.
    let rows = memory.all.filter { $0.system.commit <= commit }
    let marks = Dictionary(
      memory.marks.all.filter { $0.commit <= commit && Int($0.position) < rows.count }.map {
        ($0.position, $0.commit)
      }, uniquingKeysWith: { first, _ in first })
    let orderColumns = Self.orderColumns(rows)
    let orders = rows.map { row -> Int64 in
      // All rows of a chunk are ordered by the column its newest schema names, also those that came under an older one.
      var schema = row.schema
      guard let column = orderColumns[schema.dataset] else { return 0 }
      guard let place = schema.columns.firstIndex(where: { $0.id == column && $0.type == .integer }) else {
        return .min
      }
      schema.orderColumn = place
      return row.payload.withUnsafeBytes { RowPayload.order($0, schema) }
    }
    let sorted = rows.indices.sorted { left, right in
      let (first, second) = (rows[left], rows[right])
      if first.schema.dataset != second.schema.dataset { return first.schema.dataset < second.schema.dataset }
      if first.key != second.key { return first.key < second.key }
      return orders[left] != orders[right] ? orders[left] < orders[right] : left < right
    }
    let writer = try SegmentWriter(
      id: id, store: environment.identifier, folder: folder.path, files: folder.files)
    var moved: [(position: UInt32, commit: UInt64)] = []
    var start = 0
    while start < sorted.count {
      let dataset = rows[sorted[start]].schema.dataset
      var end = start
      while end < sorted.count, rows[sorted[end]].schema.dataset == dataset { end += 1 }
      try append(Array(sorted[start..<end]), rows, to: writer, keyText: environment.context.keyText)
      start = end
    }
    for (position, index) in sorted.enumerated() {
      if let commit = marks[UInt32(index)] { moved.append((UInt32(position), commit)) }
    }
    let finished = try writer.finish()
    let reference = SegmentReference(id: id, fileLength: finished.fileLength, checksum: finished.checksum)
    let reader = try EngineApply.open(
      reference, finished, folder: folder, store: environment.identifier,
      context: environment.context)
    // Every row names its own commit; rows in memory stand in commit order.
    return SegmentView(
      reader: reader, addedCommit: rows.first?.system.commit ?? 0, lastCommit: rows.last?.system.commit ?? 0,
      marks: MarkTable(moved))
  }

  /// Id of the column by which the rows of each dataset are ordered: that of the newest schema among them.
  private static func orderColumns(_ rows: [MemoryRow]) -> [DatasetID: UInt32] {
    var newest: [DatasetID: DatasetSchema] = [:]
    for row in rows where newest[row.schema.dataset].map({ $0.version < row.schema.version }) ?? true {
      newest[row.schema.dataset] = row.schema
    }
    return newest.compactMapValues { schema in schema.orderColumn.map { schema.columns[$0].id } }
  }

  /// Appends the rows of one dataset under the newest schema among them; older rows are mapped to it by column id.
  private static func append(
    _ indexes: [Int], _ rows: [MemoryRow], to writer: SegmentWriter,
    keyText: @escaping KeyText
  ) throws(StoreError) {
    guard let newest = indexes.map({ rows[$0].schema }).max(by: { $0.version < $1.version }) else { return }
    var schema = newest
    for index in indexes {
      for column in rows[index].schema.columns where !schema.columns.contains(column) {
        schema.columns.append(column)
      }
    }
    let payloads = indexes.map { index -> [UInt8] in
      let row = rows[index]
      guard row.schema.columns != schema.columns else { return row.payload }
      let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, row.schema) } ?? []
      return RowPayload.encode(
        schema.columns.map { column in row.schema.columns.firstIndex(of: column).map { cells[$0] } ?? .null })
    }
    if SmallChunk.isSmall(rows: payloads.count, bytes: payloads.reduce(0) { $0 + $1.count }) {
      let small = zip(indexes, payloads).map { index, payload in
        SmallRow(key: rows[index].key, system: rows[index].system, payload: payload)
      }
      return try writer.append(small: small, of: schema, keyText: keyText)
    }
    try writer.begin(schema)
    let encoder = PartitionEncoder(schema: schema, keyText: keyText)
    // The encoder refers to payloads until `finish`: they are kept in one stretch of memory.
    let memory = ByteArena(capacity: payloads.reduce(0) { $0 + $1.count } + 64)
    var offsets: [Int] = []
    for payload in payloads {
      offsets.append(memory.count)
      payload.withUnsafeBytes { memory.append($0) }
    }
    for (place, index) in indexes.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: memory.base + offsets[place], count: payloads[place].count)
      try encoder.append(RowReference(key: rows[index].key, system: rows[index].system, payload: bytes))
    }
    try writer.append(encoder.finish())
    withExtendedLifetime(memory) {}
  }
}
