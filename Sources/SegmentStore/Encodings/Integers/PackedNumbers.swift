// Owns comparing and adding up packed numbers without taking them out one by one.
// Invariants: answers are those of the numbers themselves. Marked kernel: the block that packs them lives, and was checked.
// Does not read blocks.

import CStorageKernels

/// Numbers of consecutive rows as a block packs them; valid while the block lives.
struct PackedNumbers {
  let base: UnsafeRawPointer
  /// The place of the first.
  let first: Int
  /// At most `cstorage_narrow_bits`; 0 = all are `smallest`, but for exceptions.
  let width: Int
  /// What is added to each; the smallest of those that are no exceptions.
  let smallest: Int64
  /// Numbers of which the upper part stands elsewhere.
  var exceptions: IntegerExceptions?
  /// Where absent numbers have a 1, by the place of the number.
  var nulls: UnsafeRawPointer?
  /// Where rows repeat the number of the row before.
  var spread: Spread?

  /// Rows of which some repeat the number of the row before.
  struct Spread {
    /// Rows with a number of their own have a 1.
    let rows: UnsafeRawPointer
    /// The place of the first row.
    let firstRow: Int
    /// How many numbers the rows have between them.
    let numbers: Int
  }

  // MARK: Comparing

  /// Writes a bit for each of `count` rows: whether its number lies in a range, or outside of it; absent numbers do neither.
  func compare(
    _ range: ClosedRange<Int64>, isOutside: Bool, count: Int, to bits: UnsafeMutablePointer<UInt64>
  ) {
    guard let spread else {
      compareNumbers(range, isOutside: isOutside, count: count, to: bits)
      return
    }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: (spread.numbers + 63) >> 6) { own in
      guard let own = own.baseAddress else { return }
      compareNumbers(range, isOutside: isOutside, count: spread.numbers, to: own)
      cstorage_spread_bits(spread.rows, spread.firstRow, count, own, bits)
    }
  }

  private func compareNumbers(
    _ range: ClosedRange<Int64>, isOutside: Bool, count: Int, to bits: UnsafeMutablePointer<UInt64>
  ) {
    // Distances from the smallest: what lies below it or beyond the largest that fits is cut off.
    let largest = smallest.addingReportingOverflow(1 << Int64(width) - 1)
    let top = largest.overflow ? Int64.max : largest.partialValue
    let (low, high) = (max(range.lowerBound, smallest), min(range.upperBound, top))
    if width > 0, low <= high {
      cstorage_packed_in_range(
        base, first, count, UInt32(width), UInt32(truncatingIfNeeded: low &- smallest),
        UInt32(truncatingIfNeeded: high &- low), isOutside, bits)
    } else {
      let isWanted = (low <= high) != isOutside
      for word in 0..<(count + 63) >> 6 {
        bits[word] = isWanted ? .max &>> UInt64(64 &- min(64, count &- word &* 64)) : 0
      }
    }
    if let exceptions { compareExceptions(exceptions, range, isOutside: isOutside, count: count, to: bits) }
    if let nulls { NullBitmap.removeNulls(nulls, first..<first + count, from: bits) }
  }

  private func compareExceptions(
    _ exceptions: IntegerExceptions, _ range: ClosedRange<Int64>, isOutside: Bool, count: Int,
    to bits: UnsafeMutablePointer<UInt64>
  ) {
    let (low, span) = (range.lowerBound, UInt64(bitPattern: range.upperBound &- range.lowerBound))
    // Exceptions ascend: those of 64 rows change one word.
    var (present, word) = (0, bits[0])
    exceptions.forEach(in: first..<first + count) { row, upper in
      let isInside = UInt64(bitPattern: value(row, upper) &- low) <= span
      let (index, shift) = ((row &- first) &>> 6, UInt64(truncatingIfNeeded: row &- first) & 63)
      if index != present {
        bits[present] = word
        (present, word) = (index, bits[index])
      }
      word = word & ~(1 &<< shift) | (isInside != isOutside ? 1 : 0) &<< shift
    }
    bits[present] = word
  }

  /// The number of an exception, which may be smaller than `smallest`: differences wrap around.
  private func value(_ row: Int, _ upper: UInt64) -> Int64 {
    let low = width > 0 ? BitPacking.value(base, row, width: width) : 0
    return smallest &+ Int64(bitPattern: low | upper &<< UInt64(width))
  }

  // MARK: Adding up

  /// The sum of `count` numbers, at most 65,536; `nil` where some are absent or repeated.
  func sum(_ count: Int) -> Int128? {
    guard nulls == nil, spread == nil else { return nil }
    var sum = Int128(smallest) * Int128(count)
    if width > 0 { sum += Int128(cstorage_packed_sum(base, first, count, UInt32(width))) }
    guard let exceptions else { return sum }
    let (shift, room) = (UInt64(width), UInt64(bitPattern: Int64.max &- smallest))
    let low: UInt64 = 1 << shift - 1
    if exceptions.largest &<< shift | low <= room {
      // The upper parts are all that is missing.
      return sum + exceptions.sum(in: first..<first + count) << Int128(width)
    }
    // Numbers so large that differences may wrap around.
    exceptions.forEach(in: first..<first + count) { row, upper in
      sum += Int128(value(row, upper)) - Int128(smallest)
      if width > 0 { sum -= Int128(BitPacking.value(base, row, width: width)) }
    }
    return sum
  }
}
