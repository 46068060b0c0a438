// Owns the check-character arithmetic of all structured identifiers.
// Invariants: inputs are bytes already known to be in the alphabet; -1 stands for "not in the alphabet".
// Does not look at anything but the arithmetic.

/// Check characters by GB 32100-2015, GB 11714-1997, GB 11643-1999 (ISO 7064 MOD 11-2) and ISO 7064 MOD 11,10.
package enum CheckCharacters {
  /// The 31 characters of a unified social credit code; I, O, S, V and Z are left out.
  package static let creditAlphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

  /// Value of a byte in the credit alphabet, or -1.
  package static let creditValues: InlineArray<256, Int8> = {
    var values = InlineArray<256, Int8>(repeating: -1)
    for (index, byte) in creditAlphabet.enumerated() { values[Int(byte)] = Int8(index) }
    return values
  }()

  /// Value of a byte in the credit alphabet without a table: digits, then letters less I, O, S, V and Z; or -1.
  @inline(__always)
  package static func creditValue(_ byte: UInt8) -> Int8 {
    if byte &- 0x30 <= 9 { return Int8(bitPattern: byte &- 0x30) }
    guard byte &- 0x41 <= 24 else { return -1 }
    let letter = UInt32(byte &- 0x41)
    // Bits of the letters that never occur: I, O, S, V.
    let skipped: UInt32 = 1 << 8 | 1 << 14 | 1 << 18 | 1 << 21
    guard skipped >> letter & 1 == 0 else { return -1 }
    return Int8(10 + letter - UInt32((skipped & (1 << letter - 1)).nonzeroBitCount))
  }

  private static let creditWeights: InlineArray<17, Int> = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
  ]
  private static let citizenWeights: InlineArray<17, Int> = [
    7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2,
  ]
  private static let organizationWeights: InlineArray<8, Int> = [3, 7, 9, 10, 5, 8, 4, 2]
  private static let citizenCharacters = Array("10X98765432".utf8)

  /// The weighted sum of places 1 to 17 modulo 31, or nil where a character is outside the alphabet.
  package static func creditRemainder(_ bytes: IdentifierBytes) -> Int? {
    var sum = 0
    for index in 0..<17 {
      let value = creditValues[Int(bytes[index])]
      guard value >= 0 else { return nil }
      sum += Int(value) * creditWeights[index]
    }
    return sum % 31
  }

  /// Check character of an 18-place citizen identity number whose first 17 places are digits.
  package static func citizen(_ bytes: IdentifierBytes) -> UInt8 {
    var sum = 0
    for index in 0..<17 { sum += Int(bytes[index] &- 0x30) * citizenWeights[index] }
    return citizenCharacters[sum % 11]
  }

  /// Check character of an organisation code that starts at `start`, or nil outside the alphabet 0-9 A-Z.
  package static func organization(_ bytes: IdentifierBytes, from start: Int) -> UInt8? {
    var sum = 0
    for index in 0..<8 {
      let value: Int
      switch bytes[start + index] {
      case let byte where byte &- 0x30 <= 9: value = Int(byte &- 0x30)
      case let byte where byte &- 0x41 <= 25: value = Int(byte &- 0x41) + 10
      default: return nil
      }
      sum += value * organizationWeights[index]
    }
    switch 11 - sum % 11 {
    case 10: return 0x58
    case 11: return 0x30
    case let digit: return UInt8(0x30 + digit)
    }
  }

  /// Check digit of 14 decimal digits by ISO 7064 MOD 11,10.
  package static func registration(_ bytes: IdentifierBytes) -> UInt8 {
    var product = 10
    for index in 0..<14 {
      var sum = (product + Int(bytes[index] &- 0x30)) % 10
      if sum == 0 { sum = 10 }
      product = (2 * sum) % 11
    }
    return UInt8(0x30 + (11 - product) % 10)
  }
}
