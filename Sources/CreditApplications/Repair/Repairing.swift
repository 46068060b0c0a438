// Owns handing in applications for repair, and taking their steps.
// Invariants: nobody applies before the minimum period; the record is repaired in the commit of the approval, and shown again in the commit that finds a
// commitment broken.

import CreditModel
import CreditStore

extension AccessSession {
  /// Hands in an application for repair (信用修复申请受理).
  ///
  /// - Parameters:
  ///   - id: number of the case, unique.
  ///   - text: an identifier of the subject.
  ///   - entry: code of the entry.
  ///   - key: the record key.
  ///   - kind: what is asked for; `nil` = what follows from the entry: to leave the list that it is, or that a decision is no longer shown.
  ///   - materials: proofs that duties are done; at least one.
  ///   - commitment: the commitment letter.
  /// - Returns: the application.
  /// - Throws: `AccessRefusal`: `minimumPeriod` names the first day, `notRepairable`, `barred` names the last day; `CreditError`: `unknownRecord`,
  ///   `materialMissing`, `alreadyExists`, `alreadyApplied`, `calendarMissing`, `rulesMissing`.
  @discardableResult
  public func applyForRepair(
    _ id: String, of text: String, entry: String, key: String,
    kind: RepairApplication.Kind? = nil, materials: [CaseMaterial], commitment: CaseMaterial
  ) throws -> RepairApplication {
    let subject = identifier(text)
    return try perform(.apply, about: [subject]) { reading, facts in
      guard !materials.isEmpty, (materials + [commitment]).allSatisfy(\.isSound) else {
        throw CreditError(
          "materialMissing",
          "an application needs proofs and a commitment letter, each with title and SHA-256")
      }
      let record = try reading.record(entry, of: subject, key: key)
      guard record.state != .repaired else {
        throw AccessRefusal(.wrongState, "the record is repaired already")
      }
      let kind = try RepairApplication.kind(kind, for: record.entry)
      let regime = try reading.checkRepair(of: record, subject)
      let deadlines = try reading.deadlines(for: record)
      let application = RepairApplication(
        id: id, subject: record.subject, entry: entry, key: key, kind: kind, materials: materials,
        commitment: commitment, competentUnit: try reading.snapshot.unit(of: record), regime: regime,
        state: .applied,
        acceptBy: try reading.deadline(deadlines.acceptanceWorkingDays, after: reading.today),
        resultBy: try reading.deadline(deadlines.resultWorkingDays, after: reading.today), isExtended: false,
        steps: [step("applied", reading, nil)])
      _ = try platform.database.changeRefusably("repair") { snapshot, changes in
        guard try snapshot.document(DocumentKind.repair, id) == nil else {
          throw CreditError("alreadyExists", "there is a case \(id) already")
        }
        try application.check(among: RepairApplication.all(of: subject, snapshot), on: reading.today)
        // It stands under the identifier its record does, and is found under the one that was asked about.
        try changes.put(DocumentKind.repair, id, application, subjects: [record.subject, subject])
      }
      (facts.entries, facts.rows) = ([entry], 1)
      var shown = application
      shown.subject = reading.shown(
        application.subject, ofCaseOf: application.competentUnit, entry: entry, asked: subject)
      return shown
    }
  }

  /// Takes a step in a case of repair (信用修复办理).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - next: the step.
  /// - Returns: the application after it.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `reasonMissing`, `materialMissing`, `calendarMissing`.
  @discardableResult
  public func takeStep(_ id: String, _ next: RepairStep) throws -> RepairApplication {
    let isApplicants = if case .supplement = next { true } else { false }
    return try perform(isApplicants ? .apply : .decide) { reading, facts in
      let result = try take(id, next, isApplicants: isApplicants, reading)
      (facts.entries, facts.rows, facts.found) = ([result.entry], 1, [result.subject])
      var shown = result
      shown.subject = reading.shown(result.subject, ofCaseOf: result.competentUnit, entry: result.entry)
      return shown
    }
  }

  /// Takes a step as part of a call.
  func take(
    _ id: String, _ next: RepairStep, isApplicants: Bool = false, _ reading: AccessReading
  ) throws -> RepairApplication {
    let result = try platform.database.changeRefusably("repair") { snapshot, changes -> RepairApplication in
      let document = try snapshot.document(DocumentKind.repair, id)
      guard var application = try document?.decoded(as: RepairApplication.self) else {
        throw CreditError("unknownCase", "there is no application \(id)")
      }
      let isCompetent = reading.isCompetent(for: application.competentUnit, entry: application.entry)
      // Whose case it is not hears nothing of it.
      guard
        !isApplicants || isCompetent
          || reading.isApplicant(
            application.subject, application.steps, of: application.competentUnit, entry: application.entry)
      else { throw CreditError("unknownCase", "there is no application \(id)") }
      guard isCompetent || isApplicants else {
        throw AccessRefusal(.notCompetent, "the unit that made the decision repairs it, or the centre")
      }
      try reading.checkOrder(behind: application.steps)
      let regime = try application.checkRecord(for: next, reading.at(snapshot))
      let record = try AccessReading.record(
        application.entry, of: application.subject, key: application.key, in: snapshot)
      try application.take(next, reading, try reading.deadlines(for: record))
      application.steps.append(step(next.name, reading, next.note))
      if let state = next.recordState {
        changes.record = .init(
          entry: application.entry, subject: record?.subject ?? application.subject, key: application.key,
          state: state,
          reason: "信用修复 \(id)")
      }
      if case .approve(let note) = next, let record {
        let decision = try decision(of: application, record, by: regime, note: note, reading)
        try changes.put(DocumentKind.repairDecision, id, decision, subjects: [application.subject])
      }
      try changes.put(DocumentKind.repair, id, application)
      return application
    }
    // The decision is made, whatever becomes of this: the day's work lifts what is not lifted here.
    if next.recordState != nil { try? liftMeasures(of: result.subject, reading) }
    return result
  }

  /// The applications of a subject, the oldest first.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func repairs(of text: String) throws -> [RepairApplication] {
    let subject = identifier(text)
    return try perform(.apply, about: [subject]) { reading, facts in
      let links = LinkReach(from: subject, reading.snapshot)
      let all = try RepairApplication.all(of: subject, reading.snapshot).filter {
        guard try links.leads(to: $0.subject, reading.roles) else { return false }
        return reading.isParty(of: $0.competentUnit, entry: $0.entry, subject: $0.subject, $0.steps)
          || reading.mayFollow($0.entry, of: $0.subject, key: $0.key, unit: $0.competentUnit, asked: subject)
      }.map { application in
        var shown = application
        shown.subject = reading.shown(
          application.subject, ofCaseOf: application.competentUnit, entry: application.entry)
        let isParty = reading.isParty(
          of: application.competentUnit, entry: application.entry, subject: application.subject,
          application.steps)
        // Who only sees the record sees that there is a case, and how it stands.
        if !isParty {
          (shown.materials, shown.commitment, shown.steps) = ([], CaseMaterial(title: "", sha256: ""), [])
          shown.key = PersonalNumbers.masked(shown.key, on: reading.today)
        }
        return shown
      }
      facts.rows = all.count
      return all
    }
  }

  /// Applications whose next deadline is over, as far as the caller decides about them, by number (超期提醒).
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func overdueRepairs() throws -> [RepairApplication] {
    try perform(.decide) { reading, facts in
      let all = try reading.snapshot.documents([DocumentKind.repair]).map {
        try $0.decoded(as: RepairApplication.self)
      }
      let late = all.filter {
        $0.isOverdue(on: reading.today) && reading.isCompetent(for: $0.competentUnit, entry: $0.entry)
      }
      (facts.rows, facts.found) = (late.count, Array(Set(late.map(\.subject))))
      return late
    }
  }
}

extension AccessReading {
  /// Whether repair of a record may be applied for; gives the rules that say so.
  func checkRepair(of record: CreditRecord, _ subject: Identifier) throws -> String? {
    let finding = try CaseMarks(of: subject, snapshot).finding(of: record)
    if let finding, finding.isNeverRepaired {
      throw AccessRefusal(.notRepairable, "the law excludes repair of this decision: \(finding.evidence)")
    }
    let publication = try publicity { _ in finding }.publication(of: record, on: today)
    guard let publication, let regime = publication.regime else {
      // A penalty without the day of its decision has no minimum period that could be over.
      guard configuration.mappings[record.entry.code]?.kind != .penalty else {
        throw AccessRefusal(
          .notRepairable, "the record does not say when the decision was made; have it corrected first")
      }
      return nil
    }
    guard let earliest = publication.earliestRepair else {
      throw AccessRefusal(
        .notRepairable,
        "by rules \(regime) the decision is shown to the end, \(publication.lastDay?.description ?? "-")")
    }
    guard earliest <= today else {
      throw AccessRefusal(
        .minimumPeriod, "by rules \(regime) repair may be applied for from \(earliest) on")
    }
    return regime
  }
}
