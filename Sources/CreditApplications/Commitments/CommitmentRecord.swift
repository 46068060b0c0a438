// Owns what the record of a commitment says: the items of the field standard of credit commitments.
// Invariants: a record comes in with the commitment where its entry does not ask whether it was kept, and otherwise with the first finding, so that nobody's
// record says that a commitment is broken before anybody looked.
// Does not decide what becomes of a commitment (Commitment).

import CreditModel
import CreditStore

/// The record of a commitment.
struct CommitmentRecord {
  let commitment: Commitment
  let entry: CatalogueEntry
  /// Names of units by their code.
  let unitName: (String) -> String?

  private static let status = "fulfillmentStatus"

  /// Whether it can stand in the store as it is.
  var isComplete: Bool {
    statusText != nil || !(entry.itemIndex(Self.status).map { entry.items[$0].required } ?? false)
  }

  private var statusText: String? {
    switch commitment.state {
    case .made, .withdrawn: nil
    case .kept: "全部履行"
    case .partlyKept: "部分履行"
    case .broken, .remedied: "全部未履行"
    }
  }

  private var subjectCategory: String {
    switch commitment.letter.subject.subjectKind {
    case .soleTrader: "个体工商户"
    case .naturalPerson, .unknown: "自然人"
    case .legalPerson, .otherOrganization: "法人及非法人组织"
    }
  }

  /// What changes from finding to finding; `nil` takes a value away.
  ///
  /// - Parameter unit: credit code of the unit that found it.
  func findings(by unit: String?) -> [String: String?] {
    var findings: [String: String?] = [
      Self.status: statusText, "unperformedCommitmentContent": commitment.unkept,
      "liabilityBreachCommitmentContent": commitment.consequence,
      "fulfillmentStatusDate": commitment.foundOn?.description, "acceptanceConfirmUnitIdentify": unit,
      "acceptanceConfirmUnit": unit.flatMap(unitName),
    ]
    if commitment.state == .remedied, let step = commitment.steps.last {
      findings["remarks"] = "违诺后已纠正：" + (step.note ?? "")
    }
    return findings.filter { entry.itemIndex($0.key) != nil }
  }

  /// All that a new record says.
  ///
  /// - Parameter unit: credit code of the unit that found how it stands.
  func values(foundBy unit: String?) -> [String: String] {
    let letter = commitment.letter
    let own: [String: String?] = [
      "code": letter.id, "subjectName": letter.name, "subjectCategory": subjectCategory,
      "identify": letter.subject.text, "commitmentTypeId": letter.kind.number, "reason": letter.matter,
      "content": letter.content, "liabilityBreachCommitment": letter.liability,
      "commitmentDate": commitment.madeOn.description, "commitmentValidity": letter.validUntil?.description,
      "acceptanceUnitIdentify": commitment.acceptanceUnit,
      "acceptanceUnit": commitment.acceptanceUnit.flatMap(unitName),
      "publicationType": letter.publication.number,
    ]
    let known = own.filter { entry.itemIndex($0.key) != nil }.compactMapValues { $0 }
    guard statusText != nil else { return known }
    return known.merging(findings(by: unit).compactMapValues { $0 }) { $1 }
  }

  /// A record as it might become, to find out whether its entry can take it.
  var foreseenValues: [String: String] {
    var kept = commitment
    (kept.state, kept.foundOn) = (.kept, commitment.madeOn)
    return CommitmentRecord(commitment: kept, entry: entry, unitName: unitName)
      .values(foundBy: commitment.acceptanceUnit)
  }
}
