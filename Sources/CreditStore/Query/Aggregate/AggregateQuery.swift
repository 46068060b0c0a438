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
    /// Smallest value of an item.
    public static func min(_ item: String) -> Measure { Measure(function: .min, item: item) }
    /// Largest value of an item.
    public static func max(_ item: String) -> Measure { Measure(function: .max, item: item) }
    /// Average of an item.
    public static func avg(_ item: String) -> Measure { Measure(function: .avg, item: item) }
    /// Number of different values of an item.
    public static func distinct(_ item: String) -> Measure { Measure(function: .distinct, item: item) }

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
  /// Threads that work on it; 0 = one for each processor, where there are rows enough. The answer is the same.
  public var threadLimit: Int {
    get { execution.threads }
    set { execution.threads = max(0, newValue) }
  }
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
