// Owns looking at the catalogue through the rights of a caller.
// Invariants: everybody finds entries whose records are public, with their public items; units find the whole catalogue, so that they know what they may ask for.

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
      if reading.audience == .everybody {
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
      facts.entries = [code]
      guard reading.audience == .everybody else { return try reading.snapshot.entry(code) }
      guard try reading.visible().codes.contains(code) else {
        // Said alike of what is not there.
        throw AccessRefusal(.entryNotGranted, "records of \(code) may not be seen")
      }
      var entry = try reading.snapshot.entry(code)
      let open = Audience.everybody.openness
      entry.items = entry.items.filter { [entry] item in open.contains(entry.openness(of: item)) }
      return entry
    }
  }
}
