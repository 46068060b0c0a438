// Owns reading the marks and texts of an XML document (XML 1.0, fifth edition) one after the other, as far as workbooks need them.
// Invariants: UTF-8 alone; a document type is refused, so that no entity can grow; prefixes of names are left out; a mark or text has a largest length,
// and elements nest a limited depth. Does not check that names of ends are those of their starts, only that elements end.

package import SegmentStore

/// Reads an XML document from first to last.
package struct XMLReader {
  package enum Event {
    /// An element begins: ``isElement(_:)``, ``attribute(_:)``.
    case start
    /// An element ends.
    case end
    /// Some text of the element: ``text``.
    case text
    /// The document is over.
    case over
  }

  /// Bytes of a mark or of a piece of text at most.
  static let maximumBytes = 1 << 20
  static let maximumDepth = 256
  private static let pieceBytes = 64 << 10

  private let source: any ByteSource
  private let path: String
  private var buffer: [UInt8] = []
  private var place = 0
  private var isEnd = false
  /// Elements that are open.
  private(set) var depth = 0
  /// An element without contents was begun, and ends next.
  private var endsNext = false
  private var name: Range<Int> = 0..<0
  private var attributes: [(name: Range<Int>, value: Range<Int>)] = []
  /// The text of the last `text` event, its entities replaced.
  package private(set) var text: [UInt8] = []

  package init(_ source: any ByteSource, path: String) throws(StoreError) {
    self.source = source
    self.path = path
    if try has([0xEF, 0xBB, 0xBF]) { place = 3 }
    let first = try byte(0)
    if first == 0xFE || first == 0xFF { throw damage("a part is not in UTF-8") }
  }

  private func damage(_ message: String) -> StoreError {
    .damaged("the workbook is damaged: \(message)", file: path, offset: 0)
  }

  // MARK: Elements

  /// Whether the element that began or ended last has a name.
  func isElement(_ wanted: StaticString) -> Bool { isEqual(name, wanted) }

  /// The value of an attribute of the element that began last.
  package func attribute(_ wanted: StaticString) -> [UInt8]? {
    guard let found = attributes.first(where: { isEqual($0.name, wanted) }) else { return nil }
    var value: [UInt8] = []
    Self.append(buffer[found.value], to: &value)
    return value
  }

  private func isEqual(_ range: Range<Int>, _ wanted: StaticString) -> Bool {
    wanted.withUTF8Buffer { buffer[range].elementsEqual($0) }
  }

  /// The next event.
  package mutating func next() throws(StoreError) -> Event {
    if endsNext {
      endsNext = false
      depth -= 1
      return .end
    }
    while true {
      discard()
      guard let byte = try byte(0) else {
        guard depth == 0 else { throw damage("a part ends inside of an element") }
        return .over
      }
      guard byte == UInt8(ascii: "<") else {
        let length = try length(to: "<", isOptional: true)
        text.removeAll(keepingCapacity: true)
        Self.append(buffer[place..<place + length], to: &text)
        place += length
        return .text
      }
      if let event = try mark() { return event }
    }
  }

  /// Passes a mark; `nil` where it says nothing.
  private mutating func mark() throws(StoreError) -> Event? {
    if try has(Array("<?".utf8)) {
      place += try length(to: "?>") + 2
      return nil
    }
    if try has(Array("<!--".utf8)) {
      place += 4
      place += try length(to: "-->") + 3
      return nil
    }
    if try has(Array("<![CDATA[".utf8)) {
      place += 9
      let length = try length(to: "]]>")
      text = Array(buffer[place..<place + length])
      place += length + 3
      return .text
    }
    if try has(Array("<!".utf8)) { throw damage("a part has a document type") }
    if try has(Array("</".utf8)) {
      let length = try length(to: ">")
      name = localName(place + 2..<place + length)
      place += length + 1
      guard depth > 0 else { throw damage("an element ends that did not begin") }
      depth -= 1
      return .end
    }
    try start()
    return .start
  }

  private mutating func start() throws(StoreError) {
    let end = place + (try markLength())
    var inside = place + 1..<end - 1
    if buffer[inside.upperBound - 1] == UInt8(ascii: "/"), inside.count > 1 {
      endsNext = true
      inside = inside.lowerBound..<inside.upperBound - 1
    }
    place = end
    depth += 1
    guard depth <= Self.maximumDepth else { throw damage("elements are nested too deep") }
    attributes.removeAll(keepingCapacity: true)
    var at = inside.lowerBound
    name = localName(word(&at, inside.upperBound))
    guard !name.isEmpty else { throw damage("an element has no name") }
    while true {
      while at < inside.upperBound, Self.isBlank(buffer[at]) { at += 1 }
      guard at < inside.upperBound else { return }
      let attribute = localName(word(&at, inside.upperBound))
      while at < inside.upperBound, Self.isBlank(buffer[at]) || buffer[at] == UInt8(ascii: "=") { at += 1 }
      guard at < inside.upperBound, buffer[at] == 0x22 || buffer[at] == 0x27,
        let close = buffer[at + 1..<inside.upperBound].firstIndex(of: buffer[at])
      else { throw damage("an attribute has no value") }
      attributes.append((attribute, at + 1..<close))
      at = close + 1
    }
  }

  /// A name from a place on, which moves behind it.
  private func word(_ at: inout Int, _ end: Int) -> Range<Int> {
    let start = at
    while at < end, !Self.isBlank(buffer[at]), buffer[at] != UInt8(ascii: "=") { at += 1 }
    return start..<at
  }

  /// A name without its prefix and blanks behind.
  private func localName(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    if let colon = buffer[range].lastIndex(of: UInt8(ascii: ":")) { start = colon + 1 }
    while end > start, Self.isBlank(buffer[end - 1]) { end -= 1 }
    return start..<end
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  // MARK: Bytes

  /// Forgets what was passed.
  private mutating func discard() {
    guard place >= Self.pieceBytes || place == buffer.count else { return }
    buffer.removeFirst(place)
    place = 0
  }

  private mutating func fill() throws(StoreError) {
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.pieceBytes))
    var read = 0
    var failure: StoreError?
    buffer.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      do throws(StoreError) {
        read = try source.read(into: base + start, count: Self.pieceBytes)
      } catch { failure = error }
    }
    buffer.removeLast(Self.pieceBytes - read)
    if let failure { throw failure }
    if read == 0 { isEnd = true }
  }

  /// The byte at a distance ahead, or `nil` behind the end.
  private mutating func byte(_ distance: Int) throws(StoreError) -> UInt8? {
    while place + distance >= buffer.count {
      guard !isEnd else { return nil }
      try fill()
    }
    return buffer[place + distance]
  }

  private mutating func has(_ wanted: [UInt8]) throws(StoreError) -> Bool {
    for (distance, byte) in wanted.enumerated() {
      guard try self.byte(distance) == byte else { return false }
    }
    return true
  }

  /// Bytes until some others begin.
  ///
  /// - Parameter isOptional: whether the document may end before.
  private mutating func length(to wanted: StaticString, isOptional: Bool = false) throws(StoreError) -> Int {
    let bytes = wanted.withUTF8Buffer { Array($0) }
    var distance = 0
    while true {
      // Everything there is is looked through before more is fetched.
      while place + distance + bytes.count <= buffer.count {
        if buffer[place + distance] == bytes[0],
          buffer[place + distance..<place + distance + bytes.count].elementsEqual(bytes)
        {
          return distance
        }
        distance += 1
      }
      guard distance <= Self.maximumBytes else { throw damage("a text or mark is too long") }
      if isEnd {
        guard isOptional else { throw damage("a part ends inside of a mark") }
        return buffer.count - place
      }
      try fill()
    }
  }

  /// Bytes of the mark that begins here, up to the `>` that is in no value.
  private mutating func markLength() throws(StoreError) -> Int {
    var distance = 1
    var quote: UInt8 = 0
    while let byte = try byte(distance) {
      distance += 1
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return distance
      }
      guard distance <= Self.maximumBytes else { throw damage("a text or mark is too long") }
    }
    throw damage("a part ends inside of a mark")
  }

  // MARK: Entities

  /// Appends text, its entities replaced; what is no entity stays as it stands.
  private static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
    guard bytes.contains(UInt8(ascii: "&")) else {
      text += bytes
      return
    }
    var rest = bytes
    while let byte = rest.first {
      if byte == UInt8(ascii: "&"), let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let character = character(String(decoding: rest[rest.startIndex + 1..<end], as: UTF8.self))
      {
        text += Array(String(Character(character)).utf8)
        rest = rest[(end + 1)...]
      } else {
        text.append(byte)
        rest = rest.dropFirst()
      }
    }
  }

  private static func character(_ entity: String) -> Unicode.Scalar? {
    switch entity {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default: break
    }
    guard entity.hasPrefix("#") else { return nil }
    let digits = entity.dropFirst()
    let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return number.flatMap(Unicode.Scalar.init)
  }
}
