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
  var snapshot: CreditSnapshot
  /// The store as it is now, where `snapshot` is of an earlier state.
  let present: CreditSnapshot
  let grant: AccessGrant
  var roles: [AccessRole]
  let configuration: PlatformConfiguration
  private(set) var day: Day
  /// What an authorised reading rests on.
  var consent: Consent?
  /// Whether versions of the past are shown: to those only who see it.
  var isOfPast = false

  var today: Day { day }
  var platform: CreditPlatform { session.platform }
  /// What a subject's own roles read, where the caller has no others.
  var ownSubjects: Set<Identifier>? { roles.allSatisfy { $0.audience == .subject } ? grant.ownSubjects : nil }
  /// Subjects the widest role may ask about at once.
  var maximumSubjects: Int { roles.map { $0.maximumSubjects ?? Self.maximumSubjects }.max() ?? 0 }
  /// The widest audience of the roles.
  var audience: Audience { roles.map(\.audience).max { $0.rank < $1.rank } ?? .everybody }

  /// Whether the caller is the centre, without a limit on what it sees.
  var isWholeCentre: Bool {
    roles.contains {
      $0.audience == .centre && $0.scope == .all && $0.entries == nil && $0.categories == nil
    }
  }

  /// The rights of the roles.
  func rights() -> [RecordRights.Right] {
    roles.map { role in
      RecordRights.Right(
        entries: EntryRights(
          role: role, ownUnits: grant.reach(of: role), policy: configuration.policy,
          consent: role.audience == .authorized ? consent : nil),
        units: grant.units(of: role))
    }
  }

  /// What the caller sees of a subject's records.
  ///
  /// - Parameters:
  ///   - choice: what the choice of entries is called, so that it is made once.
  ///   - isWanted: which entries are asked for.
  func records(
    of subject: Identifier, choice: String = "", where isWanted: (CatalogueSummary) -> Bool = { _ in true }
  ) throws -> [ShownRecord] {
    let rights = rights().filter { $0.entries.allows(subject.subjectKind) }
    guard !rights.isEmpty else { return [] }
    let selection = try selection(rights, choice, isWanted)
    return try shown(try snapshot.records(of: subject, among: selection), rights, of: subject)
  }

  /// What the caller sees of a subject's records of some entries.
  func records(of subject: Identifier, among codes: Set<String>) throws -> [ShownRecord] {
    let rights = rights().filter { $0.entries.allows(subject.subjectKind) }
    guard !rights.isEmpty else { return [] }
    let selection = try snapshot.narrowed(try selection(rights, "") { _ in true }, to: codes)
    return try shown(try snapshot.records(of: subject, among: selection), rights, of: subject)
  }

  /// The entries the caller may see.
  func visible(choice: String = "", where isWanted: (CatalogueSummary) -> Bool = { _ in true }) throws
    -> EntrySelection
  {
    try selection(rights(), choice, isWanted)
  }

  private func selection(
    _ rights: [RecordRights.Right], _ choice: String, _ isWanted: (CatalogueSummary) -> Bool
  ) throws -> EntrySelection {
    try platform.selection(rights.map(\.entries), snapshot, choice: choice, where: isWanted)
  }

  /// Codes of the entries the caller may see and asks for.
  func visibleCodes(choice: String, where isWanted: (CatalogueSummary) -> Bool) throws -> Set<String> {
    try visible(choice: choice, where: isWanted).codes
  }

  /// The entries the caller may see, by code.
  func visibleEntries(where isWanted: (CatalogueSummary) -> Bool) throws -> [CatalogueSummary] {
    let rights = rights().map(\.entries)
    return try platform.database.catalogue.summaries(asOf: snapshot).filter { entry in
      isWanted(entry) && rights.contains { $0.allows(entry) }
    }
  }

  /// An identifier the caller asked about, as the caller may see it: in full where all roles show such numbers in full.
  func shown(_ identifier: Identifier) -> String {
    let isUnmasked = roles.allSatisfy { $0.isUnmasked ?? false || $0.audience == .subject }
    return isUnmasked ? identifier.text : identifier.masked
  }

  /// The reading with those roles alone that read without a subject being named: not those of a subject's own, nor those that rest on a consent.
  func withoutSubject() throws(AccessRefusal) -> AccessReading {
    try limited(
      to: { $0.audience != .subject && $0.audience != .authorized },
      or: AccessRefusal(.subjectMissing, "the role reads the data of one subject; name it"))
  }

  /// The reading with those roles alone that units have: figures that count what is not public are for them.
  func ofUnits() throws(AccessRefusal) -> AccessReading {
    try limited(
      to: { $0.audience == .government || $0.audience == .centre },
      or: AccessRefusal(.actionNotGranted, "these figures are for units"))
  }

  /// The same reading with those roles alone that pass a test; refused where none does.
  func limited(
    to isAllowed: (AccessRole) -> Bool, or refusal: @autoclosure () -> AccessRefusal
  ) throws(AccessRefusal) -> AccessReading {
    let allowed = roles.filter(isAllowed)
    guard !allowed.isEmpty else { throw refusal() }
    var reading = self
    reading.roles = allowed
    return reading
  }

  /// Whether the caller may hear that something happened to a record, were it shown.
  func hears(of record: CreditRecord) throws -> Bool {
    let rights = rights().filter { $0.entries.allows(record.subject.subjectKind) }
    guard !rights.isEmpty else { return false }
    return try recordRights(rights, of: record.subject, try CaseMarks(of: record.subject, snapshot)).reaches(
      record)
  }

  /// Whether a record is not kept today from all whose eyes the caller reads for.
  func isUnshielded(_ record: CreditRecord, _ marks: CaseMarks) -> Bool {
    roles.contains { !marks.isShielded(record, from: $0.audience, on: today) }
  }

  /// Whether some role reaches what a unit did.
  func reaches(_ unit: String?) -> Bool {
    roles.contains { grant.units(of: $0)?.contains(unit ?? "") ?? true }
  }

  /// The same as of another commit of the store, as decisions inside a commit need it.
  func at(_ snapshot: CreditSnapshot) -> AccessReading {
    var reading = self
    reading.snapshot = snapshot
    return reading
  }

  /// The same on another day: periods and months count from it.
  func on(_ day: Day) -> AccessReading {
    var reading = self
    reading.day = day
    return reading
  }

  private func recordRights(
    _ rights: [RecordRights.Right], of subject: Identifier, _ marks: CaseMarks
  ) throws -> RecordRights {
    var recordRights = RecordRights(
      rights: rights, links: LinkReach(from: subject, snapshot),
      publicity: publicity { marks.finding(of: $0) }, today: today,
      maskDay: platform.options.today(), isOfPast: isOfPast, ownSubjects: grant.ownSubjects
    ) { try platform.unit(of: $0, snapshot) }
    if snapshot.commit < present.commit { recordRights.presentMasks = PresentMasks(snapshot: present) }
    if marks.hasShieldings {
      recordRights.isShielded = { [today] in marks.isShielded($0, from: $1, on: today) }
    }
    return recordRights
  }

  /// How long records are public, by the settings of the platform.
  func publicity(_ finding: @escaping (CreditRecord) throws -> BreachFinding?) -> RecordPublicity {
    RecordPublicity(rules: configuration.rules, mappings: configuration.mappings, finding: finding)
  }

  /// Records of one subject as the caller sees them.
  func shown(
    _ records: [CreditRecord], _ rights: [RecordRights.Right], of subject: Identifier
  ) throws -> [ShownRecord] {
    guard !records.isEmpty else { return [] }
    let marks = try CaseMarks(
      of: subject, snapshot, present: isOfPast ? present : nil)
    let recordRights = try recordRights(rights, of: subject, marks)
    return try records.compactMap { try recordRights.shown($0, isDisputed: marks.isDisputed($0)) }
  }

  /// A record met outside a look at its subject, as the caller may see it.
  ///
  /// - Parameter asked: the identifier that was asked about, where it may be another one of the subject's.
  func shown(_ record: CreditRecord, asked: Identifier? = nil) throws -> ShownRecord? {
    let rights = rights().filter { $0.entries.allows(record.subject.subjectKind) }
    return try shown([record], rights, of: asked ?? record.subject).first
  }
}
