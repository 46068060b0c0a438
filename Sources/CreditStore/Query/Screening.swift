// Owns asking about many identifiers at once: what a counter or a bank checks before it decides (批量筛查).
// Invariants: an answer is that of `records(of:)` for the same text, counted; answers stand in the order of the texts.
// Does not decide who may ask.

public import CreditModel
import SegmentStore

/// What the store has of one identifier.
public struct Screening: Sendable, Equatable {
  /// The text that was asked for.
  public var input: String
  /// What it was found under; `nil` when nothing was found.
  public var identifier: Identifier?
  /// Current records that are not withdrawn, by code of the entry.
  public var records: [String: Int] = [:]
  /// The same by nature of the entry.
  public var natures: [CatalogueEntry.Nature: Int] = [:]

  /// Whether the store has records of it.
  public var isFound: Bool { identifier != nil }
}

extension CreditSnapshot {
  /// Counts the records of many identifiers; a hundred thousand take a fraction of a second.
  ///
  /// ```swift
  /// for screening in try snapshot.screen(codes) where screening.natures[.negative] ?? 0 > 0 { print(screening.input) }
  /// ```
  /// - Parameter texts: identifiers whose form tells their kind. Where nothing is found under it, the other kinds are tried.
  /// - Throws: `CreditError`, code `damaged`.
  public func screen(_ texts: [String]) throws -> [Screening] {
    do {
      var screenings = texts.map { Screening(input: $0) }
      let today = CreditDatabase.today()
      let detected = texts.map { Identifier(detecting: $0, on: today) }
      try screen(detected, of: Array(texts.indices), into: &screenings)
      for kind in IdentifierKind.allCases {
        let others = texts.indices.filter { !screenings[$0].isFound && detected[$0].kind != kind }
        guard !others.isEmpty else { continue }
        try screen(others.map { Identifier(texts[$0], as: kind) }, of: others, into: &screenings)
      }
      return screenings
    } catch { throw CreditError(wrapping: error) }
  }

  /// - Parameter places: of the identifiers in the list of screenings.
  private func screen(_ identifiers: [Identifier], of places: [Int], into screenings: inout [Screening])
    throws
  {
    var asked: [(key: UInt128, place: Int, identifier: Identifier)] = []
    for (identifier, place) in zip(identifiers, places) {
      guard let key = try LongIdentifiers.key(of: identifier, in: engine) else { continue }
      let named = Identifier(key.text ?? identifier.text, as: key.kind ?? identifier.kind)
      asked.append((key.rawValue, place, named))
    }
    asked.sort { $0.key < $1.key }
    var keys: [UInt128] = []
    /// For each key the first of those that asked for it.
    var starts: [Int] = []
    for (index, one) in asked.enumerated() where keys.last != one.key {
      keys.append(one.key)
      starts.append(index)
    }
    starts.append(asked.count)
    var counts: [(key: Int, dataset: DatasetID, count: Int)] = []
    try KeyCounts(engine, without: RecordState.withdrawn.rawValue).forEach(keys) {
      counts.append(($0, $1, $2))
    }
    let datasets = Set(counts.map(\.dataset))
    let entries = Dictionary(
      try database.catalogue.entries(of: datasets, asOf: engine).map { ($0.dataset, $0.entry) },
      uniquingKeysWith: { first, _ in first })
    for (key, dataset, count) in counts {
      // Rows of the store's own tables are nobody's records.
      guard let entry = entries[dataset] else { continue }
      for one in asked[starts[key]..<starts[key + 1]] {
        screenings[one.place].identifier = one.identifier
        screenings[one.place].records[entry.code, default: 0] += count
        screenings[one.place].natures[entry.nature, default: 0] += count
      }
    }
  }
}
