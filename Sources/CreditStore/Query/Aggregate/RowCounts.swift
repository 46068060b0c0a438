// Owns how many rows each group has.
// Invariants: counts are exact, whatever their size: they are kept in 32 bits, half as large to keep at hand as 64, until they could pass them.
// Marked kernel: groups are below what was reserved.

import SegmentStore

/// Rows by group.
struct RowCounts: Sendable {
  /// What was counted since `wide` was.
  private var small: [UInt32] = []
  /// What was counted before; empty until it is needed.
  private var wide: [Int] = []
  /// What any small count can still take.
  private var room = UInt32.max

  /// Groups there is room for.
  var count: Int { small.count }
  /// Bytes of the tables.
  var byteCount: Int { small.capacity * 4 + wide.capacity * 8 }

  /// The rows of a group; 0 where none was counted.
  subscript(group: Int) -> Int {
    guard group < small.count else { return 0 }
    return Int(small[group]) + (wide.isEmpty ? 0 : wide[group])
  }

  /// Groups that have rows, in the order of their numbers.
  var groups: [Int] { small.indices.filter { self[$0] > 0 } }

  /// How many groups have rows.
  var groupCount: Int { small.indices.count { self[$0] > 0 } }

  /// Prepares for groups below a count.
  mutating func reserve(_ groups: Int) {
    guard small.count < groups else { return }
    let more = max(groups, small.count * 2) - small.count
    small.append(contentsOf: repeatElement(0, count: more))
    if !wide.isEmpty { wide.append(contentsOf: repeatElement(0, count: more)) }
  }

  /// Counts rows of one group.
  mutating func add(_ rows: Int, to group: Int) {
    guard makeRoom(for: rows) else {
      wide[group] += rows
      return
    }
    small[group] &+= UInt32(truncatingIfNeeded: rows)
  }

  /// Counts each of the selected rows of a vector.
  ///
  /// - Parameter groups: the group of each row, by its place.
  mutating func add(_ rows: RowSelection, _ groups: UnsafePointer<UInt32>) {
    // A vector has few rows: there is always room for them.
    guard makeRoom(for: rows.count) else { return rows.visit { wide[Int(groups[$0])] += 1 } }
    small.withUnsafeMutableBufferPointer { small in
      if let counts = small.baseAddress { rows.count(groups, in: counts) }
    }
  }

  /// Adds what another thread counted.
  ///
  /// - Parameter groups: the group here of each group there that has rows.
  mutating func merge(_ other: RowCounts, groups: [UInt32]) {
    for (index, group) in groups.enumerated() {
      let more = other[index]
      if more > 0 { add(more, to: Int(group)) }
    }
  }

  /// Whether so many rows fit the small counts; if not there are wide ones.
  private mutating func makeRoom(for rows: Int) -> Bool {
    if rows > Int(room) {
      if wide.isEmpty { wide = [Int](repeating: 0, count: small.count) }
      for group in small.indices { wide[group] += Int(small[group]) }
      small.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
      room = .max
      guard rows <= Int(room) else { return false }
    }
    room -= UInt32(truncatingIfNeeded: rows)
    return true
  }
}
