// Owns giving out the text of a source as UTF-8, whatever it is written in: for readers of forms that are UTF-8 by their standard.
// Invariants: UTF-8 passes as it is, with its faults, so that a row can be set aside for them; GB 18030 decodes wholly or is an error with its place, for what
// a character stands for cannot be guessed once one was lost.
// Does not look into the text.

import SegmentStore

/// The bytes of another source, decoded.
final class DecodedBytes: ByteSource {
  let totalBytes: Int?
  private let source: any ByteSource
  /// Whether the text is GB 18030; else bytes pass as they are.
  private var isDecoding = false
  /// Read and not given out or not decoded yet.
  private let waiting = ByteArena(capacity: pieceBytes)
  private var decoded: [UInt8] = []
  private var position = 0
  /// Bytes of the source that were decoded.
  private var offset = 0
  private var isEnd = false
  /// Where bytes stand that are no text in the encoding of the source.
  private(set) var undecodableOffset: Int?

  private static let pieceBytes = 256 << 10
  /// Bytes that tell the encoding.
  private static let probeBytes = 1 << 20
  /// The longest character has four.
  private static let characterBytes = 4

  /// - Parameters:
  ///   - source: the bytes.
  ///   - path: what to call it in errors.
  ///   - encoding: of its text; with `.auto` the first MiB decides, and what is neither passes as UTF-8.
  /// - Throws: `CreditError`, code `undecodable`, for UTF-16, and for text marked as UTF-8 where GB 18030 is named.
  init(_ source: any ByteSource, path: String, encoding: FileEncoding) throws {
    self.source = source
    totalBytes = source.totalBytes
    while waiting.count < Self.probeBytes, !isEnd { try readPiece() }
    let probe = waiting.bytes
    guard !probe.starts(with: [0xFF, 0xFE]), !probe.starts(with: [0xFE, 0xFF]) else {
      throw CreditError("undecodable", "the file is UTF-16; save it as UTF-8 or GB 18030", file: path)
    }
    let isMarked = probe.starts(with: [0xEF, 0xBB, 0xBF])
    guard !isMarked || encoding != .gb18030 else {
      throw CreditError("undecodable", "the file is marked as UTF-8", file: path)
    }
    isDecoding =
      encoding == .gb18030 || encoding == .auto && !isMarked && Self.isGB18030(probe, isWhole: isEnd)
    guard !isDecoding || GB18030.shared != nil else {
      throw CreditError("undecodable", "this system's iconv does not know GB 18030", file: path)
    }
  }

  /// Whether the first bytes of a text are no UTF-8 and are GB 18030; a character may be cut at their end. All of them count: JSON may be one line.
  private static func isGB18030(_ probe: UnsafeRawBufferPointer, isWhole: Bool) -> Bool {
    func isText(_ valid: Int) -> Bool {
      valid == probe.count || !isWhole && probe.count - valid < characterBytes
    }
    guard !isText(UTF8Validation.validPrefix(probe)), let decoder = GB18030.shared else { return false }
    var output: [UInt8] = []
    output.reserveCapacity(probe.count * 2)
    return isText(decoder.decodePrefix(probe, into: &output))
  }

  private func readPiece() throws(StoreError) {
    let target = waiting.reserve(Self.pieceBytes)
    let count = try source.read(into: target, count: Self.pieceBytes)
    waiting.advance(count)
    isEnd = count == 0
  }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    while position == decoded.count {
      if waiting.count < Self.characterBytes, !isEnd { try readPiece() }
      guard waiting.count > 0 else { return 0 }
      try decode()
    }
    let taken = min(count, decoded.count - position)
    decoded.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { target.copyMemory(from: base + position, byteCount: taken) }
    }
    position += taken
    return taken
  }

  private func decode() throws(StoreError) {
    decoded.removeAll(keepingCapacity: true)
    position = 0
    guard isDecoding, let decoder = GB18030.shared else {
      decoded.append(contentsOf: waiting.bytes)
      waiting.truncate(to: 0)
      return
    }
    let count = decoder.decodePrefix(waiting.bytes, into: &decoded)
    offset += count
    let rest = Array(waiting.bytes[count...])
    // A character may be cut at the end of a piece.
    guard rest.isEmpty || rest.count < Self.characterBytes && !isEnd else {
      undecodableOffset = offset
      throw StoreError(.invalidArgument, "at byte \(offset) stands no GB 18030")
    }
    waiting.truncate(to: 0)
    rest.withUnsafeBytes { waiting.append($0) }
    if !isEnd, decoded.isEmpty { try readPiece() }
  }
}
