// Owns splitting a text into a template and its numbers: document numbers differ in digits, their words repeat.
// Invariants: lossless: a template and its numbers give back exactly the bytes; at most four numbers of 1 to 18 digits; a text
// with bytes that could be mistaken for holes is not split. Marked kernel: writes at most as many bytes as the text has.
//
// A hole stands in the template as one byte, the count of its digits (1 to 18); leading zeros belong to the number.

/// A text taken apart.
package enum TextTemplate {
  /// Numbers of one text at most; further digits stay words.
  package static let maximumHoles = 4
  /// Digits of one number at most: they fit 64 bits.
  package static let maximumDigits = 18

  /// Splits a text.
  ///
  /// - Parameters:
  ///   - template: room for as many bytes as the text has.
  ///   - numbers: room for four numbers.
  /// - Returns: bytes of the template and numbers, or `nil` when the text has no number to take out.
  package static func split(
    _ text: UnsafeRawBufferPointer, template: UnsafeMutableRawPointer, numbers: UnsafeMutablePointer<UInt64>
  ) -> (count: Int, holes: Int)? {
    guard let base = text.baseAddress else { return nil }
    var written = 0
    var holes = 0
    var index = 0
    let end = text.count
    while index < end {
      let byte = base.load(fromByteOffset: index, as: UInt8.self)
      if byte &- 0x30 > 9 {
        if byte <= UInt8(maximumDigits), byte > 0 { return nil }
        template.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
        written &+= 1
        index &+= 1
        continue
      }
      var number: UInt64 = 0
      var digits = 0
      while index &+ digits < end {
        let digit = base.load(fromByteOffset: index &+ digits, as: UInt8.self) &- 0x30
        guard digit <= 9 else { break }
        if digits < maximumDigits { number = number &* 10 &+ UInt64(digit) }
        digits &+= 1
      }
      if digits <= maximumDigits, holes < maximumHoles {
        template.storeBytes(of: UInt8(digits), toByteOffset: written, as: UInt8.self)
        written &+= 1
        numbers[holes] = number
        holes &+= 1
      } else {
        (template + written).copyMemory(from: base + index, byteCount: digits)
        written &+= digits
      }
      index &+= digits
    }
    return holes > 0 ? (written, holes) : nil
  }

  /// The numbers of a template; `nil` where splitting its texts would not give it back: too many, or digits beside one another.
  package static func holes(_ template: UnsafeRawBufferPointer) -> Int? {
    var holes = 0
    var isBehindDigits = false
    var isBehindHole = false
    for byte in template {
      let isHole = byte > 0 && byte <= UInt8(maximumDigits)
      let isDigit = byte &- 0x30 <= 9
      if isHole, isBehindDigits || isBehindHole { return nil }
      if isDigit, isBehindHole { return nil }
      if isHole { holes += 1 }
      (isBehindHole, isBehindDigits) = (isHole, isDigit)
    }
    return holes <= maximumHoles ? holes : nil
  }

  /// Bytes of the text that a template with numbers stands for.
  package static func textCount(_ template: UnsafeRawBufferPointer) -> Int {
    var count = template.count
    for byte in template where byte > 0 && byte <= UInt8(maximumDigits) { count += Int(byte) - 1 }
    return count
  }

  /// Writes the text; `target` has room for `textCount` bytes, `number` is asked for each hole in turn.
  ///
  /// - Returns: bytes written.
  @inline(__always)
  package static func render(
    _ template: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, number: (Int) -> UInt64
  ) -> Int {
    var written = 0
    var hole = 0
    for byte in template {
      guard byte > 0, byte <= UInt8(maximumDigits) else {
        target.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
        written &+= 1
        continue
      }
      var rest = number(hole)
      hole &+= 1
      var place = written &+ Int(byte)
      written = place
      for _ in 0..<byte {
        place &-= 1
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        target.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: digit), toByteOffset: place, as: UInt8.self)
        rest = quotient
      }
    }
    return written
  }
}
