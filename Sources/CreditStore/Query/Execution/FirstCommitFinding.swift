// Owns working out, for the records of one entry that have several versions, with which commit each came.
// Invariants: versions of one record share subject and record key; of an entry without record key they follow one another by commit and number. A record that a
// correction moved is followed to where it stood. Nothing is read where every row is the first of its record.
// Does not remember anything (FirstCommits).

import SegmentStore

/// The first commits of one entry's records.
struct FirstCommitFinding {
  /// Corrections of one record from subject to subject that are followed.
  private static let maximumMoves = 8

  private let snapshot: EngineSnapshot
  private let entry: PublishedEntry
  private let schema: DatasetSchema
  private var isKeyed: Bool { !entry.keyItems.isEmpty }

  /// A correction that moved a record leaves it withdrawn where it stood, in the same commit.
  private struct Leaving: Hashable {
    var commit: Int64
    /// Digest of the record key; 0 of an entry without one.
    var key: UInt128
  }

  /// The commits of first versions that something superseded, by digest of subject and record key.
  private var firsts: [UInt128: Int64] = [:]
  private var left: [Leaving: UInt128] = [:]
  /// The subject that was asked about last, of an entry without record key: rows of one subject stand together.
  private var history: (subject: UInt128, versions: History)?

  init(_ snapshot: EngineSnapshot, _ entry: PublishedEntry) {
    (self.snapshot, self.entry) = (snapshot, entry)
    schema = DatasetSchema(
      dataset: entry.dataset, version: 1, columns: entry.keyItems.map { entry.schema.columns[$0] })
  }

  /// The commits by the addresses of the records' present versions.
  mutating func run() throws -> [RowAddress: Int64] {
    try readEarlier()
    var found: [RowAddress: Int64] = [:]
    // Read on its own, because closures may not change what they belong to.
    var finding = self
    let moved = Int64(RecordState.corrected.rawValue)
    try forEachRow(isEarlier: false) { row in
      let (batch, version) = (try row.system(.batch), try row.system(.version))
      let isCorrected = try row.system(.state) == moved
      guard version > 1 || isCorrected else { return }
      let subject = try row.key
      if finding.isKeyed {
        found[row.address] = try finding.first(
          subject, try Self.key(row, finding.schema), version: version, batch: batch, isCorrected: isCorrected
        )
      } else {
        found[row.address] = try finding.firstByHistory(subject, version: version, batch: batch)
      }
    }
    return found
  }

  private func first(
    _ subject: UInt128, _ key: UInt128, version: Int64, batch: Int64, isCorrected: Bool
  ) throws -> Int64 {
    var subject = subject
    var commit = version > 1 ? firsts[Self.digest(subject, key)] ?? batch : batch
    // What a correction moved here may continue a record that was withdrawn here before: it came from where it stood.
    if isCorrected, left[Leaving(commit: batch, key: key)] != nil { commit = batch }
    for _ in 0..<Self.maximumMoves {
      guard let origin = left[Leaving(commit: commit, key: key)], origin != subject,
        let earlier = firsts[Self.digest(origin, key)], earlier < commit
      else { break }
      (subject, commit) = (origin, earlier)
    }
    return commit
  }

  // MARK: Without record key

  private struct Place: Hashable {
    var commit: Int64
    var version: Int64
  }

  /// The versions of a subject's records.
  private struct History {
    /// The batch of a version by the commit that superseded it and its number.
    var ended: [Place: Int64] = [:]
    /// The number of the version that a commit withdrew.
    var withdrawn: [Int64: Int64] = [:]
  }

  private mutating func history(of subject: UInt128) throws -> History {
    if let history, history.subject == subject { return history.versions }
    var versions = History()
    for row in try snapshot.rows(of: subject, schema: schema) {
      let (batch, version) = (Int64(bitPattern: row.system.batch), Int64(row.system.version))
      if let until = row.superseded {
        versions.ended[Place(commit: Int64(bitPattern: until), version: version)] = batch
      }
      if row.system.state == RecordState.withdrawn.rawValue { versions.withdrawn[batch] = version }
    }
    history = (subject, versions)
    return versions
  }

  private mutating func firstByHistory(
    _ subject: UInt128, version: Int64, batch: Int64
  ) throws -> Int64 {
    var (subject, version, batch) = (subject, version, batch)
    for _ in 0...Self.maximumMoves {
      let versions = try history(of: subject)
      while version > 1, let previous = versions.ended[Place(commit: batch, version: version - 1)] {
        (version, batch) = (version - 1, previous)
      }
      guard let origin = left[Leaving(commit: batch, key: 0)], origin != subject,
        let moved = try history(of: origin).withdrawn[batch], moved > 1
      else { break }
      (subject, version) = (origin, moved)
    }
    return batch
  }

  // MARK: Reading

  /// Remembers where records began, and where they were moved from.
  private mutating func readEarlier() throws {
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    var (firsts, left) = (self.firsts, self.left)
    let (isKeyed, schema) = (isKeyed, schema)
    try forEachRow(isEarlier: true) { row in
      let isFirst = try row.system(.version) <= 1
      let isWithdrawn = try row.system(.state) == withdrawn
      guard isFirst && isKeyed || isWithdrawn else { return }
      let (batch, subject) = (try row.system(.batch), try row.key)
      let key = isKeyed ? try Self.key(row, schema) : 0
      if isFirst, isKeyed {
        let record = Self.digest(subject, key)
        firsts[record] = min(firsts[record] ?? .max, batch)
      }
      if isWithdrawn { left[Leaving(commit: batch, key: key)] = subject }
    }
    (self.firsts, self.left) = (firsts, left)
  }

  /// Visits rows that may matter: of vectors where every row is the first of its record, and no correction, nothing is read.
  ///
  /// - Parameter isEarlier: rows that something has superseded, or that are withdrawn; else all current ones.
  private func forEachRow(isEarlier: Bool, _ body: (borrowing ScanRow) throws -> Void) throws {
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    for includesSuperseded in isEarlier ? [true, false] : [false] {
      let scan = DatasetScan(snapshot, schema: schema, includesSuperseded: includesSuperseded)
      let isOfHistory = isEarlier && includesSuperseded
      try scan.forEach(
        narrow: { (segment, chunk) throws(StoreError) in
          if isOfHistory { return segment.supersededRows(of: chunk, asOf: snapshot.commit) }
          guard isEarlier else { return nil }
          return try segment.reader.stateBounds(of: chunk).contains(withdrawn) ? nil : []
        },
        where: { vector in
          if isOfHistory { return true }
          guard isEarlier else { return !FirstCommits.areAllFirst(vector) }
          return vector.bounds(SystemColumn.state)?.contains(withdrawn) ?? true
        }, body)
    }
  }

  /// A digest of the record key: each value behind its kind and length.
  private static func key(_ row: borrowing ScanRow, _ schema: DatasetSchema) throws -> UInt128 {
    var bytes: [UInt8] = []
    for (index, column) in schema.columns.enumerated() {
      func append(_ kind: UInt8, _ value: Int64) {
        bytes.append(kind)
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
      }
      if column.type == .text {
        guard let text = try row.text(index) else {
          bytes.append(0)
          continue
        }
        append(2, Int64(text.count))
        bytes += text
      } else if let number = try row.integer(index) {
        append(1, number)
      } else {
        bytes.append(0)
      }
    }
    return digest(bytes)
  }

  private static func digest(_ subject: UInt128, _ key: UInt128) -> UInt128 {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: subject) { bytes += $0 }
    withUnsafeBytes(of: key) { bytes += $0 }
    return digest(bytes)
  }

  /// Two hashes of 64 bits: of a hundred million records none share both by chance.
  private static func digest(_ bytes: [UInt8]) -> UInt128 {
    UInt128(XXHash64.hash(bytes)) << 64 | UInt128(XXHash64.hash(bytes, seed: 0x9E37_79B9_7F4A_7C15))
  }
}
