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
    try perform(.apply, about: [letter.subject]) { reading, facts in
      if let problem = letter.problem(on: reading.today) { throw CreditError("invalidCommitment", problem) }
      let entry = try reading.commitmentEntry
      let unit = letter.acceptanceUnit ?? reading.grant.unit
      guard reading.isCompetent(for: unit, entry: entry.code) else {
        throw AccessRefusal(.notCompetent, "a unit enters the commitments that it accepts itself")
      }
      guard unit != nil else { throw CreditError("invalidCommitment", "say which unit accepts it") }
      let result = try platform.database.changeRefusably("commitment") { snapshot, changes -> Commitment in
        guard try snapshot.document(DocumentKind.commitment, letter.id) == nil else {
          throw CreditError("alreadyExists", "there is a commitment \(letter.id) already")
        }
        try reading.at(snapshot).checkCommitment(letter)
        var commitment = Commitment(
          letter: letter, acceptanceUnit: unit, madeOn: reading.today, state: .made,
          performBy: letter.performBy, hasRecord: false, steps: [step("made", reading, nil)])
        try enter(&commitment, entry, foundBy: nil, reading, &changes)
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
      // Asked for first: nothing of another case shall change where this step may not be taken.
      var known = try competent(id, entry, reading, reading.snapshot)
      try known.take(next, on: reading.today)
      if case .breach = next { try breakRepair(restingOn: known, reading, note: next.note ?? "") }
      let result = try platform.database.changeRefusably("commitment") { snapshot, changes -> Commitment in
        var commitment = try competent(id, entry, reading, snapshot)
        try commitment.take(next, on: reading.today)
        commitment.steps.append(step(next.name, reading, next.note))
        try record(&commitment, next, entry, reading.at(snapshot), &changes)
        try changes.put(DocumentKind.commitment, id, commitment)
        return commitment
      }
      (facts.entries, facts.rows, facts.found) = ([entry.code], 1, [result.letter.subject])
      return result
    }
  }

  /// The commitments of a subject that the caller may see, the oldest first.
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func commitments(of text: String, kind: IdentifierKind? = nil) throws -> [Commitment] {
    let subject = identifier(text, kind: kind)
    return try perform(.query, about: [subject]) { reading, facts in
      let all = try reading.documents(DocumentKind.commitment, of: subject, as: Commitment.self)
      guard !all.isEmpty else { return [] }
      let entry = try reading.commitmentEntry
      let shown = all.compactMap { reading.shown($0, entry) }
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
      facts.rows = late.count
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

  /// Shows the record again whose repair rested on the commitment.
  private func breakRepair(restingOn commitment: Commitment, _ reading: AccessReading, note: String) throws {
    guard let number = commitment.letter.repairCase else { return }
    let document = try platform.database.snapshot().document(DocumentKind.repair, number)
    guard let application = try document?.decoded(as: RepairApplication.self), application.state == .repaired
    else { return }
    _ = try take(number, .breakCommitment("承诺 \(commitment.id)：" + note), reading)
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
    let isOpen = record.map { !$0.state.isClosed } ?? false
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
    changes.record = .init(
      entry: entry.code, subject: letter.subject, key: letter.id, state: .corrected,
      reason: "信用承诺 \(letter.id)", values: try content(commitment, entry, reading).changes(by: unit),
      today: reading.today)
  }

  private func enter(
    _ commitment: inout Commitment, _ entry: CatalogueEntry, foundBy unit: String?, _ reading: AccessReading,
    _ changes: inout ApplicationChanges
  ) throws {
    let content = try content(commitment, entry, reading)
    guard content.isComplete else { return }
    commitment.hasRecord = true
    changes.entered = EnteredRecord(
      entry: entry.code, unit: commitment.acceptanceUnit, values: content.values(foundBy: unit),
      reason: "信用承诺 \(commitment.id)", today: reading.today)
  }

  private func content(
    _ commitment: Commitment, _ entry: CatalogueEntry, _ reading: AccessReading
  ) throws -> CommitmentRecord {
    let names = Dictionary(
      try reading.snapshot.units().all.map { ($0.code, $0.name) }, uniquingKeysWith: { _, last in last })
    return CommitmentRecord(commitment: commitment, entry: entry) { names[$0] }
  }
}

extension AccessReading {
  /// The entry with the records of commitments.
  fileprivate var commitmentEntry: CatalogueEntry {
    get throws { try snapshot.entry(platform.options.commitmentEntry) }
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
  }

  /// A commitment as the caller may see it, or `nil`.
  fileprivate func shown(_ commitment: Commitment, _ entry: CatalogueEntry) -> Commitment? {
    if isCompetent(for: commitment.acceptanceUnit, entry: entry.code) { return commitment }
    let letter = commitment.letter
    let mayBeSeen = roles.contains { role in
      let rights = EntryRights(
        role: role, ownUnits: [], policy: configuration.policy,
        consent: role.audience == .authorized ? consent : nil)
      guard grant.units(of: role)?.contains(commitment.acceptanceUnit ?? "") ?? true, rights.allows(entry),
        rights.allows(letter.subject), rights.allows(letter.subject.subjectKind),
        rights.allows(eventOn: commitment.madeOn)
      else { return false }
      switch role.audience {
      case .everybody: return letter.publication == .everybody && !letter.subject.isOfPerson
      case .government: return letter.publication != .nobody
      case .authorized, .subject, .centre: return true
      }
    }
    guard mayBeSeen, commitment.state != .withdrawn else { return nil }
    return masked(commitment)
  }

  /// Without what is between the units, and with the numbers of people masked.
  private func masked(_ commitment: Commitment) -> Commitment {
    func text(_ text: String) -> String { PersonalNumbers.masked(text, on: today) }
    var shown = commitment
    let subject = commitment.letter.subject
    shown.letter.subject = Identifier(self.shown(subject), as: subject.kind)
    shown.letter.matter = text(commitment.letter.matter)
    shown.letter.content = text(commitment.letter.content)
    shown.letter.liability = text(commitment.letter.liability)
    shown.unkept = commitment.unkept.map(text)
    shown.consequence = commitment.consequence.map(text)
    shown.steps = []
    return shown
  }
}
