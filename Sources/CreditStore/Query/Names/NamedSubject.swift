// Owns finding subjects by their names.
// Invariants: an answer is that of comparing every name of every record, its earlier versions too; the order of the answer depends on names and
// subjects alone. Does not decide who may ask: names of natural persons are personal data.

public import CreditModel
import SegmentStore

/// A subject found by one of its names.
public struct NamedSubject: Sendable {
  /// Kind and text of the subject's identifier.
  public var subject: Identifier
  /// The name as it stands in the records.
  public var name: String
  /// How it fits what was asked for.
  public var match: NameMatch
  /// Whether no current record of the subject has this name any more (曾用名): the versions that had it were superseded or withdrawn.
  public var isFormer: Bool
  /// Codes of the entries in which it stands, ascending.
  public var entries: [String]
  /// The item in which it stands; with several entries the one that protects it most. Says how it may be shown.
  public var item: CatalogueItem
}

extension CreditSnapshot {
  /// Subjects of one answer at most.
  public static let maximumSubjects = 1000

  /// Finds subjects by name (按名称查询): the same name first, then those that differ by their legal form, then names that begin with it, then
  /// those that have it somewhere; among equals the shorter ones first.
  ///
  /// Width, case and spaces do not count, nor does which kind of bracket or dot it is. Former names are found too. Every name is compared: a word that stands in the
  /// dictionaries of the segments once is compared once.
  ///
  /// ```swift
  /// for found in try snapshot.subjects(named: "秦皇岛甲乙") { print(found.subject.text, found.name, found.match) }
  /// ```
  /// - Parameters:
  ///   - name: what is looked for, 1 to 1,000 characters once it is normalised.
  ///   - weakest: the weakest match that counts: `.legalForm` for the same name, `.substring` for all.
  ///   - entries: codes of entries; empty means all whose `subjectName` says which item has the name.
  ///   - limit: subjects at most, 1 to 1,000; a subject stands there once for each of its names.
  /// - Throws: `CreditError`: `invalidName`, `limit`, `unknownEntry`, `noSubjectName` for an entry asked for that has no such item, `damaged`.
  public func subjects(
    named name: String, weakest: NameMatch = .substring, entries: [String] = [], limit: Int = 20
  ) throws -> [NamedSubject] {
    try subjects(
      named: name, weakest: weakest, entries: entries, limit: limit, execution: QueryExecution(),
      isCancelled: { false })
  }

  /// The same on threads of the store's own: for tasks. Cancelling the task ends it.
  ///
  /// - Parameters:
  ///   - name: as of the other form.
  ///   - weakest: the weakest match that counts.
  ///   - entries: codes of entries; empty means all.
  ///   - limit: subjects at most, 1 to 1,000.
  /// - Throws: as the other form; `cancelled` when the task was cancelled.
  @concurrent
  public func subjectsInBackground(
    named name: String, weakest: NameMatch = .substring, entries: [String] = [], limit: Int = 20
  ) async throws -> [NamedSubject] {
    try await Cancellation.background {
      try subjects(
        named: name, weakest: weakest, entries: entries, limit: limit, execution: QueryExecution(),
        isCancelled: $0)
    }
  }

  /// The same with a choice of how it is done, which must not show in the answer.
  func subjects(
    named name: String, weakest: NameMatch, entries codes: [String], limit: Int, execution: QueryExecution,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> [NamedSubject] {
    do {
      let normalized = NormalizedName(name)
      guard !normalized.isEmpty, normalized.text.unicodeScalars.count <= 1000 else {
        throw CreditError("invalidName", "a name to look for has 1 to 1,000 characters that count")
      }
      guard (1...Self.maximumSubjects).contains(limit) else {
        throw CreditError("limit", "an answer has 1 to \(Self.maximumSubjects) subjects, not \(limit)")
      }
      let pattern = NamePattern(normalized, weakest: weakest)
      var best: NameSearch?
      for entry in try entries(codes) {
        let earlier = best?.candidates ?? []
        guard let worker = try search(entry, pattern, limit, earlier, execution, isCancelled) else {
          guard codes.isEmpty else {
            throw CreditError(
              "noSubjectName", "entry \(entry.entry.code) does not say which item has the subject's name")
          }
          continue
        }
        best = worker
      }
      return try (best?.candidates ?? []).sorted(by: NameCandidate.precedes).prefix(limit).map(subject)
    } catch { throw CreditError(wrapping: error) }
  }

  /// Looks through one entry; `nil` where it has no names.
  private func search(
    _ entry: PublishedEntry, _ pattern: NamePattern, _ limit: Int, _ earlier: [NameCandidate],
    _ execution: QueryExecution, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws -> NameSearch? {
    guard let name = entry.entry.subjectName, let index = entry.entry.itemIndex(name) else { return nil }
    let item = entry.entry.items[index]
    guard item.type.isText else { return nil }
    var rows = try QueryRows([entry], filter: nil)
    guard case .item(let column) = try rows.items.column(name) else { return nil }
    var run = QueryRun(rows: rows, snapshot: engine, options: execution, isCancelled: isCancelled)
    run.versionsAfter = 0
    let (workers, _) = try run.gather { _ in
      NameSearch(pattern, wanted: limit, column: column, item: item)
    }
    let search = workers[0]
    for other in workers.dropFirst() { search.merge(other.candidates) }
    search.merge(earlier)
    return search
  }

  /// Puts an answer together.
  private func subject(_ candidate: NameCandidate) throws -> NamedSubject {
    let key = SubjectKey(rawValue: candidate.key.subject)
    let text = try key.text ?? LongIdentifiers.text(of: key.rawValue, in: engine) ?? ""
    let codes = candidate.entries.keys.sorted()
    let items = codes.compactMap { candidate.entries[$0] }
    let item = items.dropFirst().reduce(items[0]) { CatalogueItem.stricter($0, $1) }
    return NamedSubject(
      subject: Identifier(text, as: key.kind ?? .document),
      name: String(decoding: candidate.spelling, as: UTF8.self), match: candidate.match,
      isFormer: try !hasCurrently(candidate), entries: codes, item: item)
  }

  /// Whether some current record of the subject, withdrawn ones aside, has the name.
  private func hasCurrently(_ candidate: NameCandidate) throws -> Bool {
    for (code, item) in candidate.entries {
      let entry = try database.catalogue.entry(code, asOf: engine)
      guard let index = entry.entry.itemIndex(item.id) else { continue }
      let reader = RecordReader(entry)
      for row in try engine.currentRows(of: candidate.key.subject, schema: entry.schema)
      where row.system.state != RecordState.withdrawn.rawValue {
        guard case .text(let name)? = try reader.values(row.payload)[index] else { continue }
        if NormalizedName(name).bytes == candidate.key.name { return true }
      }
    }
    return false
  }
}
