// Goal: reports, lists, repair, objections, consents and the log do what the rules say, through the sessions that services have.
// Method: small stories with the days on both sides of each deadline; hashes and chains are worked out anew or broken on purpose.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ApplicationTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"

  // MARK: Reports

  @Test func reportsAreReproducible() async throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-11", categories: "警告"),
      PlatformFixture.penalty(Self.person, "丙", day: "2026-04-12"),
    ])
    let session = try fixture.session("clerk", .counter)
    let report = try session.report(ReportRequest(subject: Self.body, isIssued: true))
    let number = try #require(report.number)
    #expect(number.count == 22 && number.hasPrefix("20260520120000"))
    let penalties = try #require(report.content.sections.first { $0.title == "行政管理信息" })
    // Government sees what is not public too; its own numbers stay hidden.
    #expect(penalties.records.count == 2)
    #expect(report.content.subject.name == "某公司")
    let page = ReportPage(report).html
    #expect(page.contains("罚款一千元") && page.contains("<svg") && !page.contains("李四身份"))
    // Everything else goes on, and the report still says what it said.
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "丁", day: "2026-05-01")])
    fixture.day.move(to: "2027-06-01")
    try fixture.keeper.publish([
      AccessRole(id: "counter", name: "窗口", audience: .government, actions: [.query], scope: .ownUnit)
    ])
    let verificationCode = try #require(report.verificationCode)
    let visitor = try fixture.platform.session(.visitor)
    let verified = try visitor.verifyReport(number: number, code: verificationCode)
    #expect(verified.isGenuine && verified.isReproduced == true && verified.contentHash == report.contentHash)
    let other = try visitor.verifyReport(number: number, code: "00000000")
    #expect(!other.isGenuine && other.contentHash == nil)
    #expect(try !visitor.verifyReport(number: "20260520120000AAAAAAAA", code: verificationCode).isGenuine)
    try fixture.platform.close()
  }

  @Test func reportsSaySomethingForEachAudience() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.person, "丙", day: "2026-04-12"),
      PlatformFixture.penalty(
        Self.body, "甲", day: "2026-04-10", facts: "<script>alert('x')</script>&\"证件130302199001010016"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-10", categories: "警告"),
    ])
    func keys(_ audience: Audience, _ subject: String) throws -> [String?] {
      let session = try fixture.platform.keeperSession(name: "t", purpose: "测试", audience: audience)
      return try session.report(ReportRequest(subject: subject)).content.sections.flatMap(\.records).map {
        record in
        record.fields.first { $0.name.contains("文号") }?.value
      }
    }
    #expect(try keys(.everybody, Self.body) == ["甲"])
    #expect(try keys(.centre, Self.body).count == 2)
    #expect(try keys(.subject, Self.person) == ["丙"])
    #expect(Outcome.rule { try keys(.government, Self.person) } == .authorityMissing)
    let session = try fixture.platform.keeperSession(name: "t", purpose: "测试", audience: .government)
    let page = ReportPage(try session.report(ReportRequest(subject: Self.body))).html
    #expect(!page.contains("<script>") && page.contains("&lt;script&gt;"))
    #expect(page.contains("130302********0016") && !page.contains("130302199001010016"))
    // The report in place of certificates says what it rests on.
    let special = try session.report(ReportRequest(subject: Self.body, template: .noViolation))
    let others = try #require(special.content.sections.last)
    #expect(others.records.count == 2 && others.scope?.contains("XZCF") == true)
    #expect(
      special.content.sections[0].records.isEmpty
        && special.content.sections[0].scope?.contains("市场监督") == true)
    try fixture.platform.close()
  }

  // MARK: Lists and measures

  private func collectLists(_ fixture: PlatformFixture) throws {
    try fixture.collect(
      "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
      [
        "某公司,\(Self.body),重大税收违法失信主体,1,2026-01-01,", "某公司,\(Self.body),失信被执行人,2,2026-01-01,2026-05-19",
        "另一,92130303MA0000023W,失信被执行人,3,2026-05-21,",
      ])
    try fixture.keeper.publish(
      [],
      [
        Memorandum(
          id: "税收", title: "对重大税收违法案件当事人实施联合惩戒", basis: "备忘录",
          triggers: [.init(entry: "YZSX", item: "YZSX_MD", words: ["重大税收违法"])], measures: ["M06", "M07"],
          matters: ["政府采购"], from: try #require(Day("2020-01-01"))),
        Memorandum(
          id: "执行", title: "对失信被执行人实施联合惩戒", basis: "备忘录",
          triggers: [.init(entry: "YZSX", item: "YZSX_MD", words: ["失信被执行人"])], measures: ["M03"],
          from: try #require(Day("2020-01-01"))),
      ])
  }

  @Test func countersAreToldWhatFollows() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try collectLists(fixture)
    let session = try fixture.session("clerk", .counter)
    let check = try session.check(Self.body, matter: "政府采购")
    #expect(check.memberships.map(\.list) == ["重大税收违法失信主体"])
    #expect(check.measures.map(\.measure) == ["M06", "M07"])
    #expect(try session.check(Self.body, matter: "其他").isClear)
    // Of the day after entry and before exit, and of many at once.
    #expect(try session.check("92130303MA0000023W").isClear)
    fixture.day.move(to: "2026-05-19")
    #expect(try session.check(Self.body).measures.map(\.measure) == ["M06", "M07", "M03"])
    fixture.day.move(to: "2026-05-21")
    // With a digit wrong in the code of the unit nothing would be due.
    let mistyped = try fixture.platform.keeperSession(name: "t", purpose: "测试", unit: "12130304000000027X")
    #expect(Outcome.code { try mistyped.check(Self.body) } == "unknownUnit")
    #expect(Outcome.code { try mistyped.check([Self.body]) } == "unknownUnit")
    // Who is named twice was looked at once.
    func looks() throws -> Int {
      try fixture.keeper.accesses(to: Self.body).count { $0.action == .screen && $0.outcome == "allowed" }
    }
    let before = try looks()
    let twice = try session.check([Self.body, Self.body])
    #expect(twice.count == 2 && twice[0] == twice[1])
    #expect(try looks() == before + 1)
    let many = try session.check([Self.body, "92130303MA0000023W", "nobody"])
    #expect(many.map { $0.measures.map(\.measure) } == [["M06", "M07"], ["M03"], []])
    // What was done is told, and lifted once the record is repaired.
    try session.report(
      "F1", of: Self.body, check.measures[0], because: check.memberships[0], result: "取消投标资格")
    #expect(
      Outcome.code {
        try session.report("F1", of: Self.body, check.measures[0], because: check.memberships[0], result: "x")
      } == "alreadyExists")
    #expect(try fixture.keeper.liftMeasures().isEmpty)
    let key = try #require(check.memberships[0].key)
    try fixture.withStore {
      _ = try $0.repair(
        "YZSX", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: key, reason: "修复")
    }
    #expect(try fixture.keeper.liftMeasures().map(\.liftedBecause) == ["repaired"])
    #expect(try fixture.keeper.liftMeasures().isEmpty)
    #expect(try session.liftedMeasures(since: fixture.day.value).map(\.id) == ["F1"])
    #expect(try fixture.keeper.measureUse().map { [$0.taken, $0.lifted] } == [[1, 1]])
    #expect(try session.check(Self.body).isClear)
    try fixture.platform.close()
  }

  // MARK: Repair

  @Test func repairFollowsItsStates() throws {
    let fixture = try PlatformFixture(on: "2026-07-09")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let key = "\(PlatformFixture.market)|甲"
    let centre = try fixture.session("centre")
    func apply(_ id: String) throws -> RepairApplication {
      try centre.applyForRepair(
        id, of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
        commitment: PlatformFixture.letter)
    }
    // Three months from the day of the decision, and not a day before.
    #expect(Outcome.rule { try apply("1") } == .minimumPeriod)
    fixture.day.move(to: "2026-07-10")
    #expect(
      Outcome.code {
        try centre.applyForRepair(
          "1", of: Self.body, entry: "XZCF", key: key, materials: [], commitment: PlatformFixture.letter)
      }
        == "materialMissing")
    let application = try apply("1")
    // 10 July 2026 is a Friday.
    #expect(application.acceptBy.description == "2026-07-15" && application.regime == "R2026")
    #expect(Outcome.code { try apply("2") } == "alreadyApplied")
    #expect(Outcome.rule { try centre.takeStep("1", .approve(nil)) } == .wrongState)
    let market = try fixture.session("market")
    #expect(Outcome.rule { try fixture.session("clerk").takeStep("1", .accept) } == .actionNotGranted)
    #expect(try market.takeStep("1", .giveBack("缺凭证")).state == .returned)
    #expect(try centre.takeStep("1", .supplement([PlatformFixture.proof])).materials.count == 2)
    #expect(try market.takeStep("1", .accept).decideBy?.description == "2026-07-21")
    fixture.day.move(to: "2026-07-22")
    #expect(try market.overdueRepairs().map(\.id) == ["1"])
    #expect(try market.takeStep("1", .extend("需要核实")).isExtended)
    #expect(Outcome.rule { try market.takeStep("1", .extend("再")) } == .wrongState)
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.body).count == 1)
    #expect(try market.takeStep("1", .approve(nil)).state == .repaired)
    // Hidden, unshared, and the trace kept.
    #expect(try visitor.records(of: Self.body).isEmpty)
    #expect(try fixture.session("clerk").records(of: Self.body).isEmpty)
    #expect(try centre.records(of: Self.body).map(\.state) == ["repaired"])
    // A broken commitment shows it again and bars the subject.
    let broken = try market.takeStep("1", .breakCommitment("未履行承诺"))
    #expect(broken.state == .reinstated && broken.barredUntil?.description == "2029-07-22")
    #expect(try visitor.records(of: Self.body).count == 1)
    #expect(Outcome.rule { try apply("3") } == .barred)
    #expect(
      broken.steps.map(\.step) == [
        "applied", "returned", "supplemented", "accepted", "extended", "repaired", "reinstated",
      ])
    #expect(broken.steps.allSatisfy { $0.account != nil })
    // Whoever decides about somebody stands in the log under it.
    let decisions = try fixture.keeper.accesses(to: Self.body).filter {
      $0.action == .decide && $0.outcome == "allowed"
    }
    // Five steps, and the list of what is overdue, which named it.
    #expect(decisions.count == 6, "\(decisions.map(\.account))")
    try fixture.platform.close()
  }

  @Test func findingsOfTheOrganDecide() throws {
    let fixture = try PlatformFixture(on: "2026-08-01")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10", categories: "警告"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-10"),
    ])
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.body).map { $0["CF_WSH"] } == ["乙"])
    let market = try fixture.session("market")
    let keys = ["甲", "乙"].map { "\(PlatformFixture.market)|\($0)" }
    for (key, isNeverRepaired) in zip(keys, [false, true]) {
      try market.note(
        BreachFinding(
          entry: "XZCF", key: key, breachClass: .serious, isNeverRepaired: isNeverRepaired,
          evidence: "分类办法第三条",
          unit: PlatformFixture.market), of: Self.body)
    }
    #expect(
      try visitor.records(of: Self.body).map { $0.publication?.lastDay?.description } == [
        "2029-04-10", "2029-04-10",
      ])
    let centre = try fixture.session("centre")
    #expect(
      keys.map { key in
        Outcome.rule {
          try centre.applyForRepair(
            key, of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
            commitment: PlatformFixture.letter)
        }
      } == [.minimumPeriod, .notRepairable])
    try fixture.platform.close()
  }

  // MARK: Objections

  @Test func objectionsMarkAndCorrect() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let key = "\(PlatformFixture.market)|甲"
    let centre = try fixture.session("centre")
    let objection = try centre.object(
      "O1", of: Self.body, entry: "XZCF", key: key, claims: [.init(item: "CF_NR_FK", value: "0.05")],
      reason: "金额有误")
    #expect(objection.decideBy.description == "2026-05-27")
    #expect(
      Outcome.code { try centre.object("O2", of: Self.body, entry: "XZCF", key: key, reason: "x") }
        == "alreadyObjected")
    #expect(
      Outcome.code {
        try centre.object(
          "O2", of: Self.body, entry: "XZCF", key: key, claims: [.init(item: "X", value: nil)], reason: "x")
      } == "unknownItem")
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.body).map(\.isDisputed) == [true])
    let page = ReportPage(try fixture.session("clerk", .counter).report(ReportRequest(subject: Self.body)))
      .html
    #expect(page.contains("异议处理中"))
    #expect(
      Outcome.rule { try fixture.session("clerk").decideObjection("O1", .corrected, note: "") }
        == .actionNotGranted)
    #expect(try fixture.session("market").decideObjection("O1", .corrected, note: "属实").state == .corrected)
    let after = try visitor.records(of: Self.body)
    #expect(
      after.map(\.isDisputed) == [false] && after[0]["CF_NR_FK"] == "0.05" && after[0].state == "corrected")
    #expect(Outcome.rule { try centre.decideObjection("O1", .upheld, note: "x") } == .wrongState)
    try fixture.platform.close()
  }

  // MARK: Consents

  @Test func readingWithConsentFailsClosed() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collect(
      "XYD-YDXX", header: "YDXX_MC,YDXX_SHXYM,YDXX_YHBH,YDXX_NY,YDXX_ZDH,YDXX_DL",
      ["某公司,\(Self.body),1,2026-01,1,5", "某公司,\(Self.body),1,2026-03,2,7"])
    func consent(_ id: String, until: String = "2026-12-31", change: (inout Consent) -> Void = { _ in })
      throws -> Consent
    {
      var consent = Consent(
        id: id, subject: Identifier(Self.body, as: .unifiedSocialCreditCode), grantee: PlatformFixture.bank,
        categories: ["utility"], purpose: "贷款申请 7", grantedOn: try #require(Day("2026-05-01")),
        validUntil: try #require(Day(until)), channel: .online, evidence: String(repeating: "a", count: 64))
      change(&consent)
      return consent
    }
    let keeper = try fixture.keeper
    try keeper.grant(try consent("C1"))
    try keeper.grant(try consent("C2", until: "2026-05-19"))
    try keeper.grant(try consent("C3") { $0.categories = ["tax"] })
    try keeper.grant(try consent("C4") { $0.dataFrom = Day("2026-02-01") })
    try keeper.grant(
      try consent("C5") { $0.subject = Identifier("92130303MA0000023W", as: .unifiedSocialCreditCode) })
    try keeper.grant(try consent("C6") { $0.items = ["YDXX_NY"] })
    #expect(Outcome.code { try keeper.grant(try consent("C1")) } == "alreadyExists")
    #expect(Outcome.code { try keeper.grant(try consent("C7") { $0.evidence = "x" }) } == "invalidConsent")
    #expect(
      Outcome.rule {
        try keeper.grant(
          try consent("C8") { $0.subject = Identifier("130302201801010017", as: .citizenIdentityNumber) })
      } == .guardianMissing)
    func records(_ id: String?, purpose: String = "贷款申请 7") throws -> [ShownRecord] {
      try fixture.session("bank", .interface, purpose: purpose, consent: id).financing(of: Self.body).kinds
        .flatMap(\.records)
    }
    #expect(try records("C1").count == 2)
    #expect(try records("C3").isEmpty)
    #expect(try records("C4").map { $0.day?.description } == ["2026-03-01"])
    #expect(try records("C6").first?.items.map(\.id) == ["YDXX_NY"])
    #expect(Outcome.rule { try records(nil) } == .consentMissing)
    #expect(Outcome.rule { try records("none") } == .consentMissing)
    #expect(Outcome.rule { try records("C5") } == .consentMissing)
    #expect(Outcome.rule { try records("C2") } == .consentExpired)
    #expect(Outcome.rule { try records("C1", purpose: "别的") } == .consentScope)
    try keeper.revokeConsent("C1", reason: "本人撤回")
    #expect(Outcome.rule { try records("C1") } == .consentRevoked)
    #expect(try keeper.consents(of: Self.body).count == 5)
    // Whoever keeps the store sees what the bank would, by the same rules.
    func seen(_ id: String?, by unit: String? = PlatformFixture.bank) throws -> Int {
      try fixture.platform.keeperSession(
        name: "t", purpose: "贷款申请 7", audience: .authorized, unit: unit, consent: id
      ).financing(of: Self.body).kinds.flatMap(\.records).count
    }
    #expect(try seen("C4") == 1 && seen("C6") == 2)
    #expect(Outcome.rule { try seen(nil) } == .consentMissing)
    #expect(Outcome.rule { try seen("C4", by: PlatformFixture.market) } == .consentMissing)
    #expect(Outcome.rule { try seen("C1") } == .consentRevoked)
    // The consent stands in the log.
    let lines = try keeper.accesses(to: Self.body)
    #expect(lines.filter { $0.consent == "C1" && $0.outcome == "allowed" }.count == 1)
    #expect(lines.filter { $0.outcome == "consentRevoked" }.count == 2)
    try fixture.platform.close()
  }

  /// A purge takes the documents about a subject along: consents, cases, reports.
  @Test func purgesTakeDocumentsAlong() async throws {
    let fixture = try PlatformFixture(on: "2026-07-10")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let centre = try fixture.session("centre")
    try centre.applyForRepair(
      "1", of: Self.body, entry: "XZCF", key: "\(PlatformFixture.market)|甲",
      materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    let report = try centre.report(ReportRequest(subject: Self.body, isIssued: true))
    let database = try CreditDatabase(opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    let certificate = try await database.purge(.subject(Self.body), reason: "依法删除")
    #expect(certificate.figures.records == 1)
    try database.close()
    #expect(try centre.repairs(of: Self.body).isEmpty)
    let code = try #require(report.verificationCode)
    #expect(try !centre.verifyReport(number: try #require(report.number), code: code).isGenuine)
    try fixture.platform.close()
    // No file names it any more, the log neither.
    let bytes = Data(Self.body.utf8)
    for name in try FileManager.default.subpathsOfDirectory(atPath: fixture.path) {
      let data = FileManager.default.contents(atPath: fixture.path + "/" + name) ?? Data()
      #expect(data.range(of: bytes) == nil, "\(name)")
    }
  }

  /// Every part of a report is in its hash.
  @Test func theHashCoversAllOfAReport() throws {
    let record = CreditReport.Record(
      entry: "E", name: "n", nature: .negative, day: nil, isDisputed: false, publicUntil: nil,
      fields: [.init(name: "a", value: "b")])
    let section = CreditReport.Section(number: "一", title: "t", records: [record], text: nil, scope: nil)
    let content = CreditReport.Content(
      template: "t", version: "v", title: "t",
      subject: .init(name: "n", formerNames: [], identifiers: ["i"], kind: .legalPerson, labels: []),
      audience: .centre, from: nil, until: .epoch, commit: 1, sections: [section], advice: [], absentText: "-"
    )
    let changes: [(inout CreditReport.Content) -> Void] = [
      { $0.template = "x" }, { $0.version = "x" }, { $0.title = "x" }, { $0.subject.name = nil },
      { $0.subject.formerNames = ["n"] }, { $0.subject.identifiers = ["i", ""] },
      { $0.subject.kind = .unknown },
      { $0.subject.labels = ["x"] }, { $0.audience = .subject }, { $0.from = .epoch },
      { $0.until = .maximum },
      { $0.commit = 2 }, { $0.advice = [""] }, { $0.absentText = "" }, { $0.sections = [] },
      { $0.sections[0].number = "二" }, { $0.sections[0].title = "" }, { $0.sections[0].text = "" },
      { $0.sections[0].scope = "" }, { $0.sections[0].records[0].entry = "F" },
      { $0.sections[0].records[0].name = "" },
      { $0.sections[0].records[0].nature = .neutral }, { $0.sections[0].records[0].day = .epoch },
      { $0.sections[0].records[0].isDisputed = true }, { $0.sections[0].records[0].publicUntil = .epoch },
      { $0.sections[0].records[0].fields = [] }, { $0.sections[0].records[0].fields[0].name = "ab" },
      { $0.sections[0].records[0].fields[0].value = nil }, { $0.sections[0].records[0].fields[0].value = "" },
    ]
    var hashes: Set<String> = [content.hash()]
    for change in changes {
      var changed = content
      change(&changed)
      hashes.insert(changed.hash())
    }
    #expect(hashes.count == changes.count + 1)
  }
}
