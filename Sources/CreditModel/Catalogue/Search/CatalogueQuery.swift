// Owns what a search of the catalogue asks, and what it gives back.
// Invariants: all conditions hold at once; a page begins where the last one ended, whatever was published meanwhile.

/// Conditions on entries of the catalogue (目录检索); what is `nil` does not matter.
///
/// ```swift
/// var query = CatalogueQuery(text: "处罚 罚款")
/// query.openness = .public
/// let page = try database.catalogue.search(query, limit: 20)
/// ```
public struct CatalogueQuery: Sendable, Equatable {
  /// Words that all have to stand in code, name, category, basis or items; case, width and blanks do not count.
  public var text: String?
  /// Whether ids, names and aliases of items are searched too.
  public var searchesItems = true
  /// Category of information.
  public var category: String?
  /// Nature of the information.
  public var nature: CatalogueEntry.Nature?
  /// Who may see records.
  public var openness: Openness?
  /// How records are shared.
  public var sharing: CatalogueEntry.Sharing?
  /// Whose catalogue the entry comes from.
  public var level: CatalogueEntry.Level?
  /// Beginning of a division: `13` finds the whole province.
  public var region: String?
  /// Credit code of a unit that may report the entry; entries that any unit may report are not meant.
  public var unit: String?
  /// A kind of subject the entry speaks of.
  public var subjectKind: String?
  /// How often units report.
  public var updateCycle: String?
  /// A day on which the current version is in effect.
  public var effectiveOn: Day?

  /// A search for words, or for everything.
  public init(text: String? = nil) { self.text = text }
}

/// A page of a search.
public struct CatalogueResults: Codable, Sendable, Equatable {
  /// How many entries fit in all.
  public var total: Int
  /// Those of the page, by code.
  public var entries: [CatalogueSummary]
  /// What to pass as `after` for the next page; `nil` when this is the last.
  public var next: String?

  package init(total: Int, entries: [CatalogueSummary]) {
    self.total = total
    self.entries = entries
  }
}
