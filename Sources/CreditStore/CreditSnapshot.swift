// Owns reading the credit store as of one commit.
// Invariants: everything read from one snapshot belongs together, whatever is committed meanwhile.
// Does not mask values and does not log accesses (CreditApplications).

public import CreditModel
import Foundation
package import SegmentStore

/// The credit store as of one commit (快照).
public struct CreditSnapshot: Sendable {
  package let engine: EngineSnapshot
  package let database: CreditDatabase

  package init(_ engine: EngineSnapshot, database: CreditDatabase) {
    self.engine = engine
    self.database = database
  }

  /// The commit.
  public var commit: UInt64 { engine.commit }

  /// What versions a query returns.
  public enum Versions: Sendable {
    /// Current versions that are not withdrawn.
    case current
    /// Current versions, withdrawn ones too.
    case currentAndWithdrawn
    /// Every version.
    case history
  }

  /// Records of a subject named by a text whose form tells the kind.
  ///
  /// Where nothing is found under the kind the form suggests, the same text is tried under the other kinds.
  public func records(
    of text: String, kind: IdentifierKind? = nil, entry code: String? = nil, versions: Versions = .current,
    links: Links = .followed
  ) throws -> [CreditRecord] {
    let detected = kind ?? Identifier(detecting: text, on: CreditDatabase.today()).kind
    let found = try records(of: Identifier(text, as: detected), entry: code, versions: versions, links: links)
    guard found.isEmpty, kind == nil else { return found }
    for other in IdentifierKind.allCases where other != detected {
      let records = try records(
        of: Identifier(text, as: other), entry: code, versions: versions, links: links)
      if !records.isEmpty { return records }
    }
    return []
  }

  /// Records of a subject, by entry and within an entry by event date and commit; versions of a record ascend.
  ///
  /// Identifiers that are linked with the one asked about are the same subject: their records are read too, each under its own `subject`.
  ///
  /// - Parameters:
  ///   - subject: kind and text of the identifier.
  ///   - code: only records of this entry.
  ///   - versions: which versions.
  ///   - links: which links are followed.
  /// - Throws: `CreditError`, code `damaged` with file and offset where bytes on disk are not what was written.
  public func records(
    of subject: Identifier, entry code: String? = nil, versions: Versions = .current, links: Links = .followed
  ) throws -> [CreditRecord] {
    do {
      let all = try linked(subject, links)
      var records: [CreditRecord] = []
      for (identifier, key) in all {
        try append(of: key, identifier, entry: code, versions: versions, to: &records)
      }
      if all.count > 1 { Self.join(&records, versions) }
      return records
    } catch { throw CreditError(wrapping: error) }
  }

  /// Current records of a subject in some entries, in the order of ``records(of:entry:versions:links:)``. Of other entries nothing is read but the
  /// directory of subjects, which is read alike where there are none.
  package func records(of subject: Identifier, among selection: EntrySelection) throws -> [CreditRecord] {
    do {
      let all = try linked(subject, .followed)
      var records: [CreditRecord] = []
      for (identifier, key) in all {
        try append(
          of: key, identifier, entry: nil, versions: .current, among: selection.datasets, to: &records)
      }
      if all.count > 1 { Self.join(&records, .current) }
      return records
    } catch { throw CreditError(wrapping: error) }
  }

  private func append(
    of key: SubjectKey, _ subject: Identifier, entry code: String?, versions: Versions,
    among wanted: Set<DatasetID>? = nil, to records: inout [CreditRecord]
  ) throws {
    var wanted = wanted
    var entries: [PublishedEntry] = []
    if let code {
      let entry = try database.catalogue.entry(code, asOf: engine)
      entries = [entry]
      wanted = [entry.dataset]
    }
    let places = try engine.places(
      of: key.rawValue, includesHistory: versions == .history, among: wanted)
    if code == nil {
      let datasets = Set(try engine.datasets(of: places))
      entries = datasets.isEmpty ? [] : try database.catalogue.entries(of: datasets, asOf: engine)
    }
    let identifier = Identifier(key.text ?? subject.text, as: key.kind ?? subject.kind)
    for entry in entries { try append(places, identifier, entry: entry, versions: versions, to: &records) }
  }

  /// Records of several identifiers in the order of one subject's: by entry, current ones also by event date and commit.
  private static func join(_ records: inout [CreditRecord], _ versions: Versions) {
    struct Place {
      var entry: String
      var event: Int64
      var commit: UInt64
      var number: Int
    }
    let places = records.enumerated().map { number, record in
      let order = record.entry.eventDate.flatMap(record.entry.itemIndex).flatMap { record.values[$0]?.stored }
      // Versions of one record stay together, as each identifier's history has them.
      return versions == .history
        ? Place(entry: record.entry.code, event: 0, commit: 0, number: number)
        : Place(entry: record.entry.code, event: order ?? .min, commit: record.commit, number: number)
    }
    let sorted = places.sorted { left, right in
      if left.entry != right.entry { return left.entry.utf8.lexicographicallyPrecedes(right.entry.utf8) }
      return (left.event, left.commit, left.number) < (right.event, right.commit, right.number)
    }
    let all = records
    records = sorted.map { all[$0.number] }
  }

  /// The version of its entry that a record was checked against when it came in or was changed (校验所依据的目录版本).
  ///
  /// - Parameter record: a record of this store.
  /// - Returns: the version; `nil` for a record that an earlier build of the library took in, or whose batch's note was purged.
  public func entryVersion(of record: CreditRecord) throws -> Int? {
    do { return try Batches.entryVersion(ofBatch: record.batch, in: engine) } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// Credit code of the unit that reported a record; `nil` where nobody said (数据来源单位).
  ///
  /// - Parameter record: a record of this store.
  public func unit(of record: CreditRecord) throws -> String? {
    do { return try Batches.unit(ofBatch: record.batch, in: engine) } catch {
      throw CreditError(wrapping: error)
    }
  }

  private func append(
    _ places: KeyPlaces, _ subject: Identifier, entry: PublishedEntry, versions: Versions,
    to records: inout [CreditRecord]
  ) throws {
    let reader = RecordReader(entry)
    switch versions {
    case .current, .currentAndWithdrawn:
      try reader.appendCurrentRecords(
        places, subject: subject, in: engine, includesWithdrawn: versions == .currentAndWithdrawn,
        to: &records)
    case .history:
      let rows = try engine.rows(of: places.key, schema: entry.schema)
      records += Self.history(try rows.map { try reader.record($0, subject: subject) }, of: entry)
    }
  }

  /// Versions of one record together, ascending; records in the order in which they first appeared, then by event date and key, which no
  /// merge changes.
  private static func history(_ versions: [CreditRecord], of entry: PublishedEntry) -> [CreditRecord] {
    struct Start {
      var commit = UInt64.max
      var event = Int64.max
    }
    let keyed = versions.map { (key: $0.key, record: $0) }
    var starts: [String: Start] = [:]
    for (key, record) in keyed {
      let event = entry.schema.orderColumn.flatMap { record.values[$0]?.stored } ?? .min
      let known = starts[key] ?? Start()
      starts[key] =
        (record.commit, event) < (known.commit, known.event)
        ? Start(commit: record.commit, event: event) : known
    }
    return keyed.sorted { left, right in
      let (first, second) = (starts[left.key] ?? Start(), starts[right.key] ?? Start())
      if first.commit != second.commit { return first.commit < second.commit }
      if first.event != second.event { return first.event < second.event }
      if !left.key.utf8.elementsEqual(right.key.utf8) {
        return left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
      }
      return (left.record.version, left.record.commit) < (right.record.version, right.record.commit)
    }.map(\.record)
  }

  /// Whether the store knows a subject, and how many rows it has of each entry; reads no values.
  ///
  /// - Parameters:
  ///   - subject: kind and text of the identifier.
  ///   - links: which links are followed.
  public func recordCounts(of subject: Identifier, links: Links = .followed) throws -> [String: Int] {
    do {
      var counts: [String: Int] = [:]
      for (_, key) in try linked(subject, links) {
        let places = try engine.places(of: key.rawValue, includesHistory: false)
        let entries = try database.catalogue.entries(of: Set(try engine.datasets(of: places)), asOf: engine)
        for entry in entries {
          counts[entry.entry.code, default: 0] += try engine.count(places, dataset: entry.dataset)
        }
      }
      return counts
    } catch { throw CreditError(wrapping: error) }
  }
}
