// Owns the gathering of one column's values into blocks.
// Invariants: blocks are closed at the limits of ColumnBlockLimits; values refer to memory the caller keeps alive
// until the block is closed.
// Does not know offsets: blocks are sealed when their place in the file is known.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A finished block inside an arena, not yet sealed.
package struct PendingBlock {
  package var column: Int
  package var firstRow: UInt32
  package var rowCount: UInt32
  /// Offset in the arena, header included.
  package var offset: Int
  package var length: Int
  package var minimum: Int64
  package var maximum: Int64
}

/// Collects the values of one column and closes blocks into an arena.
///
/// A plain struct in memory of its encoder, which calls `deallocate`: values are appended by the hundred million.
package struct ColumnBlockBuilder {
  /// What a builder gathers.
  package enum Kind {
    case integers
    case texts
    /// Codes of the column's dictionary with so many numbers a row.
    case codes(holes: Int)
    /// Texts put together of phrases.
    case phrases(PhraseBook)
    /// Texts of subjects, and the codes of those that are not: appended as codes with 0 predicted where a text is its subject's.
    case subjectTexts
  }

  private let column: Int
  private let columnID: UInt32
  package let isText: Bool
  package let isCoded: Bool
  /// Numbers each row has beside its code.
  package let holes: Int
  private let integers: UnsafeMutableBufferPointer<Int64>
  private let texts: UnsafeMutableBufferPointer<TextReference>
  private let coded: CodedValues?
  private let codes: UnsafeMutableBufferPointer<UInt32>
  private let numbers: UnsafeMutableBufferPointer<UInt64>
  private let nulls: UnsafeMutableBufferPointer<Bool>
  private var count = 0
  private var nullCount = 0
  private var textBytes = 0
  /// Texts of the block that are those of their keys.
  private var keyCount = 0
  private var firstRow: UInt32 = 0
  private let scratch: DictionaryScratch
  private let compression: BlockCompression
  private let book: PhraseBook?
  private let byteLimit: Int
  /// Whether integers may be stored as multiples.
  private let triesMultiples: Bool
  /// Whether codes are those of texts that are not their subjects'.
  private let followsSubjects: Bool
  /// Taken from every integer when the block is closed; `nil` for columns that are not relative.
  private let subtrahends: UnsafeMutableBufferPointer<Int64>?
  /// What the map says of each code; `nil` for columns that are not mapped.
  private let predictions: UnsafeMutableBufferPointer<UInt32>?
  private let raw = ByteArena(capacity: 96 << 10)
  /// Whether each row has a value of its own, once the block is closed.
  private let fresh: UnsafeMutableBufferPointer<Bool>
  /// Rows of a block from which on it may leave out values.
  private static let leastRepeating = 64

  package init(
    column: Int, columnID: UInt32, kind: Kind, scratch: DictionaryScratch,
    compression: BlockCompression = .fast, isRelative: Bool = false, triesMultiples: Bool = false
  ) {
    self.compression = compression
    self.triesMultiples = triesMultiples
    var isCodes = false
    if case .codes = kind { isCodes = true }
    if case .subjectTexts = kind {
      (isCodes, followsSubjects) = (true, true)
    } else {
      followsSubjects = false
    }
    subtrahends = isRelative && !isCodes ? .allocate(capacity: ColumnBlockLimits.rows) : nil
    predictions = isRelative && isCodes ? .allocate(capacity: ColumnBlockLimits.rows) : nil
    self.column = column
    self.columnID = columnID
    self.scratch = scratch
    var integerRows = 0
    var textRows = 0
    switch kind {
    case .integers: integerRows = ColumnBlockLimits.rows
    case .texts, .phrases: textRows = ColumnBlockLimits.rows
    case .codes, .subjectTexts: break
    }
    if case .phrases(let phrases) = kind { book = phrases } else { book = nil }
    byteLimit = book == nil ? ColumnBlockLimits.textBytes : ColumnBlockLimits.phraseBytes
    isText = textRows > 0
    if isCodes {
      let holes: Int
      if case .codes(let count) = kind { holes = count } else { holes = 0 }
      let values = CodedValues(holes: holes)
      coded = values
      codes = values.codes
      numbers = values.numbers
      self.holes = holes
    } else {
      coded = nil
      holes = 0
      codes = .init(start: nil, count: 0)
      numbers = .init(start: nil, count: 0)
    }
    isCoded = coded != nil
    integers = .allocate(capacity: integerRows)
    texts = .allocate(capacity: textRows)
    nulls = .allocate(capacity: ColumnBlockLimits.rows)
    fresh = .allocate(capacity: ColumnBlockLimits.rows)
  }

  /// Frees the memory; the builder must not be used afterwards.
  package func deallocate() {
    integers.deallocate()
    texts.deallocate()
    coded?.deallocate()
    nulls.deallocate()
    fresh.deallocate()
    subtrahends?.deallocate()
    predictions?.deallocate()
  }

  /// Starts counting rows from 0 again.
  package mutating func restart() { firstRow = 0 }

  @inline(__always)
  package mutating func append(integer: Int64) {
    integers[count] = integer
    nulls[count] = false
    count &+= 1
  }

  /// Appends an integer of a relative column, and what is to be taken from it.
  @inline(__always)
  package mutating func append(integer: Int64, relativeTo subtrahend: Int64) {
    subtrahends?[count] = subtrahend
    append(integer: integer)
  }

  /// - Parameter isKey: whether the text is that of the row's key.
  @inline(__always)
  package mutating func append(text base: UnsafeRawPointer, count length: Int, isKey: Bool = false) {
    texts[count] = TextReference(base: base, count: length)
    nulls[count] = false
    count &+= 1
    // Texts of keys take room only when some row of the block has another text.
    if isKey { keyCount &+= 1 }
    textBytes &+= length
  }

  /// Appends a code; the numbers of its holes follow with `set(number:hole:)`.
  @inline(__always)
  package mutating func append(code: UInt32) {
    codes[count] = code
    nulls[count] = false
    count &+= 1
  }

  /// Appends a code of a mapped column, and what the map says.
  @inline(__always)
  package mutating func append(code: UInt32, predicted: UInt32) {
    predictions?[count] = predicted
    append(code: code)
  }

  /// Sets a number of the row appended last.
  @inline(__always)
  package func set(number: UInt64, hole: Int) {
    numbers[hole &* ColumnBlockLimits.rows &+ count &- 1] = number
  }

  /// `place` is any live address; nothing is read from it.
  @inline(__always)
  package mutating func appendNull(place: UnsafeRawPointer) {
    if isText {
      texts[count] = TextReference(base: place, count: 0)
    } else if isCoded {
      codes[count] = 0
      for hole in 0..<holes { numbers[hole &* ColumnBlockLimits.rows &+ count] = 0 }
    } else {
      integers[count] = 0
    }
    nulls[count] = true
    nullCount &+= 1
    count &+= 1
  }

  @inline(__always)
  package var isFull: Bool {
    count == ColumnBlockLimits.rows
      || (textBytes >= byteLimit && (keyCount &+ nullCount < count || book != nil))
  }

  /// Closes the block being filled, if it has rows.
  package mutating func close(into arena: ByteArena) -> PendingBlock? {
    guard count > 0 else { return nil }
    raw.truncate(to: 0)
    var encoding = Encoding.frameOfReference
    var bounds: (minimum: Int64, maximum: Int64) = (0, 0)
    let rows = count
    let trueBounds = subtract()
    let isRepeating = leaveOutRepeats()
    let nullView = UnsafeBufferPointer(rebasing: nulls[..<count])
    if let predictions {
      encoding = .mappedCodes
      bounds = MappedCodeEncoding.encode(
        codes: UnsafeBufferPointer(rebasing: codes[..<count]),
        predictions: UnsafeBufferPointer(rebasing: predictions[..<count]), nulls: nullView,
        nullCount: nullCount,
        to: raw)
      if followsSubjects { (encoding, bounds) = (.subjectTexts, (0, 0)) }
    } else if let coded {
      encoding = .codedText
      bounds = CodedTextEncoding.encode(coded, count: count, nulls: nullView, nullCount: nullCount, to: raw)
    } else if let book {
      encoding = .phrases
      PhraseEncoding.encode(
        texts: UnsafeBufferPointer(rebasing: texts[..<count]), nulls: nullView, nullCount: nullCount,
        book: book, to: raw)
    } else if isText, keyCount > 0, keyCount + nullCount == count {
      encoding = .keyText
      CodedTextEncoding.encodeKeys(count: count, nulls: nullView, nullCount: nullCount, to: raw)
    } else if isText {
      encoding = TextEncoding.encode(
        texts: UnsafeBufferPointer(rebasing: texts[..<count]), nulls: nullView, nullCount: nullCount,
        scratch: scratch, to: raw)
    } else {
      let encoded = IntegerEncoding.encode(
        values: UnsafeBufferPointer(rebasing: integers[..<count]), nulls: nullView, nullCount: nullCount,
        isThorough: triesMultiples, to: raw)
      encoding = encoded.encoding
      bounds = trueBounds ?? (encoded.minimum, encoded.maximum)
    }
    if isRepeating { RepeatedRows.append(UnsafeBufferPointer(rebasing: fresh[..<rows]), to: raw) }
    let isWordy = encoding == .plainText || encoding == .dictionaryText
    let pays = isWordy && (encoding == .plainText || textBytes < raw.count * 8 || raw.count > 4096)
    let offset = arena.count
    BlockWriter.append(
      raw.bytes, kind: .column, encoding: encoding.rawValue | (isRepeating ? Encoding.repeats : 0),
      rowCount: rows, columnID: columnID,
      compression: pays ? compression : .none, to: arena)
    let block = PendingBlock(
      column: column, firstRow: firstRow, rowCount: UInt32(rows), offset: offset,
      length: arena.count - offset,
      minimum: bounds.minimum, maximum: bounds.maximum)
    firstRow += UInt32(rows)
    count = 0
    nullCount = 0
    textBytes = 0
    keyCount = 0
    return block
  }

  /// Moves the values together that are not those of the row before, where that saves room.
  private mutating func leaveOutRepeats() -> Bool {
    guard count >= Self.leastRepeating, predictions == nil, !isText || keyCount + nullCount < count else {
      return false
    }
    var values = 1
    fresh[0] = true
    for row in 1..<count {
      let isFresh = nulls[row] != nulls[row - 1] || !isSame(row, row - 1)
      fresh[row] = isFresh
      if isFresh { values += 1 }
    }
    guard savesRoom(values) else { return false }
    var place = 0
    nullCount = 0
    for row in 0..<count where fresh[row] {
      nulls[place] = nulls[row]
      if nulls[row] { nullCount += 1 }
      if isText {
        texts[place] = texts[row]
      } else if isCoded {
        codes[place] = codes[row]
        for hole in 0..<holes {
          let stretch = hole &* ColumnBlockLimits.rows
          numbers[stretch &+ place] = numbers[stretch &+ row]
        }
      } else {
        integers[place] = integers[row]
      }
      place += 1
    }
    count = place
    // Only a block all of whose texts are those of keys may leave them out altogether; it was not one before.
    keyCount = 0
    return true
  }

  @inline(__always)
  private func isSame(_ row: Int, _ other: Int) -> Bool {
    if isText {
      let (left, right) = (texts[row], texts[other])
      return left.count == right.count
        && (left.base == right.base || memcmp(left.base, right.base, left.count) == 0)
    }
    guard isCoded else { return integers[row] == integers[other] }
    guard codes[row] == codes[other] else { return false }
    for hole in 0..<holes {
      let stretch = hole &* ColumnBlockLimits.rows
      if numbers[stretch &+ row] != numbers[stretch &+ other] { return false }
    }
    return true
  }

  /// Whether values left out would take more than the bits that say so.
  private func savesRoom(_ values: Int) -> Bool {
    // Texts take many bits, but compression finds some of their repeats as well.
    if isText { return values * 8 <= count * 7 }
    guard values < count else { return false }
    var bits = 0
    if isCoded {
      bits = count * Self.width(of: codes[..<count].lazy.map(UInt64.init))
      for hole in 0..<holes {
        let start = hole * ColumnBlockLimits.rows
        bits += count * Self.width(of: numbers[start..<start + count].lazy.map { $0 })
      }
    } else {
      bits = IntegerEncoding.estimatedBits(
        UnsafeBufferPointer(rebasing: integers[..<count]),
        nulls: UnsafeBufferPointer(rebasing: nulls[..<count]))
    }
    return bits / count * (count - values) > count + count / 4
  }

  /// Bits of the difference between the smallest and the largest of some numbers.
  private static func width(of numbers: some Sequence<UInt64>) -> Int {
    var (smallest, largest) = (UInt64.max, UInt64(0))
    for number in numbers {
      smallest = min(smallest, number)
      largest = max(largest, number)
    }
    return smallest <= largest ? BitPacking.width(of: largest - smallest) : 0
  }

  /// Makes the integers of a relative column differences; returns the smallest and largest value they had.
  private func subtract() -> (minimum: Int64, maximum: Int64)? {
    guard let subtrahends else { return nil }
    var bounds: (minimum: Int64, maximum: Int64)?
    for row in 0..<count where !nulls[row] {
      let value = integers[row]
      bounds = (min(bounds?.minimum ?? value, value), max(bounds?.maximum ?? value, value))
      integers[row] = value &- subtrahends[row]
    }
    return bounds ?? (0, 0)
  }
}

/// How hard blocks are compressed.
package enum BlockCompression: Sendable {
  case none
  case fast
  /// For segments that stay.
  case hard
}

/// Puts a header and, where it pays, LZ4 around raw bytes.
package enum BlockWriter {
  /// Appends an unsealed block. LZ4 is kept when it saves at least an eighth.
  package static func append(
    _ raw: UnsafeRawBufferPointer, kind: BlockKind, encoding: UInt8 = 0, rowCount: Int, columnID: UInt32 = 0,
    compression: BlockCompression, to arena: ByteArena
  ) {
    let limit = raw.count - raw.count / 8
    let target = arena.reserve(BlockHeader.size + raw.count)
    let payload = UnsafeMutableRawBufferPointer(start: target + BlockHeader.size, count: raw.count)
    var header = BlockHeader(
      kind: kind, codec: .none, encoding: encoding, rowCount: UInt32(rowCount),
      storedLength: UInt32(raw.count),
      rawLength: UInt32(raw.count), columnID: columnID)
    let room = UnsafeMutableRawBufferPointer(rebasing: payload[..<limit])
    var compressed: Int?
    if raw.count >= 128 {
      switch compression {
      case .none: break
      case .fast: compressed = LZ4.compress(raw, into: room)
      case .hard: compressed = LZ4.compressHard(raw, into: room)
      }
    }
    if let count = compressed {
      header.codec = .lz4
      header.storedLength = UInt32(count)
    } else {
      payload.copyMemory(from: raw)
    }
    header.write(to: target)
    arena.advance(BlockHeader.size + Int(header.storedLength))
  }
}
