// Owns looking for digits in the numbers that stand apart from their texts.
// Invariants: a number has as many digits as its template says, with zeros in front; the digits are found exactly where the text would have
// them.
// Does not look at numbers itself (RowVector).

import SegmentStore

/// Looks for digits in numbers without writing them out.
struct DigitSearch {
  let wanted: UInt64
  /// Digits of the wanted number, 1 to 9.
  let count: Int

  /// For each number of a template, at how many of its digits the wanted ones may begin; `nil` where a word with digits touches a number, so
  /// that they could begin in one and end in the other.
  func places(_ template: UnsafeRawBufferPointer) -> [UInt8]? {
    func isHole(_ byte: UInt8) -> Bool { byte > 0 && byte <= UInt8(TextTemplate.maximumDigits) }
    func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
    for (left, right) in zip(template, template.dropFirst())
    where isHole(left) && (isHole(right) || isDigit(right)) || isDigit(left) && isHole(right) { return nil }
    return template.filter(isHole).map { UInt8(max(0, Int($0) - count + 1)) }
  }
}
