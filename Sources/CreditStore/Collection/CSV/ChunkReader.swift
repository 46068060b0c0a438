// Owns reading a file in chunks that end where records end.
// Invariants: every byte behind the byte order mark is in exactly one chunk, in order; memory stays bounded: a record
// over 16 MiB is passed on by its beginning, length and SHA-256 alone.
// Does not parse cells. Not thread-safe: callers take turns.

import Foundation
import SegmentStore

/// A run of whole records, or one record that is too long to hold.
package struct SourceChunk: Sendable {
  /// A record over the limit.
  package struct Oversize: Sendable {
    package var head: [UInt8]
    package var length: Int
    package var digest: [UInt8]
  }

  package var index: Int
  package var bytes: [UInt8]
  package var encoding: FileEncoding
  package var oversize: Oversize?
}

package final class ChunkReader {
  package static let chunkBytes = 4 << 20
  package static let maximumRecordBytes = 16 << 20
  package static let oversizeHeadBytes = 64 << 10
  package static let maximumUnterminatedBytes = 1 << 20

  private let path: String
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var isAtEnd = false
  private var nextIndex = 0
  /// The encoding in force; `.auto` while only ASCII was seen.
  package private(set) var encoding: FileEncoding
  /// Bytes read so far.
  package private(set) var bytesRead = 0

  /// Opens a file and looks at its first MiB.
  ///
  /// - Throws: `CreditError` for a file that cannot be read, is empty, or is undecodable in its first MiB.
  package init(path: String, encoding: FileEncoding) throws {
    self.path = path
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw CreditError("unreadable", "the file does not exist", file: path)
    }
    guard !isDirectory.boolValue, let handle = FileHandle(forReadingAtPath: path) else {
      throw CreditError("unreadable", "the file cannot be read", file: path)
    }
    self.handle = handle
    self.encoding = encoding
    try fill(to: 1 << 20)
    guard !buffer.isEmpty else { throw CreditError("empty", "the file is empty", file: path) }
    try recognizeEncoding()
  }

  deinit { try? handle.close() }

  private func fill(to count: Int) throws {
    while buffer.count < count, !isAtEnd {
      let data: Data?
      do {
        data = try handle.read(upToCount: max(1 << 16, count - buffer.count))
      } catch {
        throw CreditError("unreadable", "reading failed", file: path, offset: Int64(bytesRead))
      }
      guard let data, !data.isEmpty else {
        isAtEnd = true
        break
      }
      buffer.append(contentsOf: data)
      bytesRead += data.count
    }
  }

  private func recognizeEncoding() throws {
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
      if encoding == .gb18030 { throw CreditError("undecodable", "the file is marked as UTF-8", file: path) }
      buffer.removeFirst(3)
      encoding = .utf8
    }
    if buffer.starts(with: [0xFF, 0xFE]) || buffer.starts(with: [0xFE, 0xFF]) {
      throw CreditError("undecodable", "the file is UTF-16; save it as UTF-8 or GB 18030", file: path)
    }
    let found = buffer.withUnsafeBytes { bytes in
      EncodingDetector.detect(UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 20)), isWhole: isAtEnd)
    }
    switch encoding {
    case .auto:
      // A file with some undecodable rows is still a file in the encoding of its header.
      guard let encoding = found ?? headerEncoding() else { throw undecodable() }
      self.encoding = encoding
    case .utf8:
      if found != .utf8, found != .auto, headerEncoding() != .utf8 { throw undecodable() }
    case .gb18030:
      guard GB18030.shared != nil else {
        throw CreditError("undecodable", "this system's iconv does not know GB 18030", file: path)
      }
      if found == nil, !headerDecodesAsGB18030() { throw undecodable() }
    }
  }

  private var headerLine: ArraySlice<UInt8> { buffer.prefix { $0 != 0x0A && $0 != 0x0D } }

  private func headerEncoding() -> FileEncoding? {
    let line = headerLine
    if line.allSatisfy({ $0 < 0x80 }) { return nil }
    if line.withUnsafeBytes({ UTF8Validation.isValid($0) }) { return .utf8 }
    return headerDecodesAsGB18030() ? .gb18030 : nil
  }

  private func headerDecodesAsGB18030() -> Bool {
    var output: [UInt8] = []
    return headerLine.withUnsafeBytes { GB18030.shared?.decode($0, into: &output) } ?? false
  }

  private func undecodable() -> CreditError {
    CreditError(
      "undecodable", "the first MiB is neither UTF-8 nor GB 18030; name the encoding or convert the file", file: path)
  }

  /// Takes the header: the cells of the first record, as text.
  package func header() throws -> [String] {
    try fill(to: Self.chunkBytes)
    let boundary = firstRecordEnd()
    guard let boundary else {
      throw CreditError("wrongHeader", "the header does not end within \(Self.chunkBytes >> 20) MiB", file: path)
    }
    var text = Array(buffer[..<boundary])
    if encoding == .gb18030 {
      var output: [UInt8] = []
      let isValid = text.withUnsafeBytes { GB18030.shared?.decode($0, into: &output) ?? false }
      guard isValid else { throw undecodable() }
      text = output
    }
    let cells = text.withUnsafeBytes { bytes -> [String] in
      var parser = RecordParser(bytes)
      guard parser.next() else { return [] }
      return parser.cells.map { String(decoding: parser.copy($0), as: UTF8.self) }
    }
    guard !cells.isEmpty else { throw CreditError("empty", "the file has no header", file: path) }
    buffer.removeFirst(boundary)
    return cells
  }

  /// End of the first record that is not blank.
  private func firstRecordEnd() -> Int? {
    buffer.withUnsafeBytes { bytes -> Int? in
      var parser = RecordParser(bytes)
      guard parser.next() else { return bytes.count }
      if parser.isUnterminated { return nil }
      var end = parser.recordRange.upperBound
      if end < bytes.count, bytes[end] == 0x0D { end += 1 }
      if end < bytes.count, bytes[end] == 0x0A { end += 1 }
      return end
    }
  }

  /// The next chunk, or `nil` at the end.
  package func next() throws -> SourceChunk? {
    var wanted = Self.chunkBytes
    while true {
      try fill(to: wanted)
      guard !buffer.isEmpty else { return nil }
      let boundary = buffer.withUnsafeBytes { RecordSplitter.lastBoundary($0, isLast: isAtEnd) }
      if isAtEnd { return try take(buffer.count) }
      if boundary.end > 0 { return try take(boundary.end) }
      guard buffer.count <= Self.maximumRecordBytes else { return try takeOversize() }
      wanted = min(buffer.count * 2, Self.maximumRecordBytes + 1)
    }
  }

  private func take(_ count: Int) throws -> SourceChunk {
    let bytes = Array(buffer[..<count])
    buffer.removeFirst(count)
    if encoding == .auto {
      let found = bytes.withUnsafeBytes { EncodingDetector.detect($0, isWhole: true) }
      encoding = found ?? .utf8
    }
    defer { nextIndex += 1 }
    return SourceChunk(index: nextIndex, bytes: bytes, encoding: encoding)
  }

  /// Reads past a record that is longer than the limit.
  private func takeOversize() throws -> SourceChunk {
    let head = Array(buffer.prefix(Self.oversizeHeadBytes))
    var hasher = SHA256()
    var length = 0
    var inQuotes = false
    var previous: UInt8 = 0x0A
    while true {
      var index = 0
      while index < buffer.count {
        let byte = buffer[index]
        if inQuotes {
          // A doubled quote closes and opens again at once, which comes to the same.
          if byte == 0x22 { inQuotes = false }
        } else if byte == 0x22, previous == 0x2C || previous == 0x0A || previous == 0x22 || length + index == 0 {
          inQuotes = true
        } else if byte == 0x0A {
          break
        }
        previous = byte
        index += 1
      }
      hasher.update(buffer[..<index])
      length += index
      let ended = index < buffer.count
      buffer.removeFirst(min(buffer.count, index + (ended ? 1 : 0)))
      if ended { break }
      try fill(to: Self.chunkBytes)
      if buffer.isEmpty {
        if inQuotes {
          throw CreditError("unterminatedQuote", "a quote is never closed and swallows \(length >> 20) MiB", file: path)
        }
        break
      }
    }
    defer { nextIndex += 1 }
    return SourceChunk(
      index: nextIndex, bytes: [], encoding: encoding,
      oversize: .init(head: head, length: length, digest: hasher.finalize()))
  }
}
