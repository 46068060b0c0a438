// Goal: scores can be worked out again by hand, portraits count what is seen, and no event of a watched subject is lost or told to whom it may not be.
// Method: sums written out here; a list read in pages of one change, with restarts between telling and confirming.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct EvaluationTests {
  private static let body = PlatformFixture.body

  private static let model = IndicatorModel(
    id: "M", version: 2, name: "企业信用评价", basePoints: 800,
    indicators: [
      .init(id: "P", name: "近两年处罚", entry: "XZCF", points: -20, maximumPoints: 50, months: 24),
      .init(
        id: "G", name: "罚款", entry: "XZCF", item: "CF_CFLB", words: ["罚款"], points: -5, maximumPoints: 100),
      .init(id: "H", name: "荣誉", category: "honour", points: 30, maximumPoints: 60),
    ],
    grades: [
      .init(grade: "C", fromPoints: 0), .init(grade: "A", fromPoints: 780),
      .init(grade: "B", fromPoints: 700),
    ])

  private func filled() throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2024-05-20", categories: "警告"),
      PlatformFixture.penalty(Self.body, "丙", day: "2024-05-21", categories: "警告"),
    ])
    try fixture.collect(
      "K11-SXRY", header: "SXRY_MC,SXRY_SHXYM,SXRY_RYMC,SXRY_RQ,SXRY_JG,SXRY_JGDM",
      ["某公司,\(Self.body),示范社,2025-09-01,厅,\(PlatformFixture.market)"])
    return fixture
  }

  @Test func scoresAddUp() throws {
    let fixture = try filled()
    let session = try fixture.session("clerk", .counter)
    let result = try session.evaluate(Self.body, by: Self.model)
    // Two penalties within 24 months (the one of 20 May 2024 lies on the day before), one with a fine, one honour.
    #expect(result.lines.map(\.points) == [-40, -5, 30] && result.points == 785 && result.grade == "A")
    #expect(result.lines[0].records.map(\.day?.description) == ["2024-05-21", "2026-04-10"])
    #expect(result.version == 2)
    // After a repair the record does not count.
    try fixture.withStore {
      _ = try $0.repair(
        "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode),
        key: "\(PlatformFixture.market)|甲", reason: "修复")
    }
    for session in [session, try fixture.session("centre")] {
      #expect(try session.evaluate(Self.body, by: Self.model).lines.map(\.points) == [-20, 0, 30])
    }
    var wrong = Self.model
    wrong.indicators[0].points = .min
    #expect(Outcome.code { try session.evaluate(Self.body, by: wrong) } == "invalidModel")
    wrong = Self.model
    wrong.indicators[1].entry = nil
    #expect(Outcome.code { try session.evaluate(Self.body, by: wrong) } == "invalidModel")
    try fixture.platform.close()
  }

  @Test func portraitsCountWhatIsSeen() throws {
    let fixture = try filled()
    let portrait = try fixture.session("clerk", .counter).portrait(of: Self.body)
    #expect(
      portrait.counts.map { [$0.category, $0.nature.rawValue, String($0.records)] } == [
        ["administrative", "negative", "3"], ["honour", "positive", "1"],
      ])
    #expect(
      portrait.name == "某公司"
        && portrait.events.map(\.day.description) == ["2026-04-10", "2025-09-01", "2024-05-21", "2024-05-20"])
    // Printed without having to be in full, nobody's number is, those of linked people neither.
    var linked = portrait
    (linked.name, linked.identifiers) = ("张三130302199001010016", ["130302199001010016"])
    linked.relations = [SubjectRelation(kind: .sameSubject, name: "130302900101001")]
    let printed = linked.maskingNumbers(on: fixture.day.value)
    #expect(printed.name == "张三130302********0016" && printed.identifiers == ["130302********0016"])
    #expect(printed.relations.map(\.name) == ["130302*****1001"])
    let seen = try fixture.platform.session(.visitor).portrait(of: Self.body)
    #expect(seen.counts.map(\.records) == [1, 1])
    try fixture.platform.close()
  }

  @Test func watchedSubjectsAreToldOnceConfirmed() throws {
    let fixture = try filled()
    let identifier = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let session = try fixture.session("clerk", .counter)
    try session.watch(WatchList(id: "W", name: "监测", subjects: [identifier]))
    #expect(try session.events(of: "W").events.isEmpty)
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "丁", day: "2026-05-01"),
      PlatformFixture.penalty("92130303MA0000023W", "戊", day: "2026-05-01"),
    ])
    _ = try fixture.withStore {
      try $0.withdraw("XZCF", subject: identifier, key: "\(PlatformFixture.market)|甲", reason: "撤销")
    }
    // Told again until confirmed, in pages of one change.
    var kinds: [SubjectEvent.Kind] = []
    for _ in 0..<20 {
      let first = try session.events(of: "W", limit: 1)
      if first.events.isEmpty {
        // What told nothing needs no confirmation.
        if first.hasMore { continue }
        break
      }
      let again = try session.events(of: "W", limit: 1)
      #expect(first.events == again.events)
      #expect(Outcome.rule { try session.confirmEvents(again.number + 1, of: "W") } == .wrongState)
      try session.confirmEvents(again.number, of: "W")
      // An answer that was lost may be asked for again.
      try session.confirmEvents(again.number, of: "W")
      kinds += again.events.map(\.kind)
    }
    #expect(kinds == [.penalty, .withdrawn])
    #expect(Outcome.rule { try fixture.session("market").events(of: "W") } == .actionNotGranted)
    #expect(Outcome.code { try session.events(of: "V") } == "unknownList")
    #expect(Outcome.code { try session.watch(WatchList(id: "V", name: "", subjects: [])) } == "invalidList")
    try fixture.platform.close()
  }

  /// A record that was closed before anybody asked came with all its values; what was reported again was told as new.
  @Test func eventsShowWhatIsSoNow() throws {
    let fixture = try filled()
    let identifier = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let session = try fixture.session("clerk", .counter)
    // As it may stand in a file.
    let list = WatchList(
      id: "W", name: "监测", subjects: [Identifier(Self.body.lowercased(), as: .unifiedSocialCreditCode)])
    try session.watch(list)
    let old = Identifier("600037341", as: .organizationCode)
    _ = try fixture.withStore { try $0.link(identifier, old, evidence: .registrationChange, by: "李某") }
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "丁", day: "2026-05-01")])
    _ = try fixture.withStore {
      try $0.withdraw("XZCF", subject: identifier, key: "\(PlatformFixture.market)|丁", reason: "撤销")
    }
    for exit in ["", "2026-05-19"] {
      try fixture.collect(
        "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_ZZJG,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
        ["某公司,\(old.text),失信被执行人,2,2026-01-01,\(exit)"])
    }
    let found = try session.events(of: "W")
    #expect(found.events.map(\.kind) == [.penalty, .withdrawn, .listEntered, .listLeft])
    #expect(found.events.map { $0.record == nil } == [true, true, false, false])
    #expect(found.events[2].record?["YZSX_YCRQ"] == "2026-05-19")
    // More subjects than the role allows, by a list as well.
    let many = (0..<4).map { Identifier("X-\($0)", as: .document) }
    #expect(
      Outcome.rule { try session.watch(WatchList(id: "V", name: "", subjects: many)) } == .tooManySubjects)
    try fixture.platform.close()
  }

  @Test func modelsAndResultsAreKept() throws {
    let fixture = try filled()
    let session = try fixture.session("clerk", .counter)
    try fixture.keeper.publish([Self.model])
    var next = Self.model
    (next.version, next.basePoints) = (3, 700)
    try fixture.keeper.publish([next, Self.model])
    next.basePoints = 600
    #expect(Outcome.code { try fixture.keeper.publish([next]) } == "versionExists")
    #expect(Outcome.rule { try session.publish([next]) } == .actionNotGranted)
    #expect(try session.models().map(\.version) == [2, 3])
    #expect(try session.evaluate(Self.body, byModel: "M", version: 2).points == 785)
    let kept = try session.evaluate(Self.body, byModel: "M", isKept: true)
    #expect(kept.points == 685 && kept.version == 3)
    #expect(Outcome.code { try session.evaluate(Self.body, byModel: "N") } == "unknownModel")
    // What became known since changes no result that is kept, and it can be worked out again.
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "丁", day: "2026-05-01")])
    #expect(try session.evaluations(of: Self.body) == [kept])
    let centre = try fixture.session("centre")
    #expect(try centre.evaluate(Self.body, byModel: "M", asOf: kept.commit, on: kept.day) == kept)
    // What was so may have been repaired since: it is for the centre and the subject.
    #expect(
      Outcome.rule { try session.evaluate(Self.body, byModel: "M", asOf: kept.commit) } == .actionNotGranted)
    #expect(
      Outcome.rule { try session.evaluate(Self.body, byModel: "M", on: Day("2026-05-19")) }
        == .actionNotGranted)
    // A score tells of what its maker saw.
    try fixture.keeper.assign([RoleAssignment(account: "market", roles: ["counter"])])
    #expect(try fixture.session("market").evaluations(of: Self.body).isEmpty)
    #expect(try fixture.session("centre").evaluations(of: Self.body) == [kept])
    // What was kept with a consent is not read without one: the same account has a narrower role beside it.
    try fixture.keeper.publish([
      AccessRole(id: "lender", name: "信贷", audience: .authorized, actions: [.screen, .query], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: ["counter", "lender"])])
    try fixture.keeper.grant(
      Consent(
        id: "C1", subject: Identifier(Self.body, as: .unifiedSocialCreditCode),
        grantee: PlatformFixture.market,
        categories: ["administrative"], purpose: "测试", grantedOn: try #require(Day("2026-05-01")),
        validUntil: try #require(Day("2026-12-31")), channel: .online,
        evidence: String(repeating: "a", count: 64)))
    let consented = try fixture.session("clerk", .counter, consent: "C1")
    let lent = try consented.evaluate(Self.body, byModel: "M", isKept: true)
    #expect(try consented.evaluations(of: Self.body).contains(lent))
    try fixture.keeper.revokeConsent("C1", reason: "撤回")
    #expect(try session.evaluations(of: Self.body) == [kept])
    // Another consent is no consent to what the first one showed.
    try fixture.keeper.grant(
      Consent(
        id: "C2", subject: Identifier(Self.body, as: .unifiedSocialCreditCode),
        grantee: PlatformFixture.market, categories: ["registration"], purpose: "测试",
        grantedOn: try #require(Day("2026-05-01")), validUntil: try #require(Day("2026-12-31")),
        channel: .online, evidence: String(repeating: "b", count: 64)))
    #expect(try fixture.session("clerk", .counter, consent: "C2").evaluations(of: Self.body) == [kept])
    try fixture.platform.close()
  }

  @Test func portraitsNameOthersAsRecordsDo() throws {
    let fixture = try filled()
    try fixture.collect(
      "K01-GQCZ", header: "GQCZ_MC,GQCZ_SHXYM,GQCZ_DJBH,GQCZ_CZR,GQCZ_ZQR,GQCZ_DJRQ,GQCZ_JG",
      ["某公司,\(Self.body),1,王五,某银行,2026-01-05,局", "某公司,\(Self.body),2,王五,某银行,2026-02-05,局"])
    let old = Identifier("600037341", as: .organizationCode)
    try fixture.withStore {
      _ = try $0.link(
        Identifier(Self.body, as: .unifiedSocialCreditCode), old, evidence: .registrationChange, by: "李某")
    }
    try fixture.collect(
      "YZSX", header: "YZSX_MC,YZSX_ZZJG,YZSX_MD,YZSX_WSH,YZSX_RQ", ["某公司,600037341,失信被执行人,1,2026-01-01"])
    let portrait = try fixture.session("clerk", .counter).portrait(of: Self.body)
    #expect(
      portrait.relations.map { "\($0.kind) \($0.name)" } == [
        "sameSubject 600037341", "representative 李四", "pledgor 王五", "pledgee 某银行",
      ], "\(portrait.relations)")
    #expect(portrait.relations[2].day?.description == "2026-02-05")
    #expect(portrait.labels == ["守信激励对象", "失信惩戒对象"])
    try fixture.platform.close()
  }

  /// What ends with its day is brought by no commit, and was told to nobody.
  @Test func whatEndsByItselfIsToldOnce() throws {
    let fixture = try PlatformFixture(on: "2026-05-10")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2025-05-20"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-10"),
    ])
    try fixture.collect(
      "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
      ["某公司,\(Self.body),失信被执行人,2,2026-01-01,2026-05-12", "某公司,\(Self.body),失信被执行人,3,2026-01-01,2026-05-09"])
    let session = try fixture.session("clerk", .counter)
    try session.watch(
      WatchList(id: "W", name: "监测", subjects: [Identifier(Self.body, as: .unifiedSocialCreditCode)]))
    func told() throws -> [String] {
      let found = try session.events(of: "W")
      #expect(try session.events(of: "W") == found)
      if !found.events.isEmpty { try session.confirmEvents(found.number, of: "W") }
      return found.events.map { "\($0.kind) \($0.day?.description ?? "-")" }
    }
    #expect(try told() == [])
    fixture.day.move(to: "2026-05-12")
    #expect(try told() == [])
    fixture.day.move(to: "2026-05-13")
    #expect(try told() == ["listLeft 2026-05-12"])
    #expect(try told() == [])
    fixture.day.move(to: "2026-05-25")
    #expect(try told() == ["publicationEnded 2026-05-20"])
    // Beside what a commit brought.
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "丙", day: "2026-05-24")])
    fixture.day.move(to: "2027-04-11")
    #expect(try told() == ["penalty 2026-05-24", "publicationEnded 2027-04-10"])
    #expect(try told() == [])
    // Whom it is about stands in the log.
    #expect(
      try fixture.keeper.accesses(to: Self.body).filter { $0.action == .screen && $0.rows > 0 }.count >= 3)
    try fixture.platform.close()
  }

  /// A row reported again with the day of exit is told as left once, not by the change and by the day.
  @Test func whatAChangeToldIsNotToldByItsDay() throws {
    let fixture = try PlatformFixture(on: "2026-05-10")
    try fixture.enterAccounts()
    func report(_ exit: String) throws {
      try fixture.collect(
        "YZSX", from: PlatformFixture.market, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
        ["某公司,\(Self.body),失信被执行人,2,2026-01-01,\(exit)"])
    }
    try report("")
    let session = try fixture.session("clerk", .counter)
    let body = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let old = Identifier("600037341", as: .organizationCode)
    try fixture.withStore { _ = try $0.link(body, old, evidence: .registrationChange, by: "李某") }
    try session.watch(WatchList(id: "W", name: "监测", subjects: [body, old]))
    #expect(try session.events(of: "W").events.isEmpty)
    try report("2026-05-10")
    fixture.day.move(to: "2026-05-11")
    let found = try session.events(of: "W")
    #expect(found.events.map(\.kind) == [.listLeft])
    try session.confirmEvents(found.number, of: "W")
    fixture.day.move(to: "2026-05-20")
    #expect(try session.events(of: "W").events.isEmpty)
    try fixture.platform.close()
  }
}
