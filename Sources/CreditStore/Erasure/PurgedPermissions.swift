// Owns letting those routes begin anew whose receivers have records by consents, or without those that shieldings keep back, which a purge takes away.
// Invariants: what a receiver has of a subject follows from consents and shieldings that stand in the store; where they go for good, and out of the past, nobody
// could work out any more what to take back: all there is goes once more, and the receiver takes back the rest.
// Does not purge.

import CreditModel
import SegmentStore

struct PurgedPermissions {
  let database: CreditDatabase
  let scope: PurgeScope

  /// Lets the routes begin anew for which consents or shieldings of the subject counted; returns their codes.
  ///
  /// - Parameter snapshot: the store before the purge.
  func renewRoutes(_ snapshot: CreditSnapshot) throws -> [String] {
    guard case .subject(let text, let kind) = scope else { return [] }
    let subject =
      kind.map { Identifier(text, as: $0) } ?? Identifier(detecting: text, on: CreditDatabase.today())
    func concerns(_ other: Identifier) throws -> Bool {
      try snapshot.ownLinked(other).contains { $0.identifier.isSame(as: subject) }
    }
    let tables = ExchangeTables(snapshot: snapshot.engine)
    let routes = try tables.routes().filter { route in
      guard route.purpose != .upward else { return false }
      // A route that never packed, or begins anew already, has nothing to take back.
      return try tables.packages(of: route.code).last.map { $0.state != .restart } ?? false
    }
    guard !routes.isEmpty else { return [] }
    let isShielded = try snapshot.shieldings().contains { try concerns($0.subject) }
    var renewed: [String] = []
    for route in routes {
      let isByConsent =
        try route.purpose == .authorized
        && database.knownConsents.consents(to: route.receiver, for: route.basis ?? "", in: snapshot)
          .contains { try concerns($0.subject) }
      guard isByConsent || isShielded else { continue }
      try database.restart(route: route.code, reason: "a purge took consents or shieldings away")
      renewed.append(route.code)
    }
    return renewed
  }
}
