// Goal: what a portal needs is there through sessions alone: names, conditions, figures, the catalogue, the past, what a unit reported, and signing in as oneself.
// Method: small stories; each right is shown from both sides. What must not come out at all is searched for in WaysOfReadingTests.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct PortalTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"
  private static let secret = "130302199001010016"

  private func filled() throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-11", facts: "当事人证件\(Self.secret)"),
      PlatformFixture.penalty(Self.body, "丙", day: "2026-04-12", categories: "警告"),
      PlatformFixture.penalty("92130303MA0000023W", "丁", day: "2026-05-01"),
      PlatformFixture.penalty(Self.person, "戊", day: "2026-05-02"),
    ])
    return fixture
  }

  @Test func namesAreFoundAsFarAsTheyAreSeen() throws {
    let fixture = try filled()
    let visitor = try fixture.platform.session(.visitor)
    let found = try visitor.find("某")
    #expect(Set(found.subjects.map(\.subject)) == [Self.body, "92130303MA0000023W"] && found.isComplete)
    #expect(found.subjects.allSatisfy { $0.name == "某公司" && $0.match == .prefix && $0.entries == ["XZCF"] })
    #expect(try visitor.find("张三").subjects.isEmpty)
    #expect(try fixture.session("clerk").find("张三").subjects.map(\.subject) == ["130302********0016"])
    #expect(try fixture.session("centre").find("张三").subjects.map(\.subject) == [Self.person])
    #expect(try !visitor.find("某", limit: 1).isComplete)
    #expect(Outcome.code { try visitor.find("某", limit: 0) } == "limit")
    // Whoever sees no record with the name under this identifier does not find it, a linked one notwithstanding.
    let identifier = Identifier(Self.body, as: .unifiedSocialCreditCode)
    try fixture.withStore {
      for number in ["甲", "乙", "丙"] {
        _ = try $0.correct(
          "XZCF", subject: identifier, key: "\(PlatformFixture.market)|\(number)", reason: "更名",
          changes: ["CF_XDR_MC": .text("新名公司")])
      }
    }
    #expect(try visitor.find("某").subjects.map(\.subject) == ["92130303MA0000023W"])
    #expect(try fixture.session("clerk").find("某公司").subjects.count == 1)
    let former = try fixture.session("centre").find("某公司").subjects
    #expect(former.map(\.isFormer) == [true, false] || former.map(\.isFormer) == [false, true])
    // A desk and a lender name the subject they read for.
    #expect(Outcome.rule { try fixture.session("window").find("某") } == .subjectMissing)
    #expect(Outcome.rule { try fixture.session("bank").find("某") } == .subjectMissing)
    // Who was found stands in the log.
    #expect(try fixture.keeper.accesses(to: Self.person).contains { $0.account == "clerk" })
    try fixture.platform.close()
  }

  @Test func conditionsAskOnlyForWhatIsSeen() throws {
    let fixture = try filled()
    let visitor = try fixture.platform.session(.visitor)
    let clerk = try fixture.session("clerk")
    func numbers(_ session: AccessSession, _ condition: String, order: [String] = []) throws -> [String?] {
      try session.records(matching: RecordQuestion(["XZCF"], where: condition, order: order)).records.map {
        $0["CF_WSH"]
      }
    }
    #expect(try numbers(visitor, "CF_JDRQ >= 2026-04-01", order: ["-CF_JDRQ"]) == ["丁", "乙", "甲"])
    #expect(try numbers(clerk, "CF_CFLB contains '警告'") == ["丙"])
    #expect(Outcome.rule { try numbers(clerk, "CF_XDR_ZJHM = '\(Self.person)'") } == .itemNotGranted)
    // Everybody gets the answer for an item that is not there.
    for item in ["CF_XDR_ZJHM", "NONE"] {
      #expect(Outcome.code { try numbers(visitor, "CF_WSH is null", order: [item]) } == "unknownItem")
    }
    // A masked number is not found out digit by digit.
    #expect(try numbers(clerk, "CF_SY contains '当事人证件'") == ["乙"])
    for guess in ["13030219900", "19900101", "1990", "021", "0"] {
      #expect(try numbers(clerk, "CF_SY contains '\(guess)'") == [], "\(guess)")
      #expect(try numbers(fixture.session("centre"), "CF_SY contains '\(guess)'") == ["乙"])
      let figures = try figure(fixture, "CF_SY contains '\(guess)'")
      #expect(figures.rows.map(\.measures) == [["0"]])
    }
    #expect(Outcome.rule { try visitor.records(matching: RecordQuestion(["XYD-YDXX"])) } == .entryNotGranted)
    #expect(Outcome.code { try numbers(visitor, "CF_WSH ==") } == "invalidFilter")
    #expect(Outcome.code { try numbers(visitor, "NONE = 'x'") } == "unknownItem")
    try fixture.platform.close()
  }

  private func figure(_ fixture: PlatformFixture, _ condition: String) throws -> Figures {
    try fixture.keeper.publish([
      AccessRole(id: "figures", name: "统计", audience: .government, actions: [.statistics], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["figures"])])
    return try fixture.session("nobody").figures(FigureQuestion(["XZCF"], where: condition))
  }

  @Test func pagesCoverAllAndNothingTwice() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties(
      (0..<120).map {
        PlatformFixture.penalty(Self.body, "\($0)", day: "2026-05-\($0 % 20 < 9 ? "0" : "")\($0 % 20 + 1)")
      })
    let visitor = try fixture.platform.session(.visitor)
    let question = RecordQuestion(["XZCF"], order: ["CF_JDRQ"], limit: 50)
    var seen: [String?] = []
    var mark: String?
    repeat {
      let page = try visitor.records(matching: question, after: mark)
      seen += page.records.map { $0["CF_WSH"] }
      mark = page.next
    } while mark != nil
    #expect(seen.count == 120 && Set(seen).count == 120)
    var pieces: [String?] = []
    try visitor.forEachPage(of: question) { piece in
      pieces += piece.map { $0["CF_WSH"] }
      return true
    }
    #expect(pieces == seen)
    // A role that asks about few subjects at once gets as many records, and no pieces.
    #expect(try fixture.session("clerk").records(matching: question).records.count == 3)
    #expect(
      Outcome.rule { try fixture.session("clerk").forEachPage(of: question) { _ in true } }
        == .tooManySubjects)
    // What changed since the first piece is left out of the later ones.
    var left = 0
    var small = question
    small.limit = 5
    try visitor.forEachPage(of: small) { piece in
      if left == 0 {
        _ = try fixture.withStore {
          try $0.withdraw(
            "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode),
            key: "\(PlatformFixture.market)|\(seen[119] ?? "")", reason: "撤销")
        }
      }
      left += piece.count
      return true
    }
    #expect(left == 119)
    for mark in ["0", "-1", "x", "10001"] {
      #expect(Outcome.code { try visitor.records(matching: question, after: mark) } == "invalidCursor")
    }
    try fixture.platform.close()
  }

  @Test func figuresAreInTheFormOfTheStore() throws {
    let fixture = try filled()
    let centre = try fixture.session("centre")
    let question = FigureQuestion(
      ["XZCF"], groupedBy: ["quarter(CF_JDRQ)", "$subjectKind", "$division"],
      measures: ["count", "sum:CF_NR_FK", "avg:CF_NR_FK", "min:CF_WSH", "max:CF_JDRQ", "distinct:CF_CFLB"])
    for recordByRecord in [false, true] {
      let figures = try centre.perform(.statistics) { reading, _ in
        try Figuring(question, reading).figures(recordByRecord: recordByRecord)
      }
      #expect(figures.role == "centre")
      #expect(
        figures.rows == [
          .init(
            group: ["2026-Q2", "legalPerson", "130321"],
            measures: ["3", "0.2", "0.1000000000", "丙", "2026-04-12", "2"]),
          .init(
            group: ["2026-Q2", "naturalPerson", "130302"],
            measures: ["1", "0.1", "0.1000000000", "戊", "2026-05-02", "1"]),
          .init(
            group: ["2026-Q2", "soleTrader", "130303"],
            measures: ["1", "0.1", "0.1000000000", "丁", "2026-05-01", "1"]),
        ], "\(figures.rows)")
    }
    // A unit counts what it reported; what was repaired since it still does, others do not.
    try fixture.keeper.publish([
      AccessRole(id: "all", name: "共享", audience: .government, actions: [.statistics], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["all"])])
    _ = try fixture.withStore {
      try $0.repair(
        "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode),
        key: "\(PlatformFixture.market)|甲", reason: "修复")
    }
    func count(_ account: String) throws -> [String?] {
      try fixture.session(account).figures(FigureQuestion(["XZCF"])).rows.flatMap(\.measures)
    }
    #expect(try count("nobody") == ["4"] && count("centre") == ["5"])
    #expect(
      Outcome.code { try centre.figures(FigureQuestion(["XZCF"], measures: ["sum:CF_WSH"])) }
        == "typeMismatch")
    #expect(
      Outcome.code { try centre.figures(FigureQuestion(["XZCF"], measures: ["median:X"])) }
        == "invalidMeasure")
    // Alike for everybody, whose records are looked at one by one.
    try fixture.keeper.publish([
      AccessRole(
        id: "$public", name: "公众", audience: .everybody, actions: [.query, .statistics], scope: .all)
    ])
    let visitor = try fixture.platform.session(.visitor)
    #expect(
      Outcome.code { try visitor.figures(FigureQuestion(["XZCF"], measures: ["sum:CF_WSH"])) }
        == "typeMismatch")
    #expect(
      Outcome.code { try visitor.figures(FigureQuestion(["XZCF"], measures: ["sum:NOPE"])) } == "unknownItem")
    #expect(
      Outcome.code {
        try visitor.figures(FigureQuestion(["XZCF"], groupedBy: (0..<40).map { _ in "CF_WSH" }))
      } == "limit")
    // Figures that count what is not public are for units.
    #expect(Outcome.rule { try visitor.measureUse() } == .actionNotGranted)
    #expect(
      Outcome.rule { try visitor.publicityStatement(of: fixture.day.value.month) } == .actionNotGranted)
    try fixture.platform.close()
  }

  @Test func theCatalogueShowsWhatMayBeAskedFor() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let visitor = try fixture.platform.session(.visitor)
    let clerk = try fixture.session("clerk")
    let open = try visitor.catalogue(limit: 1000)
    let all = try clerk.catalogue(limit: 1000)
    #expect(open.entries.allSatisfy { $0.openness == .public } && open.total < all.total && open.total > 10)
    #expect(try visitor.catalogue(CatalogueQuery(text: "行政处罚")).entries.map(\.code).contains("XZCF"))
    #expect(try !visitor.catalogueEntry("XZCF").items.map(\.id).contains("CF_XDR_ZJHM"))
    #expect(try clerk.catalogueEntry("XZCF").items.map(\.id).contains("CF_XDR_ZJHM"))
    // What a visitor makes up stands in no line of the log.
    for code in ["a b", "", "130302199001010016", String(repeating: "x", count: 1000)] {
      #expect(Outcome.rule { try visitor.catalogueEntry(code) } == .entryNotGranted)
    }
    try fixture.platform.log.seal()
    _ = try fixture.platform.foldLog()
    #expect(try fixture.platform.verifyLog().isSound)
    for code in ["XYD-YDXX", "NONE"] {
      #expect(Outcome.rule { try visitor.catalogueEntry(code) } == .entryNotGranted)
    }
    try fixture.platform.close()
  }

  @Test func thePastIsForThoseItConcerns() throws {
    let fixture = try filled()
    let identifier = Identifier(Self.body, as: .unifiedSocialCreditCode)
    let key = "\(PlatformFixture.market)|甲"
    let before = fixture.platform.database.snapshot().commit
    try fixture.withStore {
      _ = try $0.correct(
        "XZCF", subject: identifier, key: key, reason: "更正", changes: ["CF_SY": .text("新事实")])
      _ = try $0.withdraw("XZCF", subject: identifier, key: key, reason: "撤销")
    }
    func states(_ account: String) throws -> [String] {
      try fixture.session(account).history(of: Self.body, entry: "XZCF", key: key).map(\.record.state)
    }
    for account in ["centre", "market", "window"] {
      #expect(try states(account) == ["loaded", "corrected", "withdrawn"], "\(account)")
    }
    // The market regulator's clerk of another role reaches its own unit's records too; a unit that reported nothing does not.
    try fixture.keeper.assign([RoleAssignment(account: "bank", roles: ["counter"])])
    #expect(try states("bank") == [])
    let centre = try fixture.session("centre")
    let then = try centre.records(of: Self.body, asOf: .commit(before))
    #expect(then.map { $0["CF_WSH"] } == ["甲", "乙", "丙"] && then[0]["CF_SY"] == "占道经营")
    let none = try centre.records(of: Self.body, asOf: .instant(Date(timeIntervalSince1970: 0)))
    #expect(none.isEmpty)
    #expect(try centre.records(of: Self.body).count == 2)
    let visitor = try fixture.platform.session(.visitor)
    #expect(Outcome.rule { try visitor.history(of: Self.body, entry: "XZCF") } == .actionNotGranted)
    #expect(Outcome.rule { try visitor.records(of: Self.body, asOf: .commit(before)) } == .actionNotGranted)
    try fixture.platform.close()
  }

  /// The story: an item that the catalogue masks by now was shown in full by whoever asked for the state of a day before that.
  @Test func thePastIsMaskedByThePresentToo() throws {
    let fixture = try filled()
    try fixture.keeper.publish([
      AccessRole(id: "reader", name: "查阅", audience: .centre, actions: [.query], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: ["reader"])])
    let clerk = try fixture.session("clerk")
    let before = fixture.platform.database.snapshot().commit
    func facts(_ records: [ShownRecord]) -> String? { records.first { $0["CF_WSH"] == "甲" }?["CF_SY"] }
    #expect(facts(try clerk.records(of: Self.body, asOf: .commit(before))) == "占道经营")
    func publish(_ mask: [Int]?) throws {
      var entry = try fixture.platform.database.snapshot().entry("XZCF")
      let place = try #require(entry.itemIndex("CF_SY"))
      entry.items[place].mask = mask
      entry.version += 1
      _ = try fixture.withStore { try $0.catalogue.publish([entry]) }
    }
    try publish([1, 2])
    #expect(facts(try clerk.records(of: Self.body)) == "占*经营")
    #expect(facts(try clerk.records(of: Self.body, asOf: .commit(before))) == "占*经营")
    let masked = fixture.platform.database.snapshot().commit
    // Of two masks the one that shows less counts at each end; a mask that is gone still counts for the time it was there.
    try publish([2, 1])
    #expect(facts(try clerk.records(of: Self.body, asOf: .commit(masked))) == "占**营")
    try publish(nil)
    #expect(facts(try clerk.records(of: Self.body)) == "占道经营")
    #expect(facts(try clerk.records(of: Self.body, asOf: .commit(masked))) == "占*经营")
    try fixture.platform.close()
  }

  @Test func unitsSeeWhatBecameOfTheirReports() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.keeper.publish([
      AccessRole(id: "report", name: "报送", audience: .government, actions: [.collect], scope: .ownUnit),
      AccessRole(
        id: "above", name: "上级", audience: .government, actions: [.collect], scope: .subordinateUnits),
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "market", roles: ["report"]),
      RoleAssignment(account: "nobody", roles: ["report"]),
      RoleAssignment(account: "window", roles: ["above"]),
    ])
    let text =
      PlatformFixture.penaltyHeader + "\n"
      + PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10") + "\n"
      + PlatformFixture.penalty(Self.person, "乙", day: "2026-13-45") + "\n"
    let file = try fixture.folder.write("五月.csv", Data(text.utf8))
    let market = try fixture.session("market")
    let receipt = try market.collect(file, for: "XZCF")
    #expect(receipt.loaded == 1 && receipt.questionable == 1)
    let batches = try market.batches()
    #expect(batches.map(\.batch) == [receipt.batch] && batches[0].waiting == 1)
    let rejects = try market.rejects(ofBatch: receipt.batch)
    #expect(rejects.map(\.row) == [2] && rejects[0].state == "questionable")
    #expect(
      rejects[0].raw?.contains("130302********0016") == true && rejects[0].raw?.contains(Self.person) == false
    )
    let other = try fixture.session("nobody")
    #expect(try other.batches().isEmpty)
    for batch in [receipt.batch, 99] {
      #expect(Outcome.code { try other.rejects(ofBatch: batch) } == "unknownBatch")
    }
    #expect(try fixture.session("centre").batches(entry: "XZCF").count == 1)
    // The row was sent again elsewhere: its unit closes it, nobody else does.
    #expect(Outcome.code { try other.closeRejects(ofBatch: receipt.batch, reason: "x") } == "unknownBatch")
    #expect(Outcome.code { try market.closeRejects(ofBatch: receipt.batch, reason: " ") } == "reasonMissing")
    let above = try fixture.session("window")
    #expect(try above.rejects(ofBatch: receipt.batch).count == 1)
    #expect(Outcome.rule { try above.closeRejects(ofBatch: receipt.batch, reason: "x") } == .notCompetent)
    #expect(try market.closeRejects(ofBatch: receipt.batch, rows: [2], reason: "五月二十日重报") == 1)
    #expect(try market.rejects(ofBatch: receipt.batch).isEmpty && market.batches()[0].state == .complete)
    // What is due, and that there was nothing.
    try fixture.withStore {
      _ = try $0.publish([
        CollectionTask(
          unit: PlatformFixture.market, entry: "XZXK", cycle: .monthly, dueDays: 10,
          from: try #require(Day("2026-04-01")))
      ])
    }
    #expect(try market.tasks().map(\.period) == ["2026-04", "2026-05"])
    #expect(try market.tasks(states: [.overdue]).map(\.period) == ["2026-04"])
    _ = try market.reportNothing(for: "XZXK", period: "2026-04")
    // The store notes the day by the clock.
    fixture.day.move(to: CreditDatabase.today().description)
    #expect(try market.tasks().first { $0.period == "2026-04" }?.state == .late)
    #expect(try other.tasks().isEmpty)
    try fixture.platform.close()
  }

  @Test func whoSignsInAsASubjectReadsItsOwn() throws {
    let fixture = try filled()
    func own(_ text: String, _ kind: IdentifierKind) throws -> AccessSession {
      try fixture.platform.session(
        Caller(account: nil, portal: .website, purpose: "本人查询", subject: Identifier(text, as: kind)))
    }
    let person = try own(Self.person, .citizenIdentityNumber)
    let company = try own(Self.body, .unifiedSocialCreditCode)
    #expect(try person.records(of: Self.person).map { $0["CF_WSH"] } == ["戊"])
    #expect(Outcome.rule { try person.records(of: Self.body) } == .notOwnSubject)
    #expect(Outcome.rule { try company.report(ReportRequest(subject: Self.person)) } == .notOwnSubject)
    #expect(try person.report(ReportRequest(subject: Self.person)).content.audience == .subject)
    // Nothing about others where no subject is named.
    #expect(Outcome.rule { try person.publicList("XZCF") } == .subjectMissing)
    #expect(Outcome.rule { try person.records(matching: RecordQuestion(["XZCF"])) } == .subjectMissing)
    #expect(Outcome.rule { try person.find("某公司") } == .subjectMissing)
    #expect(Outcome.rule { try person.use() } == .subjectMissing)
    #expect(
      Outcome.rule {
        try fixture.platform.session(
          Caller(
            account: "clerk", portal: .government, purpose: "x",
            subject: Identifier(Self.body, as: .unifiedSocialCreditCode)))
      } == .notOwnSubject)
    // Who looked, without the names of those at the desk.
    _ = try fixture.session("clerk").records(of: Self.person)
    let looked = try person.accesses(to: Self.person)
    #expect(looked.contains { $0.unit == PlatformFixture.market } && looked.allSatisfy { $0.account == nil })
    // What is its to hand in.
    let key = "\(PlatformFixture.market)|甲"
    #expect(try company.object("O1", of: Self.body, entry: "XZCF", key: key, reason: "有误").state == .open)
    #expect(
      Outcome.rule { try company.object("O2", of: Self.person, entry: "XZCF", key: key, reason: "x") }
        == .notOwnSubject)
    #expect(try company.objections(of: Self.body).map(\.id) == ["O1"])
    let consent = Consent(
      id: "C", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), grantee: PlatformFixture.bank,
      categories: ["administrative"], purpose: "贷款", grantedOn: fixture.day.value,
      validUntil: fixture.day.value, channel: .online, evidence: String(repeating: "0", count: 64))
    try company.grant(consent)
    #expect(try company.consents(of: Self.body).map(\.id) == ["C"])
    #expect(Outcome.code { try person.revokeConsent("C", reason: "x") } == "unknownConsent")
    try company.revokeConsent("C", reason: "不再需要")
    // From the person to its company, and not back.
    try fixture.withStore {
      _ = try $0.link(
        Identifier(Self.person, as: .citizenIdentityNumber),
        Identifier(Self.body, as: .unifiedSocialCreditCode),
        evidence: .registrationChange, by: "李某")
    }
    #expect(try person.records(of: Self.body).count == 3)
    #expect(try company.records(of: Self.body).count == 3)
    #expect(Outcome.rule { try company.records(of: Self.person) } == .notOwnSubject)
    // A desk says for which case it reads.
    let desk = try fixture.platform.session(Caller(account: "window", portal: .counter, purpose: "本人"))
    #expect(Outcome.rule { try desk.records(of: Self.body) } == .authorityMissing)
    try fixture.platform.close()
  }

  @Test func theCitySaysWhatTheWebsiteMay() throws {
    let fixture = try filled()
    let visitor = try fixture.platform.session(.visitor)
    #expect(Outcome.rule { try visitor.report(ReportRequest(subject: Self.body)) } == .actionNotGranted)
    var role = AccessRole(
      id: "$public", name: "公众", audience: .everybody, actions: [.query, .report, .statistics], scope: .all)
    try fixture.keeper.publish([role])
    #expect(
      try visitor.report(ReportRequest(subject: Self.body, isIssued: true)).content.audience == .everybody)
    #expect(Outcome.rule { try visitor.report(ReportRequest(subject: Self.person)) } == .authorityMissing)
    // Of penalties everybody may count those that are public.
    #expect(try visitor.figures(FigureQuestion(["XZCF"])).rows.map(\.measures) == [["3"]])
    for change in [
      { $0.isUnmasked = true }, { $0.audience = .government }, { $0.actions = [.audit] },
      { $0.id = "$keeper" }, { $0.scope = nil },
    ] as [(inout AccessRole) -> Void] {
      var wrong = role
      change(&wrong)
      #expect(Outcome.code { try fixture.keeper.publish([wrong]) } == "invalidRole", "\(wrong)")
    }
    #expect(
      Outcome.code { try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["$public"])]) }
        == "unknownRole")
    role.actions = [.query]
    try fixture.keeper.publish([role])
    #expect(Outcome.rule { try visitor.report(ReportRequest(subject: Self.body)) } == .actionNotGranted)
    try fixture.platform.close()
  }
}
