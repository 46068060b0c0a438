// Owns making records of an entry without key equal, as stores have them from before corrections to the values of another record were refused.
// Invariants: each record stays one of its own, with a new version that has the values of the one read first.

import CreditModel
@testable import CreditStore
@testable import SegmentStore

extension StoreFixture {
  /// Gives all records of a subject in an entry the values of the first.
  func makeEqual(_ code: String, entry: String) throws {
    let published = try database.catalogue.entry(entry, on: CreditDatabase.today())
    let subject = try database.snapshot().records(of: code, entry: entry).first?.subject
    guard let subject, let key = SubjectKey(subject, digest: { _ in 0 })?.rawValue else { return }
    let rows = try database.engine.snapshot().currentRows(of: key, schema: published.schema)
    // One commit each, as corrections are.
    for row in rows {
      _ = try database.engine.write { transaction in
        transaction.supersede(row.address)
        try transaction.append(
          published.schema, key: key, batch: transaction.commit, version: row.system.version + 1,
          state: RecordState.corrected.rawValue, payload: rows[0].payload)
        try Batches.append(
          Batch(
            kind: RecordState.corrected.name, entry: entry, unit: nil, file: nil, receipt: nil, reason: "r",
            entryVersion: published.entry.version), to: &transaction)
      }
    }
  }
}
