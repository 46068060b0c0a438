// Owns a purge from the note of it to its certificate.
// Invariants: the purge is noted by a commit before anything goes; what goes is gone from every file of the store when the certificate is
// given, which is found out by searching the store again; what comes in while it runs is purged too, or the purge fails; cancelled before the
// files are exchanged, it has changed nothing but the note.
// Does not reach backups: it names them.

import CreditModel
import Foundation
public import SegmentStore

extension CreditDatabase {
  /// What a purge would take out, without changing anything.
  ///
  /// Searches all texts of the store where the scope is a subject.
  public func previewPurge(_ scope: PurgeScope) async throws -> PurgeFigures {
    try await Cancellation.background { [self] isCancelled in
      do {
        let choice = PurgeChoice(database: self, scope: scope, isCancelled: isCancelled)
        return try choice.find(in: engine.snapshot()).figures
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// Takes data out of the store for good (清除): out of the past, the rows set aside, dictionaries and journal too.
  ///
  /// Everything else stays as it is, and past states are read as before, without what was purged. Segments that hold purged rows are
  /// written anew; readers and writers go on meanwhile. A reader that holds an older snapshot sees it to its end. Purged records that a
  /// unit sends again are taken in as new ones.
  ///
  /// ```swift
  /// let certificate = try await database.purge(.subject("130302199001010016"), reason: "依申请删除")
  /// for backup in certificate.backups { print("still in \(backup.path)") }
  /// ```
  /// - Parameters:
  ///   - scope: what goes.
  ///   - reason: why, kept in the store; must not name the subject.
  ///   - progress: told the share that is done, from another thread.
  /// - Returns: what went, and how that was found out.
  /// - Throws: `CreditError`: `nothingToPurge` when nothing is found, `reasonMissing`, `reasonNamesSubject`, `purgeIncomplete` when new data
  ///   of the subject came in faster than it could be purged, `cancelled`.
  @concurrent
  public func purge(
    _ scope: PurgeScope, reason: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> PurgeCertificate {
    try await Cancellation.background { [self] isCancelled in
      do {
        return try Purge(database: self, scope: scope, reason: reason, isCancelled: isCancelled)
          .run(progress: progress)
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// The backups made of this store, as far as it knows, the oldest first.
  public func knownBackups() throws -> [KnownBackup] {
    do { return try engine.knownBackups() } catch { throw CreditError(wrapping: error) }
  }
}

/// One purge.
struct Purge {
  /// What a text becomes that names the subject.
  private static let erased = "***"
  /// Times the store is searched and purged until nothing new has come.
  private static let rounds = 4

  let database: CreditDatabase
  let scope: PurgeScope
  let reason: String
  let isCancelled: @Sendable () -> Bool

  private var engine: SegmentEngine { database.engine }

  func run(progress: @escaping (Double) -> Void) throws -> PurgeCertificate {
    try checkReason()
    guard engine.mode.isWritable else {
      throw StoreError(.readOnly, "the store was opened for reading only")
    }
    var choice = PurgeChoice(database: database, scope: scope, isCancelled: isCancelled)
    let first = try choice.find(in: engine.snapshot())
    guard !first.isEmpty else {
      throw CreditError("nothingToPurge", "the store holds nothing of this kind; is the identifier right?")
    }
    progress(0.2)
    // Before anything goes: beginning anew does no harm where nothing is purged after all.
    let permissions = PurgedPermissions(database: database, scope: scope)
    let renewed = try permissions.renewRoutes(database.snapshot())
    let commit = try note(first)
    var figures = first.figures
    var segments = 0
    var last = first
    var late: Set<SegmentID> = []
    for round in 0..<Self.rounds {
      if round > 0, !last.notes.isEmpty { _ = try replaceNotes(last.notes) }
      let (result, removed) = try purge(&choice, segments: late) { progress(0.2 + 0.5 * $0) }
      segments += result?.segmentsRead ?? 0
      late = try choice.lateSegments(in: engine.snapshot())
      // What came meanwhile counts too.
      if round == 0 { figures = removed } else { figures.add(removed) }
      last = try choice.find(in: engine.snapshot())
      guard last.isEmpty, late.isEmpty else { continue }
      progress(1)
      // A backup that stands before this commit may hold what was purged.
      let end = try note(PurgeChoice.Found(), isEnd: true)
      try permissions.renew(renewed)
      figures.mentions = last.figures.mentions
      var certificate = try certificate(
        commit, end, figures, segments: segments, searched: last.rowsSearched)
      certificate.renewedRoutes = renewed.isEmpty ? nil : renewed
      return certificate
    }
    throw CreditError(
      "purgeIncomplete", "data of this kind keep coming in; stop collecting and purge again")
  }

  /// Takes what is there out of the segments; returns what that was.
  private func purge(
    _ choice: inout PurgeChoice, segments: Set<SegmentID>, progress: @escaping (Double) -> Void
  ) throws -> (PurgeResult?, PurgeFigures) {
    var failure: (any Error)?
    var removed = PurgeChoice.Found()
    var start = engine.snapshot().commit
    let asked = choice
    let result = try engine.purge(isCancelled: isCancelled, progress: progress) {
      (snapshot) throws(StoreError) -> PurgeSelection? in
      do {
        removed = try asked.find(in: snapshot)
        start = snapshot.commit
        guard !removed.rows.isEmpty || !removed.strays.isEmpty || !segments.isEmpty else { return nil }
        return PurgeSelection(
          rows: DroppedRows(removed.rows), datasets: removed.datasets,
          segments: removed.strays.union(segments))
      } catch let error as StoreError {
        throw error
      } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    choice.removedRawKeys.formUnion(removed.rawKeys)
    choice.knownKeys.formUnion(removed.keys)
    choice.datasets.formUnion(removed.datasets)
    choice.commits = start...max(start, engine.snapshot().commit)
    return (result, removed.figures)
  }

  private func checkReason() throws {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw CreditError("reasonMissing", "every change needs a reason")
    }
    let named: String
    switch scope {
    case .subject(let text, _): named = text
    case .record(_, let subject, _): named = subject.text
    case .expired: return
    }
    let isNamed = IdentifierMention([named]).isIn(reason) || reason.utf8.elementsEqual(named.utf8)
    guard !isNamed else {
      throw CreditError("reasonNamesSubject", "the reason stays in the store and must not name the subject")
    }
  }

  // MARK: Notes

  /// Commits the note of the purge, and notes of batches without what names the subject.
  private func note(_ found: PurgeChoice.Found, isEnd: Bool = false) throws -> UInt64 {
    let (_, commit) = try engine.write { transaction in
      let batch = Batch(
        kind: isEnd ? "purgeEnded" : "purged", entry: scope.entryCode ?? "", unit: nil, file: nil,
        receipt: nil,
        reason: "\(scope.explanation): \(reason)")
      try Batches.append(batch, to: &transaction)
      try replaceNotes(found.notes, &transaction)
    }
    guard let commit else { throw CreditError("failed", "the purge was not noted") }
    return commit
  }

  private func replaceNotes(_ numbers: [UInt64]) throws {
    _ = try engine.write { transaction in try replaceNotes(numbers, &transaction) }
  }

  private func replaceNotes(_ numbers: [UInt64], _ transaction: inout WriteTransaction) throws {
    for number in numbers {
      guard var batch = try Batches.batch(number, in: transaction.snapshot) else { continue }
      batch.file = batch.file.map { _ in Self.erased }
      batch.receipt?.file = Self.erased
      batch.reason = batch.reason.map { _ in Self.erased }
      let key = SystemDatasets.key(batch: number)
      for row in try transaction.snapshot.rows(of: key, schema: SystemDatasets.batches)
      where row.superseded == nil { transaction.supersede(row.address) }
      try Batches.append(batch, as: number, to: &transaction)
    }
  }

  // MARK: Certificate

  private func certificate(
    _ commit: UInt64, _ end: UInt64, _ figures: PurgeFigures, segments: Int, searched: Int
  ) throws -> PurgeCertificate {
    let instant = engine.instant(of: commit) ?? 0
    let date = Date(timeIntervalSince1970: Double(instant) / 1000)
    return PurgeCertificate(
      store: database.identifier, commit: commit, instant: date.formatted(.iso8601), scope: scope.explanation,
      reason: reason, figures: figures, segmentsRewritten: segments, rowsSearched: searched,
      files: try engine.folder.fileCount(), backups: try engine.knownBackups().filter { $0.commit < end })
  }
}

extension PurgeFigures {
  /// Adds what a further round took out.
  fileprivate mutating func add(_ other: PurgeFigures) {
    for entry in other.entries {
      if let place = entries.firstIndex(where: { $0.entry == entry.entry }) {
        entries[place].records += entry.records
        entries[place].versions += entry.versions
      } else {
        entries.append(entry)
      }
    }
    setAside += other.setAside
    rawRows += other.rawRows
    batches += other.batches
  }
}
