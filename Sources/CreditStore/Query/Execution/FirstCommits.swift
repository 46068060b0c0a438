// Owns when records came: the commit of their first version, wherever later versions stand (首次入库).
// Invariants: as of one snapshot; a record that a correction moved to another subject came when it came there first; nothing is read of entries whose records
// have one version. Shared by the threads of a question.
// Does not keep anything from one question to the next.

import CreditModel
import SegmentStore
import Synchronization

/// The commits with which records came.
final class FirstCommits: Sendable {
  /// Corrections of one record from subject to subject that are followed.
  private static let maximumMoves = 8

  private let snapshot: EngineSnapshot
  /// Those of records with several versions, by dataset and the address of the present one.
  private let known = Mutex<[DatasetID: [RowAddress: Int64]]>([:])

  init(_ snapshot: EngineSnapshot) { self.snapshot = snapshot }

  /// Whether no row of a vector has a version before it.
  static func areAllFirst(_ vector: borrowing RowVector) -> Bool {
    guard let versions = vector.bounds(SystemColumn.version), let states = vector.bounds(SystemColumn.state)
    else {
      return false
    }
    return versions.upperBound <= 1 && !states.contains(Int64(RecordState.corrected.rawValue))
  }

  /// Gives the commit with which the record of each selected row came, with the place of the row.
  func forEach(
    of vector: inout RowVector, _ context: QueryContext, _ body: (Int, Int64) throws -> Void
  ) throws {
    // A version has the number of its commit as batch.
    let batches = try vector.system(.batch)
    guard !Self.areAllFirst(vector) else {
      try vector.selection.visit { try body($0, batches[$0]) }
      return
    }
    let versions = try vector.system(.version)
    let states = try vector.system(.state)
    let moved = Int64(RecordState.corrected.rawValue)
    var later: [RowAddress: Int64]?
    let selection = vector.selection
    for place in UnsafeBufferPointer(start: selection.places, count: selection.count).lazy.map(Int.init) {
      guard versions[place] > 1 || states[place] == moved else {
        try body(place, batches[place])
        continue
      }
      let commits = try later ?? commits(of: context.entry)
      later = commits
      try body(place, commits[vector.address(place)] ?? batches[place])
    }
  }

  private func commits(of entry: PublishedEntry) throws -> [RowAddress: Int64] {
    try known.withLock { known in
      if let found = known[entry.dataset] { return found }
      var finding = Finding(snapshot, entry)
      let found = try finding.run()
      // One entry is asked about after the other.
      known = [entry.dataset: found]
      return found
    }
  }

  /// Working them out for one entry.
  private struct Finding {
    private let snapshot: EngineSnapshot
    private let entry: PublishedEntry
    private let schema: DatasetSchema

    /// What makes two rows versions of one record.
    private struct Record: Hashable {
      var subject: UInt128
      var key: [UInt8]
    }

    /// What a correction that moved a record leaves where it stood.
    private struct Leaving: Hashable {
      var commit: Int64
      var key: [UInt8]
    }

    private var firsts: [Record: Int64] = [:]
    private var left: [Leaving: UInt128] = [:]

    init(_ snapshot: EngineSnapshot, _ entry: PublishedEntry) {
      (self.snapshot, self.entry) = (snapshot, entry)
      schema = DatasetSchema(
        dataset: entry.dataset, version: 1, columns: entry.keyItems.map { entry.schema.columns[$0] })
    }

    mutating func run() throws -> [RowAddress: Int64] {
      try readEarlier()
      var found: [RowAddress: Int64] = [:]
      let moved = Int64(RecordState.corrected.rawValue)
      try forEachRow(isEarlier: false) { row in
        let (batch, version) = (try row.system(.batch), try row.system(.version))
        let isMoved = try row.system(.state) == moved
        guard version > 1 || isMoved else { return }
        let key = try Self.key(row, schema)
        found[row.address] = try first(
          Record(subject: try row.key, key: key), version: version, batch: batch, isCorrected: isMoved)
      }
      return found
    }

    private func first(
      _ record: Record, version: Int64, batch: Int64, isCorrected: Bool
    ) throws -> Int64 {
      // Of an entry without record key, versions of one record follow each other by their commits alone.
      if entry.keyItems.isEmpty { return try firstByHistory(record.subject, version: version, batch: batch) }
      var subject = record.subject
      var commit = version > 1 ? firsts[record] ?? batch : batch
      for _ in 0..<FirstCommits.maximumMoves {
        guard let origin = left[Leaving(commit: commit, key: record.key)], origin != subject,
          let earlier = firsts[Record(subject: origin, key: record.key)], earlier < commit
        else { break }
        (subject, commit) = (origin, earlier)
      }
      return commit
    }

    private func firstByHistory(_ subject: UInt128, version: Int64, batch: Int64) throws -> Int64 {
      let rows = try snapshot.rows(of: subject, schema: schema)
      var (version, batch) = (version, batch)
      while version > 1,
        let previous = rows.first(where: {
          $0.superseded == UInt64(bitPattern: batch) && Int64($0.system.version) == version - 1
        })
      {
        (version, batch) = (version - 1, Int64(bitPattern: previous.system.batch))
      }
      return batch
    }

    /// Remembers where records began, and where they were moved from.
    private mutating func readEarlier() throws {
      guard !entry.keyItems.isEmpty else { return }
      let withdrawn = Int64(RecordState.withdrawn.rawValue)
      var (firsts, left) = (self.firsts, self.left)
      try forEachRow(isEarlier: true) { row in
        let isFirst = try row.system(.version) <= 1
        guard try isFirst || row.system(.state) == withdrawn else { return }
        let (batch, subject, key) = (try row.system(.batch), try row.key, try Self.key(row, schema))
        if isFirst {
          let record = Record(subject: subject, key: key)
          firsts[record] = min(firsts[record] ?? .max, batch)
        } else {
          left[Leaving(commit: batch, key: key)] = subject
        }
      }
      (self.firsts, self.left) = (firsts, left)
    }

    /// Visits rows that may matter: of blocks where every row is the first and no correction, nothing is read.
    ///
    /// - Parameter isEarlier: rows that something has superseded, or that are withdrawn; else all current ones.
    private func forEachRow(isEarlier: Bool, _ body: (borrowing ScanRow) throws -> Void) throws {
      let withdrawn = Int64(RecordState.withdrawn.rawValue)
      for includesSuperseded in isEarlier ? [true, false] : [false] {
        let scan = DatasetScan(snapshot, schema: schema, includesSuperseded: includesSuperseded)
        let isOfHistory = isEarlier && includesSuperseded
        try scan.forEach(
          narrow: { segment, chunk in
            isOfHistory ? segment.supersededRows(of: chunk, asOf: snapshot.commit) : nil
          },
          where: { vector in
            if isOfHistory { return true }
            guard isEarlier else { return !FirstCommits.areAllFirst(vector) }
            return vector.bounds(SystemColumn.state)?.contains(withdrawn) ?? true
          }, body)
      }
    }

    /// The values of the record key, each behind its kind and length.
    private static func key(_ row: borrowing ScanRow, _ schema: DatasetSchema) throws -> [UInt8] {
      var bytes: [UInt8] = []
      for (index, column) in schema.columns.enumerated() {
        func append(_ kind: UInt8, _ value: some FixedWidthInteger) {
          bytes.append(kind)
          withUnsafeBytes(of: Int64(value).littleEndian) { bytes += $0 }
        }
        if column.type == .text {
          guard let text = try row.text(index) else {
            bytes.append(0)
            continue
          }
          append(2, text.count)
          bytes += text
        } else if let number = try row.integer(index) {
          append(1, number)
        } else {
          bytes.append(0)
        }
      }
      return bytes
    }
  }
}
