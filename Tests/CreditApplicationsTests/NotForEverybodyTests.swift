// Goal: what is about a person is not published because of a slip in how it was reported, and nobody is told that something is shown that is not; a report about a period says
// what held in the period, and who the subject is whatever the period.
// Method: each story is one that somebody found with the command; both sides of each limit.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct NotForEverybodyTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"

  /// The story: a penalty of a person was shown by name because the row had a company's code as well.
  @Test func whatSaysItIsAPersonsIsAPersons() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    let row = PlatformFixture.penalty(Self.person, "甲", day: "2026-04-10")
    for code in [Self.body, "92130303MA0000023W"] {
      try fixture.collectPenalties([row.replacingOccurrences(of: "自然人,,,", with: "自然人,\(code),,")])
      #expect(try fixture.keeper.records(of: code).count == 1)
      #expect(try fixture.session("clerk").records(of: code).count == 1, "units see what they share")
      let visitor = try fixture.platform.session(.visitor)
      #expect(try visitor.records(of: code).isEmpty)
      #expect(try visitor.publicList("XZCF").records.isEmpty)
      let shown = try fixture.keeper.records(of: code).first?.publication
      #expect(shown?.isShown == false && shown?.reason == .naturalPerson)
    }
    try fixture.platform.close()
  }

  /// The story: a case of a minor came out on the day after the birthday.
  @Test func whatMinorsDidStaysHidden() throws {
    let fixture = try PlatformFixture(on: "2026-12-02")
    try fixture.keeper.publish(PublicPolicy(personEntries: ["YZSX"]))
    let subject = CitizenNumbers.completed("13030220081201001")
    for (day, isShown) in [("2026-09-01", false), ("2026-12-01", false), ("2026-12-02", true)] {
      try fixture.collect(
        "YZSX", header: "YZSX_MC,YZSX_ZJHM,YZSX_MD,YZSX_WSH,YZSX_RQ", ["张三,\(subject),失信被执行人,\(day),\(day)"])
      let list = try fixture.platform.session(.visitor).publicList("YZSX").records
      #expect(list.contains { $0.day == Day(day) } == isShown, "\(day)")
    }
    try fixture.platform.close()
  }

  /// The story: the operator was told that a repaired and a shielded decision are shown, and from when repair is possible where the law excludes it.
  @Test func publicationSaysWhatIsSo() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-01-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-01-11", facts: "当事人\(Self.person)"),
    ])
    func publications() throws -> [String: Publication] {
      Dictionary(
        uniqueKeysWithValues: try fixture.keeper.records(of: Self.body).compactMap { record in
          record["CF_WSH"].flatMap { number in record.publication.map { (number, $0) } }
        })
    }
    let before = try publications()
    #expect(before["甲"]?.isShown == true && before["甲"]?.earliestRepair != nil)
    let key = "\(PlatformFixture.market)|甲"
    try fixture.keeper.note(
      BreachFinding(
        entry: "XZCF", key: key, breachClass: .serious, isNeverRepaired: true, evidence: "认定",
        unit: PlatformFixture.market), of: Self.body)
    #expect(try publications()["甲"]?.earliestRepair == nil)
    #expect(try publications()["乙"]?.earliestRepair == before["乙"]?.earliestRepair)
    let subject = Identifier(Self.body, as: .unifiedSocialCreditCode)
    try fixture.withStore { _ = try $0.repair("XZCF", subject: subject, key: key, reason: "修复") }
    let repaired = try publications()["甲"]
    #expect(repaired?.isShown == false && repaired?.reason == .ended && repaired?.earliestRepair == nil)
    try fixture.keeper.shield(
      Shielding(
        id: "S", subject: subject, extent: .publication, ruling: "（2026）冀03破1号之二",
        document: CaseMaterial(of: "裁定书".utf8, title: "裁定书"), from: try #require(Day("2026-05-20")),
        until: try #require(Day("2026-06-30"))))
    #expect(try publications()["乙"]?.reason == .shielded)
    // Whoever sees numbers in full can print them masked all the same.
    let record = try #require(try fixture.keeper.records(of: Self.body).first { $0["CF_WSH"] == "乙" })
    #expect(record["CF_SY"]?.contains(Self.person) == true)
    let masked = record.maskingNumbers(on: fixture.day.value)
    #expect(
      masked["CF_SY"] == "当事人130302********0016" && masked.items.first { $0.id == "CF_SY" }?.isMasked == true)
    try fixture.platform.close()
  }

  /// The story: a report on two years said that nothing was known about a body that was on a list all the time.
  @Test func reportsSayWhatHeldInTheirPeriod() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collect(
      "K01-GQCZ", header: "GQCZ_MC,GQCZ_SHXYM,GQCZ_DJBH,GQCZ_CZR,GQCZ_ZQR,GQCZ_DJRQ,GQCZ_JG",
      ["登记的公司,\(Self.body),1,甲,乙,2015-01-01,局"])
    try fixture.collect(
      "YZSX", header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
      [
        "名单的公司,\(Self.body),重大税收违法失信主体,一,2022-01-01,", "名单的公司,\(Self.body),失信被执行人,二,2020-01-01,2023-01-01",
        "名单的公司,\(Self.body),失信被执行人,三,2020-01-01,2022-12-31", "名单的公司,\(Self.body),失信被执行人,四,2025-01-01,",
      ])
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2022-12-31")])
    func content(_ from: String?, _ until: String) throws -> CreditReport.Content {
      try fixture.keeper.report(
        ReportRequest(subject: Self.body, from: from.flatMap { Day($0) }, until: Day(until))
      ).content
    }
    let report = try content("2023-01-01", "2024-12-31")
    let records = report.sections.flatMap(\.records)
    let lists = records.filter { $0.entry == "YZSX" }.compactMap { record in
      record.fields.first { ["一", "二", "三", "四"].contains($0.value ?? "") }?.value
    }
    #expect(Set(lists) == ["一", "二"] && !records.contains { $0.entry == "XZCF" })
    #expect(records.contains { $0.entry == "K01-GQCZ" })
    #expect(report.subject.name == "登记的公司" && report.subject.labels.contains("失信惩戒对象"))
    #expect(try content(nil, "2024-12-31").sections.flatMap(\.records).contains { $0.entry == "XZCF" })
    // A commit there is not is none of the past.
    let last = fixture.platform.database.snapshot().commit
    for commit in [last + 1, 20_240_101] {
      #expect(
        Outcome.code { try fixture.keeper.report(ReportRequest(subject: Self.body, commit: commit)) }
          == "unknownCommit")
    }
    _ = try fixture.keeper.report(ReportRequest(subject: Self.body, commit: last))
    try fixture.platform.close()
  }

  /// What is decided about somebody is decided for a reason, and about a number that somebody can have.
  @Test func slipsAreRefused() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-01-10")])
    let centre = try fixture.session("centre")
    try centre.object("O1", of: Self.body, entry: "XZCF", key: "\(PlatformFixture.market)|甲", reason: "有误")
    for state in [Objection.State.upheld, .corrected, .withdrawn] {
      #expect(Outcome.code { try centre.decideObjection("O1", state, note: " ") } == "reasonMissing")
    }
    _ = try centre.decideObjection("O1", .upheld, note: "属实")
    // A wrong check character, in no record.
    let slip = Identifier("93130321MA0000031E", as: .unifiedSocialCreditCode)
    func shielding(_ subject: Identifier) throws -> Shielding {
      Shielding(
        id: "S", subject: subject, extent: .publication, ruling: "裁定",
        document: CaseMaterial(of: "裁定书".utf8, title: "裁定书"), from: try #require(Day("2026-05-20")),
        until: try #require(Day("2026-06-30")))
    }
    #expect(Outcome.code { try centre.shield(try shielding(slip)) } == "invalidIdentifier")
    func consent(_ subject: Identifier, entries: [String] = []) throws -> Consent {
      Consent(
        id: "C", subject: subject, grantee: PlatformFixture.bank,
        categories: entries.isEmpty ? ["tax"] : [], entries: entries, purpose: "贷款",
        grantedOn: try #require(Day("2026-05-01")),
        validUntil: try #require(Day("2026-12-31")), channel: .online,
        evidence: String(repeating: "a", count: 64))
    }
    let right = Identifier(Self.body, as: .unifiedSocialCreditCode)
    #expect(Outcome.code { try centre.grant(try consent(slip)) } == "invalidIdentifier")
    #expect(Outcome.code { try centre.grant(try consent(right, entries: ["NONE"])) } == "unknownEntry")
    try centre.grant(try consent(right))
    #expect(Outcome.code { try centre.revokeConsent("C", reason: "") } == "reasonMissing")
    try centre.revokeConsent("C", reason: "主体撤回")
    #expect(Outcome.code { try fixture.platform.keeperSession(name: " ", purpose: "测试") } == "nameMissing")
    #expect(
      Outcome.code { try RecordPresentation.unmasked(purpose: " ", on: fixture.day.value) }
        == "purposeMissing")
    // Every field of a role is one that can be written.
    let role = AccessRole(
      id: "r", name: "n", audience: .centre, actions: [.query], scope: .all, entries: [], categories: [],
      conditionalEntries: [], isUnmasked: true, maximumSubjects: 1, from: fixture.day.value,
      until: fixture.day.value)
    let fields = try JSONSerialization.jsonObject(with: JSONEncoder().encode(role)) as? [String: Any]
    #expect(Set(fields.map { Array($0.keys) } ?? []) == AccessRole.fields)
    try fixture.platform.close()
  }
}
