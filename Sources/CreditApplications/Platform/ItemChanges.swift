// Owns reading what items become from texts that people gave.
// Invariants: each text is read as its item reads cells; an item that the entry does not have is named.

import CreditModel
import CreditStore

extension CatalogueEntry {
  /// Items with their new values; `nil` takes a value away.
  ///
  /// - Parameter texts: by id of the item.
  /// - Throws: `CreditError`: `unknownItem`, `invalidValue`.
  func changes(reading texts: [String: String?]) throws -> [String: Value?] {
    var changes: [String: Value?] = [:]
    for (id, text) in texts {
      guard let place = itemIndex(id) else {
        throw CreditError("unknownItem", "entry \(code) has no item \(id)", item: id)
      }
      do {
        changes.updateValue(try text.flatMap { try items[place].value(reading: $0) }, forKey: id)
      } catch { throw CreditError(wrapping: error) }
    }
    return changes
  }
}
