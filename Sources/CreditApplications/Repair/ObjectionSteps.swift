// Owns the steps of an objection before its decision: what is given back, put off, not accepted, taken back.
// Invariants: an objection that is not decided keeps the record marked, also while more material is awaited.

import CreditModel
import CreditStore

/// A step of an objection (异议办理环节).
public enum ObjectionStep: Sendable, Equatable {
  /// Gives it back for more material, and says which (退回补正).
  case giveBack(String)
  /// Hands more material in (补正).
  case supplement([CaseMaterial])
  /// Puts the decision off, and says why (延期).
  case extend(String)
  /// Does not accept it, and says why (不予受理).
  case refuse(String)
  /// The subject takes it back (撤回申请).
  case retract(String)

  var name: String {
    switch self {
    case .giveBack: "returned"
    case .supplement: "supplemented"
    case .extend: "extended"
    case .refuse: "refused"
    case .retract: "retracted"
    }
  }

  var note: String? {
    switch self {
    case .supplement: nil
    case .giveBack(let note), .extend(let note), .refuse(let note), .retract(let note): note
    }
  }

  /// Whether it is the subject's to take.
  var isApplicants: Bool {
    switch self {
    case .supplement, .retract: true
    case .giveBack, .extend, .refuse: false
    }
  }
}

extension Objection {
  /// Takes a step, where it follows from the state.
  mutating func take(_ step: ObjectionStep, _ reading: AccessReading, _ deadlines: CaseDeadlines) throws {
    if let note = step.note, note.allSatisfy(\.isWhitespace) { throw CreditError("reasonMissing", "say why") }
    switch (state, step) {
    case (.open, .giveBack): state = .returned
    case (.returned, .supplement(let more)):
      guard !more.isEmpty, more.allSatisfy(\.isSound) else {
        throw CreditError("materialMissing", "each document has a title and a SHA-256")
      }
      materials += more
      state = .open
      // What was put off stays so.
      decideBy = max(decideBy, try reading.deadline(deadlines.objectionWorkingDays, after: reading.today))
    case (.open, .extend) where !(isExtended ?? false):
      isExtended = true
      decideBy = try reading.deadline(deadlines.objectionExtensionWorkingDays, after: decideBy)
    case (.open, .refuse), (.returned, .refuse): state = .refused
    case (.open, .retract), (.returned, .retract): state = .retracted
    default: throw AccessRefusal(.wrongState, "\(step.name) does not follow from \(state.rawValue)")
    }
  }

  /// Whether the day by which it has to be decided is over.
  func isOverdue(on day: Day) -> Bool { state == .open && decideBy < day }
}

extension AccessSession {
  /// Takes a step of an objection (异议办理).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - next: the step.
  /// - Returns: the objection after it.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `reasonMissing`, `materialMissing`, `calendarMissing`.
  @discardableResult
  public func takeStep(ofObjection id: String, _ next: ObjectionStep) throws -> Objection {
    try perform(next.isApplicants ? .apply : .decide) { reading, facts in
      let result = try platform.database.changeRefusably("objection") { snapshot, changes -> Objection in
        let document = try snapshot.document(DocumentKind.objection, id)
        guard var objection = try document?.decoded(as: Objection.self),
          // Whose case it is not hears nothing of it.
          !next.isApplicants
            || reading.isApplicant(
              objection.subject, objection.steps, of: objection.competentUnit, entry: objection.entry)
        else {
          throw CreditError("unknownCase", "there is no objection \(id)")
        }
        let (unit, entry) = (objection.competentUnit, objection.entry)
        guard next.isApplicants || reading.isCompetent(for: unit, entry: entry) else {
          throw AccessRefusal(.notCompetent, "the unit that reported the record decides, or the centre")
        }
        try reading.checkOrder(behind: objection.steps)
        let record = try AccessReading.record(entry, of: objection.subject, key: objection.key, in: snapshot)
        try objection.take(next, reading, try reading.deadlines(for: record))
        objection.steps.append(step(next.name, reading, next.note))
        try changes.put(DocumentKind.objection, id, objection)
        return objection
      }
      (facts.entries, facts.rows, facts.found) = ([result.entry], 1, [result.subject])
      var shown = result
      shown.subject = reading.shown(result.subject, ofCaseOf: result.competentUnit, entry: result.entry)
      return shown
    }
  }

  /// Objections whose day is over, as far as the caller decides about them, by number (超期提醒).
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func overdueObjections() throws -> [Objection] {
    try perform(.decide) { reading, facts in
      let late = try reading.snapshot.documents([DocumentKind.objection]).map {
        try $0.decoded(as: Objection.self)
      }.filter {
        $0.isOverdue(on: reading.today) && reading.isCompetent(for: $0.competentUnit, entry: $0.entry)
      }
      (facts.rows, facts.found) = (late.count, Array(Set(late.map(\.subject))))
      return late
    }
  }
}
