// Owns finding the objects of a JSON file one after the other: a line each, an array of them, or objects behind one another.
// Invariants: at most one object and a piece of the file are in memory; a broken line ends at its line end, so that the next is read; in an array nothing
// behind a broken place can be trusted, and it is an error.
// Does not look into objects (JSONRecordText).

import SegmentStore

/// Reads the objects of a file.
package final class JSONRecordReader {
  /// Bytes of an object at most, where nobody says otherwise.
  package static let usualMaximumBytes = 16 << 20
  private static let pieceBytes = 256 << 10

  private enum Form { case lines, array, sequence }

  private let source: any ByteSource
  private let path: String
  private let maximumBytes: Int
  private var buffer: [UInt8] = []
  private var position = 0
  /// Offset in the file of the first byte of the buffer.
  private var offset = 0
  private var isEnd = false
  private var form = Form.lines
  private var isOver = false
  private var isFirst = true
  /// The member of the object around the records, where there is one.
  private var member: String?

  /// - Parameters:
  ///   - member: where the records are in a member of one object around them, its name.
  ///   - maximumBytes: bytes of an object at most.
  /// - Throws: `CreditError`: `empty`, and `invalidJSON` where the file has no such member.
  package init(
    _ source: any ByteSource, path: String, member: String?, maximumBytes: Int = usualMaximumBytes
  ) throws {
    self.maximumBytes = maximumBytes
    self.source = source
    self.path = path
    try fill(3)
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    if let member {
      try enter(member)
      return
    }
    switch try skipBlanks() {
    case UInt8(ascii: "[")?:
      form = .array
      position += 1
    case UInt8(ascii: "{")?: form = try endsOnItsLine() ? .lines : .sequence
    case nil: throw CreditError("empty", "the file is empty", file: path)
    // A broken line costs no other, the first one neither.
    default: form = .lines
    }
  }

  /// The bytes of the next object, or of the line that should have been one; `nil` at the end.
  package func next() throws -> ArraySlice<UInt8>? {
    guard !isOver else { return nil }
    discard()
    switch form {
    case .lines: return try line()
    case .sequence:
      guard try skipBlanks() != nil else { return nil }
      return try object()
    case .array: return try element()
    }
  }

  private func invalid(_ message: String) -> CreditError {
    CreditError("invalidJSON", message, file: path, offset: Int64(offset + position))
  }

  // MARK: Bytes

  /// Forgets what was given out.
  private func discard() {
    guard position > Self.pieceBytes || position == buffer.count else { return }
    buffer.removeFirst(position)
    offset += position
    position = 0
  }

  /// Reads until so many bytes are ahead, or the file ends; returns how many are.
  @discardableResult
  private func fill(_ count: Int) throws -> Int {
    while buffer.count - position < count, !isEnd {
      let start = buffer.count
      buffer.append(contentsOf: repeatElement(0, count: Self.pieceBytes))
      let read = try buffer.withUnsafeMutableBytes { bytes in
        try bytes.baseAddress.map { try source.read(into: $0 + start, count: Self.pieceBytes) } ?? 0
      }
      buffer.removeLast(Self.pieceBytes - read)
      if read == 0 { isEnd = true }
    }
    return buffer.count - position
  }

  /// The byte at a distance ahead, or `nil` behind the end.
  private func byte(_ distance: Int) throws -> UInt8? {
    if position + distance >= buffer.count, try fill(distance + 1) <= distance { return nil }
    return buffer[position + distance]
  }

  private func skipBlanks() throws -> UInt8? {
    while let byte = try byte(0) {
      guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return byte }
      position += 1
      if position > Self.pieceBytes { discard() }
    }
    return nil
  }

  // MARK: Objects

  /// Whether the objects have a line each: the first is whole on its line, or does not end at all, so that its line is broken; not where all that there is
  /// stands on one line.
  private func endsOnItsLine() throws -> Bool {
    do {
      guard let length = try objectLength() else { return true }
      guard !buffer[position..<position + length].contains(0x0A) else { return false }
      return try !isFollowedOnOneLine(length)
    } catch let error as CreditError where error.code == "invalidJSON" {
      // It is longer than an object may be: whatever it is, lines can be told apart.
      return true
    }
  }

  /// Whether another object begins behind the first bytes ahead, on the only line of the file.
  private func isFollowedOnOneLine(_ length: Int) throws -> Bool {
    var distance = length
    while let byte = try byte(distance), byte == 0x20 || byte == 0x09 { distance += 1 }
    guard try byte(distance) == UInt8(ascii: "{") else { return false }
    while let byte = try byte(distance), byte != 0x0A {
      distance += 1
      // Nobody holds that much for a look ahead: such a line is broken or the only one.
      guard distance <= maximumBytes else { return true }
    }
    while let byte = try byte(distance) {
      guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return false }
      distance += 1
      guard distance <= maximumBytes else { return false }
    }
    return true
  }

  private func line() throws -> ArraySlice<UInt8>? {
    while true {
      var distance = 0
      while let byte = try byte(distance), byte != 0x0A {
        distance += 1
        guard distance <= maximumBytes else {
          throw invalid("a line is longer than \(maximumBytes >> 20) MiB")
        }
      }
      let found = buffer[position..<position + distance]
      let isLast = try byte(distance) == nil
      position += isLast ? distance : distance + 1
      if isLast { isOver = true }
      // Blank lines are no rows.
      if found.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { return found }
      if isLast { return nil }
      discard()
    }
  }

  private func element() throws -> ArraySlice<UInt8>? {
    let next = try skipBlanks()
    if next == UInt8(ascii: "]") {
      position += 1
      isOver = true
      try checkEnd()
      return nil
    }
    if isFirst {
      isFirst = false
    } else {
      guard next == UInt8(ascii: ",") else { throw invalid("a comma or the end of the array is expected") }
      position += 1
      _ = try skipBlanks()
    }
    return try object()
  }

  /// The object that begins here.
  private func object() throws -> ArraySlice<UInt8> {
    guard try byte(0) == UInt8(ascii: "{") else { throw invalid("an object is expected") }
    guard let length = try objectLength() else { throw invalid("an object does not end") }
    defer { position += length }
    return buffer[position..<position + length]
  }

  /// Bytes of the object that begins here; `nil` where it does not end.
  private func objectLength() throws -> Int? {
    var (depth, distance) = (0, 0)
    var (isString, isEscaped) = (false, false)
    while let byte = try byte(distance) {
      distance += 1
      if isString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isString = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
        if depth == 0 { return distance }
      }
      guard distance <= maximumBytes else {
        throw invalid("an object is longer than \(maximumBytes >> 20) MiB")
      }
    }
    return nil
  }

  /// Goes to the array in a member of the object around it.
  private func enter(_ member: String) throws {
    guard try skipBlanks() == UInt8(ascii: "{") else {
      throw invalid("an object with a member \(member) is expected")
    }
    position += 1
    form = .array
    self.member = member
    guard try find(member) else { throw invalid("there is no member \(member)") }
    position += 1
  }

  /// What stands behind the records would be lost without a word: nothing may.
  private func checkEnd() throws {
    if let member, try find(member) { throw invalid("the member \(member) stands there twice") }
    guard try skipBlanks() == nil else {
      throw invalid(
        "behind the \(member == nil ? "array" : "object") stands something else: a file has one, or a line for each object"
      )
    }
  }

  /// Goes to the array in a member of the object whose members come next; false behind the end of that object.
  private func find(_ member: String) throws -> Bool {
    let wanted = Array("\"\(member)\"".utf8)
    var isName = true
    while let byte = try skipBlanks() {
      switch byte {
      case UInt8(ascii: ","):
        isName = true
        position += 1
      case UInt8(ascii: "\""):
        let start = position
        try skipString()
        guard isName, buffer[start..<position].elementsEqual(wanted), try skipBlanks() == UInt8(ascii: ":")
        else {
          continue
        }
        position += 1
        guard try skipBlanks() == UInt8(ascii: "[") else { throw invalid("the member \(member) is no array") }
        return true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard let length = try objectLength() else { throw invalid("an object does not end") }
        position += length
      case UInt8(ascii: ":"):
        isName = false
        position += 1
      case UInt8(ascii: "}"):
        position += 1
        return false
      default: position += 1
      }
    }
    throw invalid("the object around the records does not end")
  }

  /// Passes a string. Nothing is forgotten meanwhile.
  private func skipString() throws {
    position += 1
    while let byte = try byte(0) {
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    throw invalid("a string does not end")
  }
}
