// Owns a rule that an entry asks of its rows, as data (校验规则): when it applies, what it demands, how much that weighs.
// Invariants: a rule says what it needs in its own words, so that a city changes its rules without a program; what is absent never fails a comparison.
// Does not judge rows (EntryRules) and does not replace the national rules, which are built in.

/// A rule of a catalogue entry about the values of one row.
///
/// All of `when` must hold for the rule to apply, and then all of `require`. In JSON:
///
/// ```json
/// {"id": "R01", "message": "a text must come with 其他",
///  "when": [{"item": "XKLB", "is": "equal", "to": "其他"}], "require": [{"item": "XKLB_TEXT", "is": "present"}]}
/// ```
public struct EntryRule: Codable, Sendable, Hashable {
  /// What a row that breaks the rule comes to.
  public enum Severity: String, Codable, Sendable, CaseIterable {
    /// The row is set aside as questionable.
    case error
    /// The row is taken in and counted as a warning.
    case warning
  }

  /// Id of the rule, unique in the entry; reasons of rows set aside name it. Ids that begin with `V` and `R-` belong to the national rules.
  public var id: String
  /// How much it weighs.
  public var severity: Severity
  /// What must hold for the rule to apply; empty = always.
  public var when: [RuleClause]
  /// What must hold then.
  public var require: [RuleClause]
  /// What is wrong where it does not, for people; must not quote values.
  public var message: String

  /// Makes a rule.
  public init(
    id: String, severity: Severity = .error, when: [RuleClause] = [], require: [RuleClause], message: String
  ) {
    self.id = id
    self.severity = severity
    self.when = when
    self.require = require
    self.message = message
  }

  /// Reads the JSON form; missing keys take their defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    severity = try container.decodeIfPresent(Severity.self, forKey: .severity) ?? .error
    when = try container.decodeIfPresent([RuleClause].self, forKey: .when) ?? []
    require = try container.decode([RuleClause].self, forKey: .require)
    message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
  }
}

/// One condition on an item of a row.
public struct RuleClause: Codable, Sendable, Hashable {
  /// What is asked of the item's value.
  public enum Relation: String, Codable, Sendable, CaseIterable {
    /// It is there; unknown where the file has no column for it.
    case present
    /// It is not there; unknown where the file has no column for it.
    case absent
    /// It is the other value.
    case equal
    /// It is another value.
    case notEqual
    /// It is smaller, or earlier.
    case less
    /// It is not larger, or not later.
    case atMost
    /// It is larger, or later.
    case greater
    /// It is not smaller, or not earlier.
    case atLeast
    /// It is one of some values.
    case `in`
    /// It is none of some values.
    case notIn
    /// It has the text somewhere in it.
    case contains
    /// The whole text fits a pattern (``TextPattern``).
    case matches
    /// No amount in 元 inside the other item's text is the same number: whoever writes "罚款3000元" beside 3000 (万元) slipped by ten thousand.
    case notWrittenInYuan
  }

  /// Id of the item.
  public var item: String
  /// What is asked.
  public var `is`: Relation
  /// What it is compared with, written as a cell would be; the pattern of `matches`.
  public var to: String?
  /// The values of `in` and `notIn`.
  public var values: [String]?
  /// Id of the item it is compared with, instead of `to`.
  public var other: String?

  /// Makes a condition.
  public init(
    _ item: String, _ relation: Relation, to: String? = nil, values: [String]? = nil, other: String? = nil
  ) {
    self.item = item
    self.is = relation
    self.to = to
    self.values = values
    self.other = other
  }
}
