// Owns finding the numbers of integers that lie close together, such as days, without hashing.
// Invariants: what is found here was set here; a window never covers more than `limit` integers. Marked kernel: offsets are below `count`,
// and the place behind them stands for what lies outside.

import SegmentStore

/// Numbers of integers that lie close together, by their distance from the smallest.
struct IntegerWindow {
  /// Integers of a window at most: days of seven centuries.
  private static let limit = 1 << 18
  /// Stands for "not known here".
  static let unknown = unknownEntry

  private final class Memory {
    let base: UnsafeMutablePointer<UInt32>
    init(count: Int) {
      base = .allocate(capacity: count + 1)
      base.initialize(repeating: IntegerWindow.unknown, count: count + 1)
    }
    deinit { base.deallocate() }
  }

  /// The window as loops read it; what is added later is not seen.
  struct View {
    fileprivate let base: UnsafePointer<UInt32>
    fileprivate let low: Int64
    fileprivate let count: UInt64

    /// The number of an integer, or `unknown`.
    @inline(__always)
    func number(of value: Int64) -> UInt32 {
      let offset = UInt64(bitPattern: value &- low)
      return base[Int(truncatingIfNeeded: min(offset, count))]
    }

    /// Writes the numbers of the selected rows of a vector, by place; returns whether some are unknown.
    func numbers(
      of values: UnsafePointer<Int64>, _ rows: RowSelection, to target: UnsafeMutablePointer<UInt32>
    ) -> Bool {
      rows.lookUp(values, from: low, in: base, limit: UInt32(truncatingIfNeeded: count), to: target)
        == unknown
    }
  }

  private var memory = Memory(count: 0)
  private var low: Int64 = 0
  private var count: UInt64 = 0

  /// Valid until the window is widened.
  var view: View { View(base: memory.base, low: low, count: count) }

  /// Keeps a number, where that does not make the window too wide.
  mutating func set(_ value: Int64, _ number: UInt32) {
    if UInt64(bitPattern: value &- low) >= count, !widen(to: value) { return }
    memory.base[Int(value - low)] = number
  }

  private mutating func widen(to value: Int64) -> Bool {
    let first = count == 0 ? value : min(low, value)
    let last = count == 0 ? value : max(low + Int64(count - 1), value)
    let (range, overflow) = last.subtractingReportingOverflow(first)
    guard !overflow, range < Int64(Self.limit), first < .max - Int64(2 * Self.limit) else { return false }
    var size = 64
    while size <= range { size *= 2 }
    let wider = Memory(count: size)
    if count > 0 {
      (wider.base + Int(low - first)).update(
        from: memory.base, count: Int(min(count, UInt64(size - Int(low - first)))))
    }
    memory = wider
    low = first
    count = UInt64(size)
    return true
  }
}
