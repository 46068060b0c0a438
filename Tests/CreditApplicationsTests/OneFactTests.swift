// Goal: what is asked in two ways is answered alike, whatever was changed and merged since; and nonsense is refused, not answered as if all were well.
// Method: the stories of trials with the command, each as it was told.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct OneFactTests {
  private static let body = "91130302MA0000015N"
  private static let person = "130302199001010016"
  private static func key(_ number: String) -> String { "\(PlatformFixture.market)|\(number)" }

  private func fixture(on day: String = "2026-08-20") throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: day)
    try fixture.enterAccounts()
    return fixture
  }

  /// Two decisions of one day lay in another order once one of them was withdrawn and merged elsewhere: an issued report no longer verified.
  @Test func anIssuedReportIsMadeAgainAfterAWithdrawalAndAMerge() async throws {
    let fixture = try fixture()
    try fixture.collectPenalties(
      ["丙", "甲", "乙"].map { PlatformFixture.penalty(Self.body, $0, day: "2026-04-10") })
    let centre = try fixture.session("centre")
    let reports = try ["甲", "乙", "丙"].map { number in
      let report = try centre.report(ReportRequest(subject: Self.body, isIssued: true))
      try fixture.withStore {
        _ = try $0.withdraw(
          "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: Self.key(number),
          reason: "撤")
      }
      return report
    }
    let database = try CreditDatabase(opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    _ = try await database.compact()
    try database.close()
    for report in reports {
      let found = try centre.verifyReport(
        number: try #require(report.number), code: try #require(report.verificationCode))
      #expect(found.isGenuine && found.isReproduced == true)
    }
    try fixture.platform.close()
  }

  /// A person's report had the name of a linked company, and the person's own as a former one.
  @Test func aPersonIsNotCalledAsItsCompany() throws {
    let fixture = try fixture()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.person, "乙", day: "2026-04-09"),
    ])
    let person = Identifier(Self.person, as: .citizenIdentityNumber)
    try fixture.withStore {
      _ = try $0.link(
        person, Identifier(Self.body, as: .unifiedSocialCreditCode), evidence: .manual, note: "经营者", by: "甲")
    }
    let centre = try fixture.session("centre")
    let subject = try centre.report(ReportRequest(subject: Self.person)).content.subject
    #expect(subject.name == "张三" && subject.formerNames.isEmpty)
    let company = try centre.report(ReportRequest(subject: Self.body)).content.subject
    #expect(company.name == "某公司" && company.formerNames.isEmpty)
    #expect(try centre.portrait(of: Self.person).name == "张三")
    #expect(try centre.portrait(of: Self.body).name == "某公司")
    let profile = try fixture.withStore { try $0.snapshot().profile(of: person) }
    #expect(profile.names.map(\.name) == ["张三"])
    try fixture.platform.close()
  }

  /// Who looks at all sees that a record was repaired, and it counts for nothing.
  @Test func whatWasRepairedIsMarked() throws {
    let fixture = try fixture()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let centre = try fixture.session("centre")
    func records() throws -> [CreditReport.Record] {
      try centre.report(ReportRequest(subject: Self.body)).content.sections.flatMap(\.records)
    }
    #expect(try records().map(\.isRepaired) == [nil])
    try centre.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key("甲"), materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    _ = try centre.takeStep("R1", .accept)
    _ = try centre.takeStep("R1", .approve(nil))
    #expect(try records().map(\.isRepaired) == [true])
    let page = ReportPage(try centre.report(ReportRequest(subject: Self.body))).html
    #expect(page.contains("已修复"))
    let portrait = try centre.portrait(of: Self.body)
    #expect(portrait.counts.isEmpty && portrait.events.isEmpty && portrait.repaired == 1)
    // A slip of the pen is corrected where the store is kept: nothing is public again, and the case says what is so.
    try fixture.withStore {
      _ = try $0.correct(
        "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: Self.key("甲"),
        reason: "错别字",
        changes: ["CF_SY": .text("占道")])
    }
    #expect(try fixture.platform.session(.visitor).records(of: Self.body).isEmpty)
    #expect(try records().map(\.isRepaired) == [true])
    try fixture.platform.close()
  }

  /// A report about a number with a digit wrong said that there was no violation.
  @Test(arguments: ["91130302MA0000015X", "130302199003070019"])
  func noReportIsAboutNobody(_ number: String) throws {
    let fixture = try fixture()
    let centre = try fixture.session("centre")
    #expect(
      Outcome.code { try centre.report(ReportRequest(subject: number, isIssued: true)) }
        == "invalidIdentifier")
    // What nobody can show to others says that nothing is known; so does one about a number that may be somebody's.
    #expect(
      try centre.report(ReportRequest(subject: number)).content.sections.allSatisfy { $0.records.isEmpty })
    let unknown = try centre.report(ReportRequest(subject: "92130303MA0000023W", isIssued: true))
    #expect(unknown.content.sections.allSatisfy { $0.records.isEmpty })
    try fixture.platform.close()
  }

  /// Repair is of what is unfavourable, and of the kind that the record is.
  @Test func repairIsOfWhatCanBeRepaired() throws {
    let fixture = try fixture()
    try fixture.collect("QYDJ", header: "企业名称,统一社会信用代码", ["某公司,\(Self.body)"])
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    try fixture.collect(
      "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
      ["某公司,\(Self.body),重大税收违法失信主体,1,2026-01-01,"])
    let centre = try fixture.session("centre")
    func apply(_ entry: String, _ kind: RepairApplication.Kind?) -> (
      rule: AccessRule?, kind: RepairApplication.Kind?
    ) {
      var found: RepairApplication.Kind?
      let rule = Outcome.rule {
        guard let record = try centre.records(of: Self.body).first(where: { $0.entry == entry }) else {
          throw CreditError("missing", "no record of \(entry)")
        }
        found = try centre.applyForRepair(
          "\(entry) \(kind?.rawValue ?? "-")", of: Self.body, entry: entry, key: record.key ?? "", kind: kind,
          materials: [PlatformFixture.proof], commitment: PlatformFixture.letter
        ).kind
      }
      return (rule, found)
    }
    #expect(apply("QYDJ", nil) == (.notRepairable, nil))
    #expect(apply("XZCF", .leaveSeriousBreachList) == (.notRepairable, nil))
    #expect(apply("YZSX", .endPublication) == (.notRepairable, nil))
    #expect(apply("XZCF", nil) == (nil, .endPublication))
    #expect(apply("YZSX", nil) == (nil, .leaveSeriousBreachList))
    try fixture.platform.close()
  }

  /// A step that is noted late stands behind those that were taken: deadlines count from its day.
  @Test func noStepStandsBeforeAnother() throws {
    let fixture = try fixture()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let centre = try fixture.session("centre")
    try centre.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: Self.key("甲"), materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    fixture.day.move(to: "2026-08-19")
    #expect(Outcome.code { try centre.takeStep("R1", .accept) } == "invalidDate")
    fixture.day.move(to: "2026-08-20")
    #expect(try centre.takeStep("R1", .accept).state == .accepted)
    try fixture.platform.close()
  }

  /// With a code mistyped in a model everybody had the best grade.
  @Test func modelsCountWhatThereIs() throws {
    let fixture = try fixture()
    func code(_ change: (inout IndicatorModel.Indicator) -> Void) -> String? {
      var indicator = IndicatorModel.Indicator(
        id: "P", name: "处罚", entry: "XZCF", points: -20, maximumPoints: 100)
      change(&indicator)
      let model = IndicatorModel(
        id: "M", version: 1, name: "模型", basePoints: 100, indicators: [indicator],
        grades: [.init(grade: "A", fromPoints: 90), .init(grade: "B", fromPoints: 0)])
      return Outcome.code { try fixture.keeper.publish([model]) }
    }
    #expect(code { $0.entry = "NOPE" } == "unknownEntry")
    #expect(code { ($0.entry, $0.category) = (nil, "nope") } == "invalidModel")
    #expect(code { ($0.item, $0.words) = ("NOITEM", ["x"]) } == "invalidModel")
    #expect(code { _ in } == nil)
    // Nor is anybody evaluated by one from a file.
    let file = IndicatorModel(
      id: "F", version: 1, name: "模型", basePoints: 100,
      indicators: [.init(id: "P", name: "处罚", entry: "NOPE", points: -20, maximumPoints: 100)],
      grades: [.init(grade: "A", fromPoints: 0)])
    #expect(Outcome.code { try fixture.keeper.evaluate(Self.body, by: file) } == "unknownEntry")
    try fixture.platform.close()
  }

  /// Nobody under fourteen asks for its own report; a guardian does.
  @Test func aGuardianAsksForAChild() throws {
    let fixture = try fixture()
    let child = CitizenNumbers.completed("13030220150101005")
    let centre = try fixture.session("centre")
    func rule(_ kind: ReportApplication.Kind, _ number: String) -> AccessRule? {
      Outcome.rule {
        try centre.applyForReport(
          ReportApplication(
            id: kind.rawValue, subject: Identifier(child, as: .citizenIdentityNumber), kind: kind,
            applicant: .init(name: "王某", number: number), purpose: "入学",
            materials: kind == .entrusted ? [PlatformFixture.letter] : []))
      }
    }
    #expect(rule(.own, child) == .guardianMissing)
    #expect(rule(.entrusted, Self.person) == nil)
    try fixture.platform.close()
  }
}
