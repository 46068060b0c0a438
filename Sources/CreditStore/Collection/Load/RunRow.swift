// Owns the bytes of a row between parsing and loading.
// Invariants: a row is whole in one piece of memory, with 256 readable bytes behind it. Marked kernel: rows are made by RunBuffer;
// those from a spill file are checked by SpilledRun before anybody reads them.
//
// row: 0 u128 key  16 u64 sequence  24 i64 order  32 u32 content hash  36 u32 payload bytes  40 u32 raw bytes  44 u8 worker
//      45 u32 key hash  49 payload, raw, padded to 8

import SegmentStore

/// The fixed part of a row in a run.
package enum RunRow {
  package static let headerSize = 49

  @inline(__always)
  package static func load<T: FixedWidthInteger>(_ row: UnsafeRawPointer, _ offset: Int, _ type: T.Type) -> T
  {
    row.loadUnaligned(fromByteOffset: offset, as: T.self)
  }
  package static func key(_ row: UnsafeRawPointer) -> UInt128 { load(row, 0, UInt128.self) }
  package static func sequence(_ row: UnsafeRawPointer) -> UInt64 { load(row, 16, UInt64.self) }
  package static func order(_ row: UnsafeRawPointer) -> Int64 { load(row, 24, Int64.self) }
  package static func contentHash(_ row: UnsafeRawPointer) -> UInt32 { load(row, 32, UInt32.self) }
  package static func keyHash(_ row: UnsafeRawPointer) -> UInt32 { load(row, 45, UInt32.self) }
  package static func worker(_ row: UnsafeRawPointer) -> Int { Int(load(row, 44, UInt8.self)) }
  /// The row's values: coded with the pools of its worker.
  package static func payload(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: row + headerSize, count: Int(load(row, 36, UInt32.self)))
  }
  /// The raw row as JSON, kept only for rows that may meet a closed record.
  package static func raw(_ row: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let payload = Int(load(row, 36, UInt32.self))
    return UnsafeRawBufferPointer(start: row + headerSize + payload, count: Int(load(row, 40, UInt32.self)))
  }
  /// Asks for the lines of memory that most rows lie in.
  @inline(__always)
  package static func prefetch(_ row: UnsafeRawPointer) {
    Prefetch.line(row)
    Prefetch.line(row + 64)
  }
  package static func size(_ row: UnsafeRawPointer) -> Int {
    (headerSize + Int(load(row, 36, UInt32.self)) + Int(load(row, 40, UInt32.self)) + 7) & ~7
  }
}

/// What a row in a run says beside its values.
package struct RunRowHead {
  package var key: UInt128
  package var sequence: UInt64
  /// The value by which the rows of a subject are ordered; `.min` without one.
  package var order: Int64
  /// Equal for equal values; never trusted alone.
  package var contentHash: UInt32
  /// Equal for rows of the same record; never trusted alone. 0 where the entry has no record key.
  package var keyHash: UInt32
  /// Number of the worker whose pools the values refer to.
  package var worker: UInt8

  package init(
    key: UInt128, sequence: UInt64, order: Int64 = .min, contentHash: UInt32 = 0, keyHash: UInt32 = 0,
    worker: UInt8 = 0
  ) {
    self.key = key
    self.sequence = sequence
    self.order = order
    self.contentHash = contentHash
    self.keyHash = keyHash
    self.worker = worker
  }
}

/// A row found in a run: what sorting needs.
package struct RunEntry {
  package var key: UInt128
  package var sequence: UInt64
  package var row: UnsafeRawPointer
}
