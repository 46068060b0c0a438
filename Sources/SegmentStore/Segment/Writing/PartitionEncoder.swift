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
  private static let systemCount = SystemColumn.always.count
  private let schema: DatasetSchema
  private let bitmapBytes: Int
  /// System columns first, then those of the schema.
  private let builders: UnsafeMutableBufferPointer<ColumnBlockBuilder>
  /// What the rows of a batch share; rows in plain form need nothing.
  private let batch: BatchTexts?
  private let keyText: KeyText
  private var arena = ByteArena(capacity: 1 << 20)
  private var spare: ByteArena?
  private var blocks: [PendingBlock] = []
  /// The texts of keys.
  private let scratch = StableArena(chunkBytes: 1 << 18)
  /// Templates filled in for columns without a dictionary, by builder; emptied with each block.
  private let filled: [StableArena]
  private struct Runs {
    var keys: [UInt128] = []
    var counts: [UInt32] = []
    var lastKey: UInt128 = 0
    var rowCount = 0
    /// The text of the last key, once it was asked for.
    var keyText: UnsafeRawBufferPointer?
  }

  /// Behind a pointer, because the checks of a class's properties cost more than adding a row.
  private let runs: UnsafeMutablePointer<Runs>

  /// - Parameter batch: what rows appended in coded form refer to; must outlive the encoder's partitions.
  package init(schema: DatasetSchema, batch: BatchTexts? = nil, keyText: @escaping KeyText) {
    runs = .allocate(capacity: 1)
    runs.initialize(to: Runs())
    self.schema = schema
    self.batch = batch
    self.keyText = keyText
    bitmapBytes = RowPayload.bitmapBytes(schema.columns.count)
    let scratch = DictionaryScratch()
    var list = SystemColumn.always.map {
      ColumnBlockBuilder(column: $0.index, columnID: $0.rawValue, kind: .integers, scratch: scratch)
    }
    for (index, column) in schema.columns.enumerated() {
      var kind = column.type == .text ? ColumnBlockBuilder.Kind.texts : .integers
      if let coded = batch?.columns[index] { kind = .codes(holes: coded.dictionary.holes) }
      list.append(
        ColumnBlockBuilder(
          column: Self.systemCount + index, columnID: column.id, kind: kind, scratch: scratch))
    }
    filled = list.map { _ in StableArena() }
    builders = .allocate(capacity: list.count)
    _ = builders.initialize(from: list)
  }

  deinit {
    for index in builders.indices { builders[index].deallocate() }
    builders.deinitialize().deallocate()
    runs.deinitialize(count: 1).deallocate()
  }

  /// Adds a row in plain form; the payload must stay in place until `finish`.
  package func append(_ row: RowReference) throws(StoreError) {
    begin(row.key, row.system)
    try appendValues(row.payload)
  }

  /// Adds a row in coded form; it must stay in place until `finish`.
  ///
  /// - Parameter worker: whose pools its codes refer to.
  package func append(coded row: RowReference, worker: Int) throws(StoreError) {
    begin(row.key, row.system)
    try appendCoded(row.payload, worker)
  }

  private func begin(_ key: UInt128, _ system: RowSystemValues) {
    if key == runs.pointee.lastKey, runs.pointee.rowCount > 0 {
      runs.pointee.counts[runs.pointee.counts.count - 1] += 1
    } else {
      runs.pointee.keys.append(key)
      runs.pointee.counts.append(1)
      runs.pointee.lastKey = key
      runs.pointee.keyText = nil
    }
    runs.pointee.rowCount &+= 1
    builders[SystemColumn.commit.index].append(integer: Int64(bitPattern: system.commit))
    builders[SystemColumn.batch.index].append(integer: Int64(bitPattern: system.batch))
    builders[SystemColumn.version.index].append(integer: Int64(system.version))
    builders[SystemColumn.state.index].append(integer: Int64(system.state))
    // The system columns fill up together.
    if builders[0].isFull { for index in 0..<Self.systemCount { close(index) } }
  }

  /// The text of the key of the row being added.
  @inline(__always)
  private func currentKeyText() -> UnsafeRawBufferPointer {
    runs.pointee.keyText ?? renderKeyText()
  }

  private func renderKeyText() -> UnsafeRawBufferPointer {
    let place = scratch.allocate(CodedRow.maximumKeyTextBytes)
    let text = UnsafeRawBufferPointer(start: place, count: keyText(runs.pointee.lastKey, place))
    runs.pointee.keyText = text
    return text
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
        let key = currentKeyText()
        let isKey = count == key.count && count > 0 && key.elementsEqual(payload[offset..<offset + count])
        builders[index].append(text: base + offset, count: count, isKey: isKey)
        offset &+= count
      } else if builders[index].isCoded {
        throw StoreError(.invalidArgument, "a plain row in a column of codes")
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

  private func appendCoded(_ row: UnsafeRawBufferPointer, _ worker: Int) throws(StoreError) {
    guard let base = row.baseAddress, row.count >= bitmapBytes else {
      throw StoreError(.invalidArgument, "a row without payload")
    }
    var offset = bitmapBytes
    for index in Self.systemCount..<builders.count {
      let column = index &- Self.systemCount
      if row[column >> 3] >> UInt8(column & 7) & 1 == 1 {
        builders[index].appendNull(place: base)
      } else if builders[index].isCoded {
        try appendCode(row, &offset, index, column, worker)
      } else if builders[index].isText {
        try appendText(row, &offset, index, column, worker)
      } else {
        guard let value = CodedRow.integer(row, &offset) else { throw Self.misfit }
        builders[index].append(integer: value)
      }
      if builders[index].isFull { close(index) }
    }
  }

  private static var misfit: StoreError { StoreError(.invalidArgument, "a row does not fit its schema") }

  /// A cell of a column that has a dictionary: its code and numbers.
  @inline(__always)
  private func appendCode(
    _ row: UnsafeRawBufferPointer, _ offset: inout Int, _ index: Int, _ column: Int, _ worker: Int
  ) throws(StoreError) {
    guard case .code(let code, let holes)? = CodedRow.text(row, &offset),
      let entry = batch?.entry(column: column, worker: worker, code: code)
    else { throw Self.misfit }
    builders[index].append(code: entry.code)
    for hole in 0..<builders[index].holes {
      if hole < holes {
        guard let number = CodedRow.number(row, &offset) else { throw Self.misfit }
        builders[index].set(number: number, hole: hole)
      } else {
        builders[index].set(number: entry.constants?[hole] ?? 0, hole: hole)
      }
    }
  }

  /// A cell of a column stored as texts, whichever way the row has it.
  private func appendText(
    _ row: UnsafeRawBufferPointer, _ offset: inout Int, _ index: Int, _ column: Int, _ worker: Int
  ) throws(StoreError) {
    switch CodedRow.text(row, &offset) {
    case nil: throw Self.misfit
    case .key:
      let text = currentKeyText()
      guard let base = text.baseAddress else { throw Self.misfit }
      builders[index].append(text: base, count: text.count, isKey: true)
    case .text(let text):
      guard let base = text.baseAddress else { throw Self.misfit }
      builders[index].append(text: base, count: text.count)
    case .code(let code, let holes):
      guard let batch, worker < batch.pools.count, let pool = batch.pools[worker][column], code < pool.count
      else { throw Self.misfit }
      let entry = pool[code]
      guard Int(entry.holes) == holes else { throw Self.misfit }
      guard holes > 0 else { return builders[index].append(text: entry.base, count: Int(entry.count)) }
      var numbers = InlineArray<4, UInt64>(repeating: 0)
      for hole in 0..<holes {
        guard let number = CodedRow.number(row, &offset) else { throw Self.misfit }
        numbers[hole] = number
      }
      let target = filled[index].allocate(TextTemplate.textCount(entry.bytes))
      let count = TextTemplate.render(entry.bytes, to: target) { numbers[$0] }
      builders[index].append(text: target, count: count)
    }
  }

  private func close(_ index: Int) {
    if let block = builders[index].close(into: arena) { blocks.append(block) }
    if filled[index].byteCount > 0 { filled[index].removeAll() }
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
    scratch.removeAll()
    return partition
  }
}
