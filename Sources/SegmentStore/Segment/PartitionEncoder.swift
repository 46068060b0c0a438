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
  private static let systemCount = SystemColumn.allCases.count
  private let schema: DatasetSchema
  private let bitmapBytes: Int
  /// System columns first, then those of the schema.
  private let builders: UnsafeMutableBufferPointer<ColumnBlockBuilder>
  private var arena = ByteArena(capacity: 1 << 20)
  private var spare: ByteArena?
  private var blocks: [PendingBlock] = []
  private struct Runs {
    var keys: [UInt128] = []
    var counts: [UInt32] = []
    var lastKey: UInt128 = 0
    var rowCount = 0
  }

  /// Behind a pointer, because the checks of a class's properties cost more than adding a row.
  private let runs: UnsafeMutablePointer<Runs>

  package init(schema: DatasetSchema) {
    runs = .allocate(capacity: 1)
    runs.initialize(to: Runs())
    self.schema = schema
    bitmapBytes = RowPayload.bitmapBytes(schema.columns.count)
    let scratch = DictionaryScratch()
    var list = SystemColumn.allCases.map {
      ColumnBlockBuilder(column: $0.index, columnID: $0.rawValue, isText: false, scratch: scratch)
    }
    for (index, column) in schema.columns.enumerated() {
      list.append(
        ColumnBlockBuilder(
          column: Self.systemCount + index, columnID: column.id, isText: column.type == .text,
          scratch: scratch))
    }
    builders = .allocate(capacity: list.count)
    _ = builders.initialize(from: list)
  }

  deinit {
    for index in builders.indices { builders[index].deallocate() }
    builders.deinitialize().deallocate()
    runs.deinitialize(count: 1).deallocate()
  }

  /// Adds a row; the payload must stay in place until `finish`.
  package func append(_ row: RowReference) throws(StoreError) {
    if row.key == runs.pointee.lastKey, runs.pointee.rowCount > 0 {
      runs.pointee.counts[runs.pointee.counts.count - 1] += 1
    } else {
      runs.pointee.keys.append(row.key)
      runs.pointee.counts.append(1)
      runs.pointee.lastKey = row.key
    }
    runs.pointee.rowCount &+= 1
    builders[SystemColumn.commit.index].append(integer: Int64(bitPattern: row.system.commit))
    builders[SystemColumn.batch.index].append(integer: Int64(bitPattern: row.system.batch))
    builders[SystemColumn.version.index].append(integer: Int64(row.system.version))
    builders[SystemColumn.state.index].append(integer: Int64(row.system.state))
    // The system columns fill up together.
    if builders[0].isFull { for index in 0..<Self.systemCount { close(index) } }
    try appendValues(row.payload)
  }

  private func appendValues(_ payload: UnsafeRawBufferPointer) throws(StoreError) {
    guard let base = payload.baseAddress, payload.count >= bitmapBytes else {
      throw StoreError(.invalidArgument, "a row without payload")
    }
    var offset = bitmapBytes
    // Invariant: payloads were built or validated by RowPayload; the guards keep a faulty one from reading on.
    for index in Self.systemCount..<builders.count {
      let column = index &- Self.systemCount
      if payload[column >> 3] >> UInt8(column & 7) & 1 == 1 {
        builders[index].appendNull(place: base)
      } else if builders[index].isText {
        guard let count = RowPayload.varint(payload, &offset), payload.count &- offset >= count else {
          throw StoreError(.invalidArgument, "a row does not fit its schema")
        }
        builders[index].append(text: base + offset, count: count)
        offset &+= count
      } else {
        guard payload.count &- offset >= 8 else {
          throw StoreError(.invalidArgument, "a row does not fit its schema")
        }
        builders[index].append(
          integer: Int64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
        offset &+= 8
      }
      if builders[index].isFull { close(index) }
    }
  }

  private func close(_ index: Int) {
    if let block = builders[index].close(into: arena) { blocks.append(block) }
  }

  /// Takes back the memory of a partition that was written.
  package func recycle(_ partition: consuming EncodedPartition) {
    spare = partition.arena
    spare?.truncate(to: 0)
  }

  /// Closes all blocks and hands over the partition.
  package func finish() -> EncodedPartition {
    for index in builders.indices {
      close(index)
      builders[index].restart()
    }
    let partition = EncodedPartition(
      arena: arena, blocks: blocks, rowCount: runs.pointee.rowCount, keys: runs.pointee.keys,
      counts: runs.pointee.counts)
    arena = spare ?? ByteArena(capacity: 1 << 20)
    spare = nil
    blocks = []
    runs.pointee = Runs()
    return partition
  }
}
