// Owns a platform whose records hold a token of their own in every item, and a naive model of who may see which.
// Invariants: the model is written from the rules in words, not from the code: openness, sharing, consent, unit, kind of subject, state of the record,
// shielding.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import Synchronization
import TestSupport

final class TokenWorld: Sendable {
  struct Token: CustomStringConvertible {
    var text: String
    var entry: CatalogueEntry
    var openness: Openness
    var hasMask: Bool
    var isPerson: Bool
    var unit: String
    var state = State.current
    var description: String {
      "\(text) of \(entry.code) \(openness.rawValue) \(isPerson ? "person" : "body") \(state)"
    }

    /// Whether the market regulator reported it, to an entry that names it.
    var isOwn: Bool { entry.units.contains(PlatformFixture.market) && unit == PlatformFixture.market }
  }

  /// What became of the record a token stands in.
  enum State {
    case current, withdrawn, repaired
    /// The record was corrected: another token stands in its place.
    case superseded
  }

  /// What the body consented to, for the market regulator.
  static let consentedCategories = ["administrative", "utility"]

  let fixture: PlatformFixture
  /// The body is reorganised: what is kept from whom.
  let shielding: Shielding?
  let entries: [CatalogueEntry]
  let subjects: [String]
  let tokens: [Token]
  private let seen = Mutex(false)
  var seenSomething: Bool { seen.withLock { $0 } }

  init(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed &* 7919)
    fixture = try PlatformFixture()
    try fixture.enterAccounts()
    var entries: [CatalogueEntry] = []
    for number in 0..<12 {
      let openness = Openness.allCases.randomElement(using: &random) ?? .public
      var items = [
        CatalogueItem(id: "CODE", name: "代码", identifier: .any), CatalogueItem(id: "NO", name: "文号"),
        CatalogueItem(id: "DAY", name: "日期", type: .date), CatalogueItem(id: "NAME", name: "名称"),
      ]
      for (place, openness) in Openness.allCases.enumerated() {
        items.append(CatalogueItem(id: "I\(place)", name: "项\(place)", openness: openness))
      }
      items.append(CatalogueItem(id: "M", name: "遮", openness: openness, mask: [1, 1]))
      var entry = CatalogueEntry(
        code: "E\(number)", name: "目录\(number)",
        category: ["administrative", "utility", "honour", "tax"].randomElement(using: &random) ?? "other",
        nature: CatalogueEntry.Nature.allCases.randomElement(using: &random) ?? .neutral, openness: openness,
        sharing: CatalogueEntry.Sharing.allCases.randomElement(using: &random) ?? .none, subject: ["CODE"],
        subjectName: "NAME", recordKey: ["NO"], eventDate: "DAY", items: items)
      if Bool.random(using: &random) { entry.units = [PlatformFixture.market] }
      if Bool.random(using: &random) { entry.level = .municipal }
      entries.append(entry)
    }
    let published = entries
    try fixture.withStore { _ = try $0.catalogue.publish(published) }
    subjects = [PlatformFixture.body, "130302199001010016", "92130303MA0000023W"]
    var tokens: [Token] = []
    for entry in entries {
      for unit in [PlatformFixture.market, PlatformFixture.centre]
      where entry.units.isEmpty || entry.units.contains(unit) {
        var rows: [String] = []
        let first = tokens.count
        for subject in subjects.prefix(2) {
          let isPerson = subject.hasPrefix("1303")
          var cells = [subject]
          for item in entry.items.dropFirst() {
            if item.id == "DAY" {
              cells.append("2026-05-0\(Int.random(in: 1...9, using: &random))")
              continue
            }
            let text =
              "tok\(tokens.count)\(String(UInt32.random(in: 0...UInt32.max, using: &random), radix: 36))x"
            cells.append(text)
            tokens.append(
              Token(
                text: text, entry: entry, openness: entry.openness(of: item), hasMask: item.mask != nil,
                isPerson: isPerson, unit: unit))
          }
          rows.append(cells.joined(separator: ","))
        }
        try fixture.collect(
          entry.code, from: unit, header: entry.items.map(\.id).joined(separator: ","), rows)
        try Self.change(&tokens, from: first, entry, subjects, fixture, &random)
      }
    }
    self.entries = entries
    self.tokens = tokens
    if Int.random(in: 0..<3, using: &random) > 0 {
      var made = Shielding(
        id: "S", subject: Identifier(subjects[0], as: .unifiedSocialCreditCode),
        extent: Bool.random(using: &random) ? .publication : .publicationAndSharing, ruling: "裁定",
        document: PlatformFixture.proof, from: fixture.day.value, until: fixture.day.value)
      if Bool.random(using: &random) {
        made.entries = entries.filter { _ in Bool.random(using: &random) }.map(\.code)
      }
      shielding = try fixture.keeper.shield(made)
    } else {
      shielding = nil
    }
    try fixture.keeper.grant(
      Consent(
        id: "C", subject: Identifier(subjects[0], as: .unifiedSocialCreditCode),
        grantee: PlatformFixture.market,
        categories: Self.consentedCategories, purpose: "测试", grantedOn: fixture.day.value,
        validUntil: fixture.day.value, channel: .paper, evidence: String(repeating: "0", count: 64)))
  }

  /// Withdraws, repairs and corrects some of the records that came in last.
  private static func change(
    _ tokens: inout [Token], from first: Int, _ entry: CatalogueEntry, _ subjects: [String],
    _ fixture: PlatformFixture, _ random: inout SeededGenerator
  ) throws {
    let perRecord = (tokens.count - first) / 2
    for (place, subject) in subjects.prefix(2).enumerated() {
      let record = first + place * perRecord..<first + (place + 1) * perRecord
      let identifier = Identifier(detecting: subject, on: fixture.day.value)
      // The document number is the key, and the first token.
      let key = tokens[record.lowerBound].text
      let next = "tok\(tokens.count)next\(UInt32.random(in: 0...UInt32.max, using: &random))x"
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        try fixture.withStore {
          _ = try $0.withdraw(entry.code, subject: identifier, key: key, reason: "撤销")
        }
        for token in record { tokens[token].state = .withdrawn }
      case 1:
        try fixture.withStore { _ = try $0.repair(entry.code, subject: identifier, key: key, reason: "修复") }
        for token in record { tokens[token].state = .repaired }
      case 2:
        try fixture.withStore {
          _ = try $0.correct(
            entry.code, subject: identifier, key: key, reason: "更正", changes: ["I0": .text(next)])
        }
        // Behind the number and the name.
        let old = record.lowerBound + 2
        var token = tokens[old]
        tokens[old].state = .superseded
        token.text = next
        tokens.append(token)
      default: break
      }
    }
  }

  func randomRole(_ random: inout SeededGenerator) -> AccessRole {
    AccessRole(
      id: "random", name: "随机",
      audience: Audience.allCases.randomElement(using: &random) ?? .everybody,
      actions: Set(AccessAction.allCases).subtracting([.administer, .collect, .change]),
      scope: AccessRole.Scope.allCases.randomElement(using: &random),
      entries: Bool.random(using: &random)
        ? nil : entries.filter { _ in Bool.random(using: &random) }.map(\.code),
      categories: Int.random(in: 0..<4, using: &random) > 0 ? nil : ["administrative", "honour"],
      conditionalEntries: entries.filter { _ in Bool.random(using: &random) }.map(\.code),
      isUnmasked: Int.random(in: 0..<4, using: &random) == 0)
  }

  /// Whether somebody of the market regulator with a role may see a token.
  ///
  /// - Parameter past: whether they ask for what was.
  func isVisible(_ token: Token, to role: AccessRole, past: Bool = false) -> Bool {
    let isSeen = mayLook(token, role) && mayLookAtState(token, role, past) && !isShielded(token, role)
    if isSeen { seen.withLock { $0 = true } }
    return isSeen
  }

  private func isShielded(_ token: Token, _ role: AccessRole) -> Bool {
    guard let shielding, !token.isPerson, !(token.isOwn && role.audience != .everybody) else { return false }
    guard shielding.entries?.contains(token.entry.code) ?? (token.entry.nature == .negative) else {
      return false
    }
    switch role.audience {
    case .everybody: return true
    case .government, .authorized: return shielding.extent == .publicationAndSharing
    case .subject, .centre: return false
    }
  }

  private func mayLookAtState(_ token: Token, _ role: AccessRole, _ past: Bool) -> Bool {
    let isOwn = token.isOwn && role.audience != .everybody
    if past {
      let isReporter = token.unit == PlatformFixture.market && role.audience == .government
      return isReporter || role.audience == .centre || role.audience == .subject
    }
    switch token.state {
    case .current: return true
    case .withdrawn, .superseded: return false
    case .repaired: return isOwn || role.audience == .centre
    }
  }

  private func mayLook(_ token: Token, _ role: AccessRole) -> Bool {
    let entry = token.entry
    guard let scope = role.scope else { return false }
    if token.hasMask, role.isUnmasked != true { return false }
    if let entries = role.entries, !entries.contains(entry.code) { return false }
    if let categories = role.categories, !categories.contains(entry.category) { return false }
    // The market regulator has no unit under it.
    if scope != .all, token.unit != PlatformFixture.market { return false }
    if role.audience == .everybody {
      return !token.isPerson && entry.openness == .public && token.openness == .public
    }
    // What the own unit reports, and is named for, it may see whole.
    if token.isOwn { return true }
    switch role.audience {
    case .government:
      guard entry.openness != .authorized, token.openness != .authorized else { return false }
      if entry.openness == .public || entry.sharing == .unconditional { return true }
      return entry.sharing == .conditional && role.conditionalEntries?.contains(entry.code) == true
    case .authorized: return !token.isPerson && Self.consentedCategories.contains(entry.category)
    case .subject, .centre: return true
    case .everybody: return false
    }
  }
}
