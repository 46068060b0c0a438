// Goal: what two readers without context found: ways around the policy, and walks through two state machines at once.
// Method: each test tells the story of what went wrong.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct BoundaryTests {
  private static let body = PlatformFixture.body
  private static let person = "130302199001010016"

  /// A decision that was withdrawn while its repair was asked for became public again; a repaired one did when an objection to it was decided.
  @Test func casesDoNotReopenWhatWasClosed() async throws {
    let fixture = try PlatformFixture(on: "2026-07-10")
    try fixture.enterAccounts()
    try fixture.collectPenalties(
      ["甲", "乙"].map { PlatformFixture.penalty(Self.body, $0, day: "2026-04-10") })
    let keys = ["甲", "乙"].map { "\(PlatformFixture.market)|\($0)" }
    let centre = try fixture.session("centre")
    for (number, key) in keys.enumerated() {
      try centre.applyForRepair(
        "R\(number)", of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
        commitment: PlatformFixture.letter
      )
      try centre.object(
        "O\(number)", of: Self.body, entry: "XZCF", key: key, claims: [.init(item: "CF_NR_FK", value: "0.2")],
        reason: "x")
      try centre.takeStep("R\(number)", .accept)
    }
    // Withdrawn first: the repair has nothing to repair.
    try centre.decideObjection("O0", .withdrawn, note: "撤销")
    #expect(Outcome.rule { try centre.takeStep("R0", .approve(nil)) } == .wrongState)
    // Repaired first: correcting would show it again.
    func screened() throws -> Screening {
      try fixture.withStore { try #require(try $0.snapshot().screen([PlatformFixture.body]).first) }
    }
    let before = try screened()
    #expect(before.repaired == 0)
    try centre.takeStep("R1", .approve(nil))
    // What is repaired speaks against nobody any more; it is there all the same.
    let after = try screened()
    #expect(after.repaired == 1 && after.records == before.records)
    let database = try CreditDatabase(opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    _ = try await database.compact()
    try database.close()
    #expect(try screened() == after)
    #expect(after.natures[.negative] ?? 0 == (before.natures[.negative] ?? 0) - 1)
    #expect(Outcome.rule { try centre.decideObjection("O1", .corrected, note: "属实") } == .wrongState)
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.body).isEmpty)
    #expect(try centre.decideObjection("O1", .upheld, note: "已修复").state == .upheld)
    #expect(
      Outcome.rule { try centre.object("O2", of: Self.body, entry: "XZCF", key: keys[1], reason: "x") }
        == .wrongState
    )
    // Withdrawn by other means after it was repaired: a broken commitment does not bring it back.
    try fixture.withStore {
      _ = try $0.withdraw(
        "XZCF", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: keys[1], reason: "撤销")
    }
    #expect(Outcome.rule { try centre.takeStep("R1", .breakCommitment("未履行")) } == .wrongState)
    #expect(try visitor.records(of: Self.body).isEmpty)
    try fixture.platform.close()
  }

  /// What the organ found between the application and its approval did not count.
  @Test func approvalAsksAgain() throws {
    let fixture = try PlatformFixture(on: "2026-07-10")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10")])
    let key = "\(PlatformFixture.market)|甲"
    let market = try fixture.session("market")
    try fixture.session("centre").applyForRepair(
      "1", of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    try market.takeStep("1", .accept)
    try market.note(
      BreachFinding(
        entry: "XZCF", key: key, breachClass: .serious, evidence: "认定书", unit: PlatformFixture.market),
      of: Self.body)
    #expect(Outcome.rule { try market.takeStep("1", .approve(nil)) } == .minimumPeriod)
    #expect(try market.takeStep("1", .refuseFalseMaterial("伪造凭证")).barredUntil?.description == "2029-07-10")
    try fixture.platform.close()
  }

  /// A number in the mark of a page ended the process; marks told how many records of a day are hidden.
  @Test func pagesAreWholeAndMarksTellNothing() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    var expected: Set<String> = []
    try fixture.collectPenalties(
      (0..<60).map { number in
        let isPerson = number % 3 == 0
        if !isPerson { expected.insert("\(number)") }
        return PlatformFixture.penalty(
          isPerson ? Self.person : Self.body, "\(number)", day: "2026-04-1\(number / 20)")
      })
    let visitor = try fixture.platform.session(.visitor)
    for limit in [1, 7, 1000] {
      var found: [String] = []
      var mark: String?
      var pages = 0
      repeat {
        let page = try visitor.publicList("XZCF", after: mark, limit: limit)
        found += page.records.compactMap { $0["CF_WSH"] }
        mark = page.next
        pages += 1
        if let mark, limit == 1 { #expect(mark.hasSuffix("+\((pages - 1) % 14 + 1)") || pages > 13) }
      } while mark != nil && pages < 100
      #expect(Set(found) == expected && found.count == expected.count)
    }
    for mark in [
      "2026-05-20+9223372036854775807", "2026-05-20+-1", "x", "2026-05-20", "+",
      "9999-12-31+99999999999999999999",
    ] {
      #expect(Outcome.code { try visitor.publicList("XZCF", after: mark) } == "invalidCursor", "\(mark)")
    }
    #expect(Outcome.rule { try visitor.publicList("XYD-YDXX") } == .entryNotGranted)
    try fixture.platform.close()
  }

  /// The key of a record without key items is a digest of all its values: of hidden ones it would tell whoever tries what they might be.
  @Test func digestsOfHiddenValuesAreNotShown() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let entry = CatalogueEntry(
      code: "KL", name: "无键", openness: .public, subject: ["CODE"],
      items: [
        CatalogueItem(id: "CODE", name: "代码", identifier: .any),
        CatalogueItem(id: "SECRET", name: "证件", openness: .authorized), CatalogueItem(id: "TEXT", name: "内容"),
      ])
    try fixture.withStore { _ = try $0.catalogue.publish(entry) }
    try fixture.collect(
      "KL", header: "CODE,SECRET,TEXT", ["\(Self.body),\(Self.person),a", "\(Self.body),,b"])
    let records = try fixture.platform.session(.visitor).records(of: Self.body)
    #expect(records.count == 2 && records.allSatisfy { $0.key == nil })
    #expect(try fixture.session("centre").records(of: Self.body).allSatisfy { $0.key?.count == 32 })
    try fixture.platform.close()
  }

  /// With two roles the wider one opened a person's report, and the other filled it.
  @Test func rolesAreNotMixed() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.person, "甲", day: "2026-04-10")])
    try fixture.keeper.publish([
      AccessRole(
        id: "both", name: "政务", audience: .government, actions: [.report, .query, .finance], scope: .all)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "bank", roles: ["bank", "both"])])
    try fixture.keeper.grant(
      Consent(
        id: "C", subject: Identifier(Self.person, as: .citizenIdentityNumber), grantee: PlatformFixture.bank,
        categories: ["honour"], purpose: "贷款", grantedOn: fixture.day.value, validUntil: fixture.day.value,
        channel: .paper, evidence: String(repeating: "0", count: 64)))
    let session = try fixture.session("bank", .interface, purpose: "贷款", consent: "C")
    let report = try session.report(ReportRequest(subject: Self.person, isIssued: true))
    #expect(report.content.sections.allSatisfy { $0.records.isEmpty })
    // Without the consent government may look, and has no report and no financing data.
    let other = try fixture.session("bank", .interface, purpose: "贷款")
    #expect(try other.records(of: Self.person).count == 1)
    #expect(Outcome.rule { try other.report(ReportRequest(subject: Self.person)) } == .authorityMissing)
    #expect(Outcome.rule { try other.financing(of: Self.person) } == .consentMissing)
    // Who names a consent that is over is refused, whatever other roles allow.
    try fixture.keeper.revokeConsent("C", reason: "撤回")
    #expect(Outcome.rule { try session.records(of: Self.person) } == .consentRevoked)
    // The report is still what it was.
    let number = try #require(report.number)
    let verified = try fixture.platform.session(.visitor).verifyReport(
      number: number, code: try #require(report.verificationCode))
    #expect(verified.isReproduced == true)
    let lines = try fixture.keeper.accesses(to: Self.person)
    #expect(lines.filter { $0.outcome == "allowed" && $0.account == "bank" }.map(\.consent) == ["C", nil])
    try fixture.platform.close()
  }

  /// A company's report asked for by government followed its link to the owner.
  @Test func linksDoNotOpenPeople() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.person, "人", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "企", day: "2026-04-10"),
    ])
    try fixture.withStore {
      _ = try $0.link(
        Identifier(Self.body, as: .unifiedSocialCreditCode),
        Identifier(Self.person, as: .citizenIdentityNumber),
        evidence: .registrationChange, by: "李某")
    }
    let report = try fixture.session("clerk", .counter).report(ReportRequest(subject: Self.body))
    #expect(report.content.sections.flatMap(\.records).count == 1)
    #expect(report.content.subject.identifiers == [Self.body])
    #expect(!ReportPage(report).html.contains("130302"))
    // Everybody: not from the company to the person, and not back where people are public.
    try fixture.collect(
      "YZSX", header: "YZSX_MC,YZSX_ZJHM,YZSX_MD,YZSX_WSH,YZSX_RQ", ["张三,\(Self.person),失信被执行人,1,2026-01-01"])
    try fixture.keeper.publish(PublicPolicy(personEntries: ["YZSX"]))
    let visitor = try fixture.platform.session(.visitor)
    #expect(try visitor.records(of: Self.person).map(\.subjectKind) == [.naturalPerson])
    #expect(try visitor.records(of: Self.body).map(\.subject) == [Self.body])
    #expect(try fixture.session("clerk").records(of: Self.body).map(\.subject) == [Self.body])
    #expect(try fixture.session("centre").records(of: Self.body).count == 3)
    // A role of the centre that reaches one entry does not open the others of a second role.
    try fixture.keeper.publish([
      AccessRole(
        id: "narrow", name: "窄", audience: .centre, actions: [.query], scope: .all, entries: ["YZSX"])
    ])
    try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: ["narrow", "counter"])])
    let seen = try fixture.session("clerk").records(of: Self.body)
    #expect(seen.filter { $0.subjectKind == .naturalPerson }.map(\.entry) == ["YZSX"] && seen.count == 2)
    // A company's consent is not its owner's.
    try fixture.keeper.grant(
      Consent(
        id: "C", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), grantee: PlatformFixture.bank,
        categories: ["administrative"], purpose: "贷款", grantedOn: fixture.day.value,
        validUntil: fixture.day.value, channel: .paper, evidence: String(repeating: "0", count: 64)))
    let bank = try fixture.session("bank", .interface, purpose: "贷款", consent: "C")
    #expect(try bank.records(of: Self.body).map(\.subject) == [Self.body])
    #expect(Outcome.rule { try bank.report(ReportRequest(subject: Self.person)) } == .consentMissing)
    // Who has nothing to do with a consent does not revoke it, nor learn that there is one.
    try fixture.keeper.publish([
      AccessRole(id: "counter", name: "窗口", audience: .government, actions: [.consent, .query], scope: .all)
    ])
    #expect(Outcome.code { try fixture.session("clerk").revokeConsent("C", reason: "x") } == "unknownConsent")
    // The person's own request has a number.
    let window = try fixture.platform.session(
      Caller(account: "window", portal: .counter, purpose: "本人", caseNumber: " "))
    #expect(Outcome.rule { try window.report(ReportRequest(subject: Self.person)) } == .authorityMissing)
    try fixture.platform.close()
  }

  /// Looking at the store for the public first hid most of it from the centre in the same process.
  @Test func audiencesDoNotShareWhatTheyMaySee() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    try fixture.collect(
      "XYD-YDXX", header: "YDXX_MC,YDXX_SHXYM,YDXX_YHBH,YDXX_NY,YDXX_ZDH,YDXX_DL",
      ["某,\(Self.body),1,2026-01,1,5"])
    func count(_ audience: Audience) throws -> Int {
      try fixture.platform.keeperSession(name: "t", purpose: "测试", audience: audience).records(of: Self.body)
        .count
    }
    #expect(
      try count(.everybody) == 0 && count(.centre) == 1 && count(.everybody) == 0 && count(.government) == 0)
    try fixture.platform.close()
  }

  @Test func periodsOfReportsAreChecked() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    let session = try fixture.session("clerk", .counter)
    for (from, until) in [("2026-05-20", "2026-05-19"), ("2026-01-01", "2026-05-21")] {
      #expect(
        Outcome.code {
          try session.report(ReportRequest(subject: Self.body, from: Day(from), until: Day(until)))
        }
          == "invalidPeriod")
    }
    try fixture.platform.close()
  }

  /// A file of the log that is not one does not keep the others out of the store.
  @Test func aStrangerAmongTheLogFilesHoldsNothingUp() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    _ = try fixture.session("clerk", .counter).records(of: Self.body)
    try Data("{}\n".utf8).write(to: URL(fileURLWithPath: fixture.path + "/log/a.jsonl"))
    try fixture.platform.log.seal()
    #expect(Outcome.code { try fixture.platform.foldLog() } == "logTampered")
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/log") == ["a.jsonl"])
    let found = try fixture.platform.verifyLog()
    #expect(found.faults.count == 1 && found.foldedFiles == 1)
    try fixture.platform.close()
  }
}
