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
    guard let entry = try? snapshot.entry(code), let now = entry.itemIndex(item.id).map({ entry.items[$0] })
    else { return item }
    return item.masked(asIn: now)
  }

  /// An entry with such items.
  func entry(_ entry: CatalogueEntry) -> CatalogueEntry {
    var strict = entry
    strict.items = entry.items.map { item($0, of: entry.code) }
    return strict
  }
}

extension CatalogueItem {
  /// What is masked of the item's texts; `nil` where they are shown.
  private var visible: [Int]? { openness == .authorized && mask?.count == 2 ? mask : nil }

  /// The item with a mask that shows no more than another's.
  fileprivate func masked(asIn other: CatalogueItem) -> CatalogueItem {
    guard let now = other.visible else { return self }
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

  /// A value of an aggregate over the past to show: by the strictest mask that an item of its name has in one of the entries.
  ///
  /// - Parameters:
  ///   - text: the value.
  ///   - item: its item; `nil` where it comes from none.
  ///   - codes: codes of the entries that were counted.
  public func text(_ text: String, of item: CatalogueItem?, in codes: [String]) -> String {
    guard let item, let presentMasks else { return self.text(text, of: item) }
    return self.text(text, of: codes.reduce(item) { presentMasks.item($0, of: $1) })
  }
}
