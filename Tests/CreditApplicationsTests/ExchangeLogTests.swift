// Goal: what goes to others stands in the access log, and on a route by consent whose records went.
// Method: a store with a route upward and one by consent; the log is asked afterwards.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ExchangeLogTests {
  private static let body = PlatformFixture.body

  @Test func whatGoesToOthersIsLogged() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    try fixture.keeper.grant(
      Consent(
        id: "C", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), grantee: PlatformFixture.bank,
        categories: ["administrative"], purpose: "融资服务", grantedOn: fixture.day.value,
        validUntil: try #require(Day("2099-01-01")), channel: .paper,
        evidence: String(repeating: "0", count: 64)))
    try fixture.withStore {
      _ = try $0.publish([
        ExchangeRoute(code: "up", receiver: "省平台", purpose: .upward, entries: ["XZCF"]),
        ExchangeRoute(
          code: "loans", receiver: PlatformFixture.bank, purpose: .authorized, entries: ["XZCF"],
          basis: "融资服务"),
      ])
    }
    let folder = fixture.folder.path("out")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    #expect(Outcome.rule { try fixture.session("market").pack("up", to: folder) } == .actionNotGranted)
    let centre = try fixture.session("centre")
    let up = try centre.pack("up", to: folder)
    #expect(up.map(\.puts) == [1])
    func lines(_ action: AccessAction) throws -> [AccessUse] {
      try fixture.keeper.use().filter { $0.action == action && $0.allowed > 0 }
    }
    #expect(try lines(.exchange).map(\.rows) == [1])
    // Whose records went upward is in the package; by consent it is in the log too.
    #expect(try !fixture.keeper.accesses(to: Self.body).contains { $0.action == .exchange })
    let loans = try centre.pack("loans", to: folder)
    #expect(loans.map(\.puts) == [1])
    let told = try fixture.keeper.accesses(to: Self.body).filter { $0.action == .exchange }
    #expect(told.map(\.entries) == [["XZCF"]] && told[0].account == "centre")
    try centre.writePackage(loans[0].number, of: "loans", to: folder)
    #expect(try fixture.keeper.accesses(to: Self.body).filter { $0.action == .exchange }.count == 2)
    #expect(Outcome.code { try centre.writePackage(9, of: "loans", to: folder) } == "unknownPackage")
    try fixture.platform.close()
  }
}
