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
    private let table: ResultTable
    private let row: Int
    private let firstColumn: Int
    /// Number of values.
    public let count: Int

    init(_ table: ResultTable, row: Int, columns: Range<Int>) {
      self.table = table
      self.row = row
      firstColumn = columns.lowerBound
      count = columns.count
    }

    /// Takes values as they are.
    public init(_ cells: some Sequence<Cell>) {
      let columns = cells.map { ResultTable.Column.cells([$0]) }
      self.init(
        ResultTable(columns, groupColumns: 0, rowCount: 1), row: 0, columns: columns.indices)
    }

    /// Values as a literal.
    public init(arrayLiteral elements: Cell...) { self.init(elements) }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of values.
    public var endIndex: Int { count }

    /// The value at an index from 0; texts are made when they are asked for.
    public subscript(index: Int) -> Cell {
      precondition(index >= 0 && index < count, "there are \(count) values")
      return table.cell(row, firstColumn + index)
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

  /// The groups of a result, counted from 0.
  public struct Rows: RandomAccessCollection, Sendable, Equatable {
    private let table: ResultTable

    init(_ table: ResultTable) { self.table = table }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of groups.
    public var endIndex: Int { table.rowCount }

    /// The group at an index from 0.
    public subscript(index: Int) -> Row {
      precondition(index >= 0 && index < endIndex, "there are \(endIndex) groups")
      return Row(
        group: Cells(table, row: index, columns: 0..<table.groupColumns),
        measures: Cells(table, row: index, columns: table.groupColumns..<table.columns.count))
    }

    /// Whether the groups are the same, one by one.
    public static func == (left: Rows, right: Rows) -> Bool { left.elementsEqual(right) }
  }

  /// The groups, ascending; one without groups in the query.
  public let rows: Rows
  /// Records looked at.
  public var recordsScanned: Int
  /// Records that satisfied the filter.
  public var recordsMatched: Int
  /// The items that the query names, by id.
  public internal(set) var items: [String: CatalogueItem] = [:]
  /// How the rows were found.
  public var explanation = QueryExplanation()

  init(rows: Rows, recordsScanned: Int, recordsMatched: Int) {
    self.rows = rows
    self.recordsScanned = recordsScanned
    self.recordsMatched = recordsMatched
  }
}
