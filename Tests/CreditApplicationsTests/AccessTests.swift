// Goal: nobody sees what the rules do not let them see, whichever way they ask; each refusal names its rule and is logged.
// Method: tables of accounts and rules; counters of what is read are compared. Ways of reading are searched for hidden tokens in WaysOfReadingTests.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct AccessTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"

  @Test func refusalsNameTheirRule() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    #expect(Outcome.rule { try fixture.session("stranger") } == .unknownAccount)
    #expect(Outcome.rule { try fixture.session(nil) } == .unknownAccount)
    #expect(Outcome.rule { try fixture.session("gone") } == .inactiveAccount)
    #expect(Outcome.rule { try fixture.session("nobody") } == .noRole)
    #expect(
      Outcome.rule { try fixture.session("clerk", purpose: " ").records(of: Self.body) } == .purposeMissing)
    #expect(Outcome.rule { try fixture.session("clerk").use() } == .actionNotGranted)
    #expect(Outcome.rule { try fixture.session("bank").records(of: Self.body) } == .consentMissing)
    #expect(
      Outcome.rule { try fixture.session("clerk").report(.init(subject: Self.person)) } == .authorityMissing)
    #expect(
      Outcome.rule { try fixture.session("clerk").check([Self.body, Self.person, "x", "y"]) }
        == .tooManySubjects)
    // A role without a scope allows nothing, an expired one neither.
    try fixture.keeper.publish([
      AccessRole(id: "shapeless", name: "无范围", audience: .government, actions: [.query], scope: nil),
      AccessRole(
        id: "old", name: "过期", audience: .government, actions: [.query], scope: .all, until: Day("2026-05-19")
      ),
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["shapeless"])])
    #expect(Outcome.rule { try fixture.session("nobody").records(of: Self.body) } == .scopeMissing)
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["old"])])
    #expect(Outcome.rule { try fixture.session("nobody") } == .roleExpired)
    // Of one role twice the later one counts.
    let twice = [AccessRole.Scope.ownUnit, .all].map {
      AccessRole(id: "twice", name: "两次", audience: .government, actions: [.query], scope: $0)
    }
    try fixture.keeper.publish(twice)
    try fixture.keeper.publish([twice[0]])
    #expect(try fixture.keeper.roles().filter { $0.id == "twice" } == [twice[0]])
    // Rights are looked up at each call.
    let session = try fixture.session("clerk")
    #expect(try session.records(of: Self.body).isEmpty)
    try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: [])])
    #expect(Outcome.rule { try session.records(of: Self.body) } == .noRole)
    try fixture.withStore {
      _ = try $0.mergeUnit(
        PlatformFixture.market, into: PlatformFixture.centre, since: try #require(Day("2026-05-01")),
        reason: "合并")
    }
    #expect(Outcome.rule { try fixture.session("market") } == .closedUnit)
    let outcomes = Set(try fixture.keeper.use().filter { $0.refused > 0 }.map(\.action))
    #expect(outcomes.contains(.query) && outcomes.contains(.report) && outcomes.contains(.screen))
    try fixture.platform.close()
  }

  /// A subject that policy hides and one that is not there give the same answer after the same reading.
  @Test func hiddenAndAbsentSubjectsAreAlike() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let present = "92130303MA0000023W"
    try fixture.collect(
      "XYD-YDXX", header: "YDXX_MC,YDXX_SHXYM,YDXX_YHBH,YDXX_NY,YDXX_ZDH,YDXX_DL",
      (0..<200).map { "某公司\($0),\($0 == 7 ? Self.body : "X-\($0)"),\($0),2026-01,\($0),5" })
    try fixture.collectPenalties([PlatformFixture.penalty(Self.person, "1", day: "2026-05-01")])
    // Both are there for whoever may see them.
    for hidden in [Self.body, Self.person] { #expect(try fixture.keeper.records(of: hidden).count == 1) }
    let visitor = try fixture.platform.session(.visitor)
    for (hidden, absent) in [(Self.body, present), (Self.person, "130324194912310007")] {
      // Warm: what is read first is read for both.
      _ = try visitor.records(of: hidden)
      _ = try visitor.records(of: absent)
      func counters(_ subject: String) throws -> (read: [String], records: [ShownRecord]) {
        let before = fixture.platform.database.readingStatistics
        let records = try visitor.records(of: subject)
        return (difference(before, fixture.platform.database.readingStatistics), records)
      }
      let (first, second) = (try counters(hidden), try counters(absent))
      #expect(first.records.isEmpty && second.records.isEmpty)
      #expect(first.read == second.read)
    }
    // At a counter as well, and under a number whose kind is not what its form says: what is on no list the caller sees is not looked at.
    try fixture.collect(
      "YZSX", header: "YZSX_MC,YZSX_ZJHM,YZSX_MD,YZSX_WSH,YZSX_RQ",
      ["张三,\(Self.person),失信被执行人,1,2026-01-01", "李四,护E1234567,失信被执行人,2,2026-01-01"])
    try fixture.keeper.publish([
      AccessRole(
        id: "counter", name: "窗口", audience: .government, actions: [.screen], scope: .all, entries: ["XZCF"])
    ])
    let clerk = try fixture.session("clerk", .counter)
    for (hidden, absent) in [(Self.person, "130324194912310007"), ("护E1234567", "护E7654321")] {
      func read(_ body: () throws -> CounterCheck) throws -> [String] {
        _ = try body()
        let before = fixture.platform.database.readingStatistics
        let check = try body()
        #expect(check.isClear && check.memberships.isEmpty)
        return difference(before, fixture.platform.database.readingStatistics)
      }
      #expect(try read { try clerk.check(hidden) } == read { try clerk.check(absent) })
      #expect(try read { try clerk.check([hidden])[0] } == read { try clerk.check([absent])[0] })
    }
    try fixture.platform.close()
  }

  private func difference(_ before: ReadingStatistics, _ after: ReadingStatistics) -> [String] {
    zip(Mirror(reflecting: before).children, Mirror(reflecting: after).children).map { old, new in
      let (old, new) = ("\(old.value)", "\(new.value)")
      return "\((Int(new) ?? 0) - (Int(old) ?? 0))"
    }
  }
}
