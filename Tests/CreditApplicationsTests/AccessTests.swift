// Goal: nobody sees what the rules do not let them see, whichever way they ask; each refusal names its rule and is logged.
// Method: tables of accounts and rules; every item of every entry carries a token of its own, and what is given out is searched for those that policy hides.

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

  /// Random policies, random records, every way of reading: what policy hides is in no byte that is given out.
  @Test(arguments: [1, 2, 3] as [UInt64]) func hiddenTokensNeverComeOut(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let world = try TokenWorld(seed: seed)
    let fixture = world.fixture
    for _ in 0..<40 {
      let role = world.randomRole(&random)
      try fixture.keeper.publish([role])
      try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: [role.id])])
      let session = try fixture.session("clerk", .counter)
      for subject in world.subjects {
        var output = ""
        func add(_ value: some Encodable) throws {
          output += String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        }
        do { try add(try session.records(of: subject)) } catch is AccessRefusal {}
        do { try add(try session.check(subject)) } catch is AccessRefusal {}
        do {
          let report = try session.report(ReportRequest(subject: subject))
          try add(report)
          output += ReportPage(report).html
        } catch is AccessRefusal {}
        do { try add(try session.financing(of: subject)) } catch is AccessRefusal {}
        for entry in world.entries {
          do { try add(try session.publicList(entry.code)) } catch is AccessRefusal {}
        }
        let seen = world.tokens.filter { output.contains($0.text) }
        for token in seen {
          #expect(world.isVisible(token, to: role), "\(token) under \(role)")
        }
      }
    }
    #expect(world.seenSomething, "no role saw anything: the test tells nothing")
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
    try fixture.platform.close()
  }

  private func difference(_ before: ReadingStatistics, _ after: ReadingStatistics) -> [String] {
    zip(Mirror(reflecting: before).children, Mirror(reflecting: after).children).map { old, new in
      let (old, new) = ("\(old.value)", "\(new.value)")
      return "\((Int(new) ?? 0) - (Int(old) ?? 0))"
    }
  }
}
