// Owns finding subjects by name through the rights of a caller.
// Invariants: a subject is found by a name that stands in a record the caller is shown, unmasked; former names only by those who see the past.
// Does not compare names (CreditStore).

public import CreditModel
import CreditStore

/// A subject that was found by its name (按名称查询结果).
public struct FoundSubject: Codable, Sendable, Equatable {
  /// Its identifier, masked where it has to be.
  public var subject: String
  /// Kind of the identifier.
  public var kind: IdentifierKind
  /// Kind of the subject, as far as the identifier tells.
  public var subjectKind: SubjectKind
  /// The name as it stands in the records.
  public var name: String
  /// How it fits what was asked for.
  public var match: NameMatch
  /// Whether no current record has the name any more (曾用名).
  public var isFormer: Bool
  /// Codes of the entries in which the caller sees it.
  public var entries: [String]
}

/// Subjects that were found.
public struct FoundSubjects: Codable, Sendable, Equatable {
  /// The best matches first.
  public var subjects: [FoundSubject]
  /// Whether there are no more.
  public var isComplete: Bool
}

extension AccessSession {
  /// Finds subjects by name (按名称查询): the same name first, then those that differ by their legal form, then names that begin with it, then those that
  /// have it somewhere.
  ///
  /// ```swift
  /// for found in try platform.session(.visitor).find("秦皇岛甲乙").subjects { print(found.name, found.subject) }
  /// ```
  /// - Parameters:
  ///   - name: what is looked for, 1 to 1,000 characters.
  ///   - weakest: the weakest match that counts.
  ///   - limit: subjects at most, 1 to 200.
  /// - Throws: `AccessRefusal`; `CreditError`: `invalidName`, `limit`.
  public func find(
    _ name: String, weakest: NameMatch = .substring, limit: Int = 20
  ) throws -> FoundSubjects {
    try perform(.query) { all, facts in
      let reading = try all.withoutSubject()
      guard (1...200).contains(limit) else {
        throw CreditError("limit", "an answer has 1 to 200 subjects, not \(limit)")
      }
      let found = try NameFinding(reading).find(name, weakest, min(limit, reading.maximumSubjects))
      facts.entries = Set(found.answer.subjects.flatMap(\.entries))
      facts.rows = found.answer.subjects.count
      facts.found = reading.audience == .everybody ? [] : found.identifiers
      return found.answer
    }
  }
}

/// Looks for names among what a caller sees.
private struct NameFinding {
  /// Candidates looked at: most of them may not be for the caller.
  private static let attempts = [4, 1000]

  let reading: AccessReading

  init(_ reading: AccessReading) { self.reading = reading }

  func find(
    _ name: String, _ weakest: NameMatch, _ limit: Int
  ) throws -> (answer: FoundSubjects, identifiers: [Identifier]) {
    let selection = try reading.visible()
    guard !selection.codes.isEmpty else { return (FoundSubjects(subjects: [], isComplete: true), []) }
    for factor in Self.attempts {
      let asked = min(CreditSnapshot.maximumSubjects, max(50, limit * factor))
      let candidates = try reading.snapshot.subjects(
        named: name, weakest: weakest, among: selection, limit: asked)
      var found: [FoundSubject] = []
      var identifiers: [Identifier] = []
      var isCut = false
      for candidate in candidates {
        guard let one = try shown(candidate) else { continue }
        guard found.count < limit else {
          isCut = true
          break
        }
        found.append(one)
        identifiers.append(candidate.subject)
      }
      let isAll = candidates.count < asked
      if isAll || isCut || asked == CreditSnapshot.maximumSubjects {
        return (FoundSubjects(subjects: found, isComplete: isAll && !isCut), identifiers)
      }
    }
    return (FoundSubjects(subjects: [], isComplete: false), [])
  }

  /// A candidate, if a record says its name to the caller.
  private func shown(_ candidate: NamedSubject) throws -> FoundSubject? {
    let name = NormalizedName(candidate.name)
    // What stands under an identifier that is linked with this one says nothing of this one's name.
    let own = [candidate.subject.text, candidate.subject.masked]
    let records = try reading.records(of: candidate.subject, among: Set(candidate.entries)).filter {
      own.contains($0.subject)
    }
    let naming = records.filter { record in record.subjectName.map { NormalizedName($0) == name } ?? false }
    let said = naming.isEmpty && candidate.isFormer ? try former(name, candidate) : naming
    guard let first = said.first else { return nil }
    return FoundSubject(
      subject: reading.shown(candidate.subject), kind: candidate.subject.kind,
      subjectKind: candidate.subject.subjectKind, name: first.subjectName ?? candidate.name,
      match: candidate.match, isFormer: naming.isEmpty, entries: Set(said.map(\.entry)).sorted())
  }

  /// Earlier versions of records that say a name, for the centre.
  private func former(_ name: NormalizedName, _ candidate: NamedSubject) throws -> [ShownRecord] {
    guard reading.audience == .centre else { return [] }
    var past = try reading.limited(
      to: { $0.audience == .centre }, or: AccessRefusal(.actionNotGranted, "the centre sees the past"))
    past.isOfPast = true
    return try candidate.entries.flatMap { code in
      try past.snapshot.records(
        of: candidate.subject, entry: code, versions: .history, links: .ignored
      ).compactMap { try past.shown($0) }
    }.filter { record in record.subjectName.map { NormalizedName($0) == name } ?? false }
  }
}
