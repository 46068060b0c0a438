// Owns conditions on texts: on whole texts, and on the words and templates of a dictionary.
// Invariants: texts compare by their bytes; what is said of a template holds for every text made of it. Marked kernel: reads inside the
// bytes it is given.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import SegmentStore

/// A condition on texts.
struct TextCondition {
  private enum Test {
    case compare(Filter.Comparison)
    case isIn(TextNumbering, longest: Int)
  }

  private let test: Test
  /// What texts are compared with; kept in place.
  private let literal: Literal

  /// Bytes that do not move.
  private final class Literal {
    let bytes: UnsafeRawBufferPointer
    init(_ text: [UInt8]) {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.count), alignment: 8)
      memory.copyBytes(from: text)
      bytes = UnsafeRawBufferPointer(rebasing: memory[..<text.count])
    }
    deinit { bytes.baseAddress?.deallocate() }
  }

  init(_ comparison: Filter.Comparison, _ text: [UInt8]) {
    test = .compare(comparison)
    literal = Literal(text)
  }

  /// One of a list.
  init(isIn list: [[UInt8]]) {
    let texts = TextNumbering()
    for text in list { _ = text.withUnsafeBytes { texts.number(of: $0) } }
    test = .isIn(texts, longest: list.reduce(0) { max($0, $1.count) })
    literal = Literal([])
  }

  /// The texts that alone can satisfy it, where it says so.
  var wantedTexts: [[UInt8]]? {
    switch test {
    case .compare(.equal): [Array(literal.bytes)]
    case .compare: nil
    case .isIn(let texts, _): (0..<texts.count).map { Array(texts[$0]) }
    }
  }

  // MARK: Texts

  /// Whether a text satisfies it.
  func holds(_ text: UnsafeRawBufferPointer) -> Bool {
    switch test {
    case .isIn(let texts, let longest): return text.count <= longest && texts.known(text) != nil
    case .compare(.contains): return ByteSearch.contains(text, literal.bytes)
    case .compare(.startsWith): return Self.starts(text, literal.bytes)
    case .compare(.equal): return text.count == literal.bytes.count && Self.starts(text, literal.bytes)
    case .compare(.notEqual): return !(text.count == literal.bytes.count && Self.starts(text, literal.bytes))
    case .compare(let comparison): return Self.holds(ByteSearch.order(text, literal.bytes), comparison)
    }
  }

  private static func holds(_ order: Int, _ comparison: Filter.Comparison) -> Bool {
    switch comparison {
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    case .equal: order == 0
    case .notEqual: order != 0
    case .contains, .startsWith: false
    }
  }

  private static func starts(_ text: UnsafeRawBufferPointer, _ prefix: UnsafeRawBufferPointer) -> Bool {
    guard text.count >= prefix.count else { return false }
    guard let first = text.baseAddress, let second = prefix.baseAddress, prefix.count > 0 else { return true }
    return memcmp(first, second, prefix.count) == 0
  }

  // MARK: Templates

  /// Whether all texts of a template satisfy it, or none; `nil` where it depends on their numbers.
  func decide(_ template: UnsafeRawBufferPointer) -> Bool? {
    switch test {
    case .compare(.equal): return Self.match(template, literal.bytes, isWhole: true) == false ? false : nil
    case .compare(.notEqual): return Self.match(template, literal.bytes, isWhole: true) == false ? true : nil
    case .compare(.startsWith): return Self.match(template, literal.bytes, isWhole: false)
    case .compare(.contains): return decideContains(template)
    case .compare(let comparison):
      // Bytes before the first number decide, where they differ.
      let head = UnsafeRawBufferPointer(
        rebasing: template[..<(template.firstIndex(where: Self.isHole) ?? template.count)])
      let common = min(head.count, literal.bytes.count)
      let order = ByteSearch.order(
        UnsafeRawBufferPointer(rebasing: head[..<common]),
        UnsafeRawBufferPointer(rebasing: literal.bytes[..<common]))
      if order != 0 { return Self.holds(order, comparison) }
      return literal.bytes.count <= head.count ? Self.holds(1, comparison) : nil
    case .isIn(let texts, _):
      return (0..<texts.count).contains { Self.match(template, texts[$0], isWhole: true) != false }
        ? nil : false
    }
  }

  @inline(__always)
  private static func isHole(_ byte: UInt8) -> Bool { byte > 0 && byte <= UInt8(TextTemplate.maximumDigits) }

  @inline(__always)
  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }

  private func decideContains(_ template: UnsafeRawBufferPointer) -> Bool? {
    // A text with bytes that stand for numbers is never taken apart.
    if literal.bytes.contains(where: Self.isHole) { return false }
    if ByteSearch.contains(template, literal.bytes) { return true }
    return literal.bytes.contains(where: Self.isDigit) ? nil : false
  }

  /// Whether texts of a template are (or start with) given bytes: all, none, or it depends.
  private static func match(
    _ template: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, isWhole: Bool
  ) -> Bool? {
    var place = 0
    var depends = false
    for byte in template {
      if place == bytes.count, !isWhole { return depends ? nil : true }
      guard isHole(byte) else {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        continue
      }
      let digits = isWhole ? Int(byte) : min(Int(byte), bytes.count - place)
      guard bytes.count - place >= digits, bytes[place..<place + digits].allSatisfy(isDigit) else {
        return false
      }
      depends = true
      place += digits
    }
    guard place == bytes.count else { return false }
    return depends ? nil : true
  }

  // MARK: Numbers of templates

  /// The numbers that a text of a template must have to be the one wanted; `nil` unless the condition is `=` and the template fits.
  func equalNumbers(_ template: UnsafeRawBufferPointer) -> [UInt64]? {
    guard case .compare(.equal) = test, Self.match(template, literal.bytes, isWhole: true) != false else {
      return nil
    }
    var numbers: [UInt64] = []
    var place = 0
    for byte in template {
      guard Self.isHole(byte) else {
        place += 1
        continue
      }
      numbers.append(literal.bytes[place..<place + Int(byte)].reduce(0) { $0 * 10 + UInt64($1 - 0x30) })
      place += Int(byte)
    }
    return numbers
  }

  /// The digits to look for, where only digits are.
  var digitSearch: DigitSearch? {
    guard case .compare(.contains) = test, (1...9).contains(literal.bytes.count),
      literal.bytes.allSatisfy(Self.isDigit)
    else { return nil }
    return DigitSearch(
      wanted: literal.bytes.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }, count: literal.bytes.count)
  }
}
