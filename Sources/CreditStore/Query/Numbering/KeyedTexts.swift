// Owns numbering the distinct texts of a question by their keys.
// Invariants: equal texts have one number, numbers count up from 0 and never change.
// Does not read rows.

import SegmentStore

/// Distinct texts and their numbers, by key.
final class KeyedTexts {
  let keys: TextKeys
  private let numbers = IntegerNumbering<UInt128>()

  init(_ templates: TemplateNumbers) { keys = TextKeys(templates) }

  var count: Int { numbers.count }
  /// Bytes of texts and tables.
  var byteCount: Int { numbers.byteCount + keys.byteCount }

  /// The number of a key, which is added if it is new.
  @inline(__always)
  func number(of key: UInt128) -> UInt32 { numbers.number(of: key) }

  /// The number of a text, which is added if it is new.
  func number(of text: UnsafeRawBufferPointer) -> UInt32 { numbers.number(of: keys.key(of: text)) }

  /// The same for a text of the language.
  func number(of text: String) -> UInt32 {
    var text = text
    return text.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
  }

  /// Gives the text of a number.
  func withText<Result>(_ number: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    keys.withText(numbers[number], body)
  }

  /// The numbers that the texts of another numbering of the same question have here; those that are new are added.
  func numbers(of other: KeyedTexts) -> [UInt32] {
    guard other.keys.listed.count > 0 else { return numbers.numbers(of: other.numbers) }
    return (0..<other.count).map { number in
      let key = other.numbers[number]
      return TextKeys.listedNumber(key).map { self.number(of: other.keys.listed[$0]) }
        ?? numbers.number(of: key)
    }
  }

  /// Prepares for texts of keys that other threads made.
  func finish() {
    keys.finish()
    numbers.finish()
  }

  /// The numbers in the order of their texts' bytes, each plus an offset.
  func ascending(adding offset: UInt32) -> [UInt32] {
    if count > 0, let order = TextKeys.order(numbers[0]),
      (1..<count).allSatisfy({ TextKeys.order(numbers[$0]) == order })
    {
      return numbers.ascending(adding: offset)
    }
    let memory = StableArena()
    // The first eight bytes decide most comparisons.
    var order = (0..<count).map { number in
      withText(number) { text in
        (
          prefix: Self.prefix(text),
          text: UnsafeRawBufferPointer(start: memory.copy(text), count: text.count), number: UInt32(number)
        )
      }
    }
    order.sort { left, right in
      left.prefix != right.prefix ? left.prefix < right.prefix : ByteSearch.order(left.text, right.text) < 0
    }
    return withExtendedLifetime(memory) { order.map { $0.number + offset } }
  }

  private static func prefix(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var prefix: UInt64 = 0
    for index in 0..<min(8, text.count) { prefix |= UInt64(text[index]) << UInt64(56 - 8 * index) }
    return prefix
  }
}
