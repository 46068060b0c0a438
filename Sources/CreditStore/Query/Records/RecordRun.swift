// Owns running a question that returns records, and putting its page together.
// Invariants: all pages of a question are read as of one commit; the first error ends all threads.
// Does not decide who may see the records.

import CreditModel
import SegmentStore

extension CreditSnapshot {
  /// Current records that match a query and are not withdrawn, one page of them.
  ///
  /// - Throws: `CreditError`: `unknownEntry`, `unknownItem`, `typeMismatch`, `invalidFilter`, `invalidCursor`, `limit`, `damaged`.
  public func records(matching query: RecordQuery) throws -> RecordPage {
    try records(matching: query, isCancelled: { false })
  }

  /// The same on threads of the store's own: for long questions from tasks. Cancelling the task ends it.
  ///
  /// - Throws: as the other form; `cancelled` when the task was cancelled.
  @concurrent
  public func recordsInBackground(matching query: RecordQuery) async throws -> RecordPage {
    try await Cancellation.background { try records(matching: query, isCancelled: $0) }
  }

  private func records(
    matching query: RecordQuery, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> RecordPage {
    do {
      guard (1...RecordQuery.maximumLimit).contains(query.limit) else {
        throw CreditError("limit", "a page has 1 to \(RecordQuery.maximumLimit) records, not \(query.limit)")
      }
      let cursor = try query.cursor.map { try RecordCursor($0, query: query, store: database.identifier) }
      guard let cursor, cursor.commit != commit else {
        return try RecordRun(query, cursor, self, isCancelled).page()
      }
      guard cursor.commit <= commit else {
        throw CreditError(
          "invalidCursor", "the cursor is of commit \(cursor.commit), the snapshot of \(commit)")
      }
      return try RecordRun(query, cursor, database.snapshot(asOf: cursor.commit), isCancelled).page()
    } catch { throw CreditError(wrapping: error) }
  }
}

/// Runs a question that returns records.
private struct RecordRun {
  private let query: RecordQuery
  private let cursor: RecordCursor?
  private let snapshot: CreditSnapshot
  private let rows: QueryRows
  private let columns: [QueryColumn]
  private let isDescending: [Bool]
  private let isCancelled: @Sendable () -> Bool

  init(
    _ query: RecordQuery, _ cursor: RecordCursor?, _ snapshot: CreditSnapshot,
    _ isCancelled: @escaping @Sendable () -> Bool
  ) throws {
    self.isCancelled = isCancelled
    self.query = query
    self.cursor = cursor
    self.snapshot = snapshot
    (rows, columns) = try snapshot.binding(query.entries) { entries in
      var rows = try QueryRows(entries, filter: query.filter)
      let columns = try query.order.map { try rows.items.column($0.column) }
      return (rows, columns)
    }
    isDescending = query.order.map(\.isDescending)
  }

  func page() throws -> RecordPage {
    var run = QueryRun(
      rows: rows, snapshot: snapshot.engine, options: query.execution, isCancelled: isCancelled)
    if columns.isEmpty, let cursor { run.start = (cursor.entry, cursor.subject) }
    let (workers, explanation) = try run.gather { [self] _ in
      RecordSearch(
        order: RecordOrder(isDescending: isDescending, fetcher: RowFetcher(snapshot.engine)), cursor: cursor,
        wanted: query.limit + 1, columns: columns, items: rows.items,
        filter: rows.filter, options: query.execution)
    }
    let search = workers[0]
    try search.merge(workers.dropFirst())
    let fetcher = RowFetcher(snapshot.engine)
    let found = search.candidates.prefix(query.limit)
    var next: String?
    if search.candidates.count > query.limit, let last = found.last {
      next = try RecordCursor(
        query: RecordCursor.digest(query, store: snapshot.database.identifier), commit: snapshot.commit,
        values: last.values, entry: last.entry.entry.code, key: last.key,
        record: last.recordKey(fetcher), version: last.commit
      ).text()
    }
    return RecordPage(
      records: try found.map { try $0.record(in: snapshot.engine, fetcher) }, next: next,
      commit: snapshot.commit,
      explanation: explanation)
  }
}
