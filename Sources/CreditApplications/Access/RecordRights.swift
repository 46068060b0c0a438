// Owns deciding whether a record is shown to a caller, and what of it.
// Invariants: a record is shown where one role allows entry, unit, state and publication alike; its values come through `ShownRecord` alone, so that
// every way of reading shows the same. Masks are put on what is shown, never on what is stored.

import CreditModel
import CreditStore

/// What a caller sees of records.
struct RecordRights {
  /// What a role allows, with the units whose records it reaches.
  struct Right {
    var entries: EntryRights
    /// `nil` = all units.
    var units: Set<String>?
  }

  let rights: [Right]
  /// The way from the identifier that was asked about.
  let links: LinkReach
  let publicity: RecordPublicity
  let today: Day
  /// The day by which numbers of people are told from others: today, whatever day is asked about.
  let maskDay: Day
  /// Whether versions of the past are shown.
  var isOfPast = false
  /// The masks of now, where an earlier state of the store is read.
  var presentMasks: PresentMasks?
  /// Whether a record is kept from an audience while a plan of reorganisation is carried out.
  var isShielded: (CreditRecord, Audience) -> Bool = { _, _ in false }
  /// What roles of the subject's own read; `nil` = any subject.
  var ownSubjects: Set<Identifier>?
  /// Gives the unit that reported a batch.
  let unit: (CreditRecord) throws -> String?

  /// The record as the caller may see it, or `nil`.
  func shown(_ record: CreditRecord, isDisputed: Bool) throws -> ShownRecord? {
    let entry = record.entry
    guard isOfPast || record.state != .withdrawn else { return nil }
    let reporter = try unit(record)
    for right in rights {
      guard let isOwn = try reach(right, entry, record, reporter) else { continue }
      let role = right.entries.role
      if isOfPast, role.audience == .everybody || role.audience == .authorized { continue }
      // What a unit reported it may look back at.
      let isReporter = reporter.map(right.entries.ownUnits.contains) ?? false
      if isOfPast, role.audience == .government, !isReporter { continue }
      if isShielded(record, role.audience), !isOwn { continue }
      // What was repaired is neither shown nor shared any more.
      if record.state == .repaired, !isOfPast, role.audience != .centre, !isOwn { continue }
      var publication: Publication?
      if role.audience == .everybody {
        guard isPublicSubject(record, right.entries.policy) else { continue }
        publication = try publicity.publication(of: record, on: today)
        if let publication, !publication.isShown { continue }
      } else {
        // Only what everybody sees depends on rules for every day there is.
        publication = try? publicity.publication(of: record, on: today)
      }
      return try shown(
        record, right.entries, isOwn: isOwn, reporter, publication, isDisputed: isDisputed)
    }
    return nil
  }

  /// Whether a right reaches a record, whatever its state and its period of publication; and then whether it is the caller's own.
  private func reach(
    _ right: Right, _ entry: CatalogueEntry, _ record: CreditRecord, _ reporter: String?
  ) throws -> Bool? {
    let rights = right.entries
    guard rights.allows(entry), rights.allows(eventOn: record.eventDay), rights.allows(record.subject) else {
      return nil
    }
    guard try links.leads(to: record.subject, rights.role) else { return nil }
    if rights.role.audience == .subject, let ownSubjects, !ownSubjects.contains(record.subject) { return nil }
    if let units = right.units, !(reporter.map(units.contains) ?? false) { return nil }
    let isOwn = rights.isOwn(entry.units) && reporter.map(rights.ownUnits.contains) ?? false
    // Whoever may see an entry only because the own units report it sees what these reported.
    if !isOwn, rights.isOwn(entry.units), !allowsOthers(rights, entry) { return nil }
    if !isOwn, publicity.isClosed(record, to: rights.role.audience) { return nil }
    return isOwn
  }

  /// Whether some right reaches a record, whatever its state and its period of publication.
  func reaches(_ record: CreditRecord) throws -> Bool {
    let reporter = try unit(record)
    return try rights.contains { right in
      guard let isOwn = try reach(right, record.entry, record, reporter) else { return false }
      guard isOwn || !isShielded(record, right.entries.role.audience) else { return false }
      guard right.entries.role.audience == .everybody else { return true }
      return try isPublicSubject(record, right.entries.policy)
        && publicity.publication(of: record, on: today)?.isShown ?? true
    }
  }

  private func allowsOthers(_ rights: EntryRights, _ entry: CatalogueEntry) -> Bool {
    rights.withoutOwn.allows(entry)
  }

  private func isPublicSubject(_ record: CreditRecord, _ policy: PublicPolicy) -> Bool {
    switch record.isAboutPerson ? .naturalPerson : record.subject.subjectKind {
    case .legalPerson, .soleTrader, .otherOrganization: return true
    case .naturalPerson:
      guard policy.personEntries.contains(record.entry.code) else { return false }
      // What somebody did before that age is not shown afterwards either.
      let day = min(record.eventDay ?? today, today)
      return record.subject.isYounger(than: policy.minimumAge, on: day) == false
    case .unknown: return false
    }
  }

  // MARK: Items

  private func shown(
    _ record: CreditRecord, _ rights: EntryRights, isOwn: Bool, _ reporter: String?,
    _ publication: Publication?, isDisputed: Bool
  ) throws -> ShownRecord {
    let entry = record.entry
    var items: [ShownRecord.Item] = []
    var absent: [ShownRecord.Absent] = []
    var hidden: Set<String> = []
    let masks = presentMasks?.masks(of: entry) ?? entry.items.map(\.mask)
    for (place, item) in entry.items.enumerated() {
      guard rights.allows(item, of: entry, isOwn: isOwn) else {
        hidden.insert(item.id)
        continue
      }
      guard let value = record.values[place] else {
        absent.append(.init(id: item.id, name: item.name))
        continue
      }
      let text = value.canonicalText
      let masked = mask(text, masks[place], rights.role, record.subject)
      items.append(.init(id: item.id, name: item.name, value: masked, isMasked: masked != text))
    }
    func value(_ id: String?) -> String? { id.flatMap { id in items.first { $0.id == id }?.value } }
    func isShown(_ id: String) -> Bool {
      !hidden.contains(id) && !(items.first { $0.id == id }?.isMasked ?? false)
    }
    // Without key items the key is a digest of all values: of those not shown it would tell whoever tries what they might be.
    let keyItems = entry.recordKey.isEmpty ? entry.items.map(\.id) : entry.recordKey
    let isKeyShown = keyItems.allSatisfy(isShown)
    let isDayShown = entry.eventDate.map(isShown) ?? true
    let isPublicationShown =
      isDayShown
      && publicity.mappings[entry.code].map { isShown($0.day) && ($0.lastDay.map(isShown) ?? true) } ?? true
    return ShownRecord(
      entry: entry.code, entryName: entry.name, category: entry.category, nature: entry.nature,
      subject: shown(record.subject, to: rights.role), subjectKind: record.subject.subjectKind,
      key: isKeyShown ? mask(record.key, nil, rights.role, record.subject) : nil, version: record.version,
      state: record.state.name, commit: record.commit, day: isDayShown ? record.eventDay : nil,
      unit: reporter, isDisputed: isDisputed,
      publication: isPublicationShown ? publication.map { asItIs($0, record, rights.policy) } : nil,
      isInForce: isInForce(publication), level: entry.level,
      subjectName: value(entry.subjectName), subjectState: value(entry.subjectState), items: items,
      absentItems: absent)
  }

  /// The publication of a record that its days alone would show, but that is not: it was repaired, is shielded, or is about a person.
  private func asItIs(
    _ publication: Publication, _ record: CreditRecord, _ policy: PublicPolicy
  ) -> Publication {
    guard publication.isShown else { return publication }
    var answer = publication
    if record.state == .repaired {
      (answer.isShown, answer.reason, answer.earliestRepair) = (false, .ended, nil)
    } else if isShielded(record, .everybody) {
      (answer.isShown, answer.reason) = (false, .shielded)
    } else if !isPublicSubject(record, policy) {
      (answer.isShown, answer.reason) = (false, .naturalPerson)
    }
    return answer
  }

  /// Whether a record counts, as far as its days tell: whether everybody is shown it does not matter.
  private func isInForce(_ publication: Publication?) -> Bool {
    switch publication?.reason {
    case .notYet, .ended, .maximumReached: false
    // Decisions that are not shown at all have a last day as well: a warning does not outlive a fine.
    default: publication?.lastDay.map { $0 >= today } ?? true
    }
  }

  /// An identifier as a role may see it: numbers of people, and those that might be, masked.
  private func shown(_ identifier: Identifier, to role: AccessRole) -> String {
    role.isUnmasked ?? false || role.audience == .subject ? identifier.text : identifier.masked
  }

  private func mask(
    _ text: String, _ mask: [Int]?, _ role: AccessRole, _ subject: Identifier
  ) -> String {
    Self.masked(text, mask, role, subject, on: maskDay)
  }

  /// A text of an item as a role may see it.
  ///
  /// - Parameters:
  ///   - mask: the item's, where it has one.
  ///   - subject: whose record it stands in, where it is one's.
  static func masked(
    _ text: String, _ mask: [Int]?, _ role: AccessRole, _ subject: Identifier?, on today: Day
  ) -> String {
    if role.isUnmasked ?? false { return text }
    // People know their own number.
    if role.audience == .subject, let subject, text.utf8.elementsEqual(subject.text.utf8) { return text }
    if let mask, mask.count == 2 {
      return Mask(leading: mask[0], trailing: mask[1]).apply(to: text)
    }
    let masked = PersonalNumbers.masked(text, on: today)
    return role.audience == .everybody ? ContactNumbers.masked(masked) : masked
  }
}

extension Identifier {
  /// The text, where it is that of a body; numbers of people, and those that might be, with their ends alone.
  var masked: String {
    switch kind {
    case .unifiedSocialCreditCode, .organizationCode, .businessRegistrationNumber: text
    case .citizenIdentityNumber: Mask.citizenIdentityNumber.apply(to: text)
    case .taxpayerNumber, .document, .unknown: Mask(leading: 2, trailing: 2).apply(to: text)
    }
  }

  /// Whether a person has not reached an age; `nil` where the number does not show the birth date.
  ///
  /// An age is reached on the day after the birthday (最高人民法院法释〔2006〕1号第二条).
  func isYounger(than years: Int, on day: Day) -> Bool? {
    guard kind == .citizenIdentityNumber, text.utf8.count == 18,
      let birth = Day(String(text.dropFirst(6).prefix(8)))
    else { return nil }
    return birth.adding(months: 12 * years) >= day
  }
}

extension CreditRecord {
  /// Whether it is about a natural person: by its identifier, or because it says so itself. A company's code beside a person's penalty does not make it the company's.
  var isAboutPerson: Bool {
    if subject.subjectKind == .naturalPerson { return true }
    return PartyClass.items.contains { self[$0]?.canonicalText == PartyClass.naturalPerson.rawValue }
  }

  /// The day of the event, where the entry has one.
  var eventDay: Day? {
    switch entry.eventDate.flatMap({ self[$0] }) {
    case .day(let day): day
    case .second(let second): second.day
    case .month(let month): Day(year: month.year, month: month.month, day: 1)
    default: nil
    }
  }
}
