// Owns the columns a query can use: items of entries and the store's own columns.
// Invariants: an item has one type in all entries of a query; where an entry lacks it, its rows have no value.

import CreditModel
import SegmentStore

/// A column of a query.
enum QueryColumn: Hashable {
  /// An item, by its position in the query's list of items.
  case item(Int)
  case entry
  case unit
  case batch
  /// The batch of a record's first version.
  case received
  case state
  case subjectKind
  case division

  static let storeColumns: [String: QueryColumn] = [
    "$entry": .entry, "$unit": .unit, "$batch": .batch, "$received": .received, "$state": .state,
    "$subjectKind": .subjectKind,
    "$division": .division,
  ]
}

/// The items a query uses, and where each entry keeps them.
struct QueryItems {
  private let entries: [PublishedEntry]
  private(set) var items: [CatalogueItem] = []
  private var positions: [String: Int] = [:]

  init(_ entries: [PublishedEntry]) { self.entries = entries }

  /// The column of a name; items are added to the query as they are met.
  mutating func column(_ name: String, at offset: Int? = nil) throws(CreditError) -> QueryColumn {
    if let column = QueryColumn.storeColumns[name] { return column }
    if let position = positions[name] { return .item(position) }
    var found: CatalogueItem?
    for entry in entries {
      guard let index = entry.entry.itemIndex(name) else { continue }
      let item = entry.entry.items[index]
      if let other = found, other.type != item.type || other.scale != item.scale {
        throw CreditError(
          "typeMismatch", "item \(name) has different types in the entries asked for; name one --entry",
          item: name,
          offset: offset.map(Int64.init))
      }
      // Where entries protect the item differently, the stricter one speaks for all.
      found = found.map { CatalogueItem.stricter($0, item) } ?? item
    }
    guard let found else {
      let codes = entries.map(\.entry.code).prefix(5).joined(separator: ", ")
      throw CreditError(
        "unknownItem", "no item \(name) in \(codes)", item: name, offset: offset.map(Int64.init))
    }
    positions[name] = items.count
    items.append(found)
    return .item(positions[name] ?? 0)
  }

  /// The type of a column.
  func type(_ column: QueryColumn) -> ItemType {
    switch column {
    case .item(let position): items[position].type
    case .batch, .received: .integer
    default: .text
    }
  }

  /// The columns of the query in one entry, for a scan; absent items get an id no row has.
  func schema(of entry: PublishedEntry) -> DatasetSchema {
    var missing = UInt32.max
    return DatasetSchema(
      dataset: entry.dataset, version: 1,
      columns: items.map { item in
        if let index = entry.entry.itemIndex(item.id) { return entry.schema.columns[index] }
        defer { missing -= 1 }
        return ColumnSchema(id: missing, type: item.type.isText ? .text : .integer)
      })
  }
}

/// A value while a query runs: a number or bytes, as stored.
enum QueryValue: Hashable, Comparable {
  case null
  case number(Int64)
  case text([UInt8])

  static func < (left: QueryValue, right: QueryValue) -> Bool {
    switch (left, right) {
    case (.null, .null): false
    case (.null, _): true
    case (_, .null): false
    case (.number(let left), .number(let right)): left < right
    case (.text(let left), .text(let right)): left.lexicographicallyPrecedes(right)
    case (.number, .text): true
    case (.text, .number): false
    }
  }
}
