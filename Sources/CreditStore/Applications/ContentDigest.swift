// Owns SHA-256 for the applications above: of what they print, log and sign.
// Invariants: FIPS 180-4; texts of digests are lower-case hex.

import SegmentStore

/// Digests of bytes.
package enum ContentDigest {
  /// The SHA-256 of bytes, 32 of them.
  package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] { SHA256.hash(bytes) }

  /// Two hex digits a byte.
  package static func hex(_ bytes: some Sequence<UInt8>) -> String {
    Array(bytes).hexText
  }

  /// The bytes of a hex text; `nil` for anything else.
  package static func bytes(hex: String) -> [UInt8]? {
    let values = hex.utf8.map { digits.firstIndex(of: $0) }
    guard values.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: values.count, by: 2) {
      guard let high = values[place], let low = values[place + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }

  private static let digits = Array("0123456789abcdef".utf8)
}
