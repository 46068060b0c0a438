// Owns an application for repair, and the steps of its case.
// Invariants: the states and the steps between them are those of this file; what happened stays.

public import CreditModel
import CreditStore

/// That a subject asks for its credit to be repaired (信用修复申请).
public struct RepairApplication: Codable, Sendable, Equatable {
  /// What is asked for.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// 终止公示行政处罚信息.
    case endPublication
    /// 移出严重失信主体名单.
    case leaveSeriousBreachList
    /// 移出异常名录.
    case leaveAbnormalList
    /// 其他.
    case other
  }

  /// Where it stands.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Handed in.
    case applied
    /// Given back for more material (退回补正).
    case returned
    /// Not accepted (不予受理).
    case rejected
    /// Accepted (受理).
    case accepted
    /// Refused (不予修复).
    case refused
    /// The record is repaired (已修复).
    case repaired
    /// Its commitment was broken; the record is shown again (恢复公示).
    case reinstated
  }

  /// Number of the case.
  public var id: String
  /// Whose record.
  public var subject: Identifier
  /// Code of the entry.
  public var entry: String
  /// The record key.
  public var key: String
  /// What is asked for.
  public var kind: Kind
  /// Proofs that duties are done.
  public var materials: [CaseMaterial]
  /// The commitment letter (信用承诺书).
  public var commitment: CaseMaterial
  /// The unit that has to decide; `nil` = the centre.
  public var competentUnit: String?
  /// Id of the rules it was applied for under; `nil` where the entry has none.
  public var regime: String?
  /// Where it stands.
  public var state: State
  /// The day by which it has to be accepted or not.
  public var acceptBy: Day
  /// The day by which has to be decided, once it is accepted.
  public var decideBy: Day?
  /// The day by which the applicant has to be told.
  public var resultBy: Day
  /// Whether the decision was put off.
  public var isExtended: Bool
  /// The last day on which the subject may not apply again, after a broken commitment or false material.
  public var barredUntil: Day?
  /// What happened.
  public var steps: [CaseStep]
}

extension RepairApplication {
  /// What is asked for about a record of an entry.
  ///
  /// - Throws: `AccessRefusal` with rule `notRepairable` for a record that is not unfavourable, and for what cannot be asked for about this one.
  static func kind(_ asked: Kind?, for entry: CatalogueEntry) throws(AccessRefusal) -> Kind {
    guard entry.nature == .negative else {
      throw AccessRefusal(
        .notRepairable,
        "\(entry.code) holds nothing unfavourable: what is wrong in it is corrected, by its unit or after an objection"
      )
    }
    let usual: Kind =
      switch entry.category {
      case "seriousBreach": .leaveSeriousBreachList
      case "abnormalOperation": .leaveAbnormalList
      default: .endPublication
      }
    guard let asked else { return usual }
    guard asked == usual || asked == .other else {
      throw AccessRefusal(
        .notRepairable,
        "about a record of \(entry.code) \(usual.rawValue) is asked for, not \(asked.rawValue)")
    }
    return asked
  }
}

/// A step in a case of repair (办理环节).
public enum RepairStep: Sendable, Equatable {
  /// Accepts it (受理).
  case accept
  /// Does not accept it, and says why (不予受理).
  case reject(String)
  /// Gives it back for more material, and says which (退回补正).
  case giveBack(String)
  /// Hands more material in (补正).
  case supplement([CaseMaterial])
  /// Puts the decision off, and says why (延期).
  case extend(String)
  /// Approves it: the record is repaired (准予修复).
  case approve(String?)
  /// Refuses it, and says why (不予修复).
  case refuse(String)
  /// Refuses it because material was false: the subject is barred for a time (虚假材料).
  case refuseFalseMaterial(String)
  /// Finds that the commitment was broken or the material false: the record is shown again, and the subject barred for a time (恢复公示).
  case breakCommitment(String)

  var name: String {
    switch self {
    case .accept: "accepted"
    case .reject: "rejected"
    case .giveBack: "returned"
    case .supplement: "supplemented"
    case .extend: "extended"
    case .approve: "repaired"
    case .refuse, .refuseFalseMaterial: "refused"
    case .breakCommitment: "reinstated"
    }
  }

  var note: String? {
    switch self {
    case .accept, .supplement: nil
    case .reject(let note), .giveBack(let note), .extend(let note), .refuse(let note),
      .refuseFalseMaterial(let note),
      .breakCommitment(let note):
      note
    case .approve(let note): note
    }
  }

  /// What becomes of the record.
  var recordState: RecordState? {
    switch self {
    case .approve: .repaired
    case .breakCommitment: .reinstated
    default: nil
    }
  }
}

extension RepairApplication {
  private static let undecided: Set<State> = [.applied, .returned, .accepted]

  static func all(of subject: Identifier, _ snapshot: CreditSnapshot) throws -> [RepairApplication] {
    try snapshot.documents(DocumentKind.repair, of: subject).map {
      try $0.decoded(as: RepairApplication.self)
    }
  }

  /// Whether another application of the subject stands in the way.
  func check(among all: [RepairApplication], on day: Day) throws {
    if let until = all.compactMap(\.barredUntil).max(), until >= day {
      throw AccessRefusal(
        .barred,
        "the subject broke a commitment or handed in false material; it may apply again after \(until)")
    }
    let isOpen = all.contains { other in
      other.subject == subject && other.entry == entry && other.key == key
        && Self.undecided.contains(other.state)
    }
    if isOpen { throw CreditError("alreadyApplied", "an application for this record is not decided yet") }
  }

  /// Whether its next deadline is over.
  func isOverdue(on day: Day) -> Bool {
    switch state {
    case .applied: acceptBy < day
    case .accepted: decideBy ?? resultBy < day
    default: false
    }
  }

  /// Whether the record is still one that a step can be about, and repair still allowed; asked inside the commit.
  ///
  /// - Returns: id of the rules by which it is; `nil` where none say so.
  func checkRecord(for step: RepairStep, _ reading: AccessReading) throws -> String? {
    let record = try AccessReading.record(entry, of: subject, key: key, in: reading.snapshot)
    switch step {
    case .accept, .approve:
      guard let record, record.state != .withdrawn, record.state != .repaired else {
        throw AccessRefusal(.wrongState, "the record was withdrawn or repaired meanwhile")
      }
      let regime = try reading.checkRepair(of: record, subject)
      let commitments = try reading.documents(DocumentKind.commitment, of: subject, as: Commitment.self)
      if let broken = commitments.first(where: { $0.letter.repairCase == id && $0.state == .broken }) {
        throw AccessRefusal(.wrongState, "commitment \(broken.id), on which the application rests, is broken")
      }
      try check(
        among: RepairApplication.all(of: subject, reading.snapshot).filter { $0.id != id }, on: reading.today)
      return regime
    case .breakCommitment:
      guard record?.state == .repaired else {
        throw AccessRefusal(.wrongState, "the record is not repaired any more")
      }
    case .reject, .giveBack, .supplement, .extend, .refuse, .refuseFalseMaterial: break
    }
    return nil
  }

  /// Takes a step, where it follows from the state.
  mutating func take(_ step: RepairStep, _ reading: AccessReading, _ deadlines: CaseDeadlines) throws {
    if let note = step.note, note.allSatisfy(\.isWhitespace) { throw CreditError("reasonMissing", "say why") }
    switch (state, step) {
    case (.applied, .accept):
      state = .accepted
      decideBy = try reading.deadline(deadlines.decisionWorkingDays, after: reading.today)
    case (.applied, .reject): state = .rejected
    case (.applied, .giveBack): state = .returned
    case (.returned, .supplement(let more)):
      guard !more.isEmpty, more.allSatisfy(\.isSound) else {
        throw CreditError("materialMissing", "each document has a title and a SHA-256")
      }
      materials += more
      state = .applied
      acceptBy = try reading.deadline(deadlines.acceptanceWorkingDays, after: reading.today)
    case (.accepted, .extend) where !isExtended:
      isExtended = true
      decideBy = try reading.deadline(deadlines.extensionWorkingDays, after: decideBy ?? reading.today)
    case (.accepted, .approve): state = .repaired
    case (.accepted, .refuse): state = .refused
    case (.applied, .refuseFalseMaterial), (.accepted, .refuseFalseMaterial):
      state = .refused
      barredUntil = reading.today.adding(months: deadlines.barMonths)
    case (.repaired, .breakCommitment):
      state = .reinstated
      barredUntil = reading.today.adding(months: deadlines.barMonths)
    default:
      throw AccessRefusal(.wrongState, "\(step.name) does not follow from \(state.rawValue)")
    }
  }
}
