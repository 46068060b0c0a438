// Owns the engine's view of a dataset: its columns and their types.
// Invariants: column ids are stable for ever and unique in a schema; ids below 16 are the engine's own.
// Does not know catalogue entries, items or rules.

/// Number of a dataset: the rows of one kind.
public struct DatasetID: Hashable, Sendable, Comparable, RawRepresentable {
  /// The number, 1 to 2^24 - 1.
  public let rawValue: UInt32
  /// Takes a number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Datasets sort by number.
  public static func < (left: DatasetID, right: DatasetID) -> Bool { left.rawValue < right.rawValue }
}

/// Physical type of a column.
public enum ColumnType: UInt8, Sendable {
  /// 64-bit integer.
  case integer = 1
  /// Bytes, by custom UTF-8.
  case text = 2
}

/// One column of a dataset.
public struct ColumnSchema: Hashable, Sendable {
  /// Stable id, from 16.
  public var id: UInt32
  /// Physical type.
  public var type: ColumnType
  /// Makes a column.
  public init(id: UInt32, type: ColumnType) {
    self.id = id
    self.type = type
  }
}

/// The columns of a dataset in one schema version.
public struct DatasetSchema: Hashable, Sendable {
  /// The dataset.
  public var dataset: DatasetID
  /// Version of the schema, from 1; blocks name it.
  public var version: UInt32
  /// The columns in row order.
  public var columns: [ColumnSchema]
  /// Position of the integer column by which a subject's rows are ordered.
  public var orderColumn: Int?
  /// Position of the text column by which subjects are searched: large segments index its texts.
  public var searchColumn: Int?

  /// Makes a schema.
  public init(
    dataset: DatasetID, version: UInt32, columns: [ColumnSchema], orderColumn: Int? = nil,
    searchColumn: Int? = nil
  ) {
    self.dataset = dataset
    self.version = version
    self.columns = columns
    self.orderColumn = orderColumn
    self.searchColumn = searchColumn
  }

  /// Id of the order column; 0 = none.
  package var orderColumnID: UInt32 { orderColumn.map { columns[$0].id } ?? 0 }
  /// Id of the search column; 0 = none.
  package var searchColumnID: UInt32 { searchColumn.map { columns[$0].id } ?? 0 }

  /// Columns of a dataset at most.
  public static let maximumColumns = 4096

  /// Checks limits and consistency.
  package func validate() throws(StoreError) {
    guard (1..<1 << 24).contains(dataset.rawValue) else {
      throw StoreError(.limit, "dataset numbers are 1 to 2^24 - 1")
    }
    guard columns.count <= Self.maximumColumns else { throw StoreError(.limit, "more than 4096 columns") }
    guard Set(columns.map(\.id)).count == columns.count, columns.allSatisfy({ $0.id >= 16 }) else {
      throw StoreError(.invalidArgument, "column ids must be unique and at least 16")
    }
    if let orderColumn {
      guard columns.indices.contains(orderColumn), columns[orderColumn].type == .integer else {
        throw StoreError(.invalidArgument, "the order column must be an integer column")
      }
    }
    if let searchColumn {
      guard columns.indices.contains(searchColumn), columns[searchColumn].type == .text else {
        throw StoreError(.invalidArgument, "the search column must be a text column")
      }
    }
  }
}

/// The engine's own columns, stored like any other.
package enum SystemColumn: UInt32 {
  /// Commit that wrote the row; 0 = the commit that added the segment.
  case commit = 1
  /// Batch the row came with.
  case batch = 2
  /// Version of the record, from 1.
  case version = 3
  /// State of the version, a small number the store gives a meaning.
  case state = 4
  /// Commit that superseded the row; only in segments of history.
  case superseded = 5

  /// The columns every row has, in their order.
  package static let always: [SystemColumn] = [.commit, .batch, .version, .state]

  package var index: Int { Int(rawValue) - 1 }
}
