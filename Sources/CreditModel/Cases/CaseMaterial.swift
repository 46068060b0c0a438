// Owns a document that was handed in, by its digest.
// Invariants: the document itself is kept elsewhere.

/// A document that was handed in (证明材料).
public struct CaseMaterial: Codable, Sendable, Equatable {
  /// What it is.
  public var title: String
  /// SHA-256 of the file, 64 hex digits.
  public var sha256: String

  /// Makes it.
  public init(title: String, sha256: String) {
    self.title = title
    self.sha256 = sha256
  }

  package var isSound: Bool { !title.allSatisfy(\.isWhitespace) && DigestText.isOne(sha256) }
}
