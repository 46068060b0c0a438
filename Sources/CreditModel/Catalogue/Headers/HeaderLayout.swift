// Owns the known layouts of files for an entry: its own, and the older or provincial ones.
// Invariants: a layout maps folded headers to items; it is chosen for a file as a whole, never per column.
// Does not read files.

/// One way in which units lay out the columns of an entry (文件版式).
package struct HeaderLayout: Sendable {
  /// Name for messages, such as `2018`.
  package let name: String
  /// Ids as they are written, so that ids that differ in case stay apart.
  package let exact: [String: Int]
  /// Folded header to item index.
  package let columns: [String: Int]
  /// Columns whose cells are appended to another column's item, joined by `;` (2015 had two penalty categories).
  package let joined: [String: Int]
  /// Folded headers that are names, or aliases, of two items alike.
  package let ambiguous: [String: (first: Int, second: Int)]
  /// Items that this layout carries and that must have a column.
  package let required: Set<Int>

  /// The layout of the entry itself: ids, names and aliases.
  package init(own entry: CatalogueEntry) {
    var columns: [String: Int] = [:]
    var ambiguous: [String: (first: Int, second: Int)] = [:]
    // Ids win over names, names over aliases, so that an alias never takes away another item's name.
    for spelling in [{ (item: CatalogueItem) in [item.id] }, { [$0.name] }, { $0.aliases }] {
      let better = columns
      for (index, item) in entry.items.enumerated() {
        for header in spelling(item).map(HeaderName.folded) where better[header] == nil {
          if let other = columns[header], other != index { ambiguous[header] = (other, index) }
          columns[header] = columns[header] ?? index
        }
      }
    }
    self.ambiguous = ambiguous
    name = entry.code
    self.columns = columns
    exact = Dictionary(entry.items.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    joined = [:]
    required = Set(
      entry.items.indices.filter { entry.items[$0].required || entry.recordKey.contains(entry.items[$0].id) })
  }

  /// An older or provincial layout; pairs of header and item id. Headers of the entry itself stay valid where the
  /// layout does not give them another meaning.
  private init(name: String, entry: CatalogueEntry, pairs: [(String, String)]) {
    var columns: [String: Int] = [:]
    var joined: [String: Int] = [:]
    for (header, id) in pairs {
      if id.hasPrefix("+") {
        joined[HeaderName.folded(header)] = entry.itemIndex(String(id.dropFirst()))
      } else {
        columns[HeaderName.folded(header)] = entry.itemIndex(id)
      }
    }
    let items = Set(columns.values)
    // Files of such a layout also come with the Chinese names of the items they carry.
    for index in items {
      for header in [entry.items[index].name] + entry.items[index].aliases
      where columns[HeaderName.folded(header)] == nil {
        columns[HeaderName.folded(header)] = index
      }
    }
    self.joined = joined
    ambiguous = [:]
    exact = [:]
    self.name = name
    self.columns = columns
    // Older files are patchy: they must only tell their records apart.
    required = Set(
      entry.items.indices.filter { items.contains($0) && entry.recordKey.contains(entry.items[$0].id) })
  }

  /// The name of the layout of 2015.
  package static let name2015 = "2015"

  /// All layouts known for an entry, its own first.
  package static func layouts(for entry: CatalogueEntry) -> [HeaderLayout] {
    let known: [(String, [(String, String)])] =
      switch entry.code {
      case "XZXK": [(name2015, LegacyHeaders.permit2015), ("provincial", LegacyHeaders.permitProvincial)]
      case "XZCF": [(name2015, LegacyHeaders.penalty2015), ("provincial", LegacyHeaders.penaltyProvincial)]
      default: []
      }
    return [HeaderLayout(own: entry)] + known.map { HeaderLayout(name: $0.0, entry: entry, pairs: $0.1) }
  }
}
