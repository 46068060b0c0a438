// Owns refusing versions of an entry that would leave what records say behind: values of an item that gets another type, records of subjects that rows would no
// longer be about.
// Invariants: a version is refused only where there are such values or records; whoever says that values may be left behind is not asked again; nobody may let
// one row be two records.
// Does not count them (VersionCheck).

import CreditModel
import SegmentStore

/// What a version would leave behind.
struct LeftValues {
  let old: PublishedEntry
  let next: PublishedEntry
  let snapshot: EngineSnapshot
  /// Rows of this commit and earlier ones have been looked at.
  var after: UInt64 = 0

  /// - Parameter leavesValues: whether values of items that change their type may be left behind.
  /// - Throws: `CreditError`, codes `typeChanged` and `subjectChanged`.
  func check(leavesValues: Bool) throws {
    guard try snapshot.mayHaveRows(of: old.dataset) else { return }
    guard next.entry.subject.starts(with: old.entry.subject) else {
      throw CreditError(
        "subjectChanged",
        "entry \(next.entry.code) has records, which stand under \(old.entry.subject.joined(separator: ", ")); the same rows would be records of others under "
          + "\(next.entry.subject.joined(separator: ", ")). Add items behind these, or publish it under another code"
      )
    }
    guard !leavesValues else { return }
    for (item, column) in zip(next.entry.items, next.columnIDs) {
      guard let place = old.entry.itemIndex(item.id), old.columnIDs[place] != column,
        try hasValues(old.schema.columns[place])
      else { continue }
      throw CreditError(
        "typeChanged",
        "item \(item.id) of entry \(next.entry.code) gets another type or scale, and records have values that would not be shown any more; give the new item "
          + "another id, or say that the values are to be left behind and collect them again", item: item.id)
    }
  }

  /// Whether a current record has a value in a column.
  private func hasValues(_ column: ColumnSchema) throws -> Bool {
    let scan = VectorScan(
      snapshot, schema: DatasetSchema(dataset: old.dataset, version: old.schema.version, columns: [column]),
      after: after)
    var vector = RowVector()
    var isFound = false
    for part in try scan.parts() where !isFound {
      try scan.forEachVector(of: part, in: &vector) { vector in
        let places = UnsafeBufferPointer(start: vector.selection.places, count: vector.selection.count)
        if vector.isText(0) {
          for place in places where try !isFound && vector.hasText(0, Int(place)) { isFound = true }
        } else {
          let integers = try vector.integers(0)
          isFound = places.contains { integers.nulls[Int($0)] == 0 }
        }
        return !isFound
      }
    }
    return isFound
  }
}
