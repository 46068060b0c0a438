// Owns what callers are told about how a question found its rows.
// Invariants: counts rows, never names one.

/// How a query found its rows (执行说明).
public struct QueryExplanation: Sendable, Codable, Equatable {
  /// Stretches of rows that were walked.
  public var parts = 0
  /// Threads that walked them.
  public var threads = 0
  /// Rows of these stretches, superseded and withdrawn ones too.
  public var rowsOfParts = 0
  /// Rows left out because the smallest and largest value of their blocks cannot match.
  public var rowsSkippedByZoneMap = 0
  /// Rows left out because no word of their dictionary matches.
  public var rowsSkippedByDictionary = 0
  /// Stretches found through the subject directory: because the filter names identifiers, or a page begins behind a subject.
  public var partsFoundBySubject = 0
}
