// Owns what is asked for when records are looked for by what they say.
// Invariants: a question names its entries, so that everybody knows which items it speaks of.

/// Which records, in which order (组合查询).
///
/// ```swift
/// var question = RecordQuestion(["XZCF"], where: "CF_JDRQ >= 2026-01-01 and CF_CFLB contains '罚款'")
/// question.order = ["-CF_JDRQ"]
/// let page = try session.records(matching: question)
/// ```
public struct RecordQuestion: Codable, Sendable, Equatable {
  /// Entries of a question at most.
  public static let maximumEntries = 200
  /// Records of a page at most.
  public static let maximumLimit = 1000

  /// Codes of the entries, 1 to 200.
  public var entries: [String]
  /// The condition, in the language of `credit query --where`; `nil` = all.
  public var condition: String?
  /// Items the records are ordered by, `-X` for the largest first; none = by entry and subject.
  public var order: [String]
  /// Whether only records count whose period or membership has begun and is not over: who is on a list today.
  public var isInForceOnly: Bool
  /// Records of a page, 1 to 1,000.
  public var limit: Int

  /// Makes a question.
  public init(
    _ entries: [String], where condition: String? = nil, order: [String] = [], isInForceOnly: Bool = false,
    limit: Int = 50
  ) {
    self.entries = entries
    self.condition = condition
    self.order = order
    self.isInForceOnly = isInForceOnly
    self.limit = limit
  }
}

/// A page of records that were looked for.
public struct RecordAnswer: Codable, Sendable, Equatable {
  /// The records.
  public var records: [ShownRecord]
  /// What to pass for the next page; `nil` behind the last one. Names a number, never anybody.
  public var next: String?
}
