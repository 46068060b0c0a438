// Owns the result of checking one identifier.
// Invariants: `isValid` is exactly "no error"; warnings never unset it; `normalized` never holds a guess.
// Does not decide what happens to a row with a failing identifier (see the entry's `invalidIdentifier`).

/// The verdict on one identifier (校验结论), with the reasons for it.
///
/// ```swift
/// let verdict = Identifier.check("91130302ma0000015n", on: today)
/// verdict.isValid      // true
/// verdict.normalized   // "91130302MA0000015N"
/// ```
public struct IdentifierVerdict: Sendable, Hashable {
  /// The text as it was given.
  public let input: String
  /// The kind asked for, or the kind found by form.
  public let kind: IdentifierKind
  /// The normalised text: half width, upper case, without blanks and, in structured numbers, hyphens.
  public let normalized: String
  /// Reasons that make the identifier invalid, in a fixed order.
  public let errors: [IdentifierReason]
  /// Reasons worth knowing that leave the identifier valid.
  public let warnings: [IdentifierReason]
  /// Whether there is no error.
  public var isValid: Bool { errors.isEmpty }
}

/// The error thrown where a text must be a valid identifier of one kind.
public struct IdentifierError: Error, Sendable, CustomStringConvertible {
  /// The verdict that explains the refusal.
  public let verdict: IdentifierVerdict
  /// A sentence that names the kind and the reasons but not the identifier, which may be personal.
  public var description: String {
    "not a valid \(verdict.kind.rawValue): " + verdict.errors.map(\.explanation).joined(separator: "; ")
  }
}
