// Owns the changes of one commit while they are put together.
// Invariants: nothing is visible or durable until the engine applies it; discarding removes every file it made.

/// The changes of one commit.
package struct WriteTransaction {
  private let environment: StoreEnvironment
  /// The store as the writer sees it; nobody else commits meanwhile.
  package let snapshot: EngineSnapshot
  package private(set) var record = CommitRecord()
  package private(set) var finished: [FinishedSegment] = []
  private var schemaIndexes: [DatasetSchema: Int] = [:]

  init(_ environment: StoreEnvironment, snapshot: EngineSnapshot) {
    self.environment = environment
    self.snapshot = snapshot
  }

  package var isEmpty: Bool {
    record.rows.isEmpty && record.segments.isEmpty && record.superseded.isEmpty
  }

  /// The commit number this transaction will have.
  package var commit: UInt64 { snapshot.commit + 1 }

  /// The address the next row added to this transaction will have.
  package var nextRowAddress: RowAddress {
    RowAddress(segment: 0, position: UInt32(snapshot.view.memory.count + record.rows.count))
  }

  /// Adds a row to be kept in the journal and in memory; for some thousands of rows use a segment.
  package mutating func append(
    _ schema: DatasetSchema, key: UInt128, batch: UInt64, version: UInt32 = 1, state: UInt8 = 0,
    payload: [UInt8]
  ) throws(StoreError) {
    let index: Int
    if let known = schemaIndexes[schema] {
      index = known
    } else {
      try schema.validate()
      index = record.schemas.count
      record.schemas.append(schema)
      schemaIndexes[schema] = index
    }
    guard payload.withUnsafeBytes({ RowPayload.walk($0, schema) { _, _ in } }) else {
      throw StoreError(.invalidArgument, "a row does not fit its schema")
    }
    record.rows.append(
      InlineRow(schema: index, key: key, batch: batch, version: version, state: state, payload: payload))
  }

  /// Marks a row as superseded by this commit.
  package mutating func supersede(_ address: RowAddress) { record.superseded.append(address) }

  /// Starts a new segment of this commit.
  package mutating func makeSegment(index: TextIndexBuilder? = nil) throws(StoreError) -> SegmentWriter {
    try SegmentWriter(
      id: environment.takeSegmentID(), store: environment.identifier, folder: environment.folder.path,
      files: environment.folder.files, index: index)
  }

  /// Takes a finished segment into the commit.
  package mutating func add(_ segment: FinishedSegment) {
    finished.append(segment)
    record.segments.append(
      SegmentReference(id: segment.id, fileLength: segment.fileLength, checksum: segment.checksum))
  }

  /// Removes the files of a transaction that will not be committed.
  func discard() {
    for segment in finished {
      try? environment.folder.files.remove(environment.folder.path + "/" + segment.id.fileName)
    }
  }
}
