// Owns numbering the distinct pairs of two numbers: groups by several columns, and the values a group has met.
// Invariants: a pair has one number, numbers count up from 0 and never change; while both domains are small a table decides, then a hash
// table. Marked kernel: a place of the table is computed from numbers below its two sides.

/// Distinct pairs and their numbers.
final class PairNumbering {
  /// Places of a table that need no reason; places at most; and places for each pair in between. A large table of few pairs takes more memory
  /// than hashing them, and a question over millions of rows should not wait for memory at each.
  private static let (smallTable, tableLimit, placesPerPair) = (1 << 18, 1 << 21, 32)

  private struct State {
    /// Number plus one, by left times `side` plus right; empty once there are too many places.
    var table: UnsafeMutablePointer<UInt32>
    var leftCount: Int
    var side: Int
    /// In the order of their numbers, while there is a table.
    var listed: [UInt64] = []
  }

  private let state: UnsafeMutablePointer<State>
  /// All pairs in the order of their numbers; finds them where there is no table.
  private let pairs = IntegerNumbering<UInt64>()

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State(table: .allocate(capacity: 1), leftCount: 0, side: 0))
  }

  deinit {
    state.pointee.table.deallocate()
    state.deinitialize(count: 1).deallocate()
  }

  private var hasTable: Bool { state.pointee.side >= 0 }

  var count: Int { hasTable ? state.pointee.listed.count : pairs.count }
  /// Bytes of the tables.
  var byteCount: Int {
    state.pointee.listed.capacity * 8
      + (hasTable ? state.pointee.leftCount * state.pointee.side * 4 : pairs.byteCount)
  }

  /// The pair with a number.
  subscript(number: Int) -> (left: UInt32, right: UInt32) {
    let pair = hasTable ? state.pointee.listed[number] : pairs[number]
    return (UInt32(truncatingIfNeeded: pair >> 32), UInt32(truncatingIfNeeded: pair))
  }

  /// Prepares for numbers below two counts: until the next call no larger ones are asked for.
  func reserve(left: Int, right: Int) {
    guard hasTable, left > state.pointee.leftCount || right > state.pointee.side else { return }
    func roomy(_ count: Int) -> Int {
      var size = 64
      while size < count { size *= 2 }
      return size
    }
    let leftCount = max(state.pointee.leftCount, roomy(left))
    let side = max(state.pointee.side, roomy(right))
    state.pointee.table.deallocate()
    let allowed = max(Self.smallTable, min(Self.tableLimit, state.pointee.listed.count * Self.placesPerPair))
    guard leftCount <= allowed / side else {
      // Too many places: from now on the pairs are hashed, under the numbers they have.
      for pair in state.pointee.listed { _ = pairs.number(of: pair) }
      state.pointee = State(table: .allocate(capacity: 1), leftCount: 0, side: -1)
      return
    }
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: leftCount * side)
    table.initialize(repeating: 0, count: leftCount * side)
    for (number, pair) in state.pointee.listed.enumerated() {
      table[Int(pair >> 32) * side + Int(UInt32(truncatingIfNeeded: pair))] = UInt32(number) + 1
    }
    state.pointee.table = table
    (state.pointee.leftCount, state.pointee.side) = (leftCount, side)
  }

  /// The number of a pair, which is added if it is new; both numbers are below what was reserved.
  @inline(__always)
  func number(_ left: UInt32, _ right: UInt32) -> UInt32 {
    let side = state.pointee.side
    guard side >= 0 else { return pairs.number(of: UInt64(left) << 32 | UInt64(right)) }
    let place = Int(left) &* side &+ Int(right)
    let known = state.pointee.table[place]
    return known != 0 ? known &- 1 : add(left, right, place)
  }

  /// The numbers of all pairs in the order of their two sides; `nil` where looking through all pairs there could be takes too long.
  func ascending(left: [UInt32], right: [UInt32]) -> [UInt32]? {
    let (table, side) = (state.pointee.table, state.pointee.side)
    guard side > 0, left.count <= state.pointee.leftCount, right.count <= side,
      left.count * right.count <= 1 << 16 + count * 8
    else { return nil }
    var numbers: [UInt32] = []
    numbers.reserveCapacity(count)
    for first in left {
      for second in right {
        let known = table[Int(first) * side + Int(second)]
        if known != 0 { numbers.append(known - 1) }
      }
    }
    return numbers
  }

  private func add(_ left: UInt32, _ right: UInt32, _ place: Int) -> UInt32 {
    let number = UInt32(state.pointee.listed.count)
    state.pointee.listed.append(UInt64(left) << 32 | UInt64(right))
    state.pointee.table[place] = number + 1
    return number
  }
}
