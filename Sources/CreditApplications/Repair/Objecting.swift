// Owns handing in objections and deciding about them.
// Invariants: a decision that changes the record changes it in the same commit.

import CreditModel
import CreditStore

extension AccessSession {
  /// Hands in an objection (异议申请受理).
  ///
  /// - Parameters:
  ///   - id: number of the case, unique.
  ///   - text: an identifier of the subject.
  ///   - entry: code of the entry.
  ///   - key: the record key.
  ///   - claims: what is wrong; none = the record as a whole.
  ///   - reason: why.
  ///   - materials: what proves it.
  /// - Returns: the objection.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownRecord`, `unknownItem`, `alreadyExists`, `alreadyObjected`, `reasonMissing`, `calendarMissing`.
  @discardableResult
  public func object(
    _ id: String, of text: String, entry: String, key: String, claims: [Objection.Claim] = [], reason: String,
    materials: [CaseMaterial] = []
  ) throws -> Objection {
    let subject = identifier(text)
    return try perform(.apply, about: [subject]) { reading, facts in
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "say what is wrong")
      }
      let record = try reading.record(entry, of: subject, key: key)
      guard record.state != .repaired else {
        throw AccessRefusal(.wrongState, "the record is repaired: nobody is shown it any more")
      }
      for claim in claims where record.entry.itemIndex(claim.item) == nil {
        throw CreditError("unknownItem", "entry \(entry) has no item \(claim.item)", item: claim.item)
      }
      let objection = Objection(
        id: id, subject: record.subject, entry: entry, key: key, claims: claims, reason: reason,
        materials: materials, competentUnit: try reading.snapshot.unit(of: record), state: .open,
        decideBy: try reading.deadline(
          try reading.deadlines(for: record).objectionWorkingDays, after: reading.today),
        steps: [step("submitted", reading, reason)])
      _ = try platform.database.change("objection") { snapshot, changes in
        guard try snapshot.document(DocumentKind.objection, id) == nil else {
          throw CreditError("alreadyExists", "there is a case \(id) already")
        }
        guard try !CaseMarks(of: subject, snapshot).isDisputed(record) else {
          throw CreditError("alreadyObjected", "somebody objects to the record already")
        }
        // It stands under the identifier its record does, and is found under the one that was asked about.
        try changes.put(DocumentKind.objection, id, objection, subjects: [record.subject, subject])
      }
      (facts.entries, facts.rows) = ([entry], 1)
      var shown = objection
      shown.subject = reading.shown(
        objection.subject, ofCaseOf: objection.competentUnit, entry: entry, asked: subject)
      return shown
    }
  }

  /// Decides about an objection; the record changes in the same commit (异议处理).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - state: `upheld`, `corrected` or `withdrawn`.
  ///   - note: why.
  ///   - values: items and what they become, where it is corrected; `nil` takes a value away. None = as the claims say.
  /// - Returns: the objection.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `invalidValue`, what correcting throws.
  @discardableResult
  public func decideObjection(
    _ id: String, _ state: Objection.State, note: String, values: [String: String?] = [:]
  ) throws -> Objection {
    try perform(.decide) { reading, facts in
      // An objection is answered in writing.
      guard !note.allSatisfy(\.isWhitespace) else { throw CreditError("reasonMissing", "say why") }
      let result = try platform.database.changeRefusably("objection") { snapshot, changes -> Objection in
        let document = try snapshot.document(DocumentKind.objection, id)
        guard var objection = try document?.decoded(as: Objection.self) else {
          throw CreditError("unknownCase", "there is no objection \(id)")
        }
        guard reading.isCompetent(for: objection.competentUnit, entry: objection.entry) else {
          throw AccessRefusal(.notCompetent, "the unit that reported the record decides, or the centre")
        }
        guard objection.state == .open, [.upheld, .corrected, .withdrawn].contains(state) else {
          throw AccessRefusal(.wrongState, "the objection is \(objection.state.rawValue)")
        }
        try reading.checkOrder(behind: objection.steps)
        let record = try AccessReading.record(
          objection.entry, of: objection.subject, key: objection.key, in: snapshot)
        if state != .upheld, record == nil || record?.state == .withdrawn {
          throw AccessRefusal(
            .wrongState, "the record is withdrawn; the objection can only be closed as upheld")
        }
        if state == .corrected, record?.state == .repaired {
          throw AccessRefusal(
            .wrongState, "the record was repaired meanwhile; correcting would show it again")
        }
        if state != .upheld {
          changes.record = .init(
            entry: objection.entry, subject: record?.subject ?? objection.subject, key: objection.key,
            state: state == .corrected ? .corrected : .withdrawn, reason: "异议处理 \(id)",
            values: state == .corrected ? try Self.corrections(objection, values, snapshot) : [:])
        }
        objection.state = state
        objection.steps.append(step(state.rawValue, reading, note))
        try changes.put(DocumentKind.objection, id, objection)
        return objection
      }
      (facts.entries, facts.rows, facts.found) = ([result.entry], 1, [result.subject])
      if state != .upheld { try? liftMeasures(of: result.subject, reading) }
      return result
    }
  }

  private static func corrections(
    _ objection: Objection, _ values: [String: String?], _ snapshot: CreditSnapshot
  ) throws -> [String: Value?] {
    let claimed = objection.claims.map { ($0.item, $0.value) }
    let wanted = values.isEmpty ? Dictionary(claimed, uniquingKeysWith: { _, last in last }) : values
    return try snapshot.entry(objection.entry).changes(reading: wanted)
  }

  /// The objections to a subject's records, the oldest first.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func objections(of text: String) throws -> [Objection] {
    let subject = identifier(text)
    return try perform(.apply, about: [subject]) { reading, facts in
      let links = LinkReach(from: subject, reading.snapshot)
      let all = try reading.documents(DocumentKind.objection, of: subject, as: Objection.self).filter {
        guard try links.leads(to: $0.subject, reading.roles) else { return false }
        return reading.isParty(of: $0.competentUnit, entry: $0.entry, subject: $0.subject, $0.steps)
          || reading.mayFollow($0.entry, of: $0.subject, key: $0.key, unit: $0.competentUnit, asked: subject)
      }.map { objection in
        var shown = objection
        shown.subject = reading.shown(
          objection.subject, ofCaseOf: objection.competentUnit, entry: objection.entry)
        let isParty = reading.isParty(
          of: objection.competentUnit, entry: objection.entry, subject: objection.subject, objection.steps)
        // Who only sees the record sees that there is a case, and how it stands.
        if !isParty {
          (shown.claims, shown.reason, shown.materials, shown.steps) = ([], "", [], [])
          shown.key = PersonalNumbers.masked(shown.key, on: reading.today)
        }
        return shown
      }
      facts.rows = all.count
      return all
    }
  }
}
