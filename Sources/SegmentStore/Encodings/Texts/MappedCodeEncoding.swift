// Owns the encoding of codes that follow from the codes of another column: a map for the whole column, and the exceptions of each block.
// Invariants: lossless; a row that is no exception has a code in the other column, and the map knows it; nulls are no exceptions.
//
// map:   0 u8 width  1 7 x 0  8 [packed own code + 1 of each code of the other column, 0 = none]
// block: 0 u8 flags (bit 0: null bitmap)  1 u8 code width  2 u16 0  4 u32 exceptions  8 u64 0
//        16 [null bitmap] [packed rows of exceptions, 13 bits] [packed codes]

import CStorageKernels

/// From the codes of one column to those of another.
package final class CodeMap: Sendable {
  /// Entries of a map at most that a merge makes: look-ups read maps whole.
  package static let maximumEntries = 1 << 18

  /// Own codes, `absentCode` for none, by code of the other column; the last place stands for all codes behind.
  private let entries: [UInt32]
  /// Own codes are below this.
  package let codeLimit: Int

  /// Makes a map of own codes plus 1, 0 for none, by code of the other column.
  package init(_ entries: [UInt32]) {
    self.entries = entries.map { $0 &- 1 } + [absentCode]
    codeLimit = Int(entries.max() ?? 0)
  }

  package var count: Int { entries.count - 1 }
  package var cost: Int { entries.count * 4 + 120 }

  /// What the map says of a code of the other column; `nil` = nothing.
  @inline(__always)
  package func code(_ other: Int) -> UInt32? {
    guard other >= 0, other < count else { return nil }
    let own = entries[other]
    return own == absentCode ? nil : own
  }

  /// Turns codes of the other column into own ones, `absentCode` where the map says nothing; returns whether that happened.
  func map(_ codes: UnsafeMutablePointer<UInt32>, count codeCount: Int) -> Bool {
    entries.withUnsafeBufferPointer { entries in
      guard let table = entries.baseAddress else { return false }
      return cstorage_look_up(
        table, UInt32(truncatingIfNeeded: entries.count - 1), codes, nil, codeCount, codes)
        == absentCode
    }
  }

  /// Appends the raw bytes of the map.
  package func encode(to arena: ByteArena) {
    let width = BitPacking.width(of: UInt64(codeLimit))
    let start = arena.appendZeros(8)
    arena.store(UInt8(width), at: start)
    BitPacking.append(count: count, width: width, to: arena) { UInt64(entries[$0] &+ 1) }
  }

  /// Reads a map, every entry of which must name one of `codes` codes or none.
  package init(
    _ raw: BlockBytes, count: Int, codes: Int, file: String, offset: Int64
  ) throws(StoreError) {
    func damage() -> StoreError { .damaged("an impossible map of codes", file: file, offset: offset) }
    guard raw.count >= 8, count <= ColumnDictionary.maximumEntries else { throw damage() }
    let width = Int(raw.load(0, as: UInt8.self))
    guard width <= 32, 8 + BitPacking.byteCount(count, width: width) == raw.count else { throw damage() }
    var entries: [UInt32] = []
    entries.reserveCapacity(count + 1)
    var isSound = true
    BitPacking.forEach(raw.base + 8, 0..<count, width: width) { _, entry in
      if entry > UInt64(codes) { isSound = false }
      entries.append(UInt32(truncatingIfNeeded: entry) &- 1)
    }
    guard isSound else { throw damage() }
    entries.append(absentCode)
    self.entries = entries
    codeLimit = codes
  }
}

package enum MappedCodeEncoding {
  package static let headerSize = 16
  /// Bits of the row of an exception: blocks have at most 8,192 rows.
  package static let rowBits = 13
  /// Stands for "the map says nothing".
  package static let unknown = UInt32.max

  /// Appends the raw bytes of a block; returns the smallest and largest code (0, 0 when all are null).
  ///
  /// - Parameter predictions: what the map says of each row, or `unknown`.
  package static func encode(
    codes: UnsafeBufferPointer<UInt32>, predictions: UnsafeBufferPointer<UInt32>,
    nulls: UnsafeBufferPointer<Bool>, nullCount: Int, to arena: ByteArena
  ) -> (minimum: Int64, maximum: Int64) {
    var bounds: (minimum: UInt32, maximum: UInt32)?
    var exceptions: [Int] = []
    for row in codes.indices where !nulls[row] {
      let code = codes[row]
      bounds = (min(bounds?.minimum ?? code, code), max(bounds?.maximum ?? code, code))
      if predictions[row] != code { exceptions.append(row) }
    }
    let width = BitPacking.width(of: UInt64(exceptions.map { codes[$0] }.max() ?? 0))
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(UInt32(exceptions.count), at: start + 4)
    if nullCount > 0 { NullBitmap.append(rows: codes.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: exceptions.count, width: rowBits, to: arena) { UInt64(exceptions[$0]) }
    BitPacking.append(count: exceptions.count, width: width, to: arena) { UInt64(codes[exceptions[$0]]) }
    return (Int64(bounds?.minimum ?? 0), Int64(bounds?.maximum ?? 0))
  }
}
