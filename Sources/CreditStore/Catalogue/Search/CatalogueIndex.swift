// Owns the summaries of all entries in memory, and searching them.
// Invariants: as of one commit; made when somebody searches, never when a store is opened; brought up to a later commit by the rows published since,
// because an entry never leaves the catalogue.
// Does not decode entries.

import CreditModel
import SegmentStore

/// The summaries of a catalogue, ascending by code.
struct CatalogueIndex: Sendable {
  private struct Element {
    var summary: CatalogueSummary
    /// Code, name, category and basis, folded.
    var text: [UInt8]
    /// Texts of the items, folded.
    var items: [UInt8]
  }

  /// The commit up to which everything published is in here.
  private(set) var commit: UInt64 = 0
  /// The commit that published the newest version in here.
  private(set) var revision: UInt64 = 0
  /// When that commit was made: tells it from another of the same number.
  private(set) var instant: Int64?
  private(set) var summaries: [CatalogueSummary] = []
  private var texts = SearchedLines()
  private var items = SearchedLines()
  /// Places of the entries that a unit may report, by its code.
  private var placesOfUnits: [String: [Int]] = [:]

  // MARK: Filling

  /// Takes in what was published since.
  mutating func advance(to snapshot: EngineSnapshot, at instant: Int64?) throws {
    guard snapshot.commit > commit else { return }
    let last = Int64(bitPattern: commit)
    let all = SystemDatasets.catalogue
    let columns = [0, 1, 3, 6, 7].map { all.columns[$0] }
    let schema = DatasetSchema(dataset: all.dataset, version: all.version, columns: columns)
    // By the bytes of the code.
    var added: [[UInt8]: Element] = [:]
    var newest = revision
    try DatasetScan(snapshot, schema: schema).forEach { row in
      let published = try row.system(.commit)
      guard published > last else { return }
      newest = max(newest, UInt64(bitPattern: published))
      let element = try Self.element(row)
      added[Array(element.summary.code.utf8)] = element
    }
    commit = snapshot.commit
    revision = newest
    self.instant = instant
    if !added.isEmpty { put(added) }
  }

  private mutating func put(_ added: [[UInt8]: Element]) {
    var next: [CatalogueSummary] = []
    var changed: [(texts: SearchedLines.Source, items: SearchedLines.Source)] = []
    var place = 0
    func keep(_ place: Int) {
      next.append(summaries[place])
      changed.append((.kept(place), .kept(place)))
    }
    for (code, element) in added.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      while place < summaries.count, summaries[place].code.utf8.lexicographicallyPrecedes(code) {
        keep(place)
        place += 1
      }
      if place < summaries.count, summaries[place].code.utf8.elementsEqual(code) { place += 1 }
      next.append(element.summary)
      changed.append((.new(element.text), .new(element.items)))
    }
    while place < summaries.count {
      keep(place)
      place += 1
    }
    summaries = next
    texts = texts.rebuilt(with: changed.map(\.texts))
    items = items.rebuilt(with: changed.map(\.items))
    placesOfUnits.removeAll(keepingCapacity: true)
    for (place, summary) in summaries.enumerated() {
      for unit in summary.units { placesOfUnits[unit, default: []].append(place) }
    }
  }

  private static func element(_ row: borrowing ScanRow) throws -> Element {
    let code = String(decoding: try row.text(0) ?? [], as: UTF8.self)
    let version = Int(clamping: try row.integer(1) ?? 0)
    let packed = try row.text(3) ?? []
    let summary = packed.withUnsafeBytes { CatalogueSummary(code: code, version: version, packed: $0) }
    if let summary {
      return Element(summary: summary, text: folded(summary), items: fold(try row.text(4) ?? []))
    }
    // A row of a store that did not keep summaries yet.
    let json = String(decoding: try row.text(2) ?? [], as: UTF8.self)
    let entry = try CatalogueRow.entry(code, json: json)
    let known = CatalogueSummary(of: entry)
    return Element(
      summary: known, text: folded(known), items: fold(Array(CatalogueSummary.itemTexts(of: entry).utf8)))
  }

  private static func folded(_ summary: CatalogueSummary) -> [UInt8] {
    fold(Array([summary.code, summary.name, summary.category, summary.basis].joined(separator: "\n").utf8))
  }

  /// Texts line by line as headers are compared: width, case and blanks do not count.
  private static func fold(_ text: [UInt8]) -> [UInt8] {
    var target: [UInt8] = []
    target.reserveCapacity(text.count)
    text.withUnsafeBytes { FoldedText.fold($0, into: &target) }
    return target
  }

  // MARK: Searching

  /// The entries that fit, by code.
  ///
  /// - Parameters:
  ///   - after: code behind which the page begins.
  ///   - limit: entries of the page, at least 1.
  ///   - visible: whether each entry may be found; `nil` = all may.
  func search(
    _ query: CatalogueQuery, after: String?, limit: Int, visible: [Bool]? = nil
  ) -> CatalogueResults {
    var fits = visible ?? [Bool](repeating: true, count: summaries.count)
    narrow(&fits, by: query)
    for word in (query.text ?? "").split(whereSeparator: \.isWhitespace) {
      let word = Array(HeaderName.folded(String(word)).utf8)
      guard !word.isEmpty else { continue }
      var has = [Bool](repeating: false, count: summaries.count)
      texts.mark(word, in: &has, of: fits)
      if query.searchesItems { items.mark(word, in: &has, of: fits) }
      for place in fits.indices where fits[place] { fits[place] = has[place] }
    }
    var results = CatalogueResults(total: 0, entries: [])
    for place in fits.indices where fits[place] {
      results.total += 1
      let code = summaries[place].code
      if let after, !after.utf8.lexicographicallyPrecedes(code.utf8) { continue }
      if results.entries.count < max(1, limit) {
        results.entries.append(summaries[place])
      } else if results.next == nil {
        results.next = results.entries.last?.code
      }
    }
    return results
  }

  private func narrow(_ fits: inout [Bool], by query: CatalogueQuery) {
    // Through a pointer, so that only the property that is asked for is read.
    func keep(_ isWanted: (UnsafePointer<CatalogueSummary>) -> Bool) {
      summaries.withUnsafeBufferPointer { all in
        guard let first = all.baseAddress else { return }
        for place in fits.indices where fits[place] { fits[place] = isWanted(first + place) }
      }
    }
    if let unit = query.unit {
      var reported = [Bool](repeating: false, count: fits.count)
      for place in placesOfUnits[unit] ?? [] { reported[place] = fits[place] }
      fits = reported
    }
    if let nature = query.nature { keep { $0.pointee.nature == nature } }
    if let openness = query.openness { keep { $0.pointee.openness == openness } }
    if let sharing = query.sharing { keep { $0.pointee.sharing == sharing } }
    if let level = query.level { keep { $0.pointee.level == level } }
    if let category = query.category { keep { $0.pointee.category == category } }
    if let cycle = query.updateCycle { keep { $0.pointee.updateCycle == cycle } }
    if let region = query.region { keep { $0.pointee.region?.hasPrefix(region) == true } }
    if let kind = query.subjectKind { keep { $0.pointee.subjectKinds.contains(kind) } }
    if let day = query.effectiveOn {
      keep { $0.pointee.effectiveFrom ?? day <= day && $0.pointee.effectiveUntil ?? day >= day }
    }
  }
}
