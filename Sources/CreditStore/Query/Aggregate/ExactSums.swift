// Owns adding up the values of groups.
// Invariants: sums are exact (128 bits hold the sum of 2^64 numbers of 64 bits), whatever the order of rows; a value is added in 64 bits only
// while no sum can pass them, by the bounds that the directory of its segment gives. Marked kernel: groups are below what was reserved.
// Does not count rows: a group has as many values as rows, but for those it is told are absent.

import SegmentStore

/// The sums of groups, and how many values of each are absent.
struct ExactSums {
  /// What was added since `wide` was; small sums are half as large to keep at hand.
  private var small: [Int64] = []
  /// What was added before, and what is too large; empty until it is needed.
  private var wide: [Int128] = []
  /// Empty until a value is absent.
  private var absent: [Int] = []
  /// What a small sum can still take, up or down.
  private var room = UInt64(Int64.max)

  /// Bytes of the tables.
  var byteCount: Int { small.capacity * 8 + wide.capacity * 16 + absent.capacity * 8 }

  /// Prepares for groups below a count.
  mutating func reserve(_ groups: Int) {
    guard small.count < groups else { return }
    let count = max(groups, small.count * 2)
    small.append(contentsOf: repeatElement(0, count: count - small.count))
    if !wide.isEmpty { wide.append(contentsOf: repeatElement(0, count: count - wide.count)) }
    if !absent.isEmpty { absent.append(contentsOf: repeatElement(0, count: count - absent.count)) }
  }

  /// The sum of a group.
  subscript(group: Int) -> Int128 {
    guard group < small.count else { return 0 }
    return wide.isEmpty ? Int128(small[group]) : wide[group] + Int128(small[group])
  }

  /// How many values of a group are absent.
  func absent(_ group: Int) -> Int { group < absent.count ? absent[group] : 0 }

  // MARK: Adding

  /// Adds to group 0.
  mutating func add(_ sum: Int128) {
    makeWide()
    wide[0] += sum
  }

  /// Adds the values of the selected rows of a vector to their groups.
  ///
  /// - Parameters:
  ///   - groups: the group of each row, by its place; `nil` = all are of group 0.
  ///   - bounds: smallest and largest value there can be; `nil` = not known.
  mutating func add(
    _ integers: IntegerVector, _ rows: RowSelection, _ groups: UnsafePointer<UInt32>?,
    _ bounds: ClosedRange<Int64>?
  ) {
    if integers.hasAbsent { countAbsent(integers.nulls, rows, groups) }
    let values = integers.values
    guard takesRoom(rows.count, bounds) else {
      addWide(values, rows, groups)
      return
    }
    // Absent values are 0.
    guard let groups else {
      var sum: Int64 = 0
      rows.visit { sum &+= values[$0] }
      small[0] &+= sum
      return
    }
    small.withUnsafeMutableBufferPointer { small in
      if let sums = small.baseAddress { rows.add(values, of: groups, to: sums) }
    }
  }

  private mutating func countAbsent(
    _ nulls: UnsafePointer<UInt8>, _ rows: RowSelection, _ groups: UnsafePointer<UInt32>?
  ) {
    if absent.isEmpty { absent = [Int](repeating: 0, count: small.count) }
    absent.withUnsafeMutableBufferPointer { absent in
      rows.visit { place in absent[groups.map { Int($0[place]) } ?? 0] &+= Int(nulls[place]) }
    }
  }

  /// Whether so many values of a range can be added in 64 bits.
  private mutating func takesRoom(_ count: Int, _ bounds: ClosedRange<Int64>?) -> Bool {
    guard let bounds else { return false }
    let largest = max(bounds.lowerBound.magnitude, bounds.upperBound.magnitude)
    let (needed, overflow) = largest.multipliedReportingOverflow(by: UInt64(count))
    guard !overflow, needed <= UInt64(Int64.max) else { return false }
    if needed > room {
      // Emptying many sums for few rows costs more than adding these in 128 bits.
      guard small.count <= count * 4 else { return false }
      empty()
    }
    room -= needed
    return true
  }

  private mutating func makeWide() {
    if wide.isEmpty { wide = [Int128](repeating: 0, count: small.count) }
  }

  /// Brings the small sums to the wide ones.
  private mutating func empty() {
    makeWide()
    for group in small.indices { wide[group] += Int128(small[group]) }
    small.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    room = UInt64(Int64.max)
  }

  private mutating func addWide(
    _ values: UnsafePointer<Int64>, _ rows: RowSelection, _ groups: UnsafePointer<UInt32>?
  ) {
    makeWide()
    wide.withUnsafeMutableBufferPointer { wide in
      rows.visit { place in wide[groups.map { Int($0[place]) } ?? 0] &+= Int128(values[place]) }
    }
  }

  // MARK: Merging

  /// Adds what another thread gathered.
  ///
  /// - Parameter groups: the group here of each group there.
  mutating func merge(_ other: ExactSums, groups: [UInt32]) {
    makeWide()
    if !other.absent.isEmpty, absent.isEmpty { absent = [Int](repeating: 0, count: small.count) }
    for (index, group) in groups.enumerated() where index < other.small.count {
      wide[Int(group)] += other[index]
      if !other.absent.isEmpty { absent[Int(group)] += other.absent[index] }
    }
  }
}
