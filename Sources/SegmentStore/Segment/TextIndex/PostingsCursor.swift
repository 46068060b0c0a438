// Owns reading one list of groups, from the front or at a place.
// Invariants: groups walked to ascend and are below the count of groups, or the list is damaged; no bit behind the bytes of the list is
// believed. What a bitmap is asked it answers by its bits alone, those that pad it too: it only proposes. Marked kernel: the
// bytes of the list belong to a page that outlives the cursor and has 16 readable bytes behind its end.

/// Walks the groups of a list: most questions end before the list does.
package struct PostingsCursor {
  /// Instead of a group: the list is over, or damaged.
  package static let over = -1
  package static let damaged = -2

  private let base: UnsafeRawPointer
  private let start: Int
  private let end: Int
  private let shift: Int
  private let groupCount: Int
  private var bit: Int
  private var remaining: Int
  private var following = 0
  /// The group the walk has come to; -1 before the first.
  private var head = -1
  /// Groups of the list.
  package let count: Int

  init(base: UnsafeRawPointer, bits: Range<Int>, count: Int, groupCount: Int) {
    self.base = base
    self.count = count
    self.groupCount = groupCount
    start = bits.lowerBound
    end = bits.upperBound
    bit = bits.lowerBound
    remaining = count
    shift = PairPostings.shift(groups: count, of: groupCount)
  }

  /// Whether each group has a bit of its own, so that the list can be asked without walking it: what Rice code comes to where more than half of
  /// all groups are in the list.
  package var isBitmap: Bool { shift == 0 }

  /// The next group, or one of the values above.
  @inline(__always)
  package mutating func next() -> Int {
    guard remaining > 0 else { return Self.over }
    remaining -= 1
    var upper = 0
    // Invariant: bit < end, so that the eight bytes from there are readable.
    while true {
      guard bit < end else { return Self.damaged }
      let word = self.word
      guard word == 0 else {
        upper += word.trailingZeroBitCount
        bit += word.trailingZeroBitCount + 1
        break
      }
      upper += 64 - (bit & 7)
      bit += 64 - (bit & 7)
    }
    guard bit + shift <= end, upper <= groupCount else { return Self.damaged }
    let lower = Int(truncatingIfNeeded: word & (1 << UInt64(shift) - 1))
    bit += shift
    head = following + (upper << shift | lower)
    guard head < groupCount, remaining > 0 || end - bit < 8 else { return Self.damaged }
    following = head + 1
    return head
  }

  /// The first group of the list from one on, asked for in ascending order; or one of the values above.
  @inline(__always)
  package mutating func walk(to group: Int) -> Int {
    while head < group {
      let found = next()
      if found < 0 { return found }
    }
    return head
  }

  /// The same, but a bitmap is only asked whether it has the group: if not, what is given is the next group, which need not be in it.
  @inline(__always)
  package mutating func probe(_ group: Int) -> Int {
    guard isBitmap else { return walk(to: group) }
    let place = start + group
    guard place < end else { return Self.over }
    return base.load(fromByteOffset: place >> 3, as: UInt8.self) >> UInt8(place & 7) & 1 == 1
      ? group : group + 1
  }

  @inline(__always)
  private var word: UInt64 {
    UInt64(littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)) >> UInt64(bit & 7)
  }
}
