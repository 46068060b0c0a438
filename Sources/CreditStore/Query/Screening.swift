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
      asked.append((key.rawValue, place, Self.named(identifier, key)))
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
    var firsts = FirstCounts()
    for (key, dataset, count) in counts {
      // Rows of the store's own tables are nobody's records.
      guard let entry = entries[dataset] else { continue }
      for one in asked[starts[key]..<starts[key + 1]] {
        guard screenings[one.place].isFound else {
          screenings[one.place].identifier = one.identifier
          (screenings[one.place].records, screenings[one.place].natures) = firsts.counts(
            count, dataset, entry)
          continue
        }
        screenings[one.place].records[entry.code, default: 0] += count
        screenings[one.place].natures[entry.nature, default: 0] += count
      }
    }
  }

  /// What a key says an identifier is; nearly always what it is taken for.
  private static func named(_ identifier: Identifier, _ key: SubjectKey) -> Identifier {
    let (text, kind) = (key.text ?? identifier.text, key.kind ?? identifier.kind)
    let isSame = kind == identifier.kind && text.utf8.elementsEqual(identifier.text.utf8)
    return isSame ? identifier : Identifier(text, as: kind)
  }

  /// Counts of subjects of which one entry has been met: many have the same, and share them until one of them changes.
  private struct FirstCounts {
    private struct Place: Hashable {
      var dataset: DatasetID
      var count: Int
    }

    private static let limit = 4096

    private var known: [Place: ([String: Int], [CatalogueEntry.Nature: Int])] = [:]

    mutating func counts(
      _ count: Int, _ dataset: DatasetID, _ entry: CatalogueEntry
    ) -> (records: [String: Int], natures: [CatalogueEntry.Nature: Int]) {
      let place = Place(dataset: dataset, count: count)
      if let found = known[place] { return found }
      let made = ([entry.code: count], [entry.nature: count])
      if known.count < Self.limit { known[place] = made }
      return made
    }
  }
}
