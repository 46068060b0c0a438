// Goal: cases go their ways: objections with more material, more time and an end; shielding during reorganisation; the decision an applicant keeps; measures
// that follow what becomes of their ground; deadlines by the rules of the day.
// Method: stories with the days on both sides; working days counted by hand from the holiday notices.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct CaseTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"
  private static let key = "\(PlatformFixture.market)|甲"

  private func filled(on day: String = "2026-05-20") throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: day)
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-11"),
    ])
    return fixture
  }

  @Test func objectionsHaveSteps() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let visitor = try fixture.platform.session(.visitor)
    func disputed() throws -> Int { try visitor.records(of: Self.body).filter(\.isDisputed).count }
    try centre.object("O1", of: Self.body, entry: "XZCF", key: Self.key, reason: "有误")
    #expect(
      Outcome.rule { try fixture.session("clerk").takeStep(ofObjection: "O1", .extend("x")) }
        == .actionNotGranted)
    #expect(
      Outcome.rule { try centre.takeStep(ofObjection: "O1", .supplement([PlatformFixture.proof])) }
        == .wrongState)
    #expect(try market.takeStep(ofObjection: "O1", .giveBack("缺材料")).state == .returned)
    // Not the unit's that is objected to, nor anybody's who only sees the record: these hear nothing of it.
    try fixture.keeper.publish([
      AccessRole(id: "desk", name: "窗口", audience: .government, actions: [.query, .apply], scope: .all)
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "bank", roles: ["desk"]),
      RoleAssignment(account: "market", roles: ["own", "desk"]),
    ])
    for account in ["bank", "market"] {
      let other = try fixture.session(account)
      for number in ["O1", "O9"] {
        #expect(
          Outcome.code { try other.takeStep(ofObjection: number, .retract("x")) } == "unknownCase",
          "\(account)")
      }
    }
    let seen = try fixture.session("bank").objections(of: Self.body)
    #expect(seen.map(\.state) == [.returned] && seen[0].reason.isEmpty && seen[0].steps.isEmpty)
    // While material is awaited the mark stays, and nobody objects a second time.
    #expect(try disputed() == 1)
    #expect(
      Outcome.code { try centre.object("O2", of: Self.body, entry: "XZCF", key: Self.key, reason: "x") }
        == "alreadyObjected")
    #expect(Outcome.rule { try market.decideObjection("O1", .upheld, note: "x") } == .wrongState)
    fixture.day.move(to: "2026-05-21")
    #expect(Outcome.code { try centre.takeStep(ofObjection: "O1", .supplement([])) } == "materialMissing")
    let again = try centre.takeStep(ofObjection: "O1", .supplement([PlatformFixture.proof]))
    // Five working days behind 21 May 2026, a Thursday; then fifteen more, with the Dragon Boat holiday on 19 June.
    #expect(again.state == .open && again.decideBy.description == "2026-05-28")
    let extended = try market.takeStep(ofObjection: "O1", .extend("需要核查"))
    #expect(extended.decideBy.description == "2026-06-18" && extended.isExtended == true)
    #expect(Outcome.rule { try market.takeStep(ofObjection: "O1", .extend("再")) } == .wrongState)
    fixture.day.move(to: "2026-06-18")
    #expect(try market.overdueObjections().isEmpty)
    fixture.day.move(to: "2026-06-19")
    #expect(try market.overdueObjections().map(\.id) == ["O1"])
    #expect(Outcome.code { try market.takeStep(ofObjection: "O1", .refuse(" ")) } == "reasonMissing")
    #expect(try market.takeStep(ofObjection: "O1", .refuse("不属于异议范围")).state == .refused)
    #expect(try disputed() == 0)
    // Taken back by whoever handed it in.
    try centre.object("O2", of: Self.body, entry: "XZCF", key: Self.key, reason: "有误")
    #expect(try centre.takeStep(ofObjection: "O2", .retract("已解决")).state == .retracted)
    #expect(Outcome.rule { try market.decideObjection("O2", .corrected, note: "x") } == .wrongState)
    #expect(Outcome.rule { try market.decideObjection("O2", .retracted, note: "x") } == .wrongState)
    #expect(try disputed() == 0)
    #expect(Outcome.code { try market.takeStep(ofObjection: "O9", .extend("x")) } == "unknownCase")
    try fixture.platform.close()
  }

  @Test func bodiesInReorganisationAreShielded() throws {
    let fixture = try filled()
    try fixture.collect(
      "K11-SXRY", header: "SXRY_MC,SXRY_SHXYM,SXRY_RYMC,SXRY_RQ,SXRY_JG,SXRY_JGDM",
      ["某公司,\(Self.body),示范社,2025-09-01,厅,\(PlatformFixture.market)"])
    let centre = try fixture.session("centre")
    let visitor = try fixture.platform.session(.visitor)
    func seen(_ session: AccessSession) throws -> [String] { try session.records(of: Self.body).map(\.entry) }
    let all = ["K11-SXRY", "XZCF", "XZCF"]
    #expect(try seen(visitor) == all)
    func shielding(_ id: String, _ extent: Shielding.Extent = .publication) throws -> Shielding {
      Shielding(
        id: id, subject: Identifier(Self.body, as: .unifiedSocialCreditCode), extent: extent,
        ruling: "（2026）冀03破1号之二", document: CaseMaterial(of: "裁定书".utf8, title: "裁定书"),
        from: try #require(Day("2026-05-20")), until: try #require(Day("2026-06-30")))
    }
    #expect(Outcome.rule { try fixture.session("market").shield(try shielding("S")) } == .notCompetent)
    var wrong = try shielding("S")
    wrong.subject = Identifier(Self.person, as: .citizenIdentityNumber)
    #expect(Outcome.code { try centre.shield(wrong) } == "invalidShielding")
    wrong = try shielding("S")
    wrong.entries = ["NONE"]
    #expect(Outcome.code { try centre.shield(wrong) } == "unknownEntry")
    try centre.shield(try shielding("S1"))
    #expect(Outcome.code { try centre.shield(try shielding("S1")) } == "alreadyExists")
    // Unfavourable records alone, from the public alone.
    #expect(try seen(visitor) == ["K11-SXRY"])
    #expect(try visitor.publicList("XZCF").records.isEmpty)
    #expect(try seen(fixture.session("clerk")) == all && seen(centre) == all)
    fixture.day.move(to: "2026-06-30")
    #expect(try seen(visitor) == ["K11-SXRY"])
    fixture.day.move(to: "2026-07-01")
    #expect(try seen(visitor) == all)
    #expect(Outcome.rule { try centre.endShielding("S1", reason: "执行完毕") } == .wrongState)
    fixture.day.move(to: "2026-06-01")
    // From departments as well, until it fails.
    try centre.shield(try shielding("S2", .publicationAndSharing))
    #expect(try seen(fixture.session("clerk")) == ["K11-SXRY"] && seen(centre) == all)
    try fixture.keeper.publish([
      AccessRole(id: "figures", name: "统计", audience: .government, actions: [.statistics], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["figures"])])
    func counted(_ account: String) throws -> [String?] {
      try fixture.session(account).figures(FigureQuestion(["XZCF"])).rows.flatMap(\.measures)
    }
    #expect(try counted("nobody") == ["0"] && counted("centre") == ["2"])
    try centre.endShielding("S1", reason: "撤销")
    #expect(try seen(visitor) == ["K11-SXRY"])
    try centre.endShielding("S2", reason: "重整失败")
    #expect(try seen(visitor) == all && seen(fixture.session("clerk")) == all)
    #expect(try centre.shieldings(of: Self.body).map(\.endedOn?.description) == ["2026-06-01", "2026-06-01"])
    try fixture.platform.close()
  }

  /// A case that was handed in under another identifier of the subject could be decided and changed nothing: the record stands under its own.
  @Test func casesUnderLinkedIdentifiersChangeTheirRecord() throws {
    let fixture = try filled(on: "2026-07-13")
    let body = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let person = Identifier(Self.person, as: .citizenIdentityNumber)
    try fixture.withStore { _ = try $0.link(person, body, evidence: .registrationChange, by: "李某") }
    func own(_ subject: Identifier) throws -> AccessSession {
      try fixture.platform.session(Caller(account: nil, portal: .website, purpose: "本人", subject: subject))
    }
    let owner = try own(person)
    try owner.object(
      "O1", of: Self.person, entry: "XZCF", key: Self.key, claims: [.init(item: "CF_NR_FK", value: "0.05")],
      reason: "金额有误")
    let market = try fixture.session("market")
    #expect(try market.decideObjection("O1", .corrected, note: "属实").subject == body)
    #expect(try market.records(of: Self.body).first { $0.key == Self.key }?["CF_NR_FK"] == "0.05")
    // The company follows it too, and hears nothing of whose it is.
    #expect(try own(body).objections(of: Self.body).map(\.id) == ["O1"])
    #expect(try owner.objections(of: Self.person).map(\.id) == ["O1"])
    _ = try owner.applyForRepair(
      "R1", of: Self.person, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    _ = try market.takeStep("R1", .accept)
    #expect(try market.takeStep("R1", .approve(nil)).state == .repaired)
    #expect(try fixture.platform.session(.visitor).records(of: Self.body).count == 1)
    #expect(try owner.repairDecision("R1").subject == Self.body)
    // The company's owner is nobody's business: not the government's that asks about the company.
    try fixture.collectPenalties([PlatformFixture.penalty(Self.person, "丙", day: "2026-04-10")])
    try fixture.keeper.publish([
      AccessRole(id: "desk", name: "窗口", audience: .government, actions: [.query, .apply], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["desk"])])
    let key = "\(PlatformFixture.market)|丙"
    let desk = try fixture.session("nobody")
    #expect(
      Outcome.code { try desk.object("O2", of: Self.body, entry: "XZCF", key: key, reason: "x") }
        == "unknownRecord")
    #expect(try desk.object("O2", of: Self.person, entry: "XZCF", key: key, reason: "x").subject == person)
    #expect(try desk.objections(of: Self.person).map(\.id).contains("O2"))
    try fixture.platform.close()
  }

  @Test func ownNumbersAndOtherCompaniesAreToldApart() throws {
    let fixture = try filled()
    let body = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let person = Identifier(Self.person, as: .citizenIdentityNumber)
    let passport = Identifier("护E1234567", as: .document)
    let other = Identifier("130324194912310007", as: .citizenIdentityNumber)
    let sister = "92130303MA0000023W"
    try fixture.withStore {
      for (first, second) in [
        (person, passport), (person, body), (body, other),
        (person, Identifier(sister, as: .unifiedSocialCreditCode)),
      ] { _ = try $0.link(first, second, evidence: .registrationChange, by: "李某") }
    }
    try fixture.collect(
      "YZSX", header: "YZSX_MC,YZSX_ZJHM,YZSX_MD,YZSX_WSH,YZSX_RQ", ["张三,护E1234567,失信被执行人,1,2026-01-01"])
    try fixture.collectPenalties([
      PlatformFixture.penalty(other.text, "丙", day: "2026-04-10"),
      PlatformFixture.penalty(sister, "丁", day: "2026-04-10"),
    ])
    let own = try fixture.platform.session(
      Caller(account: nil, portal: .website, purpose: "本人", subject: person))
    // The passport and both companies are one's own; who else has to do with a company is not.
    #expect(Set(try own.records(of: Self.person).map(\.subject)) == [passport.text, body.text, sister])
    #expect(try own.records(of: passport.text, kind: .document).count > 0)
    #expect(Outcome.rule { try own.records(of: other.text) } == .notOwnSubject)
    // Another company of the same owner is not reorganised.
    try fixture.session("centre").shield(
      Shielding(
        id: "S", subject: body, ruling: "裁定", document: PlatformFixture.proof, from: fixture.day.value,
        until: fixture.day.value))
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.publicList("XZCF").records.map { $0["CF_WSH"] } == ["丁"])
    try fixture.platform.close()
  }

  private func repaired(_ fixture: PlatformFixture) throws {
    let centre = try fixture.session("centre")
    try centre.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    let market = try fixture.session("market")
    _ = try market.takeStep("R1", .accept)
    fixture.day.move(to: "2026-07-15")
    _ = try market.takeStep("R1", .approve("材料齐全"))
  }

  @Test func theApplicantKeepsADecision() throws {
    let fixture = try filled(on: "2026-07-13")
    #expect(Outcome.code { try fixture.session("centre").repairDecision("R1") } == "unknownCase")
    try repaired(fixture)
    let company = try fixture.platform.session(
      Caller(
        account: nil, portal: .website, purpose: "本人",
        subject: Identifier(Self.body, as: .unifiedSocialCreditCode)))
    let decision = try company.repairDecision("R1")
    #expect(decision.name == "某公司" && decision.subject == Self.body && decision.unit == "海港区市场监督管理局")
    #expect(decision.undoneOn == nil)
    #expect(decision.appliedOn.description == "2026-07-13" && decision.decidedOn.description == "2026-07-15")
    #expect(decision.basis == "国家发展改革委令第36号" && decision.event?.description == "2026-04-10")
    #expect(decision.html.contains("信用修复决定书") && decision.html.contains(decision.verificationCode))
    #expect(try company.repairs(of: Self.body).map(\.state) == [.repaired])
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.verifyRepairDecision("R1", code: decision.verificationCode) == decision)
    #expect(try visitor.verifyRepairDecision("R1", code: "00000000") == nil)
    #expect(try visitor.verifyRepairDecision("R2", code: decision.verificationCode) == nil)
    let other = try fixture.platform.session(
      Caller(
        account: nil, portal: .website, purpose: "本人",
        subject: Identifier("92130303MA0000023W", as: .unifiedSocialCreditCode)))
    #expect(Outcome.code { try other.repairDecision("R1") } == "unknownCase")
    // Undone, it is what it was, and says so.
    _ = try fixture.session("market").takeStep("R1", .breakCommitment("未履行"))
    let undone = try visitor.verifyRepairDecision("R1", code: decision.verificationCode)
    #expect(undone?.undoneOn?.description == "2026-07-15" && undone?.contentHash == decision.contentHash)
    #expect(try company.repairDecision("R1").html.contains("失效"))
    try fixture.platform.close()
  }

  /// The rules of the application were printed, where those of the approval had been looked at.
  @Test func theDecisionNamesTheRulesItWasMadeUnder() throws {
    let fixture = try PlatformFixture(on: "2026-03-30")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2025-10-10")])
    let centre = try fixture.session("centre")
    let application = try centre.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    #expect(application.regime == "R2023")
    _ = try centre.takeStep("R1", .accept)
    fixture.day.move(to: "2026-04-07")
    _ = try centre.takeStep("R1", .approve(nil))
    let decision = try centre.repairDecision("R1")
    #expect(decision.basis == "国家发展改革委令第36号" && decision.unit == "信用中心")
    try fixture.platform.close()
  }

  // MARK: Measures

  private func taken(_ fixture: PlatformFixture, _ memorandum: Memorandum) throws -> AccessSession {
    try fixture.keeper.publish([], [memorandum])
    try fixture.keeper.publish([
      AccessRole(
        id: "counter", name: "窗口", audience: .government, actions: [.query, .screen, .measure], scope: .all)
    ])
    let clerk = try fixture.session("clerk", .counter)
    let check = try clerk.check(Self.body)
    let place = try #require(check.memberships.firstIndex { $0.key == Self.key })
    let due = try #require(check.measures.first { $0.membership == place })
    try clerk.report("F1", of: Self.body, due, because: check.memberships[place], result: "取消资格")
    return clerk
  }

  private func memorandum(until: String? = nil, words: [String] = []) throws -> Memorandum {
    Memorandum(
      id: "处罚", title: "对受处罚主体的管理", basis: "办法",
      triggers: [.init(entry: "XZCF", item: words.isEmpty ? nil : "CF_SY", words: words)], measures: ["M07"],
      from: try #require(Day("2026-01-01")), until: until.flatMap { Day($0) })
  }

  @Test func measuresFollowTheirGround() throws {
    let fixture = try filled(on: "2026-07-13")
    let clerk = try taken(fixture, try memorandum())
    try repaired(fixture)
    // The decision lifted it.
    let lifted = try clerk.liftedMeasures(since: fixture.day.value)
    #expect(lifted.map(\.liftedBecause) == ["repaired"] && lifted[0].dueAgainOn == nil)
    fixture.day.move(to: "2026-08-03")
    _ = try fixture.session("market").takeStep("R1", .breakCommitment("未履行"))
    #expect(
      try clerk.liftedMeasures(since: fixture.day.value).map(\.dueAgainOn?.description) == ["2026-08-03"])
    // As often as it comes and goes.
    let centre = try fixture.session("centre")
    for (day, again) in [("2026-08-04", "2026-08-05"), ("2026-08-06", "2026-08-07")] {
      fixture.day.move(to: day)
      try centre.withdraw("XZCF", of: Self.body, key: Self.key, reason: "撤销")
      let gone = try clerk.liftedMeasures(since: fixture.day.value)
      #expect(gone.map(\.liftedBecause) == ["withdrawn"] && gone[0].dueAgainOn == nil)
      fixture.day.move(to: again)
      try centre.reinstate("XZCF", of: Self.body, key: Self.key, reason: "恢复")
      #expect(try clerk.liftedMeasures(since: fixture.day.value).map(\.dueAgainOn?.description) == [again])
      #expect(try fixture.keeper.measureUse().map { [$0.taken, $0.lifted] } == [[1, 0]])
    }
    try fixture.platform.close()
  }

  /// The next edition, entered before its day, took the place of the one in force: every measure was lifted.
  @Test func theNextEditionWaitsForItsDay() throws {
    let fixture = try filled()
    let clerk = try taken(fixture, try memorandum())
    var next = try #require(Measure.national.first { $0.code == "M07" })
    (next.edition, next.name, next.from) = ("2027", "限制评优", try #require(Day("2026-06-01")))
    var later = try memorandum(words: ["另一"])
    later.from = try #require(Day("2026-07-01"))
    try fixture.keeper.publish([next], [later])
    #expect(try fixture.session("centre").liftMeasures().isEmpty)
    #expect(Set(try clerk.check(Self.body).measures.map(\.name)) == ["限制参加评先评优"])
    fixture.day.move(to: "2026-06-01")
    #expect(Set(try clerk.check(Self.body).measures.map(\.name)) == ["限制评优"])
    #expect(try fixture.session("centre").liftMeasures().isEmpty)
    fixture.day.move(to: "2026-07-01")
    #expect(try fixture.session("centre").liftMeasures().map(\.liftedBecause) == ["corrected"])
    try fixture.platform.close()
  }

  @Test func measuresEndWithTheirMemorandum() throws {
    let fixture = try filled()
    let clerk = try taken(fixture, try memorandum(until: "2026-06-30"))
    fixture.day.move(to: "2026-06-30")
    #expect(try fixture.session("centre").liftMeasures().isEmpty)
    fixture.day.move(to: "2026-07-01")
    #expect(try fixture.session("centre").liftMeasures().map(\.liftedBecause) == ["memorandumEnded"])
    #expect(try clerk.check(Self.body).isClear)
    try fixture.platform.close()
  }

  @Test func measuresEndWhenTheRecordIsCorrected() throws {
    let fixture = try filled()
    let clerk = try taken(fixture, try memorandum(words: ["占道"]))
    try fixture.session("centre").correct(
      "XZCF", of: Self.body, key: Self.key, values: ["CF_SY": "其他"], reason: "更正")
    #expect(try clerk.liftedMeasures(since: fixture.day.value).map(\.liftedBecause) == ["corrected"])
    try fixture.platform.close()
  }

  @Test func measuresAreForTheirKindsOfSubjects() throws {
    let fixture = try filled()
    var measure = try #require(Measure.national.first { $0.code == "M07" })
    measure.subjectKinds = [.soleTrader]
    try fixture.keeper.publish([measure], [try memorandum()])
    try fixture.collectPenalties([PlatformFixture.penalty("92130303MA0000023W", "丙", day: "2026-04-10")])
    let clerk = try fixture.session("clerk", .counter)
    #expect(try clerk.check(Self.body).isClear)
    #expect(try clerk.check("92130303MA0000023W").measures.map(\.measure) == ["M07"])
    try fixture.platform.close()
  }

  // MARK: Rules and the day's work

  @Test func deadlinesAreThoseOfTheDay() throws {
    let fixture = try filled(on: "2026-07-13")
    var later = CaseDeadlines(id: "L", basis: "市里的规定", from: try #require(Day("2026-08-01")))
    #expect(Outcome.code { try fixture.keeper.publish(try DeadlineRules([later])) } == "rulesMissing")
    #expect(
      Outcome.code {
        try fixture.keeper.publish(
          try PublicationRules([
            PublicationRegime(
              id: "F", basis: "将来", from: try #require(Day("2027-01-01")),
              periods: [
                .init(.general, minimumMonths: 0, maximumMonths: 12)
              ])
          ]))
      } == "rulesMissing")
    later.from = try #require(Day("2026-07-01"))
    later.acceptanceWorkingDays = 1
    try fixture.keeper.publish(try DeadlineRules([later]))
    let application = try fixture.session("centre").applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    #expect(application.acceptBy.description == "2026-07-14")
    #expect(try fixture.keeper.settings().deadlines.sets.map(\.id) == ["L"])
    try fixture.platform.close()
  }

  @Test func theDaysWorkIsDoneAndTold() throws {
    let fixture = try filled(on: "2026-07-13")
    let centre = try fixture.session("centre")
    try centre.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    try centre.object("O1", of: Self.body, entry: "XZCF", key: "\(PlatformFixture.market)|乙", reason: "有误")
    fixture.day.move(to: "2026-08-01")
    let work = try centre.doDailyWork()
    #expect(work.overdueRepairs == ["R1"] && work.overdueObjections == ["O1"] && work.problems.isEmpty)
    #expect(work.foldedLines > 5)
    #expect(try centre.doDailyWork().foldedLines > 0)
    #expect(try fixture.platform.verifyLog().isSound)
    #expect(Outcome.rule { try fixture.session("market").doDailyWork() } == .actionNotGranted)
    try fixture.keeper.publish([
      AccessRole(id: "measure", name: "措施", audience: .government, actions: [.measure], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "market", roles: ["measure"])])
    #expect(Outcome.rule { try fixture.session("market").doDailyWork() } == .notCompetent)
    try fixture.platform.close()
  }
}
