// Owns finding out what a caller may do.
// Invariants: default deny; each refusal names the first rule that is not met; what a role allows is never mixed with what another one does.

import CreditModel
import CreditStore

/// What a caller may do, found out once.
struct AccessGrant: Sendable {
  /// The account; `nil` on the website.
  var account: String?
  /// Credit code of its unit.
  var unit: String?
  /// The unit and those whose work it took over.
  var ownUnits: Set<String> = []
  /// The same with all units under it.
  var subordinateUnits: Set<String> = []
  /// Its roles that hold.
  var roles: [AccessRole]
  /// The subject that signed in as itself.
  var ownSubject: Identifier?
  /// The same with all that links join with it: what roles of the subject's own read. `nil` where they read for any, as a desk does.
  var ownSubjects: Set<Identifier>?

  /// What whoever keeps the store may: everything, for whose eyes they say.
  static func keeper(_ audience: Audience, unit: String?) -> AccessGrant {
    var role = AccessRole.keeper
    if audience != .centre { (role.audience, role.isUnmasked) = (audience, nil) }
    return AccessGrant(unit: unit, roles: [role])
  }

  static func resolve(
    _ caller: Caller, _ configuration: PlatformConfiguration, _ register: AccessRegister, on day: Day
  ) throws(AccessRefusal) -> AccessGrant {
    guard let id = caller.account else {
      guard caller.portal == .website else {
        throw AccessRefusal(.unknownAccount, "only the website is open to somebody without an account")
      }
      let role = configuration.builtIn(caller.subject == nil ? .publicPortal : .ownPortal)
      guard role.holds(on: day) else {
        throw AccessRefusal(.roleExpired, "role \(role.id) does not hold on \(day)")
      }
      return AccessGrant(
        roles: [role], ownSubject: caller.subject.map { Identifier($0.text, as: $0.kind) })
    }
    guard caller.subject == nil else {
      throw AccessRefusal(.notOwnSubject, "who signs in as a subject does so without an account")
    }
    guard let account = register.accounts[id] else {
      throw AccessRefusal(.unknownAccount, "there is no account \(id); enter it with its unit first")
    }
    guard account.isActive else {
      throw AccessRefusal(.inactiveAccount, "account \(id) may not be used any more")
    }
    let units = register.units
    guard units.present(account.unit, on: day) == account.unit else {
      throw AccessRefusal(
        .closedUnit, "another unit took over the work of \(account.unit); move account \(id) to it")
    }
    let assigned = (configuration.assignments[id]?.roles ?? []).compactMap { configuration.roles[$0] }
    guard !assigned.isEmpty else {
      throw AccessRefusal(.noRole, "account \(id) has no role; give it one")
    }
    let roles = assigned.filter { $0.holds(on: day) }
    guard !roles.isEmpty else {
      throw AccessRefusal(.roleExpired, "no role of account \(id) holds on \(day)")
    }
    let own = [account.unit] + units.all.map(\.code).filter { units.present($0, on: day) == account.unit }
    let subordinate = own.flatMap { units.subtree(of: $0).map(\.code) }
    return AccessGrant(
      account: id, unit: account.unit, ownUnits: Set(own), subordinateUnits: Set(own + subordinate),
      roles: roles)
  }

  /// The roles that allow an action.
  func roles(for action: AccessAction) throws(AccessRefusal) -> [AccessRole] {
    let allowing = roles.filter { $0.actions.contains(action) }
    guard !allowing.isEmpty else {
      throw AccessRefusal(.actionNotGranted, "no role allows \(action.rawValue)")
    }
    let scoped = allowing.filter { $0.scope != nil }
    guard !scoped.isEmpty else {
      throw AccessRefusal(
        .scopeMissing, "role \(allowing[0].id) does not say whose records it reaches; give it a scope")
    }
    return scoped
  }

  /// The units whose records a role reaches; `nil` = all.
  func units(of role: AccessRole) -> Set<String>? {
    switch role.scope {
    case .ownUnit: ownUnits
    case .subordinateUnits: subordinateUnits
    case .all: nil
    case nil: []
    }
  }

  /// The caller's own units as far as a role reaches.
  func reach(of role: AccessRole) -> Set<String> { role.scope == .ownUnit ? ownUnits : subordinateUnits }
}
