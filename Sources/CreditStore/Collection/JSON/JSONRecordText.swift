// Owns taking the text of one JSON object apart into the names and texts of its members.
// Invariants: reads inside the bytes it is given; numbers keep the digits they are written with, so that no decimal loses one, and powers of ten are written
// out; an object in an object is not looked into. Marked kernel: places stay below the count of bytes.
// Does not find objects in a file (JSONRecordReader).

/// Reads an object whose members are plain values (RFC 8259).
package struct JSONRecordText {
  /// A member's value.
  package enum Cell: Equatable {
    /// `null`.
    case absent
    /// The text of a string, or a number, `true`, `false`, an object or an array as written.
    case text([UInt8])
  }

  /// Levels of objects and arrays in a value at most.
  static let maximumDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0

  /// Reads the bytes of one object.
  ///
  /// - Parameter member: gets the name and value of each member, in order.
  /// - Returns: false where the bytes are no object; what was given until then counts for nothing.
  package static func read(_ bytes: ArraySlice<UInt8>, _ member: ([UInt8], Cell) -> Bool) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var text = JSONRecordText(bytes: bytes)
      return text.object(member)
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipBlanks() {
    while place < bytes.count,
      bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0A || bytes[place] == 0x0D
    {
      place += 1
    }
  }

  /// Passes a byte; false where another stands.
  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func object(_ member: ([UInt8], Cell) -> Bool) -> Bool {
    skipBlanks()
    guard take(UInt8(ascii: "{")) else { return false }
    skipBlanks()
    if take(UInt8(ascii: "}")) { return isOver }
    while true {
      skipBlanks()
      guard let name = string() else { return false }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { return false }
      skipBlanks()
      guard let cell = value(), member(name, cell) else { return false }
      skipBlanks()
      if take(UInt8(ascii: "}")) { return isOver }
      guard take(UInt8(ascii: ",")) else { return false }
    }
  }

  /// Whether nothing but blanks is left.
  private var isOver: Bool {
    bytes[place...].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
  }

  // MARK: Values

  private mutating func value() -> Cell? {
    switch next {
    case UInt8(ascii: "\"")?: return string().map { .text($0) }
    case UInt8(ascii: "{")?, UInt8(ascii: "[")?: return nested()
    case nil: return nil
    default: break
    }
    let start = place
    while let byte = next, byte > 0x20, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") { place += 1 }
    let word = Array(bytes[start..<place])
    if word == Array("null".utf8) { return .absent }
    if word == Array("true".utf8) || word == Array("false".utf8) { return .text(word) }
    return Self.isNumber(word) ? .text(Self.withoutPower(word) ?? word) : nil
  }

  /// The largest power of ten that is written out: no item has as many digits, and `1e999999999` would be a gigabyte.
  static let maximumPower = 64
  /// Bytes of a number whose power is written out, at most.
  private static let maximumNumberBytes = 128

  /// A number such as `1.5e-05`, which programs write for small and large ones, in digits alone; `nil` where it has no power or too large a one.
  static func withoutPower(_ number: [UInt8]) -> [UInt8]? {
    guard number.count <= maximumNumberBytes,
      let mark = number.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }),
      let power = Int(String(decoding: number[(mark + 1)...], as: UTF8.self)),
      (-maximumPower...maximumPower).contains(power)
    else { return nil }
    let isNegative = number.first == UInt8(ascii: "-")
    let mantissa = number[(isNegative ? 1 : 0)..<mark]
    let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mark
    var whole = Array(mantissa[..<point])
    var places = Array(mantissa[point...].dropFirst())
    for _ in 0..<abs(power) {
      if power > 0 {
        whole.append(places.isEmpty ? UInt8(ascii: "0") : places.removeFirst())
      } else {
        places.insert(whole.popLast() ?? UInt8(ascii: "0"), at: 0)
      }
    }
    let digits = whole.drop { $0 == UInt8(ascii: "0") }
    return (isNegative ? [UInt8(ascii: "-")] : []) + (digits.isEmpty ? [UInt8(ascii: "0")] : digits)
      + (places.isEmpty ? [] : [UInt8(ascii: ".")] + places)
  }

  /// Whether a word is a number as JSON writes them.
  static func isNumber(_ word: [UInt8]) -> Bool {
    var rest = word[...]
    func digits() -> Int { rest.prefix { $0 &- 0x30 <= 9 }.count }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let whole = digits()
    guard whole > 0, whole == 1 || rest.first != 0x30 else { return false }
    rest.removeFirst(whole)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      let places = digits()
      guard places > 0 else { return false }
      rest.removeFirst(places)
    }
    if rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      let power = digits()
      guard power > 0 else { return false }
      rest.removeFirst(power)
    }
    return rest.isEmpty
  }

  /// An object or array as it is written.
  private mutating func nested() -> Cell? {
    let start = place
    var closing: [UInt8] = []
    repeat {
      guard let byte = next else { return nil }
      switch byte {
      case UInt8(ascii: "\""):
        guard string() != nil else { return nil }
        continue
      case UInt8(ascii: "{"): closing.append(UInt8(ascii: "}"))
      case UInt8(ascii: "["): closing.append(UInt8(ascii: "]"))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard closing.popLast() == byte else { return nil }
      default: break
      }
      guard closing.count <= Self.maximumDepth else { return nil }
      place += 1
    } while !closing.isEmpty
    return .text(Array(bytes[start..<place]))
  }

  // MARK: Strings

  private mutating func string() -> [UInt8]? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    var text: [UInt8] = []
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return text
      case UInt8(ascii: "\\"): guard escape(&text) else { return nil }
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  private mutating func escape(_ text: inout [UInt8]) -> Bool {
    guard let byte = next else { return false }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      guard let scalar = scalar() else { return false }
      text += Array(String(Character(scalar)).utf8)
    default: return false
    }
    return true
  }

  /// The character of `\u` and of the pair that makes one above 65,535.
  private mutating func scalar() -> Unicode.Scalar? {
    guard let first = fourDigits() else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let second = fourDigits(),
      (0xDC00..<0xE000).contains(second)
    else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func fourDigits() -> UInt32? {
    guard place + 4 <= bytes.count else { return nil }
    var number: UInt32 = 0
    for byte in bytes[place..<place + 4] {
      switch byte {
      case 0x30...0x39: number = number << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: number = number << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: number = number << 4 | UInt32(byte - 0x61 + 10)
      default: return nil
      }
    }
    place += 4
    return number
  }
}
