// Owns rows between parsing and loading: gathered in memory, sorted by subject, spilled to a file when they are many.
// Invariants: rows of a run ascend by (subject key, sequence); a row's bytes are never split between runs; the file is
// removed from its folder as soon as it is open, so that a crash leaves nothing. Marked kernel.
//
// row: 0 u128 key  16 u64 sequence  24 u64 content hash  32 u64 key hash  40 i64 order  48 u32 payload bytes
//      52 u32 raw bytes  56 payload, raw, padded to 8

package import SegmentStore

/// The fixed part of a row in a run.
package enum RunRow {
  package static let headerSize = 56

  @inline(__always)
  package static func load<T: FixedWidthInteger>(_ row: UnsafeRawPointer, _ offset: Int, _ type: T.Type) -> T {
    row.loadUnaligned(fromByteOffset: offset, as: T.self)
  }
  package static func key(_ row: UnsafeRawPointer) -> UInt128 { load(row, 0, UInt128.self) }
  package static func sequence(_ row: UnsafeRawPointer) -> UInt64 { load(row, 16, UInt64.self) }
  package static func contentHash(_ row: UnsafeRawPointer) -> UInt64 { load(row, 24, UInt64.self) }
  package static func keyHash(_ row: UnsafeRawPointer) -> UInt64 { load(row, 32, UInt64.self) }
  package static func order(_ row: UnsafeRawPointer) -> Int64 { load(row, 40, Int64.self) }
  package static func payload(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: row + headerSize, count: Int(load(row, 48, UInt32.self)))
  }
  /// The raw row as JSON, kept only for rows that may meet a closed record.
  package static func raw(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let payload = Int(load(row, 48, UInt32.self))
    return UnsafeRawBufferPointer(start: row + headerSize + payload, count: Int(load(row, 52, UInt32.self)))
  }
  package static func size(_ row: UnsafeRawPointer) -> Int {
    (headerSize + Int(load(row, 48, UInt32.self)) + Int(load(row, 52, UInt32.self)) + 7) & ~7
  }
}

/// A row found in a run: what sorting needs.
package struct RunEntry {
  package var key: UInt128
  package var sequence: UInt64
  package var row: UnsafeRawPointer
}

/// Gathers rows of one worker.
package final class RunBuffer {
  private var arena = ByteArena(capacity: 1 << 20)
  private var offsets: [(key: UInt128, sequence: UInt64, offset: Int)] = []

  package init() {}

  package var bytes: Int { arena.count + offsets.count * 48 }
  package var rowCount: Int { offsets.count }

  /// Adds a row.
  package func append(
    key: UInt128, sequence: UInt64, contentHash: UInt64, keyHash: UInt64, order: Int64,
    payload: UnsafeRawBufferPointer, raw: [UInt8]
  ) {
    let offset = arena.count
    let size = (RunRow.headerSize + payload.count + raw.count + 7) & ~7
    let row = arena.reserve(size)
    row.storeBytes(of: key, as: UInt128.self)
    row.storeBytes(of: sequence, toByteOffset: 16, as: UInt64.self)
    row.storeBytes(of: contentHash, toByteOffset: 24, as: UInt64.self)
    row.storeBytes(of: keyHash, toByteOffset: 32, as: UInt64.self)
    row.storeBytes(of: order, toByteOffset: 40, as: Int64.self)
    row.storeBytes(of: UInt32(payload.count), toByteOffset: 48, as: UInt32.self)
    row.storeBytes(of: UInt32(raw.count), toByteOffset: 52, as: UInt32.self)
    if let base = payload.baseAddress { (row + RunRow.headerSize).copyMemory(from: base, byteCount: payload.count) }
    raw.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress {
        (row + RunRow.headerSize + payload.count).copyMemory(from: base, byteCount: bytes.count)
      }
    }
    arena.advance(size)
    offsets.append((key, sequence, offset))
  }

  /// Sorts the rows and hands them over; the buffer is empty afterwards.
  package func takeRun() -> MemoryRun {
    let base = UnsafeRawPointer(arena.base)
    var entries = offsets.map { RunEntry(key: $0.key, sequence: $0.sequence, row: base + $0.offset) }
    entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.sequence < $1.sequence }
    defer {
      arena = ByteArena(capacity: 1 << 20)
      offsets = []
    }
    return MemoryRun(arena: arena, entries: entries)
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
  func load(_ range: KeyRange, into entries: inout [RunEntry], keeping memory: inout [ByteArena]) throws(StoreError)
}

/// A sorted run in memory.
package final class MemoryRun: SortedRun, @unchecked Sendable {
  // Sendable because the rows are never changed after sorting.
  private let arena: ByteArena
  private let entries: [RunEntry]
  package let samples: [(key: UInt128, bytes: Int)]

  init(arena: ByteArena, entries: [RunEntry]) {
    self.arena = arena
    self.entries = entries
    samples = stride(from: 0, to: entries.count, by: 256).map { index in
      (entries[index].key, entries[index..<min(index + 256, entries.count)].reduce(0) { $0 + RunRow.size($1.row) })
    }
  }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    let start = lowerBound(range.lower)
    let end = range.upper.map(lowerBound) ?? entries.count
    if start < end { result.append(contentsOf: entries[start..<end]) }
    memory.append(arena)
  }

  private func lowerBound(_ key: UInt128) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Writes the run to a file of its own.
  package func spill(to path: String, files: any FileSystem) throws(StoreError) -> SpilledRun {
    let file = try files.create(path)
    try files.remove(path)
    var index: [(key: UInt128, offset: Int64)] = []
    let output = ByteArena(capacity: 4 << 20)
    var offset: Int64 = 0
    var lastIndexed = -SpilledRun.indexDistance
    for entry in entries {
      let place = Int(offset) + output.count
      if place - lastIndexed >= SpilledRun.indexDistance {
        index.append((entry.key, Int64(place)))
        lastIndexed = place
      }
      output.append(UnsafeRawBufferPointer(start: entry.row, count: RunRow.size(entry.row)))
      if output.count >= 4 << 20 {
        try file.write(output.bytes, at: offset)
        offset += Int64(output.count)
        output.truncate(to: 0)
      }
    }
    try file.write(output.bytes, at: offset)
    return SpilledRun(file: file, length: offset + Int64(output.count), index: index)
  }
}

/// A sorted run in a file that has no name any more.
package final class SpilledRun: SortedRun {
  static let indexDistance = 64 << 10
  private let file: any StoreFile
  private let length: Int64
  private let index: [(key: UInt128, offset: Int64)]

  init(file: any StoreFile, length: Int64, index: [(key: UInt128, offset: Int64)]) {
    self.file = file
    self.length = length
    self.index = index
  }

  package var samples: [(key: UInt128, bytes: Int)] {
    index.indices.map { place in
      let end = place + 1 < index.count ? index[place + 1].offset : length
      return (index[place].key, Int(end - index[place].offset))
    }
  }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    // Rows of the lower key may begin before the first index entry that names it.
    let first = max(0, index.firstIndexNotBelow(range.lower) - 1)
    let last = range.upper.map { index.firstIndexNotBelow($0) } ?? index.count
    guard first < index.count, last > first else { return }
    let start = index[first].offset
    let end = last < index.count ? index[last].offset : length
    let arena = ByteArena(capacity: Int(end - start))
    let target = UnsafeMutableRawBufferPointer(start: arena.reserve(Int(end - start)), count: Int(end - start))
    try file.read(into: target, at: start)
    arena.advance(target.count)
    var offset = 0
    while offset + RunRow.headerSize <= target.count {
      let row = UnsafeRawPointer(arena.base + offset)
      let size = RunRow.size(row)
      guard size > 0, offset + size <= target.count else {
        throw StoreError(.damaged, "a spill file does not read back as written")
      }
      let key = RunRow.key(row)
      if range.contains(key) { result.append(RunEntry(key: key, sequence: RunRow.sequence(row), row: row)) }
      offset += size
    }
    memory.append(arena)
  }
}

extension [(key: UInt128, offset: Int64)] {
  /// Index of the first entry whose key is not smaller.
  fileprivate func firstIndexNotBelow(_ key: UInt128) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
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
