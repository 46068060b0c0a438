// Owns what a segment says of its index of texts: which columns it covers, and the blocks of its parts.
// Invariants: docs/file-format.md draws every byte; counts are checked before memory is taken; first texts of blocks ascend.
// Does not read blocks.

/// The index of the texts of a segment (文本索引).
package final class TextIndex: Sendable {
  /// Version of the form the texts have.
  package let formVersion: UInt32
  /// The column covered of each dataset that has one: every text of it is in the index.
  package let columns: [DatasetID: UInt32]
  package let parts: [TextIndexPart]

  package init(formVersion: UInt32, columns: [DatasetID: UInt32], parts: [TextIndexPart]) {
    self.formVersion = formVersion
    self.columns = columns
    self.parts = parts
  }

  /// Texts of all parts.
  package var textCount: Int { parts.reduce(0) { $0 + $1.textCount } }
  /// Bytes of the blocks of all parts, the directory apart.
  package var blockBytes: Int {
    parts.reduce(0) { $0 + ($1.blocks + $1.pages).reduce(0) { $0 + $1.length } }
  }
  package var cost: Int { 200 + columns.count * 24 + parts.reduce(0) { $0 + $1.cost } }

  // MARK: Bytes

  /// u32 version of the form, u32 columns, u32 parts, u32 0, then u32 dataset and u32 column of each, and the parts.
  package func encode() -> [UInt8] {
    var buffer = ByteBuffer(capacity: 4096)
    buffer.append(formVersion)
    buffer.append(UInt32(columns.count))
    buffer.append(UInt32(parts.count))
    buffer.append(UInt32(0))
    for (dataset, column) in columns.sorted(by: { $0.key < $1.key }) {
      buffer.append(dataset.rawValue)
      buffer.append(column)
    }
    for part in parts { part.encode(to: &buffer) }
    return buffer.bytes
  }

  /// - Parameter parts: how many parts the block says it has.
  package init(
    _ raw: [UInt8], parts expected: UInt32, rowCount: UInt32, file: String, offset: Int64
  ) throws(StoreError) {
    var reader = ByteReader(raw, file: file, offset: offset)
    formVersion = try reader.read()
    let columnCount = Int(try reader.read(UInt32.self))
    let partCount = Int(try reader.read(UInt32.self))
    try reader.skip(4)
    guard columnCount <= reader.remaining / 8, partCount <= reader.remaining / TextIndexPart.minimumSize,
      partCount == Int(expected)
    else {
      throw reader.damage("an impossible index of texts")
    }
    var columns: [DatasetID: UInt32] = [:]
    var last: UInt32 = 0
    for _ in 0..<columnCount {
      let dataset = try reader.read(UInt32.self)
      guard dataset > last else { throw reader.damage("the columns of an index do not ascend") }
      last = dataset
      columns[DatasetID(rawValue: dataset)] = try reader.read(UInt32.self)
    }
    self.columns = columns
    var parts: [TextIndexPart] = []
    // A row stands in one text at most.
    var rows = Int(rowCount)
    for _ in 0..<partCount {
      let part = try TextIndexPart(&reader, rowLimit: rows)
      rows -= part.textCount
      parts.append(part)
    }
    guard reader.remaining == 0 else { throw reader.damage("bytes behind an index of texts") }
    self.parts = parts
  }
}

/// A part of an index: texts in their order, and the groups in which pairs of characters stand.
package struct TextIndexPart: Sendable {
  package static let minimumSize = 24

  package let textCount: Int
  /// Pairs have 2 to the power of this buckets.
  package let bucketBits: Int
  /// The lengths that occur, ascending, each with the first text that has it.
  package let lengths: [(length: Int, first: Int)]
  package let blocks: [BlockLocation]
  package let pages: [BlockLocation]
  /// First texts of the blocks, one behind the other, and where each ends.
  private let fences: [UInt8]
  private let fenceEnds: [Int]

  package init(
    textCount: Int, bucketBits: Int, lengths: [(length: Int, first: Int)], blocks: [BlockLocation],
    pages: [BlockLocation], fences: [[UInt8]]
  ) {
    self.textCount = textCount
    self.bucketBits = bucketBits
    self.lengths = lengths
    self.blocks = blocks
    self.pages = pages
    self.fences = Array(fences.joined())
    var end = 0
    fenceEnds = fences.map { fence in
      end += fence.count
      return end
    }
  }

  package var groupCount: Int { (textCount + SortedTexts.groupTexts - 1) / SortedTexts.groupTexts }
  fileprivate var cost: Int {
    200 + fences.count + blocks.count * 32 + pages.count * 24 + lengths.count * 16
  }

  /// The first text of a block.
  @inline(__always)
  package func withFence<Result>(_ block: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = block > 0 ? fenceEnds[block - 1] : 0
    return fences.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<fenceEnds[block]])) }
  }

  /// u32 texts, u32 bits, u32 lengths, u32 blocks, u32 pages, u32 0, then u32 length and u32 first text of each length, the location and the
  /// first text (u32 bytes and the bytes) of each block, the location of each page.
  fileprivate func encode(to buffer: inout ByteBuffer) {
    for number in [textCount, bucketBits, lengths.count, blocks.count, pages.count, 0] {
      buffer.append(UInt32(truncatingIfNeeded: number))
    }
    for (length, first) in lengths {
      buffer.append(UInt32(truncatingIfNeeded: length))
      buffer.append(UInt32(truncatingIfNeeded: first))
    }
    for (index, block) in blocks.enumerated() {
      buffer.append(block)
      withFence(index) {
        buffer.append(UInt32(truncatingIfNeeded: $0.count))
        buffer.append(raw: $0)
      }
    }
    for page in pages { buffer.append(page) }
  }

  fileprivate init(_ reader: inout ByteReader, rowLimit: Int) throws(StoreError) {
    textCount = Int(try reader.read(UInt32.self))
    bucketBits = Int(try reader.read(UInt32.self))
    let lengthCount = Int(try reader.read(UInt32.self))
    let blockCount = Int(try reader.read(UInt32.self))
    let pageCount = Int(try reader.read(UInt32.self))
    try reader.skip(4)
    guard textCount > 0, textCount <= rowLimit, TextPairs.bucketBits.contains(bucketBits),
      lengthCount > 0, lengthCount <= min(SortedTexts.maximumTextBytes, reader.remaining / 8),
      blockCount == (textCount + SortedTexts.blockTexts - 1) / SortedTexts.blockTexts,
      blockCount <= reader.remaining / 28, pageCount == 1 << bucketBits / PairPostings.pageBuckets
    else { throw reader.damage("an impossible part of an index of texts") }
    var lengths: [(length: Int, first: Int)] = []
    for _ in 0..<lengthCount {
      let length = Int(try reader.read(UInt32.self))
      let first = Int(try reader.read(UInt32.self))
      let isNext = lengths.last.map { $0.length < length && $0.first < first } ?? (length > 0 && first == 0)
      guard isNext, length <= SortedTexts.maximumTextBytes, first < textCount else {
        throw reader.damage("the lengths of an index do not ascend")
      }
      lengths.append((length, first))
    }
    self.lengths = lengths
    var blocks: [BlockLocation] = []
    var fences: [UInt8] = []
    var ends: [Int] = []
    for _ in 0..<blockCount {
      blocks.append(try reader.readLocation())
      let count = try reader.readCount(width: 1, limit: SortedTexts.maximumTextBytes)
      let fence = try reader.readBytes(count)
      let before = fences[(ends.dropLast().last ?? 0)...]
      let ascends =
        before.count != fence.count ? before.count < fence.count : !fence.lexicographicallyPrecedes(before)
      guard ends.isEmpty || ascends else { throw reader.damage("the blocks of an index do not ascend") }
      fences.append(contentsOf: fence)
      ends.append(fences.count)
    }
    self.blocks = blocks
    self.fences = fences
    fenceEnds = ends
    var pages: [BlockLocation] = []
    for _ in 0..<pageCount { pages.append(try reader.readLocation()) }
    self.pages = pages
  }
}
