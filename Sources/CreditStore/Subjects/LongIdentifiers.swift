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
}
