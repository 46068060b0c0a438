// Owns what consents mean for a package: whose changes go, whose records go all at once, whose are taken back.
// Invariants: when a package is put together again those count who consented then; of what is sent once more nothing goes whose consent ended since.
// Does not find consents (ConsentedSubjects).

import CreditModel
import SegmentStore

/// The consents behind a package of an authorized route.
struct PackageConsents {
  /// Those whose records the receiver has.
  private let before: ConsentedSubjects
  /// Those whose records it may have.
  private let present: ConsentedSubjects
  /// For changes that go once more: those whose records it may have by then.
  private let again: ConsentedSubjects?

  /// `nil` where the route asks nobody.
  init?(_ package: ExchangePackage, in database: CreditDatabase) throws {
    guard let moment = package.consents else { return nil }
    func subjects(_ moment: ConsentedSubjects.Moment) throws -> ConsentedSubjects {
      // Route and entry as they were then: what the one is for, and the category of the other, may have changed.
      let snapshot = database.snapshot(asOf: moment.commit)
      let route = try ExchangeTables(snapshot: snapshot.engine).route(package.route)
      let entry = try snapshot.entry(package.entry)
      return try ConsentedSubjects(route, entry, snapshot, on: moment.day)
    }
    present = try subjects(moment)
    before = package.isFull ? present : try package.consentsBefore.map(subjects) ?? .none
    again = try package.consentsAgain.map(subjects)
  }

  /// Whether the receiver has a subject's records and goes on having them.
  func isSteady(_ subject: Identifier) -> Bool { before.allows(subject) && present.allows(subject) }

  /// Those who consented since.
  var gained: [Identifier] { present.identifiers.filter { !before.allows($0) } }

  /// Those whose consent ended since.
  var lost: [Identifier] { before.identifiers.filter { !present.allows($0) } }

  /// Whether a change may go once more: no record whose consent ended since, and nothing is taken back of somebody who consented again.
  func maySendAgain(_ message: ExchangeMessage, isByConsent: Bool) -> Bool {
    guard let again else { return true }
    let subject = Identifier(message.subject.text, as: message.subject.kind)
    return message.operation == .put ? again.allows(subject) : !(isByConsent && again.allows(subject))
  }
}

extension CreditDatabase {
  /// Those whose records a package may give now; `nil` where its route asks nobody.
  func permitted(for package: ExchangePackage, _ entry: CatalogueEntry) throws -> ConsentedSubjects? {
    guard package.consents != nil else { return nil }
    let present = snapshot()
    let route = try ExchangeTables(snapshot: present.engine).route(package.route)
    return try ConsentedSubjects(route, entry, present, on: Self.today())
  }
}
