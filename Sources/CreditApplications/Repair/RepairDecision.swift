// Owns the decision that an applicant gets when its credit is repaired.
// Invariants: made in the commit of the approval, from what the case and the record said then; its hash is over all of it, field by field, and its number can
// be verified like a report's.
// Does not decide.

public import CreditModel
import CreditStore

/// The decision of a repair, for the applicant to keep (信用修复决定书).
public struct RepairDecision: Codable, Sendable, Equatable {
  /// Number of the case.
  public var id: String
  /// Name of the subject, as the record has it.
  public var name: String?
  /// Its identifier, masked where it is a person's.
  public var subject: String
  /// What was asked for.
  public var kind: RepairApplication.Kind
  /// Name of the entry.
  public var entry: String
  /// The record key, with identity numbers masked.
  public var key: String
  /// The day of the event of the record.
  public var event: Day?
  /// Name of the unit that decided, or its code; `nil` for whoever keeps the store.
  public var unit: String?
  /// The day of the application.
  public var appliedOn: Day
  /// The day of the decision: from it on the record is neither public nor shared.
  public var decidedOn: Day
  /// The text of the rules it was decided under; `nil` where the entry has none.
  public var basis: String?
  /// What the unit said.
  public var note: String?
  /// The day on which it was undone, because a commitment was broken; no part of what was decided.
  public var undoneOn: Day?
  /// SHA-256 of all that but the last, in hex.
  public var contentHash = ""
  /// What to verify it with.
  public var verificationCode = ""

  fileprivate mutating func seal(_ log: AccessLog) {
    var bytes = CanonicalBytes()
    for text in [id, name, subject, kind.rawValue, entry, key, unit, basis, note] { bytes.append(text) }
    for day in [event, appliedOn, decidedOn] { bytes.append(day) }
    contentHash = ContentDigest.hex(ContentDigest.sha256(bytes.bytes))
    verificationCode = log.code(of: "repair|" + id + contentHash)
  }

  /// The decision as a page to be printed: UTF-8, A4.
  public var html: String {
    func row(_ name: String, _ value: String?) -> String {
      "<tr><th>\(MarkupText.escaped(name))</th><td>\(MarkupText.escaped(value ?? "— —"))</td></tr>"
    }
    let title = "信用修复决定书"
    var page = "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>\(title)</title>"
    page += "<style>\(ReportStyle.sheet)</style></head><body>\n<h1>\(title)</h1>\n"
    page += "<div class=\"head\"><span>编号：\(MarkupText.escaped(id))</span></div>\n<table>"
    page += row("申请人", name) + row("主体代码", subject) + row("申请事项", kind.title) + row("信息类别", entry)
    page += row("信息标识", key) + row("作出日期", event.map(MarkupText.chinese))
    page += row("申请日期", MarkupText.chinese(appliedOn)) + row("决定日期", MarkupText.chinese(decidedOn))
    page += row("决定单位", unit) + row("依据", basis) + row("说明", note) + "</table>\n"
    page += "<p>经审核，上述信息符合信用修复条件，准予修复：自决定之日起终止公示，停止共享和使用。</p>\n"
    if let undoneOn {
      page += "<p class=\"mark\">本决定已于 \(MarkupText.chinese(undoneOn)) 失效，上述信息恢复公示。</p>\n"
    }
    page += "<div class=\"foot\">核验码：\(MarkupText.escaped(verificationCode))。"
    page += "<br>内容摘要（SHA-256）：\(MarkupText.escaped(contentHash))</div>\n"
    return page + "</body></html>\n"
  }
}

extension RepairApplication.Kind {
  /// What is asked for, as it is printed.
  public var title: String {
    switch self {
    case .endPublication: "终止公示行政处罚信息"
    case .leaveSeriousBreachList: "移出严重失信主体名单"
    case .leaveAbnormalList: "移出异常名录"
    case .other: "其他"
    }
  }
}

extension AccessSession {
  /// The decision of an application that was approved, as it is kept.
  func decision(
    of application: RepairApplication, _ record: CreditRecord, by regime: String?, note: String?,
    _ reading: AccessReading
  ) throws -> RepairDecision {
    let register = try platform.register(reading.snapshot)
    let rules = regime.flatMap { id in reading.configuration.rules.regimes.first { $0.id == id } }
    var decision = RepairDecision(
      id: application.id, name: record.entry.subjectName.flatMap { record[$0]?.canonicalText },
      subject: application.subject.masked, kind: application.kind, entry: record.entry.name,
      key: PersonalNumbers.masked(application.key, on: reading.today), event: record.eventDay,
      unit: reading.grant.unit.map { register.units[$0]?.name ?? $0 },
      appliedOn: application.steps.first?.day ?? reading.today, decidedOn: reading.today,
      basis: rules?.basis, note: note)
    decision.seal(platform.log)
    return decision
  }

  /// The decision of a case of repair that was approved (信用修复决定书下载).
  ///
  /// - Parameter id: number of the case.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownCase` where there is none that the caller has to do with.
  public func repairDecision(_ id: String) throws -> RepairDecision {
    try perform(.apply) { reading, facts in
      let document = try reading.snapshot.document(DocumentKind.repair, id)
      let decision = try reading.snapshot.document(DocumentKind.repairDecision, id)
      guard let application = try document?.decoded(as: RepairApplication.self), let decision,
        reading.isParty(
          of: application.competentUnit, entry: application.entry, subject: application.subject,
          application.steps)
      else { throw CreditError("unknownCase", "there is no decision \(id)") }
      (facts.entries, facts.rows, facts.found) = ([application.entry], 1, [application.subject])
      var found = try decision.decoded(as: RepairDecision.self)
      found.undoneOn = application.undoneOn
      return found
    }
  }

  /// Finds out whether a decision was made and says what it said (核验). Anybody who holds it may ask.
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - code: the verification code on it.
  /// - Returns: the decision, with the day on which it was undone where it was; `nil` where there is none with this code.
  /// - Throws: `CreditError`.
  public func verifyRepairDecision(_ id: String, code: String) throws -> RepairDecision? {
    let snapshot = platform.database.snapshot()
    let found = try snapshot.document(DocumentKind.repairDecision, id)
    let document = try snapshot.document(DocumentKind.repair, id)
    guard var decision = try found?.decoded(as: RepairDecision.self), decision.verificationCode == code,
      let application = try document?.decoded(as: RepairApplication.self)
    else {
      try note(.apply, outcome: "unknownDecision")
      return nil
    }
    let kept = decision
    decision.seal(platform.log)
    try note(.apply, about: [application.subject], outcome: CreditPlatform.allowed)
    guard decision == kept else { return nil }
    decision.undoneOn = application.undoneOn
    return decision
  }
}

extension RepairApplication {
  /// The day on which its repair was undone.
  fileprivate var undoneOn: Day? {
    state == .reinstated ? steps.last { $0.step == "reinstated" }?.day : nil
  }
}
