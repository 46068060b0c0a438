// Owns masking what is read of the past by the catalogue of the present: an item that is personal by now is so in old states, too.
// Invariants: of the masks of then and of now the one that shows less counts, end by end; a mask never widens what is visible.
// Does not mask (RecordPresentation).

public import CreditModel
public import CreditStore

/// The masks of the present catalogue, beside those of a past one.
struct PresentMasks: Sendable {
  let snapshot: CreditSnapshot

  /// An item of an entry, with a mask that shows no more than that of now.
  func item(_ item: CatalogueItem, of code: String) -> CatalogueItem {
    guard let now = try? snapshot.entry(code) else { return item }
    return item.masked(asIn: now)
  }

  /// The items of an entry, with such masks; those of the present version are what they are.
  func items(of entry: CatalogueEntry) -> [CatalogueItem] {
    guard let now = try? snapshot.entry(entry.code), now.version != entry.version else { return entry.items }
    return entry.items.map { $0.masked(asIn: now) }
  }

  /// Masks of an entry's items that show no more than those of now, whoever they are masked for; by the items' places.
  func masks(of entry: CatalogueEntry) -> [[Int]?] {
    let masks = entry.items.map(\.mask)
    guard let now = try? snapshot.entry(entry.code), now.version != entry.version else { return masks }
    return zip(entry.items, masks).map { item, mask in
      guard let other = now.itemIndex(item.id).flatMap({ now.items[$0].mask }), other.count == 2 else {
        return mask
      }
      guard let mask, mask.count == 2 else { return other }
      return [min(mask[0], other[0]), min(mask[1], other[1])]
    }
  }

  /// The entry with these items.
  func entry(_ entry: CatalogueEntry) -> CatalogueEntry {
    var strict = entry
    strict.items = items(of: entry)
    return strict
  }
}

extension CatalogueItem {
  /// What is masked of the item's texts; `nil` where they are shown.
  private var visible: [Int]? { openness == .authorized && mask?.count == 2 ? mask : nil }

  /// The item with a mask that shows no more than that of its name in another version of its entry.
  fileprivate func masked(asIn entry: CatalogueEntry) -> CatalogueItem {
    guard let now = entry.itemIndex(id).flatMap({ entry.items[$0].visible }) else { return self }
    var strict = self
    strict.openness = .authorized
    strict.mask = visible.map { [min($0[0], now[0]), min($0[1], now[1])] } ?? now
    return strict
  }
}

extension RecordPresentation {
  /// The same for records of a past state: what the present catalogue masks is masked in them, too.
  ///
  /// ```swift
  /// let past = database.snapshot(asOf: commit)
  /// let presentation = RecordPresentation.masked(on: today).masking(asIn: database.snapshot())
  /// ```
  /// - Parameter snapshot: the present state.
  public func masking(asIn snapshot: CreditSnapshot) -> RecordPresentation {
    var strict = self
    strict.presentMasks = PresentMasks(snapshot: snapshot)
    return strict
  }

  /// An item of an aggregate over the past, with the strictest mask that it has in one of the entries that were counted.
  ///
  /// - Parameters:
  ///   - item: the item as it was.
  ///   - codes: codes of the entries.
  public func item(_ item: CatalogueItem, in codes: [String]) -> CatalogueItem {
    guard let presentMasks else { return item }
    return codes.reduce(item) { presentMasks.item($0, of: $1) }
  }
}
