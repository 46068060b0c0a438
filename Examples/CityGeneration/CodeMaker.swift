// Owns making synthetic identifiers with right check characters.
// Invariants: codes are synthetic: divisions of one city, bodies drawn at random.

import CreditModel

/// Makes identifiers.
public enum CodeMaker {
  public static let divisions = ["130302", "130303", "130304", "130306", "130321", "130322", "130324"]
  private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

  /// A unified social credit code from its first 8 places and the 8 of its organisation code's body.
  public static func creditCode(prefix: String, body: [UInt8]) -> String {
    var bytes = Array(prefix.utf8) + body
    bytes.append(organizationCheck(body))
    var sum = 0
    var weight = 1
    for byte in bytes {
      sum += (alphabet.firstIndex(of: byte) ?? 0) * weight
      weight = weight * 3 % 31
    }
    bytes.append(alphabet[(31 - sum % 31) % 31])
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A credit code of a random body. Organisation codes use no letter the credit code lacks.
  public static func creditCode(_ random: inout SeededRandom, kind: String = "91") -> String {
    let body = (0..<8).map { index in
      index == 0 ? UInt8(0x4D) : index == 1 ? UInt8(0x41) : alphabet[random.below(31)]
    }
    return creditCode(prefix: kind + random.pick(divisions), body: body)
  }

  public static func organizationCheck(_ body: [UInt8]) -> UInt8 {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(body, weights).reduce(0) { $0 + Int($1.0 > 0x39 ? $1.0 - 0x37 : $1.0 - 0x30) * $1.1 }
    switch 11 - sum % 11 {
    case 10: return 0x58
    case 11: return 0x30
    case let digit: return UInt8(0x30 + digit)
    }
  }

  /// A citizen identity number of somebody born from 1950 to 2003.
  public static func identityNumber(_ random: inout SeededRandom) -> String {
    let birth = Day(daysSinceEpoch: -7305 + random.below(19_700)) ?? .epoch
    let date = birth.description.filter { $0 != "-" }
    let sequence = String(1000 + random.below(999)).dropFirst()
    let digits = random.pick(divisions) + date + sequence
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(digits.utf8, weights).reduce(0) { $0 + Int($1.0 - 0x30) * $1.1 }
    return digits + String(Array("10X98765432")[sum % 11])
  }
}
