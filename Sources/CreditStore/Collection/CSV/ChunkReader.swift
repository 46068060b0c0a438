// Owns reading a file in chunks that end where records end.
// Invariants: every byte behind the byte order mark is in exactly one chunk, in order; memory stays bounded: a record
// over 16 MiB is passed on by its beginning, length and SHA-256 alone.
// Does not parse cells. Not thread-safe: callers take turns.

import CreditModel
import SegmentStore

/// A run of whole records, or one record that is too long to hold.
package final class SourceChunk {
  /// A record over the limit.
  package struct Oversize: Sendable {
    package var head: [UInt8]
    package var length: Int
    package var digest: [UInt8]
  }

  package let index: Int
  package let encoding: FileEncoding
  package let oversize: Oversize?
  fileprivate let memory: ByteArena
  private let range: Range<Int>

  fileprivate init(
    index: Int, encoding: FileEncoding, oversize: Oversize? = nil, memory: ByteArena, range: Range<Int>
  ) {
    self.index = index
    self.encoding = encoding
    self.oversize = oversize
    self.memory = memory
    self.range = range
  }

  /// The bytes of the records.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory.bytes[range]) }
}

/// Where in a field the bytes of an oversize record stand: the states of RecordParser, a byte at a time.
private enum OversizeState {
  case fieldStart
  case unquoted
  case quoted
  /// Behind a quote inside a quoted field: it closes the field unless another follows.
  case quoteInQuoted

  /// Takes the next byte; true when it ends the record.
  mutating func ends(at byte: UInt8) -> Bool {
    switch (self, byte) {
    case (.quoted, 0x22): self = .quoteInQuoted
    case (.quoted, _): break
    case (.quoteInQuoted, 0x22), (.fieldStart, 0x22): self = .quoted
    case (_, 0x0A), (_, 0x0D): return true
    case (_, 0x2C): self = .fieldStart
    default: self = .unquoted
    }
    return false
  }
}

package final class ChunkReader {
  /// Bytes a header may take.
  package static let maximumHeaderBytes = 4 << 20
  package static let maximumRecordBytes = 16 << 20
  package static let oversizeHeadBytes = 64 << 10
  package static let maximumUnterminatedBytes = 1 << 20

  private let path: String
  private let source: any ByteSource
  /// What was read and not passed on: from `start` to the arena's end.
  private var memory: ByteArena
  private let chunkBytes: Int
  private var start = 0
  /// Memory of chunks that were given back.
  private var spare: [ByteArena] = []
  private var isAtEnd = false
  private var nextIndex = 0
  /// The encoding in force; `.auto` while only ASCII was seen.
  package private(set) var encoding: FileEncoding
  /// Bytes read so far.
  package private(set) var bytesRead = 0

  /// Begins to read and looks at the first MiB.
  ///
  /// - Parameters:
  ///   - source: where the bytes come from.
  ///   - path: what to call it in errors.
  ///   - encoding: of its text.
  ///   - chunkBytes: of a chunk, about: chunks end with a record.
  /// - Throws: `CreditError` for a source that cannot be read, is empty, or is undecodable in its first MiB.
  package init(_ source: any ByteSource, path: String, encoding: FileEncoding, chunkBytes: Int = 4 << 20)
    throws
  {
    self.source = source
    self.path = path
    self.chunkBytes = chunkBytes
    memory = ByteArena(capacity: Self.arenaBytes(chunkBytes))
    self.encoding = encoding
    try fill(to: 1 << 20)
    guard available > 0 else { throw CreditError("empty", "the file is empty", file: path) }
    try recognizeEncoding()
  }

  /// The same with a file.
  package convenience init(path: String, encoding: FileEncoding, chunkBytes: Int = 4 << 20) throws {
    try self.init(FileBytes(path: path), path: path, encoding: encoding, chunkBytes: chunkBytes)
  }

  private var available: Int { memory.count - start }
  private var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory.bytes[start...]) }
  private func drop(_ count: Int) { start += count }

  private func fill(to count: Int) throws {
    while available < count, !isAtEnd {
      let wanted = max(1 << 16, count - available)
      let target = memory.reserve(wanted)
      let result: Int
      do throws(StoreError) {
        result = try source.read(into: target, count: wanted)
      } catch {
        throw CreditError("unreadable", error.message, file: path, offset: Int64(bytesRead))
      }
      memory.advance(result)
      bytesRead += result
      if result == 0 { isAtEnd = true }
    }
  }

  /// A chunk and the beginning of the next.
  private static func arenaBytes(_ chunkBytes: Int) -> Int { chunkBytes + chunkBytes / 4 }

  /// Takes back the memory of a chunk nobody looks at any more.
  package func recycle(_ chunk: SourceChunk) { if spare.count < 8 { spare.append(chunk.memory) } }

  private func recognizeEncoding() throws {
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
      if encoding == .gb18030 { throw CreditError("undecodable", "the file is marked as UTF-8", file: path) }
      drop(3)
      encoding = .utf8
    }
    if buffer.starts(with: [0xFF, 0xFE]) || buffer.starts(with: [0xFE, 0xFF]) {
      throw CreditError("undecodable", "the file is UTF-16; save it as UTF-8 or GB 18030", file: path)
    }
    let found = EncodingDetector.detect(
      UnsafeRawBufferPointer(rebasing: buffer.prefix(1 << 20)), isWhole: isAtEnd)
    switch encoding {
    case .auto:
      // A file with some undecodable rows is still a file in the encoding of its header.
      guard let encoding = found ?? headerEncoding() ?? encodingOfMostLines() else { throw undecodable() }
      self.encoding = encoding
    case .utf8:
      let isText =
        found == .utf8 || found == .auto || headerEncoding() == .utf8 || encodingOfMostLines() == .utf8
      guard isText else { throw undecodable() }
    case .gb18030:
      guard GB18030.shared != nil else {
        throw CreditError("undecodable", "this system's iconv does not know GB 18030", file: path)
      }
      let isText = found != nil || headerEncoding() == .gb18030 || encodingOfMostLines() == .gb18030
      guard isText else { throw undecodable() }
    }
  }

  private var headerLine: [UInt8] { Array(buffer.prefix { $0 != 0x0A && $0 != 0x0D }) }

  private func headerEncoding() -> FileEncoding? {
    let line = headerLine
    if line.allSatisfy({ $0 < 0x80 }) { return nil }
    if line.withUnsafeBytes({ UTF8Validation.isValid($0) }) { return .utf8 }
    return headerDecodesAsGB18030() ? .gb18030 : nil
  }

  /// The encoding in which more than half of the first lines are text, UTF-8 first.
  private func encodingOfMostLines() -> FileEncoding? {
    let lines = buffer.prefix(1 << 20).split(separator: 0x0A).prefix(10_000)
    let bytes = lines.map { UnsafeRawBufferPointer(rebasing: buffer[$0.startIndex..<$0.endIndex]) }
    if bytes.count(where: { UTF8Validation.isValid($0) }) * 2 > lines.count { return .utf8 }
    let decoded = bytes.count {
      var output: [UInt8] = []
      return GB18030.shared?.decode($0, into: &output) ?? false
    }
    return decoded * 2 > lines.count ? .gb18030 : nil
  }

  private func headerDecodesAsGB18030() -> Bool {
    var output: [UInt8] = []
    return headerLine.withUnsafeBytes { GB18030.shared?.decode($0, into: &output) } ?? false
  }

  private func undecodable() -> CreditError {
    CreditError(
      "undecodable", "the first MiB is neither UTF-8 nor GB 18030; name the encoding or convert the file",
      file: path)
  }

  /// Takes the header: the cells of the first record, as text.
  package func header() throws -> [String] {
    try fill(to: chunkBytes)
    var boundary = firstRecordEnd()
    if boundary == nil, chunkBytes < Self.maximumHeaderBytes {
      try fill(to: Self.maximumHeaderBytes)
      boundary = firstRecordEnd()
    }
    guard let boundary else {
      throw CreditError(
        "wrongHeader", "the header does not end within \(Self.maximumHeaderBytes >> 20) MiB", file: path)
    }
    var text = Array(buffer[..<boundary])
    if encoding == .gb18030 {
      var output: [UInt8] = []
      let isValid = text.withUnsafeBytes { GB18030.shared?.decode($0, into: &output) ?? false }
      guard isValid else { throw undecodable() }
      text = output
    }
    let found = text.withUnsafeBytes { bytes -> [String]? in
      var parser = RecordParser(bytes)
      guard parser.next() else { return [] }
      // The parser keeps no more cells than any entry can have; further ones are only counted.
      guard parser.cellCount <= HeaderRecognition.maximumColumns else { return nil }
      var cells: [String] = []
      for index in 0..<parser.cellCount {
        cells.append(String(decoding: parser.copy(parser[index]), as: UTF8.self))
      }
      return cells
    }
    guard let cells = found else {
      throw CreditError(
        "wrongHeader", "the header has more than \(HeaderRecognition.maximumColumns) columns", file: path)
    }
    guard !cells.isEmpty else { throw CreditError("empty", "the file has no header", file: path) }
    drop(boundary)
    return cells
  }

  /// End of the first record that is not blank.
  private func firstRecordEnd() -> Int? {
    let bytes = buffer
    var parser = RecordParser(bytes)
    guard parser.next() else { return isAtEnd ? bytes.count : nil }
    if parser.isUnterminated { return nil }
    var end = parser.recordRange.upperBound
    // A line that reaches to where reading stopped may go on.
    if end == bytes.count, !isAtEnd { return nil }
    if end < bytes.count, bytes[end] == 0x0D { end += 1 }
    if end < bytes.count, bytes[end] == 0x0A { end += 1 }
    return end
  }

  /// The next chunk, or `nil` at the end.
  package func next() throws -> SourceChunk? {
    var wanted = chunkBytes
    while true {
      try fill(to: wanted)
      guard available > 0 else { return nil }
      if isAtEnd { return take(available) }
      let boundary = RecordSplitter.lastBoundary(buffer, isLast: false)
      if boundary.end > 0 { return take(boundary.end) }
      guard available <= Self.maximumRecordBytes else { return try takeOversize() }
      wanted = min(available * 2, Self.maximumRecordBytes + 1)
    }
  }

  /// Passes on the first bytes; what is behind them moves to other memory.
  private func take(_ count: Int) -> SourceChunk {
    if encoding == .auto {
      encoding =
        EncodingDetector.detect(UnsafeRawBufferPointer(rebasing: buffer[..<count]), isWhole: true) ?? .utf8
    }
    let next = spare.popLast() ?? ByteArena(capacity: Self.arenaBytes(chunkBytes))
    next.truncate(to: 0)
    next.append(UnsafeRawBufferPointer(rebasing: buffer[count...]))
    let chunk = SourceChunk(
      index: nextIndex, encoding: encoding, memory: memory, range: start..<start + count)
    memory = next
    start = 0
    nextIndex += 1
    return chunk
  }

  /// Reads past a record that is longer than the limit.
  private func takeOversize() throws -> SourceChunk {
    let head = Array(buffer.prefix(Self.oversizeHeadBytes))
    var hasher = SHA256()
    var length = 0
    var state = OversizeState.fieldStart
    while true {
      var index = 0
      let bytes = buffer
      while index < bytes.count {
        if state.ends(at: bytes[index]) { break }
        index += 1
      }
      hasher.update(bytes[..<index])
      length += index
      let ended = index < bytes.count
      if ended {
        // The second half of a pair, if it is one, is a blank line and no row.
        drop(index + 1)
        break
      }
      memory.truncate(to: 0)
      start = 0
      try fill(to: chunkBytes)
      if available == 0 {
        if state == .quoted {
          throw CreditError(
            "unterminatedQuote", "a quote is never closed and swallows \(length >> 20) MiB", file: path)
        }
        break
      }
    }
    defer { nextIndex += 1 }
    return SourceChunk(
      index: nextIndex, encoding: encoding,
      oversize: .init(head: head, length: length, digest: hasher.finalize()), memory: ByteArena(),
      range: 0..<0)
  }
}
