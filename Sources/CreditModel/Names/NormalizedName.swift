// Owns the form in which names of subjects are compared: width, case, spaces and the kind of brackets and dots do not count, and legal forms can be set aside.
// Invariants: normalising twice changes nothing; Chinese characters stay as they are; no input traps. Marked kernel: reads only what it is given.
// Does not decide who a name belongs to: two subjects may have the same.

/// A name in the form in which names are compared (名称规范化).
///
/// ```swift
/// NormalizedName("秦皇岛甲乙（集团） 有限公司") == NormalizedName("秦皇岛甲乙(集团)有限公司")
/// NormalizedName("秦皇岛甲乙有限责任公司").core == "秦皇岛甲乙"
/// ```
public struct NormalizedName: Hashable, Sendable {
  /// UTF-8 of the form that is compared.
  package let bytes: [UInt8]
  /// Bytes in front of the legal form; all of them where there is none, or nothing else.
  package let coreLength: Int

  /// Number of the rules of this file; indexes on disk hold names in this form.
  package static let formVersion: UInt32 = 1

  /// Normalises a name.
  public init(_ name: String) {
    var bytes: [UInt8] = []
    var name = name
    name.withUTF8 { Self.normalize(UnsafeRawBufferPointer($0), into: &bytes) }
    self.init(normalized: bytes)
  }

  package init(normalized bytes: [UInt8]) {
    self.bytes = bytes
    coreLength = Self.coreLength(bytes)
  }

  /// The form that is compared.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
  /// The same without the legal form at its end (组织形式): 有限责任公司, 股份有限公司 and the like.
  public var core: String { String(decoding: bytes[..<coreLength], as: UTF8.self) }
  /// Whether nothing is left that could be compared.
  public var isEmpty: Bool { bytes.isEmpty }

  // MARK: Legal forms

  /// Longer ones first. `[MEM]` of the company law and the rules on enterprise names; a default for comparing, not a rule.
  private static let legalForms: [[UInt8]] = [
    "(特殊普通合伙)", "(个人独资企业)", "股份有限公司", "有限责任公司", "(普通合伙)", "(有限合伙)", "(个人独资)", "有限公司",
    "股份公司",
  ].map { Array($0.utf8) }

  /// Bytes in front of the legal form of a normalised name.
  package static func coreLength(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { coreLength($0) } }

  /// The same of bytes that lie elsewhere.
  package static func coreLength(_ bytes: UnsafeRawBufferPointer) -> Int {
    for form in legalForms where bytes.count >= form.count && bytes.suffix(form.count).elementsEqual(form) {
      return bytes.count == form.count ? bytes.count : bytes.count - form.count
    }
    return bytes.count
  }

  /// All names that can differ from this one by their legal form alone, and the name itself; some of them differ by more.
  package var variants: [[UInt8]] {
    let core = Array(bytes[..<coreLength])
    return [core] + Self.legalForms.map { core + $0 }
  }

  // MARK: Characters

  private static let middleDot: [UInt8] = [0xC2, 0xB7]

  /// Appends the normalised form of UTF-8 text.
  package static func normalize(_ text: UnsafeRawBufferPointer, into target: inout [UInt8]) {
    // What stays as it is goes at once: nearly all of a name.
    var start = 0
    var place = 0
    while place < text.count {
      let byte = text[place]
      if isUnchanged(byte) {
        place += 1
        continue
      }
      let length = byte < 0x80 ? 1 : min(byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2, text.count - place)
      // Chinese characters, and what is no beginning of a character.
      if byte >= 0x80, byte >= 0xE4 && byte <= 0xE9 || byte == 0xE1 {
        place += length
        continue
      }
      target.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<place]))
      start = place
      if byte < 0x80 {
        append(ascii: byte, to: &target)
      } else {
        let second = length > 1 ? text[place + 1] : 0
        let third = length > 2 ? text[place + 2] : 0
        if !replace(byte, second, third, length: length, in: &target) {
          // It stays after all.
          place += length
          continue
        }
      }
      place += length
      start = place
    }
    target.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<text.count]))
  }

  /// Whether an ASCII character stays as it is.
  private static func isUnchanged(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x3B, 0x3D, 0x3F...0x5A, 0x5C, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
  }

  /// Appends what stands for a character that is not Chinese; false when it stays as it is.
  private static func replace(
    _ first: UInt8, _ second: UInt8, _ third: UInt8, length: Int, in target: inout [UInt8]
  ) -> Bool {
    switch (first, second, third) {
    case (0xC2, 0xA0, _) where length == 2, (0xC2, 0xAD, _) where length == 2: break
    // Spaces of many widths, ends of lines, directions and other invisible characters, the ideographic space, variants, the byte order mark.
    case (0xE2, 0x80, 0x80...0x8F), (0xE2, 0x80, 0xA8...0xAF), (0xE2, 0x81, 0x9F...0xAF), (0xE3, 0x80, 0x80),
      (0xEF, 0xB8, 0x80...0x8F), (0xEF, 0xBB, 0xBF):
      break
    // Dots between the parts of a name.
    case (0xE2, 0x80, 0xA2), (0xE2, 0x80, 0xA7), (0xE2, 0x8B, 0x85), (0xE3, 0x83, 0xBB), (0xEF, 0xBD, 0xA5):
      target += middleDot
    // Chinese brackets stand in pairs, the left one first.
    case (0xE3, 0x80, 0x88...0x91), (0xE3, 0x80, 0x94...0x9B):
      target.append(third & 1 == 0 ? 0x28 : 0x29)
    // Full-width forms of ASCII.
    case (0xEF, 0xBC, 0x81...0xBF): append(ascii: third &- 0x81 &+ 0x21, to: &target)
    case (0xEF, 0xBD, 0x80...0x9E): append(ascii: third &- 0x80 &+ 0x60, to: &target)
    default: return false
    }
    return true
  }

  private static func append(ascii byte: UInt8, to target: inout [UInt8]) {
    switch byte {
    case 0...0x20, 0x7F: break
    case 0x61...0x7A: target.append(byte &- 0x20)
    case 0x5B, 0x7B, 0x3C: target.append(0x28)
    case 0x5D, 0x7D, 0x3E: target.append(0x29)
    default: target.append(byte)
    }
  }
}
