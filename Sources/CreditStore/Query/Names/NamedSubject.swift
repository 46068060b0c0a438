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
  /// Whether no current record of the subject has this name any more (曾用名): the versions that had it were superseded. What was withdrawn
  /// names nobody.
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
  /// Width, case and spaces do not count, nor does which kind of bracket or dot it is. Former names are found too. Merges of 262,144 rows
  /// and more make an index of the names; all others are compared one by one.
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

  /// The same in some entries alone; those of them that name no subjects are passed over.
  package func subjects(
    named name: String, weakest: NameMatch, among selection: EntrySelection, limit: Int
  ) throws -> [NamedSubject] {
    try subjects(
      named: name, weakest: weakest, entries: [], among: selection.datasets, limit: limit,
      execution: QueryExecution())
  }

  /// The same with a choice of how it is done, which must not show in the answer.
  func subjects(
    named name: String, weakest: NameMatch, entries codes: [String], among datasets: Set<DatasetID>? = nil,
    limit: Int, execution: QueryExecution, isCancelled: @escaping @Sendable () -> Bool = { false }
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
      let wanted = try entries(codes)
      if let code = codes.first(where: { code in
        wanted.contains { $0.entry.code == code && $0.schema.searchColumn == nil }
      }) {
        throw CreditError(
          "noSubjectName", "entry \(code) does not say which item has the subject's name")
      }
      let named = wanted.filter { entry in
        entry.schema.searchColumn != nil && datasets?.contains(entry.dataset) ?? true
      }
      let question = Question(
        pattern: pattern, entries: named, limit: limit, execution: execution, isCancelled: isCancelled)
      if execution.usesNameIndexes, let found = try answer(question, NameIndexes(engine)) { return found }
      return try answer(question, NameIndexes()) ?? []
    } catch { throw CreditError(wrapping: error) }
  }

  /// What is asked.
  private struct Question {
    var pattern: NamePattern
    var entries: [PublishedEntry]
    var limit: Int
    var execution: QueryExecution
    var isCancelled: @Sendable () -> Bool
  }

  /// Names of an index that the snapshot does not see in the entries asked, after which comparing all rows is the shorter way.
  private static let maximumMisses = 1000

  /// The answer with the help of indexes; `nil` when they do not help, because most of what they know is of no interest.
  private func answer(_ question: Question, _ indexes: NameIndexes) throws -> [NamedSubject]? {
    let ranking = NameRanking(
      pattern: question.pattern, indexes: indexes, compared: try compare(question, indexes),
      isCancelled: question.isCancelled)
    let resolution = NameResolution(engine, question.entries)
    var found: [NamedSubject] = []
    var misses = 0
    try ranking.forEach { candidate in
      if let subject = try resolution.subject(candidate) { found.append(subject) } else { misses += 1 }
      return found.count < question.limit && misses <= Self.maximumMisses
    }
    return misses <= Self.maximumMisses ? found : nil
  }

  /// Compares the names that no index knows, one after the other.
  private func compare(_ question: Question, _ indexes: NameIndexes) throws -> [NameCandidate] {
    var unknown = Set(
      question.entries.map(\.dataset).filter { engine.view.memory.rowCount(of: $0, asOf: engine.commit) > 0 })
    let columns = Dictionary(
      uniqueKeysWithValues: question.entries.map { ($0.dataset, $0.schema.searchColumnID) })
    for segment in engine.segments {
      for dataset in try segment.reader.datasets() {
        guard let column = columns[dataset] else { continue }
        if !indexes.cover(segment, dataset, column: column) { unknown.insert(dataset) }
      }
    }
    var search: NameSearch?
    for entry in question.entries where unknown.contains(entry.dataset) {
      guard let place = entry.schema.searchColumn else { continue }
      var rows = try QueryRows([entry], filter: nil)
      guard case .item(let column) = try rows.items.column(entry.entry.items[place].id) else { continue }
      rows.isKnown = { segment, chunk in
        indexes.cover(segment, chunk.dataset, column: entry.schema.searchColumnID)
      }
      var run = QueryRun(
        rows: rows, snapshot: engine, options: question.execution, isCancelled: question.isCancelled)
      run.versionsAfter = 0
      let (workers, _) = try run.gather { _ in
        NameSearch(question.pattern, wanted: question.limit, column: column)
      }
      let all = search ?? workers[0]
      for other in workers where other !== all { all.merge(other.candidates) }
      search = all
    }
    return search?.candidates ?? []
  }
}
