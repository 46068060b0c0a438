// Owns the words for what somebody may do on the platform, and for whose eyes something is shown.
// Invariants: the words are stored in roles and in the log and never change.

public import CreditModel

/// What somebody does on the platform (操作).
public enum AccessAction: String, Codable, Sendable, CaseIterable {
  /// Looks at records of a subject (信用查询).
  case query
  /// Checks many subjects, or one at a counter (信用核查).
  case screen
  /// Asks the centre for reviews of subjects (信用审查).
  case review
  /// Has a report made (信用报告).
  case report
  /// Looks at financing data (融资数据).
  case finance
  /// Looks at figures (统计分析).
  case statistics
  /// Brings data in (信用信息报送).
  case collect
  /// Corrects and withdraws records (数据更正).
  case change
  /// Keeps lists of measures and tells what was done (联合奖惩).
  case measure
  /// Hands in applications for repair, objections, commitments (修复、异议、承诺受理).
  case apply
  /// Decides on them (审核).
  case decide
  /// Enters and revokes consents (授权管理).
  case consent
  /// Sends changes to platforms above and to departments (数据交换).
  case exchange
  /// Reads the access log (日志审计).
  case audit
  /// Gives rights (用户与权限管理).
  case administer
}

/// For whose eyes something is shown (受众).
public enum Audience: String, Codable, Sendable, CaseIterable {
  /// Everybody: the public portal (社会公开).
  case everybody
  /// Units of government (政务共享).
  case government
  /// Whom a subject has given its consent (授权查询).
  case authorized
  /// The subject itself (本人查询).
  case subject
  /// The credit centre's own staff (信用中心).
  case centre

  /// How much is seen, from the least on.
  var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// The openness of entries and items that are shown.
  public var openness: Set<Openness> {
    switch self {
    case .everybody: [.public]
    case .government: [.public, .government]
    case .authorized, .subject, .centre: [.public, .government, .authorized]
    }
  }
}
