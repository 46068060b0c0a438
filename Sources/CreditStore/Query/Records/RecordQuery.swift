// Owns the description of a question that returns records, and the page it gives.
// Invariants: records stand in one total order that no merge changes, so that pages neither overlap nor leave gaps.

/// Which records, in which order, and how many at a time (记录查询).
///
/// ```swift
/// var query = RecordQuery(entries: ["XZCF"], filter: try Filter(parsing: "CF_JDRQ >= 2021-01-01"))
/// query.order = [try .init(parsing: "-CF_JDRQ")]
/// repeat {
///   let page = try snapshot.records(matching: query)
///   for record in page.records { print(record.key) }
///   query.cursor = page.next
/// } while query.cursor != nil
/// ```
public struct RecordQuery: Sendable {
  /// A column that records are ordered by.
  public struct Order: Sendable, Equatable {
    /// Item or store column such as `$batch`.
    public var column: String
    /// Whether the largest come first.
    public var isDescending: Bool

    /// Makes an order.
    public init(_ column: String, isDescending: Bool = false) {
      self.column = column
      self.isDescending = isDescending
    }

    /// Reads `X`, or `-X` for the largest first.
    public init(parsing text: String) throws(CreditError) {
      let isDescending = text.hasPrefix("-")
      let name = AggregateQuery.Group.unquoted(isDescending ? String(text.dropFirst()) : text)
      guard !name.isEmpty else {
        throw CreditError("invalidOrder", "an order names an item, or an item behind '-'")
      }
      self.init(name, isDescending: isDescending)
    }
  }

  /// Records of one page at most.
  public static let maximumLimit = 10_000

  /// Codes of the entries; empty means all.
  public var entries: [String]
  /// Only records that satisfy it.
  public var filter: Filter?
  /// What they are ordered by: texts by bytes, absent values first, or last where the largest come first; among equals by entry, subject and
  /// record key.
  public var order: [Order]
  /// Records of a page, 1 to 10,000.
  public var limit: Int
  /// Where the page before ended (`RecordPage.next`); it goes on at the commit of that page. Holds values of a record: see there.
  public var cursor: String?
  /// How it is run.
  var execution = QueryExecution()

  /// Makes a query.
  public init(
    entries: [String] = [], filter: Filter? = nil, order: [Order] = [], limit: Int = 100,
    cursor: String? = nil
  ) {
    self.entries = entries
    self.filter = filter
    self.order = order
    self.limit = limit
    self.cursor = cursor
  }
}

/// Some records that match a query.
public struct RecordPage: Sendable {
  /// The records in their order.
  public var records: [CreditRecord]
  /// Where the next page begins; `nil` behind the last record.
  ///
  /// Readable by whoever has it: it holds the subject, the record key and the order's values of the page's last record. Give it only to those
  /// who may see these, or keep it and give out a name for it.
  public var next: String?
  /// The commit as of which all pages are read.
  public var commit: UInt64
  /// How the rows were found.
  public var explanation: QueryExplanation
}
