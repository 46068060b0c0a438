// Owns the exceptions of a block: the few rows whose number does not fit the width of the others, or has none to follow.
// Invariants: rows ascend and lie in the block; checked when the block is opened.
// Does not know what the numbers mean.

/// The high parts of a patched block's exceptions.
struct IntegerExceptions: Sendable {
  private let rows: [UInt16]
  private let highs: [UInt64]
  /// The largest number.
  let largest: UInt64

  /// `nil` unless rows ascend, high parts fit and are not 0 where they may not, and they end with the block.
  init?(
    _ raw: BlockBytes, rows count: Int, width: Int, highWidth: Int, mayBeZero: Bool,
    _ layout: inout BlockLayout
  ) {
    let exceptions = Int(raw.load(4, as: UInt32.self))
    let rowBits = PatchedIntegerEncoding.rowBits
    guard exceptions <= count, mayBeZero || exceptions > 0 && highWidth > 0, highWidth + width <= 64 else {
      return nil
    }
    let rowsOffset = layout.position
    guard layout.takePacked(exceptions, rowBits) else { return nil }
    let highsOffset = layout.position
    guard layout.takePacked(exceptions, highWidth), layout.isComplete else { return nil }
    var rows: [UInt16] = []
    var highs: [UInt64] = []
    for index in 0..<exceptions {
      let row = Int(BitPacking.value(raw.base + rowsOffset, index, width: rowBits))
      let high = BitPacking.value(raw.base + highsOffset, index, width: highWidth)
      guard row < count, rows.last.map({ Int($0) < row }) ?? true, mayBeZero || high > 0 else { return nil }
      rows.append(UInt16(row))
      highs.append(high)
    }
    self.rows = rows
    self.highs = highs
    largest = highs.max() ?? 0
  }

  var cost: Int { rows.count * 10 }

  var isEmpty: Bool { rows.isEmpty }

  /// The number of a row that is an exception.
  func find(_ row: Int) -> UInt64? {
    let place = rows.partitioningIndex { Int($0) >= row }
    return place < rows.count && Int(rows[place]) == row ? highs[place] : nil
  }

  /// Gives the exceptions among consecutive rows.
  @inline(__always)
  func forEach(in range: Range<Int>, _ body: (Int, UInt64) -> Void) {
    let places = places(in: range)
    rows.withUnsafeBufferPointer { rows in
      highs.withUnsafeBufferPointer { highs in
        for place in places { body(Int(rows[place]), highs[place]) }
      }
    }
  }

  private func places(in range: Range<Int>) -> Range<Int> {
    let first = rows.partitioningIndex { Int($0) >= range.lowerBound }
    return first..<rows.partitioningIndex { Int($0) >= range.upperBound }
  }

  /// The sum of the numbers of consecutive rows.
  func sum(in range: Range<Int>) -> Int128 {
    let places = places(in: range)
    return highs.withUnsafeBufferPointer { highs in
      guard largest >> UInt64(64 - PatchedIntegerEncoding.rowBits) == 0 else {
        return highs[places].reduce(Int128(0)) { $0 + Int128($1) }
      }
      // A block has at most 2^13 rows: 64 bits are enough.
      return Int128(highs[places].reduce(UInt64(0)) { $0 &+ $1 })
    }
  }

  /// The high part of a row; 0 when it is no exception.
  func high(_ row: Int) -> UInt64 {
    find(row) ?? 0
  }
}
