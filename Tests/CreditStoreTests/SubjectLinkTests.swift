// Goal: a subject with several identifiers is read as one, as it is known now or was known then; what is not certain is linked with nobody; undoing a link
// undoes it, and a purge takes links along.
// Method: small stores whose subjects are known, and random links beside a naive closure.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct SubjectLinkTests {
  private static let entry = CatalogueEntry(
    code: "L1", name: "关联", subject: ["USCC", "ORG", "REG", "DOC"], recordKey: ["NO"], eventDate: "DAY",
    items: [
      CatalogueItem(id: "USCC", name: "统一社会信用代码", identifier: .unifiedSocialCreditCode),
      CatalogueItem(id: "ORG", name: "组织机构代码", identifier: .organizationCode),
      CatalogueItem(id: "REG", name: "工商注册号", identifier: .businessRegistrationNumber),
      CatalogueItem(id: "KIND", name: "证件类型"),
      CatalogueItem(id: "DOC", name: "证件号码", identifier: .any, identifierKindFrom: "KIND"),
      CatalogueItem(id: "NO", name: "文号"), CatalogueItem(id: "DAY", name: "日期", type: .date),
    ])
  private static let header = "USCC,ORG,REG,KIND,DOC,NO,DAY"
  /// Valid codes, the organisation code inside the first, and registration numbers with right check digits.
  private static let codes = ["91130302MA0000015N", "91130303MA00000232"]
  private static let organization = "MA0000015"
  private static let registrations = ["130300000000011", "130300000000020"]
  private static let (oldPerson, newPerson) = ("130302490101001", "130302194901010016")

  private static func body(_ text: String) -> Identifier { Identifier(text, as: .unifiedSocialCreditCode) }

  private static func valid(_ text: String, _ kind: IdentifierKind) -> String {
    // The last character is a check character: the one that fits is found by trying all.
    let stem = text.dropLast()
    return "0123456789ABCDEFGHJKLMNPQRTUWXYX".map { stem + String($0) }.first {
      Identifier.check($0, as: kind, on: CreditDatabase.today()).isValid
    } ?? text
  }

  @Test func linkedIdentifiersAreReadAsOne() throws {
    let fixture = try StoreFixture([Self.entry])
    let codes = Self.codes.map { Self.valid($0, .unifiedSocialCreditCode) }
    try fixture.collect(
      ["\(codes[0]),,,,,1,2021-03-01", "\(codes[1]),,,,,2,2021-01-01", "\(codes[1]),,,,,3,2021-05-01"],
      entry: "L1",
      header: Self.header)
    let (first, second) = (Self.body(codes[0]), Self.body(codes[1]))
    let before = fixture.database.snapshot().commit
    #expect(try fixture.database.snapshot().records(of: first).count == 1)
    try fixture.database.link(first, second, evidence: .registrationChange, note: "换证", by: "甲")
    let linked = fixture.database.snapshot()
    // One subject, in the order of events, each record under its own identifier.
    for subject in [first, second] {
      let records = try linked.records(of: subject)
      #expect(records.map { $0["NO"] } == [.text("2"), .text("1"), .text("3")])
      #expect(records.map(\.subject.text) == [codes[1], codes[0], codes[1]])
      #expect(try linked.recordCounts(of: subject) == ["L1": 3])
      #expect(try linked.records(of: subject, versions: .history).count == 3)
      #expect(
        try linked.records(of: subject, entry: "L1", links: .ignored).count == (subject == first ? 1 : 2))
      #expect(Set(try linked.identifiers(of: subject).map(\.text)) == Set(codes))
    }
    #expect(try linked.links(of: first).map(\.note) == ["换证"])
    // The past does not know it, unless it is asked for with what is known now.
    let past = fixture.database.snapshot(asOf: before)
    #expect(try past.records(of: first).count == 1)
    #expect(try past.records(of: first, links: .asOf(linked.commit)).count == 3)
    #expect(try linked.records(of: first, links: .asOf(before)).count == 1)
    func code(_ body: () throws -> Void) -> String? { #expect(throws: CreditError.self) { try body() }?.code }
    #expect(code { try fixture.database.link(second, first, evidence: .manual, by: "甲") } == "alreadyLinked")
    #expect(code { try fixture.database.link(first, first, evidence: .manual, by: "甲") } == "sameSubject")
    // A placeholder stands for everybody who has no number, a masked one for all it could be.
    for text in ["000000000000000000", "130302********0016"] {
      let nobody = Identifier(text, as: .citizenIdentityNumber)
      #expect(
        code { try fixture.database.link(first, nobody, evidence: .manual, by: "甲") } == "invalidIdentifier",
        "\(text)")
    }
    #expect(code { try fixture.database.unlink(first, second, reason: "") } == "reasonMissing")
    try fixture.database.unlink(second, first, reason: "误联")
    #expect(code { try fixture.database.unlink(first, second, reason: "再次") } == "notLinked")
    #expect(try fixture.database.snapshot().records(of: first).count == 1)
    #expect(try linked.records(of: first).count == 3, "a snapshot does not change")
    #expect(try fixture.database.snapshot().links(of: first).isEmpty)
    #expect(
      try fixture.database.snapshot().links(of: first, includesUndone: true).map { $0.until != nil } == [true]
    )
  }

  @Test func theClosureOfRandomLinksIsFound() async throws {
    let seed: UInt64 = 9
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let fixture = try StoreFixture([Self.entry])
    let subjects = (0..<40).map {
      Identifier("DOCUMENT-\($0)-\(String(repeating: "X", count: $0 % 3 * 10))", as: .document)
    }
    var edges: Set<[Int]> = []
    for step in 0..<120 {
      let pair = [Int.random(in: 0..<40, using: &random), Int.random(in: 0..<40, using: &random)].sorted()
      guard pair[0] != pair[1] else { continue }
      if edges.contains(pair) {
        try fixture.database.unlink(subjects[pair[1]], subjects[pair[0]], reason: "撤")
        edges.remove(pair)
      } else if edges.count < 30 {
        try fixture.database.link(subjects[pair[0]], subjects[pair[1]], evidence: .manual, by: "甲")
        edges.insert(pair)
      }
      if step == 60 { _ = try await fixture.database.compact() }
    }
    // A long identifier counts only where the store holds its text.
    let rows = subjects.enumerated().map { ",,,护照,\($1.text),\($0),2021-01-01" }
    try fixture.collect(rows, entry: "L1", header: Self.header)
    let snapshot = fixture.database.snapshot()
    for start in 0..<40 {
      var reached: Set<Int> = [start]
      var isGrowing = true
      while isGrowing {
        let more = edges.filter { reached.contains($0[0]) != reached.contains($0[1]) }.flatMap(\.self)
        isGrowing = !more.isEmpty
        reached.formUnion(more)
      }
      let found = try snapshot.identifiers(of: subjects[start])
      #expect(
        Set(found.map(\.text)) == Set(reached.map { subjects[$0].text }) && found.first == subjects[start])
      #expect(try snapshot.records(of: subjects[start]).count == reached.count)
    }
    #expect(try fixture.database.verify().isSound)
    // A link makes nobody a subject.
    #expect(try fixture.database.statistics().subjects == 40)
  }

  @Test func matchingLinksWhatIsCertainAndNothingElse() async throws {
    let fixture = try StoreFixture([Self.entry])
    let codes = Self.codes.map { Self.valid($0, .unifiedSocialCreditCode) }
    let organization = String(codes[0].dropFirst(8).prefix(9))
    let registrations = Self.registrations.map { Self.valid($0, .businessRegistrationNumber) }
    let newPerson = Self.valid(Self.newPerson, .citizenIdentityNumber)
    try fixture.collect(
      [
        // Two bodies, each named with a registration number; the second number also stands beside the first code.
        "\(codes[0]),,\(registrations[0]),,,1,2021-01-01", "\(codes[1]),,\(registrations[1]),,,2,2021-01-02",
        "\(codes[0]),,\(registrations[1]),,,3,2021-01-03",
        // The numbers of second rank as subjects of their own.
        ",\(organization),,,,4,2021-01-04", ",,\(registrations[0]),,,5,2021-01-05",
        ",,\(registrations[1]),,,6,2021-01-06",
        // A person under both forms of the number, and a body's row that names the person's older one.
        ",,,身份证,\(Self.oldPerson),7,2021-01-07", ",,,身份证,\(newPerson),8,2021-01-08",
        "\(codes[1]),,,身份证,\(Self.oldPerson),9,2021-01-09",
      ], entry: "L1", header: Self.header)
    let result = try await fixture.database.matchSubjects()
    #expect(result.examined == 4)
    #expect(result.linked == ["organizationCode": 1, "sameRow": 1, "upgradedIdentityNumber": 1])
    #expect(result.conflicts.map(\.identifier.text) == [registrations[1]])
    #expect(Set(result.conflicts.first?.subjects.map(\.text) ?? []) == Set(codes))
    let snapshot = fixture.database.snapshot()
    #expect(
      Set(try snapshot.identifiers(of: Self.body(codes[0])).map(\.text)) == [
        codes[0], organization, registrations[0],
      ])
    #expect(try snapshot.identifiers(of: Self.body(codes[1])).map(\.text) == [codes[1]])
    #expect(
      try snapshot.records(of: organization).map { $0["NO"] } == ["1", "3", "4", "5"].map { .text($0) })
    #expect(try snapshot.records(of: newPerson).map { $0["NO"] } == [.text("7"), .text("8")])
    // Again: nothing new; and what somebody undid stays undone.
    #expect(try await fixture.database.matchSubjects().linked.isEmpty)
    let number = Identifier(registrations[0], as: .businessRegistrationNumber)
    try fixture.database.unlink(number, Self.body(codes[0]), reason: "不是同一主体")
    _ = try await fixture.database.compact()
    #expect(try await fixture.database.matchSubjects().linked.isEmpty)
    #expect(try fixture.database.snapshot().identifiers(of: number).count == 1)
  }

  /// A tax number that is made of an identity number is a person's: a body's row that names it links nobody.
  @Test func aTaxNumberOfAPersonIsNoBodys() async throws {
    var entry = Self.entry
    entry.items[2] = CatalogueItem(id: "REG", name: "税务登记号", identifier: .taxpayerNumber)
    let fixture = try StoreFixture([entry])
    let code = Self.valid(Self.codes[0], .unifiedSocialCreditCode)
    let tax = Self.valid(Self.newPerson, .citizenIdentityNumber) + "01"
    try fixture.collect(
      ["\(code),,\(tax),,,1,2021-01-01", ",,\(tax),,,2,2021-01-01"], entry: "L1", header: Self.header)
    let result = try await fixture.database.matchSubjects()
    #expect(result.linked.isEmpty && result.conflicts.isEmpty && result.candidates.isEmpty, "\(result)")
  }

  /// What a merge wrote holds subjects of later commits, too: the past does not count them.
  @Test func thePastCountsItsOwnSubjects() async throws {
    let fixture = try StoreFixture([StoreFixture.entry])
    var commits: [UInt64] = [fixture.database.snapshot().commit]
    for (number, code) in StoreFixture.codes.enumerated() {
      commits.append(try fixture.collect(["\(code),\(number),2024-01-05,1,甲"]).commit)
    }
    // The second one has its record withdrawn in the end.
    _ = try fixture.database.withdraw(
      "T1", subject: Identifier(StoreFixture.codes[1], as: .unifiedSocialCreditCode), key: "1", reason: "误报")
    func counts() throws -> [Int] {
      try commits.map { commit in
        try fixture.database.snapshot(asOf: commit).subjectCounts().values.reduce(0, +)
      }
    }
    #expect(try counts() == [0, 1, 2, 3])
    for _ in 0..<2 {
      _ = try await fixture.database.compact()
      #expect(try counts() == [0, 1, 2, 3])
      #expect(try fixture.database.snapshot().subjectCounts().values.reduce(0, +) == 2)
      commits.append(try fixture.collect(["\(StoreFixture.codes[0]),9,2024-01-05,1,乙"]).commit)
      #expect(try counts().last == 2)
      commits.removeLast()
    }
  }

  /// A name alone is listed, and linked by people only.
  @Test func theSameNameIsACandidate() async throws {
    let register = CatalogueEntry(
      code: "REG", name: "登记", category: "registration", subject: ["CODE"], subjectName: "NAME",
      recordKey: ["NAME"],
      items: [CatalogueItem(id: "CODE", identifier: .any), CatalogueItem(id: "NAME", length: 100)])
    let acts = CatalogueEntry(
      code: "ACT", name: "处罚", subject: ["ID"], subjectName: "NAME", recordKey: ["NO"],
      items: [
        CatalogueItem(id: "ID", identifier: .any), CatalogueItem(id: "NO"),
        CatalogueItem(id: "NAME", length: 100),
      ])
    let fixture = try StoreFixture([register, acts])
    let codes = Self.codes.map { Self.valid($0, .unifiedSocialCreditCode) }
    let numbers = Self.registrations.map { Self.valid($0, .businessRegistrationNumber) }
    let organization = Self.valid("MA0000998", .organizationCode)
    try fixture.collect(
      ["\(codes[0]),秦皇岛甲（集团）有限公司", "\(codes[1]),秦皇岛甲(集团)有限责任公司", "\(codes[1]),秦皇岛乙"], entry: "REG",
      header: "CODE,NAME")
    try fixture.collect(
      [
        "\(numbers[0]),1,秦皇岛甲(集团)股份有限公司", "\(numbers[0]),2,别的名称", "\(numbers[1]),3,秦皇岛丙",
        "\(organization),4,秦皇岛乙", "\(organization),5,",
        // A person of that name is no body.
        "\(Self.valid(Self.newPerson, .citizenIdentityNumber)),6,秦皇岛乙", "\(Self.oldPerson),7,秦皇岛乙",
        // Nor is a tax number that is made of a person's.
        "\(Self.oldPerson)01,8,秦皇岛乙", "\(Self.valid(Self.newPerson, .citizenIdentityNumber))01,9,秦皇岛乙",
      ], entry: "ACT", header: "ID,NO,NAME")
    let number = Identifier(numbers[0], as: .businessRegistrationNumber)
    func candidates() async throws -> [String: [String]] {
      let result = try await fixture.database.matchSubjects()
      return Dictionary(
        uniqueKeysWithValues: result.candidates.map { ($0.identifier.text, $0.subjects.map(\.text)) })
    }
    #expect(try await candidates() == [numbers[0]: codes.sorted(), organization: [codes[1]]])
    #expect(try fixture.database.snapshot().identifiers(of: number).count == 1, "a name linked something")
    // Told apart from one of them; then linked with the other.
    try fixture.database.link(number, Self.body(codes[0]), evidence: .manual, by: "甲")
    #expect(try await candidates() == [organization: [codes[1]]])
    try fixture.database.unlink(number, Self.body(codes[0]), reason: "不是同一主体")
    #expect(try await candidates() == [numbers[0]: [codes[1]], organization: [codes[1]]])
    // A record that was withdrawn names nobody, on either side.
    _ = try fixture.database.withdraw(
      "ACT", subject: Identifier(organization, as: .organizationCode), key: "4", reason: "误报")
    _ = try fixture.database.withdraw(
      "REG", subject: Self.body(codes[1]), key: "秦皇岛甲(集团)有限责任公司", reason: "误报")
    #expect(try await candidates().isEmpty)
  }

  @Test func aPurgeTakesLinksAndReviewsAlong() async throws {
    let fixture = try StoreFixture([Self.entry])
    let codes = Self.codes.map { Self.valid($0, .unifiedSocialCreditCode) }
    try fixture.collect(
      ["\(codes[0]),,,,,1,2021-03-01", "\(codes[1]),,,,,2,2021-01-01"], entry: "L1", header: Self.header)
    try fixture.database.link(Self.body(codes[0]), Self.body(codes[1]), evidence: .manual, by: "甲")
    var next = Self.entry
    next.version = 2
    try fixture.database.catalogue.submit(next, by: "乙", note: "应 \(codes[0]) 申请")
    _ = try await fixture.database.compact()
    _ = try await fixture.database.purge(.subject(codes[0], kind: nil), reason: "依法删除")
    let snapshot = fixture.database.snapshot()
    #expect(try snapshot.links(of: Self.body(codes[1]), includesUndone: true).isEmpty)
    #expect(try snapshot.records(of: Self.body(codes[1])).count == 1)
    #expect(try fixture.database.catalogue.reviews().isEmpty)
    try fixture.database.close()
    // Nothing in any file names the subject any more.
    for file in try FileManager.default.subpathsOfDirectory(atPath: fixture.path) {
      guard let data = FileManager.default.contents(atPath: fixture.path + "/" + file) else { continue }
      #expect(data.range(of: Data(codes[0].utf8)) == nil, "\(file)")
    }
  }

  /// Goal: each subject counts once in its library, as of any commit. Beside: a set of identifiers joined by hand.
  @Test func librariesCountSubjectsOnce() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let codes = [
      "91130302MA0000015N", "92130303MA0000023W", "81130324MC0000012E", "130302199001010016",
      "130302900101001", "MA0000015",
      "130300000000015",
    ]
    try fixture.collect(codes.enumerated().map { "\($1),\($0),2024-01-05,1,甲" })
    let apart = try database.snapshot().subjectCounts()
    #expect(
      apart.values.reduce(0, +) == 7 && apart[.naturalPerson] == 2 && apart[.soleTrader] == 1)
    let before = database.snapshot().commit
    func identifier(_ text: String) -> Identifier { Identifier(detecting: text, on: CreditDatabase.today()) }
    for (left, right) in [
      ("91130302MA0000015N", "MA0000015"), ("MA0000015", "130300000000015"),
      ("91130302MA0000015N", "130300000000015"),
      ("130302199001010016", "130302900101001"), ("92130303MA0000023W", "130300600000016"),
    ] { try database.link(identifier(left), identifier(right), evidence: .manual, by: "李某") }
    // Three and two become one each; a number without records changes nothing.
    let joined = try database.snapshot().subjectCounts()
    #expect(
      joined.values.reduce(0, +) == 4 && joined[.naturalPerson] == 1 && joined[.legalPerson] == 1
        && joined[.soleTrader] == 1)
    #expect(try database.snapshot().subjectCounts(links: .ignored) == apart)
    #expect(try database.snapshot().subjectCounts(links: .asOf(before)) == apart)
    try database.unlink(identifier("130302199001010016"), identifier("130302900101001"), reason: "two people")
    #expect(try database.snapshot().subjectCounts()[.naturalPerson] == 2)
    try database.close()
  }

  /// An organisation code that the credit code beside it contradicts is reported, and linked with nobody; what was withdrawn is no evidence and no subject.
  @Test func contradictionsAndWithdrawnRowsAreNoEvidence() async throws {
    let fixture = try StoreFixture([Self.entry])
    let code = Self.valid(Self.codes[0], .unifiedSocialCreditCode)
    let other = Self.valid("MA0000998", .organizationCode)
    let right = Self.body(code)
    let registration = Self.valid(Self.registrations[0], .businessRegistrationNumber)
    try fixture.collect(
      [
        "\(code),\(other),,,,1,2021-01-01", ",\(other),,,,2,2021-01-01",
        "\(code),,\(registration),,,3,2021-01-01", ",,\(registration),,,4,2021-01-01",
      ], entry: "L1", header: Self.header)
    // The row that names code and registration number turns out to be wrong.
    _ = try fixture.database.withdraw("L1", subject: right, key: "3", reason: "误报")
    let result = try await fixture.database.matchSubjects()
    #expect(result.linked.isEmpty && result.conflicts.map(\.identifier.text) == [other], "\(result)")
    #expect(result.conflicts.first?.subjects.map(\.text) == [code])
    let counts = try fixture.database.snapshot().subjectCounts()
    #expect(counts.values.reduce(0, +) == 3, "\(counts)")
    // Of the code nothing is left but what was withdrawn.
    _ = try fixture.database.withdraw("L1", subject: right, key: "1", reason: "误报")
    #expect(try fixture.database.snapshot().subjectCounts().values.reduce(0, +) == 2)
    #expect(try fixture.database.statistics().subjects == 2)
    _ = try await fixture.database.compact()
    #expect(try fixture.database.snapshot().subjectCounts().values.reduce(0, +) == 2)
    let refused = #expect(throws: CreditError.self) {
      try fixture.database.link(
        right, Identifier(other, as: .organizationCode), evidence: .organizationCode, by: "甲")
    }
    #expect(refused?.code == "evidenceContradicts")
  }

  /// A tax number of fifteen characters has the organisation code in it.
  @Test func oldTaxNumbersAreLinkedByTheirOrganisationCode() async throws {
    var entry = Self.entry
    entry.items[2] = CatalogueItem(id: "REG", name: "税务登记号", identifier: .taxpayerNumber)
    let fixture = try StoreFixture([entry])
    let code = Self.valid(Self.codes[0], .unifiedSocialCreditCode)
    let tax = "130302" + code.dropFirst(8).prefix(9)
    try fixture.collect(
      ["\(code),,,,,1,2021-01-01", ",,\(tax),,,2,2021-01-01"], entry: "L1", header: Self.header)
    #expect(try await fixture.database.matchSubjects().linked == ["organizationCode": 1])
    #expect(try fixture.database.snapshot().records(of: Self.body(code)).count == 2)
  }
}
