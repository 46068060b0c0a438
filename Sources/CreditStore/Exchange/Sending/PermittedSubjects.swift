// Owns of which subjects a receiver may have records of an entry: of those who consented, or of all but those that are shielded.
// Invariants: follows from consents and shieldings in the store at a commit and a day alone, so that a package can be written again; fails closed: a consent
// that is for some items or some time only lets nothing go, because records go whole.
// Does not enter consents or shieldings (CreditApplications).

import CreditModel
import SegmentStore

/// Where the applications keep consents.
package enum ConsentDocument {
  /// The kind of their documents; stored, and never changes.
  package static let kind = "consent"
}

/// The subjects whose records of an entry a receiver may have.
struct PermittedSubjects {
  /// When consents and shieldings are looked at.
  struct Moment: Codable, Sendable, Equatable {
    var commit: UInt64
    var day: Day
  }

  /// The identifiers that are named, linked ones too, by key.
  let identifiers: [Identifier]
  private let keys: Set<SubjectKey>
  /// Whether all others are permitted, and not these.
  private let isAllBut: Bool

  /// Nobody.
  static let none = PermittedSubjects(found: [], isAllBut: false)
  /// Everybody.
  static let everybody = PermittedSubjects(found: [], isAllBut: true)

  private typealias Named = [(key: SubjectKey, identifier: Identifier)]

  /// - Parameters:
  ///   - route: says who receives, and in its basis what for.
  ///   - snapshot: the store as of the commit of the moment.
  init(_ route: ExchangeRoute, _ entry: CatalogueEntry, _ snapshot: CreditSnapshot, on day: Day) throws {
    guard route.purpose != .upward else {
      self = .everybody
      return
    }
    let shielded = try Self.shielded(entry, snapshot, on: day)
    guard route.purpose == .authorized else {
      self.init(found: shielded, isAllBut: true)
      return
    }
    let kept = Set(shielded.map(\.key))
    self.init(
      found: try Self.consenting(route, entry, snapshot, on: day).filter { !kept.contains($0.key) },
      isAllBut: false)
  }

  private static func shielded(_ entry: CatalogueEntry, _ snapshot: CreditSnapshot, on day: Day) throws
    -> Named
  {
    var found: Named = []
    for shielding in try snapshot.shieldings()
    where shielding.extent == .publicationAndSharing && shielding.isInForce(on: day)
      && shielding.isAbout(entry)
    {
      // A person whose company is reorganised is not, nor is another company of that person's.
      for (identifier, key) in try snapshot.ownLinked(shielding.subject) { found.append((key, identifier)) }
    }
    return found
  }

  private static func consenting(
    _ route: ExchangeRoute, _ entry: CatalogueEntry, _ snapshot: CreditSnapshot, on day: Day
  ) throws -> Named {
    var found: Named = []
    let consents = try snapshot.database.knownConsents.consents(
      to: route.receiver, for: route.basis ?? "", in: snapshot)
    for consent in consents {
      guard consent.holds(on: day), consent.allows(entry: entry.code, category: entry.category),
        consent.items == nil,
        consent.dataFrom == nil, consent.dataUntil == nil
      else { continue }
      // A company's consent is not its owner's, and the other way round.
      for (identifier, key) in try snapshot.ownLinked(consent.subject)
      where identifier.isOfPerson ? identifier.isSame(as: consent.subject) : !consent.subject.isOfPerson {
        found.append((key, identifier))
      }
    }
    return found
  }

  private init(found: Named, isAllBut: Bool) {
    var keys: Set<SubjectKey> = []
    identifiers = found.sorted { $0.key.rawValue < $1.key.rawValue }
      .filter { keys.insert($0.key).inserted }.map(\.identifier)
    self.keys = keys
    self.isAllBut = isAllBut
  }

  /// Whether an identifier is one of those that are named.
  func names(_ identifier: Identifier) -> Bool {
    LinkTable.unseenKey(identifier).map(keys.contains) ?? false
  }

  /// Whether records under an identifier may go.
  func allows(_ identifier: Identifier) -> Bool {
    LinkTable.unseenKey(identifier).map { keys.contains($0) != isAllBut } ?? false
  }
}
