// Goal: loops over packed numbers give what reading the numbers one by one gives, the wide ones as the plain ones, at every width, count and
// place to begin; selections agree with sets of places.
// Method: random bytes as packed numbers beside `BitPacking.value`; random conditions on a selection beside a set of places.

import CStorageKernels
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct PackedNumbersTests {
  /// Random packed numbers with the bytes behind them that may be read.
  private static func packed(_ random: inout SeededGenerator) -> [UInt8] {
    (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  /// Where numbers begin and how many there are: also none, one, and such that do not fill groups of eight or 64.
  private static func span(_ random: inout SeededGenerator) -> (first: Int, count: Int) {
    let counts = [0, 1, 7, 8, 9, 63, 64, 65, 2048, Int.random(in: 0...2048, using: &random)]
    return (Int.random(in: 0...300, using: &random), counts.randomElement(using: &random) ?? 0)
  }

  @Test(arguments: 1...57)
  func numbersAreThoseReadOneByOne(width: Int) throws {
    var random = SeededGenerator(seed: UInt64(width))
    for _ in 0..<40 {
      let bytes = Self.packed(&random)
      let (first, count) = Self.span(&random)
      let base = UInt64.random(in: 0...UInt64.max, using: &random)
      bytes.withUnsafeBytes { raw in
        guard let start = raw.baseAddress else { return }
        let expected = (0..<count).map { BitPacking.value(start, first + $0, width: width) }
        var (wide, plain) = (
          [UInt64](repeating: 1, count: count + 1), [UInt64](repeating: 2, count: count + 1)
        )
        cstorage_unpack64(start, first, count, UInt32(width), base, &wide)
        cstorage_plain_unpack64(start, first, count, UInt32(width), base, &plain)
        #expect(wide.dropLast().elementsEqual(expected.map { base &+ $0 }) && wide[count] == 1)
        #expect(plain.dropLast().elementsEqual(expected.map { base &+ $0 }) && plain[count] == 2)
        guard width <= cstorage_narrow_bits else { return }
        var (narrow, plainNarrow) = (
          [UInt32](repeating: 1, count: count), [UInt32](repeating: 2, count: count)
        )
        let small = UInt32(truncatingIfNeeded: base)
        cstorage_unpack32(start, first, count, UInt32(width), small, &narrow)
        cstorage_plain_unpack32(start, first, count, UInt32(width), small, &plainNarrow)
        #expect(narrow == expected.map { small &+ UInt32($0) } && plainNarrow == narrow)
        #expect(cstorage_packed_sum(start, first, count, UInt32(width)) == expected.reduce(0, +))
        #expect(cstorage_plain_packed_sum(start, first, count, UInt32(width)) == expected.reduce(0, +))
      }
    }
  }

  @Test(arguments: 1...25)
  func rangesOfPackedNumbersAreThoseOfTheNumbers(width: Int) throws {
    var random = SeededGenerator(seed: UInt64(100 + width))
    for round in 0..<60 {
      let bytes = Self.packed(&random)
      let (first, count) = Self.span(&random)
      // Around the ends of what 64 bits hold, too.
      let bases = [0, -7, Int64.min, Int64.max - 1 << Int64(width) + 1, Int64.max - 5]
      let smallest = bases[round % bases.count]
      bytes.withUnsafeBytes { raw in
        guard let start = raw.baseAddress else { return }
        let packed = PackedNumbers(base: start, first: first, width: width, smallest: smallest)
        let top = smallest.addingReportingOverflow(1 << Int64(width) - 1)
        let numbers = (0..<count).map {
          UInt64(bitPattern: smallest) &+ BitPacking.value(start, first + $0, width: width)
        }
        .map { Int64(bitPattern: $0) }
        // A block never holds a number beyond what 64 bits hold.
        guard !top.overflow || numbers.allSatisfy({ $0 >= smallest }) else { return }
        #expect(packed.sum(count) == numbers.reduce(Int128(0)) { $0 + Int128($1) })
        let ends = [
          Int64.min, .max, smallest, numbers.first ?? 0, numbers.last ?? 0,
          Int64.random(in: .min ... .max, using: &random),
        ]
        let (low, high) = (ends.randomElement(using: &random) ?? 0, ends.randomElement(using: &random) ?? 0)
        guard low <= high else { return }
        for isOutside in [false, true] {
          var (bits, plain) = (Self.noBits, Self.noBits)
          packed.compare(low...high, isOutside: isOutside, count: count, to: &bits)
          let expected = numbers.map { (low...high).contains($0) != isOutside }
          #expect(Self.places(bits, count) == Self.places(expected), "\(width) \(low)...\(high) \(isOutside)")
          cstorage_in_range(numbers, count, low, UInt64(bitPattern: high &- low), isOutside, &bits)
          cstorage_plain_in_range(numbers, count, low, UInt64(bitPattern: high &- low), isOutside, &plain)
          #expect(
            Self.places(bits, count) == Self.places(expected)
              && Self.words(bits, count) == Self.words(plain, count))
        }
        let (low32, span32) = (
          UInt32.random(in: 0...UInt32.max, using: &random) >> UInt32(round % 32), UInt32(round * 1000)
        )
        var (bits, plain) = (Self.noBits, Self.noBits)
        cstorage_packed_in_range(start, first, count, UInt32(width), low32, span32, round % 2 == 0, &bits)
        cstorage_plain_packed_in_range(
          start, first, count, UInt32(width), low32, span32, round % 2 == 0, &plain)
        #expect(Self.words(bits, count) == Self.words(plain, count))
        let octets = start.assumingMemoryBound(to: UInt8.self)
        cstorage_equal_bytes(octets, count, raw[3], &bits)
        cstorage_plain_equal_bytes(octets, count, raw[3], &plain)
        #expect(Self.words(bits, count) == Self.words(plain, count))
        #expect(Self.places(bits, count) == Self.places((0..<count).map { raw[$0] == raw[3] }))
      }
    }
  }

  /// What is in a block beside the packed numbers.
  struct Mixture: CustomStringConvertible, Sendable {
    var outliers = false
    var nulls = false
    var repeats = false
    /// Numbers that are all the same but for outliers take no bits.
    var constant = false
    var description: String {
      [("outliers", outliers), ("nulls", nulls), ("repeats", repeats), ("constant", constant)]
        .filter(\.1).map(\.0).joined(separator: " ")
    }

    static let all: [Mixture] = (0..<16).map {
      Mixture(outliers: $0 & 1 > 0, nulls: $0 & 2 > 0, repeats: $0 & 4 > 0, constant: $0 & 8 > 0)
    }

    func values(around middle: Int64, _ random: inout SeededGenerator) -> [Int64?] {
      var values: [Int64?] = []
      while values.count < 8_192 {
        let outliers: [Int64] = [-1_000_000, 1_000_000_000_000, -1_000_000_000_000, 5_000]
        let outlier = outliers.randomElement(using: &random) ?? 0
        var value: Int64? = middle + (constant ? 3 : Int64.random(in: 0..<1_024, using: &random))
        if self.outliers, Int.random(in: 0..<100, using: &random) == 0 { value = middle + outlier }
        if nulls, Int.random(in: 0..<9, using: &random) == 0 { value = nil }
        let count = repeats ? Int.random(in: 1...150, using: &random) : 1
        values += repeatElement(value, count: min(count, 8_192 - values.count))
      }
      return values
    }
  }

  /// Blocks as merges write them: numbers that lie apart from the others, on both sides, stand beside the packed ones, absent ones are marked, and
  /// those of the row before are left out.
  @Test(arguments: Mixture.all, [1, 2, 3, 4, 5] as [UInt64])
  func blocksCompareAndAddUpAsTheirNumbers(mixture: Mixture, seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let middles: [Int64] = [1_000_000, -5, .max - 2_000_000_000_000, .min + 2_000_000_000_000, 0]
    let middle = middles[Int(seed) - 1]
    let values = mixture.values(around: middle, &random)
    let blocks = try EncodingTests.blocks(isText: false) { builder, arena in
      var pending: [PendingBlock] = []
      for value in values {
        if let value {
          builder.append(integer: value)
        } else {
          builder.appendNull(place: UnsafeRawPointer(arena.base))
        }
        if builder.isFull, let block = builder.close(into: arena) { pending.append(block) }
      }
      if let block = builder.close(into: arena) { pending.append(block) }
      return pending
    }
    let block = try #require(blocks.first)
    let whole = try #require(block.packedNumbers(0..<block.rowCount))
    // What is to be tested is there.
    #expect(!mixture.outliers || mixture.repeats || whole.exceptions != nil)
    #expect((whole.nulls != nil) == mixture.nulls)
    // Numbers that take no bits have nothing to leave out.
    #expect((whole.spread != nil) == mixture.repeats || mixture.constant)
    #expect(!mixture.constant || mixture.outliers || mixture.repeats || whole.width == 0)
    for round in 0..<60 {
      let first = round == 0 ? 0 : Int.random(in: 0..<block.rowCount, using: &random)
      let count = round == 0 ? block.rowCount : Int.random(in: 1...block.rowCount - first, using: &random)
      let packed = try #require(block.packedNumbers(first..<first + count))
      let own = values[first..<first + count]
      let sum = own.contains(nil) ? nil : own.reduce(Int128(0)) { $0 + Int128($1 ?? 0) }
      #expect(packed.sum(count) == (whole.nulls == nil && whole.spread == nil ? sum : nil))
      let present = own.compactMap(\.self)
      let ends = [
        present.min() ?? 0, present.max() ?? 0, present.randomElement(using: &random) ?? 0, middle, .min,
        .max,
      ]
      let (low, high) = (ends.randomElement(using: &random) ?? 0, ends.randomElement(using: &random) ?? 0)
      guard low <= high else { continue }
      for isOutside in [false, true] {
        var bits = Self.noBits
        packed.compare(low...high, isOutside: isOutside, count: count, to: &bits)
        let expected = own.map { value in value.map { (low...high).contains($0) != isOutside } ?? false }
        #expect(Self.places(bits, count) == Self.places(expected), "\(first) \(count) \(low)...\(high)")
        #expect(Self.hasNothingBehind(bits, count))
      }
    }
  }

  /// Rows without a number of their own have the bit of the last that has one, wherever rows and values begin.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func bitsAreSpreadOverTheRowsThatRepeatThem(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for round in 0..<400 {
      let (first, count) = Self.span(&random)
      let often = Int.random(in: 1...200, using: &random)
      let own = (0..<first + count + 64).map { _ in Int.random(in: 0..<often, using: &random) == 0 }
      let rows = Self.bits(own)
      let values = (0..<count + 64).map { _ in Bool.random(using: &random) }
      var (wide, plain) = (Self.noBits, Self.noBits)
      cstorage_spread_bits(rows, first, count, Self.bits(values), &wide)
      cstorage_plain_spread_bits(rows, first, count, Self.bits(values), &plain)
      var value = 0
      let expected = (0..<count).map { place in
        if place > 0, own[first + place] { value += 1 }
        return values[value]
      }
      #expect(Self.places(wide, count) == Self.places(expected), "round \(round)")
      #expect(Self.words(wide, count) == Self.words(plain, count) && Self.hasNothingBehind(wide, count))
    }
  }

  /// Digits are found in numbers as they are in their texts, with as many zeros in front as there are places.
  @Test(arguments: 1...9)
  func digitsAreFoundAsInTheText(digits: Int) {
    var random = SeededGenerator(seed: UInt64(digits))
    let power = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
    for round in 0..<200 {
      let longest = Int.random(in: digits...18, using: &random)
      let places = longest - digits + 1
      let limit = (0..<longest).reduce(UInt64(1)) { power, _ in power * 10 }
      let wanted =
        [0, 1, power - 1, UInt64.random(in: 0..<power, using: &random)].randomElement(using: &random) ?? 0
      var numbers = (0..<Int.random(in: 0...70, using: &random)).map { _ in
        // Small ones, those around 32 bits, and any.
        Int64(
          UInt64.random(in: 0..<min(limit, 1 << UInt64.random(in: 1...62, using: &random)), using: &random))
      }
      // Numbers that have the digits somewhere.
      for index in numbers.indices where index % 3 == 0 {
        let shift = (0..<Int.random(in: 0..<places, using: &random)).reduce(UInt64(1)) { power, _ in
          power * 10
        }
        let (product, overflow) = wanted.multipliedReportingOverflow(by: shift)
        if !overflow, product < limit {
          numbers[index] = Int64(product + UInt64.random(in: 0..<shift, using: &random))
        }
      }
      var (wide, plain) = ([UInt8](repeating: 7, count: 71), [UInt8](repeating: 7, count: 71))
      cstorage_find_digits(numbers, numbers.count, wanted, UInt32(digits), UInt32(places), &wide)
      cstorage_plain_find_digits(numbers, numbers.count, wanted, UInt32(digits), UInt32(places), &plain)
      func padded(_ text: String, _ count: Int) -> [UInt8] {
        Array(repeating: 0x30, count: count - text.utf8.count) + Array(text.utf8)
      }
      let needle = padded(String(wanted), digits)
      for (index, number) in numbers.enumerated() {
        let text = padded(String(number), longest)
        let expected = (0..<places).first { place in
          text[(longest - place - digits)..<(longest - place)].elementsEqual(needle)
        }
        #expect(
          wide[index] == UInt8(expected ?? 255) && plain[index] == wide[index],
          "\(round): \(number) \(wanted)")
      }
      #expect(wide[numbers.count] == 7 && plain[numbers.count] == 7)
    }
  }

  private static func bits(_ flags: [Bool]) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: (flags.count + 63) / 64 + 1)
    for place in flags.indices where flags[place] { bits[place / 64] |= 1 << UInt64(place % 64) }
    return bits
  }

  /// Whether all bits of the last word behind the last row are 0.
  private static func hasNothingBehind(_ bits: [UInt64], _ count: Int) -> Bool {
    count % 64 == 0 || bits[count / 64] >> UInt64(count % 64) == 0
  }

  private static let noBits = [UInt64](repeating: .max, count: RowVector.capacity / 64 + 1)

  private static func words(_ bits: [UInt64], _ count: Int) -> ArraySlice<UInt64> {
    bits[..<((count + 63) / 64)]
  }

  private static func places(_ bits: [UInt64], _ count: Int) -> [Int] {
    var places = [UInt16](repeating: 0, count: count)
    let found = cstorage_places(bits, count, &places)
    return places[..<found].map(Int.init)
  }

  private static func places(_ flags: [Bool]) -> [Int] { flags.indices.filter { flags[$0] } }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func selectionsKeepWhatEveryConditionKeeps(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var selection = VectorSelection()
    for round in 0..<300 {
      let total = [0, 1, 64, 100, 2048].randomElement(using: &random) ?? 0
      selection.selectAll(total)
      var expected = Array(0..<total)
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let share = Int.random(in: 1...5, using: &random)
        let flags = (0..<total).map { _ in Int.random(in: 0..<share, using: &random) == 0 }
        expected.removeAll { !flags[$0] }
        switch Int.random(in: 0...3, using: &random) {
        case 0: selection.keep { flags[$0] }
        case 1: selection.keepEach { flags[$0] }
        default:
          selection.keepBits { bits in
            for word in 0..<(total + 63) / 64 { bits[word] = 0 }
            for place in 0..<total where flags[place] { bits[place / 64] |= 1 << UInt64(place % 64) }
          }
        }
        let count = selection.count
        #expect(count == expected.count, "round \(round)")
        // Looking at the places in between changes nothing.
        if Bool.random(using: &random) { _ = selection.rows }
      }
      let rows = selection.rows
      let places = UnsafeBufferPointer(start: rows.places, count: rows.count).map(Int.init)
      #expect(places == expected && rows.vectorCount == total, "round \(round)")
    }
    selection.clear()
    let count = selection.rows.count
    #expect(count == 0)
  }
}
