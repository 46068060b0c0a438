// Owns reading what changed in a store, page by page, in the order in which it came.
// Invariants: every version of every record is given once, in an order that no merge changes: commit, entry, subject, record key, version; what
// a page leaves out comes on a later one. Does not tell of purges: what was purged is not there to be told of.

import CreditModel
import SegmentStore

/// Some changes of a store.
public struct ChangePage: Sendable {
  /// Versions of records in the order in which they came: new ones, corrections, withdrawals and all others; `until` tells whether one was
  /// superseded since.
  public var changes: [CreditRecord]
  /// What to give the next time. Keep it with what you made of the changes: in one transaction, nothing is lost or done twice.
  ///
  /// Readable by whoever has it: inside a commit it holds the subject and the record key of the last change.
  public var next: String
  /// Whether there are more changes already.
  public var hasMore: Bool
  /// The commit up to which was looked.
  public var commit: UInt64
}

extension CreditSnapshot {
  /// Changes of one page at most.
  public static let maximumChanges = 10_000

  /// What changed since somebody last looked (增量变更): every version that came, in the order of commits.
  ///
  /// ```swift
  /// var token = try load()                       // nil the first time: from the beginning
  /// repeat {
  ///   let page = try database.snapshot().changes(since: token, entries: ["XZCF"])
  ///   try send(page.changes)
  ///   token = page.next
  ///   try save(token)
  ///   if !page.hasMore { break }
  /// } while true
  /// ```
  /// - Parameters:
  ///   - token: `ChangePage.next` of the page before, or of any snapshot's ``changeToken()``; `nil` for the beginning.
  ///   - entries: codes of entries; empty means all. A token goes on with the entries it was read up to for.
  ///   - limit: changes of a page, 1 to 10,000.
  /// - Throws: `CreditError`: `invalidToken` for a token of another store, or of a course of commits that a restored backup ended;
  ///   `unknownEntry`, `limit`, `damaged`.
  public func changes(since token: String? = nil, entries: [String] = [], limit: Int = 1000) throws
    -> ChangePage
  {
    try changes(since: token, entries: entries, limit: limit, isCancelled: { false })
  }

  /// The same for the library itself, in pages of any size.
  func changes(since token: String?, entries: [String], pageOf count: Int) throws -> ChangePage {
    do {
      return try changePage(since: token, entries: entries, limit: count, isCancelled: { false })
    } catch { throw CreditError(wrapping: error) }
  }

  /// The same on threads of the store's own: for tasks. Cancelling the task ends it.
  ///
  /// - Parameters:
  ///   - token: as of the other form.
  ///   - entries: codes of entries; empty means all.
  ///   - limit: changes of a page, 1 to 10,000.
  /// - Throws: as the other form; `cancelled` when the task was cancelled.
  @concurrent
  public func changesInBackground(
    since token: String? = nil, entries: [String] = [], limit: Int = 1000
  ) async throws -> ChangePage {
    try await Cancellation.background {
      try changes(since: token, entries: entries, limit: limit, isCancelled: $0)
    }
  }

  /// The token of everything that came up to this snapshot: for those who take a copy of it first and follow the changes from there.
  public func changeToken() throws -> String {
    do { return try end().text() } catch { throw CreditError(wrapping: error) }
  }

  private func end() -> ChangeToken {
    ChangeToken(
      store: database.identifier, commit: commit,
      instant: commit == 0 ? nil : database.engine.instant(of: commit))
  }

  private func changes(
    since token: String?, entries: [String], limit: Int, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ChangePage {
    do {
      guard (1...Self.maximumChanges).contains(limit) else {
        throw CreditError("limit", "a page has 1 to \(Self.maximumChanges) changes, not \(limit)")
      }
      return try changePage(since: token, entries: entries, limit: limit, isCancelled: isCancelled)
    } catch { throw CreditError(wrapping: error) }
  }

  private func changePage(
    since token: String?, entries: [String], limit: Int, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ChangePage {
    do {
      let start =
        try token.map { try ChangeToken($0, for: self, entries: entries) }
        ?? ChangeToken(store: database.identifier, commit: 0, instant: nil)
      // Inside a commit the rest of it is still to come.
      let after = start.place == nil ? start.commit : start.commit - min(1, start.commit)
      let rows = try QueryRows(self.entries(entries), filter: nil)
      var run = QueryRun(
        rows: rows, snapshot: engine, options: QueryExecution(), isCancelled: isCancelled)
      run.versionsAfter = after
      let (workers, _) = try run.gather { _ in
        ChangeSearch(after: after, start: start, wanted: limit + 1, fetcher: RowFetcher(engine))
      }
      try workers[0].merge(workers.dropFirst())
      return try page(workers[0].candidates, limit: limit, entries: ChangeToken.digest(entries))
    } catch { throw CreditError(wrapping: error) }
  }

  private func page(_ candidates: [RecordCandidate], limit: Int, entries: String) throws -> ChangePage {
    let fetcher = RowFetcher(engine)
    let found = candidates.prefix(limit)
    let changes = try found.map { try $0.record(in: engine, fetcher) }
    var next = end()
    next.entries = entries
    let hasMore = candidates.count > limit
    if hasMore, let last = found.last, let change = changes.last {
      next.commit = change.commit
      next.instant = database.engine.instant(of: change.commit)
      next.place = ChangeToken.Place(
        entry: last.entry, key: last.key, record: try last.recordKey(fetcher), version: last.commit)
    }
    return ChangePage(changes: changes, next: try next.text(), hasMore: hasMore, commit: commit)
  }
}
