// Owns finding the records of an entry whose time is over.
// Invariants: a record is expired when every version of it has an event date before the day; without a date it never is. Without record
// key each version counts on its own.

import CreditModel
import SegmentStore

/// Finds records by the date of their event.
struct ExpiredRecords {
  /// Records found at once at most: their identities are held in memory.
  static let maximumRecords = 5_000_000

  /// What was found.
  struct Found {
    var rows: [RowAddress] = []
    var records = 0
    var batches: Set<UInt64> = []
  }

  private let entry: PublishedEntry
  private let day: Day
  private let isCancelled: () -> Bool
  private let schema: DatasetSchema
  /// Columns of the scan that make the identity, and the one with the date.
  private let identityColumns: [Int]
  private let dateColumn: Int

  init(_ entry: PublishedEntry, before day: Day, isCancelled: @escaping () -> Bool) throws {
    guard let date = entry.entry.eventDate.flatMap(entry.entry.itemIndex),
      entry.entry.items[date].type == .date
    else {
      throw CreditError(
        "noEventDate", "entry \(entry.entry.code) has no event date by which its records could expire")
    }
    self.entry = entry
    self.day = day
    self.isCancelled = isCancelled
    let isKeyed = !entry.keyItems.isEmpty
    let identity = isKeyed ? entry.keyItems : Array(entry.schema.columns.indices)
    schema = DatasetSchema(
      dataset: entry.dataset, version: 1,
      columns: identity.map { entry.schema.columns[$0] } + [entry.schema.columns[date]])
    identityColumns = Array(identity.indices)
    dateColumn = identity.count
  }

  func find(in snapshot: EngineSnapshot) throws -> Found {
    var expired: Set<UInt64> = []
    try forEachRow(in: snapshot) { row in
      guard try isOver(row) else { return }
      expired.insert(try identity(row))
      guard expired.count <= Self.maximumRecords else {
        throw CreditError(
          "limit", "more than \(Self.maximumRecords) records are over; take an earlier day first")
      }
    }
    guard !expired.isEmpty else { return Found() }
    try forEachRow(in: snapshot) { row in
      if try !isOver(row) { expired.remove(try identity(row)) }
    }
    var found = Found()
    found.records = expired.count
    try forEachRow(in: snapshot) { row in
      guard try isOver(row), expired.contains(try identity(row)) else { return }
      found.rows.append(row.address)
      found.batches.insert(UInt64(bitPattern: try row.system(.batch)))
    }
    return found
  }

  private func forEachRow(in snapshot: EngineSnapshot, _ body: (borrowing ScanRow) throws -> Void) throws {
    var count = 0
    try DatasetScan(snapshot, schema: schema, includesSuperseded: true).forEach { row in
      count += 1
      if count.isMultiple(of: 65_536), isCancelled() { throw CancellationError() }
      try body(row)
    }
  }

  private func isOver(_ row: borrowing ScanRow) throws -> Bool {
    try row.integer(dateColumn).map { $0 < day.daysSinceEpoch } ?? false
  }

  /// A number of the record. Where two records share one, each counts as a version of the other: then neither goes before both are over.
  private func identity(_ row: borrowing ScanRow) throws -> UInt64 {
    let key = try row.key
    var hash = TextHash.combine(UInt64(truncatingIfNeeded: key), UInt64(truncatingIfNeeded: key >> 64))
    for column in identityColumns {
      if schema.columns[column].type == .integer {
        let value = try row.integer(column)
        hash = TextHash.combine(hash, value.map { UInt64(bitPattern: $0) &+ 1 } ?? 0)
      } else {
        hash = TextHash.combine(hash, try row.text(column)?.withUnsafeBytes(TextHash.hash) ?? 0)
      }
    }
    return hash
  }
}
