// Owns the decision for each row of a subject: new record, new version, duplicate, or closed record.
// Invariants (architecture, semantics): file order decides within a batch; a row equal to any earlier version of its
// record is a duplicate; a row with new values for a withdrawn or repaired record is set aside; without a record key
// the whole content is the identity. Hashes only speed things up: equality is always decided on the bytes.

package import SegmentStore

/// How records of an entry are told apart.
package struct RecordIdentity: Sendable {
  /// Columns of the record key in row order; empty: the whole content.
  package let keyColumns: [Int]
  package var schema: DatasetSchema
  /// Bits of hashes that count; tests cut them down to force collisions.
  package var hashMask: UInt64 = .max

  package init(keyColumns: [Int], schema: DatasetSchema, hashMask: UInt64 = .max) {
    self.keyColumns = keyColumns
    keyPlaces = keyColumns.sorted()
    self.schema = schema
    self.hashMask = hashMask
  }

  package var isKeyed: Bool { !keyColumns.isEmpty }

  /// The columns of the record key, ascending: the order in which their hash is made.
  package let keyPlaces: [Int]

  /// The bits of a content hash that count.
  @inline(__always)
  package func masked(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash & hashMask) }

  /// The hash of a stored row: the same as that of an equal row of a batch.
  package func contentHash(_ payload: [UInt8]) -> UInt32 {
    payload.withUnsafeBytes { masked(ContentHash.hash($0, schema)) }
  }

  /// The hash of a stored row's record key: the same as that of a row of a batch with the same key.
  package func keyHash(_ payload: [UInt8]) -> UInt32 {
    var hash = ContentHash.start
    payload.withUnsafeBytes { bytes in
      _ = RowPayload.walk(bytes, schema) { index, cell in
        if keyColumns.contains(index) { hash = TextHash.combine(hash, ContentHash.value(cell)) }
      }
    }
    return masked(hash)
  }

  /// The bytes that identify a record among those of its subject: the key items' values, each with its length.
  package func keyBytes(_ payload: [UInt8]) -> [UInt8] { payload.withUnsafeBytes(keyBytes) }

  private func keyBytes(_ payload: UnsafeRawBufferPointer) -> [UInt8] {
    var cells = [[UInt8]](repeating: [], count: keyColumns.count)
    _ = RowPayload.walk(payload, schema) { index, view in
      guard let place = keyColumns.firstIndex(of: index) else { return }
      var buffer = ByteBuffer(capacity: 40)
      switch view {
      case .null: buffer.append(UInt8(0))
      case .integer(let value):
        buffer.append(UInt8(1))
        buffer.append(value)
      case .text(let text):
        buffer.append(UInt8(2))
        buffer.append(varint: UInt64(text.count))
        buffer.append(raw: text)
      }
      cells[place] = buffer.bytes
    }
    return cells.flatMap { $0 }
  }
}

/// A row that will be stored.
package struct DecidedRow {
  package var row: UnsafeRawPointer
  package var key: UInt128
  package var sequence: UInt64
  package var version: UInt32
  /// Superseded by a later row of the same batch.
  package var isSuperseded: Bool
}

/// What was decided for the rows of a partition.
package struct PartitionDecision {
  package var rows: [DecidedRow] = []
  package var superseded: [RowAddress] = []
  package var loaded = 0
  package var updated = 0
  package var duplicate = 0
  /// Rows for closed records.
  package var closed: [UnsafeRawPointer] = []
}

package struct VersionDecider {
  private let identity: RecordIdentity
  private let batch: BatchRows

  package init(_ identity: RecordIdentity, batch: BatchRows) {
    self.identity = identity
    self.batch = batch
  }

  /// One version of a record, stored or of this batch.
  private struct Version {
    var hash: UInt32
    var content: Seen
  }

  /// A row seen before; rows of the batch are brought into plain form only when their hashes agree.
  private enum Seen {
    case stored([UInt8])
    case row(UnsafeRawPointer)
  }

  private static var misread: StoreError {
    StoreError(.damaged, "a spill file does not read back as written")
  }

  private struct Record {
    /// A row of the record; its key is put together only when another row's hash agrees.
    var row: Seen
    var keyBytes: [UInt8]?
    var versions: [Version] = []
    var lastVersion: UInt32 = 0
    var stored: RowAddress?
    var pending: Int?
    var isClosed = false

    init(_ row: Seen) { self.row = row }
  }

  /// The records of one subject, found by their keys.
  private struct Records {
    var all: [Record] = []
    private var hashes: [UInt32] = []
    /// Of more than a few.
    private var places: [UInt32: [Int]] = [:]
    private static let few = 32

    /// The places of records whose keys have a hash.
    func candidates(_ hash: UInt32) -> [Int] {
      guard places.isEmpty else { return places[hash] ?? [] }
      return hashes.indices.filter { hashes[$0] == hash }
    }

    mutating func append(_ hash: UInt32, _ record: Record) -> Int {
      all.append(record)
      hashes.append(hash)
      if hashes.count == Self.few {
        for (place, hash) in hashes.enumerated() { places[hash, default: []].append(place) }
      } else if hashes.count > Self.few {
        places[hash, default: []].append(all.count - 1)
      }
      return all.count - 1
    }
  }

  /// Decides the rows of one subject, given in file order.
  package func decide(
    _ incoming: ArraySlice<RunEntry>, existing: [StoredRow], into decision: inout PartitionDecision
  ) throws(StoreError) {
    let start = decision.rows.count
    if incoming.count == 1, existing.isEmpty, let only = incoming.first {
      decision.loaded += 1
      decision.rows.append(
        DecidedRow(row: only.row, key: only.key, sequence: only.sequence, version: 1, isSuperseded: false))
      return
    }
    if !identity.isKeyed, existing.isEmpty, incoming.count <= 48 {
      decideSmall(incoming, &decision)
    } else if identity.isKeyed, existing.isEmpty, haveDistinctKeys(incoming) {
      decideDistinct(incoming, &decision)
    } else if identity.isKeyed {
      try decideKeyed(incoming, existing, &decision)
    } else {
      decideWhole(incoming, existing, &decision)
    }
    sortByDate(&decision.rows, from: start)
  }

  /// Within a subject rows stand by event date, then file order.
  private func sortByDate(_ rows: inout [DecidedRow], from start: Int) {
    guard identity.schema.orderColumn != nil, rows.count - start > 1 else { return }
    let keyed = rows[start...].map { (order: RunRow.order($0.row), row: $0) }
    let sorted = keyed.sorted {
      $0.order != $1.order ? $0.order < $1.order : $0.row.sequence < $1.row.sequence
    }
    for (index, entry) in sorted.enumerated() { rows[start + index] = entry.row }
  }

  /// A few new rows without a record key: compared with each other, most differ by their hash.
  private func decideSmall(_ incoming: ArraySlice<RunEntry>, _ decision: inout PartitionDecision) {
    let start = decision.rows.count
    for entry in incoming {
      let isDuplicate = decision.rows[start...].contains { batch.areEqual($0.row, entry.row) }
      if isDuplicate {
        decision.duplicate += 1
        continue
      }
      decision.loaded += 1
      decision.rows.append(
        DecidedRow(row: entry.row, key: entry.key, sequence: entry.sequence, version: 1, isSuperseded: false))
    }
  }

  /// Without a record key a row is the same record only when everything is equal.
  private func decideWhole(
    _ incoming: ArraySlice<RunEntry>, _ existing: [StoredRow], _ decision: inout PartitionDecision
  ) {
    var seen: [UInt32: [Seen]] = [:]
    seen.reserveCapacity(incoming.count + existing.count)
    for row in existing { seen[identity.contentHash(row.payload), default: []].append(.stored(row.payload)) }
    for entry in incoming {
      let hash = RunRow.contentHash(entry.row)
      let isDuplicate = (seen[hash] ?? []).contains { isEqual($0, entry.row) }
      if isDuplicate {
        decision.duplicate += 1
        continue
      }
      seen[hash, default: []].append(.row(entry.row))
      decision.loaded += 1
      decision.rows.append(
        DecidedRow(row: entry.row, key: entry.key, sequence: entry.sequence, version: 1, isSuperseded: false))
    }
  }

  private func isEqual(_ seen: Seen, _ row: UnsafeRawPointer) -> Bool {
    switch seen {
    case .stored(let payload): payload == batch.payload(row)
    case .row(let other): batch.areEqual(other, row)
    }
  }

  /// Whether all rows are known to be of different records; false where they are too many to be compared with each other.
  private func haveDistinctKeys(_ incoming: ArraySlice<RunEntry>) -> Bool {
    guard incoming.count <= 48 else { return false }
    for index in incoming.indices.dropFirst() {
      let hash = RunRow.keyHash(incoming[index].row)
      for other in incoming.startIndex..<index where RunRow.keyHash(incoming[other].row) == hash {
        return false
      }
    }
    return true
  }

  /// Rows of different records, of which the store has none.
  private func decideDistinct(_ incoming: ArraySlice<RunEntry>, _ decision: inout PartitionDecision) {
    decision.loaded += incoming.count
    for entry in incoming {
      decision.rows.append(
        DecidedRow(row: entry.row, key: entry.key, sequence: entry.sequence, version: 1, isSuperseded: false))
    }
  }

  private func keyBytes(_ row: Seen) throws(StoreError) -> [UInt8] {
    switch row {
    case .stored(let payload): return identity.keyBytes(payload)
    case .row(let row):
      guard let payload = batch.payload(row) else { throw Self.misread }
      return identity.keyBytes(payload)
    }
  }

  /// The place of the record with the key of a row.
  private func find(_ hash: UInt32, _ row: Seen, _ records: inout Records) throws(StoreError) -> Int? {
    let candidates = records.candidates(hash)
    guard !candidates.isEmpty else { return nil }
    let key = try keyBytes(row)
    for place in candidates {
      let known: [UInt8]
      if let bytes = records.all[place].keyBytes {
        known = bytes
      } else {
        known = try keyBytes(records.all[place].row)
      }
      records.all[place].keyBytes = known
      if known == key { return place }
    }
    return nil
  }

  private func decideKeyed(
    _ incoming: ArraySlice<RunEntry>, _ existing: [StoredRow], _ decision: inout PartitionDecision
  ) throws(StoreError) {
    var records = Records()
    for row in existing {
      let hash = identity.keyHash(row.payload)
      let content = Seen.stored(row.payload)
      let index = try find(hash, content, &records) ?? records.append(hash, Record(content))
      records.all[index].versions.append(
        Version(hash: identity.contentHash(row.payload), content: content))
      records.all[index].lastVersion = max(records.all[index].lastVersion, row.system.version)
      if row.superseded == nil {
        records.all[index].stored = row.address
        records.all[index].isClosed = RecordState(rawValue: row.system.state)?.isClosed ?? false
      }
    }
    for entry in incoming {
      let content = RunRow.contentHash(entry.row)
      let hash = RunRow.keyHash(entry.row)
      guard let index = try find(hash, .row(entry.row), &records) else {
        let made = records.append(hash, Record(.row(entry.row)))
        append(entry, version: 1, to: &decision, record: &records.all[made], content)
        decision.loaded += 1
        continue
      }
      if records.all[index].versions.contains(where: { $0.hash == content && isEqual($0.content, entry.row) })
      {
        decision.duplicate += 1
      } else if records.all[index].isClosed {
        decision.closed.append(entry.row)
      } else {
        if let address = records.all[index].stored {
          decision.superseded.append(address)
          records.all[index].stored = nil
        }
        if let pending = records.all[index].pending { decision.rows[pending].isSuperseded = true }
        append(
          entry, version: records.all[index].lastVersion + 1, to: &decision, record: &records.all[index],
          content)
        decision.updated += 1
      }
    }
  }

  private func append(
    _ entry: RunEntry, version: UInt32, to decision: inout PartitionDecision, record: inout Record,
    _ hash: UInt32
  ) {
    record.pending = decision.rows.count
    record.lastVersion = version
    record.versions.append(Version(hash: hash, content: .row(entry.row)))
    decision.rows.append(
      DecidedRow(
        row: entry.row, key: entry.key, sequence: entry.sequence, version: version, isSuperseded: false))
  }
}
