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

  /// What the caller may do as of a snapshot.
  func grant(_ snapshot: CreditSnapshot) throws -> AccessGrant {
    if keeper != nil { return .keeper(keeperAudience) }
    return try AccessGrant.resolve(
      caller, try platform.configuration(snapshot), try platform.register(snapshot),
      on: platform.options.today())
  }

  /// What a call showed, for the log.
  struct Facts {
    var entries: Set<String> = []
    var rows = 0
  }

  /// Does something for the caller: finds out whether it may be done, does it, and logs it.
  func perform<Result>(
    _ action: AccessAction, about subjects: [Identifier] = [], asOf commit: UInt64? = nil,
    _ body: (AccessReading, inout Facts) throws -> Result
  ) throws -> Result {
    var facts = Facts()
    do {
      let snapshot = commit.map { platform.database.snapshot(asOf: $0) } ?? platform.database.snapshot()
      // What the caller may do is what is so now, also where the past is read.
      let present = commit == nil ? snapshot : platform.database.snapshot()
      let grant = try grant(present)
      var roles = try grant.roles(for: action)
      guard !caller.purpose.allSatisfy(\.isWhitespace) else {
        throw AccessRefusal(.purposeMissing, "say what for")
      }
      if subjects.count > 1 {
        let most = roles.map { $0.maximumSubjects ?? AccessReading.maximumSubjects }.max() ?? 0
        guard subjects.count <= most else {
          throw AccessRefusal(.tooManySubjects, "at most \(most) subjects may be asked about at once")
        }
      }
      let consent = try self.consent(for: subjects, &roles, grant, present)
      let reading = AccessReading(
        session: self, snapshot: snapshot, grant: grant, roles: roles,
        configuration: try platform.configuration(present), day: platform.options.today(), consent: consent)
      let result = try body(reading, &facts)
      try note(
        action, about: subjects, roles: roles.map(\.id), unit: grant.unit, facts,
        outcome: CreditPlatform.allowed)
      return result
    } catch let refusal as AccessRefusal {
      try note(action, about: subjects, outcome: refusal.rule.rawValue)
      throw refusal
    } catch {
      let error = CreditError(wrapping: error)
      try note(action, about: subjects, outcome: error.code)
      throw error
    }
  }

  /// Writes a line of the log.
  func note(
    _ action: AccessAction, about subjects: [Identifier] = [], roles: [String] = [], unit: String? = nil,
    _ facts: Facts = Facts(), outcome: String
  ) throws {
    try platform.log.append(
      AccessLogEntry(
        sequence: 0, instant: 0, account: caller.account ?? keeper, unit: unit, roles: roles,
        portal: caller.portal, terminal: caller.terminal, action: action,
        purpose: PersonalNumbers.masked(caller.purpose, on: platform.options.today()),
        caseNumber: caller.caseNumber, subjects: subjects.map(platform.log.hash),
        entries: facts.entries.sorted(), rows: facts.rows, consent: caller.consent, outcome: outcome))
  }

  /// The identifier a text is taken for.
  func identifier(_ text: String, kind: IdentifierKind? = nil) -> Identifier {
    kind.map { Identifier(text, as: $0) } ?? Identifier(detecting: text, on: platform.options.today())
  }
}
