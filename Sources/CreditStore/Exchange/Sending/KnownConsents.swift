// Owns the consents to a receiver that were decoded last.
// Invariants: those of a commit are what the store has at it; at most two commits are kept.
// Does not judge them (PermittedSubjects).

import CreditModel
import SegmentStore

/// Consents to one receiver, as they were decoded: each package of a route asks for them, and for those of the package before.
final class KnownConsents: Sendable {
  private struct Place: Hashable {
    var commit: UInt64
    /// Tells the commit from another of its number, after an earlier state was restored.
    var instant: Int64?
    var grantee: String
    var purpose: String
  }

  private static let maximumPlaces = 2
  private let known = Guarded<[(place: Place, consents: [Consent])]>([])

  func consents(
    to grantee: String, for purpose: String, in snapshot: CreditSnapshot
  ) throws -> [Consent] {
    let place = Place(
      commit: snapshot.commit, instant: snapshot.database.engine.instant(of: snapshot.commit),
      grantee: grantee, purpose: purpose)
    if let found = known.withLock({ $0.first { $0.place == place }?.consents }) { return found }
    let consents = try snapshot.documents([ConsentDocument.kind]).map { try $0.decoded(as: Consent.self) }
      .filter { $0.grantee == grantee && $0.purpose == purpose }
    known.withLock { known in
      if known.count >= Self.maximumPlaces { known.removeFirst() }
      known.append((place, consents))
    }
    return consents
  }
}
