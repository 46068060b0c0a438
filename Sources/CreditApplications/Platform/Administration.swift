// Owns changing the settings of the platform: roles, who has them, what is public, rules and calendars.
// Invariants: each change is one commit, logged, and only for those who may administer; sets of rules that have a gap are not taken.

public import CreditModel
import CreditStore

extension AccessSession {
  /// Changes settings in one commit, and tells whoever holds them.
  func set(
    _ note: String, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Void
  ) throws {
    try perform(.administer) { reading, facts in
      _ = try reading.platform.database.change(note) { snapshot, changes in
        try body(snapshot, &changes)
        try changes.put(DocumentKind.revision, DocumentKind.revision, note)
      }
      facts.rows = 1
    }
  }

  /// Enters roles, or new versions of them (角色维护).
  ///
  /// - Parameter roles: each once. A role may be entered without a scope, and is refused until it has one.
  /// - Throws: `AccessRefusal`; `CreditError`, code `invalidRole`.
  public func publish(_ roles: [AccessRole]) throws {
    try set("roles") { _, changes in
      if let problem = roles.lazy.compactMap(\.problem).first { throw CreditError("invalidRole", problem) }
      for role in roles { try changes.put(DocumentKind.role, role.id, role) }
    }
  }

  /// Gives accounts their roles (角色分配).
  ///
  /// - Parameter assignments: for each account all the roles it has from now on.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownAccount`, `unknownRole`.
  public func assign(_ assignments: [RoleAssignment]) throws {
    try set("assignments") { snapshot, changes in
      let accounts = Set(try snapshot.accounts().map(\.id))
      let roles = Set(try snapshot.documents([DocumentKind.role]).map(\.id))
      for assignment in assignments {
        guard accounts.contains(assignment.account) else {
          throw CreditError("unknownAccount", "there is no account \(assignment.account)")
        }
        if let missing = assignment.roles.first(where: { !roles.contains($0) || $0.hasPrefix("$") }) {
          throw CreditError("unknownRole", "there is no role \(missing); enter it first")
        }
        try changes.put(DocumentKind.assignment, assignment.account, assignment)
      }
    }
  }

  /// The roles there are, by id.
  public func roles() throws -> [AccessRole] {
    try perform(.administer) { reading, _ in
      reading.configuration.roles.values.sorted { $0.id < $1.id }
    }
  }

  /// Which accounts have which roles, by account.
  public func assignments() throws -> [RoleAssignment] {
    try perform(.administer) { reading, _ in
      reading.configuration.assignments.values.sorted { $0.account < $1.account }
    }
  }

  /// Decides what everybody may see of people (公开策略).
  public func publish(_ policy: PublicPolicy) throws {
    try set("policy") { _, changes in
      guard (0...150).contains(policy.minimumAge) else {
        throw CreditError("invalidPolicy", "the age is none from 0 to 150")
      }
      try changes.put(DocumentKind.policy, DocumentKind.policy, policy)
    }
  }

  /// Puts other rules for publication in the place of the national ones (公示规则).
  ///
  /// - Parameter rules: all that are in force from the first day on; one of them is in force today.
  /// - Throws: `AccessRefusal`; `CreditError`, code `rulesMissing`.
  public func publish(_ rules: PublicationRules) throws {
    try set("publicationRules") { _, changes in
      _ = try rules.regime(on: platform.options.today())
      try changes.put(DocumentKind.publicationRules, DocumentKind.publicationRules, rules)
    }
  }

  /// Says which items of entries tell how long their records are public.
  ///
  /// - Parameter mappings: one an entry; they take the place of the one it has.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownEntry`, `unknownItem`.
  public func publish(_ mappings: [PublicationMapping]) throws {
    try set("publicationMappings") { snapshot, changes in
      for mapping in mappings {
        let entry = try platform.database.catalogue.entry(mapping.entry).entry
        let items =
          [
            mapping.day, mapping.lastDay, mapping.categories, mapping.authority, mapping.breachClass,
            mapping.procedure, mapping.otherLastDay, mapping.openness,
          ]
          .compactMap { $0 } + mapping.fields
        if let missing = items.first(where: { entry.itemIndex($0) == nil }) {
          throw CreditError("unknownItem", "entry \(entry.code) has no item \(missing)", item: missing)
        }
        try changes.put(DocumentKind.publicationMapping, mapping.entry, mapping)
      }
    }
  }

  /// Puts other deadlines in the place of the national ones (办理时限规则).
  ///
  /// - Parameter rules: all that are in force from the first day on; one of them is in force today.
  /// - Throws: `AccessRefusal`; `CreditError`, code `rulesMissing`.
  public func publish(_ rules: DeadlineRules) throws {
    try set("deadlineRules") { _, changes in
      _ = try rules.deadlines(on: platform.options.today())
      try changes.put(DocumentKind.deadlineRules, DocumentKind.deadlineRules, rules)
    }
  }

  /// Enters the holidays of years that were announced since, or of the city's own (节假日安排).
  ///
  /// - Parameter calendar: the years; they take the place of those there are.
  public func publish(_ calendar: WorkingCalendar) throws {
    try set("calendar") { _, changes in
      for year in calendar.years {
        try changes.put(DocumentKind.calendar, String(year.year), try WorkingCalendar(years: [year]))
      }
    }
  }
}
