// Owns the error of reading or validating catalogue entries.
// Invariants: always names the entry (or the file) and the place in it.

/// What is wrong with a catalogue entry, and where.
public struct CatalogueError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Code of the entry, or `nil` when the JSON could not be read that far.
  public let entry: String?
  /// Place in the entry, such as `items[3].type`; empty for the whole.
  public let path: String
  /// What is wrong and what would be right.
  public let message: String

  /// Makes an error.
  public init(entry: String?, path: String, message: String) {
    self.entry = entry
    self.path = path
    self.message = message
  }

  /// Entry, path and message in one line.
  public var description: String {
    [entry.map { "catalogue entry \($0)" } ?? "catalogue", path, message].filter { !$0.isEmpty }
      .joined(separator: ": ")
  }
}
