// Owns what all cases have in common: their steps, materials and deadlines.
// Invariants: steps are only added.

public import CreditModel
import CreditStore

extension CaseMaterial {
  /// The material that the bytes of a file are.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - title: what it is.
  public init(of bytes: some Sequence<UInt8>, title: String) {
    self.init(title: title, sha256: ContentDigest.hex(ContentDigest.sha256(bytes)))
  }
}

extension AccessSession {
  /// Whether a text holds a number of a person.
  func namesSomebody(_ text: String) -> Bool {
    PersonalNumbers.masked(text, on: platform.options.today()) != text
  }

  func step(_ step: String, _ reading: AccessReading, _ note: String?) -> CaseStep {
    CaseStep(
      step: step, day: reading.today, account: caller.account ?? keeper, unit: reading.grant.unit, note: note)
  }
}

extension AccessReading {
  /// The n-th working day behind a day.
  func deadline(_ workingDays: Int, after day: Day) throws -> Day {
    do { return try configuration.calendar.workingDay(workingDays, after: day) } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// Refuses a step that would stand before one that was taken: deadlines count from the day of a step.
  func checkOrder(behind steps: [CaseStep]) throws(CreditError) {
    guard let last = steps.map(\.day).max(), today < last else { return }
    throw CreditError(
      "invalidDate", "the case has a step of \(last): one of \(today) comes too late to stand before it")
  }

  /// The deadlines of a case about a record that begins or goes on today.
  func deadlines(for record: CreditRecord?) throws -> CaseDeadlines {
    let authority = record.flatMap { record in
      configuration.mappings[record.entry.code]?.authority.flatMap { record[$0]?.canonicalText }
    }
    return try configuration.deadlines.deadlines(on: today, authority: authority)
  }

  /// Whether the caller decides about what a unit reported to an entry: that unit, or the centre as far as its role reaches.
  func isCompetent(for unit: String?, entry: String) -> Bool {
    if let unit, grant.ownUnits.contains(unit) { return true }
    return isCentre(for: unit, entry: entry)
  }

  /// Whether the caller is the centre, as far as its role reaches.
  private func isCentre(for unit: String?, entry: String) -> Bool {
    roles.contains { role in
      role.audience == .centre && grant.units(of: role)?.contains(unit ?? "") ?? true
        && role.entries?.contains(entry) ?? true
    }
  }

  /// The record with a key, as far as the caller decides about it or sees it; what it may not see is answered like what is not there.
  ///
  /// A company and its owner may have records with the same key: one decision about both. The one of the identifier that was asked about comes first.
  func record(_ entry: String, of subject: Identifier, key: String) throws -> CreditRecord {
    let found = try records(entry, of: subject, key: key).first { record in
      try record.state != .withdrawn
        && (isCompetent(for: platform.unit(of: record, snapshot), entry: entry)
          || shown(record, asked: subject) != nil)
    }
    guard let found else {
      throw CreditError("unknownRecord", "the subject has no record of \(entry) with this key")
    }
    return found
  }

  /// The current versions of the records with a key, withdrawn ones too, as far as links lead the caller there: first that of the identifier that was asked
  /// about.
  func records(_ entry: String, of subject: Identifier, key: String) throws -> [CreditRecord] {
    let links = LinkReach(from: subject, snapshot)
    let all = try snapshot.records(of: subject, entry: entry, versions: .currentAndWithdrawn).filter {
      try $0.key.utf8.elementsEqual(key.utf8) && links.leads(to: $0.subject, roles)
    }
    // Then those of its other numbers, then those of whom it is linked with.
    let (asked, others) = (all.filter { $0.subject == subject }, all.filter { $0.subject != subject })
    return asked + others.filter { $0.subject.isOfPerson == subject.isOfPerson }
      + others.filter { $0.subject.isOfPerson != subject.isOfPerson }
  }

  /// Whether the caller has to do with a case about a record: decides about it, or sees the record.
  ///
  /// - Parameter asked: the identifier that was asked about, where it may be another one of the subject's: a company's cases are not its owner's.
  func mayFollow(
    _ entry: String, of subject: Identifier, key: String, unit: String?, asked: Identifier? = nil
  ) -> Bool {
    if isCompetent(for: unit, entry: entry) { return true }
    // A case stays its subject's where the record is shown no more.
    if roles.contains(where: { $0.audience == .subject }), grant.ownSubjects?.contains(subject) ?? false {
      return true
    }
    var reading = self
    if let asked {
      let links = LinkReach(from: asked, snapshot)
      reading.roles.removeAll { !((try? links.leads(to: subject, $0)) ?? false) }
    }
    return !reading.roles.isEmpty && (try? reading.record(entry, of: subject, key: key)) != nil
  }

  /// Whether the caller is a party of a case: decides about it, is its subject, or handed it in.
  func isParty(of unit: String?, entry: String, subject: Identifier, _ steps: [CaseStep]) -> Bool {
    isCompetent(for: unit, entry: entry) || isApplicant(subject, steps, of: unit, entry: entry)
  }

  /// Whether the caller acts for the subject of a case: it is the subject, handed the case in, or is the centre. The unit whose decision it is about is not.
  func isApplicant(_ subject: Identifier, _ steps: [CaseStep], of unit: String?, entry: String) -> Bool {
    if isCentre(for: unit, entry: entry) { return true }
    if let own = grant.ownSubjects { return own.contains(subject) }
    guard let first = steps.first else { return false }
    if let account = first.account, account == session.caller.account ?? session.keeper { return true }
    return unit != first.unit && first.unit.map(grant.ownUnits.contains) ?? false
  }

  /// The subject of a case as the caller may see it: in full for whoever decides about it, or asked for it.
  func shown(
    _ subject: Identifier, ofCaseOf unit: String?, entry: String, asked: Identifier? = nil
  ) -> Identifier {
    if subject == asked || isCompetent(for: unit, entry: entry) { return subject }
    return Identifier(shown(subject), as: subject.kind)
  }

  /// The current version of a record under this one identifier, withdrawn ones too: a linked one may have another with the same key.
  static func record(
    _ entry: String, of subject: Identifier, key: String, in snapshot: CreditSnapshot
  ) throws -> CreditRecord? {
    try snapshot.records(of: subject, entry: entry, versions: .currentAndWithdrawn, links: .ignored).first {
      $0.key.utf8.elementsEqual(key.utf8)
    }
  }

  /// The documents of a kind that concern a subject, the oldest first.
  func documents<Value: Decodable>(
    _ kind: String, of subject: Identifier, as type: Value.Type
  ) throws -> [Value] {
    try snapshot.documents(kind, of: subject).map { try $0.decoded(as: type) }
  }
}
