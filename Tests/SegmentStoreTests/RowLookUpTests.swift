// Goal: look-ups and sums by group give what the same loop in Swift gives, for all rows and for some, at every count, and leave the places of
// other rows as they were.
// Method: random tables, numbers and selections beside plain loops; numbers far outside of their tables are among them.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct RowLookUpTests {
  /// Rows of a vector, and the places of those selected: all, or some.
  private static func selections(_ random: inout SeededGenerator) -> [(rows: Int, places: [UInt16])] {
    [0, 1, 7, 8, 9, 100, 8192].flatMap { rows in
      let all = (0..<rows).map { UInt16($0) }
      return [(rows, all), (rows, all.filter { _ in Bool.random(using: &random) }), (rows, [])]
    }
  }

  private static func forEach(
    _ seed: UInt64,
    _ body: (_ rows: RowSelection, _ places: [UInt16], _ random: inout SeededGenerator) -> Void
  ) {
    var random = SeededGenerator(seed: seed)
    for (rows, places) in selections(&random) {
      let kept = places.isEmpty ? [0] : places
      kept.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        body(RowSelection(places: base, count: places.count, vectorCount: rows), places, &random)
      }
    }
  }

  @Test(arguments: [1, 3, 600] as [UInt32])
  func entriesAreThoseOfTheTable(limit: UInt32) {
    Self.forEach(UInt64(limit)) { rows, places, random in
      let table = (0...limit).map { $0 == 2 ? unknownEntry : $0 &* 2_654_435_761 }
      let numbers = (0..<rows.vectorCount).map { place in
        place % 17 == 3 ? UInt32.max - UInt32(place) : UInt32.random(in: 0...limit + 3, using: &random)
      }
      var expected = [UInt32](repeating: 42, count: rows.vectorCount)
      for place in places { expected[Int(place)] = table[Int(min(numbers[Int(place)], limit))] }
      var found = [UInt32](repeating: 42, count: rows.vectorCount)
      let largest = rows.lookUp(numbers, in: table, limit: limit, to: &found)
      let largestExpected = places.map { expected[Int($0)] }.max() ?? 0
      #expect(found == expected)
      #expect(largest == largestExpected)

      let lows: [Int64] = [0, -5, .min, .max - 2]
      let low = lows.randomElement(using: &random) ?? 0
      let distances = numbers.map { number -> Int64 in
        let distance = Int64(number)
        return low &+ (number % 5 == 0 ? -1 - distance : distance)
      }
      for place in places {
        let distance = UInt64(bitPattern: distances[Int(place)] &- low)
        expected[Int(place)] = table[Int(min(distance, UInt64(limit)))]
      }
      let largestOfDistances = rows.lookUp(distances, from: low, in: table, limit: limit, to: &found)
      let largestDistanceExpected = places.map { expected[Int($0)] }.max() ?? 0
      #expect(found == expected)
      #expect(largestOfDistances == largestDistanceExpected)
    }
  }

  @Test(arguments: [0, 4] as [UInt32])
  func pairsHaveTheEntryOfTheirNeighbours(shift: UInt32) {
    Self.forEach(7 + UInt64(shift)) { rows, places, random in
      let side = 64
      let table = (0..<10 * side >> Int(shift)).map {
        $0 % 5 == 1 ? unknownEntry : UInt32($0) &* 16
      }
      let left = (0..<rows.vectorCount).map { _ in UInt32.random(in: 0..<10, using: &random) }
      let right = (0..<rows.vectorCount).map { _ in UInt32.random(in: 0..<64, using: &random) }
      var expected = [UInt32](repeating: 42, count: rows.vectorCount)
      for place in places.map(Int.init) {
        let entry = table[(Int(left[place]) * side + Int(right[place])) / (1 << Int(shift))]
        expected[place] = entry == unknownEntry ? entry : entry + right[place] % (1 << shift)
      }
      var found = [UInt32](repeating: 42, count: rows.vectorCount)
      let largest = rows.lookUpPairs(left, right, in: table, side: side, shift: shift, to: &found)
      #expect(found == expected)
      let hasUnknown = places.contains { expected[Int($0)] == unknownEntry }
      #expect((largest == unknownEntry) == hasUnknown)
    }
  }

  @Test func groupsAreCountedAndAddedUp() {
    Self.forEach(11) { rows, places, random in
      let groups = (0..<rows.vectorCount).map { _ in UInt32.random(in: 0..<9, using: &random) }
      let values = (0..<rows.vectorCount).map { _ in Int64.random(in: .min ... .max, using: &random) }
      var (counts, sums) = ([UInt32](repeating: 3, count: 9), [Int64](repeating: -2, count: 9))
      rows.count(groups, in: &counts)
      rows.add(values, of: groups, to: &sums)
      for group in 0..<9 {
        let members = places.map { Int($0) }.filter { groups[$0] == UInt32(group) }
        var sum: Int64 = -2
        for member in members { sum &+= values[member] }
        #expect(counts[group] == 3 + UInt32(members.count))
        #expect(sums[group] == sum)
      }
    }
  }
}
