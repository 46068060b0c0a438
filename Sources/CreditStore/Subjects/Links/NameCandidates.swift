// Owns finding who a number might belong to by its name alone (同名候选): subjects that a register calls as records call a number that nothing links.
// Invariants: a candidate is never linked; whoever somebody linked with the number, or told apart from it, is none; names are equal but for width, brackets and
// legal form; withdrawn records name nobody. Memory holds the names of at most so many numbers, and the registers are read once for them.
// Does not decide: two bodies may have the same name.

public import CreditModel
import SegmentStore

extension MatchingResult {
  /// An identifier that nothing links, and subjects of its name.
  public struct Candidate: Codable, Sendable, Equatable {
    /// Kind and text of the identifier.
    public var identifier: Identifier
    /// What its records call it.
    public var name: String
    /// Subjects that a register calls so, at most ten.
    public var subjects: [Identifier]
  }
}

struct NameCandidates {
  /// Numbers whose names are looked for.
  private static let maximumNumbers = 200_000
  private static let shownSubjects = 10
  /// Numbers of one name at most.
  private static let maximumNamesakes = 20

  let snapshot: EngineSnapshot
  /// The entries as the snapshot has them.
  let entries: [PublishedEntry]
  let isCancelled: () -> Bool
  /// What a key stands for.
  let identifier: (SubjectKey) throws -> Identifier?

  private struct Number {
    var identifier: Identifier
    var name: String
    var subjects: [UInt128: Identifier] = [:]
  }

  /// - Parameters:
  ///   - numbers: the numbers by their keys.
  ///   - limit: candidates at most.
  func find(_ numbers: [UInt128: Identifier], limit: Int) throws -> [MatchingResult.Candidate] {
    var keysOfName = try numbersByName(numbers)
    var found: [UInt128: Number] = [:]
    guard !keysOfName.isEmpty else { return [] }
    let table = LinkTable(snapshot: snapshot)
    try forEachRegistered { subject, name in
      let form = NormalizedName(name)
      let core = form.bytes[..<form.coreLength]
      guard let keys = keysOfName[core] else { return }
      for key in keys where key != subject {
        guard let own = numbers[key], found.count < limit || found[key] != nil,
          found[key]?.subjects[subject] == nil, let other = try identifier(SubjectKey(rawValue: subject)),
          // Whom somebody told apart from it is no candidate again.
          try !table.links(of: own, key: key, history: true).contains(where: { $0.other.isSame(as: other) })
        else { continue }
        found[key, default: Number(identifier: own, name: name)].subjects[subject] = other
        // Whoever has as many as are shown is looked at no more.
        guard found[key]?.subjects.count == Self.shownSubjects else { continue }
        keysOfName[core]?.removeAll { $0 == key }
      }
    }
    return found.sorted { $0.key < $1.key }.map { _, number in
      MatchingResult.Candidate(
        identifier: number.identifier, name: number.name,
        subjects: number.subjects.sorted { $0.key < $1.key }.map(\.value))
    }
  }

  /// The numbers that nothing links, by what their records call them.
  private func numbersByName(_ numbers: [UInt128: Identifier]) throws -> [ArraySlice<UInt8>: [UInt128]] {
    let table = LinkTable(snapshot: snapshot)
    let schemas = Dictionary(
      entries.compactMap { entry in Self.nameSchema(entry).map { (entry.dataset, $0) } },
      uniquingKeysWith: { first, _ in first })
    var keysOfName: [ArraySlice<UInt8>: [UInt128]] = [:]
    for (key, identifier) in numbers.sorted(by: { $0.key < $1.key }).prefix(Self.maximumNumbers) {
      if isCancelled() { throw CancellationError() }
      guard try table.links(of: identifier, key: key).isEmpty else { continue }
      for name in try names(of: key, schemas) {
        let form = NormalizedName(name)
        if !form.isEmpty { keysOfName[form.bytes[..<form.coreLength], default: []].append(key) }
      }
    }
    // What so many are called says nothing of anybody.
    return keysOfName.filter { $0.value.count <= Self.maximumNamesakes }
  }

  /// The column that names the subjects of an entry.
  private static func nameSchema(_ entry: PublishedEntry) -> DatasetSchema? {
    entry.schema.searchColumn.map { column in
      DatasetSchema(
        dataset: entry.dataset, version: entry.schema.version, columns: [entry.schema.columns[column]])
    }
  }

  /// What current records call a subject, each name once.
  private func names(of key: UInt128, _ schemas: [DatasetID: DatasetSchema]) throws -> Set<String> {
    var names: Set<String> = []
    for dataset in try snapshot.datasets(of: key, includesHistory: false) {
      guard let schema = schemas[dataset] else { continue }
      for row in try snapshot.currentRows(of: key, schema: schema)
      where row.system.state != RecordState.withdrawn.rawValue {
        if let name = try row.cells(schema)[0].string { names.insert(name) }
      }
    }
    return names
  }

  /// Visits the names that registers give credit codes.
  private func forEachRegistered(_ body: (UInt128, String) throws -> Void) throws {
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    for entry in entries where entry.entry.category == "registration" {
      guard let schema = Self.nameSchema(entry) else { continue }
      var rows = 0
      try DatasetScan(snapshot, schema: schema).forEach { row in
        rows += 1
        if rows % 4096 == 0, isCancelled() { throw CancellationError() }
        let key = try row.key
        guard SubjectKey(rawValue: key).family == .unifiedSocialCreditCode,
          try row.system(.state) != withdrawn,
          let name = try row.string(0)
        else { return }
        try body(key, name)
      }
    }
  }
}
