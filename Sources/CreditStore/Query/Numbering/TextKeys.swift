// Owns the 128 bits that stand for a text while a question runs, so that texts of subjects and document numbers need not be put together to be
// told apart.
// Invariants: equal texts have equal keys and different texts different ones, however a segment stores them, within one question; what the key
// of a text is follows from the text alone, in this order: capital letters and digits up to 20 as subject keys pack them; up to 15 bytes as
// they are; a template and its numbers, where these fit 64 bits; else the number of the text in a list. Belongs to one thread; templates are
// numbered together with the other threads of the question. Marked kernel: scratch has room for the text at hand.
// Does not count or number keys.

import CreditModel
import SegmentStore

/// Makes keys of texts, and texts of keys.
final class TextKeys {
  /// What the upper four bits of a key say.
  private enum Kind {
    static let packed: UInt128 = 0
    static let short = UInt128(SubjectKey.Family.shortText.rawValue)
    static let template: UInt64 = 14
    static let listed: UInt128 = 15
  }

  /// How the texts of a template become keys: the upper half, and where each number stands in the lower.
  struct Shape {
    let high: UInt64
    let shifts: [UInt64]
    /// By number, the first that has too many digits.
    let limits: [UInt64]
  }

  /// The first number of more than so many digits.
  private static let powers: [UInt64] = (1...TextTemplate.maximumDigits).reduce(into: [1]) { powers, digits in
    powers.append(powers[digits - 1] * 10)
  }
  /// Bits of a number of so many digits.
  private static let bitsOfDigits = powers.map { UInt64(BitPacking.width(of: $0 - 1)) }

  /// What this thread knows of them.
  private let known: TemplateNumbers.Reader
  /// Texts that have no key of their own, by number.
  let listed = TextNumbering()
  private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 16)
  private let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)

  init(_ templates: TemplateNumbers) {
    known = TemplateNumbers.Reader(templates)
    numbers.initialize(repeating: 0, count: TextTemplate.maximumHoles)
  }

  deinit {
    scratch.deallocate()
    numbers.deallocate()
  }

  var byteCount: Int { listed.byteCount + known.byteCount + scratch.count }

  // MARK: Keys

  /// The key of a text that is listed here.
  static func listedKey(_ number: UInt32) -> UInt128 { Kind.listed << 124 | UInt128(number) }

  /// The number of the text of a key in the list; `nil` for keys that are the same in all threads.
  static func listedNumber(_ key: UInt128) -> Int? {
    key >> 124 == Kind.listed ? Int(truncatingIfNeeded: key & UInt128(UInt32.max)) : nil
  }

  /// The key of the text of a subject's key.
  ///
  /// - Throws: `damaged` for keys without a text, which stand for none in a sound file.
  @inline(__always)
  func key(ofSubject raw: UInt128) throws(StoreError) -> UInt128 {
    // Structured numbers are packed as texts are, behind their family.
    let family = raw >> 124
    if family > 0, family < Kind.short { return raw & (1 << 124 - 1) }
    return try key(ofUnstructured: raw)
  }

  private func key(ofUnstructured raw: UInt128) throws(StoreError) -> UInt128 {
    let found = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { target -> UInt128? in
      let count = target.baseAddress.map { SubjectKey.renderText(raw, to: $0) } ?? 0
      return count > 0 ? key(of: UnsafeRawBufferPointer(rebasing: target[..<count])) : nil
    }
    guard let found else { throw StoreError(.damaged, "a key without a text stands for a text") }
    return found
  }

  /// The key of a text.
  func key(of text: UnsafeRawBufferPointer) -> UInt128 {
    if let packed = SubjectKey.packedText(text) { return packed }
    if text.count <= SubjectKey.maximumInlineTextBytes, !text.contains(0) { return Self.shortKey(text) }
    if text.count <= TemplateNumbers.maximumTextBytes,
      let (count, holes) = TextTemplate.split(text, template: room(text.count), numbers: numbers),
      let shape = shape(ofTemplate: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
    {
      var low: UInt64 = 0
      for hole in 0..<min(holes, shape.shifts.count) { low |= numbers[hole] << shape.shifts[hole] }
      return Self.key(shape.high, low)
    }
    return Self.listedKey(listed.number(of: text))
  }

  private static func shortKey(_ text: UnsafeRawBufferPointer) -> UInt128 {
    var body: UInt128 = 0
    for byte in text { body = body << 8 | UInt128(byte) }
    body <<= UInt128(8 * (SubjectKey.maximumInlineTextBytes - text.count))
    return Kind.short << 124 | body << 4 | UInt128(text.count)
  }

  /// The key of a text of a template.
  @inline(__always)
  static func key(_ high: UInt64, _ low: UInt64) -> UInt128 { UInt128(high) << 64 | UInt128(low) }

  /// How texts of a template become keys; `nil` where they are keyed as the texts they are.
  func shape(ofTemplate template: UnsafeRawBufferPointer) -> Shape? {
    let length = TextTemplate.textCount(template)
    guard length > SubjectKey.maximumInlineTextBytes, length <= TemplateNumbers.maximumTextBytes else {
      return nil
    }
    var (shifts, limits): ([UInt64], [UInt64]) = ([], [])
    var bits: UInt64 = 0
    var isPacked = length <= SubjectKey.maximumStructuredCharacters
    for byte in template {
      if byte > 0, byte <= UInt8(TextTemplate.maximumDigits) {
        shifts.append(bits)
        limits.append(Self.powers[Int(byte)])
        bits += Self.bitsOfDigits[Int(byte)]
      } else if isPacked {
        isPacked = withUnsafeBytes(of: byte) { SubjectKey.packedText($0) != nil }
      }
    }
    guard !isPacked, bits <= 64, let number = known.number(of: template) else { return nil }
    return Shape(high: Kind.template << 60 | UInt64(number), shifts: shifts, limits: limits)
  }

  // MARK: Texts

  /// Gives the text of a key of this thread. Several threads may ask once no key is made any more.
  func withText<Result>(_ key: UInt128, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    if let number = Self.listedNumber(key) { return body(listed[number]) }
    let kind = key >> 124
    guard kind == UInt128(Kind.template) else {
      let family = SubjectKey.Family.unifiedSocialCreditCode.rawValue
      let raw = kind == Kind.short ? key : UInt128(family) << 124 | key
      return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { target in
        let count = target.baseAddress.map { SubjectKey.renderText(raw, to: $0) } ?? 0
        return body(UnsafeRawBufferPointer(rebasing: target[..<count]))
      }
    }
    let template = known.template(Int(UInt64(truncatingIfNeeded: key >> 64) & (1 << 60 - 1)))
    let length = TextTemplate.textCount(template)
    return withUnsafeTemporaryAllocation(byteCount: max(1, length), alignment: 8) { target in
      var rest = UInt64(truncatingIfNeeded: key)
      var digits = template.lazy.filter { $0 > 0 && $0 <= UInt8(TextTemplate.maximumDigits) }.makeIterator()
      let count =
        target.baseAddress.map { base in
          TextTemplate.render(template, to: base) { _ in
            let bits = Self.bitsOfDigits[Int(digits.next() ?? 0)]
            defer { rest = rest >> bits }
            return bits < 64 ? rest & (1 << bits - 1) : rest
          }
        } ?? 0
      return body(UnsafeRawBufferPointer(rebasing: target[..<count]))
    }
  }

  /// Learns the templates that other threads met: their keys may be given texts from now on.
  func finish() { known.synchronize() }

  /// Keys of one order sort as their texts: those of capital letters and digits, and other short ones; `nil` for a key that does not.
  static func order(_ key: UInt128) -> UInt128? {
    let kind = key >> 124
    return kind == Kind.packed || kind == Kind.short ? kind : nil
  }

  private func room(_ bytes: Int) -> UnsafeMutableRawPointer {
    if scratch.count < bytes + 16 {
      scratch.deallocate()
      scratch = .allocate(byteCount: max(bytes + 16, scratch.count * 2), alignment: 16)
    }
    // Never empty: it begins with 1,024 bytes.
    return scratch.baseAddress ?? UnsafeMutableRawPointer(numbers)
  }
}
