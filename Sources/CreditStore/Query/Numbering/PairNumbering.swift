// Owns numbering the distinct pairs of two numbers: groups by several columns, and the values a group has met.
// Invariants: a pair has one number, numbers count up from 0 and never change; while both domains are small a table decides, then a hash
// table. Marked kernel: a place of the table is computed from numbers below its two sides.

import SegmentStore

/// Distinct pairs and their numbers.
final class PairNumbering {
  /// What is numbered when a pair is met.
  enum Side: Int {
    /// The pair alone.
    case single = 0
    /// It and the pairs of its left number with neighbours of its right one, 16 in all, which may never be met: the table is a sixteenth as large
    /// then, and stays at hand.
    case neighbours = 4
  }

  /// Pairs for which a table needs no reason; pairs at most; and pairs for each that was numbered in between. A large table of few pairs takes
  /// more memory than hashing them, and a question over millions of rows should not wait for memory at each.
  private static let (smallTable, tableLimit, placesPerPair) = (1 << 18, 1 << 21, 32)
  /// Bytes that whoever asks keeps for a number, roughly: numbers that are never met take as much.
  private static let bytesPerNumber = 64

  /// The table as loops read it; what is added later is not seen.
  private struct View {
    /// Number of the first of some neighbours, or `unknown`, by left times `side` plus right, divided by so many neighbours.
    var table: UnsafeMutablePointer<UInt32>
    /// Negative once there are too many pairs for a table.
    var side: Int
    var shift: UInt32

    /// The number of a pair; `unknown` = not known here.
    @inline(__always)
    func number(_ left: UInt32, _ right: UInt32) -> UInt32 {
      let first = table[(Int(left) &* side &+ Int(right)) &>> Int(shift)]
      return first == Self.unknown ? first : first &+ right & (1 &<< shift &- 1)
    }

    static let unknown = unknownEntry
  }

  private var view: View
  private var leftCount = 0
  /// The first of each neighbours in the order of their numbers, while there is a table.
  private var listed: [UInt64] = []
  /// All pairs in the order of their numbers; finds them where there is no table.
  private let pairs = IntegerNumbering<UInt64>()
  /// Pairs that a table may have.
  private let limit: Int

  /// - Parameter byteLimit: bytes that whoever asks may keep for all numbers.
  init(side: Side = .single, byteLimit: Int = .max) {
    limit = side == .single ? Self.tableLimit : min(Self.smallTable, byteLimit / Self.bytesPerNumber)
    view = View(table: .allocate(capacity: 1), side: 0, shift: UInt32(side.rawValue))
  }

  deinit { view.table.deallocate() }

  private var hasTable: Bool { view.side >= 0 }
  private var neighbours: Int { 1 << Int(view.shift) }

  /// Numbers in use; with neighbours those of pairs that were never met are among them.
  var count: Int { hasTable ? listed.count * neighbours : pairs.count }
  /// Bytes of the tables.
  var byteCount: Int {
    listed.capacity * 8 + (hasTable ? leftCount * view.side / neighbours * 4 : pairs.byteCount)
  }

  /// The pair with a number.
  subscript(number: Int) -> (left: UInt32, right: UInt32) {
    let pair =
      hasTable
      ? listed[number / neighbours] + UInt64(number % neighbours) : pairs[number]
    return (UInt32(truncatingIfNeeded: pair >> 32), UInt32(truncatingIfNeeded: pair))
  }

  /// Prepares for numbers below two counts: until the next call no larger ones are asked for.
  func reserve(left: Int, right: Int) {
    guard hasTable, left > leftCount || right > view.side else { return }
    func roomy(_ count: Int) -> Int {
      var size = 64
      while size < count { size *= 2 }
      return size
    }
    leftCount = max(leftCount, roomy(left))
    let side = max(view.side, roomy(right))
    view.table.deallocate()
    let allowed = min(limit, max(Self.smallTable, listed.count * Self.placesPerPair))
    guard leftCount <= allowed / side else {
      // Too many pairs: from now on they are hashed, under the numbers they have.
      for first in listed {
        for neighbour in 0..<UInt64(neighbours) { _ = pairs.number(of: first + neighbour) }
      }
      listed = []
      (view.table, view.side) = (.allocate(capacity: 1), -1)
      return
    }
    let places = leftCount * side / neighbours
    view.table = .allocate(capacity: places)
    view.table.initialize(repeating: View.unknown, count: places)
    view.side = side
    for (number, pair) in listed.enumerated() {
      view.table[place(of: pair)] = UInt32(number * neighbours)
    }
  }

  private func place(of pair: UInt64) -> Int {
    (Int(pair >> 32) * view.side + Int(UInt32(truncatingIfNeeded: pair))) / neighbours
  }

  /// The number of a pair, which is added if it is new; both numbers are below what was reserved.
  @inline(__always)
  func number(_ left: UInt32, _ right: UInt32) -> UInt32 {
    guard hasTable else { return pairs.number(of: UInt64(left) << 32 | UInt64(right)) }
    let known = view.number(left, right)
    return known != View.unknown ? known : add(left, right)
  }

  /// Writes the numbers of the pairs of the selected rows of a vector, by place.
  func numbers(
    _ rows: RowSelection, _ left: UnsafePointer<UInt32>, _ right: UnsafePointer<UInt32>,
    to target: UnsafeMutablePointer<UInt32>
  ) {
    guard hasTable else {
      rows.visit { target[$0] = number(left[$0], right[$0]) }
      return
    }
    let largest = rows.lookUpPairs(
      left, right, in: view.table, side: view.side, shift: view.shift, to: target)
    guard largest == View.unknown else { return }
    rows.visit { place in
      if target[place] == View.unknown { target[place] = number(left[place], right[place]) }
    }
  }

  /// The numbers of all pairs in the order of their two sides; `nil` where looking through all pairs there could be takes too long.
  func ascending(left: [UInt32], right: [UInt32]) -> [UInt32]? {
    guard view.side > 0, left.count <= leftCount, right.count <= view.side,
      left.count * right.count <= 1 << 16 + count * 8
    else { return nil }
    var numbers: [UInt32] = []
    numbers.reserveCapacity(count)
    for first in left {
      for second in right {
        let known = view.number(first, second)
        if known != View.unknown { numbers.append(known) }
      }
    }
    return numbers
  }

  private func add(_ left: UInt32, _ right: UInt32) -> UInt32 {
    let number = UInt32(count)
    let neighbour = right % UInt32(neighbours)
    let first = UInt64(left) << 32 | UInt64(right - neighbour)
    view.table[place(of: first)] = number
    listed.append(first)
    return number + neighbour
  }
}
