// Owns an entry as the store knows it: with its dataset and the columns of its items.
// Invariants: an item keeps its column id through all versions of its entry while its type stays; ids are never reused.

public import CreditModel
package import SegmentStore

/// A catalogue entry that is published in a store.
///
/// A class of constants: every record refers to its entry, and an entry has too many parts to copy for each.
public final class PublishedEntry: Sendable {
  /// The entry.
  public let entry: CatalogueEntry
  package let dataset: DatasetID
  package let columnIDs: [UInt32]
  package let nextColumnID: UInt32
  /// Columns of all items any version had, by `columnName`.
  package let knownColumns: [String: UInt32]
  package let schema: DatasetSchema
  /// By item.
  package let storedForms: [StoredForm]
  /// Item indexes of subject and record key.
  package let subjectItems: [Int]
  package let keyItems: [Int]

  package init(
    entry: CatalogueEntry, dataset: DatasetID, columnIDs: [UInt32], nextColumnID: UInt32,
    knownColumns: [String: UInt32] = [:]
  ) {
    self.entry = entry
    self.dataset = dataset
    self.columnIDs = columnIDs
    self.nextColumnID = nextColumnID
    var known = knownColumns
    for (item, column) in zip(entry.items, columnIDs) { known[Self.columnName(item)] = column }
    self.knownColumns = known
    schema = DatasetSchema(
      dataset: dataset, version: UInt32(clamping: entry.version),
      columns: zip(entry.items, columnIDs).map {
        ColumnSchema(id: $1, type: $0.type.isText ? .text : .integer)
      }, orderColumn: entry.eventDate.flatMap(entry.itemIndex),
      searchColumn: entry.subjectName.flatMap(entry.itemIndex).flatMap {
        entry.items[$0].type.isText ? $0 : nil
      })
    storedForms = entry.items.map(\.storedForm)
    subjectItems = entry.subject.compactMap(entry.itemIndex)
    keyItems = entry.recordKey.compactMap(entry.itemIndex)
  }

  /// What makes two items of different versions the same column: id, stored form and scale. Texts and codes are alike.
  private static func columnName(_ item: CatalogueItem) -> String {
    let form = item.type.isText ? "text" : item.type == .decimal ? "decimal\(item.scale)" : item.type.rawValue
    return form + " " + item.id
  }

  /// The next version of the entry: items find the columns any earlier version gave them; others get new ones.
  package func publishing(_ next: CatalogueEntry) -> PublishedEntry {
    var free = nextColumnID
    let ids = next.items.map { item -> UInt32 in
      if let known = knownColumns[Self.columnName(item)] { return known }
      defer { free += 1 }
      return free
    }
    return PublishedEntry(
      entry: next, dataset: dataset, columnIDs: ids, nextColumnID: free, knownColumns: knownColumns)
  }

  /// The text form of the key of a record: the values of the record-key items, or a digest of the content where there are none.
  ///
  /// - Parameter value: the value of the item at a position.
  package func recordKey(_ value: (Int) -> Value?) -> String {
    guard keyItems.isEmpty else { return RecordKey.text(keyItems.map(value)) }
    // By column, which an item keeps wherever it stands in later versions.
    let places = columnIDs.indices.sorted { columnIDs[$0] < columnIDs[$1] }
    return RecordKey.contentDigest(
      places.compactMap { place in value(place).map { (columnIDs[place], $0) } })
  }

  package var recordIdentity: RecordIdentity { RecordIdentity(keyColumns: keyItems, schema: schema) }
}
