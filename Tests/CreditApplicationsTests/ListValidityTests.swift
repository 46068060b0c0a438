// Goal: a list counts while its membership holds, in whichever item its entry says so; a special report puts what courts and tax offices say into their fields;
// a record that says who may see it is shown to no others; a linked person's cases stay the person's.
// Method: one record of each kind on both sides of its last day; the sessions services have.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ListValidityTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"

  /// Entry, header, values behind name and code, and whether it counts on 2026-05-20.
  private static let memberships: [(entry: String, header: String, values: String, counts: Bool)] = [
    ("K05-FZCH", "FZCH_MC,FZCH_SHXYM,FZCH_RDRQ,FZCH_JCRQ", "2020-01-01,2026-05-19", false),
    ("K05-FZCH", "FZCH_MC,FZCH_SHXYM,FZCH_RDRQ,FZCH_JCRQ", "2020-01-02,2026-05-20", true),
    (
      "K06-ZFCG", "ZFCG_MC,ZFCG_SHXYM,ZFCG_RQ,ZFCG_QX,ZFCG_JZRQ,ZFCG_JG", "2022-01-01,围标,2026-05-19,财政局",
      false
    ),
    (
      "K06-ZFCG", "ZFCG_MC,ZFCG_SHXYM,ZFCG_RQ,ZFCG_QX,ZFCG_JZRQ,ZFCG_JG", "2022-01-02,围标,2099-12-31,财政局", true
    ),
    (
      "K06-ZFCG", "ZFCG_MC,ZFCG_SHXYM,ZFCG_RQ,ZFCG_QX,ZFCG_JZRQ,ZFCG_YCRQ,ZFCG_JG",
      "2022-01-03,围标,2099-12-31,2024-01-01,财政局", false
    ),
    (
      "K11-SXRY", "SXRY_MC,SXRY_SHXYM,SXRY_RYMC,SXRY_RQ,SXRY_YXQ,SXRY_JG,SXRY_JGDM",
      "守信企业,2020-01-01,2026-05-19,发改委,11130300000000019B",
      false
    ),
    (
      "K11-SXRY", "SXRY_MC,SXRY_SHXYM,SXRY_RYMC,SXRY_RQ,SXRY_YXQ,SXRY_JG,SXRY_JGDM",
      "守信企业,2020-01-02,2026-05-20,发改委,11130300000000019B",
      true
    ),
    ("K11-HGRZ", "HGRZ_MC,HGRZ_SHXYM,HGRZ_ZCBM,HGRZ_DJ,HGRZ_RDRQ,HGRZ_JG", "1,高级认证,2026-05-20,海关", true),
    ("K11-HGRZ", "HGRZ_MC,HGRZ_SHXYM,HGRZ_ZCBM,HGRZ_DJ,HGRZ_RDRQ,HGRZ_JG", "2,高级认证,2026-05-21,海关", false),
    (
      "K06-SXBZ", "SXBZ_MC,SXBZ_SHXYM,SXBZ_FY,SXBZ_AH,SXBZ_FBRQ,SXBZ_JG", "海港区人民法院,甲,2026-05-01,海港区人民法院", true
    ),
    (
      "K06-SXBZ", "SXBZ_MC,SXBZ_SHXYM,SXBZ_FY,SXBZ_AH,SXBZ_FBRQ,SXBZ_YCRQ,SXBZ_JG",
      "海港区人民法院,乙,2026-05-01,2026-05-19,海港区人民法院", false
    ),
  ]

  private func collect(
    _ fixture: PlatformFixture, _ one: (entry: String, header: String, values: String, counts: Bool),
    of subject: String
  ) throws {
    let receipt = try fixture.collect(
      one.entry, from: PlatformFixture.market, header: one.header, ["某公司,\(subject),\(one.values)"])
    try #require(receipt.loaded == 1, "\(one.entry) \(receipt)")
  }

  @Test func membershipsCountWhileTheyHold() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    // Each alone, with a subject of its own: labels and lists say the same.
    let subjects = ["93130321MA0000031N", "91130302MA0000015N", "92130303MA0000023W", "12130304000000027W"]
    var number = 0
    for one in Self.memberships {
      let subject = subjects[number % subjects.count]
      number += 1
      let before = try fixture.keeper.check(subject).memberships.count
      try collect(fixture, one, of: subject)
      let after = try fixture.keeper.check(subject).memberships.count
      #expect(after - before == (one.counts ? 1 : 0), "\(one)")
    }
    // Who was honoured once, and listed once, has neither label.
    let gone = "11130300000000019B"
    for one in Self.memberships where !one.counts { try collect(fixture, one, of: gone) }
    #expect(try fixture.keeper.report(ReportRequest(subject: gone)).content.subject.labels.isEmpty)
    let model = IndicatorModel(
      id: "m", version: 1, name: "m", basePoints: 100,
      indicators: [.init(id: "1", name: "名单", category: "seriousBreach", points: -10, maximumPoints: 50)],
      grades: [.init(grade: "A", fromPoints: 0)])
    #expect(try fixture.keeper.evaluate(gone, by: model).points == 100)
    // On a day before they left it counted; and so did it as of the commit.
    let earlier = try fixture.keeper.evaluate(gone, by: model, on: Day("2023-06-01"))
    #expect(earlier.points == 80 && earlier.day == Day("2023-06-01"))
    #expect(try fixture.keeper.evaluate(gone, by: model, asOf: 1).lines[0].records.isEmpty)
    try fixture.platform.close()
  }

  @Test func whatCourtsAndTaxOfficesSayStandsInTheirFields() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try collect(fixture, Self.memberships[9], of: Self.body)
    try fixture.collect(
      "XYD-QSGG", from: PlatformFixture.market,
      header: "QSGG_MC,QSGG_SHXYM,QSGG_SZ,QSGG_YE,QSGG_GGRQ,QSGG_GGDW",
      ["某公司,\(Self.body),增值税,100.00,2026-01-01,国家税务总局秦皇岛市税务局"])
    try fixture.collect(
      "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ",
      ["某公司,\(Self.body),重大税收违法失信主体,1,2026-01-01", "某公司,\(Self.body),失信被执行人,2,2026-01-02"])
    let report = try fixture.keeper.report(ReportRequest(subject: Self.body, template: .noViolation))
    func count(_ title: String) -> Int? {
      report.content.sections.first { $0.title == title }?.records.count
    }
    #expect(count("税务领域") == 2 && count("司法领域") == 2 && count("其他领域") == 0)
    // What is not there is printed as such, and the analysis of 2021 counts.
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let penalties = try fixture.keeper.report(ReportRequest(subject: Self.body, template: .body2021))
    let printed = try #require(penalties.content.sections.first { $0.title == "行政处罚信息" }?.records.first)
    #expect(printed.fields.first?.name == "行政处罚决定书文号")
    #expect(printed.fields.contains { $0.name.contains("暂扣") && $0.value == nil })
    #expect(ReportPage(penalties).html.contains("— —"))
    let analysis = try #require(penalties.content.sections.first { $0.title == "综合信用状况分析" })
    #expect(analysis.text?.contains("行政处罚信息 1 条") == true && analysis.records.isEmpty)
    try fixture.platform.close()
  }

  @Test func aRecordThatIsNotForEverybodyIsNot() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.withStore { database in
      var entry = try database.catalogue.entry("K08-XYCN").entry
      entry.openness = .public
      entry.version += 1
      try database.catalogue.publish([entry])
    }
    let market = try fixture.session("market")
    for (number, publication) in CommitmentLetter.Publication.allCases.enumerated() {
      let made = try market.commit(
        CommitmentLetter(
          id: "\(number)", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), name: "某公司",
          kind: .voluntary, matter: publication.rawValue, content: "乙", liability: "丙",
          acceptanceUnit: PlatformFixture.market, publication: publication, document: PlatformFixture.letter))
      _ = try market.takeStep(ofCommitment: made.id, .keep(nil))
    }
    func seen(_ audience: Audience) throws -> Set<String> {
      let session = try fixture.platform.keeperSession(name: "t", purpose: "测试", audience: audience)
      return Set(try session.records(of: Self.body).compactMap { $0["reason"] })
    }
    #expect(try seen(.everybody) == ["everybody"])
    #expect(try seen(.government) == ["everybody", "limited"])
    #expect(try seen(.subject).count == 3 && seen(.centre).count == 3)
    let everybody = try fixture.platform.keeperSession(name: "t", purpose: "测试", audience: .everybody)
    let page = ReportPage(try everybody.report(ReportRequest(subject: Self.body))).html
    #expect(page.contains("everybody") && !page.contains("limited") && !page.contains("nobody"))
    try fixture.platform.close()
  }

  @Test func casesOfALinkedPersonStayThePersons() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.person, "丙", day: "2026-01-12")])
    let key = try fixture.withStore { database in
      _ = try database.link(
        Identifier(Self.body, as: .unifiedSocialCreditCode),
        Identifier(Self.person, as: .citizenIdentityNumber), evidence: .manual, note: "法人", by: "test")
      return try #require(try database.snapshot().records(of: Self.person, entry: "XZCF").first).key
    }
    try fixture.keeper.object("O1", of: Self.person, entry: "XZCF", key: key, reason: "有误")
    try fixture.keeper.applyForRepair(
      "R1", of: Self.person, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    try fixture.keeper.publish([
      AccessRole(id: "applicant", name: "受理", audience: .government, actions: [.apply], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["applicant"])])
    let other = try fixture.session("nobody")
    #expect(try other.repairs(of: Self.body).isEmpty && other.objections(of: Self.body).isEmpty)
    #expect(try other.repairs(of: Self.person).map(\.subject.text) == ["130302********0016"])
    #expect(try other.objections(of: Self.person).map(\.subject.text) == ["130302********0016"])
    #expect(try fixture.session("market").repairs(of: Self.person).map(\.subject.text) == [Self.person])
    try fixture.platform.close()
  }

  @Test func contactNumbersInTextsAreMaskedForEverybody() throws {
    let cases = [
      ("联系13812345678核实", "联系138****5678核实"), ("电话:１３８12345678。", "电话:１３８****5678。"),
      ("卡号6222021234567890128转账", "卡号***************0128转账"),
      // In groups, with the country's code; addresses.
      ("电话138-1234-5678或", "电话138-****-5678或"), ("138 1234 5678", "138 **** 5678"),
      ("+8613812345678", "+86138****5678"), ("+86 138-1234-5678", "+86 138-****-5678"),
      ("+86-13812345678", "+86-138****5678"), ("13812345678 13912345678", "138****5678 139****5678"),
      ("卡号6222 0212 3456 7890 128。", "卡号**** **** **** ***0 128。"),
      ("邮箱wang.li@example.com", "邮箱w******@example.com"),
      ("a@b.cn", "*@b.cn"), ("单价@3元", "单价@3元"), ("2026-11-30 13812345678", "2026-11-30 138****5678"),
      ("2026-04-10 12:30:15", "2026-04-10 12:30:15"), ("138-1234-5678-1", "138-1234-5678-1"),
      // Not a mobile number, no right check digit, part of a code, the value itself.
      ("编号12812345678号", "编号12812345678号"), ("付6222021234567890123元", "付6222021234567890123元"),
      // What a word calls so, whatever its digits are, and other ways to write a number.
      ("卡号6222021234567890123转账", "卡号***************0123转账"),
      ("银行账号：0403 0101 0930 0012345", "银行账号：**** **** **** ***2345"),
      ("电话0335-8051234。", "电话****-***1234。"), ("电话：2026-01-31 12:00", "电话：2026-01-31 12:00"),
      ("传真 8051234 或", "传真 ****234 或"), ("138 12345678", "138 ****5678"), ("138.1234.5678", "138.****.5678"),
      ("138—1234—5678", "138—****—5678"), ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"),
      ("电话：（0335）8051234", "电话：（****）***1234"), ("电话8051234、8051235", "电话****234、****235"),
      ("电话通知20260131到场", "电话通知20260131到场"), ("冻结其银行账户存款1234567.89元", "冻结其银行账户存款1234567.89元"),
      ("账户余额123456789元", "账户余额123456789元"), ("账号123456789元", "账号123456789元"),
      ("罚款1234.5678元", "罚款1234.5678元"), ("文号0302-20211234", "文号0302-20211234"),
      ("A13812345678-1", "A13812345678-1"), ("13812345678", "13812345678"), ("冀罚字2026第1号", "冀罚字2026第1号"),
    ]
    for (text, expected) in cases { #expect(ContactNumbers.masked(text) == expected) }
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10", facts: "联系13812345678")
    ])
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.body).map { $0["CF_SY"] } == ["联系138****5678"])
    #expect(try fixture.keeper.records(of: Self.body).map { $0["CF_SY"] } == ["联系13812345678"])
    try fixture.platform.close()
  }

  @Test func unitsCorrectWhatTheyReported() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    try fixture.keeper.publish([
      AccessRole(
        id: "changer", name: "更正", audience: .government, actions: [.change, .query], scope: .ownUnit)
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "market", roles: ["changer", "own"]),
      RoleAssignment(account: "nobody", roles: ["changer"]),
    ])
    let (market, other) = (try fixture.session("market"), try fixture.session("nobody"))
    let key = try #require(try fixture.keeper.records(of: Self.body).first?.key)
    func shown() throws -> [String] {
      try fixture.keeper.records(of: Self.body).map { $0.state + " " + ($0["CF_SY"] ?? "") }
    }
    #expect(
      Outcome.rule {
        try other.correct("XZCF", of: Self.body, key: key, values: ["CF_SY": "改"], reason: "更正")
      } == .notCompetent)
    #expect(
      Outcome.rule { try other.withdraw("XZCF", of: Self.body, key: "none", reason: "撤") } == .notCompetent)
    #expect(
      Outcome.rule { try fixture.session("clerk").withdraw("XZCF", of: Self.body, key: key, reason: "撤") }
        == .actionNotGranted)
    try market.correct("XZCF", of: Self.body, key: key, values: ["CF_SY": "改"], reason: "更正")
    #expect(try shown() == ["corrected 改"])
    #expect(
      Outcome.code { try market.correct("XZCF", of: Self.body, key: key, values: ["X": "改"], reason: "更正") }
        == "unknownItem")
    #expect(
      Outcome.code { try market.withdraw("XZCF", of: Self.body, key: key, reason: " ") } == "reasonMissing")
    try market.withdraw("XZCF", of: Self.body, key: key, reason: "撤")
    #expect(try shown().isEmpty)
    #expect(
      Outcome.rule {
        try market.correct("XZCF", of: Self.body, key: key, values: ["CF_SY": "又"], reason: "更正")
      } == .wrongState)
    try market.reinstate("XZCF", of: Self.body, key: key, reason: "恢复")
    #expect(try shown() == ["reinstated 改"])
    try fixture.withStore {
      _ = try $0.repair(
        "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: key, reason: "修复")
    }
    #expect(
      Outcome.rule { try market.reinstate("XZCF", of: Self.body, key: key, reason: "x") } == .wrongState)
    try fixture.platform.close()
  }

  @Test func figuresFollowTheRightsOfRecords() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-10"),
    ])
    try fixture.keeper.publish([
      AccessRole(
        id: "figures", name: "统计", audience: .government, actions: [.statistics], scope: .all,
        entries: ["XZCF"])
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["figures"])])
    let session = try fixture.session("nobody")
    let april = try #require(Month("2026-04"))
    #expect(
      Outcome.rule { try session.publicityStatement(of: april, entries: ["XYD-NSMX"]) } == .entryNotGranted)
    #expect(Outcome.rule { try session.publicityStatement(of: april) } == .entryNotGranted)
    try fixture.keeper.note([
      ProducedDecisions(unit: PlatformFixture.market, entry: "XZCF", month: april, decisions: 4)
    ])
    let statement = try #require(try session.publicityStatement(of: april, entries: ["XZCF"]).first)
    #expect(statement.disclosed == 2 && statement.produced == 4 && statement.concealmentRate == 500)
    let json = String(decoding: try JSONEncoder().encode(statement), as: UTF8.self)
    #expect(json.contains("\"concealmentRate\":500") && json.contains("\"month\":\"2026-04\""))
    #expect(try JSONDecoder().decode(PublicityStatement.self, from: Data(json.utf8)) == statement)
    try fixture.platform.close()
  }
}
