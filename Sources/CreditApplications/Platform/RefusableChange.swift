// Owns changes that may be refused while they are made.
// Invariants: a refusal inside the commit undoes all and comes out as it is, not as an error of the store.

import CreditStore

/// Keeps a refusal on its way through the store.
private final class Refusal {
  private var refusal: AccessRefusal?

  /// Inside the commit.
  func noting<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let refused as AccessRefusal {
      refusal = refused
      throw refused
    }
  }

  /// Around it.
  func rethrowing<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      if let refusal { throw refusal }
      throw error
    }
  }
}

extension CreditDatabase {
  /// Changes documents and records in one commit; what the body refuses is thrown as a refusal.
  func changeRefusably<Result>(
    _ note: String, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result
  ) throws -> Result {
    let refusal = Refusal()
    return try refusal.rethrowing {
      try change(note) { snapshot, changes in try refusal.noting { try body(snapshot, &changes) } }.result
    }
  }

  /// Finds out whether a change could be made, and takes it back.
  func tryChangeRefusably<Result>(
    _ note: String, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result
  ) throws {
    let refusal = Refusal()
    try refusal.rethrowing {
      try tryChange(note) { snapshot, changes in try refusal.noting { try body(snapshot, &changes) } }
    }
  }
}
