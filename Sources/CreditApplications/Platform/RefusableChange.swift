// Owns changes that may be refused while they are made.
// Invariants: a refusal inside the commit undoes all and comes out as it is, not as an error of the store.

import CreditStore

extension CreditDatabase {
  /// Changes documents and records in one commit; what the body refuses is thrown as a refusal.
  func changeRefusably<Result>(
    _ note: String, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result
  ) throws -> Result {
    var refusal: AccessRefusal?
    do {
      return try change(note) { snapshot, changes in
        do { return try body(snapshot, &changes) } catch let refused as AccessRefusal {
          refusal = refused
          throw refused
        }
      }.result
    } catch {
      if let refusal { throw refusal }
      throw error
    }
  }
}
