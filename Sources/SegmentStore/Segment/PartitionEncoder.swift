// Owns turning a sorted run of rows of one dataset into column blocks and subject runs, in memory.
// Invariants: rows arrive in segment order (subject, order value, file order); the result is independent of the place
// it will have in the file, so that partitions are encoded in parallel and appended one after the other.
// Does not write files.

/// The encoded rows of one partition.
package final class EncodedPartition: @unchecked Sendable {
  // Sendable because an encoder hands it over when it is finished and nobody changes it afterwards but the writer.
  package let arena: ByteArena
  package let blocks: [PendingBlock]
  package let rowCount: Int
  package let keys: [UInt128]
  package let counts: [UInt32]

  init(arena: ByteArena, blocks: [PendingBlock], rowCount: Int, keys: [UInt128], counts: [UInt32]) {
    self.arena = arena
    self.blocks = blocks
    self.rowCount = rowCount
    self.keys = keys
    self.counts = counts
  }
}

/// Encodes rows of one dataset. One encoder serves one thread and is reused from partition to partition.
package final class PartitionEncoder {
  private let schema: DatasetSchema
  private let system: [ColumnBlockBuilder]
  private let columns: [ColumnBlockBuilder]
  private var arena = ByteArena(capacity: 1 << 20)
  private var blocks: [PendingBlock] = []
  private var keys: [UInt128] = []
  private var counts: [UInt32] = []
  private var rowCount = 0

  package init(schema: DatasetSchema) {
    self.schema = schema
    let scratch = DictionaryScratch()
    let systemCount = SystemColumn.allCases.count
    system = SystemColumn.allCases.map {
      ColumnBlockBuilder(column: $0.index, columnID: $0.rawValue, isText: false, scratch: scratch)
    }
    columns = schema.columns.enumerated().map {
      ColumnBlockBuilder(
        column: systemCount + $0, columnID: $1.id, isText: $1.type == .text, scratch: scratch)
    }
  }

  /// Adds a row; the payload must stay in place until `finish`.
  package func append(_ row: RowReference) throws(StoreError) {
    guard row.key != keys.last else {
      counts[counts.count - 1] += 1
      return try appendValues(row)
    }
    keys.append(row.key)
    counts.append(1)
    try appendValues(row)
  }

  private func appendValues(_ row: RowReference) throws(StoreError) {
    system[SystemColumn.commit.index].append(integer: Int64(bitPattern: row.system.commit))
    system[SystemColumn.batch.index].append(integer: Int64(bitPattern: row.system.batch))
    system[SystemColumn.version.index].append(integer: Int64(row.system.version))
    system[SystemColumn.state.index].append(integer: Int64(row.system.state))
    for builder in system where builder.isFull { close(builder) }
    let payload = row.payload
    guard let base = payload.baseAddress else { throw StoreError(.invalidArgument, "a row without payload") }
    var offset = RowPayload.bitmapBytes(schema.columns.count)
    // Invariant: payloads were built or validated by RowPayload; the guards keep a faulty one from reading on.
    for index in columns.indices {
      let builder = columns[index]
      if payload[index >> 3] >> UInt8(index & 7) & 1 == 1 {
        builder.appendNull(place: base)
      } else if schema.columns[index].type == .integer {
        guard payload.count - offset >= 8 else { throw StoreError(.invalidArgument, "a row does not fit its schema") }
        builder.append(integer: Int64(littleEndian: payload.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
        offset += 8
      } else {
        guard let count = RowPayload.varint(payload, &offset), payload.count - offset >= count else {
          throw StoreError(.invalidArgument, "a row does not fit its schema")
        }
        builder.append(text: base + offset, count: count)
        offset += count
      }
      if builder.isFull { close(builder) }
    }
    rowCount += 1
  }

  private func close(_ builder: ColumnBlockBuilder) {
    if let block = builder.close(into: arena) { blocks.append(block) }
  }

  /// Closes all blocks and hands over the partition.
  package func finish() -> EncodedPartition {
    for builder in system { close(builder) }
    for builder in columns { close(builder) }
    let partition = EncodedPartition(arena: arena, blocks: blocks, rowCount: rowCount, keys: keys, counts: counts)
    for builder in system + columns { builder.restart() }
    arena = ByteArena(capacity: 1 << 20)
    blocks = []
    keys = []
    counts = []
    rowCount = 0
    return partition
  }
}
