// Owns which subjects let a receiver have their records of an entry.
// Invariants: follows from the consents in the store at a commit and a day alone, so that a package can be written again; fails closed: a consent that is
// for some items or some time only lets nothing go, because records go whole.
// Does not enter consents (CreditApplications).

import CreditModel
import SegmentStore

/// Where the applications keep consents.
package enum ConsentDocument {
  /// The kind of their documents; stored, and never changes.
  package static let kind = "consent"
}

/// The subjects whose records of an entry a receiver may have.
struct ConsentedSubjects {
  /// When consents are looked at.
  struct Moment: Codable, Sendable, Equatable {
    var commit: UInt64
    var day: Day
  }

  /// Their identifiers, linked ones too, by key.
  let identifiers: [Identifier]
  private let keys: Set<SubjectKey>

  /// Nobody.
  static let none = ConsentedSubjects(found: [])

  /// - Parameters:
  ///   - route: says who receives, and in its basis what for.
  ///   - snapshot: the store as of the commit of the moment.
  init(_ route: ExchangeRoute, _ entry: CatalogueEntry, _ snapshot: CreditSnapshot, on day: Day) throws {
    var found: [(key: SubjectKey, identifier: Identifier)] = []
    let consents = try snapshot.database.knownConsents.consents(
      to: route.receiver, for: route.basis ?? "", in: snapshot)
    for consent in consents {
      guard consent.holds(on: day), consent.allows(entry: entry.code, category: entry.category),
        consent.items == nil,
        consent.dataFrom == nil, consent.dataUntil == nil
      else { continue }
      for (identifier, key) in try snapshot.linked(consent.subject, .followed)
      // A company's consent is not its owner's, and the other way round.
      where identifier.isOfPerson ? identifier.isSame(as: consent.subject) : !consent.subject.isOfPerson {
        found.append((key, identifier))
      }
    }
    self.init(found: found)
  }

  private init(found: [(key: SubjectKey, identifier: Identifier)]) {
    var keys: Set<SubjectKey> = []
    identifiers = found.sorted { $0.key.rawValue < $1.key.rawValue }
      .filter { keys.insert($0.key).inserted }.map(\.identifier)
    self.keys = keys
  }

  /// Whether records under an identifier may go.
  func allows(_ identifier: Identifier) -> Bool {
    LinkTable.unseenKey(identifier).map(keys.contains) ?? false
  }
}
