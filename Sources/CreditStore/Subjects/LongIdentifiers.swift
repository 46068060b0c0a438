// Owns the table of identifiers that are longer than a key can hold.
// Invariants: one text a key; every look-up by a long identifier compares it.

package import CreditModel
package import SegmentStore

package enum LongIdentifiers {
  /// The text stored for a key, or `nil`.
  package static func text(of key: UInt128, in snapshot: EngineSnapshot) throws(StoreError) -> String? {
    try snapshot.rows(of: key, schema: SystemDatasets.longIdentifiers).first?.cells(
      SystemDatasets.longIdentifiers)[0]
      .string
  }

  /// The key of an identifier if the store can hold it and no other text has the key.
  ///
  /// - Returns: `nil` when a look-up under this key would find somebody else.
  package static func key(
    of identifier: Identifier, in snapshot: EngineSnapshot, digest: (String) -> UInt128 = SubjectKey.digest
  ) throws(StoreError) -> SubjectKey? {
    guard let key = SubjectKey(identifier, digest: digest) else { return nil }
    guard key.needsFullText else { return key }
    let stored = try text(of: key.rawValue, in: snapshot)
    return stored.map { $0.utf8.elementsEqual(identifier.text.utf8) } ?? false ? key : nil
  }

  /// Keeps the text of a key that leaves out part of it, unless it is kept already.
  ///
  /// - Throws: `invalidIdentifier` when another text has the key.
  package static func keep(
    _ text: String, of key: UInt128, _ transaction: inout WriteTransaction
  ) throws {
    if let stored = try self.text(of: key, in: transaction.snapshot) {
      guard stored.utf8.elementsEqual(text.utf8) else {
        throw CreditError("invalidIdentifier", "the identifier cannot be told from another one")
      }
      return
    }
    try transaction.append(
      SystemDatasets.longIdentifiers, key: key, batch: transaction.commit,
      payload: RowPayload.encode([.text(text)]))
  }
}
