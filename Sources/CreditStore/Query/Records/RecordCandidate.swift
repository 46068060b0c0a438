// Owns a row that may stand on a page, and the total order of such rows.
// Invariants: the order depends on values and identity alone, not on where rows lie: entry, subject, record key and commit name a version.

import CreditModel
import SegmentStore

/// A row that may stand on a page.
final class RecordCandidate {
  let values: [QueryValue]
  let entry: PublishedEntry
  let key: UInt128
  /// What decides where all else is equal. Of current records the commit: two without record key may have become equal by a correction. Of
  /// the versions of a record their number.
  let commit: Int64
  let address: RowAddress
  /// Asked for only where all else is equal: it is read from the row.
  private var recordKey: String?

  init(values: [QueryValue], entry: PublishedEntry, key: UInt128, commit: Int64, address: RowAddress) {
    self.values = values
    self.entry = entry
    self.key = key
    self.commit = commit
    self.address = address
  }

  /// Whether another row whose values are the same comes behind this one, as far as its entry and subject tell.
  func precedes(_ other: PublishedEntry, _ key: UInt128) -> Bool {
    if entry.dataset == other.dataset { return self.key < key }
    return entry.entry.code.utf8.lexicographicallyPrecedes(other.entry.code.utf8)
  }

  /// The record.
  func record(in snapshot: EngineSnapshot, _ fetcher: RowFetcher) throws -> CreditRecord {
    let row = try fetcher.row(at: address, key: key, schema: entry.schema)
    let key = SubjectKey(rawValue: key)
    let text = try key.text ?? LongIdentifiers.text(of: key.rawValue, in: snapshot) ?? ""
    return try RecordReader(entry).record(row, subject: Identifier(text, as: key.kind ?? .document))
  }

  func recordKey(_ fetcher: RowFetcher) throws -> String {
    if let recordKey { return recordKey }
    let row = try fetcher.row(at: address, key: key, schema: entry.schema)
    let values = try RecordReader(entry).values(row.payload)
    let found = entry.recordKey { values[$0] }
    recordKey = found
    return found
  }
}

/// The order of a query's records.
struct RecordOrder {
  let isDescending: [Bool]
  /// Reads what only the rows say; of one thread.
  let fetcher: RowFetcher

  func sort(_ candidates: inout [RecordCandidate]) throws {
    var failure: (any Error)?
    candidates.sort { left, right in
      do { return try compare(left, right) < 0 } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  /// Below 0 when the left comes first.
  func compare(_ left: RecordCandidate, _ right: RecordCandidate) throws -> Int {
    let order = compare(
      left.values, left.entry.entry.code, left.key, right.values, right.entry.entry.code, right.key)
    if order != 0 { return order }
    if left.address == right.address { return 0 }
    let keys = Self.compare(try left.recordKey(fetcher), try right.recordKey(fetcher))
    return keys != 0 ? keys : left.commit < right.commit ? -1 : left.commit > right.commit ? 1 : 0
  }

  /// Below 0 when the candidate comes before the end of a page, 0 when it is that record.
  func compare(_ candidate: RecordCandidate, _ cursor: RecordCursor) throws -> Int {
    let order = compare(
      candidate.values, candidate.entry.entry.code, candidate.key, cursor.values, cursor.entry, cursor.subject
    )
    if order != 0 { return order }
    let keys = Self.compare(try candidate.recordKey(fetcher), cursor.record)
    return keys != 0
      ? keys : candidate.commit < cursor.version ? -1 : candidate.commit > cursor.version ? 1 : 0
  }

  private func compare(
    _ leftValues: [QueryValue], _ leftEntry: String, _ leftKey: UInt128, _ rightValues: [QueryValue],
    _ rightEntry: String, _ rightKey: UInt128
  ) -> Int {
    for index in isDescending.indices where leftValues[index] != rightValues[index] {
      return (leftValues[index] < rightValues[index]) != isDescending[index] ? -1 : 1
    }
    let entries = Self.compare(leftEntry, rightEntry)
    if entries != 0 { return entries }
    return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : 0
  }

  private static func compare(_ left: String, _ right: String) -> Int {
    if left.utf8.elementsEqual(right.utf8) { return 0 }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
  }
}
