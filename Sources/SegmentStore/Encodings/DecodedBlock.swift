// Owns a column block ready for reading: checked once, then read at random without further checks.
// Invariants: `init` checks every width, count and length against the raw bytes and every dictionary index against
// its dictionary, so that the accessors are safe for `row < rowCount`. Marked kernel.
// Does not know which column or segment it came from.

/// The values of one column for a run of rows.
package final class DecodedBlock: Sendable {
  /// How the texts of a block are found.
  package enum TextForm: Sendable { case none, plain, dictionary, coded, key, phrases, mapped, subject }

  /// One number of every row of a coded block.
  struct Numbers: Sendable {
    var offset: Int
    var width: Int
    var base: UInt64
  }

  package let rowCount: Int
  /// Values stored: less than rows where values of the row before are left out.
  package let valueCount: Int
  private let repeats: RepeatedRows?
  /// End of the values in the block.
  private let limit: Int
  package let columnID: UInt32
  package let form: TextForm
  let bytes: BlockBytes
  let nullOffset: Int  // -1 = no nulls
  let packedOffset: Int
  let width: Int
  let base: Int64
  /// Offsets of texts (plain: one a row; dictionary: one an entry; phrases: bits, one a group), with the end behind the last.
  private let textOffsets: [UInt32]
  let numbers: [Numbers]
  let exceptions: IntegerExceptions?
  /// Of a block of multiples: what turns quotients into values.
  let remainders: Remainders?
  /// Of a coded block: no code is larger, those in the places of absent values included; codes have 32 bits, base and difference.
  private let codeBound: Int64

  package var isText: Bool { form != .none }
  /// Whether its integers are stored as quotients and remainders.
  var isMultiples: Bool { remainders != nil }

  /// The integer that every row has, where the block has but one and no row is absent.
  var constantInteger: Int64? {
    form == .none && width == 0 && exceptions == nil && remainders == nil && nullOffset < 0 ? base : nil
  }

  /// Where the bits of rows with a value of their own begin; `nil` where each row has one.
  var repeatedOffset: Int? { repeats?.offset }

  /// Approximate memory in bytes, for the cache.
  package var cost: Int {
    bytes.count + textOffsets.count * 4 + (exceptions?.cost ?? 0) + (repeats?.cost ?? 0)
      + (remainders?.cost ?? 0) + 200
  }

  package init(
    _ header: BlockHeader, _ raw: BlockBytes, file: String, offset: Int64
  ) throws(StoreError) {
    func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }
    let rows = Int(header.rowCount)
    let isRepeating = header.encoding & Encoding.repeats != 0
    guard let encoding = Encoding(rawValue: header.encoding & ~Encoding.repeats),
      !isRepeating || ![.mappedCodes, .keyText, .subjectTexts].contains(encoding)
    else { throw damage("unknown encoding") }
    guard rows > 0, rows <= ColumnBlockLimits.rows else { throw damage("impossible column block") }
    let limit = raw.count - (isRepeating ? RepeatedRows.byteCount(rows) : 0)
    guard limit >= 16 else { throw damage("impossible column block") }
    let repeats = isRepeating ? RepeatedRows(raw, at: limit, rows: rows) : nil
    guard isRepeating == (repeats != nil) else { throw damage("the repeated rows of a block do not add up") }
    let values = repeats?.valueCount ?? rows
    self.repeats = repeats
    self.limit = limit
    valueCount = values
    let flags = raw.load(0, as: UInt8.self)
    guard flags <= 1 else { throw damage("unknown flags in a column block") }
    bytes = raw
    rowCount = rows
    columnID = header.columnID
    nullOffset = flags == 1 ? 16 : -1
    packedOffset = 16 + (flags == 1 ? NullBitmap.byteCount(values) : 0)
    var layout = BlockLayout(position: packedOffset, limit: limit)
    var offsets: [UInt32]? = []
    var numbers: [Numbers]? = []
    var exceptions: IntegerExceptions?
    var remainders: Remainders?
    switch encoding {
    case .frameOfReference:
      form = .none
      width = Int(raw.load(1, as: UInt8.self))
      base = raw.load(8, as: Int64.self)
      guard layout.takePacked(values, width), layout.isComplete else {
        throw damage("an integer block has a wrong length")
      }
    case .patchedIntegers:
      form = .none
      width = Int(raw.load(1, as: UInt8.self))
      base = raw.load(8, as: Int64.self)
      guard width < 64, layout.takePacked(values, width) else {
        throw damage("an integer block has a wrong length")
      }
      exceptions = IntegerExceptions(
        raw, rows: values, width: width, highWidth: Int(raw.load(2, as: UInt8.self)), mayBeZero: false,
        &layout)
      guard exceptions != nil else { throw damage("the exceptions of an integer block do not add up") }
    case .multiples:
      form = .none
      width = Int(raw.load(1, as: UInt8.self))
      base = raw.load(8, as: Int64.self)
      guard layout.takePacked(values, width) else { throw damage("an integer block has a wrong length") }
      remainders = Remainders(raw, values: values, &layout)
      guard remainders != nil else { throw damage("the remainders of an integer block do not add up") }
    case .mappedCodes, .subjectTexts:
      form = encoding == .mappedCodes ? .mapped : .subject
      width = 0
      base = 0
      exceptions = IntegerExceptions(
        raw, rows: values, width: 0, highWidth: Int(raw.load(1, as: UInt8.self)), mayBeZero: true, &layout)
      guard exceptions != nil else { throw damage("the exceptions of a block of texts do not add up") }
    case .phrases:
      form = .phrases
      width = 0
      base = 0
      offsets = Self.groupOffsets(raw, values, &layout)
    case .plainText:
      form = .plain
      width = Int(raw.load(1, as: UInt8.self))
      base = 0
      guard layout.takePacked(values, width) else { throw damage("a text block has a wrong length") }
      offsets = Self.offsets(
        raw, values, packed: packedOffset, width: width, base: raw.load(4, as: UInt32.self),
        from: layout.position, total: raw.load(8, as: UInt32.self), limit: limit)
    case .dictionaryText:
      form = .dictionary
      width = Int(raw.load(1, as: UInt8.self))
      base = 0
      let lengthWidth = Int(raw.load(2, as: UInt8.self))
      let entries = Int(raw.load(4, as: UInt32.self))
      guard entries > 0, entries <= values, width <= 32, layout.takePacked(values, width) else {
        throw damage("impossible dictionary")
      }
      let lengthsOffset = layout.position
      guard layout.takePacked(entries, lengthWidth) else { throw damage("a dictionary has a wrong length") }
      offsets = Self.offsets(
        raw, entries, packed: lengthsOffset, width: lengthWidth, base: raw.load(12, as: UInt32.self),
        from: layout.position, total: raw.load(8, as: UInt32.self), limit: limit)
      for row in 0..<values
      where BitPacking.value(raw.base + packedOffset, row, width: width) >= UInt64(entries) {
        throw damage("a dictionary index is out of range")
      }
    case .codedText:
      form = .coded
      width = Int(raw.load(1, as: UInt8.self))
      base = Int64(raw.load(4, as: UInt32.self))
      guard width <= 32, layout.takePacked(values, width) else {
        throw damage("a coded block has a wrong length")
      }
      numbers = Self.numbers(raw, values, count: Int(raw.load(2, as: UInt8.self)), &layout)
    case .keyText:
      form = .key
      width = 0
      base = 0
      guard layout.isComplete else { throw damage("a block of keys has a wrong length") }
    }
    guard let offsets else { throw damage("the lengths of a text block do not add up") }
    guard let numbers else { throw damage("the numbers of a coded block do not add up") }
    textOffsets = offsets
    self.numbers = numbers
    self.exceptions = exceptions
    self.remainders = remainders
    codeBound = form == .coded ? base + Self.largest(raw.base + packedOffset, values, width: width) : 0
  }

  /// The largest of packed numbers of at most 32 bits.
  private static func largest(_ packed: UnsafeRawPointer, _ count: Int, width: Int) -> Int64 {
    guard width > 0 else { return 0 }
    let step = 1024
    // Invariant: `step` numbers fit the memory.
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: step) { numbers in
      guard let target = numbers.baseAddress else { return Int64(UInt32.max) }
      var largest: UInt32 = 0
      for first in stride(from: 0, to: count, by: step) {
        let range = first..<min(count, first + step)
        BitPacking.unpack(packed, range, width: width, adding: 0, to: target)
        for place in 0..<range.count { largest = max(largest, target[place]) }
      }
      return Int64(largest)
    }
  }

  /// The largest code of a coded block that stands for a value.
  private var largestCode: Int64 {
    var largest: UInt64 = 0
    for value in 0..<valueCount where !isNull(value: value) {
      largest = max(largest, BitPacking.value(bytes.base + packedOffset, value, width: width))
    }
    return base + Int64(largest)
  }

  /// Bits at which the groups of a block of phrases begin, and where the last ends; `nil` unless they fill the stream.
  private static func groupOffsets(_ raw: BlockBytes, _ rows: Int, _ layout: inout BlockLayout) -> [UInt32]? {
    let width = Int(raw.load(1, as: UInt8.self))
    let base = UInt64(raw.load(4, as: UInt32.self))
    let packed = layout.position
    let count = PhraseEncoding.groupCount(rows)
    guard width <= 32, layout.takePacked(count, width),
      layout.position + Int(raw.load(8, as: UInt32.self)) == layout.limit
    else { return nil }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count + 1)
    var bit = UInt64(layout.position) * 8
    for group in 0..<count {
      offsets.append(UInt32(truncatingIfNeeded: bit))
      bit += BitPacking.value(raw.base + packed, group, width: width) + base
      guard bit <= UInt64(layout.limit) * 8 else { return nil }
    }
    offsets.append(UInt32(truncatingIfNeeded: bit))
    // Blocks are at most 64 MiB, so bits fit 32 bits; what is left of the stream is padding.
    return UInt64(layout.limit) * 8 - bit < 64 ? offsets : nil
  }

  /// The stretches of numbers behind the codes; `nil` unless they end exactly with the block.
  private static func numbers(
    _ raw: BlockBytes, _ rows: Int, count: Int, _ layout: inout BlockLayout
  ) -> [Numbers]? {
    guard count <= TextTemplate.maximumHoles else { return nil }
    var numbers: [Numbers] = []
    for _ in 0..<count {
      guard layout.limit - layout.position >= 16 else { return nil }
      let width = Int(raw.load(layout.position, as: UInt8.self))
      let base = raw.load(layout.position + 8, as: UInt64.self)
      layout.skip(16)
      numbers.append(Numbers(offset: layout.position, width: width, base: base))
      guard layout.takePacked(rows, width) else { return nil }
    }
    return layout.isComplete ? numbers : nil
  }

  /// Offsets of `count` texts whose packed lengths are given; `nil` unless they end exactly with the block.
  private static func offsets(
    _ raw: BlockBytes, _ count: Int, packed: Int, width: Int, base: UInt32, from start: Int, total: UInt32,
    limit: Int
  ) -> [UInt32]? {
    guard width <= 32, start + Int(total) == limit else { return nil }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count + 1)
    var position = UInt64(start)
    for index in 0..<count {
      offsets.append(UInt32(truncatingIfNeeded: position))
      position += BitPacking.value(raw.base + packed, index, width: width) + UInt64(base)
      guard position <= UInt64(limit) else { return nil }
    }
    offsets.append(UInt32(truncatingIfNeeded: position))
    return position == UInt64(limit) ? offsets : nil
  }

  /// Smallest and largest integer; 0 and 0 when all rows are null.
  package var bounds: (minimum: Int64, maximum: Int64) {
    var minimum = Int64.max
    var maximum = Int64.min
    for row in 0..<rowCount where !isNull(row) {
      minimum = min(minimum, integer(row))
      maximum = max(maximum, integer(row))
    }
    return minimum <= maximum ? (minimum, maximum) : (0, 0)
  }

  /// The number of a row's value among those stored.
  @inline(__always)
  package func value(of row: Int) -> Int { repeats?.value(of: row, bytes.base) ?? row }

  /// The numbers of the values of consecutive rows.
  func values(of rows: Range<Int>) -> Range<Int> {
    guard repeats != nil, !rows.isEmpty else { return rows }
    return value(of: rows.lowerBound)..<value(of: rows.upperBound - 1) + 1
  }

  /// Spreads values that were taken out for ``values(of:)`` over the rows.
  func spread<Value>(_ rows: Range<Int>, in target: UnsafeMutablePointer<Value>) {
    repeats?.spread(rows, bytes.base, in: target)
  }

  /// Whether the row has no value.
  @inline(__always)
  package func isNull(_ row: Int) -> Bool { nullOffset >= 0 && isNull(value: value(of: row)) }

  /// Whether a stored value is none.
  @inline(__always)
  package func isNull(value: Int) -> Bool {
    nullOffset >= 0 && NullBitmap.isNull(bytes.base + nullOffset, value)
  }

  /// The integer of a row that has one.
  @inline(__always)
  package func integer(_ row: Int) -> Int64 {
    let value = value(of: row)
    let low = BitPacking.value(bytes.base + packedOffset, value, width: width)
    let number = UInt64(bitPattern: base) &+ low
    if let exceptions { return Int64(bitPattern: number &+ exceptions.high(value) << UInt64(width)) }
    guard let remainders else { return Int64(bitPattern: number) }
    return remainders.complete(Int64(bitPattern: number), value, bytes.base)
  }

  /// Memory of the block that bit positions of phrases refer to.
  @inline(__always)
  package var phraseBytes: UnsafeRawPointer { bytes.base }

  /// First bit behind the stream of a block of phrases, padding included.
  package var phraseEnd: Int { limit * 8 }

  /// Bit at which a group of values begins in a block of phrases.
  @inline(__always)
  package func groupStart(_ group: Int) -> Int { Int(textOffsets[group]) }

  /// The bytes of the text of a row that has one in a plain or dictionary block; valid while the block lives.
  @inline(__always)
  package func text(_ row: Int) -> UnsafeRawBufferPointer {
    let value = value(of: row)
    let entry =
      form == .dictionary ? Int(BitPacking.value(bytes.base + packedOffset, value, width: width)) : value
    let start = Int(textOffsets[entry])
    return UnsafeRawBufferPointer(start: bytes.base + start, count: Int(textOffsets[entry + 1]) - start)
  }

  /// Numbers each row of a coded block has.
  package var numberCount: Int { numbers.count }

  /// The code of a row of a coded block.
  @inline(__always)
  package func code(_ row: Int) -> Int { Int(truncatingIfNeeded: integer(row)) }

  /// A number of a row of a coded block.
  @inline(__always)
  package func number(_ index: Int, _ row: Int) -> UInt64 {
    let stretch = numbers[index]
    return stretch.base &+ BitPacking.value(bytes.base + stretch.offset, value(of: row), width: stretch.width)
  }

  /// The code of a row of a mapped block that does not follow from the other column, or of a row whose text is not that of its subject.
  @inline(__always)
  package func exception(_ row: Int) -> Int? { exceptions?.find(row).map { Int(truncatingIfNeeded: $0) } }

  /// Whether all codes and numbers fit the dictionary of the column.
  package func fits(dictionaryCount: Int, holes: Int) -> Bool {
    if form == .mapped { return (exceptions?.largest ?? 0) < UInt64(dictionaryCount) }
    if form == .subject, let exceptions {
      return exceptions.isEmpty || exceptions.largest < UInt64(dictionaryCount)
    }
    guard form == .coded else { return true }
    // What stands in the place of an absent value is read by nobody.
    let limit = Int64(dictionaryCount)
    return numbers.count == holes && (codeBound < limit || nullOffset >= 0 && largestCode < limit)
  }
}

/// The high parts of a patched block's exceptions.
struct IntegerExceptions: Sendable {
  private let rows: [UInt16]
  private let highs: [UInt64]
  /// The largest number.
  let largest: UInt64

  /// `nil` unless rows ascend, high parts fit and are not 0 where they may not, and they end with the block.
  fileprivate init?(
    _ raw: BlockBytes, rows count: Int, width: Int, highWidth: Int, mayBeZero: Bool,
    _ layout: inout BlockLayout
  ) {
    let exceptions = Int(raw.load(4, as: UInt32.self))
    let rowBits = PatchedIntegerEncoding.rowBits
    guard exceptions <= count, mayBeZero || exceptions > 0 && highWidth > 0, highWidth + width <= 64 else {
      return nil
    }
    let rowsOffset = layout.position
    guard layout.takePacked(exceptions, rowBits) else { return nil }
    let highsOffset = layout.position
    guard layout.takePacked(exceptions, highWidth), layout.isComplete else { return nil }
    var rows: [UInt16] = []
    var highs: [UInt64] = []
    for index in 0..<exceptions {
      let row = Int(BitPacking.value(raw.base + rowsOffset, index, width: rowBits))
      let high = BitPacking.value(raw.base + highsOffset, index, width: highWidth)
      guard row < count, rows.last.map({ Int($0) < row }) ?? true, mayBeZero || high > 0 else { return nil }
      rows.append(UInt16(row))
      highs.append(high)
    }
    self.rows = rows
    self.highs = highs
    largest = highs.max() ?? 0
  }

  var cost: Int { rows.count * 10 }

  var isEmpty: Bool { rows.isEmpty }

  /// The number of a row that is an exception.
  func find(_ row: Int) -> UInt64? {
    let place = rows.partitioningIndex { Int($0) >= row }
    return place < rows.count && Int(rows[place]) == row ? highs[place] : nil
  }

  /// Gives the exceptions among consecutive rows.
  @inline(__always)
  func forEach(in range: Range<Int>, _ body: (Int, UInt64) -> Void) {
    let places = places(in: range)
    rows.withUnsafeBufferPointer { rows in
      highs.withUnsafeBufferPointer { highs in
        for place in places { body(Int(rows[place]), highs[place]) }
      }
    }
  }

  private func places(in range: Range<Int>) -> Range<Int> {
    let first = rows.partitioningIndex { Int($0) >= range.lowerBound }
    return first..<rows.partitioningIndex { Int($0) >= range.upperBound }
  }

  /// The sum of the numbers of consecutive rows.
  func sum(in range: Range<Int>) -> Int128 {
    let places = places(in: range)
    return highs.withUnsafeBufferPointer { highs in
      guard largest >> UInt64(64 - PatchedIntegerEncoding.rowBits) == 0 else {
        return highs[places].reduce(Int128(0)) { $0 + Int128($1) }
      }
      // A block has at most 2^13 rows: 64 bits are enough.
      return Int128(highs[places].reduce(UInt64(0)) { $0 &+ $1 })
    }
  }

  /// The high part of a row; 0 when it is no exception.
  func high(_ row: Int) -> UInt64 {
    find(row) ?? 0
  }
}

/// Walks the parts of a block without passing its end.
struct BlockLayout {
  private(set) var position: Int
  let limit: Int

  mutating func skip(_ bytes: Int) { position += bytes }

  /// The same; false where the block ends before.
  mutating func take(_ bytes: Int) -> Bool {
    position += bytes
    return position <= limit
  }

  var isComplete: Bool { position == limit }

  mutating func takePacked(_ count: Int, _ width: Int) -> Bool {
    guard width <= 64, position <= limit else { return false }
    let (bits, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, bits >= 0 else { return false }
    position += BitPacking.byteCount(count, width: width)
    return position <= limit
  }
}
