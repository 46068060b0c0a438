// Owns one change as it travels between platforms: its JSON line and its number.
// Invariants: a line is one object, members in a fixed order, so that the same change gives the same bytes; the number follows from the content, so that
// whoever gets it twice can tell.
// Does not know packages or files.

/// A record that goes to a receiver, or that the receiver shall no longer show (交换报文).
public struct ExchangeMessage: Codable, Sendable, Equatable {
  /// What the receiver does.
  public enum Operation: String, Codable, Sendable, CaseIterable {
    /// Takes the record in, or its new values.
    case put
    /// Shows it no longer: it was withdrawn, repaired, or belongs to somebody else.
    case withdraw
  }

  /// Who the record is about.
  public struct Subject: Codable, Sendable, Equatable {
    /// Kind of the identifier.
    public var kind: IdentifierKind
    /// Its text.
    public var text: String

    /// Makes a subject.
    public init(kind: IdentifierKind, text: String) {
      self.kind = kind
      self.text = text
    }
  }

  /// 32 hex digits that no other content has: receipts name it.
  public var id = ""
  /// What the receiver does.
  public var operation: Operation
  /// Code of the entry.
  public var entry: String
  /// Who the record is about.
  public var subject: Subject
  /// The record key, as the sender's entry makes it.
  public var key: String
  /// Version of the record.
  public var version: Int
  /// Its state, such as `loaded` or `corrected`.
  public var state: String
  /// Credit code of the unit that reported it.
  public var unit: String?
  /// Values by id of the item, in canonical form; absent ones are left out.
  public var values: [String: String]
  /// Of an entry without record key, whose content is the key: the values the receiver has for the record, where it was corrected.
  public var replaces: [String: String]?

  /// Makes a message; its number is missing yet.
  public init(
    operation: Operation, entry: String, subject: Subject, key: String, version: Int, state: String,
    unit: String?, values: [String: String], replaces: [String: String]? = nil
  ) {
    self.operation = operation
    self.entry = entry
    self.subject = subject
    self.key = key
    self.version = version
    self.state = state
    self.unit = unit
    self.values = values
    self.replaces = replaces
  }
}
