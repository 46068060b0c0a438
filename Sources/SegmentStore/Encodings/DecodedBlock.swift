// Owns a column block ready for reading: checked once, then read at random without further checks.
// Invariants: what `BlockContent` checked holds for as long as the block lives, so that the accessors are safe for `row < rowCount`. Marked kernel.
// Does not know which column or segment it came from.

/// The values of one column for a run of rows.
package final class DecodedBlock: Sendable {
  /// How the texts of a block are found.
  package enum TextForm: Sendable { case none, plain, dictionary, coded, key, phrases, mapped, subject }

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
  let numbers: [BlockContent.Numbers]
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

  /// Checks a block and takes it apart.
  ///
  /// - Parameters:
  ///   - header: of the block, its checksum compared already.
  ///   - raw: the block's bytes, unpacked.
  ///   - file: what to call its file in errors.
  ///   - offset: where it begins there.
  /// - Throws: `StoreError`, code `damaged`, for bytes that no writer makes.
  package init(
    _ header: BlockHeader, _ raw: BlockBytes, file: String, offset: Int64
  ) throws(StoreError) {
    let content: BlockContent
    do throws(BlockContent.Fault) {
      content = try BlockContent(header, raw)
    } catch {
      throw .damaged(error.message, file: file, offset: offset)
    }
    bytes = raw
    rowCount = Int(header.rowCount)
    columnID = header.columnID
    valueCount = content.values
    repeats = content.repeats
    limit = content.limit
    nullOffset = content.nullOffset
    packedOffset = content.packedOffset
    form = content.form
    width = content.width
    base = content.base
    textOffsets = content.textOffsets
    numbers = content.numbers
    exceptions = content.exceptions
    remainders = content.remainders
    codeBound = content.codeBound
  }

  /// The largest code of a coded block that stands for a value.
  private var largestCode: Int64 {
    var largest: UInt64 = 0
    for value in 0..<valueCount where !isNull(value: value) {
      largest = max(largest, BitPacking.value(bytes.base + packedOffset, value, width: width))
    }
    return base + Int64(largest)
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
