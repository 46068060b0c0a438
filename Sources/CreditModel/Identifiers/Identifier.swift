// Owns the identifier as a value: its kind and its normalised text.
// Invariants: the text is normalised; an identifier may be invalid (the city keeps such records), `check` tells.
// Does not know of subjects or records.

/// An identifier of a credit subject (信用主体标识): kind and normalised text.
///
/// ```swift
/// let identifier = Identifier(detecting: "91130302MA0000015N", on: today)
/// identifier.kind   // .unifiedSocialCreditCode
/// ```
public struct Identifier: Hashable, Sendable, Codable {
  /// The kind of number.
  public let kind: IdentifierKind
  /// The normalised text.
  public let text: String

  /// Takes a text under a given kind, normalising it.
  ///
  /// - Parameters:
  ///   - text: the identifier as people write it; any length, only 256 bytes can become a subject key.
  ///   - kind: the kind to take it as.
  public init(_ text: String, as kind: IdentifierKind) {
    self.kind = kind
    self.text = Self.normalize(text, as: kind)
  }

  /// Takes a text under the kind its form suggests.
  public init(detecting text: String, on today: Day) {
    var copy = text
    let bytes = copy.withUTF8 { IdentifierBytes(normalizing: $0.span) }
    kind = IdentifierDetection.kind(of: bytes, on: today)
    self.text = Self.normalize(text, bytes, as: kind)
  }

  private enum CodingKeys: String, CodingKey { case kind, text }

  /// Reads an identifier, however its text is written.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try values.decode(String.self, forKey: .text), as: try values.decode(IdentifierKind.self, forKey: .kind)
    )
  }

  /// Whether the text is personal information that public output must mask.
  public var isPersonal: Bool { kind.namesNaturalPerson }

  /// Checks a text and says why it is valid or not.
  ///
  /// - Parameters:
  ///   - text: one identifier as people write it.
  ///   - kind: forces a kind; without it the form decides, in the order credit code, identity number,
  ///     organisation code, registration number, taxpayer number.
  ///   - today: the day against which birth dates are judged.
  /// - Returns: the verdict with kind, normalised text and reasons. Never traps, whatever the text.
  public static func check(
    _ text: String, as kind: IdentifierKind? = nil, on today: Day
  ) -> IdentifierVerdict {
    var text = text
    let assessment = text.withUTF8 { buffer in
      IdentifierDetection.assess(IdentifierBytes(normalizing: buffer.span), as: kind, on: today)
    }
    var reasons = assessment.reasons
    if text.utf8.count > SubjectKey.maximumTextBytes { reasons.insert(.tooLong) }
    let all = reasons.list
    return IdentifierVerdict(
      input: text, kind: assessment.kind, normalized: normalize(text, as: assessment.kind),
      errors: all.filter(\.isError), warnings: all.filter { !$0.isError })
  }

  private static func normalize(_ text: String, as kind: IdentifierKind) -> String {
    guard kind != .document, kind != .unknown else { return IdentifierBytes.normalizedDocument(text) }
    var text = text
    return normalize(text, text.withUTF8 { IdentifierBytes(normalizing: $0.span) }, as: kind)
  }

  /// - Parameter bytes: those of the text, normalised.
  private static func normalize(_ text: String, _ bytes: IdentifierBytes, as kind: IdentifierKind) -> String {
    guard kind != .document, kind != .unknown, bytes.count <= IdentifierBytes.capacity else {
      return IdentifierBytes.normalizedDocument(text)
    }
    // Nearly every text is normalised already, and is shared then.
    return bytes.changedNothing ? text : bytes.text
  }
}
