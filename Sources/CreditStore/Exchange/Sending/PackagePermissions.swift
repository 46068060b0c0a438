// Owns what consents and shieldings mean for a package: whose changes go, whose records go all at once, whose are taken back.
// Invariants: when a package is put together again those count who were permitted then; of what is sent once more nothing goes of whom no longer is.
// Does not find consents or shieldings (PermittedSubjects).

import CreditModel
import SegmentStore

/// Whose records a package may have.
struct PackagePermissions {
  /// Those whose records the receiver has.
  private let before: PermittedSubjects
  /// Those whose records it may have.
  private let present: PermittedSubjects
  /// Whether what is taken back is named by its key alone, where the entry has none too: nobody knows whether the receiver ever took it.
  let isNamedAlone: Bool
  /// For changes that go once more: those whose records it may have by then.
  private let again: PermittedSubjects?

  /// Those who are permitted since: they consented, or their shielding ended.
  let gained: [Identifier]
  /// Those who are not any more.
  let lost: [Identifier]

  /// `nil` where the package hands on everybody's.
  init?(_ package: ExchangePackage, in database: CreditDatabase) throws {
    func subjects(_ moment: PermittedSubjects.Moment) throws -> PermittedSubjects {
      // Route and entry as they were then: what the one is for, and the category of the other, may have changed.
      let snapshot = database.snapshot(asOf: moment.commit)
      let route = try ExchangeTables(snapshot: snapshot.engine).route(package.route)
      let entry = try snapshot.entry(package.entry)
      return try PermittedSubjects(route, entry, snapshot, on: moment.day)
    }
    guard let moment = package.consents else {
      // Put together before anybody could be shielded.
      guard let later = package.consentsAgain else { return nil }
      (before, present, isNamedAlone, gained, lost) = (.everybody, .everybody, false, [], [])
      again = try subjects(later)
      return
    }
    let present = try subjects(moment)
    // What went before this was looked at went of everybody; by consent nothing goes before.
    let route = try ExchangeTables(snapshot: database.snapshot(asOf: moment.commit).engine).route(
      package.route)
    let first = route.purpose == .authorized ? PermittedSubjects.none : .everybody
    isNamedAlone = route.purpose == .authorized
    let before = package.isFull ? present : try package.consentsBefore.map(subjects) ?? first
    again = try package.consentsAgain.map(subjects)
    let named = before.identifiers + present.identifiers.filter { !before.names($0) }
    gained = named.filter { present.allows($0) && !before.allows($0) }
    lost = named.filter { before.allows($0) && !present.allows($0) }
    (self.before, self.present) = (before, present)
  }

  /// Whether the receiver has a subject's records and goes on having them.
  func isSteady(_ subject: Identifier) -> Bool { before.allows(subject) && present.allows(subject) }

  /// Whether consents or shieldings are about a subject.
  func names(_ subject: Identifier) -> Bool { before.names(subject) || present.names(subject) }

  /// Whether a change may go once more: no record of whom no longer is permitted, and nothing is taken back of somebody who is again and whose record is there.
  ///
  /// - Parameter isOpen: whether the record is there, of something that is taken back because its subject was not permitted.
  func maySendAgain(_ message: ExchangeMessage, isOpen: (() throws -> Bool)? = nil) throws -> Bool {
    guard let again else { return true }
    let subject = Identifier(message.subject.text, as: message.subject.kind)
    guard message.operation != .put else { return again.allows(subject) }
    guard let isOpen, again.allows(subject) else { return true }
    return try !isOpen()
  }
}

extension CreditDatabase {
  /// Those whose records a package may give now; `nil` where its route hands on everybody's.
  func permitted(for package: ExchangePackage, _ entry: CatalogueEntry) throws -> PermittedSubjects? {
    let present = snapshot()
    let route = try ExchangeTables(snapshot: present.engine).route(package.route)
    guard route.purpose != .upward else { return nil }
    return try PermittedSubjects(route, entry, present, on: Self.today())
  }
}
