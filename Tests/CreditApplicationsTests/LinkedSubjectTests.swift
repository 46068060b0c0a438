// Goal: a company, its owner and what else the owner has are told apart, wherever links between them lead.
// Method: stories: one decision about a company and its owner, whose records have the same key; a chain of people and companies, asked about from each end.

@testable import CreditApplications
import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct LinkedSubjectTests {
  private static let body = Identifier(PlatformFixture.body, as: .unifiedSocialCreditCode)
  private static let sister = Identifier("92130303MA0000023W", as: .unifiedSocialCreditCode)
  private static let person = Identifier("130302199001010016", as: .citizenIdentityNumber)
  private static let partner = Identifier("130324194912310007", as: .citizenIdentityNumber)
  private static let passport = Identifier("护E1234567", as: .document)
  private static let key = "\(PlatformFixture.market)|甲"

  private func link(_ fixture: PlatformFixture, _ pairs: [(Identifier, Identifier)]) throws {
    try fixture.withStore {
      for (first, second) in pairs {
        _ = try $0.link(first, second, evidence: .registrationChange, by: "李某")
      }
    }
  }

  /// One decision about a company and its owner; the owner's record came first.
  private func penalizedTogether() throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: "2026-07-13")
    try fixture.enterAccounts()
    for subject in [Self.person, Self.body] {
      try fixture.collectPenalties([PlatformFixture.penalty(subject.text, "甲", day: "2026-04-10")])
    }
    try link(fixture, [(Self.person, Self.body)])
    return fixture
  }

  private func states(_ fixture: PlatformFixture) throws -> [Identifier: RecordState] {
    var states: [Identifier: RecordState] = [:]
    let snapshot = fixture.platform.database.snapshot()
    for record in try snapshot.records(of: Self.body, entry: "XZCF", versions: .currentAndWithdrawn) {
      states[record.subject] = record.state
    }
    return states
  }

  private func own(_ subject: Identifier, _ fixture: PlatformFixture) throws -> AccessSession {
    try fixture.platform.session(Caller(account: nil, portal: .website, purpose: "本人", subject: subject))
  }

  /// What was decided about the company's record became of the owner's, which was found first.
  @Test func aDecisionReachesTheRecordOfWhoWasAskedAbout() throws {
    let fixture = try penalizedTogether()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let company = try own(Self.body, fixture)
    let application = try company.applyForRepair(
      "R1", of: Self.body.text, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    #expect(application.subject == Self.body)
    // The owner's is another case.
    let owners = try own(Self.person, fixture).applyForRepair(
      "R2", of: Self.person.text, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    #expect(owners.subject == Self.person)
    _ = try market.takeStep("R1", .accept)
    _ = try market.takeStep("R1", .approve(nil))
    #expect(try states(fixture) == [Self.body: .repaired, Self.person: .loaded])
    try centre.object("O1", of: Self.person.text, entry: "XZCF", key: Self.key, reason: "有误")
    _ = try market.decideObjection("O1", .withdrawn, note: "属实")
    #expect(try states(fixture) == [Self.body: .repaired, Self.person: .withdrawn])
    try fixture.platform.close()
  }

  @Test func marksAndCorrectionsStayWithTheirRecord() throws {
    let fixture = try penalizedTogether()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try centre.object("O1", of: Self.person.text, entry: "XZCF", key: Self.key, reason: "有误")
    let disputed = try centre.records(of: Self.body.text).filter(\.isDisputed).map(\.subject)
    #expect(disputed == [Self.person.text])
    #expect(
      try own(Self.body, fixture).object(
        "O2", of: Self.body.text, entry: "XZCF", key: Self.key, reason: "有误"
      ).subject == Self.body)
    try market.note(
      BreachFinding(
        entry: "XZCF", key: Self.key, breachClass: .serious, evidence: "认定书", unit: PlatformFixture.market),
      of: Self.body.text)
    let snapshot = fixture.platform.database.snapshot()
    let marks = try CaseMarks(of: Self.person, snapshot)
    let found = try snapshot.records(of: Self.person, entry: "XZCF").filter { marks.finding(of: $0) != nil }
    #expect(found.map(\.subject) == [Self.body])
    try centre.correct(
      "XZCF", of: Self.body.text, key: Self.key, values: ["CF_SY": "其他"], reason: "更正")
    #expect(try states(fixture) == [Self.body: .corrected, Self.person: .loaded])
    try fixture.platform.close()
  }

  /// A unit that had penalised a person could ask about a company, and learnt from the answer that the person owns it.
  @Test func aCompanyDoesNotLeadToItsOwner() throws {
    let fixture = try penalizedTogether()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.person.text, "丙", day: "2026-04-10")])
    let market = try fixture.session("market")
    let key = "\(PlatformFixture.market)|丙"
    func asked(_ subject: Identifier, _ id: String) -> String? {
      Outcome.code { try market.object(id, of: subject.text, entry: "XZCF", key: key, reason: "x") }
    }
    #expect(asked(Self.body, "O1") == "unknownRecord")
    #expect(asked(Self.person, "O1") == nil)
    #expect(try market.objections(of: Self.body.text).isEmpty)
    #expect(try market.objections(of: Self.person.text).map(\.id) == ["O1"])
    #expect(
      Outcome.rule {
        try fixture.keeper.publish([
          AccessRole(
            id: "change", name: "更正", audience: .government, actions: [.change], scope: .ownUnit)
        ])
        try fixture.keeper.assign([RoleAssignment(account: "market", roles: ["change"])])
        try fixture.session("market").withdraw("XZCF", of: Self.body.text, key: key, reason: "x")
      } == .notCompetent)
    try fixture.platform.close()
  }

  /// Whoever handed a case in with a passport was told the identity number it is linked with.
  @Test func aCaseDoesNotTellAnotherNumber() throws {
    let fixture = try penalizedTogether()
    try link(fixture, [(Self.passport, Self.person)])
    try fixture.keeper.publish([
      AccessRole(id: "desk", name: "窗口", audience: .government, actions: [.query, .apply], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["desk"])])
    let desk = try fixture.session("nobody")
    let objection = try desk.object(
      "O1", of: Self.passport.text, entry: "XZCF", key: Self.key, reason: "有误")
    #expect(objection.subject.text == Self.person.masked)
    let application = try desk.applyForRepair(
      "R1", of: Self.passport.text, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    #expect(application.subject.text == Self.person.masked)
    try fixture.platform.close()
  }

  /// Readings went on from a company to its owner, and from there to the owner's other company.
  @Test func readingsStopAtTheOwner() throws {
    let fixture = try PlatformFixture(on: "2026-07-13")
    try fixture.enterAccounts()
    let all = [Self.body, Self.sister, Self.person, Self.partner]
    try link(
      fixture, [(Self.person, Self.body), (Self.person, Self.sister), (Self.sister, Self.partner)])
    let clerk = try fixture.session("clerk", .counter)
    try clerk.watch(WatchList(id: "W", name: "监测", subjects: [Self.body]))
    try fixture.collectPenalties(
      all.enumerated().map {
        PlatformFixture.penalty($1.text, "\($0)", day: "2026-04-10")
      })
    func places(_ session: AccessSession, _ asked: Identifier) throws -> Set<Int> {
      Set(
        try session.records(of: asked.text).compactMap {
          $0["CF_WSH"].flatMap { Int($0) }
        })
    }
    let visitor = try fixture.platform.session(.visitor)
    let centre = try fixture.session("centre")
    for session in [visitor, clerk] {
      #expect(try places(session, Self.body) == [0])
      #expect(try places(session, Self.sister) == [1])
    }
    #expect(try places(clerk, Self.person) == [0, 1, 2])
    #expect(try places(clerk, Self.partner) == [1, 3])
    #expect(try places(centre, Self.body) == [0, 1, 2, 3])
    #expect(try clerk.events(of: "W").events.count == 1)
    // A consent of one company is none of the other.
    try fixture.keeper.grant(
      Consent(
        id: "C", subject: Self.body, grantee: PlatformFixture.bank, categories: ["administrative"],
        purpose: "贷款", grantedOn: fixture.day.value, validUntil: fixture.day.value, channel: .online,
        evidence: String(repeating: "a", count: 64)))
    let bank = try fixture.session("bank", .interface, purpose: "贷款", consent: "C")
    #expect(try places(bank, Self.body) == [0])
    #expect(Outcome.rule { try bank.records(of: Self.sister.text) } == .consentMissing)
    try fixture.platform.close()
  }
}
