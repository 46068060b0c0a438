// Owns looking at the catalogue through the rights of a caller.
// Invariants: units, and whoever reads by consent, find the whole catalogue, so that they know what they may ask for; everybody else the entries whose records
// they may see, and everybody the public items of these.

public import CreditModel
import CreditStore

extension AccessSession {
  /// Entries of the catalogue that fit, a page of them, by code (目录检索).
  ///
  /// - Parameters:
  ///   - query: the conditions.
  ///   - code: `next` of the page before.
  ///   - limit: entries of a page, 1 to 1,000.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func catalogue(
    _ query: CatalogueQuery = CatalogueQuery(), after code: String? = nil, limit: Int = 50
  ) throws -> CatalogueResults {
    try perform(.query) { reading, facts in
      let catalogue = platform.database.catalogue
      let limit = max(1, min(limit, 1000))
      var query = query
      var results: CatalogueResults
      if !reading.isOfUnit {
        // Items may be named by what is not public.
        query.searchesItems = false
        let visible = try reading.visible().codes
        results = try catalogue.search(query, after: code, limit: limit) { visible.contains($0.code) }
      } else {
        results = try catalogue.search(query, after: code, limit: limit)
      }
      facts.rows = results.entries.count
      return results
    }
  }

  /// An entry of the catalogue, as it is now (目录详情).
  ///
  /// - Parameter code: of the entry.
  /// - Throws: `AccessRefusal` with rule `entryNotGranted`; `CreditError`, code `unknownEntry`.
  public func catalogueEntry(_ code: String) throws -> CatalogueEntry {
    try perform(.query) { reading, facts in
      guard !reading.isOfUnit else {
        let entry = try reading.snapshot.entry(code)
        facts.entries = [code]
        return entry
      }
      guard try reading.visible().codes.contains(code) else {
        // Said alike of what is not there.
        throw AccessRefusal(.entryNotGranted, "records of \(code) may not be seen")
      }
      facts.entries = [code]
      let entry = try reading.snapshot.entry(code)
      return reading.audience == .everybody ? Self.public(entry) : entry
    }
  }

  /// An entry with its public items, and nothing that names others.
  private static func `public`(_ entry: CatalogueEntry) -> CatalogueEntry {
    let open = Audience.everybody.openness
    var shown = entry
    shown.items = entry.items.filter { open.contains(entry.openness(of: $0)) }
    let ids = Set(shown.items.map(\.id))
    shown.subject = entry.subject.filter(ids.contains)
    shown.recordKey = entry.recordKey.allSatisfy(ids.contains) ? entry.recordKey : []
    shown.subjectName = entry.subjectName.flatMap { ids.contains($0) ? $0 : nil }
    shown.subjectState = entry.subjectState.flatMap { ids.contains($0) ? $0 : nil }
    shown.eventDate = entry.eventDate.flatMap { ids.contains($0) ? $0 : nil }
    shown.rules = []
    return shown
  }
}

extension AccessReading {
  /// Whether a unit asks, the centre, or a lender: these find out what they may ask for, of whom or with whose consent.
  fileprivate var isOfUnit: Bool {
    roles.contains { $0.audience == .government || $0.audience == .centre || $0.audience == .authorized }
  }
}
