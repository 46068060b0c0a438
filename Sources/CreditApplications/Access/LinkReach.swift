// Owns whether a caller is led from the identifier it asked about to what stands under a linked one.
// Invariants: what stands under the number of a person is the person's, and whose company one is, is nobody's business: nobody but the centre is led from a
// body to its owner, nor from there to what else the owner has.
// Does not know links itself (`CreditSnapshot.ownIdentifiers`).

import CreditModel
import CreditStore

/// The way from an identifier that was asked about to those that are linked with it.
final class LinkReach {
  private let asked: Identifier
  private let snapshot: CreditSnapshot
  /// Looked up once something stands under another identifier.
  private var own: Set<Identifier>?

  init(from asked: Identifier, _ snapshot: CreditSnapshot) {
    self.asked = asked
    self.snapshot = snapshot
  }

  /// Whether a role is led to an identifier.
  func leads(to subject: Identifier, _ role: AccessRole) throws -> Bool {
    if role.audience == .centre || subject == asked { return true }
    let isSameKind = subject.isOfPerson == asked.isOfPerson
    guard isSameKind || asked.isOfPerson && role.audience != .everybody else { return false }
    let own = try own ?? Set(snapshot.ownIdentifiers(of: asked))
    self.own = own
    return own.contains(subject)
  }

  /// Whether one of some roles is led to an identifier.
  func leads(to subject: Identifier, _ roles: [AccessRole]) throws -> Bool {
    try roles.contains { try leads(to: subject, $0) }
  }
}
