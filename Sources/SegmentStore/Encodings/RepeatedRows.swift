// Owns leaving out values of a block that are those of the row before: name and address of a subject stand beside each of its bills.
// Invariants: the first row has a value; a null counts as a value; what is left is encoded as a block of fewer rows.
//
// behind the values: one bit a row, 1 = the row has a value of its own, padded to 8 bytes

/// Which rows of a block have a value of their own.
package struct RepeatedRows: Sendable {
  private let bits: RankedBits
  /// Where the bits begin in the block.
  package var offset: Int { bits.offset }
  /// Rows with a value of their own.
  package var valueCount: Int { bits.marked }

  /// Bytes the bits of so many rows take.
  package static func byteCount(_ rows: Int) -> Int { RankedBits.byteCount(rows) }

  package var cost: Int { bits.cost }

  /// Reads the bits; `nil` unless the first row has a value, and nothing stands behind the last.
  package init?(_ raw: BlockBytes, at offset: Int, rows: Int) {
    guard rows > 0, let bits = RankedBits(raw, at: offset, count: rows), bits.contains(0, raw.base) else {
      return nil
    }
    self.bits = bits
  }

  /// The number of the value of a row.
  ///
  /// - Parameter base: the first byte of the block.
  @inline(__always)
  func value(of row: Int, _ base: UnsafeRawPointer) -> Int {
    // The last that is marked, itself included.
    bits.rank(row, base) &+ (bits.contains(row, base) ? 0 : -1)
  }

  /// Spreads the values of consecutive rows, which stand at the beginning of the target, over the rows.
  func spread<Value>(_ rows: Range<Int>, _ base: UnsafeRawPointer, in target: UnsafeMutablePointer<Value>) {
    guard !rows.isEmpty else { return }
    var from = value(of: rows.upperBound - 1, base) - value(of: rows.lowerBound, base)
    for place in (0..<rows.count).reversed() {
      target[place] = target[from]
      let row = rows.lowerBound + place
      if from > 0, bits.contains(row, base) { from -= 1 }
    }
  }

  /// Appends the bits.
  package static func append(_ fresh: UnsafeBufferPointer<Bool>, to arena: ByteArena) {
    NullBitmap.append(rows: fresh.count, to: arena) { fresh[$0] }
  }
}
