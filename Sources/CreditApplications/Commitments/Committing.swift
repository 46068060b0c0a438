// Owns accepting commitments, and finding whether they are kept.
// Invariants: a finding and the record that tells it are one commit; a broken commitment for repair shows the repaired record again before it is noted as
// broken, so that a crash between the two leaves a step that can be taken again.

public import CreditModel
import CreditStore

extension AccessSession {
  /// Accepts a commitment (信用承诺受理).
  ///
  /// - Parameter letter: what the subject commits itself to.
  /// - Returns: the commitment.
  /// - Throws: `AccessRefusal`: `notCompetent`, `barred` for somebody who broke a commitment in place of proof and did not make good for it, `wrongState` where
  ///   the application for repair is decided; `CreditError`: `invalidCommitment`, `alreadyExists`, `unknownEntry` where the catalogue has no entry of
  ///   commitments, `unknownCase`, `ruleFailed`.
  @discardableResult
  public func commit(_ letter: CommitmentLetter) throws -> Commitment {
    let letter = letter.normalized
    return try perform(.apply, about: [letter.subject]) { reading, facts in
      if let problem = letter.problem(on: reading.today) { throw CreditError("invalidCommitment", problem) }
      let entry = try reading.commitmentEntry
      let unit = letter.acceptanceUnit ?? reading.grant.unit
      guard reading.isCompetent(for: unit, entry: entry.code) else {
        throw AccessRefusal(.notCompetent, "a unit enters the commitments that it accepts itself")
      }
      guard let unit else { throw CreditError("invalidCommitment", "say which unit accepts it") }
      let result = try platform.database.changeRefusably("commitment") { snapshot, changes -> Commitment in
        guard try snapshot.document(DocumentKind.commitment, letter.id) == nil else {
          throw CreditError("alreadyExists", "there is a commitment \(letter.id) already")
        }
        try reading.at(snapshot).checkCommitment(letter)
        var commitment = Commitment(
          letter: letter, acceptanceUnit: unit, madeOn: reading.today, state: .made,
          performBy: letter.performBy, hasRecord: false, steps: [step("made", reading, nil)])
        try enter(&commitment, entry, foundBy: nil, reading.at(snapshot), &changes)
        try changes.put(DocumentKind.commitment, letter.id, commitment, subjects: [letter.subject])
        return commitment
      }
      (facts.entries, facts.rows) = ([entry.code], 1)
      return result
    }
  }

  /// Takes a step of a commitment: what was found about it, or that there is more time (承诺履行认定).
  ///
  /// - Parameters:
  ///   - id: number of the commitment.
  ///   - next: the step.
  /// - Returns: the commitment after it.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `reasonMissing`, `invalidDate`, `ruleFailed`.
  @discardableResult
  public func takeStep(ofCommitment id: String, _ next: CommitmentStep) throws -> Commitment {
    try perform(.decide) { reading, facts in
      let entry = try reading.commitmentEntry
      func take(_ snapshot: CreditSnapshot, _ changes: inout ApplicationChanges) throws -> Commitment {
        var commitment = try competent(id, entry, reading, snapshot)
        try reading.checkOrder(behind: commitment.steps)
        try commitment.take(next, on: reading.today)
        commitment.steps.append(step(next.name, reading, next.note))
        try record(&commitment, next, entry, reading.at(snapshot), &changes)
        try changes.put(DocumentKind.commitment, id, commitment)
        return commitment
      }
      if case .breach = next {
        let known = try competent(id, entry, reading, reading.snapshot)
        if let number = try repairToBreak(by: known, reading) {
          // Tried first: nothing of another case shall change where this step cannot be taken.
          try platform.database.tryChangeRefusably("commitment", take)
          _ = try self.take(number, .breakCommitment("承诺 \(id)：" + (next.note ?? "")), reading)
        }
      }
      let result = try platform.database.changeRefusably("commitment", take)
      (facts.entries, facts.rows, facts.found) = ([entry.code], 1, [result.letter.subject])
      return result
    }
  }

  /// The commitments of a subject that the caller may see, the oldest first. Texts that are not for the caller are empty. Who may see a commitment is what its
  /// letter says; its record is shown as its entry is.
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func commitments(of text: String, kind: IdentifierKind? = nil) throws -> [Commitment] {
    let subject = identifier(text, kind: kind)
    return try perform(.query, about: [subject]) { reading, facts in
      let entry = try reading.commitmentEntry
      // Who may see nothing of the entry, or of such subjects, reads nothing.
      guard reading.mayAsk(about: subject, entry) else { return [] }
      let all = try reading.documents(DocumentKind.commitment, of: subject, as: Commitment.self)
      let links = LinkReach(from: subject, reading.snapshot)
      let shown = try all.compactMap { try reading.shown($0, entry, links) }
      facts.entries = shown.isEmpty ? [] : [entry.code]
      facts.rows = shown.count
      return shown
    }
  }

  /// Commitments whose last day is over and of which nobody found whether they were kept, as far as the caller decides about them, by number (超期提醒).
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func overdueCommitments() throws -> [Commitment] {
    try perform(.decide) { reading, facts in
      let code = platform.options.commitmentEntry
      let late = try reading.snapshot.documents([DocumentKind.commitment]).map {
        try $0.decoded(as: Commitment.self)
      }.filter {
        $0.isOverdue(on: reading.today) && reading.isCompetent(for: $0.acceptanceUnit, entry: code)
      }
      (facts.rows, facts.found) = (late.count, Array(Set(late.map(\.letter.subject))))
      return late
    }
  }

  // MARK: Parts

  private func competent(
    _ id: String, _ entry: CatalogueEntry, _ reading: AccessReading, _ snapshot: CreditSnapshot
  ) throws -> Commitment {
    let document = try snapshot.document(DocumentKind.commitment, id)
    guard let commitment = try document?.decoded(as: Commitment.self) else {
      throw CreditError("unknownCase", "there is no commitment \(id)")
    }
    guard reading.isCompetent(for: commitment.acceptanceUnit, entry: entry.code) else {
      throw AccessRefusal(.notCompetent, "the unit that accepted the commitment decides, or the centre")
    }
    return commitment
  }

  /// The application for repair that a broken commitment takes along: where its record is shown as repaired.
  private func repairToBreak(by commitment: Commitment, _ reading: AccessReading) throws -> String? {
    guard let number = commitment.letter.repairCase else { return nil }
    let document = try reading.snapshot.document(DocumentKind.repair, number)
    guard let application = try document?.decoded(as: RepairApplication.self), application.state == .repaired,
      try AccessReading.record(
        application.entry, of: application.subject, key: application.key, in: reading.snapshot)?.state
        == .repaired
    else { return nil }
    return number
  }

  /// Brings the record into the state of the commitment.
  private func record(
    _ commitment: inout Commitment, _ next: CommitmentStep, _ entry: CatalogueEntry,
    _ reading: AccessReading, _ changes: inout ApplicationChanges
  ) throws {
    if case .extend = next { return }
    let unit = reading.grant.unit ?? commitment.acceptanceUnit
    guard commitment.hasRecord else {
      guard commitment.state != .withdrawn else { return }
      return try enter(&commitment, entry, foundBy: unit, reading, &changes)
    }
    let letter = commitment.letter
    let record = try AccessReading.record(
      entry.code, of: letter.subject, key: letter.id, in: reading.snapshot)
    guard let record else {
      throw AccessRefusal(
        .wrongState, "the record of the commitment stands under another subject now; withdraw it there first")
    }
    let isOpen = !record.state.isClosed
    if commitment.state == .withdrawn {
      guard isOpen else { return }
      changes.record = .init(
        entry: entry.code, subject: letter.subject, key: letter.id, state: .withdrawn,
        reason: "信用承诺 \(letter.id)")
      return
    }
    guard isOpen else {
      throw AccessRefusal(
        .wrongState, "the record was withdrawn or repaired by other means; withdraw the commitment too")
    }
    changes.record = try correction(commitment, entry, foundBy: unit, reading)
  }

  /// What the record becomes by a finding.
  private func correction(
    _ commitment: Commitment, _ entry: CatalogueEntry, foundBy unit: String?, _ reading: AccessReading
  ) throws -> ApplicationChanges.RecordChange {
    .init(
      entry: entry.code, subject: commitment.letter.subject, key: commitment.id, state: .corrected,
      reason: "信用承诺 \(commitment.id)",
      values: try entry.changes(reading: content(commitment, entry, reading).findings(by: unit)),
      today: reading.today)
  }

  /// Brings the record in, or takes over the one that the unit's own file brought.
  private func enter(
    _ commitment: inout Commitment, _ entry: CatalogueEntry, foundBy unit: String?, _ reading: AccessReading,
    _ changes: inout ApplicationChanges
  ) throws {
    let letter = commitment.letter
    let present = try commitment.acceptanceUnit.map { code in
      try platform.register(reading.snapshot).units.present(code, on: reading.today)
    }
    if let record = try AccessReading.record(
      entry.code, of: letter.subject, key: letter.id, in: reading.snapshot),
      !record.state.isClosed,
      let reporter = try reading.snapshot.unit(of: record),
      reporter == commitment.acceptanceUnit || reporter == present
    {
      commitment.hasRecord = true
      guard commitment.state != .made else { return }
      changes.record = try correction(commitment, entry, foundBy: unit, reading)
      return
    }
    let content = try content(commitment, entry, reading)
    func entered(_ values: [String: String]) -> EnteredRecord {
      EnteredRecord(
        entry: entry.code, subject: letter.subject, unit: present, values: values,
        reason: "信用承诺 \(letter.id)", today: reading.today)
    }
    guard content.isComplete else {
      // What the entry would not take later is not accepted now: it could be found neither kept nor broken.
      changes.foreseen = entered(content.foreseenValues)
      return
    }
    commitment.hasRecord = true
    changes.entered = entered(content.values(foundBy: unit))
  }

  private func content(
    _ commitment: Commitment, _ entry: CatalogueEntry, _ reading: AccessReading
  ) throws -> CommitmentRecord {
    let units = try platform.register(reading.snapshot).units
    return CommitmentRecord(commitment: commitment, entry: entry) { units[$0]?.name }
  }
}

extension AccessReading {
  /// The entry with the records of commitments, as it is in force.
  fileprivate var commitmentEntry: CatalogueEntry {
    get throws {
      do {
        return try platform.database.catalogue.entry(platform.options.commitmentEntry, on: today).entry
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// Whether a commitment may be accepted from its subject.
  fileprivate func checkCommitment(_ letter: CommitmentLetter) throws {
    if letter.kind.isInPlaceOfProof {
      let known = try documents(DocumentKind.commitment, of: letter.subject, as: Commitment.self)
      if let broken = known.first(where: { $0.state == .broken && $0.letter.kind.isInPlaceOfProof }) {
        throw AccessRefusal(
          .barred,
          "the subject broke commitment \(broken.id) and has not made good for it: it has to bring proof")
      }
    }
    guard let number = letter.repairCase else { return }
    let document = try snapshot.document(DocumentKind.repair, number)
    guard let application = try document?.decoded(as: RepairApplication.self),
      try snapshot.identifiers(of: letter.subject).contains(application.subject)
        || application.subject == letter.subject
    else { throw CreditError("unknownCase", "the subject has no application \(number) for repair") }
    guard [.applied, .returned, .accepted, .repaired].contains(application.state) else {
      throw AccessRefusal(.wrongState, "application \(number) is \(application.state.rawValue)")
    }
    // Who accepts it will have to break the repair with it.
    guard isCompetent(for: application.competentUnit, entry: application.entry) else {
      throw AccessRefusal(
        .notCompetent, "the unit that decides about the repair accepts the commitment for it")
    }
  }

  private func rights(of role: AccessRole) -> EntryRights {
    EntryRights(
      role: role, ownUnits: [], policy: configuration.policy,
      consent: role.audience == .authorized ? consent : nil)
  }

  /// Whether the caller may see anything of a subject's commitments, as far as the entry and the kind of subject tell.
  fileprivate func mayAsk(about subject: Identifier, _ entry: CatalogueEntry) -> Bool {
    if !grant.ownUnits.isEmpty { return true }
    return roles.contains { role in
      let rights = rights(of: role)
      return role.audience == .centre || rights.allows(entry) && rights.allows(subject.subjectKind)
    }
  }

  /// A commitment as the caller may see it, or `nil`.
  fileprivate func shown(
    _ commitment: Commitment, _ entry: CatalogueEntry, _ links: LinkReach
  ) throws -> Commitment? {
    guard try links.leads(to: commitment.letter.subject, roles) else { return nil }
    if isCompetent(for: commitment.acceptanceUnit, entry: entry.code) { return commitment }
    guard commitment.state != .withdrawn else { return nil }
    let letter = commitment.letter
    let role = try roles.first { role in
      let rights = rights(of: role)
      guard grant.units(of: role)?.contains(commitment.acceptanceUnit ?? "") ?? true, rights.allows(entry),
        rights.allows(letter.subject), rights.allows(letter.subject.subjectKind),
        rights.allows(eventOn: commitment.madeOn),
        try links.leads(to: letter.subject, role)
      else { return false }
      switch role.audience {
      case .everybody: return letter.publication == .everybody && !letter.subject.isOfPerson
      case .government: return letter.publication != .nobody
      case .authorized, .subject, .centre: return true
      }
    }
    return role.map { limited(commitment, entry, rights(of: $0)) }
  }

  /// What a role sees of it: without what is between the units, without items that are not for it, with the numbers of people masked.
  private func limited(
    _ commitment: Commitment, _ entry: CatalogueEntry, _ rights: EntryRights
  ) -> Commitment {
    func text(_ text: String, _ item: String) -> String {
      guard let place = entry.itemIndex(item), rights.allows(entry.items[place], of: entry, isOwn: false)
      else {
        return ""
      }
      return PersonalNumbers.masked(text, on: today)
    }
    let letter = commitment.letter
    var shown = commitment
    shown.letter.subject = Identifier(self.shown(letter.subject), as: letter.subject.kind)
    shown.letter.name = text(letter.name, "subjectName")
    shown.letter.matter = text(letter.matter, "reason")
    shown.letter.content = text(letter.content, "content")
    shown.letter.liability = text(letter.liability, "liabilityBreachCommitment")
    shown.letter.document = CaseMaterial(title: "", sha256: "")
    shown.letter.repairCase = nil
    shown.unkept = commitment.unkept.map { text($0, "unperformedCommitmentContent") }
    shown.consequence = commitment.consequence.map { text($0, "liabilityBreachCommitmentContent") }
    shown.steps = []
    return shown
  }
}
