// Owns the columns of packages in CSV form: those of the entry, or those of the 2018 standard in its order.
// Invariants: every required column of a standard has an item of the entry; where the standard has a column and the entry no item, the cells are empty.
// Does not write files (PackageFiles).

import CreditModel

/// The columns of a route for one entry.
struct ExchangeColumns {
  /// What stands in the header.
  let header: [String]
  /// For each column the item; `nil` where the entry has none.
  let items: [Int?]
  /// Whether dates are written with slashes, as the 2018 standard has them.
  let hasSlashedDates: Bool

  /// - Throws: `CreditError`, code `wrongLayout`, where the entry lacks a column that the standard requires.
  init(_ route: ExchangeRoute, _ entry: CatalogueEntry) throws(CreditError) {
    let standard: CatalogueEntry
    switch route.layout {
    case .catalogue: standard = entry
    case .permits2018: standard = .administrativePermit2018
    case .penalties2018: standard = .administrativePenalty2018
    }
    var items: [Int?] = []
    for column in standard.items {
      let item =
        entry.itemIndex(column.id)
        ?? entry.items.firstIndex { item in
          item.aliases.contains(column.id) || HeaderName.folded(item.name) == HeaderName.folded(column.name)
        }
      guard item != nil || !column.required else {
        throw CreditError(
          "wrongLayout",
          "entry \(entry.code) has no item for column \(column.id) (\(column.name)) of layout \(route.layout.rawValue)",
          item: column.id)
      }
      items.append(item)
    }
    self.items = items
    header = standard.items.map { route.heading == .ids ? $0.id : $0.name }
    hasSlashedDates = route.layout != .catalogue
  }

  /// The cells of a record.
  ///
  /// - Parameter values: by id of the item.
  func cells(_ values: [String: String], _ entry: CatalogueEntry) -> [[UInt8]?] {
    items.map { place in
      guard let place, let text = values[entry.items[place].id] else { return nil }
      guard hasSlashedDates, entry.items[place].type == .date else { return Array(text.utf8) }
      return text.utf8.map { $0 == 0x2D ? 0x2F : $0 }
    }
  }
}
