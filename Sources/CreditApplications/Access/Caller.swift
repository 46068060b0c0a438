// Owns who asks, through what, and what for.
// Invariants: what the caller says of itself is logged as it is; only the account is checked.

/// Where somebody asks (访问入口).
public enum Portal: String, Codable, Sendable, CaseIterable {
  /// The public website (信用网站).
  case website
  /// The government portal (政务门户).
  case government
  /// A counter of a service hall (政务服务窗口).
  case counter
  /// A program of another system (接口).
  case interface
  /// The command of whoever keeps the store (运维).
  case operations
}

/// Who asks, through what, and what for (访问者).
///
/// ```swift
/// let caller = Caller(account: "li", portal: .counter, purpose: "建设工程许可", caseNumber: "2026-0117")
/// ```
public struct Caller: Codable, Sendable, Equatable {
  /// The account that signed in; `nil` on the website.
  public var account: String?
  /// Where.
  public var portal: Portal
  /// What for (查询事由).
  public var purpose: String
  /// The machine, as whoever signs accounts in knows it.
  public var terminal: String?
  /// The case it belongs to (办件编号).
  public var caseNumber: String?
  /// The consent it rests on (授权书编号).
  public var consent: String?
  /// The subject that signed in on the website as itself, as whoever signs people in has verified it (实名认证); `nil` for everybody else. It reads its own
  /// data, and nobody else's.
  public var subject: Identifier?

  /// Makes a caller.
  public init(
    account: String?, portal: Portal, purpose: String, terminal: String? = nil, caseNumber: String? = nil,
    consent: String? = nil, subject: Identifier? = nil
  ) {
    self.subject = subject
    self.account = account
    self.portal = portal
    self.purpose = purpose
    self.terminal = terminal
    self.caseNumber = caseNumber
    self.consent = consent
  }

  /// Somebody on the website who did not sign in.
  public static let visitor = Caller(account: nil, portal: .website, purpose: "公众查询")
}
