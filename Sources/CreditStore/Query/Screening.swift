// Owns asking about many identifiers at once: what a counter or a bank checks before it decides (批量筛查).
// Invariants: an answer is that of `records(of:)` for the same text, counted, links and all; answers stand in the order of the texts.
// Does not decide who may ask.

public import CreditModel
import SegmentStore

/// What the store has of one identifier.
public struct Screening: Sendable, Equatable {
  /// The text that was asked for.
  public var input: String
  /// What it was taken for; `nil` when nothing was found.
  public var identifier: Identifier?
  /// Other identifiers of the same subject, whose records are counted too (关联标识).
  public var linked: [Identifier] = []
  /// Current records that are not withdrawn, by code of the entry.
  public var records: [String: Int] = [:]
  /// The same by nature of the entry, without those that are repaired: these speak neither for nor against anybody.
  public var natures: [CatalogueEntry.Nature: Int] = [:]
  /// Those that are repaired (已修复); they are among `records`.
  public var repaired = 0

  /// Whether the store has records of it.
  public var isFound: Bool { identifier != nil }

  fileprivate mutating func add(_ count: KeyCounts.Count, _ entry: String, _ nature: CatalogueEntry.Nature) {
    records[entry, default: 0] += count.rows
    repaired += count.apart
    if count.rows > count.apart { natures[nature, default: 0] += count.rows - count.apart }
  }
}

extension CreditSnapshot {
  /// Counts the records of many identifiers; a hundred thousand take a fraction of a second.
  ///
  /// ```swift
  /// for screening in try snapshot.screen(codes) where screening.natures[.negative] ?? 0 > 0 { print(screening.input) }
  /// ```
  /// - Parameters:
  ///   - texts: identifiers whose form tells their kind. Where nothing is found under it, the other kinds are tried.
  ///   - links: which links are followed: what stands under a former number of a subject counts as well.
  /// - Throws: `CreditError`: `damaged`; `limit` where more than a thousand identifiers are linked with one.
  public func screen(_ texts: [String], links: Links = .followed) throws -> [Screening] {
    try screen(texts, links: links, among: nil)
  }

  /// Counts records of some entries alone. Of others nothing is read but the directory of subjects, which is read alike where there are none.
  package func screen(
    _ texts: [String], links: Links = .followed, among selection: EntrySelection?
  ) throws -> [Screening] {
    do {
      let wanted = selection?.datasets
      var screenings = texts.map { Screening(input: $0) }
      let today = CreditDatabase.today()
      let detected = texts.map { Identifier(detecting: $0, on: today) }
      try screen(detected, of: Array(texts.indices), links, wanted, into: &screenings)
      var missing = texts.indices.filter { screenings[$0].identifier == nil }
      for kind in IdentifierKind.allCases where !missing.isEmpty {
        let others = missing.filter { detected[$0].kind != kind }
        try screen(
          others.map { Identifier(texts[$0], as: kind) }, of: others, links, wanted, into: &screenings)
        missing.removeAll { screenings[$0].identifier != nil }
      }
      return screenings
    } catch { throw CreditError(wrapping: error) }
  }

  /// - Parameter places: of the identifiers in the list of screenings.
  private func screen(
    _ identifiers: [Identifier], of places: [Int], _ links: Links, _ wanted: Set<DatasetID>?,
    into screenings: inout [Screening]
  ) throws {
    guard !identifiers.isEmpty else { return }
    // Places alone are sorted: texts would be counted by everyone who holds them at each exchange.
    var asked: [(key: UInt128, index: Int)] = []
    asked.reserveCapacity(identifiers.count)
    for (index, identifier) in identifiers.enumerated() {
      guard let key = try LongIdentifiers.key(of: identifier, in: engine) else { continue }
      asked.append((key.rawValue, index))
    }
    let linked = try Linked(identifiers, links, self)
    asked += linked.keys
    asked.sort { $0.key < $1.key }
    var keys: [UInt128] = []
    /// For each key the first of those that asked for it.
    var starts: [Int] = []
    for (index, one) in asked.enumerated() where keys.last != one.key {
      keys.append(one.key)
      starts.append(index)
    }
    starts.append(asked.count)
    var counts: [(key: Int, dataset: DatasetID, count: KeyCounts.Count)] = []
    try KeyCounts(
      engine, without: RecordState.withdrawn.rawValue, tellingApart: RecordState.repaired.rawValue
    ).forEach(keys, among: wanted) { counts.append(($0, $1, $2)) }
    let datasets = Set(counts.map(\.dataset))
    let entries = Dictionary(
      try database.catalogue.entries(of: datasets, asOf: engine).map {
        ($0.dataset, Entry(code: $0.entry.code, nature: $0.entry.nature))
      }, uniquingKeysWith: { first, _ in first })
    var firsts = FirstCounts()
    var last: (dataset: DatasetID, entry: Entry?)?
    for (key, dataset, count) in counts {
      // Counts come segment by segment, and neighbours are often of one entry.
      let found = last?.dataset == dataset ? last?.entry : entries[dataset]
      last = (dataset, found)
      // Rows of the store's own tables are nobody's records.
      guard let entry = found else { continue }
      for one in asked[starts[key]..<starts[key + 1]] {
        let place = places[one.index]
        guard screenings[place].identifier != nil else {
          let others = linked.others[one.index]
          screenings[place].identifier =
            others == nil ? Self.named(identifiers[one.index], one.key) : identifiers[one.index]
          screenings[place].linked = others ?? []
          guard count.apart == 0 else {
            screenings[place].add(count, entry.code, entry.nature)
            continue
          }
          (screenings[place].records, screenings[place].natures) = firsts.counts(count.rows, dataset, entry)
          continue
        }
        screenings[place].add(count, entry.code, entry.nature)
      }
    }
  }

  /// What a key says an identifier is; nearly always what it is taken for.
  private static func named(_ identifier: Identifier, _ rawKey: UInt128) -> Identifier {
    let key = SubjectKey(rawValue: rawKey)
    // A key of a structured number is the number.
    if let kind = key.kind, kind != .document, kind == identifier.kind { return identifier }
    let (text, kind) = (key.text ?? identifier.text, key.kind ?? identifier.kind)
    let isSame = kind == identifier.kind && text.utf8.elementsEqual(identifier.text.utf8)
    return isSame ? identifier : Identifier(text, as: kind)
  }

  /// The identifiers that are linked with some of those asked about.
  private struct Linked {
    /// Keys of the others, each with the place of the one asked about.
    var keys: [(key: UInt128, index: Int)] = []
    /// The others by the place of the one asked about.
    var others: [Int: [Identifier]] = [:]

    init(_ identifiers: [Identifier], _ links: Links, _ snapshot: CreditSnapshot) throws {
      guard let table = snapshot.linkSnapshot(links), try table.mayHaveRows(of: SystemDatasets.links.dataset)
      else { return }
      var asked: [(key: UInt128, index: Int)] = []
      for (index, identifier) in identifiers.enumerated() {
        guard let key = LinkTable.unseenKey(identifier) else { continue }
        asked.append((SystemDatasets.key(linksOf: key.rawValue), index))
      }
      asked.sort { $0.key < $1.key }
      // Few have links: those that have none are told from the directories, all in one walk.
      var found: Set<Int> = []
      var distinct: [UInt128] = []
      for one in asked where distinct.last != one.key { distinct.append(one.key) }
      try KeyCounts(table, without: RecordState.withdrawn.rawValue).forEach(distinct) { place, _, _ in
        found.insert(place)
      }
      var place = -1
      var last: UInt128?
      for one in asked {
        if one.key != last { (place, last) = (place + 1, one.key) }
        guard found.contains(place) else { continue }
        let identifier = identifiers[one.index]
        let others = try snapshot.linked(identifier, links).filter { !$0.identifier.isSame(as: identifier) }
        keys += others.map { ($0.key.rawValue, one.index) }
        if !others.isEmpty { self.others[one.index] = others.map(\.identifier) }
      }
    }
  }

  /// What an answer says of a catalogue entry.
  private struct Entry {
    var code: String
    var nature: CatalogueEntry.Nature
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
      _ count: Int, _ dataset: DatasetID, _ entry: Entry
    ) -> (records: [String: Int], natures: [CatalogueEntry.Nature: Int]) {
      let place = Place(dataset: dataset, count: count)
      if let found = known[place] { return found }
      let made = ([entry.code: count], [entry.nature: count])
      if known.count < Self.limit { known[place] = made }
      return made
    }
  }
}
