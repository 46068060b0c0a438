// Owns rows that did not fit into memory: sorted, in LZ4 blocks, in a file of their own.
// Invariants: rows of a spill file ascend by (key, sequence); the file is removed from its folder as soon as it is open, so that
// a crash leaves nothing; nothing is handed out that does not read back as written. Marked kernel.
// Writing through the kernel costs more than compressing.

package import SegmentStore

/// A sorted run in a file that has no name any more.
package final class SpilledRun: GatheredRun {
  struct Block: Sendable {
    var firstKey: UInt128
    var offset: Int64
    var stored: Int
    var raw: Int
    var checksum: UInt64
  }

  package var isSpilled: Bool { true }
  private let file: any StoreFile
  private let blocks: [Block]

  private init(file: any StoreFile, blocks: [Block]) {
    self.file = file
    self.blocks = blocks
  }

  /// Writes the rows of a run to a file of its own.
  ///
  /// - Parameters:
  ///   - blockBytes: of rows in a block.
  ///   - writeBytes: gathered before they are written.
  package static func write(
    _ run: MemoryRun, to path: String, files: any FileSystem, blockBytes: Int = 128 << 10,
    writeBytes: Int = 4 << 20
  ) throws(StoreError) -> SpilledRun {
    let file = try files.create(path)
    try files.remove(path)
    var blocks: [Block] = []
    let raw = ByteArena(capacity: blockBytes * 3 / 2)
    let output = ByteArena(capacity: writeBytes + 2 * blockBytes)
    var offset: Int64 = 0
    var firstKey: UInt128 = 0
    func closeBlock() throws(StoreError) {
      guard raw.count > 0 else { return }
      let target = UnsafeMutableRawBufferPointer(start: output.reserve(raw.count), count: raw.count)
      // A block as long as its rows is read as rows: compressing must save at least a byte.
      let room = UnsafeMutableRawBufferPointer(rebasing: target.dropLast())
      var stored = raw.count
      if let count = LZ4.compress(raw.bytes, into: room, acceleration: 4) {
        stored = count
      } else {
        target.copyMemory(from: raw.bytes)
      }
      blocks.append(
        Block(
          firstKey: firstKey, offset: offset + Int64(output.count), stored: stored, raw: raw.count,
          checksum: XXHash64.hash(UnsafeRawBufferPointer(start: target.baseAddress, count: stored))))
      output.advance(stored)
      raw.truncate(to: 0)
      guard output.count >= writeBytes else { return }
      try file.write(output.bytes, at: offset)
      offset += Int64(output.count)
      output.truncate(to: 0)
    }
    for bucket in run.buckets {
      for entry in bucket.sortedEntries() {
        if raw.count == 0 { firstKey = entry.key }
        raw.append(UnsafeRawBufferPointer(start: entry.row, count: RunRow.size(entry.row)))
        if raw.count >= blockBytes { try closeBlock() }
      }
    }
    try closeBlock()
    try file.write(output.bytes, at: offset)
    return SpilledRun(file: file, blocks: blocks)
  }

  package var samples: [(key: UInt128, bytes: Int)] { blocks.map { ($0.firstKey, $0.raw) } }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    // Rows of the lower key may begin in the block before the first that starts with it.
    let first = max(0, firstBlock(notBelow: range.lower) - 1)
    let last = range.upper.map { firstBlock(notBelow: $0) } ?? blocks.count
    guard first < last else { return }
    for (index, block) in blocks[first..<last].enumerated() {
      let arena = ByteArena(capacity: block.raw)
      try read(block, into: UnsafeMutableRawBufferPointer(start: arena.reserve(block.raw), count: block.raw))
      arena.advance(block.raw)
      // Of blocks across a border only the rows asked for are kept: there are two of them for every spill file.
      let isAtBorder = index == 0 || first + index == last - 1
      let kept = isAtBorder ? try selection(of: arena, range) : arena
      try forEachRow(of: kept) { row in
        let key = RunRow.key(row)
        if range.contains(key) { result.append(RunEntry(key: key, sequence: RunRow.sequence(row), row: row)) }
      }
      if kept.count > 0 { memory.append(kept) }
    }
  }

  /// The rows of a range, copied.
  private func selection(of arena: ByteArena, _ range: KeyRange) throws(StoreError) -> ByteArena {
    var bytes = 0
    try forEachRow(of: arena) { row in if range.contains(RunRow.key(row)) { bytes += RunRow.size(row) } }
    if bytes == arena.count { return arena }
    let selected = ByteArena(capacity: bytes)
    try forEachRow(of: arena) { row in
      guard range.contains(RunRow.key(row)) else { return }
      selected.append(UnsafeRawBufferPointer(start: row, count: RunRow.size(row)))
    }
    return selected
  }

  @inline(__always)
  private func forEachRow(of arena: ByteArena, _ body: (UnsafeRawPointer) -> Void) throws(StoreError) {
    var offset = 0
    while offset + RunRow.headerSize <= arena.count {
      let row = UnsafeRawPointer(arena.base + offset)
      let size = RunRow.size(row)
      guard offset + size <= arena.count else {
        throw StoreError(.damaged, "a spill file does not read back as written")
      }
      body(row)
      offset += size
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
