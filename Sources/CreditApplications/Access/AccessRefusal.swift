// Owns the ways in which access is refused.
// Invariants: each names the rule that refused; none tells whether the store knows a subject.

/// The rules that refuse access (拒绝规则).
public enum AccessRule: String, Codable, Sendable, CaseIterable {
  /// There is no such account.
  case unknownAccount
  /// The account may not be used.
  case inactiveAccount
  /// Another unit took over the work of the account's.
  case closedUnit
  /// The account has no role.
  case noRole
  /// No role of the account holds on this day.
  case roleExpired
  /// A role does not say whose records it reaches.
  case scopeMissing
  /// No role of the account allows the action.
  case actionNotGranted
  /// Nobody said what for.
  case purposeMissing
  /// No role of the account allows the entry.
  case entryNotGranted
  /// An item may not be seen in full, and so not be asked about.
  case itemNotGranted
  /// The role reads the data of one subject, which has to be named.
  case subjectMissing
  /// Somebody who signed in as a subject asks about another one.
  case notOwnSubject
  /// More subjects than a role allows at once.
  case tooManySubjects
  /// There is no such consent of this subject for this unit.
  case consentMissing
  /// The consent was revoked.
  case consentRevoked
  /// The consent is over, or has not begun.
  case consentExpired
  /// The consent is for something else.
  case consentScope
  /// Nobody under fourteen can consent; a guardian has to.
  case guardianMissing
  /// A report about a person needs the person's own request or consent.
  case authorityMissing
  /// Another unit has to decide.
  case notCompetent
  /// The period before which nobody may apply is not over.
  case minimumPeriod
  /// What is asked for is never repaired before its time is over.
  case notRepairable
  /// The subject broke a commitment or handed in false material, and may not apply again yet.
  case barred
  /// What is asked for does not follow from the state the case is in.
  case wrongState
}

/// Somebody asked for what may not be had (访问被拒绝).
///
/// ```swift
/// catch let refusal as AccessRefusal where refusal.rule == .consentExpired { … }
/// ```
public struct AccessRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The rule that refused.
  public let rule: AccessRule
  /// What is missing, and what to do.
  public let message: String
  /// The message.
  public var description: String { message }

  /// Makes a refusal.
  public init(_ rule: AccessRule, _ message: String) {
    self.rule = rule
    self.message = message
  }
}
