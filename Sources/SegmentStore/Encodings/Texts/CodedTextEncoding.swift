// Owns the encoding of texts as codes of the column's dictionary, and of texts that are those of their keys.
// Invariants: lossless; codes compare as their texts where no entry is a template; a null holds code and numbers 0.
//
// codes: 0 u8 flags (bit 0: null bitmap)  1 u8 code width  2 u8 numbers a row  3 u8 0  4 u32 smallest code  8 u64 0
//        16 [null bitmap] [packed codes] then for each number: u8 width, 7 x 0, i64 smallest, [packed differences]
// key:   0 u8 flags  1.. 0 to 16  [null bitmap]

/// Codes of one block, while it is gathered.
package struct CodedValues {
  package let codes: UnsafeMutableBufferPointer<UInt32>
  /// One stretch of `ColumnBlockLimits.rows` numbers for each number a row has.
  package let numbers: UnsafeMutableBufferPointer<UInt64>
  package let holes: Int

  package init(holes: Int) {
    self.holes = holes
    codes = .allocate(capacity: ColumnBlockLimits.rows)
    numbers = .allocate(capacity: ColumnBlockLimits.rows * holes)
  }

  package func deallocate() {
    codes.deallocate()
    numbers.deallocate()
  }
}

package enum CodedTextEncoding {
  package static let headerSize = 16

  /// Appends the raw bytes of a block; returns the smallest and largest code (0, 0 when all are null).
  package static func encode(
    _ values: CodedValues, count: Int, nulls: UnsafeBufferPointer<Bool>, nullCount: Int, to arena: ByteArena
  ) -> (minimum: Int64, maximum: Int64) {
    var minimum = UInt32.max
    var maximum: UInt32 = 0
    let codes = values.codes
    for row in 0..<count where !nulls[row] {
      minimum = min(minimum, codes[row])
      maximum = max(maximum, codes[row])
    }
    if nullCount == count { (minimum, maximum) = (0, 0) }
    let width = BitPacking.width(of: UInt64(maximum - minimum))
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(UInt8(values.holes), at: start + 2)
    arena.store(minimum, at: start + 4)
    if nullCount > 0 { NullBitmap.append(rows: count, to: arena) { nulls[$0] } }
    let base = minimum
    BitPacking.append(count: count, width: width, to: arena) { nulls[$0] ? 0 : UInt64(codes[$0] &- base) }
    for hole in 0..<values.holes {
      let stretch = UnsafeBufferPointer(
        rebasing: values.numbers[hole * ColumnBlockLimits.rows..<hole * ColumnBlockLimits.rows + count])
      append(numbers: stretch, to: arena)
    }
    return (Int64(minimum), Int64(maximum))
  }

  private static func append(numbers: UnsafeBufferPointer<UInt64>, to arena: ByteArena) {
    var smallest = UInt64.max
    var largest: UInt64 = 0
    for number in numbers {
      smallest = min(smallest, number)
      largest = max(largest, number)
    }
    let width = BitPacking.width(of: largest - smallest)
    let start = arena.appendZeros(16)
    arena.store(UInt8(width), at: start)
    arena.store(smallest, at: start + 8)
    let base = smallest
    BitPacking.append(count: numbers.count, width: width, to: arena) { numbers[$0] &- base }
  }

  /// Appends the raw bytes of a block whose texts are all those of their keys.
  package static func encodeKeys(
    count: Int, nulls: UnsafeBufferPointer<Bool>, nullCount: Int, to arena: ByteArena
  ) {
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    if nullCount > 0 { NullBitmap.append(rows: count, to: arena) { nulls[$0] } }
  }
}
