// Owns what a role allows.
// Invariants: a role that does not say whose records it reaches allows nothing; what is not named is not allowed.
// Does not know who has the role.

public import CreditModel

/// What those who have a role may do, and see (角色).
///
/// ```swift
/// let counter = AccessRole(
///   id: "counter", name: "窗口核查", audience: .government, actions: [.query, .screen], scope: .all, entries: ["XZCF", "YZSX"])
/// ```
public struct AccessRole: Codable, Sendable, Hashable {
  /// Whose records a role reaches (数据范围).
  public enum Scope: String, Codable, Sendable, CaseIterable {
    /// Those that the unit reported itself.
    case ownUnit
    /// Those of the unit and of units under it.
    case subordinateUnits
    /// All, as they are shared.
    case all
  }

  /// What it is called in assignments.
  public var id: String
  /// Its name for people.
  public var name: String
  /// For whose eyes it reads.
  public var audience: Audience
  /// What it may do.
  public var actions: Set<AccessAction>
  /// Whose records it reaches; a role without is refused.
  public var scope: Scope?
  /// Codes of the entries it may see; `nil` = all that its audience may.
  public var entries: [String]?
  /// Categories of information it may see; `nil` = all.
  public var categories: [String]?
  /// Codes of entries with conditional sharing whose condition its holders meet (有条件共享授权).
  public var conditionalEntries: [String]?
  /// Whether items with a mask, and identity numbers in texts, are shown in full.
  public var isUnmasked: Bool?
  /// Subjects of one question at most; `nil` = 100,000.
  public var maximumSubjects: Int?
  /// The first day on which it holds; `nil` = without beginning.
  public var from: Day?
  /// The last day on which it holds; `nil` = until further notice.
  public var until: Day?

  /// Makes a role; see the properties for the defaults.
  public init(
    id: String, name: String, audience: Audience, actions: Set<AccessAction>, scope: Scope?,
    entries: [String]? = nil, categories: [String]? = nil, conditionalEntries: [String]? = nil,
    isUnmasked: Bool? = nil, maximumSubjects: Int? = nil, from: Day? = nil, until: Day? = nil
  ) {
    self.id = id
    self.name = name
    self.audience = audience
    self.actions = actions
    self.scope = scope
    self.entries = entries
    self.categories = categories
    self.conditionalEntries = conditionalEntries
    self.isUnmasked = isUnmasked
    self.maximumSubjects = maximumSubjects
    self.from = from
    self.until = until
  }

  /// The fields of a role in JSON, so that whoever reads one can refuse others: a misspelt limit would be none.
  public static let fields: Set<String> = [
    "id", "name", "audience", "actions", "scope", "entries", "categories", "conditionalEntries", "isUnmasked",
    "maximumSubjects", "from", "until",
  ]

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if !(1...100).contains(id.utf8.count) || id.contains(where: \.isWhitespace) {
      return "a role's id has 1 to 100 bytes and no blanks"
    }
    if name.allSatisfy(\.isWhitespace) || name.utf8.count > 1000 { return "role \(id) has no name" }
    if actions.isEmpty { return "role \(id) allows nothing" }
    if id.hasPrefix("$") {
      guard let own = [Self.publicPortal, .ownPortal].first(where: { $0.id == id }) else {
        return "role \(id) is none that may be set; $public and $self are"
      }
      guard audience == own.audience, scope == .all, !(isUnmasked ?? false) || audience == .subject,
        actions.isSubset(of: own.actions.union([.report, .statistics]))
      else { return "role \(id) may not do or see that: it is everybody's who comes to the website" }
    }
    if let from, let until, until < from { return "role \(id) ends before it begins" }
    if let maximumSubjects, maximumSubjects < 1 { return "role \(id) may ask about nobody" }
    return nil
  }

  /// Whether it holds on a day.
  func holds(on day: Day) -> Bool { from ?? .minimum <= day && day <= until ?? .maximum }

  /// What the public portal may: look at what is public, as it is published.
  static let publicPortal = AccessRole(
    id: "$public", name: "公众", audience: .everybody, actions: [.query], scope: .all)

  /// What a subject may that signed in as itself: see what there is about it, who looked at it, and hand in what is its to hand in.
  static let ownPortal = AccessRole(
    id: "$self", name: "本人", audience: .subject, actions: [.query, .report, .apply, .consent, .audit],
    scope: .all)

  /// What whoever keeps the store's files may: everything.
  static let keeper = AccessRole(
    id: "$keeper", name: "管理员", audience: .centre, actions: Set(AccessAction.allCases), scope: .all,
    isUnmasked: true)
}

/// Which roles an account has (角色分配).
public struct RoleAssignment: Codable, Sendable, Equatable {
  /// The account.
  public var account: String
  /// Ids of its roles; none takes all away.
  public var roles: [String]

  /// Makes an assignment.
  public init(account: String, roles: [String]) {
    self.account = account
    self.roles = roles
  }
}
