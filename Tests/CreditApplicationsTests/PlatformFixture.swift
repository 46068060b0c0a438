// Owns a small platform for the tests of applications: units, accounts with roles, entries of every openness, records with secrets in every item.
// Invariants: a folder of its own; the day stands still unless a test moves it.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import Synchronization
import TestSupport
import Testing

/// A day that tests move.
final class MovableDay: Sendable {
  private let day: Mutex<Day>
  init(_ text: String) { day = Mutex(Day(text) ?? .epoch) }
  var value: Day { day.withLock { $0 } }
  func move(to text: String) { day.withLock { $0 = Day(text) ?? $0 } }
}

struct PlatformFixture {
  static let centre = "11130300000000019B"
  static let market = "12130304000000027W"
  static let bank = "91130302MA0000015N"
  static let body = "93130321MA0000031N"

  static let proof = CaseMaterial(of: "缴款凭证".utf8, title: "缴款凭证")
  static let letter = CaseMaterial(of: "承诺书".utf8, title: "信用承诺书")

  let folder: TemporaryFolder
  let day: MovableDay
  let options: CreditPlatform.Options
  let platform: CreditPlatform
  var path: String { folder.path("store") }

  init(on day: String = "2026-05-20", waitsForLog: Bool = false) throws {
    folder = try TemporaryFolder()
    let movable = MovableDay(day)
    self.day = movable
    var options = CreditPlatform.Options(memoryBudgetBytes: 64 << 20, waitsForLog: waitsForLog)
    options.today = { movable.value }
    options.now = {
      // Noon of the day in Asia/Shanghai.
      Int64(movable.value.daysSinceEpoch) * 86_400_000 + 4 * 3_600_000
    }
    self.options = options
    try CreditPlatform.create(at: folder.path("store"))
    platform = try CreditPlatform(
      opening: folder.path("store"), mode: .shared(waitSeconds: 20, idleSeconds: 0), options: options)
  }

  /// Opens the store below for a moment, as the command does.
  func withStore<Result>(_ body: (CreditDatabase) throws -> Result) throws -> Result {
    let database = try CreditDatabase(opening: path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    let result = try body(database)
    try database.close()
    return result
  }

  /// Collects rows of an entry.
  @discardableResult
  func collect(_ entry: String, from unit: String? = nil, header: String, _ rows: [String]) throws -> Receipt
  {
    let text = ([header] + rows).joined(separator: "\n") + "\n"
    let file = try folder.write("file-\(UUID().uuidString).csv", Data(text.utf8))
    return try withStore { try $0.collectBlocking(.csv(file), for: entry, from: unit) }
  }

  var keeper: AccessSession {
    get throws { try platform.keeperSession(name: "test", purpose: "测试") }
  }

  func session(
    _ account: String?, _ portal: Portal = .government, purpose: String = "测试", consent: String? = nil
  ) throws -> AccessSession {
    try platform.session(
      Caller(account: account, portal: portal, purpose: purpose, caseNumber: "1", consent: consent))
  }

  /// Units, accounts and their roles: a centre, a market regulator, a bank.
  func enterAccounts() throws {
    try withStore { database in
      try database.publish([
        ReportingUnit(code: Self.centre, name: "信用中心", division: "130300"),
        ReportingUnit(code: Self.market, name: "海港区市场监督管理局", parent: Self.centre, division: "130302"),
        ReportingUnit(code: Self.bank, name: "银行"),
      ])
      try database.publish([
        UnitAccount(id: "centre", unit: Self.centre), UnitAccount(id: "market", unit: Self.market),
        UnitAccount(id: "clerk", unit: Self.market), UnitAccount(id: "bank", unit: Self.bank),
        UnitAccount(id: "window", unit: Self.centre), UnitAccount(id: "nobody", unit: Self.centre),
        UnitAccount(id: "gone", unit: Self.centre, isActive: false),
      ])
    }
    let everything = Set(AccessAction.allCases)
    try keeper.publish([
      AccessRole(
        id: "centre", name: "中心", audience: .centre, actions: everything, scope: .all, isUnmasked: true),
      AccessRole(
        id: "own", name: "本单位", audience: .government, actions: [.query, .decide, .statistics, .apply],
        scope: .ownUnit),
      AccessRole(
        id: "counter", name: "窗口", audience: .government, actions: [.query, .screen, .measure, .report],
        scope: .all, maximumSubjects: 3),
      AccessRole(
        id: "bank", name: "银行", audience: .authorized, actions: [.query, .report, .finance], scope: .all),
      AccessRole(id: "subject", name: "本人", audience: .subject, actions: [.query, .report], scope: .all),
    ])
    try keeper.assign([
      RoleAssignment(account: "centre", roles: ["centre"]), RoleAssignment(account: "market", roles: ["own"]),
      RoleAssignment(account: "clerk", roles: ["counter"]), RoleAssignment(account: "bank", roles: ["bank"]),
      RoleAssignment(account: "window", roles: ["subject"]), RoleAssignment(account: "gone", roles: ["own"]),
    ])
  }

  // MARK: Penalties

  static let penaltyHeader =
    "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_XDR_ZJLX,CF_XDR_ZJHM,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_YXQ,CF_CFJG,CF_CFJGDM,CF_SJLY,CF_SJLYDM"

  /// A penalty of a body, or of a person where the identifier is one's.
  static func penalty(
    _ subject: String, _ number: String, day: String, categories: String = "罚款",
    authority: String = "海港区城市管理局",
    facts: String = "占道经营"
  ) -> String {
    let isPerson = subject.utf8.count == 18 && subject.hasPrefix("1303")
    let who =
      isPerson
      ? "张三,自然人,,,身份证,\(subject)" : "某公司,法人及非法人组织,\(subject),李四,,"
    return
      "\(who),\(number),违法,\(facts),某法,\(categories),罚款一千元,\(categories.contains("罚款") ? "0.1" : ""),\(day),2099-12-31,\(authority),\(market),\(authority),\(market)"
  }

  @discardableResult
  func collectPenalties(_ rows: [String]) throws -> Receipt {
    let receipt = try collect("XZCF", from: Self.market, header: Self.penaltyHeader, rows)
    try #require(receipt.loaded == rows.count, "\(receipt)")
    return receipt
  }
}

/// What asking ended with.
enum Outcome {
  /// The rule that refused, or `nil`.
  static func rule(_ body: () throws -> some Any) -> AccessRule? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? AccessRefusal)?.rule }
  }

  /// The code of the error, or `nil`.
  static func code(_ body: () throws -> some Any) -> String? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? CreditError)?.code }
  }
}
