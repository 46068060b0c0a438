// Owns the summaries of all entries in memory, and searching them.
// Invariants: as of one commit; made when somebody searches, never when a store is opened; brought up to a later commit by the rows published since,
// because an entry never leaves the catalogue.
// Does not decode entries.

import CreditModel
import SegmentStore

/// The summaries of a catalogue, ascending by code.
struct CatalogueIndex: Sendable {
  private struct Element: Sendable {
    var summary: CatalogueSummary
    /// Code, name, category and basis, folded.
    var text: [UInt8]
    /// Texts of the items, folded.
    var items: [UInt8]
  }

  /// The commit up to which everything published is in here.
  private(set) var commit: UInt64 = 0
  private var elements: [Element] = []
  /// By the bytes of the code.
  private var places: [[UInt8]: Int] = [:]
  /// When that commit was made: tells it from another of the same number.
  private(set) var instant: Int64?

  var count: Int { elements.count }
  var summaries: some Sequence<CatalogueSummary> { elements.lazy.map(\.summary) }

  // MARK: Filling

  /// Takes in what was published since.
  mutating func advance(to snapshot: EngineSnapshot, at instant: Int64?) throws {
    guard snapshot.commit > commit else { return }
    let last = Int64(bitPattern: commit)
    let all = SystemDatasets.catalogue
    let columns = [0, 1, 3, 6, 7].map { all.columns[$0] }
    let schema = DatasetSchema(dataset: all.dataset, version: all.version, columns: columns)
    var added: [Element] = []
    try DatasetScan(snapshot, schema: schema).forEach { row in
      guard try row.system(.commit) > last else { return }
      added.append(try Self.element(row))
    }
    commit = snapshot.commit
    self.instant = instant
    guard !added.isEmpty else { return }
    let known = elements.count
    for element in added {
      let code = Array(element.summary.code.utf8)
      if let place = places[code] {
        elements[place] = element
      } else {
        places[code] = elements.count
        elements.append(element)
      }
    }
    guard elements.count > known else { return }
    elements.sort { Self.isBefore($0.summary.code, $1.summary.code) }
    for (place, element) in elements.enumerated() { places[Array(element.summary.code.utf8)] = place }
  }

  /// Codes are compared by bytes, as everywhere.
  private static func isBefore(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
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
  func search(_ query: CatalogueQuery, after: String?, limit: Int) -> CatalogueResults {
    let words = (query.text ?? "").split { $0.isWhitespace }.map { Array(HeaderName.folded(String($0)).utf8) }
      .filter { !$0.isEmpty }
    var results = CatalogueResults(total: 0, entries: [])
    for element in elements {
      guard fits(element.summary, query),
        words.allSatisfy({ has($0, element.text) || query.searchesItems && has($0, element.items) })
      else { continue }
      results.total += 1
      let code = element.summary.code
      if let after, !Self.isBefore(after, code) { continue }
      if results.entries.count < max(1, limit) {
        results.entries.append(element.summary)
      } else if results.next == nil {
        results.next = results.entries.last?.code
      }
    }
    return results
  }

  private func has(_ word: [UInt8], _ text: [UInt8]) -> Bool {
    text.withUnsafeBytes { text in word.withUnsafeBytes { ByteSearch.contains(text, $0) } }
  }

  private func fits(_ summary: CatalogueSummary, _ query: CatalogueQuery) -> Bool {
    if let nature = query.nature, summary.nature != nature { return false }
    if let openness = query.openness, summary.openness != openness { return false }
    if let sharing = query.sharing, summary.sharing != sharing { return false }
    if let level = query.level, summary.level != level { return false }
    if let category = query.category, summary.category != category { return false }
    if let cycle = query.updateCycle, summary.updateCycle != cycle { return false }
    if let region = query.region, summary.region?.hasPrefix(region) != true { return false }
    if let unit = query.unit, !summary.units.contains(unit) { return false }
    if let kind = query.subjectKind, !summary.subjectKinds.contains(kind) { return false }
    if let day = query.effectiveOn {
      if let first = summary.effectiveFrom, first > day { return false }
      if let last = summary.effectiveUntil, last < day { return false }
    }
    return true
  }
}
