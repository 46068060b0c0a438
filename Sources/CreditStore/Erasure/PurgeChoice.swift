// Owns the choice of the rows a purge takes out of a store as it stands.
// Invariants: reads only; what is found does not depend on whether rows lie in memory, in segments or in history; a raw row goes only together
// with every row set aside that refers to it.
// Does not remove anything.

import CreditModel
import Foundation
import SegmentStore

/// Finds what a purge takes out.
struct PurgeChoice {
  /// What was found.
  struct Found {
    var figures = PurgeFigures()
    /// Rows that go.
    var rows: Set<RowAddress> = []
    /// Datasets they lie in.
    var datasets: Set<DatasetID> = []
    /// Batches whose notes must be replaced before their rows can go.
    var notes: [UInt64] = []
    /// Segments whose dictionaries know the subject although no row does.
    var strays: Set<SegmentID> = []
    /// Keys of raw rows that go.
    var rawKeys: Set<UInt128> = []
    /// Keys of the subject.
    var keys: Set<UInt128> = []
    var rowsSearched = 0

    /// Whether there is nothing to be done.
    var isEmpty: Bool { rows.isEmpty && notes.isEmpty && strays.isEmpty }
  }

  let database: CreditDatabase
  let scope: PurgeScope
  let isCancelled: () -> Bool
  /// Keys of raw rows that an earlier round removed: a row set aside meanwhile may still refer to one.
  var removedRawKeys: Set<UInt128> = []
  /// Keys of the subject as earlier rounds found them: the text of a long one may be gone while a row came in meanwhile.
  var knownKeys: Set<UInt128> = []

  /// Datasets earlier rounds took rows from, and the commits that were made while the last one ran.
  var datasets: Set<DatasetID> = []
  var commits: ClosedRange<UInt64>?

  /// Segments that came while the last round ran: their words may know rows that were there then and are gone now.
  func lateSegments(in snapshot: EngineSnapshot) throws -> Set<SegmentID> {
    guard let commits, commits.lowerBound < commits.upperBound else { return [] }
    var late: Set<SegmentID> = []
    for segment in snapshot.view.segments where !segment.isCompacted {
      guard segment.addedCommit > commits.lowerBound, segment.addedCommit <= commits.upperBound else {
        continue
      }
      let own = try segment.reader.datasets()
      if own.contains(where: datasets.contains) { late.insert(segment.reader.id) }
    }
    return late
  }

  func find(in snapshot: EngineSnapshot) throws -> Found {
    var found = Found()
    switch scope {
    case .subject(let text, let kind): try findSubject(text, kind, in: snapshot, &found)
    case .record(let code, let subject, let key):
      let entry = try database.catalogue.entry(code, asOf: snapshot)
      guard let subjectKey = try LongIdentifiers.key(of: subject, in: snapshot) else { return found }
      let rows = try RecordVersions(entry, subjectKey, in: snapshot).rows(ofRecord: key)
      add(rows.map(\.address), records: rows.isEmpty ? 0 : 1, of: entry, to: &found)
      try addNotes(of: Set(rows.map(\.system.batch)), in: snapshot, to: &found)
    case .expired(let code, let day):
      let entry = try database.catalogue.entry(code, asOf: snapshot)
      let expired = try ExpiredRecords(entry, before: day, isCancelled: isCancelled).find(in: snapshot)
      add(expired.rows, records: expired.records, of: entry, to: &found)
      try addNotes(of: expired.batches, in: snapshot, to: &found)
    }
    return found
  }

  private func add(
    _ rows: [RowAddress], records: Int, of entry: PublishedEntry, to found: inout Found
  ) {
    guard !rows.isEmpty else { return }
    found.rows.formUnion(rows)
    found.datasets.insert(entry.dataset)
    found.figures.entries.append(
      PurgeFigures.Entry(entry: entry.entry.code, records: records, versions: rows.count))
  }

  // MARK: Subjects

  /// Keys the text may have: one for each kind it can be read as.
  private func keys(_ text: String, _ kind: IdentifierKind?, in snapshot: EngineSnapshot) throws -> Set<
    UInt128
  > {
    var keys: Set<UInt128> = []
    for kind in kind.map({ [$0] }) ?? IdentifierKind.allCases {
      if let key = try LongIdentifiers.key(of: Identifier(text, as: kind), in: snapshot) {
        keys.insert(key.rawValue)
      }
    }
    return keys
  }

  /// Keys under which documents concern somebody who may have no records: long numbers have no entry in the table of such then.
  static func documentKeys(_ text: String, _ kind: IdentifierKind?) -> Set<UInt128> {
    Set(
      (kind.map { [$0] } ?? IdentifierKind.allCases).compactMap {
        LinkTable.unseenKey(Identifier(text, as: $0))?.rawValue
      })
  }

  private func findSubject(
    _ text: String, _ kind: IdentifierKind?, in snapshot: EngineSnapshot, _ found: inout Found
  ) throws {
    let keys = try keys(text, kind, in: snapshot).union(knownKeys)
    found.keys = keys
    let datasets = try snapshot.allDatasets()
    var batches: Set<UInt64> = []
    for entry in try database.catalogue.entries(of: Set(datasets), asOf: snapshot) {
      var addresses: [RowAddress] = []
      var records = 0
      for key in keys {
        let rows = try snapshot.rows(of: key, schema: entry.schema)
        addresses += rows.map(\.address)
        records += rows.count { $0.superseded == nil }
        batches.formUnion(rows.map(\.system.batch))
      }
      add(addresses, records: records, of: entry, to: &found)
    }
    for key in keys where SubjectKey(rawValue: key).needsFullText {
      let rows = try snapshot.rows(of: key, schema: SystemDatasets.longIdentifiers)
      found.rows.formUnion(rows.map(\.address))
      found.datasets.insert(SystemDatasets.longIdentifiers.dataset)
    }
    // The links of the subject; those that stand under their other ends name it, and are found as mentions.
    for key in keys {
      let rows = try snapshot.rows(of: SystemDatasets.key(linksOf: key), schema: SystemDatasets.links)
      guard !rows.isEmpty else { continue }
      found.rows.formUnion(rows.map(\.address))
      found.datasets.insert(SystemDatasets.links.dataset)
      batches.formUnion(rows.map(\.system.batch))
    }
    for key in keys.union(Self.documentKeys(text, kind)) {
      try addDocuments(of: key, in: snapshot, &batches, to: &found)
    }
    try addNotes(of: batches, in: snapshot, to: &found)
    try findMentions(IdentifierMention([text]), keys, datasets, in: snapshot, &found)
  }

  /// Documents of the applications that concern the subject, with all their versions.
  private func addDocuments(
    of subject: UInt128, in snapshot: EngineSnapshot, _ batches: inout Set<UInt64>, to found: inout Found
  ) throws {
    let pointers = SystemDatasets.subjectDocuments
    let rows = try snapshot.rows(of: SystemDatasets.key(documentsOf: subject), schema: pointers)
    guard !rows.isEmpty else { return }
    found.rows.formUnion(rows.map(\.address))
    found.datasets.insert(pointers.dataset)
    let documents = SystemDatasets.documents
    for row in rows {
      let cells = try row.cells(pointers)
      let (kind, id) = (cells[0].string ?? "", cells[1].string ?? "")
      let own = try snapshot.rows(of: SystemDatasets.key(document: kind, id), schema: documents).filter {
        let name = try $0.cells(documents)
        return name[0].string == kind && name[1].string == id
      }
      found.rows.formUnion(own.map(\.address))
      found.datasets.insert(documents.dataset)
      batches.formUnion(own.map(\.system.batch))
    }
  }

  /// Everything that names the subject although it is not its own.
  private func findMentions(
    _ mention: IdentifierMention, _ keys: Set<UInt128>, _ datasets: [DatasetID],
    in snapshot: EngineSnapshot, _ found: inout Found
  ) throws {
    guard !mention.isEmpty else { return }
    let search = TextSearch(snapshot) { mention.isIn($0) }
    let findings = try search.run(datasets, isCancelled: isCancelled)
    found.rowsSearched = findings.rowsSearched
    found.strays = Set(findings.strays.map(SegmentID.init(rawValue:)))
    var rawKeys = removedRawKeys
    var notes: [UInt128: [RowAddress]] = [:]
    var others: [DatasetID: Int] = [:]
    var inTables: [String: Int] = [:]
    for row in findings.rows where !found.rows.contains(row.address) {
      switch row.dataset {
      case SystemDatasets.rawRows.dataset: rawKeys.insert(row.key)
      case SystemDatasets.batches.dataset: notes[row.key, default: []].append(row.address)
      case SystemDatasets.links.dataset, SystemDatasets.reviews.dataset, SystemDatasets.accounts.dataset,
        SystemDatasets.exchangeLines.dataset:
        found.rows.insert(row.address)
        found.datasets.insert(row.dataset)
      case SystemDatasets.catalogue.dataset, SystemDatasets.units.dataset, SystemDatasets.tasks.dataset,
        SystemDatasets.exchangeRoutes.dataset, SystemDatasets.exchangeReceived.dataset,
        SystemDatasets.documents.dataset, SystemDatasets.accessLog.dataset:
        inTables[SystemDatasets.names[row.dataset.rawValue] ?? "", default: 0] += 1
      case _ where row.dataset.rawValue < SystemDatasets.firstEntry: continue
      default: others[row.dataset, default: 0] += 1
      }
    }
    for entry in try database.catalogue.entries(of: Set(others.keys), asOf: snapshot) {
      let rows = others[entry.dataset] ?? 0
      found.figures.mentions.append(
        PurgeFigures.Entry(entry: entry.entry.code, records: rows, versions: rows))
    }
    for (table, rows) in inTables.sorted(by: { $0.key < $1.key }) {
      // Versions of entries and units stay; whoever wrote a person into one must be told.
      found.figures.mentions.append(PurgeFigures.Entry(entry: table, records: rows, versions: rows))
    }
    rawKeys.formUnion(try encodedRawRows(mention, in: snapshot))
    try addSetAside(rawKeys, in: snapshot, to: &found)
    try addNamedNotes(notes, mention, in: snapshot, to: &found)
  }

  /// Keys of raw rows whose bytes, kept in Base64, name the subject.
  private func encodedRawRows(
    _ mention: IdentifierMention, in snapshot: EngineSnapshot
  ) throws -> Set<UInt128> {
    var keys: Set<UInt128> = []
    try DatasetScan(snapshot, schema: SystemDatasets.rawRows, includesSuperseded: true).forEach { row in
      guard let form = try row.integer(0), form != RawRow.object, let text = try row.text(1) else { return }
      let bytes = RawRow.bytes(form: form, text: String(decoding: text, as: UTF8.self))
      if bytes.withUnsafeBytes(mention.isIn) { keys.insert(try row.key) }
    }
    return keys
  }

  private func addSetAside(
    _ rawKeys: Set<UInt128>, in snapshot: EngineSnapshot, to found: inout Found
  ) throws {
    guard !rawKeys.isEmpty else { return }
    let setAside = SystemDatasets.setAside
    try DatasetScan(snapshot, schema: setAside, includesSuperseded: true).forEach { row in
      guard let digest = try row.text(3), rawKeys.contains(SystemDatasets.key(digest: digest)) else { return }
      found.rows.insert(row.address)
      found.datasets.insert(setAside.dataset)
      found.figures.setAside += 1
    }
    for key in rawKeys {
      let rows = try snapshot.rows(of: key, schema: SystemDatasets.rawRows)
      guard !rows.isEmpty else { continue }
      found.rows.formUnion(rows.map(\.address))
      found.datasets.insert(SystemDatasets.rawRows.dataset)
      found.figures.rawRows += 1
    }
    found.rawKeys = rawKeys
  }

  // MARK: Notes of batches

  /// Notes of changes by hand to rows that go: their reasons may say anything.
  private func addNotes(of batches: Set<UInt64>, in snapshot: EngineSnapshot, to found: inout Found) throws {
    for number in batches {
      guard let batch = try Batches.batch(number, in: snapshot), batch.receipt == nil else { continue }
      let key = SystemDatasets.key(batch: number)
      let rows = try snapshot.rows(of: key, schema: SystemDatasets.batches)
      found.rows.formUnion(rows.map(\.address))
      found.datasets.insert(SystemDatasets.batches.dataset)
      found.figures.batches += 1
    }
  }

  /// Notes of batches whose file or reason names the subject: they go once others stand in their place. A unit that reports is not meant.
  private func addNamedNotes(
    _ candidates: [UInt128: [RowAddress]], _ mention: IdentifierMention, in snapshot: EngineSnapshot,
    to found: inout Found
  ) throws {
    let schema = SystemDatasets.batches
    for key in candidates.keys {
      let rows = try snapshot.rows(of: key, schema: schema)
      let named = try rows.filter { row in
        let cells = try row.cells(schema)
        return cells[3...].contains { $0.string.map(mention.isIn) ?? false }
      }.map(\.address)
      guard !named.isEmpty else { continue }
      found.figures.batches += 1
      if named.count == rows.count {
        found.notes.append(UInt64(truncatingIfNeeded: key))
      } else {
        found.rows.formUnion(named)
        found.datasets.insert(schema.dataset)
      }
    }
  }
}
