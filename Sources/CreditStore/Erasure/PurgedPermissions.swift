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
    let keys = PurgeChoice.documentKeys(text, kind)
    func concerns(_ other: Identifier) throws -> Bool {
      try snapshot.ownLinked(other).contains { keys.contains($0.key.rawValue) }
    }
    let tables = ExchangeTables(snapshot: snapshot.engine)
    let routes = try tables.routes().filter { route in
      guard route.purpose != .upward else { return false }
      // A route that never packed has nothing to take back.
      return try !tables.packages(of: route.code).isEmpty
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
      renewed.append(route.code)
    }
    try renew(renewed)
    return renewed
  }

  /// Lets routes begin anew unless they do already; once more behind the purge, for somebody may have packed while it ran and the consent still stood.
  func renew(_ routes: [String]) throws {
    for route in routes {
      let last = try ExchangeTables(snapshot: database.snapshot().engine).packages(of: route).last
      guard let last, last.state != .restart else { continue }
      try database.restart(route: route, reason: "a purge took consents or shieldings away")
    }
  }
}
