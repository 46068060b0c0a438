// Owns finding all versions of one record of a subject.
// Invariants: a record with a key is found by it; one without is its content, and the chain of corrections before and after it.

import CreditModel
import SegmentStore

/// The versions of the records of a subject in one entry.
struct RecordVersions {
  private let entry: PublishedEntry
  private let rows: [StoredRow]
  private let keys: [String]

  init(_ entry: PublishedEntry, _ subject: SubjectKey, in snapshot: EngineSnapshot) throws {
    self.entry = entry
    rows = try snapshot.rows(of: subject.rawValue, schema: entry.schema)
    let reader = RecordReader(entry)
    keys = try rows.map { row in
      let values = try reader.values(row.payload)
      return entry.recordKey { values[$0] }
    }
  }

  /// All versions of the record with a key; where content is the key, that of any of them.
  func rows(ofRecord key: String) -> [StoredRow] {
    var chosen = Set(keys.indices.filter { keys[$0].utf8.elementsEqual(key.utf8) })
    guard entry.keyItems.isEmpty else { return chosen.sorted().map { rows[$0] } }
    // A change by hand is alone in its commit: the next version is the one that came when this was superseded.
    var isGrowing = !chosen.isEmpty
    while isGrowing {
      let before = chosen.count
      for index in rows.indices where !chosen.contains(index) {
        let isNeighbour = chosen.contains { isNext(rows[$0], rows[index]) || isNext(rows[index], rows[$0]) }
        if isNeighbour { chosen.insert(index) }
      }
      isGrowing = chosen.count > before
    }
    return chosen.sorted().map { rows[$0] }
  }

  private func isNext(_ row: StoredRow, _ other: StoredRow) -> Bool {
    row.superseded == other.system.commit && other.system.version == row.system.version &+ 1
  }
}
