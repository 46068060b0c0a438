// Owns what somebody does with the platform: each call finds out what the caller may do, reads through its rights, and is logged.
// Invariants: nothing is given back before it is logged; a refusal is logged as well; a call sees one commit of the store.
// Does not read by itself (AccessReading).

import CreditModel
import CreditStore

/// Somebody at work with the platform (会话).
///
/// Rights are looked up at each call: what is taken from an account is gone at once.
public struct AccessSession: Sendable {
  let platform: CreditPlatform
  /// Who asks, where and what for.
  public let caller: Caller
  /// The name of whoever keeps the store, where it is that.
  let keeper: String?
  /// For whose eyes whoever keeps the store reads.
  var keeperAudience = Audience.centre
  /// The unit it reads for.
  var keeperUnit: String?

  /// What the caller may do as of a snapshot.
  func grant(_ snapshot: CreditSnapshot) throws -> AccessGrant {
    if keeper != nil { return .keeper(keeperAudience, unit: keeperUnit) }
    return try AccessGrant.resolve(
      caller, try platform.configuration(snapshot), try platform.register(snapshot),
      on: platform.options.today())
  }

  /// What a call showed, for the log.
  struct Facts {
    var entries: Set<String> = []
    var rows = 0
    /// Subjects that turned out to be meant: found under another kind of identifier than asked about, or those of a case.
    var found: [Identifier] = []
    /// The consent it rested on, or that was refused.
    var consent: String?
  }

  /// Does something for the caller: finds out whether it may be done, does it, and logs it.
  func perform<Result>(
    _ action: AccessAction, about subjects: [Identifier] = [], asOf commit: UInt64? = nil,
    _ body: (AccessReading, inout Facts) throws -> Result
  ) throws -> Result {
    var facts = Facts()
    var unit: String?
    var roles: [AccessRole] = []
    do {
      let last = platform.database.snapshot()
      if let commit, commit > last.commit {
        throw CreditError("unknownCommit", "the store has no commit \(commit); the last is \(last.commit)")
      }
      let snapshot = commit.map { platform.database.snapshot(asOf: $0) } ?? last
      // What the caller may do is what is so now, also where the past is read.
      let present = last
      var grant = try grant(present)
      unit = grant.unit
      roles = try grant.roles(for: action)
      try keepToOwn(&roles, &grant, subjects, present)
      guard !caller.purpose.allSatisfy(\.isWhitespace) else {
        throw AccessRefusal(.purposeMissing, "say what for")
      }
      let most = roles.map { $0.maximumSubjects ?? AccessReading.maximumSubjects }.max() ?? 0
      roles.removeAll { $0.maximumSubjects ?? AccessReading.maximumSubjects < subjects.count }
      guard !roles.isEmpty else {
        throw AccessRefusal(.tooManySubjects, "at most \(most) subjects may be asked about at once")
      }
      let consent = try self.consent(for: subjects, &roles, grant, present)
      let reading = AccessReading(
        session: self, snapshot: snapshot, present: present, grant: grant, roles: roles,
        configuration: try platform.configuration(present), day: platform.options.today(), consent: consent)
      facts.consent = consent?.id
      let result = try body(reading, &facts)
      try note(
        action, about: subjects + facts.found, roles: roles.map(\.id), unit: unit, facts,
        outcome: CreditPlatform.allowed)
      return result
    } catch let refusal as AccessRefusal {
      facts.consent = caller.consent
      try note(
        action, about: subjects + facts.found, roles: roles.map(\.id), unit: unit, facts,
        outcome: refusal.rule.rawValue)
      throw refusal
    } catch {
      let error = CreditError(wrapping: error)
      facts.consent = caller.consent
      try note(
        action, about: subjects + facts.found, roles: roles.map(\.id), unit: unit, facts, outcome: error.code)
      throw error
    }
  }

  /// Leaves out roles of a subject's own where others are asked about, and those of a desk that does not say for which case it reads for a subject.
  private func keepToOwn(
    _ roles: inout [AccessRole], _ grant: inout AccessGrant, _ subjects: [Identifier],
    _ snapshot: CreditSnapshot
  ) throws {
    guard keeper == nil, roles.contains(where: { $0.audience == .subject }) else { return }
    let refusal: AccessRefusal
    if let own = grant.ownSubject {
      // What stands under the numbers of one's companies a person may see; whose companies they are is not theirs.
      let all = Set(try snapshot.ownIdentifiers(of: own) + [own])
      grant.ownSubjects = all
      guard !subjects.allSatisfy(all.contains) else { return }
      refusal = AccessRefusal(.notOwnSubject, "who signed in as a subject asks about itself")
    } else {
      guard (caller.caseNumber ?? "").allSatisfy(\.isWhitespace) else { return }
      refusal = AccessRefusal(
        .authorityMissing, "the data of a subject is read for it on its request; give the number of the case")
    }
    roles.removeAll { $0.audience == .subject }
    if roles.isEmpty { throw refusal }
  }

  /// Writes a line of the log.
  func note(
    _ action: AccessAction, about subjects: [Identifier] = [], roles: [String] = [], unit: String? = nil,
    _ facts: Facts = Facts(), outcome: String
  ) throws {
    func short(_ text: String) -> String {
      // A number across the end is masked before it is cut.
      let masked = PersonalNumbers.masked(
        String(text.prefix(2 * Self.maximumTextCharacters)), on: platform.options.today())
      return String(masked.prefix(Self.maximumTextCharacters))
    }
    // One subject asked about twice was looked at once.
    var named: Set<Identifier> = []
    let subjects = subjects.filter { named.insert($0).inserted }
    try platform.log.append(
      AccessLogEntry(
        sequence: 0, instant: 0, account: (caller.account ?? keeper).map(short), unit: unit, roles: roles,
        portal: caller.portal, terminal: caller.terminal.map(short), action: action,
        purpose: short(caller.purpose), caseNumber: caller.caseNumber.map(short),
        subjects: subjects.map(platform.log.hash),
        // Codes stand in the log with blanks between them; what is none was made up by the caller.
        entries: facts.entries.filter { code in
          !code.isEmpty && code.utf8.count <= 100 && !code.contains(where: \.isWhitespace)
            && short(code) == code
        }.sorted(), rows: facts.rows,
        consent: facts.consent.map(short), outcome: outcome))
  }

  /// Characters of a text of the caller's that are logged.
  private static let maximumTextCharacters = 500

  /// The identifier a text is taken for.
  func identifier(_ text: String, kind: IdentifierKind? = nil) -> Identifier {
    kind.map { Identifier(text, as: $0) } ?? Identifier(detecting: text, on: platform.options.today())
  }
}
