// Owns finding identifiers that are one subject's from what the store has: the job that links (主体比对关联).
// Invariants: only identifiers that subjects of the store have are linked; an identifier that could be one of several subjects' is linked with none of them
// and reported, and so is an organisation code beside a credit code that contradicts it; withdrawn records are no evidence; no number of a body is linked with a
// person's; running it again links nothing new; a link that somebody undid does not come back by itself.
// A name alone is a candidate for a person to decide, never evidence (NameCandidates).

public import CreditModel
import Foundation
import SegmentStore

/// What a run of matching did.
public struct MatchingResult: Codable, Sendable, Equatable {
  /// An identifier that several subjects lay claim to.
  public struct Conflict: Codable, Sendable, Equatable {
    /// Kind and text of the identifier.
    public var identifier: Identifier
    /// The subjects, at most ten.
    public var subjects: [Identifier]
  }

  /// Identifiers other than credit codes and 18-digit identity numbers that subjects of the store have.
  public var examined = 0
  /// Links made, by evidence.
  public var linked: [String: Int] = [:]
  /// Identifiers that could be several subjects', at most a thousand.
  public var conflicts: [Conflict] = []
  /// Identifiers that nothing links, with subjects of the same name for a person to decide on; at most a thousand.
  public var candidates: [Candidate] = []
}

extension CreditDatabase {
  /// Links identifiers that are one subject's, as the order of matching has it: organisation codes with the credit codes they stand in, 15-digit identity
  /// numbers with the 18-digit ones, 15-digit tax numbers with the credit codes that have their organisation code, and whatever one row of an entry names
  /// together with the subject's deciding identifier.
  ///
  /// Only identifiers under which the store has records are linked; for all others there is nothing to read. Those that nothing links and that have the name
  /// of a registered body are listed as candidates, never linked. Run it after collecting.
  ///
  /// ```swift
  /// let result = try await database.matchSubjects { print($0) }
  /// ```
  /// - Parameter progress: told the share that is done, from another thread.
  /// - Throws: `CreditError`, code `cancelled` when the task was cancelled; of more than 10,000 links those made until then stay.
  @concurrent
  public func matchSubjects(
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> MatchingResult {
    try await Cancellation.background { [self] isCancelled in
      do { return try SubjectMatching(self, isCancelled: isCancelled, progress: progress).run() } catch {
        throw CreditError(wrapping: error)
      }
    }
  }
}

private final class SubjectMatching {
  /// Links of one commit.
  private static let linksOfCommit = 10_000
  private static let shownConflicts = 1000
  private static let shownSubjects = 10
  private static let kindsOfBodies: Set<IdentifierKind> = [
    .organizationCode, .businessRegistrationNumber, .taxpayerNumber,
  ]

  private let database: CreditDatabase
  private let snapshot: EngineSnapshot
  private let isCancelled: () -> Bool
  private let progress: (Double) -> Void
  /// Subjects of the store that a better number may stand for, by key.
  private var minor: [UInt128: Identifier] = [:]
  /// Credit codes beside which organisation codes stand that are not in them, by the key of the organisation code.
  private var contradicted: [UInt128: [UInt128: Identifier]] = [:]
  /// For each of them the better numbers it was seen with, and why.
  private var claims: [UInt128: [UInt128: (identifier: Identifier, evidence: LinkEvidence, note: String?)]] =
    [:]

  init(_ database: CreditDatabase, isCancelled: @escaping () -> Bool, progress: @escaping (Double) -> Void) {
    self.database = database
    snapshot = database.engine.snapshot()
    self.isCancelled = isCancelled
    self.progress = progress
  }

  func run() throws -> MatchingResult {
    try gatherMinor()
    var result = MatchingResult()
    result.examined = minor.count
    guard !minor.isEmpty else { return result }
    try matchWithinNumbers()
    progress(0.3)
    let entries = try database.catalogue.entries(of: Set(snapshot.allDatasets()), asOf: snapshot)
    for (index, entry) in entries.enumerated() {
      if entry.subjectItems.count > 1 { try matchRows(of: entry) }
      progress(0.3 + 0.5 * Double(index + 1) / Double(entries.count))
    }
    let pairs = try pairs(into: &result)
    let linked = Set(pairs.map(\.minor))
    let candidates = NameCandidates(
      snapshot: snapshot, entries: entries, isCancelled: isCancelled, identifier: identifier)
    // A number that is a person's, or might be, is nobody's by the name of a body.
    let others = minor.filter {
      Self.kindsOfBodies.contains($0.value.kind) && !$0.value.isOfPerson && !linked.contains($0.key)
        && !Identifier.check($0.value.text, as: .citizenIdentityNumber, on: CreditDatabase.today()).isValid
    }
    result.candidates = try candidates.find(others, limit: Self.shownConflicts)
    progress(0.9)
    try link(pairs, into: &result)
    progress(1)
    return result
  }

  // MARK: Finding

  private func forEachSubject(_ body: (SubjectKey) throws -> Void) throws {
    var number = 0
    for segment in snapshot.segments {
      for fence in try segment.reader.subjectTree().fences {
        let leaf = try segment.reader.leaf(fence)
        for place in 0..<leaf.subjectCount { try body(SubjectKey(rawValue: leaf.key(place))) }
        number += 1
        if number % 64 == 0, isCancelled() { throw CancellationError() }
      }
    }
    for key in snapshot.view.memory.keys(asOf: snapshot.commit) { try body(SubjectKey(rawValue: key)) }
  }

  private func isMinor(_ key: SubjectKey) -> Bool {
    switch key.family {
    case .organizationCode, .businessRegistrationNumber, .taxpayerNumber, .shortText, .longText: true
    case .citizenIdentityNumber: key.text?.utf8.count == 15
    case .unifiedSocialCreditCode, .system, nil: false
    }
  }

  private func identifier(of key: SubjectKey) throws -> Identifier? {
    let text = try key.text ?? LongIdentifiers.text(of: key.rawValue, in: snapshot)
    return text.map { Identifier($0, as: key.kind ?? .document) }
  }

  private func gatherMinor() throws {
    try forEachSubject { key in
      guard isMinor(key), minor[key.rawValue] == nil else { return }
      minor[key.rawValue] = try identifier(of: key)
    }
    // Subjects of which nothing is left but what was withdrawn are nobody's any more.
    let keys = minor.keys.sorted()
    var standing: Set<UInt128> = []
    try KeyCounts(snapshot, without: RecordState.withdrawn.rawValue).forEach(keys) { place, _, _ in
      standing.insert(keys[place])
    }
    minor = minor.filter { standing.contains($0.key) }
  }

  private func claim(
    _ minorKey: UInt128, _ better: UInt128, _ identifier: @autoclosure () throws -> Identifier?,
    _ evidence: LinkEvidence,
    note: String? = nil
  ) rethrows {
    guard claims[minorKey]?[better] == nil, let identifier = try identifier() else { return }
    claims[minorKey, default: [:]][better] = (identifier, evidence, note)
  }

  /// Numbers that stand inside others.
  private func matchWithinNumbers() throws {
    var organizations: [String: UInt128] = [:]
    // Fifteen characters: a division and the organisation code.
    var taxNumbers: [String: [UInt128]] = [:]
    var olderNumbers: [String: UInt128] = [:]
    for (key, identifier) in minor {
      switch identifier.kind {
      case .organizationCode: organizations[identifier.text] = key
      case .taxpayerNumber where identifier.text.utf8.count == 15:
        let code = String(identifier.text.suffix(9))
        if Identifier.check(code, as: .organizationCode, on: CreditDatabase.today()).isValid {
          taxNumbers[code, default: []].append(key)
        }
      case .citizenIdentityNumber: olderNumbers[identifier.text] = key
      default: break
      }
    }
    guard !organizations.isEmpty || !olderNumbers.isEmpty || !taxNumbers.isEmpty else { return }
    try forEachSubject { key in
      guard let text = key.text, text.utf8.count == 18 else { return }
      switch key.family {
      case .unifiedSocialCreditCode:
        let code = String(text.dropFirst(8).prefix(9))
        for found in (organizations[code].map { [$0] } ?? []) + (taxNumbers[code] ?? []) {
          claim(found, key.rawValue, Identifier(text, as: .unifiedSocialCreditCode), .organizationCode)
        }
      case .citizenIdentityNumber:
        // Century and check character fall away; only numbers of the 20th century had 15 digits.
        guard text.dropFirst(6).hasPrefix("19"),
          let found = olderNumbers[String(text.prefix(6)) + String(text.dropFirst(8).prefix(9))]
        else { return }
        claim(found, key.rawValue, Identifier(text, as: .citizenIdentityNumber), .upgradedIdentityNumber)
      default: return
      }
    }
  }

  /// Rows that name a minor number beside the one they stand under.
  private func matchRows(of entry: PublishedEntry) throws {
    let items = entry.subjectItems
    let schema = DatasetSchema(
      dataset: entry.dataset, version: entry.schema.version, columns: items.map { entry.schema.columns[$0] })
    let today = CreditDatabase.today()
    let kinds = items.map { (entry.entry.items[$0].identifier ?? .any).kind }
    // A document that stands beside its kind is a person's.
    let isPersonal = items.map { entry.entry.items[$0].identifierKindFrom != nil }
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    var rows = 0
    try DatasetScan(snapshot, schema: schema).forEach { row in
      rows += 1
      if rows % 4096 == 0, isCancelled() { throw CancellationError() }
      let own = SubjectKey(rawValue: try row.key)
      // A number of the second rank is never the better one.
      guard !isMinor(own), own.family != .system, try row.system(.state) != withdrawn else { return }
      for (column, kind) in kinds.enumerated() {
        guard let bytes = try row.text(column) else { continue }
        let text = String(decoding: bytes, as: UTF8.self)
        let verdict = Identifier.check(text, as: kind, on: today)
        guard verdict.isValid,
          let key = SubjectKey(Identifier(text, as: verdict.kind), digest: SubjectKey.digest),
          key != own, minor[key.rawValue] != nil
        else { continue }
        // A body's row may name a person (its owner, its representative): that makes them no one subject.
        // So may a tax number that is made of an identity number.
        let isTaxNumberOfPerson =
          verdict.kind == .taxpayerNumber && Identifier(text, as: .taxpayerNumber).isOfPerson
        let isPersons =
          isPersonal[column] || verdict.kind == .citizenIdentityNumber || isTaxNumberOfPerson
        guard isPersons == (own.family == .citizenIdentityNumber) else { continue }
        if let code = own.text, own.family == .unifiedSocialCreditCode, key.family == .organizationCode,
          key.text.map({ !code.dropFirst(8).hasPrefix($0) }) ?? false
        {
          contradicted[key.rawValue, default: [:]][own.rawValue] = Identifier(
            code, as: .unifiedSocialCreditCode)
          continue
        }
        let batch = try row.system(.batch)
        try claim(
          key.rawValue, own.rawValue, try identifier(of: own), .sameRow,
          note: "\(entry.entry.code), batch \(batch)")
      }
    }
  }

  // MARK: Linking

  /// What is to be linked: a number, and the one better number it is known to belong to.
  private func pairs(into result: inout MatchingResult) throws -> [(minor: UInt128, better: UInt128)] {
    var pairs: [(minor: UInt128, better: UInt128)] = []
    let table = LinkTable(snapshot: snapshot)
    for key in Set(claims.keys).union(contradicted.keys).sorted() {
      guard let identifier = minor[key] else { continue }
      let candidates = claims[key] ?? [:]
      // What the number itself says outweighs what somebody wrote into a row.
      let certain = candidates.filter { $0.value.evidence != .sameRow }
      let wanted = certain.isEmpty ? candidates : certain
      // A row that contradicts itself speaks against no link that the number itself proves.
      let others = certain.isEmpty ? contradicted[key] ?? [:] : [:]
      guard wanted.count == 1, others.isEmpty, let (better, _) = wanted.first else {
        if result.conflicts.count < Self.shownConflicts {
          let named = wanted.mapValues(\.identifier).merging(others) { first, _ in first }
          let subjects = named.keys.sorted().prefix(Self.shownSubjects).compactMap { named[$0] }
          result.conflicts.append(MatchingResult.Conflict(identifier: identifier, subjects: subjects))
        }
        continue
      }
      // Linked already, or undone by somebody who knew better.
      let known = try table.links(of: identifier, key: key, history: true)
      if let other = candidates[better]?.identifier, known.contains(where: { $0.other.isSame(as: other) }) {
        continue
      }
      pairs.append((key, better))
    }
    return pairs
  }

  private func link(_ pairs: [(minor: UInt128, better: UInt128)], into result: inout MatchingResult) throws {
    for start in stride(from: 0, to: pairs.count, by: Self.linksOfCommit) {
      if isCancelled() { throw CancellationError() }
      try write(pairs[start..<min(pairs.count, start + Self.linksOfCommit)], into: &result)
    }
  }

  private func write(
    _ pairs: ArraySlice<(minor: UInt128, better: UInt128)>, into result: inout MatchingResult
  ) throws {
    var counts: [String: Int] = [:]
    _ = try database.engine.write { transaction in
      counts = [:]
      for (place, pair) in pairs.enumerated() {
        guard let identifier = minor[pair.minor], let claim = claims[pair.minor]?[pair.better] else {
          continue
        }
        let link = SubjectLink(
          number: transaction.commit << 20 | UInt64(place), subject: identifier, other: claim.identifier,
          evidence: claim.evidence, note: claim.note, since: nil, author: "matching",
          commit: transaction.commit)
        try LinkTable.append(link, keys: (pair.minor, pair.better), to: &transaction)
        counts[claim.evidence.rawValue, default: 0] += 1
      }
      try Batches.append(
        Batch(kind: "linked", entry: "", unit: nil, file: nil, receipt: nil, reason: "matching"),
        to: &transaction)
    }
    result.linked.merge(counts) { $0 + $1 }
  }
}
