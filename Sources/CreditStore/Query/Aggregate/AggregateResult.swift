// Owns the result of an aggregate query.
// Invariants: rows ascend by their groups.

public import CreditModel

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
  /// Some values in a row, counted from 0.
  public struct Cells: RandomAccessCollection, Sendable, Equatable, ExpressibleByArrayLiteral {
    /// Shared by all rows of a result: a result of many groups is one allocation.
    private let storage: [Cell]
    private let start: Int
    /// Number of values.
    public let count: Int

    init(_ storage: [Cell], _ range: Range<Int>) {
      self.storage = storage
      start = range.lowerBound
      count = range.count
    }

    /// Takes values as they are.
    public init(_ cells: some Sequence<Cell>) {
      let storage = Array(cells)
      self.init(storage, storage.indices)
    }

    /// Values as a literal.
    public init(arrayLiteral elements: Cell...) { self.init(elements) }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of values.
    public var endIndex: Int { count }

    /// The value at an index from 0.
    public subscript(index: Int) -> Cell {
      precondition(index >= 0 && index < count, "there are \(count) values")
      return storage[start + index]
    }

    /// Whether the values are the same, one by one.
    public static func == (left: Cells, right: Cells) -> Bool { left.elementsEqual(right) }
  }

  /// One group.
  public struct Row: Sendable, Equatable {
    /// Values of the groups in the order of the query.
    public var group: Cells
    /// Values of the measures in the order of the query.
    public var measures: Cells

    /// Makes a row.
    public init(group: [Cell], measures: [Cell]) {
      self.init(group: Cells(group), measures: Cells(measures))
    }

    init(group: Cells, measures: Cells) {
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
  /// The items that the query names, by id.
  public internal(set) var items: [String: CatalogueItem] = [:]
  /// How the rows were found.
  public var explanation = QueryExplanation()

  init(rows: [Row], recordsScanned: Int, recordsMatched: Int) {
    self.rows = rows
    self.recordsScanned = recordsScanned
    self.recordsMatched = recordsMatched
  }
}
