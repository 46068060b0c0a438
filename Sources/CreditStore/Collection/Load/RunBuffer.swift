// Owns rows between parsing and loading: gathered in memory, sorted by subject, spilled to a file when they are many.
// Invariants: rows of a run ascend by (subject key, sequence); a row's bytes are never split between runs; the file is
// removed from its folder as soon as it is open, so that a crash leaves nothing. Marked kernel.
//
// row: 0 u128 key  16 u64 sequence  24 u64 content hash  32 u32 payload bytes  36 u32 raw bytes
//      40 payload, raw, padded to 8
// A spill file is a row of LZ4 blocks; writing through the kernel costs more than compressing.

package import SegmentStore

/// The fixed part of a row in a run.
package enum RunRow {
  package static let headerSize = 40

  @inline(__always)
  package static func load<T: FixedWidthInteger>(_ row: UnsafeRawPointer, _ offset: Int, _ type: T.Type) -> T
  {
    row.loadUnaligned(fromByteOffset: offset, as: T.self)
  }
  package static func key(_ row: UnsafeRawPointer) -> UInt128 { load(row, 0, UInt128.self) }
  package static func sequence(_ row: UnsafeRawPointer) -> UInt64 { load(row, 16, UInt64.self) }
  package static func contentHash(_ row: UnsafeRawPointer) -> UInt64 { load(row, 24, UInt64.self) }
  package static func payload(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: row + headerSize, count: Int(load(row, 32, UInt32.self)))
  }
  /// The raw row as JSON, kept only for rows that may meet a closed record.
  package static func raw(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let payload = Int(load(row, 32, UInt32.self))
    return UnsafeRawBufferPointer(start: row + headerSize + payload, count: Int(load(row, 36, UInt32.self)))
  }
  package static func size(_ row: UnsafeRawPointer) -> Int {
    (headerSize + Int(load(row, 32, UInt32.self)) + Int(load(row, 36, UInt32.self)) + 7) & ~7
  }
}

extension RunRow {
  /// Reads a little of a row that is needed soon: rows in memory lie scattered, and waiting for each in turn took a tenth
  /// of the time. The result means nothing. Reads at most 136 bytes, which every arena has behind its rows.
  @inline(__always)
  package static func warm(_ entries: [RunEntry], _ index: Int) -> UInt64 {
    guard index < entries.count else { return 0 }
    let row = entries[index].row
    return load(row, 0, UInt64.self) &+ load(row, 64, UInt64.self) &+ load(row, 128, UInt64.self)
  }
}

/// A row found in a run: what sorting needs.
package struct RunEntry {
  package var key: UInt128
  package var sequence: UInt64
  package var row: UnsafeRawPointer
}

/// Gathers rows of one worker in chunks of memory that never move.
///
/// A plain struct: its owner keeps it in memory of its own, since every row passes through it.
package struct RunBuffer {
  private static let chunkBytes = 4 << 20
  private var chunks: [ByteArena] = []
  /// Chunks of earlier runs, to be filled again: fresh memory costs a page fault every 4 KiB.
  private var spare: [ByteArena] = []
  private var next: UnsafeMutableRawPointer?
  private var room = 0
  private var entries: [RunEntry] = []
  package private(set) var bytes = 0

  package init() {}

  package var rowCount: Int { entries.count }

  /// Adds a row.
  package mutating func append(
    key: UInt128, sequence: UInt64, contentHash: UInt64, payload: UnsafeRawBufferPointer, raw: [UInt8]
  ) {
    let size = (RunRow.headerSize + payload.count + raw.count + 7) & ~7
    if size > room { makeRoom(size) }
    guard let row = next else { return }
    row.storeBytes(of: key, as: UInt128.self)
    row.storeBytes(of: sequence, toByteOffset: 16, as: UInt64.self)
    row.storeBytes(of: contentHash, toByteOffset: 24, as: UInt64.self)
    row.storeBytes(of: UInt32(payload.count), toByteOffset: 32, as: UInt32.self)
    row.storeBytes(of: UInt32(raw.count), toByteOffset: 36, as: UInt32.self)
    if let base = payload.baseAddress {
      (row + RunRow.headerSize).copyMemory(from: base, byteCount: payload.count)
    }
    if !raw.isEmpty {
      raw.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress {
          (row + RunRow.headerSize + payload.count).copyMemory(from: base, byteCount: bytes.count)
        }
      }
    }
    next = row + size
    room &-= size
    bytes &+= size &+ MemoryLayout<RunEntry>.stride
    entries.append(RunEntry(key: key, sequence: sequence, row: UnsafeRawPointer(row)))
  }

  private mutating func makeRoom(_ size: Int) {
    let arena: ByteArena
    if size <= Self.chunkBytes, let reused = spare.popLast() {
      arena = reused
    } else {
      arena = ByteArena(capacity: max(size, Self.chunkBytes))
    }
    chunks.append(arena)
    next = arena.base
    room = arena.capacity
  }

  /// Sorts the rows and hands them over; the buffer is empty afterwards.
  package mutating func takeRun() -> MemoryRun {
    entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.sequence < $1.sequence }
    defer {
      chunks = []
      next = nil
      room = 0
      entries = []
      bytes = 0
    }
    return MemoryRun(chunks: chunks, entries: entries)
  }

  /// Takes back the memory of a run nobody uses any more.
  package mutating func reuse(_ run: consuming MemoryRun) {
    spare += run.chunks.filter { $0.capacity == Self.chunkBytes }
  }
}

/// A stretch of keys, upper end excluded; `nil` means no end.
package struct KeyRange: Sendable {
  package var lower: UInt128
  package var upper: UInt128?

  func contains(_ key: UInt128) -> Bool { key >= lower && (upper.map { key < $0 } ?? true) }
}

/// A sorted run, wherever it lies.
package protocol SortedRun: Sendable {
  /// Keys at about equal distances, with the bytes from one to the next.
  var samples: [(key: UInt128, bytes: Int)] { get }
  /// Adds the rows of a range to `entries`; `memory` keeps what they point to.
  func load(_ range: KeyRange, into entries: inout [RunEntry], keeping memory: inout [ByteArena])
    throws(StoreError)
}

/// A sorted run in memory.
package final class MemoryRun: SortedRun, @unchecked Sendable {
  // Sendable because the rows are never changed after sorting.
  fileprivate let chunks: [ByteArena]
  private let entries: [RunEntry]
  package let samples: [(key: UInt128, bytes: Int)]

  init(chunks: [ByteArena], entries: [RunEntry]) {
    self.chunks = chunks
    self.entries = entries
    samples = stride(from: 0, to: entries.count, by: 256).map { index in
      (
        entries[index].key,
        entries[index..<min(index + 256, entries.count)].reduce(0) { $0 + RunRow.size($1.row) }
      )
    }
  }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    let start = lowerBound(range.lower)
    let end = range.upper.map(lowerBound) ?? entries.count
    if start < end { result.append(contentsOf: entries[start..<end]) }
    memory += chunks
  }

  private func lowerBound(_ key: UInt128) -> Int { entries.partitioningIndex { $0.key >= key } }

  /// Writes the run to a file of its own.
  package func spill(to path: String, files: any FileSystem) throws(StoreError) -> SpilledRun {
    let file = try files.create(path)
    try files.remove(path)
    var blocks: [SpilledRun.Block] = []
    let raw = ByteArena(capacity: SpilledRun.blockBytes + (1 << 16))
    let output = ByteArena(capacity: 4 << 20)
    var offset: Int64 = 0
    var firstKey: UInt128 = 0
    var warmed: UInt64 = 0
    for (index, entry) in entries.enumerated() {
      warmed &+= RunRow.warm(entries, index &+ 24)
      if raw.count == 0 { firstKey = entry.key }
      raw.append(UnsafeRawBufferPointer(start: entry.row, count: RunRow.size(entry.row)))
      guard raw.count >= SpilledRun.blockBytes || index == entries.count - 1 else { continue }
      let target = UnsafeMutableRawBufferPointer(start: output.reserve(raw.count), count: raw.count)
      var stored = raw.count
      if let count = LZ4.compress(raw.bytes, into: target, acceleration: 4) {
        stored = count
      } else {
        target.copyMemory(from: raw.bytes)
      }
      blocks.append(
        SpilledRun.Block(
          firstKey: firstKey, offset: offset + Int64(output.count), stored: stored, raw: raw.count,
          checksum: XXHash64.hash(UnsafeRawBufferPointer(start: target.baseAddress, count: stored))))
      output.advance(stored)
      raw.truncate(to: 0)
      if output.count >= 3 << 20 {
        try file.write(output.bytes, at: offset)
        offset += Int64(output.count)
        output.truncate(to: 0)
      }
    }
    try file.write(output.bytes, at: offset)
    return SpilledRun(file: file, blocks: blocks, warmed: warmed)
  }
}

/// A sorted run in a file that has no name any more.
package final class SpilledRun: SortedRun {
  static let blockBytes = 128 << 10

  struct Block: Sendable {
    var firstKey: UInt128
    var offset: Int64
    var stored: Int
    var raw: Int
    var checksum: UInt64
  }

  private let file: any StoreFile
  private let blocks: [Block]

  /// `warmed` is only kept so that the loads that made it are not dropped.
  private let warmed: UInt64

  init(file: any StoreFile, blocks: [Block], warmed: UInt64) {
    self.warmed = warmed
    self.file = file
    self.blocks = blocks
  }

  package var samples: [(key: UInt128, bytes: Int)] { blocks.map { ($0.firstKey, $0.raw) } }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    // Rows of the lower key may begin in the block before the first that starts with it.
    let first = max(0, firstBlock(notBelow: range.lower) - 1)
    let last = range.upper.map { firstBlock(notBelow: $0) } ?? blocks.count
    guard first < last else { return }
    for block in blocks[first..<last] {
      let arena = ByteArena(capacity: block.raw)
      try read(block, into: UnsafeMutableRawBufferPointer(start: arena.reserve(block.raw), count: block.raw))
      arena.advance(block.raw)
      var offset = 0
      while offset + RunRow.headerSize <= block.raw {
        let row = UnsafeRawPointer(arena.base + offset)
        let size = RunRow.size(row)
        guard offset + size <= block.raw else {
          throw StoreError(.damaged, "a spill file does not read back as written")
        }
        let key = RunRow.key(row)
        if range.contains(key) { result.append(RunEntry(key: key, sequence: RunRow.sequence(row), row: row)) }
        offset += size
      }
      memory.append(arena)
    }
  }

  private func read(_ block: Block, into target: UnsafeMutableRawBufferPointer) throws(StoreError) {
    let stored = try file.read(count: block.stored, at: block.offset)
    let isWhole = stored.withUnsafeBytes { bytes in
      guard XXHash64.hash(bytes) == block.checksum else { return false }
      guard block.stored < block.raw else {
        target.copyMemory(from: bytes)
        return true
      }
      return LZ4.decompress(bytes, into: target)
    }
    guard isWhole else { throw StoreError(.damaged, "a spill file does not read back as written") }
  }

  /// Index of the first block whose first key is not smaller.
  private func firstBlock(notBelow key: UInt128) -> Int { blocks.partitioningIndex { $0.firstKey >= key } }
}

package enum RunPartitions {
  /// Cuts the keys of all runs into ranges of about `bytes` bytes; a subject is never cut.
  package static func ranges(of runs: [any SortedRun], bytes target: Int) -> [KeyRange] {
    let samples = runs.flatMap(\.samples).sorted { $0.key < $1.key }
    var ranges: [KeyRange] = []
    var lower: UInt128 = 0
    var gathered = 0
    for sample in samples {
      if gathered >= target, sample.key > lower {
        ranges.append(KeyRange(lower: lower, upper: sample.key))
        lower = sample.key
        gathered = 0
      }
      gathered += sample.bytes
    }
    ranges.append(KeyRange(lower: lower, upper: nil))
    return ranges
  }
}
