// Goal: a commitment is accepted, found kept or broken, made good or withdrawn; its record says so and no more; who broke one in place of proof brings proof.
// Method: small stories through the sessions that services have; records are read from the store below.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct CommitmentTests {
  private static let body = PlatformFixture.body
  private let today = Day("2026-05-20") ?? .epoch

  private func letter(
    _ number: Int, _ kind: CommitmentLetter.Kind = .missingMaterial, of subject: String = body,
    performBy: String? = nil, publication: CommitmentLetter.Publication = .limited, repairCase: String? = nil
  ) -> CommitmentLetter {
    CommitmentLetter(
      id: "1303022026052000000\(number)", subject: Identifier(detecting: subject, on: today), name: "某公司",
      kind: kind, matter: "食品经营许可", content: "补交130302199001010016的场所证明", liability: "撤销许可",
      performBy: performBy.flatMap { Day($0) }, acceptanceUnit: PlatformFixture.market,
      publication: publication, document: PlatformFixture.letter, repairCase: repairCase)
  }

  /// A platform with the entry of commitments; `asksStatus` as the national standard has it.
  private func fixture(asksStatus: Bool = true) throws -> PlatformFixture {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    if !asksStatus {
      try fixture.withStore { database in
        var entry = try database.catalogue.entry("K08-XYCN").entry
        for place in entry.items.indices where entry.items[place].id == "fulfillmentStatus" {
          entry.items[place].required = false
        }
        entry.version += 1
        try database.catalogue.publish([entry])
      }
    }
    return fixture
  }

  private func records(_ fixture: PlatformFixture, of subject: String = body) throws -> [[String: String]] {
    try fixture.withStore { database in
      try database.snapshot().records(of: Identifier(detecting: subject, on: today), entry: "K08-XYCN").map {
        record in
        var texts: [String: String] = ["state": record.state.name]
        for (item, value) in zip(record.entry.items, record.values) { texts[item.id] = value?.canonicalText }
        texts["unit"] = try database.snapshot().unit(of: record)
        return texts
      }
    }
  }

  @Test func nobodyIsSaidToHaveBrokenWhatNobodyLookedAt() throws {
    let fixture = try fixture()
    let market = try fixture.session("market")
    let made = try market.commit(letter(1, performBy: "2026-06-10"))
    #expect(made.state == .made && !made.hasRecord)
    #expect(try records(fixture).isEmpty, "the standard asks for a status, and there is none yet")
    #expect(Outcome.code { try market.commit(letter(1)) } == "alreadyExists")
    #expect(try market.overdueCommitments().isEmpty)
    fixture.day.move(to: "2026-06-11")
    #expect(try market.overdueCommitments().map(\.id) == [made.id])
    let extended = try market.takeStep(
      ofCommitment: made.id, .extend(try #require(Day("2026-06-30")), "场所在装修"))
    #expect(extended.performBy == Day("2026-06-30"))
    #expect(try market.overdueCommitments().isEmpty)
    // Found in part, then whole: one record, two versions.
    _ = try market.takeStep(ofCommitment: made.id, .keepPartly(unkept: "证明未盖章", consequence: "责令补正"))
    var record = try #require(try records(fixture).first)
    #expect(record["fulfillmentStatus"] == "部分履行" && record["unperformedCommitmentContent"] == "证明未盖章")
    #expect(record["commitmentDate"] == "2026-05-20" && record["fulfillmentStatusDate"] == "2026-06-11")
    #expect(record["unit"] == PlatformFixture.market && record["acceptanceUnit"] == "海港区市场监督管理局")
    #expect(record["commitmentTypeId"] == "2" && record["publicationType"] == "2")
    let kept = try market.takeStep(ofCommitment: made.id, .keep(nil))
    #expect(kept.state == .kept && kept.steps.map(\.step) == ["made", "extended", "partlyKept", "kept"])
    record = try #require(try records(fixture).first)
    #expect(record["fulfillmentStatus"] == "全部履行" && record["unperformedCommitmentContent"] == nil)
    #expect(record["state"] == "corrected")
    #expect(Outcome.rule { try market.takeStep(ofCommitment: made.id, .remedy("x")) } == .wrongState)
    #expect(Outcome.code { try market.takeStep(ofCommitment: made.id, .withdraw(" ")) } == "reasonMissing")
    try fixture.platform.close()
  }

  @Test func whereTheEntryDoesNotAskTheRecordStandsFromTheFirstDay() throws {
    let fixture = try fixture(asksStatus: false)
    let market = try fixture.session("market")
    let made = try market.commit(letter(1))
    #expect(made.hasRecord)
    #expect(try records(fixture).first?["fulfillmentStatus"] == nil)
    #expect(try records(fixture).count == 1)
    // Entered by a form: the receipt of a batch of one, by hand.
    let batches = try fixture.withStore { database in
      try database.snapshot().batches().filter { $0.entry == "K08-XYCN" }
    }
    #expect(batches.map(\.channel) == [.manual] && batches.map(\.loaded) == [1])
    _ = try market.takeStep(ofCommitment: made.id, .withdraw("录入有误"))
    #expect(try records(fixture).isEmpty)
    #expect(Outcome.rule { try market.takeStep(ofCommitment: made.id, .keep(nil)) } == .wrongState)
    // Withdrawn by other means: a finding does not bring it back.
    let other = try market.commit(letter(2))
    try fixture.withStore {
      _ = try $0.withdraw(
        "K08-XYCN", subject: Identifier(Self.body, as: .unifiedSocialCreditCode), key: other.id, reason: "误录")
    }
    #expect(Outcome.rule { try market.takeStep(ofCommitment: other.id, .keep(nil)) } == .wrongState)
    #expect(try records(fixture).isEmpty)
    #expect(try market.takeStep(ofCommitment: other.id, .withdraw("误录")).state == .withdrawn)
    // The same number, once collected from the unit's own file, is the record of the commitment.
    try fixture.collect(
      "K08-XYCN", from: PlatformFixture.market,
      header:
        "code,subjectName,subjectCategory,identify,commitmentTypeId,reason,content,liabilityBreachCommitment,commitmentDate,acceptanceUnit,acceptanceUnitIdentify,publicationType",
      [
        "13030220260520000003,某公司,法人及非法人组织,\(Self.body),2,甲,乙,丙,2026-05-20,海港区市场监督管理局,\(PlatformFixture.market),2"
      ])
    #expect(try market.commit(letter(3)).hasRecord)
    #expect(try records(fixture).filter { $0["code"] == letter(3).id }.map { $0["content"] } == ["乙"])
    _ = try market.takeStep(ofCommitment: letter(3).id, .keep(nil))
    #expect(
      try records(fixture).filter { $0["code"] == letter(3).id }.map { $0["fulfillmentStatus"] } == ["全部履行"])
    #expect(Outcome.code { try market.takeStep(ofCommitment: letter(4).id, .keep(nil)) } == "unknownCase")
    try fixture.platform.close()
  }

  @Test func whoBrokeOneBringsProofUntilItIsMadeGood() throws {
    let fixture = try fixture()
    let market = try fixture.session("market")
    let first = try market.commit(letter(1, .approval))
    _ = try market.takeStep(ofCommitment: first.id, .keep(nil))
    // Found later.
    let broken = try market.takeStep(
      ofCommitment: first.id, .breach(unkept: "场所不符合要求", consequence: "撤销许可"))
    #expect(broken.state == .broken)
    #expect(try records(fixture).first?["fulfillmentStatus"] == "全部未履行")
    for kind in [CommitmentLetter.Kind.approval, .missingMaterial, .certificate] {
      #expect(Outcome.rule { try market.commit(letter(2, kind)) } == .barred, "\(kind)")
    }
    // What stands for no proof may be committed to.
    _ = try market.commit(letter(3, .voluntary))
    let remedied = try market.takeStep(ofCommitment: first.id, .remedy("重新验收合格"))
    #expect(remedied.state == .remedied)
    let record = try #require(try records(fixture).first { $0["code"] == first.id })
    #expect(record["fulfillmentStatus"] == "全部未履行" && record["remarks"] == "违诺后已纠正：重新验收合格")
    _ = try market.commit(letter(2, .approval))
    try fixture.platform.close()
  }

  @Test func aBrokenCommitmentForRepairShowsTheRecordAgain() throws {
    let fixture = try fixture()
    try fixture.collectPenalties([PlatformFixture.penalty(Self.body, "甲", day: "2026-01-10")])
    let market = try fixture.session("market")
    func penalty() throws -> CreditRecord {
      try fixture.withStore { database in
        try #require(
          try database.snapshot().records(
            of: Self.body, entry: "XZCF", versions: .currentAndWithdrawn
          ).first)
      }
    }
    let key = try penalty().key
    #expect(Outcome.code { try market.commit(letter(1, .creditRepair, repairCase: "R1")) } == "unknownCase")
    #expect(Outcome.code { try market.commit(letter(1, .creditRepair)) } == "invalidCommitment")
    try market.applyForRepair(
      "R1", of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
      commitment: PlatformFixture.letter)
    let made = try market.commit(letter(1, .creditRepair, repairCase: "R1"))
    _ = try market.takeStep("R1", .accept)
    _ = try market.takeStep("R1", .approve(nil))
    #expect(try penalty().state == .repaired)
    // Another unit may not find anything, and nothing changes by trying.
    let bank = try fixture.session("clerk", .counter)
    #expect(
      Outcome.rule {
        try bank.takeStep(ofCommitment: made.id, .breach(unkept: "x", consequence: "y"))
      } == .actionNotGranted)
    #expect(try penalty().state == .repaired)
    #expect(
      Outcome.code { try market.takeStep(ofCommitment: made.id, .breach(unkept: " ", consequence: "y")) }
        == "reasonMissing")
    #expect(try penalty().state == .repaired)
    _ = try market.takeStep(ofCommitment: made.id, .breach(unkept: "再次违法", consequence: "恢复公示"))
    #expect(try penalty().state == .reinstated)
    let application = try #require(try market.repairs(of: Self.body).first)
    #expect(application.state == .reinstated && application.barredUntil != nil)
    // Taken twice it is refused, and reinstates nothing twice.
    #expect(
      Outcome.rule { try market.takeStep(ofCommitment: made.id, .breach(unkept: "x", consequence: "y")) }
        == .wrongState)
    try fixture.platform.close()
  }

  @Test func commitmentsAreSeenAsTheyWerePublished() throws {
    let fixture = try fixture()
    let market = try fixture.session("market")
    _ = try market.commit(letter(1, publication: .everybody))
    _ = try market.commit(letter(2, publication: .limited))
    _ = try market.commit(letter(3, publication: .nobody))
    _ = try market.commit(letter(4, of: "130302199001010016", publication: .everybody))
    let withdrawn = try market.commit(letter(5, publication: .everybody))
    _ = try market.takeStep(ofCommitment: withdrawn.id, .withdraw("录入有误"))
    func seen(_ session: AccessSession, _ subject: String = Self.body) throws -> [String] {
      try session.commitments(of: subject).map { String($0.id.suffix(1)) }
    }
    let visitor = try fixture.platform.session(.visitor)
    // The entry is open to government alone.
    #expect(try seen(visitor).isEmpty)
    try fixture.withStore { database in
      var entry = try database.catalogue.entry("K08-XYCN").entry
      entry.openness = .public
      entry.version += 1
      try database.catalogue.publish([entry])
    }
    #expect(try seen(visitor) == ["1"])
    #expect(try seen(visitor, "130302199001010016").isEmpty)
    // The counter of another unit.
    try fixture.keeper.assign([RoleAssignment(account: "nobody", roles: ["counter"])])
    let clerk = try fixture.session("nobody", .counter)
    #expect(try seen(clerk) == ["1", "2"])
    #expect(try seen(clerk, "130302199001010016") == ["4"])
    #expect(try seen(market) == ["1", "2", "3", "5"])
    #expect(Outcome.rule { try seen(fixture.session("bank", .government)) } == .consentMissing)
    // A person's company is nobody's business.
    try fixture.withStore { database in
      _ = try database.link(
        Identifier(Self.body, as: .unifiedSocialCreditCode),
        Identifier(detecting: "130302199001010016", on: today), evidence: .manual, note: "法人", by: "test")
    }
    #expect(try seen(visitor, "130302199001010016").isEmpty)
    #expect(try seen(clerk) == ["1", "2"])
    // Numbers in texts are masked, and what units said to each other is theirs.
    let shown = try #require(try visitor.commitments(of: Self.body).first)
    #expect(shown.letter.content == "补交130302********0016的场所证明" && shown.steps.isEmpty)
    let person = try #require(
      try clerk.commitments(of: "130302199001010016").first {
        $0.letter.subject.kind == .citizenIdentityNumber
      })
    #expect(person.letter.subject.text == "130302********0016")
    #expect(try market.commitments(of: Self.body)[0].letter.content.contains("199001010016"))
    // A counter may not enter commitments that another unit accepts.
    #expect(Outcome.rule { try clerk.commit(letter(6)) } == .actionNotGranted)
    var others = letter(7)
    others.acceptanceUnit = PlatformFixture.bank
    #expect(Outcome.rule { try market.commit(others) } == .notCompetent)
    try fixture.platform.close()
  }

  @Test(arguments: [true, false]) func whatTheEntryRefusesIsRefusedWhole(_ asksStatus: Bool) throws {
    let fixture = try fixture(asksStatus: asksStatus)
    let market = try fixture.session("market")
    var wrong = letter(1)
    wrong.content = String(repeating: "长", count: 5000)
    #expect(Outcome.code { try market.commit(wrong) } == "ruleFailed")
    #expect(try market.commitments(of: Self.body).isEmpty && records(fixture).isEmpty)
    wrong = letter(1)
    wrong.subject = Identifier("91130302MA0000015X", as: .unifiedSocialCreditCode)
    #expect(Outcome.code { try market.commit(wrong) } == "ruleFailed")
    for change: (inout CommitmentLetter) -> Void in [
      { $0.id = "a" }, { $0.name = " " }, { $0.performBy = Day("2026-05-19") },
      { $0.validUntil = Day("2026-05-19") }, { $0.document.sha256 = "x" }, { $0.repairCase = "R1" },
    ] {
      var bad = letter(1)
      change(&bad)
      #expect(Outcome.code { try market.commit(bad) } == "invalidCommitment")
    }
    // Under another kind it would stand under another number than its record.
    wrong = letter(1)
    wrong.subject = Identifier(Self.body, as: .document)
    #expect(Outcome.code { try market.commit(wrong) } == "invalidIdentifier")
    // In small letters it is the same.
    var small = letter(1)
    small.subject = try JSONDecoder().decode(
      Identifier.self,
      from: JSONEncoder().encode(["kind": "unifiedSocialCreditCode", "text": Self.body.lowercased()]))
    #expect(try market.commit(small).letter.subject.text == Self.body)
    #expect(try market.commitments(of: Self.body).count == 1)
    try fixture.platform.close()
  }

  @Test func aRepairIsNotApprovedOnABrokenCommitment() throws {
    let fixture = try fixture()
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-01-10"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-01-11"),
    ])
    let market = try fixture.session("market")
    let keys = try fixture.withStore { database in
      try database.snapshot().records(of: Self.body, entry: "XZCF").map(\.key)
    }
    try #require(keys.count == 2)
    for (number, key) in zip(["R1", "R2"], keys) {
      try market.applyForRepair(
        number, of: Self.body, entry: "XZCF", key: key, materials: [PlatformFixture.proof],
        commitment: PlatformFixture.letter)
      _ = try market.takeStep(number, .accept)
    }
    let made = try market.commit(letter(1, .creditRepair, repairCase: "R1"))
    let other = try market.commit(letter(2, .creditRepair, repairCase: "R2"))
    _ = try market.takeStep("R1", .approve(nil))
    // What the record could not say changes nothing, of the repair neither.
    let long = String(repeating: "长", count: 5000)
    #expect(
      Outcome.code { try market.takeStep(ofCommitment: made.id, .breach(unkept: long, consequence: "y")) }
        == "ruleFailed")
    #expect(try market.repairs(of: Self.body).map(\.state).contains(.repaired))
    // Broken before the decision: there is none any more.
    _ = try market.takeStep(ofCommitment: other.id, .breach(unkept: "x", consequence: "y"))
    #expect(Outcome.rule { try market.takeStep("R2", .approve(nil)) } == .wrongState)
    try fixture.platform.close()
  }
}
