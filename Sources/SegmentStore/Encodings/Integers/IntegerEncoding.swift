// Owns the frame-of-reference encoding of integers, and the choice between it, the patched one and that of multiples.
// Invariants: lossless for every 64-bit value; null slots hold the base and are never read.
//
//  0 u8 flags (bit 0: null bitmap)  1 u8 width  2 u16 0  4 u32 0  8 i64 base  16 [null bitmap] [packed differences]

package enum IntegerEncoding {
  package static let headerSize = 16
  /// Values looked at to find a base that is not an outlier.
  private static let samples = 128
  /// Bits of a number from which on multiples are looked for, and values of a block: at least a bit of each is to be saved.
  private static let leastDivided = 6
  private static let leastValues = 64

  /// Appends the raw bytes of a block in the smallest encoding; returns it with the smallest and largest value (0, 0 when all are null).
  ///
  /// - Parameter isThorough: whether multiples are looked for, too: it takes time, and makes a segment that older builds of the library cannot read.
  package static func encode(
    values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int,
    isThorough: Bool = false, to arena: ByteArena
  ) -> (encoding: Encoding, minimum: Int64, maximum: Int64) {
    var minimum = Int64.max
    var maximum = Int64.min
    for row in values.indices where !nulls[row] {
      minimum = min(minimum, values[row])
      maximum = max(maximum, values[row])
    }
    if nullCount == values.count { (minimum, maximum) = (0, 0) }
    let range = UInt64(bitPattern: maximum) &- UInt64(bitPattern: minimum)
    let width = BitPacking.width(of: range)
    let patched = patch(values, nulls, minimum: minimum, width: width)
    if isThorough, width >= leastDivided, values.count >= leastValues,
      let plan = MultiplesEncoding.plan(values, nulls: nulls),
      plan.bits + values.count <= patched?.bits ?? values.count * width
    {
      MultiplesEncoding.encode(values, nulls: nulls, nullCount: nullCount, plan: plan, to: arena)
      return (.multiples, minimum, maximum)
    }
    if let plan = patched {
      PatchedIntegerEncoding.encode(values, nulls: nulls, nullCount: nullCount, plan: plan, to: arena)
      return (.patchedIntegers, minimum, maximum)
    }
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(minimum, at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: values.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: values.count, width: width, to: arena) {
      nulls[$0] ? 0 : UInt64(bitPattern: values[$0]) &- UInt64(bitPattern: minimum)
    }
    return (.frameOfReference, minimum, maximum)
  }

  /// Bits that the packed parts of a block of these values take.
  package static func estimatedBits(
    _ values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>
  ) -> Int {
    var minimum = Int64.max
    for row in values.indices where !nulls[row] { minimum = min(minimum, values[row]) }
    var bits = PatchedIntegerEncoding.plan(values, nulls: nulls, base: minimum).bits
    if let base = baseWithoutOutliers(values, nulls), base > minimum {
      bits = min(bits, PatchedIntegerEncoding.plan(values, nulls: nulls, base: base).bits)
    }
    return bits
  }

  /// A few values far below the others, such as dates of 1899, must not set the base for all: a base from a sample without its lowest
  /// values, and as far below them as values may well lie. `nil` when there is nothing to gain.
  private static func baseWithoutOutliers(
    _ values: UnsafeBufferPointer<Int64>, _ nulls: UnsafeBufferPointer<Bool>
  ) -> Int64? {
    var sample: [Int64] = []
    sample.reserveCapacity(samples + 1)
    for row in stride(from: 0, to: values.count, by: max(1, values.count / samples)) where !nulls[row] {
      sample.append(values[row])
    }
    guard sample.count >= 32 else { return nil }
    sample.sort()
    let low = sample[sample.count / 24]
    let (spread, isWide) = sample[sample.count / 2].subtractingReportingOverflow(low)
    let (base, isBelow) = low.subtractingReportingOverflow(spread / 4)
    return isWide || isBelow ? low : base
  }

  /// A plan with exceptions, if it saves an eighth and at least half a bit a row.
  private static func patch(
    _ values: UnsafeBufferPointer<Int64>, _ nulls: UnsafeBufferPointer<Bool>, minimum: Int64, width: Int
  ) -> PatchedIntegerEncoding.Plan? {
    guard width >= 2, values.count >= 64 else { return nil }
    var plan = PatchedIntegerEncoding.plan(values, nulls: nulls, base: minimum)
    if let base = baseWithoutOutliers(values, nulls), base > minimum {
      let other = PatchedIntegerEncoding.plan(values, nulls: nulls, base: base)
      if other.bits < plan.bits { plan = other }
    }
    let plain = values.count * width
    return plan.exceptions > 0 && plan.bits <= plain - plain / 8 && plan.bits + values.count / 2 <= plain
      ? plan : nil
  }
}
