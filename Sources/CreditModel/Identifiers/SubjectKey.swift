// Owns the 128-bit key under which the store finds a subject, and its way back to text.
// Invariants: structured numbers and texts up to 15 bytes are lossless; keys of one kind sort as their texts;
// equal texts of one kind give equal keys. The layout is part of the file format (docs/file-format.md).
// Does not hold the full text of long identifiers: the store keeps it once and compares it at every look-up.

/// The 128-bit key of a subject (主体键): 4 bits of family, 124 bits of body.
///
/// Structured numbers are packed six bits a character (0 = end, 1 to 10 = digits, 11 to 36 = letters) from the
/// top, so that an authority with its category, or a division of one authority, is one range of keys.
///
/// ```swift
/// let key = SubjectKey(Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)) { _ in digest }
/// key.text   // "91130302MA0000015N"
/// ```
public struct SubjectKey: Hashable, Sendable, Comparable {
  /// The longest identifier that can become a key, in UTF-8 bytes.
  public static let maximumTextBytes = 256
  /// The longest text that is kept in the key itself, in UTF-8 bytes.
  public static let maximumInlineTextBytes = 15
  /// The most characters of a structured number.
  package static let maximumStructuredCharacters = 20

  /// What the upper four bits say.
  public enum Family: UInt8, Sendable, CaseIterable {
    /// Rows of the store's own tables.
    case system = 0
    /// Unified social credit codes (统一社会信用代码).
    case unifiedSocialCreditCode = 1
    /// Citizen identity numbers (公民身份号码).
    case citizenIdentityNumber = 2
    /// Organisation codes (组织机构代码).
    case organizationCode = 3
    /// Business registration numbers (工商注册号).
    case businessRegistrationNumber = 4
    /// Taxpayer numbers (纳税人识别号).
    case taxpayerNumber = 5
    /// Other texts of up to 15 bytes.
    case shortText = 6
    /// Other texts of 16 to 256 bytes: five leading bytes and 84 bits of a digest.
    case longText = 7
  }

  /// The packed key.
  public let rawValue: UInt128

  /// Takes a packed key as it stands in a file.
  @inlinable public init(rawValue: UInt128) { self.rawValue = rawValue }

  /// The family, or `nil` for a key no version of this library writes.
  public var family: Family? { Family(rawValue: UInt8(truncatingIfNeeded: rawValue >> 124)) }

  /// Whether the key leaves out part of the text, so that the store must compare the full text.
  public var needsFullText: Bool { family == .longText }

  /// Packs an identifier.
  ///
  /// - Parameters:
  ///   - identifier: kind and normalised text, at most 256 UTF-8 bytes.
  ///   - digest: gives 128 bits of a strong hash of the UTF-8 bytes; only called for long texts.
  /// - Returns: the key, or `nil` for an empty or overlong text.
  public init?(_ identifier: Identifier, digest: (String) -> UInt128) {
    let text = identifier.text
    guard !text.isEmpty, text.utf8.count <= Self.maximumTextBytes else { return nil }
    if let family = Self.structuredFamily(identifier.kind), let body = Self.pack(text.utf8) {
      self.init(rawValue: UInt128(family.rawValue) << 124 | body)
    } else if text.utf8.count <= Self.maximumInlineTextBytes, !text.utf8.contains(0) {
      self.init(shortText: text)
    } else {
      self.init(longText: text, digest: digest(text))
    }
  }

  /// Packs normalised bytes without building a text; `nil` when they are no structured number.
  package init?(structured bytes: IdentifierBytes, kind: IdentifierKind) {
    guard let family = Self.structuredFamily(kind), bytes.count > 0,
      bytes.count <= Self.maximumStructuredCharacters, !bytes.hasOtherCharacters
    else { return nil }
    var body: UInt128 = 0
    for index in 0..<bytes.count {
      let symbol = Self.symbol(bytes[index])
      guard symbol > 0 else { return nil }
      body = body << 6 | UInt128(symbol)
    }
    body <<= UInt128(124 - 6 * bytes.count)
    self.init(rawValue: UInt128(family.rawValue) << 124 | body)
  }

  private init(shortText text: String) {
    var body: UInt128 = 0
    for byte in text.utf8 { body = body << 8 | UInt128(byte) }
    body <<= UInt128(8 * (Self.maximumInlineTextBytes - text.utf8.count))
    self.init(
      rawValue: UInt128(Family.shortText.rawValue) << 124 | body << 4 | UInt128(text.utf8.count))
  }

  private init(longText text: String, digest: UInt128) {
    var body: UInt128 = 0
    for byte in text.utf8.prefix(5) { body = body << 8 | UInt128(byte) }
    body = body << 84 | (digest & (1 << 84 - 1))
    self.init(rawValue: UInt128(Family.longText.rawValue) << 124 | body)
  }

  /// The text of the key; `nil` for long texts and keys of the store's own tables.
  public var text: String? {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { target in
      guard let base = target.baseAddress else { return nil }
      let count = Self.renderText(rawValue, to: base)
      return count > 0 ? String(decoding: target[..<count], as: UTF8.self) : nil
    }
  }

  /// Writes the text of a raw key, at most 32 bytes, and returns its length; 0 for keys without a text.
  ///
  /// The engine renders columns that repeat their row's key with it.
  @Sendable
  package static func renderText(_ rawValue: UInt128, to target: UnsafeMutableRawPointer) -> Int {
    switch SubjectKey(rawValue: rawValue).family {
    case nil, .system, .longText: return 0
    case .shortText:
      let count = Int(truncatingIfNeeded: rawValue & 15)
      for index in 0..<count {
        let shift = UInt128(4 + 8 * (maximumInlineTextBytes - 1 - index))
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: rawValue >> shift), toByteOffset: index, as: UInt8.self)
      }
      return count
    default:
      // Two halves of 64 bits: shifting 128 bits for each symbol costs several times as much.
      let high = UInt64(truncatingIfNeeded: rawValue >> 64)
      let low = UInt64(truncatingIfNeeded: rawValue)
      for index in 0..<maximumStructuredCharacters {
        let shift = 118 - 6 * index
        let symbol: UInt8
        if shift >= 64 {
          symbol = UInt8(truncatingIfNeeded: high >> UInt64(shift - 64)) & 63
        } else if shift > 58 {
          symbol = UInt8(truncatingIfNeeded: high << UInt64(64 - shift) | low >> UInt64(shift)) & 63
        } else {
          symbol = UInt8(truncatingIfNeeded: low >> UInt64(shift)) & 63
        }
        if symbol == 0 { return index }
        target.storeBytes(
          of: symbol <= 10 ? 0x2F + symbol : 0x36 + symbol, toByteOffset: index, as: UInt8.self)
      }
      return maximumStructuredCharacters
    }
  }

  /// Packs a text of up to 20 digits and capital letters as structured keys do, without a family: such texts sort as these numbers. `nil` for
  /// all others.
  package static func packedText(_ text: UnsafeRawBufferPointer) -> UInt128? { pack(text) }

  /// The kind of identifier of a structured key; short and long texts are `document`.
  public var kind: IdentifierKind? {
    switch family {
    case .unifiedSocialCreditCode: .unifiedSocialCreditCode
    case .citizenIdentityNumber: .citizenIdentityNumber
    case .organizationCode: .organizationCode
    case .businessRegistrationNumber: .businessRegistrationNumber
    case .taxpayerNumber: .taxpayerNumber
    case .shortText, .longText: .document
    case .system, nil: nil
    }
  }

  /// The administrative division inside the number, where its kind carries one.
  public var division: Int? {
    guard let text, let kind else { return nil }
    switch kind {
    case .unifiedSocialCreditCode: return Int(text.dropFirst(2).prefix(6))
    case .citizenIdentityNumber, .businessRegistrationNumber: return Int(text.prefix(6))
    case .taxpayerNumber where text.utf8.count == 15: return Int(text.prefix(6))
    default: return nil
    }
  }

  /// Keys sort by family, then as their texts.
  public static func < (left: SubjectKey, right: SubjectKey) -> Bool { left.rawValue < right.rawValue }

  private static func structuredFamily(_ kind: IdentifierKind) -> Family? {
    switch kind {
    case .unifiedSocialCreditCode: .unifiedSocialCreditCode
    case .citizenIdentityNumber: .citizenIdentityNumber
    case .organizationCode: .organizationCode
    case .businessRegistrationNumber: .businessRegistrationNumber
    case .taxpayerNumber: .taxpayerNumber
    case .document, .unknown: nil
    }
  }

  /// 1 to 10 for digits, 11 to 36 for capital letters, 0 for anything else.
  private static func symbol(_ byte: UInt8) -> UInt8 {
    if byte &- 0x30 <= 9 { return byte - 0x2F }
    if byte &- 0x41 <= 25 { return byte - 0x36 }
    return 0
  }

  private static func pack(_ text: some Collection<UInt8>) -> UInt128? {
    guard text.count <= maximumStructuredCharacters else { return nil }
    // Two halves of ten symbols: shifting 128 bits for each costs several times as much.
    var high: UInt64 = 0
    var low: UInt64 = 0
    var count = 0
    for byte in text {
      let symbol = symbol(byte)
      guard symbol > 0 else { return nil }
      if count < 10 { high = high << 6 | UInt64(symbol) } else { low = low << 6 | UInt64(symbol) }
      count += 1
    }
    let (inHigh, inLow) = (min(count, 10), max(0, count - 10))
    return UInt128(high) << UInt128(124 - 6 * inHigh) | UInt128(low) << UInt128(64 - 6 * inLow)
  }
}
