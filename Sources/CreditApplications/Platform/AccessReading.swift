// Owns reading for one call: what of the store the caller sees, as of one commit.
// Invariants: entries and kinds of subjects that the caller may not see are left out before anything of a record is read, so that a subject hidden by them
// and one that is not there give the same answer after the same reading.

import CreditModel
import CreditStore

/// What one call sees of the store.
struct AccessReading {
  /// Subjects of one call, where no role says less.
  static let maximumSubjects = 100_000

  let session: AccessSession
  let snapshot: CreditSnapshot
  let grant: AccessGrant
  let roles: [AccessRole]
  let configuration: PlatformConfiguration

  var today: Day { session.platform.options.today() }
  var platform: CreditPlatform { session.platform }

  /// The rights of those roles that pass a test.
  private func rights(where isWanted: (AccessRole) -> Bool = { _ in true }) -> [RecordRights.Right] {
    roles.filter(isWanted).map { role in
      RecordRights.Right(
        entries: EntryRights(role: role, ownUnits: grant.reach(of: role), policy: configuration.policy),
        units: grant.units(of: role))
    }
  }

  /// What the caller sees of a subject's records.
  func records(of subject: Identifier, categories: Set<String>? = nil) throws -> [ShownRecord] {
    let rights = rights().filter { $0.entries.allows(subject.subjectKind) }
    guard !rights.isEmpty else { return [] }
    let selection = try platform.selection(
      rights.map(\.entries), unit: grant.unit, settings: configuration.revision, snapshot)
    let records = try snapshot.records(of: subject, among: selection)
    return try shown(records, rights, of: subject).filter { categories?.contains($0.category) ?? true }
  }

  /// Records of one subject as the caller sees them.
  func shown(
    _ records: [CreditRecord], _ rights: [RecordRights.Right], of subject: Identifier
  ) throws -> [ShownRecord] {
    guard !records.isEmpty else { return [] }
    let findings = try Findings(of: subject, snapshot)
    let recordRights = RecordRights(
      rights: rights, policy: configuration.policy,
      publicity: RecordPublicity(rules: configuration.rules, mappings: configuration.mappings) { record in
        findings.finding(of: record)
      }, today: today
    ) { try platform.unit(of: $0, snapshot) }
    return try records.compactMap { try recordRights.shown($0) }
  }

  /// What organs said of decisions about one subject.
  struct Findings {
    private var known: [String: BreachFinding] = [:]

    init(of subject: Identifier, _ snapshot: CreditSnapshot) throws {
      for document in try snapshot.documents(DocumentKind.breachFinding, of: subject) {
        let finding = try document.decoded(as: BreachFinding.self)
        known[finding.entry + "|" + finding.key] = finding
      }
    }

    func finding(of record: CreditRecord) -> BreachFinding? {
      known.isEmpty ? nil : known[record.entry.code + "|" + record.key]
    }
  }
}
