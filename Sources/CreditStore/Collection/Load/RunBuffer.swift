// Owns gathering rows in memory, roughly sorted: buckets of neighbouring keys that split as they grow.
// Invariants: every row lies in the bucket whose range holds its key; a bucket's rows stand in file order; buckets stay around two
// MiB, whatever the order of the file, unless one subject alone is larger. Marked kernel: a row is written only into room found.
//
// Loading takes the rows bucket by bucket: sorting and reading them then stays inside the processor's cache, where one large run
// would wait for memory at every row.

package import SegmentStore

/// Rows of neighbouring keys.
package struct RowBucket {
  /// Smallest key that belongs here.
  package var lower: UInt128
  package var rowCount = 0
  package var bytes = 0
  /// Bytes at which the bucket is split.
  fileprivate var splitBytes = RunBuffer.bucketBytes
  fileprivate var chunks: [ByteArena] = []
  fileprivate var next = RowBucket.nowhere
  fileprivate var room = 0

  /// Where a bucket without room would write; it never does, since its room is 0.
  nonisolated(unsafe) private static let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: 8, alignment: 8)

  fileprivate init(lower: UInt128) { self.lower = lower }

  /// Declares how far the last chunk is filled.
  fileprivate func settle() { if let last = chunks.last { last.truncate(to: last.capacity - room) } }

  /// Visits the rows in file order; the bucket must be settled.
  @inline(__always)
  package func forEachRow(_ body: (UnsafeRawPointer) -> Void) {
    for chunk in chunks {
      var offset = 0
      while offset < chunk.count {
        let row = UnsafeRawPointer(chunk.base + offset)
        body(row)
        offset &+= RunRow.size(row)
      }
    }
  }

  package func sortedEntries() -> [RunEntry] {
    var entries: [RunEntry] = []
    entries.reserveCapacity(rowCount)
    forEachRow { entries.append(RunEntry(key: RunRow.key($0), sequence: RunRow.sequence($0), row: $0)) }
    entries.sortRows()
    return entries
  }
}

/// Gathers the rows of one worker.
///
/// A plain struct: its owner keeps it in memory of its own, since every row passes through it.
package struct RunBuffer {
  fileprivate static let bucketBytes = 2 << 20
  private static let chunkBytes = 64 << 10
  /// Buckets one bucket is split into.
  private static let fanOut = 16
  private static let sampleRows = 1024
  /// Bytes a bucket must have had to be kept for the next run.
  private static let keptBucketBytes = 512 << 10

  private var buckets = [RowBucket(lower: 0)]
  /// The lower keys of the buckets, on their own so that searching touches little memory.
  private var lowers: [UInt128] = [0]
  /// Chunks of earlier runs, to be filled again: fresh memory costs a page fault every 4 KiB.
  private var spare: [ByteArena] = []
  package private(set) var rowCount = 0
  /// Bytes of memory that the rows hold, unused ends of chunks included.
  package private(set) var bytes = 0

  package init() {}

  /// Adds a row.
  package mutating func append(_ head: RunRowHead, payload: UnsafeRawBufferPointer, raw: [UInt8]) {
    let size = (RunRow.headerSize + payload.count + raw.count + 7) & ~7
    let bucket = bucketIndex(of: head.key)
    let row = place(size, in: bucket)
    row.storeBytes(of: head.key, as: UInt128.self)
    row.storeBytes(of: head.sequence, toByteOffset: 16, as: UInt64.self)
    row.storeBytes(of: head.order, toByteOffset: 24, as: Int64.self)
    row.storeBytes(of: head.contentHash, toByteOffset: 32, as: UInt32.self)
    row.storeBytes(of: UInt32(payload.count), toByteOffset: 36, as: UInt32.self)
    row.storeBytes(of: UInt32(raw.count), toByteOffset: 40, as: UInt32.self)
    row.storeBytes(of: head.worker, toByteOffset: 44, as: UInt8.self)
    row.storeBytes(of: head.keyHash, toByteOffset: 45, as: UInt32.self)
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
    rowCount &+= 1
    if buckets[bucket].bytes >= buckets[bucket].splitBytes { split(bucket) }
  }

  /// Index of the bucket a key belongs to: the last one whose lower key is not above it.
  @inline(__always)
  private func bucketIndex(of key: UInt128) -> Int {
    lowers.withUnsafeBufferPointer { lowers in
      var first = 0
      var count = lowers.count
      while count > 1 {
        let half = count >> 1
        // Written so that it compiles to a conditional move: the outcome cannot be predicted.
        first = lowers[first &+ half] <= key ? first &+ half : first
        count &-= half
      }
      return first
    }
  }

  /// Room for a row in a bucket.
  @inline(__always)
  private mutating func place(_ size: Int, in bucket: Int) -> UnsafeMutableRawPointer {
    if size > buckets[bucket].room { makeRoom(size, bucket) }
    // Invariant: makeRoom gave the bucket a chunk with room for the row.
    let row = buckets[bucket].next
    buckets[bucket].next = row + size
    buckets[bucket].room &-= size
    buckets[bucket].rowCount &+= 1
    buckets[bucket].bytes &+= size
    return row
  }

  private mutating func makeRoom(_ size: Int, _ bucket: Int) {
    buckets[bucket].settle()
    let chunk: ByteArena
    if size <= Self.chunkBytes, let reused = spare.popLast() {
      chunk = reused
    } else {
      chunk = ByteArena(capacity: max(size, Self.chunkBytes))
    }
    buckets[bucket].chunks.append(chunk)
    bytes += chunk.capacity
    buckets[bucket].next = chunk.base
    buckets[bucket].room = chunk.capacity
  }

  /// Deals the rows of a bucket out to new ones; a bucket of one key only may grow further.
  private mutating func split(_ index: Int) {
    buckets[index].settle()
    let old = buckets[index]
    var keys: [UInt128] = []
    let step = max(1, old.rowCount / Self.sampleRows)
    var seen = 0
    old.forEachRow { row in
      if seen % step == 0 { keys.append(RunRow.key(row)) }
      seen += 1
    }
    keys.sort()
    var cuts: [UInt128] = []
    for part in 1..<Self.fanOut {
      let key = keys[part * keys.count / Self.fanOut]
      if key > cuts.last ?? old.lower { cuts.append(key) }
    }
    guard !cuts.isEmpty else {
      buckets[index].splitBytes *= 2
      return
    }
    buckets.replaceSubrange(index...index, with: ([old.lower] + cuts).map(RowBucket.init))
    lowers.insert(contentsOf: cuts, at: index + 1)
    old.forEachRow { row in
      let size = RunRow.size(row)
      let target = place(size, in: bucketIndex(of: RunRow.key(row)))
      target.copyMemory(from: row, byteCount: size)
    }
    bytes -= old.chunks.reduce(0) { $0 + $1.capacity }
    reuse(old.chunks)
  }

  /// Hands the rows over; the buffer is empty afterwards but keeps the buckets that were worth having.
  package mutating func takeRun() -> MemoryRun {
    for bucket in buckets { bucket.settle() }
    let run = MemoryRun(buckets)
    // Small neighbours become one: each bucket holds a chunk, however few rows it gets next.
    var kept: [UInt128] = [0]
    var gathered = 0
    for bucket in buckets {
      if gathered >= Self.keptBucketBytes, bucket.lower > 0 {
        kept.append(bucket.lower)
        gathered = 0
      }
      gathered += bucket.bytes
    }
    lowers = kept
    buckets = kept.map(RowBucket.init)
    rowCount = 0
    bytes = 0
    return run
  }

  /// Takes back the memory of a run nobody uses any more.
  package mutating func reuse(_ run: consuming MemoryRun) {
    for bucket in run.buckets { reuse(bucket.chunks) }
  }

  /// Gives back memory kept for further rows.
  package mutating func releaseSpare() { spare = [] }

  private mutating func reuse(_ chunks: [ByteArena]) {
    for chunk in chunks where chunk.capacity == Self.chunkBytes { spare.append(chunk) }
  }
}

/// Rows in memory, by buckets.
package final class MemoryRun: GatheredRun, @unchecked Sendable {
  // Sendable because the rows are never changed after they were handed over.
  package let buckets: [RowBucket]
  package var isSpilled: Bool { false }
  /// Bytes of memory that the rows hold.
  package var bytes: Int { buckets.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.capacity } } }

  init(_ buckets: [RowBucket]) { self.buckets = buckets.filter { $0.rowCount > 0 } }

  package var samples: [(key: UInt128, bytes: Int)] { buckets.map { ($0.lower, $0.bytes) } }

  package func load(
    _ range: KeyRange, into result: inout [RunEntry], keeping memory: inout [ByteArena]
  ) throws(StoreError) {
    let first = max(0, buckets.partitioningIndex { $0.lower > range.lower } - 1)
    for bucket in buckets[first...] {
      if let upper = range.upper, bucket.lower >= upper { break }
      result.reserveCapacity(result.count + bucket.rowCount)
      bucket.forEachRow { row in
        let key = RunRow.key(row)
        guard range.contains(key) else { return }
        result.append(RunEntry(key: key, sequence: RunRow.sequence(row), row: row))
      }
    }
  }
}
