// Owns what is asked for when records are counted and added up, and the figures that come of it.
// Invariants: the words are those of `credit aggregate`.

/// Which figures (统计查询).
///
/// ```swift
/// let question = FigureQuestion(["XZCF"], groupedBy: ["month(CF_JDRQ)", "$unit"], measures: ["count", "sum:CF_NR_FK"])
/// for row in try session.figures(question).rows { print(row.group, row.measures) }
/// ```
public struct FigureQuestion: Codable, Sendable, Equatable {
  /// Codes of the entries, 1 to 200.
  public var entries: [String]
  /// Only records that satisfy it; `nil` = all.
  public var condition: String?
  /// What groups are made by: an item, `month(X)`, `quarter(X)`, `year(X)`, or a column of the store such as `$unit`.
  public var groups: [String]
  /// `count`, `sum:X`, `min:X`, `max:X`, `avg:X`, `distinct:X`; none = the count.
  public var measures: [String]

  /// Makes a question.
  public init(
    _ entries: [String], where condition: String? = nil, groupedBy groups: [String] = [],
    measures: [String] = ["count"]
  ) {
    self.entries = entries
    self.condition = condition
    self.groups = groups
    self.measures = measures
  }
}

/// Figures over the records that somebody may see.
public struct Figures: Codable, Sendable, Equatable {
  /// One group.
  public struct Row: Codable, Sendable, Equatable {
    /// Its values, in the order of the question; `nil` where records have none.
    public var group: [String?]
    /// The figures, in the order of the question; `nil` where nothing was added up.
    public var measures: [String?]
  }

  /// The groups, ascending; one without groups in the question.
  public var rows: [Row]
  /// The role whose records they are of.
  public var role: String
  /// The commit of the store.
  public var commit: UInt64
}
