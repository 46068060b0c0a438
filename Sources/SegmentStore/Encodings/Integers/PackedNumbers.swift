// Owns comparing and adding up packed numbers without taking them out one by one.
// Invariants: answers are those of the numbers themselves. Marked kernel: the block that packs them lives, and was checked.
// Does not read blocks.

import CStorageKernels

/// Numbers of consecutive rows as a block packs them; valid while the block lives.
struct PackedNumbers {
  let base: UnsafeRawPointer
  /// The place of the first.
  let first: Int
  /// At most `cstorage_narrow_bits`.
  let width: Int
  /// What is added to each; the smallest of those that are no exceptions.
  let smallest: Int64
  /// Numbers of which the upper part stands elsewhere.
  var exceptions: IntegerExceptions?

  /// Writes a bit for each of `count` numbers: whether it lies in a range, or outside of it.
  func compare(
    _ range: ClosedRange<Int64>, isOutside: Bool, count: Int, to bits: UnsafeMutablePointer<UInt64>
  ) {
    // Distances from the smallest: what lies below it or beyond the largest that fits is cut off.
    let largest = smallest.addingReportingOverflow(1 << Int64(width) - 1)
    let top = largest.overflow ? Int64.max : largest.partialValue
    let (low, high) = (max(range.lowerBound, smallest), min(range.upperBound, top))
    if low <= high {
      cstorage_packed_in_range(
        base, first, count, UInt32(width), UInt32(truncatingIfNeeded: low &- smallest),
        UInt32(truncatingIfNeeded: high &- low), isOutside, bits)
    } else {
      for word in 0..<(count + 63) >> 6 {
        bits[word] = isOutside ? .max &>> UInt64(64 &- min(64, count &- word &* 64)) : 0
      }
    }
    exceptions?.forEach(in: first..<first + count) { row, upper in
      let value = value(row, upper)
      let bit: UInt64 = 1 << UInt64((row - first) & 63)
      if range.contains(value) != isOutside {
        bits[(row - first) >> 6] |= bit
      } else {
        bits[(row - first) >> 6] &= ~bit
      }
    }
  }

  /// The number of an exception, which may be smaller than `smallest`: differences wrap around.
  private func value(_ row: Int, _ upper: UInt64) -> Int64 {
    smallest &+ Int64(bitPattern: BitPacking.value(base, row, width: width) | upper &<< UInt64(width))
  }

  /// The sum of `count` numbers, at most 65,536.
  func sum(_ count: Int) -> Int128 {
    var sum =
      Int128(smallest) * Int128(count) + Int128(cstorage_packed_sum(base, first, count, UInt32(width)))
    exceptions?.forEach(in: first..<first + count) { row, upper in
      sum +=
        Int128(value(row, upper)) - Int128(smallest)
        - Int128(BitPacking.value(base, row, width: width))
    }
    return sum
  }
}
