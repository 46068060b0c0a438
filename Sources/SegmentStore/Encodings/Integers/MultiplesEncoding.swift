// Owns the encoding of integers most of which are multiples of one number: amounts kept in fen that are whole yuan, instants that are whole days.
// Invariants: lossless for every 64-bit value; nulls have quotient 0 and no remainder; a remainder that stands in the block is not 0 and less than the factor.
// Does not decide whether it is smaller than other encodings (IntegerEncoding). Marked kernel: places lie inside a block that was checked and lives.
//
// 0 u8 flags (bit 0: null bitmap)  1 u8 width  2 u8 remainder width  3 u8 0  4 u32 factor  8 i64 base
// 16 [null bitmap] [packed quotients] and, unless the remainder width is 0, [bits: 1 = has a remainder] [packed remainders]

/// Quotients apart from remainders, most of which are 0 (整数倍).
///
/// Four of five sums of money have no odd fen: where a column is kept to the hundredth, its numbers take six bits more than the money does.
package enum MultiplesEncoding {
  package static let headerSize = 16
  /// What values may be multiples of: digits, and the units of instants.
  static let factors: [Int64] = [10, 100, 1000, 10_000, 100_000, 1_000_000, 60, 3600, 86_400]
  /// Values looked at to see what may pay.
  private static let samples = 96
  /// Of which so many must be multiples, in sixteenths: a bit for each value has to come back.
  private static let leastShare = 5

  /// How a block would be taken apart.
  package struct Plan {
    package var factor: Int64
    /// The smallest quotient.
    package var base: Int64
    package var width: Int
    package var remainderWidth: Int
    /// Values that are no multiples.
    package var remainders: Int
    /// Bits of the packed parts.
    package var bits: Int
  }

  /// The factor that needs the fewest bits; `nil` where none may pay.
  package static func plan(
    _ values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>
  ) -> Plan? {
    let step = max(1, values.count / samples)
    var seen = 0
    var shares = [Int](repeating: 0, count: factors.count)
    for start in stride(from: 0, to: values.count, by: step) {
      // Not every fifth value, say: of those that come in turns only one kind would be seen.
      let row = min(values.count - 1, start + start / step &* 7 % step)
      if nulls[row] { continue }
      seen += 1
      for (place, factor) in factors.enumerated() where values[row] % factor == 0 { shares[place] += 1 }
    }
    guard seen >= 16 else { return nil }
    var best: Plan?
    for (place, factor) in factors.enumerated() where shares[place] * 16 >= seen * leastShare {
      let plan = plan(values, nulls, factor)
      if plan.bits < best?.bits ?? .max { best = plan }
    }
    return best
  }

  private static func plan(
    _ values: UnsafeBufferPointer<Int64>, _ nulls: UnsafeBufferPointer<Bool>, _ factor: Int64
  ) -> Plan {
    var (smallest, largest) = (Int64.max, Int64.min)
    var (remainders, bits) = (0, Int64(0))
    for row in values.indices where !nulls[row] {
      let (quotient, remainder) = parts(values[row], factor)
      smallest = min(smallest, quotient)
      largest = max(largest, quotient)
      if remainder > 0 { remainders += 1 }
      bits |= remainder
    }
    guard smallest <= largest else {
      return Plan(factor: factor, base: 0, width: 0, remainderWidth: 0, remainders: 0, bits: 0)
    }
    let width = BitPacking.width(of: UInt64(bitPattern: largest &- smallest))
    let remainderWidth = BitPacking.width(of: UInt64(bitPattern: bits))
    return Plan(
      factor: factor, base: smallest, width: width, remainderWidth: remainderWidth, remainders: remainders,
      bits: values.count * width + (remainders > 0 ? values.count + remainders * remainderWidth : 0))
  }

  /// Quotient, rounded down, and remainder, which is never negative.
  @inline(__always)
  private static func parts(_ value: Int64, _ factor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: factor)
    return remainder < 0 ? (quotient - 1, remainder + factor) : (quotient, remainder)
  }

  /// Appends the raw bytes of a block.
  package static func encode(
    _ values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int, plan: Plan,
    to arena: ByteArena
  ) {
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(plan.width), at: start + 1)
    arena.store(UInt8(plan.remainderWidth), at: start + 2)
    arena.store(UInt32(truncatingIfNeeded: plan.factor), at: start + 4)
    arena.store(plan.base, at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: values.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: values.count, width: plan.width, to: arena) {
      nulls[$0] ? 0 : UInt64(bitPattern: parts(values[$0], plan.factor).quotient &- plan.base)
    }
    guard plan.remainderWidth > 0 else { return }
    let odd = values.indices.filter { !nulls[$0] && values[$0] % plan.factor != 0 }
    var next = odd.makeIterator()
    var wanted = next.next()
    NullBitmap.append(rows: values.count, to: arena) { row in
      guard row == wanted else { return false }
      wanted = next.next()
      return true
    }
    BitPacking.append(count: odd.count, width: plan.remainderWidth, to: arena) {
      UInt64(bitPattern: parts(values[odd[$0]], plan.factor).remainder)
    }
  }
}

/// What a block of multiples adds to its packed quotients.
struct Remainders: Sendable {
  let factor: Int64
  /// Which values have one; `nil` where none has.
  private let marked: RankedBits?
  /// Where the packed remainders begin, and their bits.
  private let offset: Int
  private let width: Int

  /// `nil` unless what stands behind the quotients adds up and ends with the block.
  init?(_ raw: BlockBytes, values: Int, _ layout: inout BlockLayout) {
    factor = Int64(raw.load(4, as: UInt32.self))
    width = Int(raw.load(2, as: UInt8.self))
    guard factor >= 2, width <= 32, raw.load(3, as: UInt8.self) == 0 else { return nil }
    guard width > 0 else {
      guard layout.isComplete else { return nil }
      marked = nil
      offset = 0
      return
    }
    let bits = layout.position
    guard layout.take(RankedBits.byteCount(values)),
      let marked = RankedBits(raw, at: bits, count: values), marked.marked > 0
    else { return nil }
    self.marked = marked
    offset = layout.position
    guard layout.takePacked(marked.marked, width), layout.isComplete else { return nil }
    for number in 0..<marked.marked {
      let remainder = BitPacking.value(raw.base + offset, number, width: width)
      guard remainder > 0, remainder < UInt64(factor) else { return nil }
    }
  }

  var cost: Int { marked?.cost ?? 0 }

  /// The value that a quotient stands for.
  ///
  /// - Parameters:
  ///   - value: its number among those of the block.
  ///   - base: the first byte of the block.
  @inline(__always)
  func complete(_ quotient: Int64, _ value: Int, _ base: UnsafeRawPointer) -> Int64 {
    let multiple = quotient &* factor
    guard let marked, marked.contains(value, base) else { return multiple }
    let remainder = BitPacking.value(base + offset, marked.rank(value, base), width: width)
    return multiple &+ Int64(bitPattern: remainder)
  }

  /// Turns the quotients of consecutive values into the values.
  func complete(_ stored: Range<Int>, _ base: UnsafeRawPointer, in values: UnsafeMutablePointer<Int64>) {
    for place in 0..<stored.count { values[place] &*= factor }
    guard let marked, !stored.isEmpty else { return }
    var number = marked.rank(stored.lowerBound, base)
    marked.forEach(in: stored, base) { value in
      values[value &- stored.lowerBound] &+= Int64(
        bitPattern: BitPacking.value(base + offset, number, width: width))
      number &+= 1
    }
  }
}
