// Goal: a unit gets what the centre passed, counted as it may be shown, and nothing else: no result before a decision, no request of another unit, no sign of
// what is hidden.
// Method: rows written here, counted by hand from them; days on both sides of the period; hidden and absent subjects compared.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ReviewTests {
  private static let body = PlatformFixture.body
  private static let other = "92130303MA0000023W"
  private static let person = "130302199001010016"
  private static let absentPerson = "130302198001010011"
  private static let contractHeader =
    "HTLX_MC,HTLX_SHXYM,HTLX_HTBH,HTLX_HTMC,HTLX_ZT,HTLX_RQ,HTLX_JG,HTLX_JGDM"

  /// Two bodies and a person with penalties; a contract that was broken and one that was not.
  private func filled() throws -> PlatformFixture {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    try fixture.keeper.publish([
      AccessRole(
        id: "asks", name: "申请审查", audience: .government, actions: [.review], scope: .ownUnit,
        maximumSubjects: 5)
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "market", roles: ["asks"]), RoleAssignment(account: "bank", roles: ["asks"]),
    ])
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-09"),
      PlatformFixture.penalty(Self.body, "乙", day: "2026-04-10"),
      PlatformFixture.penalty(Self.body, "丙", day: "2026-05-10"),
      PlatformFixture.penalty(Self.body, "丁", day: "2026-05-11"),
      PlatformFixture.penalty(Self.person, "戊", day: "2026-05-01"),
    ])
    try fixture.collect(
      "K07-HTLX", from: PlatformFixture.market, header: Self.contractHeader,
      [
        "某公司,\(Self.body),H1,供货,违约,2026-04-20,局,\(PlatformFixture.market)",
        "某公司,\(Self.body),H2,供货,已履行,2026-04-21,局,\(PlatformFixture.market)",
      ])
    return fixture
  }

  private func request(
    _ subjects: [CreditReview.Subject], kinds: [String] = ["penalty", "contractBreach"],
    from: String? = nil, until: String? = nil
  ) -> ReviewRequest {
    ReviewRequest(
      title: "文明单位评选", purpose: "评先评优", kinds: kinds, from: from.flatMap { Day($0) },
      until: until.flatMap { Day($0) }, subjects: subjects)
  }

  @Test func unitsGetWhatTheCentrePassed() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let review = try market.requestReview(
      "R1",
      request(
        [
          .init(Self.body, name: "某公司"), .init(Self.body, name: "另一公司"), .init(Self.other, name: "无人知"),
          .init(Self.person), .init("91130302MA0000015X"),
        ], from: "2026-04-10", until: "2026-05-10"))
    #expect(review.state == .pending && review.unit == PlatformFixture.market && review.subjectCount == 5)
    // Who decides sees about whom; numbers of people stay masked.
    let asked = try centre.reviewSubjects("R1")
    #expect(asked.map(\.number) == [1, 2, 3, 4, 5] && asked[3].subject == "130302********0016")
    #expect(asked.map(\.isValid) == [true, true, true, true, false] && asked[1].name == "另一公司")
    // Nothing before the decision, and the unit does not decide itself.
    #expect(Outcome.rule { try market.reviewSheet("R1") } == .wrongState)
    #expect(Outcome.rule { try market.decideReview("R1", isPassed: true) } == .actionNotGranted)
    #expect(Outcome.code { try centre.decideReview("R1", isPassed: false, note: " ") } == "reasonMissing")
    #expect(
      Outcome.code { try centre.decideReview("R1", isPassed: true, grantedEntries: ["NONE"]) }
        == "unknownEntry")
    #expect(try centre.decideReview("R1", isPassed: true).state == .passed)
    let sheet = try market.reviewSheet("R1")
    // 乙 and 丙 lie in the period, 甲 a day before it, 丁 a day behind it; one contract was broken.
    #expect(sheet.lines.map { $0.counts.map(\.records) } == [[2, 1], [2, 1], [0, 0], [1, 0], [0, 0]])
    #expect(sheet.lines.map(\.number) == [1, 2, 3, 4, 5])
    #expect(sheet.lines.map(\.isFound) == [true, true, false, true, false])
    #expect(sheet.lines.map(\.isNameKnown) == [true, false, nil, nil, nil])
    #expect(sheet.lines.map(\.isValid) == [true, true, true, true, false])
    #expect(sheet.lines.allSatisfy { $0.isChanged == nil && $0.decidedCounts == nil })
    #expect(try centre.reviewSheet("R1").lines.map(\.isChanged) == Array(repeating: false, count: 5))
    // The body stands there twice and is one.
    #expect(sheet.subjectsWithRecords == ["penalty": 2, "contractBreach": 1])
    #expect(sheet.unitName == "海港区市场监督管理局" && sheet.decidedOn.description == "2026-05-20")
    // People's numbers are masked, bodies' are not.
    #expect(sheet.lines[0].subject == Self.body && sheet.lines[3].subject == "130302********0016")
    for sheet in [sheet, try centre.reviewSheet("R1")] {
      let text = String(decoding: try JSONEncoder().encode(sheet), as: UTF8.self) + sheet.html + sheet.csv
      #expect(!text.contains(Self.person))
    }
    // Decided once.
    #expect(Outcome.rule { try centre.decideReview("R1", isPassed: false, note: "x") } == .wrongState)
    #expect(Outcome.rule { try market.retractReview("R1") } == .wrongState)
    try fixture.platform.close()
  }

  @Test func requestsAreTheUnitsOwn() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    let bank = try fixture.session("bank")
    try market.requestReview("R1", request([.init(Self.body)]))
    try centre.decideReview("R1", isPassed: true)
    for number in ["R1", "R9"] {
      #expect(Outcome.code { try bank.reviewSheet(number) } == "unknownCase")
      #expect(Outcome.code { try bank.retractReview(number) } == "unknownCase")
      #expect(Outcome.code { try bank.reviewSubjects(number) } == "unknownCase")
    }
    #expect(try bank.reviews().isEmpty)
    try bank.requestReview("R2", request([.init(Self.body)]))
    #expect(try bank.reviews().map(\.id) == ["R2"] && market.reviews().map(\.id) == ["R1"])
    #expect(try centre.reviews().map(\.id) == ["R1", "R2"])
    #expect(try centre.reviews(.pending).map(\.id) == ["R2"])
    // The centre refuses; it takes nothing back in the unit's name.
    #expect(Outcome.rule { try centre.retractReview("R2") } == .notCompetent)
    #expect(try bank.retractReview("R2").state == .retracted)
    #expect(Outcome.rule { try centre.decideReview("R2", isPassed: true) } == .wrongState)
    // A number is used once, a request is about somebody and asks for kinds there are.
    #expect(
      Outcome.code { try market.requestReview("R2", request([.init(Self.body)])) } == "alreadyExists")
    #expect(Outcome.code { try market.requestReview("R3", request([])) } == "invalidReview")
    #expect(Outcome.code { try market.requestReview("R3", request([.init(" ")])) } == "invalidReview")
    #expect(
      Outcome.code { try market.requestReview("R3", request([.init(Self.body)], kinds: ["none"])) }
        == "unknownKind")
    #expect(
      Outcome.code { try market.requestReview("R3", request([.init(Self.body)], kinds: [])) }
        == "invalidReview")
    let backwards = request([.init(Self.body)], from: "2026-05-02", until: "2026-05-01")
    #expect(Outcome.code { try market.requestReview("R3", backwards) } == "invalidPeriod")
    // Texts that stay when somebody is purged name nobody, nor does a name that is a number.
    var naming = request([.init(Self.body)])
    naming.title = "审查\(Self.person)"
    #expect(Outcome.code { try market.requestReview("R3", naming) } == "invalidReview")
    let swapped = request([.init("张三", name: Self.person)])
    #expect(Outcome.code { try market.requestReview("R3", swapped) } == "invalidReview")
    #expect(Outcome.code { try market.requestReview(" ", request([.init(Self.body)])) } == "invalidReview")
    let unknown = try fixture.platform.keeperSession(
      name: "test", purpose: "测试", unit: "91130303MA0000044X")
    #expect(Outcome.code { try unknown.requestReview("R3", request([.init(Self.body)])) } == "unknownUnit")
    try market.requestReview("R4", request([.init(Self.body)], from: "2026-05-21"))
    #expect(Outcome.code { try centre.decideReview("R4", isPassed: true) } == "invalidPeriod")
    try market.requestReview("R5", request([.init(Self.body)], from: "2026-05-21", until: "2026-06-30"))
    #expect(Outcome.code { try centre.decideReview("R5", isPassed: true) } == "invalidPeriod")
    let six = (0..<6).map { CreditReview.Subject("X\($0)") }
    #expect(Outcome.rule { try market.requestReview("R3", request(six)) } == .tooManySubjects)
    #expect(
      Outcome.rule { try fixture.session("clerk").requestReview("R3", request([.init(Self.body)])) }
        == .actionNotGranted)
    // Whoever signs in as a subject asks for none.
    try fixture.keeper.publish([
      AccessRole(id: "subject", name: "本人", audience: .subject, actions: [.query, .review], scope: .all)
    ])
    #expect(
      Outcome.rule { try fixture.session("window").requestReview("R3", request([.init(Self.body)])) }
        == .actionNotGranted)
    try fixture.platform.close()
  }

  /// What was repaired after the decision is not handed over again; the centre sees what was.
  @Test func resultsFollowRepairs() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try market.requestReview("R1", request([.init(Self.body), .init(Self.person)]))
    try centre.decideReview("R1", isPassed: true)
    try centre.object(
      "O1", of: Self.body, entry: "XZCF", key: "\(PlatformFixture.market)|丙", reason: "不是本公司")
    try centre.decideObjection("O1", .withdrawn, note: "属实")
    let seen = try market.reviewSheet("R1").lines
    #expect(seen.map { $0.counts[0].records } == [3, 1])
    #expect(seen.allSatisfy { $0.isChanged == nil && $0.decidedCounts == nil })
    let known = try centre.reviewSheet("R1").lines
    #expect(known.map { $0.counts[0].records } == [3, 1] && known.map(\.isChanged) == [true, false])
    #expect(known.map { $0.decidedCounts?[0].records } == [4, nil])
    try fixture.platform.close()
  }

  /// A person of whom there is only what nobody may be shown, and one of whom there is nothing, give the same line.
  @Test func hiddenAndAbsentSubjectsAreAlike() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    // A loan is shared on consent alone: no decision about a review opens it.
    try fixture.withStore { database in
      var loan = try database.catalogue.entry("K07-HTLX").entry
      (loan.code, loan.openness, loan.category) = ("LOAN", .authorized, "contract")
      loan.subjectKinds = [SubjectKind.naturalPerson.rawValue]
      loan.rules = []
      _ = try database.catalogue.publish([loan])
    }
    try fixture.keeper.publish([
      ReviewKind(code: "loan", name: "贷款", sources: [.init(entry: "LOAN")])
    ])
    try fixture.collect(
      "LOAN", from: PlatformFixture.centre, header: Self.contractHeader,
      ["张三,\(Self.person),L1,贷款,违约,2026-04-20,行,\(PlatformFixture.market)"])
    try market.requestReview(
      "R1", request([.init(Self.person), .init(Self.absentPerson)], kinds: ["penalty", "negative", "loan"]))
    try centre.decideReview("R1", isPassed: true, grantedEntries: ["LOAN"])
    // The penalty is there when it is decided, and gone when the unit looks.
    try centre.object("O1", of: Self.person, entry: "XZCF", key: "\(PlatformFixture.market)|戊", reason: "x")
    #expect(try market.reviewSheet("R1").lines[0].counts.map(\.disputed) == [1, 1, 0])
    try centre.decideObjection("O1", .withdrawn, note: "属实")
    var lines = try market.reviewSheet("R1").lines
    for place in lines.indices { (lines[place].number, lines[place].subject) = (0, "") }
    #expect(lines[0] == lines[1] && lines[0].counts.allSatisfy { $0.records == 0 } && !lines[0].isFound)
    try fixture.platform.close()
  }

  /// Entries that are shared on conditions count where the decision says that these are met.
  @Test func conditionalEntriesNeedAGrant() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try fixture.withStore { database in
      var entry = try database.catalogue.entry("K07-HTLX").entry
      (entry.code, entry.openness, entry.sharing) = ("COND", .government, .conditional)
      _ = try database.catalogue.publish([entry])
    }
    try fixture.keeper.publish([
      ReviewKind(code: "cond", name: "有条件共享", sources: [.init(entry: "COND")])
    ])
    try fixture.collect(
      "COND", from: PlatformFixture.centre, header: Self.contractHeader,
      ["某公司,\(Self.body),C1,供货,违约,2026-04-20,局,\(PlatformFixture.market)"])
    for (number, granted, count) in [("R1", [], 0), ("R2", ["COND"], 1)] {
      try market.requestReview(number, request([.init(Self.body)], kinds: ["cond"]))
      try centre.decideReview(number, isPassed: true, grantedEntries: granted)
      #expect(try market.reviewSheet(number).lines[0].counts[0].records == count, "\(number)")
    }
    try fixture.platform.close()
  }

  /// A purge of one subject takes its line along, and leaves the others.
  @Test func purgesTakeOneLine() async throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try market.requestReview("R1", request([.init(Self.body), .init(Self.person), .init(Self.other)]))
    try centre.decideReview("R1", isPassed: true)
    try fixture.platform.close()
    let database = try CreditDatabase(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    _ = try await database.purge(.subject(Self.person), reason: "依法删除")
    try database.close()
    let platform = try CreditPlatform(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0), options: fixture.options)
    let sheet = try platform.session(Caller(account: "market", portal: .government, purpose: "测试"))
      .reviewSheet("R1")
    #expect(sheet.lines.map(\.number) == [1, 3])
    try platform.close()
  }

  /// A number without a form of its own, of somebody without records, is purged as well.
  @Test func purgesTakeLinesOfUnknownSubjects() async throws {
    let fixture = try filled()
    let mistyped = "13030219900101001X9"
    try fixture.session("market").requestReview("R1", request([.init(Self.body), .init(mistyped)]))
    try fixture.platform.close()
    let database = try CreditDatabase(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0))
    _ = try await database.purge(.subject(mistyped), reason: "依法删除")
    try database.close()
    let platform = try CreditPlatform(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0), options: fixture.options)
    let centre = try platform.session(Caller(account: "centre", portal: .government, purpose: "测试"))
    #expect(try centre.reviewSubjects("R1").map(\.number) == [1])
    try platform.close()
  }

  /// Somebody who came on a list before the period and is still on it is on it in the period; who left it before is not.
  @Test func membershipsCountByTheirDays() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try fixture.collect(
      "YZSX", from: PlatformFixture.centre, header: "YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ,YZSX_YCRQ",
      [
        "某公司,\(Self.body),名单甲,1,2024-01-01,", "某公司,\(Self.body),名单乙,2,2024-01-01,2025-12-31",
        "某公司,\(Self.body),名单丙,3,2024-01-01,2026-01-05", "某公司,\(Self.body),名单丁,4,2026-03-01,",
      ])
    for (number, from, counts) in [("R1", "2026-01-01", [3, 2]), ("R2", "2026-01-07", [2, 2])] {
      try market.requestReview(
        number, request([.init(Self.body)], kinds: ["seriousBreach"], from: from, until: "2026-04-30"))
      try centre.decideReview(number, isPassed: true)
      let count = try market.reviewSheet(number).lines[0].counts[0]
      #expect([count.records, count.inForce] == counts, "\(number)")
    }
    try fixture.platform.close()
  }

  /// Decisions that are never shown, about people or of small weight, are no longer in force when their time is over; numbers without check character are right
  /// where a record has them; what is yet to come is in no period.
  @Test func oldDecisionsAreNotInForce() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.person, "旧", day: "2015-03-01").replacing(
        "2099-12-31", with: "2016-03-01"),
      PlatformFixture.penalty(Self.other, "警", day: "2015-03-01", categories: "警告")
        .replacing("2099-12-31", with: "2016-03-01"),
    ])
    try market.requestReview(
      "R1",
      request(
        [.init(Self.person), .init(Self.other), .init("E12345678")], kinds: ["penalty"], until: "2030-01-01"))
    try centre.decideReview("R1", isPassed: true)
    let sheet = try market.reviewSheet("R1")
    #expect(sheet.lines.map { $0.counts[0].records } == [2, 1, 0])
    #expect(sheet.lines.map { $0.counts[0].inForce } == [1, 0, 0])
    #expect(sheet.lines.map(\.isValid) == [true, true, true])
    #expect(sheet.review.until == fixture.day.value)
    try fixture.platform.close()
  }

  /// A kind that a slip of the pen made take nothing would make everybody clean.
  @Test func kindsNameWhatThereIs() throws {
    let fixture = try filled()
    let keeper = try fixture.keeper
    func code(_ kinds: [ReviewKind]) -> String? { Outcome.code { try keeper.publish(kinds) } }
    #expect(code([ReviewKind(code: "x", name: "x")]) == "invalidKind")
    #expect(code([ReviewKind(code: "x", name: "x", categories: [], natures: [.negative])]) == "invalidKind")
    #expect(code([ReviewKind(code: "x", name: "x", sources: [.init(entry: "NONE")])]) == "unknownEntry")
    let item = ReviewKind.Source(entry: "XZCF", item: "NONE", values: ["x"])
    #expect(code([ReviewKind(code: "x", name: "x", sources: [item])]) == "unknownItem")
    #expect(code([ReviewKind(code: "x", name: "x", categories: ["penalties"])]) == "unknownCategory")
    let open = ReviewKind.Source(entry: "XZCF", item: "CF_WSH")
    #expect(code([ReviewKind(code: "x", name: "x", sources: [open])]) == "invalidKind")
    let fine = ReviewKind(code: "x", name: "x", natures: [.negative])
    #expect(code([fine, fine]) == "invalidKind" && code([fine]) == nil)
    #expect(try keeper.settings().reviewKinds.last == fine)
    // Those of the national list take records of entries there are.
    #expect(code(ReviewKind.national) == nil)
    try fixture.platform.close()
  }

  /// Counts are those of the rules in words, whatever is open, shared, repaired, withdrawn or shielded; and no value of a record stands in a sheet.
  @Test(arguments: UInt64(1)...12) func countsAreWhatAUnitMaySee(seed: UInt64) throws {
    let world = try TokenWorld(seed: seed)
    let fixture = world.fixture
    var random = SeededGenerator(seed: seed)
    try fixture.keeper.publish([
      AccessRole(id: "asks", name: "申请审查", audience: .government, actions: [.review], scope: .ownUnit)
    ])
    try fixture.keeper.assign([RoleAssignment(account: "market", roles: ["asks"])])
    let natures = CatalogueEntry.Nature.allCases
    try fixture.keeper.publish(
      natures.map { ReviewKind(code: $0.rawValue, name: $0.rawValue, natures: [$0]) })
    let granted = world.entries.map(\.code).filter { _ in Bool.random(using: &random) }
    let market = try fixture.session("market")
    try market.requestReview(
      "R", request(world.subjects.map { .init($0) }, kinds: natures.map(\.rawValue)))
    try fixture.session("centre").decideReview("R", isPassed: true, grantedEntries: granted)
    let sheet = try market.reviewSheet("R")
    // Each record once: by entry, unit and subject.
    let records = Dictionary(grouping: world.tokens) { "\($0.entry.code)|\($0.unit)|\($0.isPerson)" }
    func mayCount(_ tokens: [TokenWorld.Token]) -> Bool {
      guard let first = tokens.first,
        !tokens.contains(where: { $0.state == .withdrawn || $0.state == .repaired })
      else { return false }
      let entry = first.entry
      if !first.isPerson, let shielding = world.shielding, shielding.extent == .publicationAndSharing,
        shielding.entries?.contains(entry.code) ?? (entry.nature == .negative)
      {
        return false
      }
      return switch (entry.openness, entry.sharing) {
      case (.authorized, _): false
      case (.public, _), (_, .unconditional): true
      case (_, .conditional): granted.contains(entry.code)
      default: false
      }
    }
    for (place, subject) in world.subjects.enumerated() {
      let expected = natures.map { nature in
        records.values.filter { tokens in
          tokens[0].entry.nature == nature && mayCount(tokens) && place < 2
            && tokens[0].isPerson == subject.hasPrefix("1303")
        }.count
      }
      #expect(sheet.lines[place].counts.map(\.records) == expected, "seed \(seed), \(subject)")
    }
    let text = String(decoding: try JSONEncoder().encode(sheet), as: UTF8.self) + sheet.html + sheet.csv
    #expect(!text.contains("tok"), "seed \(seed)")
    try fixture.platform.close()
  }

  /// Whoever was reviewed finds it in the log: the request, the decision, and each look at the result.
  @Test func reviewsStandInTheLog() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    try market.requestReview("R1", request([.init(Self.person)]))
    try centre.decideReview("R1", isPassed: true)
    _ = try market.reviewSheet("R1")
    let seen = try centre.accesses(to: Self.person).filter { $0.outcome == "allowed" }
    #expect(seen.map(\.action).filter { $0 != .audit } == [.review, .decide, .review])
    try fixture.platform.close()
  }

  /// What a unit wrote is neither markup nor a formula.
  @Test func sheetsAreHarmless() throws {
    let fixture = try filled()
    let (centre, market) = (try fixture.session("centre"), try fixture.session("market"))
    var harmful = request([
      .init(Self.body, name: "=HYPERLINK(\"http://x\"),<b>"), .init("110000000000121"),
    ])
    harmful.title = "<script>alert(1)</script>"
    try market.requestReview("R1", harmful)
    try centre.decideReview("R1", isPassed: true)
    let sheet = try market.reviewSheet("R1")
    #expect(!sheet.html.contains("<script>") && !sheet.html.contains(",<b>"))
    #expect(sheet.html.contains("&lt;script&gt;") && sheet.html.contains(",&lt;b&gt;"))
    let rows = sheet.csv.split(separator: "\r\n")
    // A number of digits alone keeps all of them in a spreadsheet.
    #expect(rows.last?.hasPrefix("2,,\t110000000000121,") == true)
    let row = try #require(rows.dropLast().last)
    #expect(row.hasPrefix("1,\"'=HYPERLINK(\"\"http://x\"\"),<b>\",\(Self.body),4,1,"))
    try fixture.platform.close()
  }
}
