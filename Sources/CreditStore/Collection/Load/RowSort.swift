// Owns bringing gathered rows into their order: by subject, then as in the file.
// Invariants: the order is total, since no two rows share a sequence; every row is kept.
// Marked kernel: indexes come from counts of the same rows.

extension [RunEntry] {
  /// Rows below which dealing them out does not pay.
  private static var smallCount: Int { 256 }
  private static var digitBits: Int { 11 }

  /// Sorts rows by key, then sequence.
  ///
  /// Rows are dealt out by the highest bits in which their keys differ, so that most comparisons that a general sort would make
  /// are never made; what falls together is sorted by comparing.
  package mutating func sortRows() {
    guard count >= Self.smallCount else { return sortByComparing() }
    var lowest = UInt128.max
    var highest: UInt128 = 0
    for entry in self {
      lowest = Swift.min(lowest, entry.key)
      highest = Swift.max(highest, entry.key)
    }
    let shift = UInt128(Swift.max(0, 128 - (highest - lowest).leadingZeroBitCount - Self.digitBits))
    var ends = [Int](repeating: 0, count: (1 << Self.digitBits) + 1)
    for entry in self { ends[Int(truncatingIfNeeded: (entry.key - lowest) >> shift)] += 1 }
    var sum = 0
    for digit in ends.indices {
      sum += ends[digit]
      ends[digit] = sum - ends[digit]
    }
    let dealt = [RunEntry](unsafeUninitializedCapacity: count) { target, filled in
      for entry in self {
        let digit = Int(truncatingIfNeeded: (entry.key - lowest) >> shift)
        (target.baseAddress.unsafelyUnwrapped + ends[digit]).initialize(to: entry)
        ends[digit] += 1
      }
      filled = count
    }
    self = dealt
    withUnsafeMutableBufferPointer { entries in
      var start = 0
      for end in ends where end > start {
        UnsafeMutableBufferPointer(rebasing: entries[start..<end]).sortGroup()
        start = end
      }
    }
  }

  private mutating func sortByComparing() { withUnsafeMutableBufferPointer { $0.sortGroup() } }
}

extension UnsafeMutableBufferPointer<RunEntry> {
  @inline(__always)
  fileprivate static func precedes(_ left: RunEntry, _ right: RunEntry) -> Bool {
    left.key != right.key ? left.key < right.key : left.sequence < right.sequence
  }

  /// Sorts a few rows by insertion, many as the standard library does.
  fileprivate func sortGroup() {
    guard count > 1 else { return }
    guard count <= 24 else {
      var view = self
      return view.sort { Self.precedes($0, $1) }
    }
    for index in 1..<count {
      let entry = self[index]
      var place = index
      while place > 0, Self.precedes(entry, self[place - 1]) {
        self[place] = self[place - 1]
        place -= 1
      }
      self[place] = entry
    }
  }
}
