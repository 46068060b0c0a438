// Owns the canonical prefix code of a column's phrases: from bits to entries and back.
// Invariants: entries count up with their codes, shorter codes first; no code reaches 2^length, so that every code is found by its length
// alone. Marked kernel: decoding reads eight bytes from the byte of the bit it is asked for (blocks have 16 readable bytes behind them).
// Does not know the phrases.

/// The codes of a dictionary of phrases.
package final class PhraseCode: Sendable {
  /// Bits of a code at most.
  package static let maximumLength = 24
  /// Entries by the length of their codes, from length 1.
  package let counts: [UInt32]
  /// The entry that ends a text.
  package let end: Int
  package let entryCount: Int

  private struct Row {
    /// First value behind the codes of this length, as the top bits of 32.
    var limit: UInt64 = 0
    /// What to take from the top bits to get the entry.
    var shift: UInt64 = 32
    var offset: Int64 = 0
  }

  private struct Tables: @unchecked Sendable {
    // Sendable because nothing is written after `init`.
    let rows: UnsafeMutablePointer<Row>
    /// For each value of the top eight bits the shortest length that can be right.
    let starts: UnsafeMutablePointer<UInt8>
  }

  private let tables: Tables

  deinit {
    tables.rows.deallocate()
    tables.starts.deallocate()
  }

  /// `nil` for counts that are no prefix code.
  package init?(counts: [UInt32], end: Int) {
    guard !counts.isEmpty, counts.count <= Self.maximumLength else { return nil }
    var rows = [Row](repeating: Row(), count: Self.maximumLength + 2)
    var first: UInt64 = 0
    var entry = 0
    for length in 1...counts.count {
      let count = UInt64(counts[length - 1])
      guard first + count <= 1 << UInt64(length) else { return nil }
      let shift = UInt64(32 - length)
      rows[length] = Row(
        limit: (first + count) << shift, shift: shift, offset: Int64(entry) - Int64(first))
      entry += Int(count)
      first = (first + count) << 1
    }
    guard entry > 0, end >= 0, end < entry else { return nil }
    self.counts = counts
    self.end = end
    entryCount = entry
    let places = UnsafeMutablePointer<Row>.allocate(capacity: rows.count)
    places.initialize(from: rows, count: rows.count)
    let starts = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    for top in 0..<256 {
      var length = 1
      while length < counts.count, UInt64(top) << 24 >= rows[length].limit { length += 1 }
      starts[top] = UInt8(length)
    }
    tables = Tables(rows: places, starts: starts)
  }

  /// Reads the code at a bit and moves behind it; -1 where no code stands.
  @inline(__always)
  package func next(_ base: UnsafeRawPointer, _ bit: inout Int) -> Int {
    let word = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
    let top = (word << UInt64(bit & 7)) >> 32
    var length = Int(tables.starts[Int(truncatingIfNeeded: top >> 24)])
    while top >= tables.rows[length].limit {
      length &+= 1
      // Limits behind the longest length are 0, so this ends there.
      if length > counts.count { return -1 }
    }
    let row = tables.rows[length]
    bit &+= length
    return Int(truncatingIfNeeded: Int64(bitPattern: top >> row.shift) &+ row.offset)
  }

  /// Code and length of every entry, for encoding.
  package func codes() -> [(code: UInt32, length: UInt8)] {
    var codes: [(code: UInt32, length: UInt8)] = []
    codes.reserveCapacity(entryCount)
    var first: UInt32 = 0
    for (index, count) in counts.enumerated() {
      for place in 0..<count { codes.append((first + place, UInt8(index + 1))) }
      first = (first + count) << 1
    }
    return codes
  }
}

/// Chooses the lengths of codes.
package enum PrefixCode {
  /// Lengths of an optimal prefix code of at most `PhraseCode.maximumLength` bits (Huffman, 1952; rare symbols are made less rare until the
  /// longest code fits).
  ///
  /// - Parameter counts: how often each symbol occurs; all are taken as at least 1.
  package static func lengths(_ counts: [UInt64]) -> [UInt8] {
    guard counts.count > 1 else { return [UInt8](repeating: 1, count: counts.count) }
    var floor: UInt64 = 1
    while true {
      let lengths = huffman(counts.map { max($0, floor) })
      if lengths.allSatisfy({ Int($0) <= PhraseCode.maximumLength }) { return lengths }
      floor *= 2
    }
  }

  private static func huffman(_ counts: [UInt64]) -> [UInt8] {
    let symbols = counts.count
    let order = counts.indices.sorted { counts[$0] < counts[$1] }
    // Leaves in ascending order and inner nodes in the order they are made, which ascends as well.
    var weights = order.map { counts[$0] }
    var parents = [Int](repeating: 0, count: 2 * symbols - 1)
    var leaf = 0
    var inner = symbols
    func smallest(_ weights: [UInt64]) -> Int {
      if leaf < symbols, inner >= weights.count || weights[leaf] <= weights[inner] {
        leaf += 1
        return leaf - 1
      }
      inner += 1
      return inner - 1
    }
    while weights.count < 2 * symbols - 1 {
      let left = smallest(weights)
      let right = smallest(weights)
      parents[left] = weights.count
      parents[right] = weights.count
      weights.append(weights[left] &+ weights[right])
    }
    var depths = [UInt8](repeating: 0, count: 2 * symbols - 1)
    for node in stride(from: 2 * symbols - 3, through: 0, by: -1) {
      depths[node] = depths[parents[node]] < 255 ? depths[parents[node]] + 1 : 255
    }
    var lengths = [UInt8](repeating: 0, count: symbols)
    for (place, symbol) in order.enumerated() { lengths[symbol] = depths[place] }
    return lengths
  }
}
