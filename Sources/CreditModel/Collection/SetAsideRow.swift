// Owns rows that are kept aside: questionable and unlinked ones, with their reasons.
// Invariants: the raw row is kept whole, except for records over 16 MiB; messages never repeat personal values.
// Does not store them (CreditStore).

/// Why a row was kept aside.
public enum SetAsideState: Int64, Sendable, Codable {
  /// Some rule failed (疑问数据).
  case questionable = 1
  /// Well formed, but nothing identifies its subject (未关联数据).
  case unlinked = 2

  /// The word of the JSON contract.
  public var name: String { self == .questionable ? "questionable" : "unlinked" }
}

/// A row kept aside, as people and programs read it.
public struct SetAsideRow: Sendable {
  /// How the raw row is kept.
  public enum Raw: Sendable {
    /// A JSON object of header and cell.
    case object(String)
    /// The bytes of the record in Base64, because they are no text.
    case base64(String)
    /// The first 64 KiB in Base64, the length and the SHA-256 of a record over 16 MiB, as a JSON object.
    case excerpt(String)
    /// It is gone: it was in a damaged block when the store was repaired, or a purge that did not end took it.
    case missing
  }

  /// Number of the row in its file: records from 1 after the header.
  public let row: Int
  /// Questionable or unlinked.
  public let state: SetAsideState
  /// All reasons found.
  public let reasons: [RuleFinding]
  /// The row as it was sent.
  public let raw: Raw

  package init(row: Int, state: SetAsideState, reasons: [RuleFinding], raw: Raw) {
    self.row = row
    self.state = state
    self.reasons = reasons
    self.raw = raw
  }
}
