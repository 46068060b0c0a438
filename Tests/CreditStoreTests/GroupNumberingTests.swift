// Goal: numbers of pairs stay what they were while their table grows and when it gives way to hashing, neighbours that were never met do no
// harm, and counts of rows pass 32 bits.
// Method: random pairs beside a dictionary; counts beside plain sums. Seeds are fixed.

@testable import CreditStore
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct GroupNumberingTests {
  @Test(arguments: [PairNumbering.Side.single, .neighbours], [[70, 64], [300, 5], [3000, 3000]])
  func pairsKeepTheirNumbers(side: PairNumbering.Side, limits: [UInt32]) {
    var random = SeededGenerator(seed: UInt64(limits[0]))
    let pairs = PairNumbering(side: side)
    var numbers: [UInt64: UInt32] = [:]
    for round in 1...12 {
      // Both sides grow, as values are met.
      let (lefts, rights) = (limits[0] * UInt32(round) / 12 + 1, limits[1] * UInt32(round) / 12 + 1)
      pairs.reserve(left: Int(lefts), right: Int(rights))
      let left = (0..<500).map { _ in UInt32.random(in: 0..<lefts, using: &random) }
      let right = (0..<500).map { _ in UInt32.random(in: 0..<rights, using: &random) }
      var found = [UInt32](repeating: 0, count: 500)
      let places = (0..<500).map { UInt16($0) }
      places.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        pairs.numbers(RowSelection(places: base, count: 500, vectorCount: 500), left, right, to: &found)
      }
      for place in 0..<500 {
        let pair = UInt64(left[place]) << 32 | UInt64(right[place])
        let number = found[place]
        let known = numbers[pair] ?? number
        #expect(known == number)
        numbers[pair] = number
        #expect(pairs.number(left[place], right[place]) == number)
        let (first, second) = pairs[Int(number)]
        #expect(first == left[place])
        #expect(second == right[place])
        #expect(Int(number) < pairs.count)
      }
    }
    #expect(Set(numbers.values).count == numbers.count)
    if side == .single { #expect(pairs.count == numbers.count) }
    let order = pairs.ascending(left: Array(0...limits[0]), right: Array(0...limits[1]))
    if let order {
      let met = Set(numbers.values)
      let expected = numbers.sorted { $0.key < $1.key }.map(\.value)
      #expect(order.filter { met.contains($0) } == expected)
    } else {
      #expect(limits[0] == 3000, "few pairs are listed through their table")
    }
  }

  /// More than 2^32 rows of a group, in portions of every size, also larger than 32 bits.
  @Test func countsPassThirtyTwoBits() {
    var counts = RowCounts()
    var expected = [Int](repeating: 0, count: 40)
    var random = SeededGenerator(seed: 5)
    for round in 1...200 {
      let group = Int.random(in: 0..<min(40, round), using: &random)
      counts.reserve(min(40, round))
      let rows = [1, 8192, 1 << 31, Int(UInt32.max), 1 << 33].randomElement(using: &random) ?? 0
      counts.add(rows, to: group)
      expected[group] += rows
    }
    #expect((0..<40).map { counts[$0] } == expected)
    #expect(counts[1000] == 0)
    let withRows = expected.indices.filter { expected[$0] > 0 }
    #expect(counts.groups == withRows)
    var both = RowCounts()
    both.reserve(40)
    both.add(7, to: 3)
    both.merge(counts, groups: (0..<40).map { UInt32(39 - $0) })
    for group in 0..<40 { #expect(both[group] == expected[39 - group] + (group == 3 ? 7 : 0)) }
  }
}
