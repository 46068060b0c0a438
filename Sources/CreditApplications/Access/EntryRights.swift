// Owns deciding which entries, and which of their items, a role may see.
// Invariants: decided by what the catalogue says, before anything of a record is read; for everybody nothing but what is public.
// Does not look at records (RecordRights).

import CreditModel
import CreditStore

/// What a role sees of the catalogue.
struct EntryRights: Sendable, Hashable {
  let role: AccessRole
  /// The caller's own units: what they report they may see.
  let ownUnits: Set<String>
  /// What the public may see of people.
  let policy: PublicPolicy
  /// The consent that an authorised reading rests on.
  var consent: Consent?

  /// Whether records of an entry may be seen at all.
  func allows(_ entry: CatalogueSummary) -> Bool {
    allows(
      code: entry.code, category: entry.category, openness: entry.openness, sharing: entry.sharing,
      units: entry.units)
  }

  /// The same for an entry as it was when a record was read.
  func allows(_ entry: CatalogueEntry) -> Bool {
    allows(
      code: entry.code, category: entry.category, openness: entry.openness, sharing: entry.sharing,
      units: entry.units)
  }

  private func allows(
    code: String, category: String, openness: Openness, sharing: CatalogueEntry.Sharing, units: [String]
  ) -> Bool {
    if let entries = role.entries, !entries.contains(code) { return false }
    if let categories = role.categories, !categories.contains(category) { return false }
    if isOwn(units) { return true }
    switch role.audience {
    case .everybody: return openness == .public
    case .government:
      guard role.audience.openness.contains(openness) else { return false }
      switch sharing {
      case .unconditional: return true
      case .conditional: return openness == .public || role.conditionalEntries?.contains(code) ?? false
      case .none: return openness == .public
      }
    case .authorized: return consent?.allows(entry: code, category: category) ?? false
    case .subject, .centre: return true
    }
  }

  /// Whether records under an identifier may be seen: a company's consent is not its owner's, and the other way round.
  func allows(_ subject: Identifier) -> Bool {
    guard role.audience == .authorized, let consent else { return true }
    return subject.isOfPerson ? subject == consent.subject : !consent.subject.isOfPerson
  }

  /// Whether records with an event on a day may be seen.
  func allows(eventOn day: Day?) -> Bool {
    guard role.audience == .authorized, let consent else { return true }
    return consent.allows(eventOn: day)
  }

  /// The same without what the own units report.
  var withoutOwn: EntryRights { EntryRights(role: role, ownUnits: [], policy: policy, consent: consent) }

  /// Whether the caller's own units report an entry.
  func isOwn(_ units: [String]) -> Bool {
    role.audience != .everybody && !ownUnits.isDisjoint(with: units)
  }

  /// Whether values of an item may be seen.
  func allows(_ item: CatalogueItem, of entry: CatalogueEntry, isOwn: Bool) -> Bool {
    if isOwn { return true }
    if role.audience == .authorized, let items = consent?.items, !items.contains(item.id) { return false }
    return role.audience.openness.contains(entry.openness(of: item))
  }

  /// Whether anything of a subject of a kind may be seen, as far as the kind tells.
  func allows(_ kind: SubjectKind) -> Bool {
    guard role.audience == .everybody else { return true }
    switch kind {
    case .legalPerson, .soleTrader, .otherOrganization: return true
    // A number that might be a person's is taken for one.
    case .naturalPerson, .unknown: return !policy.personEntries.isEmpty
    }
  }
}

/// What everybody may see of people, and what else the city decides (公开策略).
public struct PublicPolicy: Codable, Sendable, Hashable {
  /// Codes of entries whose records about natural persons are public, as the lists of court defaulters are by judicial rule; by default none.
  public var personEntries: [String]
  /// Age in years below which nothing about a person is public.
  public var minimumAge: Int

  /// Makes a policy.
  public init(personEntries: [String] = [], minimumAge: Int = 18) {
    self.personEntries = personEntries
    self.minimumAge = minimumAge
  }
}
