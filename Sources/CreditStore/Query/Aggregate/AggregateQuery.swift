// Owns the description of an aggregate query and its result.
// Invariants: groups ascend with absent values first and texts by bytes; sums are exact.

import CreditModel

/// Counts and sums over groups of records (统计查询).
///
/// ```swift
/// let query = try AggregateQuery(entries: ["XZCF"], filter: Filter(parsing: "CF_NR_FK > 1"),
///   groups: [.init(parsing: "month(CF_JDRQ)")], measures: [.count, .sum("CF_NR_FK")])
/// let result = try database.snapshot().aggregate(query)
/// ```
public struct AggregateQuery: Sendable {
  /// What groups are made by.
  public struct Group: Sendable, Hashable {
    /// How the value of the column becomes that of the group.
    public enum Part: String, Sendable {
      /// As it is.
      case value
      /// Month of a date or timestamp.
      case month
      /// Quarter of a date or timestamp.
      case quarter
      /// Year of a date or timestamp.
      case year
    }
    /// How the value becomes that of the group.
    public var part: Part
    /// Item or store column.
    public var column: String
    /// The text it was given as: the key in results.
    public var label: String

    /// Reads `X`, `month(X)`, `quarter(X)` or `year(X)`.
    public init(parsing text: String) throws(CreditError) {
      label = text
      guard let open = text.firstIndex(of: "("), text.hasSuffix(")"),
        let part = Part(rawValue: text[..<open].lowercased()), part != .value
      else {
        part = .value
        column = Self.unquoted(text)
        return
      }
      self.part = part
      column = Self.unquoted(String(text[text.index(after: open)...].dropLast()))
    }

    static func unquoted(_ text: String) -> String {
      text.count >= 2 && text.hasPrefix("`") && text.hasSuffix("`")
        ? String(text.dropFirst().dropLast()) : text
    }
  }

  /// What is computed for each group.
  public struct Measure: Sendable, Hashable {
    /// The function.
    public enum Function: String, Sendable {
      /// Number of records.
      case count
      /// Sum of a number.
      case sum
      /// Smallest value.
      case min
      /// Largest value.
      case max
      /// Average of a number.
      case avg
      /// Number of different values.
      case distinct
    }
    /// The function.
    public var function: Function
    /// The item; empty for counts.
    public var item: String

    /// Number of records.
    public static let count = Measure(function: .count, item: "")
    /// Sum of an item.
    public static func sum(_ item: String) -> Measure { Measure(function: .sum, item: item) }

    /// Makes a measure.
    public init(function: Function, item: String) {
      self.function = function
      self.item = item
    }

    /// Reads `count`, `sum:X`, `min:X`, `max:X`, `avg:X` or `distinct:X`.
    public init(parsing text: String) throws(CreditError) {
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      guard let name = parts.first, let function = Function(rawValue: name.lowercased()),
        (function == .count) == (parts.count == 1)
      else {
        throw CreditError(
          "invalidMeasure", "'\(text)' is none of count, sum:X, min:X, max:X, avg:X, distinct:X")
      }
      self.init(function: function, item: parts.count > 1 ? Group.unquoted(parts[1]) : "")
    }

    /// The key in results: `count`, `sum(X)` …
    public var label: String { function == .count ? "count" : "\(function.rawValue)(\(item))" }
  }

  /// Codes of the entries; empty means all.
  public var entries: [String]
  /// Only records that satisfy it.
  public var filter: Filter?
  /// What groups are made by.
  public var groups: [Group]
  /// What is computed; empty means the count.
  public var measures: [Measure]
  /// How it is run.
  var execution = QueryExecution()

  /// Groups of a result at most.
  public static let maximumGroups = 5_000_000

  /// Makes a query.
  public init(
    entries: [String] = [], filter: Filter? = nil, groups: [Group] = [], measures: [Measure] = [.count]
  ) {
    self.entries = entries
    self.filter = filter
    self.groups = groups
    self.measures = measures.isEmpty ? [.count] : measures
  }
}

/// The result of an aggregate query.
public struct AggregateResult: Sendable {
  /// A value of a result.
  public enum Cell: Sendable, Equatable {
    /// Absent.
    case null
    /// A whole number, however large.
    case integer(Int128)
    /// Anything with a canonical text: dates, decimals, averages, texts.
    case text(String)
    /// A truth value.
    case boolean(Bool)
  }
  /// One group.
  public struct Row: Sendable, Equatable {
    /// Values of the groups in the order of the query.
    public var group: [Cell]
    /// Values of the measures in the order of the query.
    public var measures: [Cell]

    /// Makes a row.
    public init(group: [Cell], measures: [Cell]) {
      self.group = group
      self.measures = measures
    }
  }
  /// The groups, ascending; one without groups in the query.
  public var rows: [Row]
  /// Records looked at.
  public var recordsScanned: Int
  /// Records that satisfied the filter.
  public var recordsMatched: Int
  /// How the rows were found.
  public var explanation = AggregateExplanation()

  init(rows: [Row], recordsScanned: Int, recordsMatched: Int) {
    self.rows = rows
    self.recordsScanned = recordsScanned
    self.recordsMatched = recordsMatched
  }
}

/// How a query found its rows (执行说明).
public struct AggregateExplanation: Sendable, Codable, Equatable {
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
  /// Stretches found through the subject directory, because the filter names identifiers.
  public var partsFoundBySubject = 0

  /// Nothing was looked at.
  public init() {}

  init(
    parts: Int, threads: Int, rowsOfParts: Int, rowsSkippedByZoneMap: Int, rowsSkippedByDictionary: Int,
    partsFoundBySubject: Int
  ) {
    self.parts = parts
    self.threads = threads
    self.rowsOfParts = rowsOfParts
    self.rowsSkippedByZoneMap = rowsSkippedByZoneMap
    self.rowsSkippedByDictionary = rowsSkippedByDictionary
    self.partsFoundBySubject = partsFoundBySubject
  }
}
