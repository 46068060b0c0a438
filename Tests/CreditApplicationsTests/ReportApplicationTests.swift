// Goal: an application for a report goes its way: handed in, given back, passed or refused, issued once; seen by the centre, by whoever handed it in and by the
// subject, and by nobody else.
// Method: stories with each step that is out of turn; the report that is issued is verified.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ReportApplicationTests {
  private static let body = Identifier(PlatformFixture.body, as: .unifiedSocialCreditCode)
  private static let person = Identifier("130302199001010016", as: .citizenIdentityNumber)
  private static let agent = "130302198001010011"

  private func filled() throws -> PlatformFixture {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    try fixture.keeper.publish([
      AccessRole(id: "desk", name: "窗口", audience: .government, actions: [.apply], scope: .all)
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "market", roles: ["desk"]), RoleAssignment(account: "bank", roles: ["desk"]),
    ])
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body.text, "甲", day: "2026-04-09"),
      PlatformFixture.penalty(Self.person.text, "乙", day: "2026-04-10"),
    ])
    return fixture
  }

  private func application(
    _ id: String, _ subject: Identifier = body, kind: ReportApplication.Kind = .own,
    materials: [CaseMaterial] = [], template: String? = nil
  ) -> ReportApplication {
    ReportApplication(
      id: id, subject: subject, kind: kind,
      applicant: .init(name: "王某", number: Self.agent, phone: "13812345678"), purpose: "招投标",
      template: template, materials: materials)
  }

  private func own(_ subject: Identifier, _ fixture: PlatformFixture) throws -> AccessSession {
    try fixture.platform.session(
      Caller(account: nil, portal: .website, purpose: "本人查询", subject: subject))
  }

  @Test func applicationsGoTheirWay() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let handedIn = try market.applyForReport(application("A1"))
    #expect(handedIn.state == .pending && handedIn.steps.map(\.step) == ["submitted"])
    // The numbers of whoever hands it in are for nobody's eyes.
    #expect(handedIn.applicant.number == "130302********0011" && handedIn.applicant.phone == "138****5678")
    #expect(Outcome.rule { try centre.issueReport(ofApplication: "A1") } == .wrongState)
    #expect(
      Outcome.rule { try market.takeStep(ofReportApplication: "A1", .pass(nil)) } == .actionNotGranted)
    #expect(
      Outcome.code { try centre.takeStep(ofReportApplication: "A1", .giveBack(" ")) } == "reasonMissing")
    #expect(try centre.takeStep(ofReportApplication: "A1", .giveBack("缺执照")).state == .returned)
    #expect(Outcome.rule { try centre.takeStep(ofReportApplication: "A1", .pass(nil)) } == .wrongState)
    #expect(
      Outcome.code { try market.takeStep(ofReportApplication: "A1", .supplement([])) } == "materialMissing")
    let again = try market.takeStep(ofReportApplication: "A1", .supplement([PlatformFixture.proof]))
    #expect(again.state == .pending && again.materials.count == 1)
    #expect(try centre.takeStep(ofReportApplication: "A1", .pass("材料齐全")).state == .passed)
    let report = try centre.issueReport(ofApplication: "A1")
    let (number, code) = (try #require(report.number), try #require(report.verificationCode))
    #expect(report.purpose == "招投标" && report.content.sections.contains { $0.records.count == 1 })
    #expect(try centre.verifyReport(number: number, code: code).isReproduced == true)
    let issued = try #require(try centre.reportApplications(.issued).first)
    #expect(issued.reportNumber == number)
    #expect(issued.steps.map(\.step) == ["submitted", "returned", "supplemented", "passed", "issued"])
    // Once: whoever did not get hold of it is given the same again.
    fixture.day.move(to: "2026-06-20")
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body.text, "丙", day: "2026-06-01")])
    #expect(try centre.issueReport(ofApplication: "A1") == report)
    #expect(Outcome.rule { try centre.takeStep(ofReportApplication: "A1", .refuse("x")) } == .wrongState)
    // It stands in the log under the number of the case.
    let lines = try centre.accesses(to: Self.body.text)
    #expect(lines.contains { $0.action == .report && $0.caseNumber == "A1" && $0.purpose == "招投标" })
    // A pass by mistake is taken back.
    try market.applyForReport(application("A2"))
    try centre.takeStep(ofReportApplication: "A2", .pass(nil))
    #expect(try centre.takeStep(ofReportApplication: "A2", .refuse("用途不明")).state == .refused)
    #expect(Outcome.rule { try centre.issueReport(ofApplication: "A2") } == .wrongState)
    try fixture.platform.close()
  }

  @Test func othersDoNotKnowOfThem() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let bank = try fixture.session("bank")
    try market.applyForReport(application("A1"))
    let itself = try own(Self.person, fixture)
    try itself.applyForReport(application("A2", Self.person))
    for number in ["A1", "A2", "A9"] {
      #expect(
        Outcome.code { try bank.takeStep(ofReportApplication: number, .supplement([PlatformFixture.proof])) }
          == "unknownCase", "\(number)")
    }
    #expect(try bank.reportApplications().isEmpty)
    #expect(try market.reportApplications().map(\.id) == ["A1"])
    #expect(try itself.reportApplications().map(\.id) == ["A2"])
    #expect(try centre.reportApplications().map(\.id) == ["A1", "A2"])
    // Nobody asks in another one's name without a desk.
    #expect(Outcome.rule { try itself.applyForReport(application("A3")) } == .notOwnSubject)
    // The person's report is issued to the person, by its own role.
    try centre.takeStep(ofReportApplication: "A2", .pass(nil))
    let report = try itself.issueReport(ofApplication: "A2")
    #expect(report.content.audience == .subject && report.number != nil)
    #expect(report.content.sections.flatMap(\.records).count == 1)
    try fixture.platform.close()
  }

  @Test func badApplicationsAreRefused() throws {
    let fixture = try filled()
    let market = try fixture.session("market")
    func code(_ change: (inout ReportApplication) -> Void) -> String? {
      var one = application("A1")
      change(&one)
      return Outcome.code { try market.applyForReport(one) }
    }
    #expect(code { $0.id = " " } == "invalidApplication")
    #expect(code { $0.purpose = "" } == "invalidApplication")
    #expect(code { $0.applicant.name = " " } == "invalidApplication")
    #expect(code { $0.applicant.number = "" } == "invalidApplication")
    #expect(code { $0.template = "none" } == "unknownTemplate")
    #expect(code { $0.template = "person2022" } == "wrongTemplate")
    #expect(code { ($0.from, $0.until) = (Day("2026-02-01"), Day("2026-01-01")) } == "invalidPeriod")
    #expect(code { $0.until = Day("2026-05-21") } == "invalidPeriod")
    #expect(code { $0.from = Day("2026-05-21") } == "invalidPeriod")
    // A report about a mistyped number would say that all is well.
    #expect(
      code { $0.subject = Identifier("93130321MA0000031X", as: .unifiedSocialCreditCode) }
        == "invalidIdentifier")
    let unknown = try fixture.platform.keeperSession(
      name: "test", purpose: "测试", unit: "91130303MA0000044X")
    #expect(Outcome.code { try unknown.applyForReport(application("A8")) } == "unknownUnit")
    #expect(code { $0.purpose = "受王某（\(Self.agent)）委托" } == "invalidApplication")
    #expect(code { $0.applicant.name = Self.agent } == "invalidApplication")
    #expect(code { $0.kind = .entrusted } == "materialMissing")
    #expect(code { $0.materials = [CaseMaterial(title: "x", sha256: "1")] } == "materialMissing")
    #expect(
      code {
        ($0.kind, $0.materials) = (.entrusted, [PlatformFixture.letter])
        // What was decided elsewhere is not handed in.
        ($0.state, $0.reportNumber) = (.passed, "1")
      } == nil)
    #expect(try market.reportApplications().map(\.state) == [.pending])
    #expect(try market.reportApplications()[0].reportNumber == nil)
    #expect(code { _ in } == "alreadyExists")
    try fixture.platform.close()
  }

  /// A report that goes out shows what the subject sees, whoever issues it: nothing that was repaired, and not whose the company is.
  @Test func reportsAreForTheSubjectsEyes() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    fixture.day.move(to: "2026-07-20")
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body.text, "丁", day: "2026-04-10")])
    try centre.applyForRepair(
      "R1", of: Self.body.text, entry: "XZCF", key: "\(PlatformFixture.market)|甲",
      materials: [PlatformFixture.proof], commitment: PlatformFixture.letter)
    try centre.takeStep("R1", .accept)
    try centre.takeStep("R1", .approve(nil))
    try fixture.withStore {
      _ = try $0.link(Self.body, Self.person, evidence: .manual, by: "登记机关")
    }
    try market.applyForReport(
      application("A1", kind: .entrusted, materials: [CaseMaterial(of: "函".utf8, title: "\(Self.agent)委托书")]))
    try centre.takeStep(ofReportApplication: "A1", .pass(nil))
    let report = try centre.issueReport(ofApplication: "A1")
    #expect(report.content.audience == .subject)
    let records = report.content.sections.flatMap(\.records)
    #expect(records.map { $0.fields.first { $0.name.contains("文号") }?.value } == ["丁"])
    #expect(report.content.subject.identifiers == [Self.body.text])
    #expect(
      try centre.verifyReport(
        number: try #require(report.number), code: try #require(report.verificationCode)
      ).isReproduced == true)
    // Names of files may be numbers, too.
    #expect(try market.reportApplications()[0].materials[0].title == "130302********0011委托书")
    try fixture.platform.close()
  }

  /// A person's own application is the person's; whoever else hands one in is entrusted with a letter. What looks like a body's number is the applicant's.
  @Test func personsAskThemselvesOrEntrust() throws {
    let fixture = try filled()
    let market = try fixture.session("market")
    var one = application("A1", Self.person)
    #expect(Outcome.rule { try market.applyForReport(one) } == .authorityMissing)
    one.applicant.number = nil
    #expect(Outcome.rule { try market.applyForReport(one) } == .authorityMissing)
    one.applicant.number = Self.person.text
    #expect(try market.applyForReport(one).state == .pending)
    var other = application("A2", Self.person, kind: .entrusted, materials: [PlatformFixture.letter])
    other.applicant.number = "E12345673"
    #expect(try market.applyForReport(other).applicant.number == "E1*****73")
    try fixture.platform.close()
  }

  /// A report about somebody of whom nothing is known says so, and that it proves nothing.
  @Test func reportsOfTheUnknownSaySo() throws {
    let fixture = try filled()
    let centre = try fixture.session("centre")
    func advice(_ subject: String) throws -> [String] {
      try centre.report(ReportRequest(subject: subject, template: .noViolation)).content.advice
    }
    #expect(try advice("91130303MA0000044X").contains { $0.contains("未查到该主体代码的任何信息") })
    #expect(try !advice(Self.body.text).contains { $0.contains("未查到") })
    try fixture.platform.close()
  }

  /// A purge of the subject, or of whoever handed it in, takes an application along.
  @Test(arguments: [body.text, agent]) func purgesTakeThemAlong(_ text: String) async throws {
    let fixture = try filled()
    try fixture.session("market").applyForReport(application("A1"))
    try fixture.platform.close()
    let database = try CreditDatabase(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    _ = try await database.purge(.subject(text), reason: "依法删除")
    try database.close()
    let platform = try CreditPlatform(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0), options: fixture.options)
    let centre = try platform.session(Caller(account: "centre", portal: .government, purpose: "测试"))
    #expect(try centre.reportApplications().isEmpty)
    try platform.close()
  }
}
