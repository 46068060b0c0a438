// Owns taking the bytes of a column block apart, encoding by encoding.
// Invariants: every width, count and length is checked against the bytes there are, and every index of a dictionary against its dictionary; nothing
// is read behind the end of the block. Marked kernel.
// Does not give out values (DecodedBlock).

/// Where the parts of a column block lie.
struct BlockContent {
  /// Why bytes are no block.
  struct Fault: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// One number of every row of a coded block.
  struct Numbers: Sendable {
    var offset: Int
    var width: Int
    var base: UInt64
  }

  /// Values stored: less than rows where values of the row before are left out.
  let values: Int
  let repeats: RepeatedRows?
  /// End of the values in the block.
  let limit: Int
  /// -1 = no nulls.
  let nullOffset: Int
  let packedOffset: Int
  private(set) var form = DecodedBlock.TextForm.none
  private(set) var width = 0
  private(set) var base: Int64 = 0
  private(set) var textOffsets: [UInt32] = []
  private(set) var numbers: [Numbers] = []
  private(set) var exceptions: IntegerExceptions?
  private(set) var remainders: Remainders?
  /// Of a coded block: no code is larger.
  private(set) var codeBound: Int64 = 0

  private let raw: BlockBytes
  private var layout: BlockLayout

  init(_ header: BlockHeader, _ raw: BlockBytes) throws(Fault) {
    let rows = Int(header.rowCount)
    let isRepeating = header.encoding & Encoding.repeats != 0
    guard let encoding = Encoding(rawValue: header.encoding & ~Encoding.repeats),
      !isRepeating || ![.mappedCodes, .keyText, .subjectTexts].contains(encoding)
    else { throw Fault("unknown encoding") }
    guard rows > 0, rows <= ColumnBlockLimits.rows else { throw Fault("impossible column block") }
    limit = raw.count - (isRepeating ? RepeatedRows.byteCount(rows) : 0)
    guard limit >= 16 else { throw Fault("impossible column block") }
    repeats = isRepeating ? RepeatedRows(raw, at: limit, rows: rows) : nil
    guard isRepeating == (repeats != nil) else { throw Fault("the repeated rows of a block do not add up") }
    values = repeats?.valueCount ?? rows
    let flags = raw.load(0, as: UInt8.self)
    guard flags <= 1 else { throw Fault("unknown flags in a column block") }
    nullOffset = flags == 1 ? 16 : -1
    packedOffset = 16 + (flags == 1 ? NullBitmap.byteCount(values) : 0)
    self.raw = raw
    layout = BlockLayout(position: packedOffset, limit: limit)
    switch encoding {
    case .frameOfReference, .patchedIntegers, .multiples: try takeIntegers(encoding)
    case .mappedCodes, .subjectTexts: try takeFollowers(encoding)
    case .phrases: try takePhrases()
    case .plainText: try takePlainTexts()
    case .dictionaryText: try takeDictionary()
    case .codedText: try takeCodes()
    case .keyText:
      form = .key
      guard layout.isComplete else { throw Fault("a block of keys has a wrong length") }
    }
  }

  // MARK: Integers

  private mutating func takeIntegers(_ encoding: Encoding) throws(Fault) {
    width = Int(raw.load(1, as: UInt8.self))
    base = raw.load(8, as: Int64.self)
    guard encoding != .patchedIntegers || width < 64, layout.takePacked(values, width) else {
      throw Fault("an integer block has a wrong length")
    }
    switch encoding {
    case .patchedIntegers:
      exceptions = IntegerExceptions(
        raw, rows: values, width: width, highWidth: Int(raw.load(2, as: UInt8.self)), mayBeZero: false,
        &layout)
      guard exceptions != nil else { throw Fault("the exceptions of an integer block do not add up") }
    case .multiples:
      remainders = Remainders(raw, values: values, &layout)
      guard remainders != nil else { throw Fault("the remainders of an integer block do not add up") }
    default: guard layout.isComplete else { throw Fault("an integer block has a wrong length") }
    }
  }

  // MARK: Texts

  /// Rows that follow another column, or the texts of subjects, but for exceptions.
  private mutating func takeFollowers(_ encoding: Encoding) throws(Fault) {
    form = encoding == .mappedCodes ? .mapped : .subject
    exceptions = IntegerExceptions(
      raw, rows: values, width: 0, highWidth: Int(raw.load(1, as: UInt8.self)), mayBeZero: true, &layout)
    guard exceptions != nil else { throw Fault("the exceptions of a block of texts do not add up") }
  }

  private mutating func takePlainTexts() throws(Fault) {
    form = .plain
    width = Int(raw.load(1, as: UInt8.self))
    guard layout.takePacked(values, width) else { throw Fault("a text block has a wrong length") }
    try takeTexts(
      values, packed: packedOffset, width: width, base: raw.load(4, as: UInt32.self),
      total: raw.load(8, as: UInt32.self))
  }

  private mutating func takeDictionary() throws(Fault) {
    form = .dictionary
    width = Int(raw.load(1, as: UInt8.self))
    let lengthWidth = Int(raw.load(2, as: UInt8.self))
    let entries = Int(raw.load(4, as: UInt32.self))
    guard entries > 0, entries <= values, width <= 32, layout.takePacked(values, width) else {
      throw Fault("impossible dictionary")
    }
    let lengthsOffset = layout.position
    guard layout.takePacked(entries, lengthWidth) else { throw Fault("a dictionary has a wrong length") }
    try takeTexts(
      entries, packed: lengthsOffset, width: lengthWidth, base: raw.load(12, as: UInt32.self),
      total: raw.load(8, as: UInt32.self))
    for row in 0..<values
    where BitPacking.value(raw.base + packedOffset, row, width: width) >= UInt64(entries) {
      throw Fault("a dictionary index is out of range")
    }
  }

  /// The offsets of texts whose packed lengths are given: they end exactly with the block.
  private mutating func takeTexts(
    _ count: Int, packed: Int, width: Int, base: UInt32, total: UInt32
  ) throws(Fault) {
    let fault = Fault("the lengths of a text block do not add up")
    guard width <= 32, layout.position + Int(total) == limit else { throw fault }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count + 1)
    var position = UInt64(layout.position)
    for index in 0..<count {
      offsets.append(UInt32(truncatingIfNeeded: position))
      position += BitPacking.value(raw.base + packed, index, width: width) + UInt64(base)
      guard position <= UInt64(limit) else { throw fault }
    }
    offsets.append(UInt32(truncatingIfNeeded: position))
    guard position == UInt64(limit) else { throw fault }
    textOffsets = offsets
  }

  /// Bits at which the groups of phrases begin, and where the last ends: they fill the stream.
  private mutating func takePhrases() throws(Fault) {
    let fault = Fault("the lengths of a text block do not add up")
    form = .phrases
    let lengthWidth = Int(raw.load(1, as: UInt8.self))
    let lengthBase = UInt64(raw.load(4, as: UInt32.self))
    let packed = layout.position
    let count = PhraseEncoding.groupCount(values)
    guard lengthWidth <= 32, layout.takePacked(count, lengthWidth),
      layout.position + Int(raw.load(8, as: UInt32.self)) == limit
    else { throw fault }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count + 1)
    var bit = UInt64(layout.position) * 8
    for group in 0..<count {
      offsets.append(UInt32(truncatingIfNeeded: bit))
      bit += BitPacking.value(raw.base + packed, group, width: lengthWidth) + lengthBase
      guard bit <= UInt64(limit) * 8 else { throw fault }
    }
    offsets.append(UInt32(truncatingIfNeeded: bit))
    // Blocks are at most 64 MiB, so bits fit 32 bits; what is left of the stream is padding.
    guard UInt64(limit) * 8 - bit < 64 else { throw fault }
    textOffsets = offsets
  }

  /// Codes of the column's dictionary, and the numbers that the texts of each row have: they end exactly with the block.
  private mutating func takeCodes() throws(Fault) {
    form = .coded
    width = Int(raw.load(1, as: UInt8.self))
    base = Int64(raw.load(4, as: UInt32.self))
    guard width <= 32, layout.takePacked(values, width) else {
      throw Fault("a coded block has a wrong length")
    }
    let fault = Fault("the numbers of a coded block do not add up")
    let count = Int(raw.load(2, as: UInt8.self))
    guard count <= TextTemplate.maximumHoles else { throw fault }
    for _ in 0..<count {
      guard layout.limit - layout.position >= 16 else { throw fault }
      let width = Int(raw.load(layout.position, as: UInt8.self))
      let base = raw.load(layout.position + 8, as: UInt64.self)
      layout.skip(16)
      numbers.append(Numbers(offset: layout.position, width: width, base: base))
      guard layout.takePacked(values, width) else { throw fault }
    }
    guard layout.isComplete else { throw fault }
    codeBound = base + Self.largest(raw.base + packedOffset, values, width: width)
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
