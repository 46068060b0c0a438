// Owns what follows for measures that were taken when what brought them about changes: they are lifted, or due again.
// Invariants: a measure is lifted when its membership is over, repaired, withdrawn or no longer what its memorandum speaks of, or when memorandum or measure
// are no longer in force; it is due again when a repaired record is shown again. Where rules are not known nothing is lifted.

import CreditModel
import CreditStore

extension AccessSession {
  /// Lifts the measures whose ground is gone, and tells which are due again (措施解除与恢复); done with each decision for its subject, and for all by
  /// ``doDailyWork()``.
  ///
  /// - Returns: the measures that were lifted or are due again, as far as they are the caller's units' or the caller is the centre: the notices for their
  ///   units.
  /// - Throws: `AccessRefusal`, `CreditError`.
  @discardableResult
  public func liftMeasures() throws -> [MeasureFeedback] {
    try perform(.measure) { reading, facts in
      let changed = try liftMeasures(reading) { try $0.documents([DocumentKind.feedback]) }
      facts.rows = changed.count
      return changed.filter { reading.isCompetent(for: $0.unit, entry: $0.entry) }
    }
  }

  /// The same for one subject, as part of a call.
  func liftMeasures(of subject: Identifier, _ reading: AccessReading) throws {
    guard try !reading.snapshot.documents(DocumentKind.feedback, of: subject).isEmpty else { return }
    _ = try liftMeasures(reading) { try $0.documents(DocumentKind.feedback, of: subject) }
  }

  private func liftMeasures(
    _ reading: AccessReading, _ documents: (CreditSnapshot) throws -> [ApplicationDocument]
  ) throws -> [MeasureFeedback] {
    try platform.database.changeRefusably("lifting") { snapshot, changes -> [MeasureFeedback] in
      var changed: [MeasureFeedback] = []
      for document in try documents(snapshot) {
        var feedback = try document.decoded(as: MeasureFeedback.self)
        switch (feedback.isInForce, try reading.at(snapshot).ground(of: feedback)) {
        case (true, .gone(let reason)):
          (feedback.liftedOn, feedback.liftedBecause, feedback.dueAgainOn) = (reading.today, reason, nil)
          feedback.steps = (feedback.steps ?? []) + [step("lifted", reading, reason)]
        case (false, .stands):
          feedback.dueAgainOn = reading.today
          feedback.steps = (feedback.steps ?? []) + [step("dueAgain", reading, nil)]
        default: continue
        }
        try changes.put(DocumentKind.feedback, feedback.id, feedback)
        changed.append(feedback)
      }
      return changed
    }
  }

  /// What a unit was told to lift, or to take again, since a day; for the centre what all were (解除通知).
  ///
  /// - Parameter day: the first day.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func liftedMeasures(since day: Day) throws -> [MeasureFeedback] {
    try perform(.measure) { reading, facts in
      let found = try reading.feedbacks().filter { feedback in
        max(feedback.liftedOn ?? .minimum, feedback.dueAgainOn ?? .minimum) >= day
          && reading.isCompetent(for: feedback.unit, entry: feedback.entry)
      }
      facts.rows = found.count
      return found
    }
  }
}

/// Whether there is ground for a measure.
private enum MeasureGround {
  case stands
  /// Not any more, and why.
  case gone(String)
  /// Rules are not known.
  case unknown
}

extension AccessReading {
  func feedbacks() throws -> [MeasureFeedback] {
    try snapshot.documents([DocumentKind.feedback]).map { try $0.decoded(as: MeasureFeedback.self) }
  }

  /// Whether there is ground for a measure.
  fileprivate func ground(of feedback: MeasureFeedback) throws -> MeasureGround {
    let records = try snapshot.records(
      of: feedback.subject, entry: feedback.entry, versions: .currentAndWithdrawn)
    let entry = try snapshot.entry(feedback.entry)
    let keyed = records.filter { $0.key.utf8.elementsEqual(feedback.key.utf8) }
    // One decision about a company and its owner has the same key in the records of both.
    let named = keyed.first { $0.subject == feedback.subject } ?? keyed.first
    // Without key items the key follows the values: whatever record there is may be the one, corrected.
    let record = named ?? (entry.recordKey.isEmpty ? records.first { !$0.state.isClosed } : nil)
    guard let record, record.state != .withdrawn else { return .gone("withdrawn") }
    if record.state == .repaired { return .gone("repaired") }
    let finding = try CaseMarks(of: feedback.subject, snapshot).finding(of: record)
    let publication: Publication?
    do { publication = try publicity { _ in finding }.publication(of: record, on: today) } catch {
      return .unknown
    }
    if let publication, publication.reason == .ended || publication.reason == .maximumReached {
      return .gone("ended")
    }
    return endOfRules(feedback, record).map(MeasureGround.gone) ?? .stands
  }

  /// Whether memorandum and measure still say what was done.
  private func endOfRules(_ feedback: MeasureFeedback, _ record: CreditRecord) -> String? {
    guard let memorandum = configuration.memoranda(on: today).first(where: { $0.id == feedback.memorandum }),
      memorandum.holds(on: today, matter: nil, unit: nil), memorandum.measures.contains(feedback.measure)
    else { return "memorandumEnded" }
    guard configuration.measures(on: today)[feedback.measure] != nil else { return "measureEnded" }
    let isMet = memorandum.triggers.contains { trigger in
      trigger.isMet(entry: record.entry.code) { record[$0]?.canonicalText }
    }
    return isMet ? nil : "corrected"
  }
}
