// Owns where the applications keep shieldings, and reading those that may be in force.
// Invariants: the list names every shielding that is not over, so that nobody looks through all documents for them.

package import CreditModel

/// Where the applications keep shieldings.
package enum ShieldingDocument {
  /// The kind of their documents; stored, and never changes.
  package static let kind = "shielding"
  /// The kind and id of the list of those that are not over; stored, and never changes.
  package static let listKind = "shieldings"
}

extension CreditSnapshot {
  /// The shieldings that were not over when the last one was entered.
  package func shieldings() throws -> [Shielding] {
    guard let list = try document(ShieldingDocument.listKind, ShieldingDocument.listKind) else { return [] }
    return try list.decoded(as: [String].self).compactMap { id in
      try document(ShieldingDocument.kind, id)?.decoded(as: Shielding.self)
    }
  }
}
