// Owns what cases about a subject say of its records: findings of organs, objections that are not decided, shieldings.
// Invariants: read at once for a subject, whose records are many.
// Does not decide who sees a record (RecordRights).

import CreditModel
import CreditStore

/// What cases say of the records of one subject.
struct CaseMarks {
  private static let kinds: Set<String> = [
    DocumentKind.breachFinding, DocumentKind.objection, DocumentKind.shielding,
  ]

  private var findings: [String: BreachFinding] = [:]
  private var disputed: Set<String> = []
  /// With the identifiers they are about: another company of the same owner is not reorganised.
  private var shieldings: [(shielding: Shielding, identifiers: Set<Identifier>)] = []

  /// - Parameter present: where the past is read, the store as it is: what is shielded now is so whenever it is from.
  init(of subject: Identifier, _ snapshot: CreditSnapshot, present: CreditSnapshot? = nil) throws {
    if let present {
      for document in try present.documents(DocumentKind.shielding, of: subject) {
        try append(try document.decoded(as: Shielding.self), present)
      }
    }
    for document in try snapshot.documents(Self.kinds, of: subject) {
      switch document.kind {
      case DocumentKind.breachFinding:
        let finding = try document.decoded(as: BreachFinding.self)
        findings[Self.place(finding.entry, finding.key, finding.subject)] = finding
      case DocumentKind.objection:
        let objection = try document.decoded(as: Objection.self)
        if objection.isUndecided {
          disputed.insert(Self.place(objection.entry, objection.key, objection.subject))
        }
      default: if present == nil { try append(try document.decoded(as: Shielding.self), snapshot) }
      }
    }
  }

  private mutating func append(_ shielding: Shielding, _ snapshot: CreditSnapshot) throws {
    shieldings.append(
      (shielding, Set(try snapshot.ownIdentifiers(of: shielding.subject) + [shielding.subject])))
  }

  /// One decision about a company and its owner has the same key in the records of both.
  private static func place(_ entry: String, _ key: String, _ subject: Identifier?) -> String {
    "\(entry)|\(subject?.kind.rawValue ?? "")|\(subject?.text ?? "")|\(key)"
  }

  /// What an organ said of a decision.
  func finding(of record: CreditRecord) -> BreachFinding? {
    guard !findings.isEmpty else { return nil }
    return findings[Self.place(record.entry.code, record.key, record.subject)]
      ?? findings[Self.place(record.entry.code, record.key, nil)]
  }

  /// Whether somebody objects to a record and no decision is made yet.
  func isDisputed(_ record: CreditRecord) -> Bool {
    !disputed.isEmpty && disputed.contains(Self.place(record.entry.code, record.key, record.subject))
  }

  /// Whether some record may be shielded.
  var hasShieldings: Bool { !shieldings.isEmpty }

  /// Whether a record is kept from an audience.
  func isShielded(_ record: CreditRecord, from audience: Audience, on day: Day) -> Bool {
    shieldings.contains { shielding, identifiers in
      identifiers.contains(record.subject) && shielding.hides(record, from: audience, on: day)
    }
  }
}
