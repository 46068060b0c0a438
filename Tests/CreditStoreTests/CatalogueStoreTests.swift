// Goal: a catalogue of many entries is searched, versioned and reviewed without losing or inventing one; a version is known before it is published
// for what it does to the records there are.
// Method: random entries and questions beside plain filters over the list; random records beside judging each value by itself.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct CatalogueStoreTests {
  private static let units = ["11130302000000019B", "11130303000000027X", "12130321000000035T"]

  private static func entry(_ number: Int, _ random: inout SeededGenerator) -> CatalogueEntry {
    func pick<Element>(_ values: [Element]) -> Element {
      values[Int.random(in: 0..<values.count, using: &random)]
    }
    var entry = CatalogueEntry(
      code: "C\(number)", name: pick(["行政处罚", "行政许可", "水费 缴纳", "ＡＢ信息"]) + "\(number % 50)",
      category: pick(["administrative", "utility"]), nature: pick(CatalogueEntry.Nature.allCases),
      subjectKinds: pick([[], ["legalPerson"], ["legalPerson", "naturalPerson"]]),
      openness: pick(Openness.allCases), sharing: pick(CatalogueEntry.Sharing.allCases),
      updateCycle: pick(["daily", "monthly"]), basis: pick(["", "某法\(number % 9)"]),
      units: pick([[], [units[0]], [units[1], units[2]]]), subject: ["CODE"],
      items: [
        CatalogueItem(id: "CODE", name: "代码", identifier: .any),
        CatalogueItem(id: "V\(number % 7)", name: pick(["金额", "罚款数额", "日期"]), aliases: pick([[], ["数额"]])),
      ])
    entry.level = pick([nil] + CatalogueEntry.Level.allCases.map(Optional.some))
    entry.region = pick([nil, "130300", "130302", "210000"])
    entry.effectiveUntil = pick([nil, Day(year: 2021, month: 6, day: 30)])
    return entry
  }

  private static func query(_ random: inout SeededGenerator) -> CatalogueQuery {
    func sometimes<Value>(_ values: [Value]) -> Value? {
      Int.random(in: 0..<4, using: &random) == 0
        ? values[Int.random(in: 0..<values.count, using: &random)] : nil
    }
    var query = CatalogueQuery(text: sometimes(["处罚", "c1", "ab信息 数额", "水费缴纳", "金额 某法3", "没有的词", " ", "v3"]))
    query.searchesItems = Bool.random(using: &random)
    query.category = sometimes(["utility", "none"])
    query.nature = sometimes(CatalogueEntry.Nature.allCases)
    query.openness = sometimes(Openness.allCases)
    query.sharing = sometimes(CatalogueEntry.Sharing.allCases)
    query.level = sometimes(CatalogueEntry.Level.allCases)
    query.region = sometimes(["13", "130302", "99"])
    query.unit = sometimes(units)
    query.subjectKind = sometimes(["naturalPerson", "legalPerson"])
    query.updateCycle = sometimes(["daily"])
    query.effectiveOn =
      sometimes([Day(year: 2021, month: 6, day: 30), Day(year: 2021, month: 7, day: 1)]) ?? nil
    return query
  }

  /// The same judged entry by entry, on the entries themselves.
  private static func fits(_ entry: CatalogueEntry, _ query: CatalogueQuery) -> Bool {
    func folded(_ text: String) -> String {
      String(
        text.unicodeScalars.filter { !$0.properties.isWhitespace }.map { scalar -> Character in
          let half =
            (0xFF01...0xFF5E).contains(scalar.value)
            ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
          return Character(half)
        }
      ).uppercased()
    }
    let words = (query.text ?? "").split(separator: " ").map { folded(String($0)) }
    var texts = [entry.code, entry.name, entry.category, entry.basis]
    if query.searchesItems { texts += entry.items.flatMap { [$0.id, $0.name] + $0.aliases } }
    guard words.allSatisfy({ word in texts.contains { folded($0).contains(word) } }) else { return false }
    let region = entry.region ?? entry.units.first.map { String($0.dropFirst(2).prefix(6)) }
    return (query.category.map { $0 == entry.category } ?? true)
      && (query.nature.map { $0 == entry.nature } ?? true)
      && (query.openness.map { $0 == entry.openness } ?? true)
      && (query.sharing.map { $0 == entry.sharing } ?? true)
      && (query.level.map { $0 == entry.level } ?? true)
      && (query.region.map { region?.hasPrefix($0) ?? false } ?? true)
      && (query.unit.map(entry.units.contains) ?? true)
      && (query.subjectKind.map(entry.subjectKinds.contains) ?? true)
      && (query.updateCycle.map { $0 == entry.updateCycle } ?? true)
      && (query.effectiveOn.map { day in (entry.effectiveUntil.map { $0 >= day } ?? true) } ?? true)
  }

  @Test(arguments: [UInt64(1), 2]) func searchingIsFilteringTheList(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    var all = Dictionary(uniqueKeysWithValues: try catalogue.list().map { ($0.entry.code, $0.entry) })
    // Published in several commits, and searched in between: the summaries are brought up to date.
    for round in 0..<3 {
      let entries = (0..<200).map { Self.entry(round * 200 + $0, &random) }
      try catalogue.publish(entries)
      for entry in entries { all[entry.code] = entry }
      if round > 0 {
        var changed = Self.entry(round, &random)
        changed.version = 2
        try catalogue.publish(changed)
        all[changed.code] = changed
      }
      let sorted = all.values.sorted { $0.code.utf8.lexicographicallyPrecedes($1.code.utf8) }
      for _ in 0..<60 {
        let query = Self.query(&random)
        let expected = sorted.filter { Self.fits($0, query) }
        var found: [CatalogueSummary] = []
        var after: String?
        let limit = Int.random(in: 1...70, using: &random)
        repeat {
          let page = try catalogue.search(query, after: after, limit: limit)
          #expect(page.total == expected.count && page.entries.count <= limit)
          found += page.entries
          after = page.next
        } while after != nil
        #expect(found == expected.map(CatalogueSummary.init(of:)), "seed \(seed), \(query)")
      }
    }
    // A reader sees the same, and follows what is published later.
    let reader = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    let query = CatalogueQuery(text: "后来")
    #expect(try reader.catalogue.search(query).total == 0)
    #expect(try reader.catalogue.search(CatalogueQuery()).total == all.count)
    var later = Self.entry(9999, &random)
    later.name = "后来的"
    try catalogue.publish(later)
    #expect(try reader.catalogue.search(query).entries.map(\.code) == ["C9999"])
    #expect(
      try catalogue.listJSON().map(\.code)
        == (all.keys + ["C9999"]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  @Test func coverageCountsEveryEntryOnce() throws {
    var random = SeededGenerator(seed: 7)
    let fixture = try StoreFixture([])
    let entries = (0..<80).map { Self.entry($0, &random) }
    try fixture.database.catalogue.publish(entries)
    let reported = entries[3]
    try fixture.collect(
      ["\(StoreFixture.codes[0]),1", "\(StoreFixture.codes[1]),2"], entry: reported.code,
      header: "CODE,\(reported.items[1].id)")
    let all = try fixture.database.catalogue.list().map(\.entry)
    let groups = try fixture.database.catalogueCoverage(by: .category)
    #expect(groups.reduce(0) { $0 + $1.entries } == all.count && groups.reduce(0) { $0 + $1.records } == 2)
    #expect(groups.reduce(0) { $0 + $1.items } == all.reduce(0) { $0 + $1.items.count })
    for group in groups { #expect(group.entries == all.count { $0.category == group.key }) }
    let units = try fixture.database.catalogueCoverage(by: .unit)
    #expect(units.first?.key == nil && units.first?.entries == all.count { $0.units.isEmpty })
    for unit in Self.units {
      #expect(units.first { $0.key == unit }?.entries == all.count { $0.units.contains(unit) })
    }
    let kinds = try fixture.database.catalogueCoverage(by: .subjectKind)
    #expect(
      kinds.first { $0.key == "naturalPerson" }?.entries
        == all.count { $0.subjectKinds.contains("naturalPerson") })
  }

  @Test func versionsComeBackAndNoneGoes() async throws {
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    var second = StoreFixture.entry
    second.version = 2
    second.versionNote = "更名"
    second.name = "新名"
    second.items.append(CatalogueItem(id: "MORE", name: "更多"))
    try catalogue.publish(second)
    try fixture.collect(
      ["\(StoreFixture.codes[0]),1,2021-01-31,1.00,甲,多"], header: "CODE,NO,DAY,AMOUNT,TEXT,MORE")
    _ = try await fixture.database.compact()
    #expect(try catalogue.versions(of: "T1").map(\.entry) == [StoreFixture.entry, second])
    #expect(try catalogue.difference(of: "T1", from: 1).changes.map(\.path) == ["name", "items.MORE"])
    let back = try catalogue.rollBack("T1", to: 1)
    #expect(back.version == 3 && back.name == "测试" && back.items == StoreFixture.entry.items)
    #expect(try catalogue.entry("T1").entry == back)
    #expect(try catalogue.difference(of: "T1", from: 1, to: 3).changes.isEmpty)
    // Going back to what is there changes nothing, and the item that comes back finds its values.
    #expect(try catalogue.rollBack("T1", to: 1) == back && catalogue.versions(of: "T1").count == 3)
    // Days of effect are not brought back: they were said of another time.
    var ended = back
    (ended.version, ended.name, ended.effectiveUntil) = (4, "已停", Day(year: 2021, month: 6, day: 30))
    try catalogue.publish(ended)
    #expect(try catalogue.rollBack("T1", to: 4) == ended)
    var other = ended
    (other.version, other.name) = (5, "另")
    try catalogue.publish(other)
    #expect(try catalogue.rollBack("T1", to: 4).effectiveUntil == nil)
    #expect(try catalogue.rollBack("T1", to: 2).version == 7)
    #expect(try fixture.records(StoreFixture.codes[0]).first?["MORE"] == .text("多"))
    func code(_ body: () throws -> Void) -> String? { #expect(throws: CreditError.self) { try body() }?.code }
    #expect(code { _ = try catalogue.versions(of: "NO") } == "unknownEntry")
    #expect(code { _ = try catalogue.version(9, of: "T1") } == "unknownVersion")
  }

  /// Goal: files are collected under the version that is in effect on the day, and the batch says which that was.
  @Test func aVersionWaitsForItsFirstDay() throws {
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    let last = try #require(Day(year: 2021, month: 6, day: 30))
    let first = try #require(Day(year: 2021, month: 7, day: 1))
    var second = StoreFixture.entry
    second.version = 2
    second.effectiveFrom = first
    second.items[4].required = true
    try catalogue.publish(second)
    func collect(_ day: Day, _ row: String) throws -> Receipt {
      try fixture.collect([row], options: CollectionOptions(today: day))
    }
    let before = try collect(last, "\(StoreFixture.codes[0]),1,2021-01-31,1.00,")
    let after = try collect(first, "\(StoreFixture.codes[0]),2,2021-01-31,1.00,")
    #expect(before.counters == [1, 0, 0, 0, 0, 0] && after.counters == [0, 0, 0, 1, 0, 0])
    let snapshot = fixture.database.snapshot().engine
    #expect(try Batches.entryVersion(ofBatch: before.batch, in: snapshot) == 1)
    #expect(try Batches.entryVersion(ofBatch: after.batch, in: snapshot) == 2)
    let record = try #require(try fixture.records(StoreFixture.codes[0]).first)
    #expect(try fixture.database.snapshot().entryVersion(of: record) == 1)
    var third = second
    third.version = 3
    third.effectiveUntil = first
    try catalogue.publish(third)
    let next = try #require(Day(daysSinceEpoch: Int(first.daysSinceEpoch) + 1))
    let refused = #expect(throws: CreditError.self) {
      _ = try collect(next, "\(StoreFixture.codes[0]),3,2021-01-31,1.00,甲")
    }
    #expect(refused?.code == "entryNotEffective")
    // An entry whose first version lies ahead takes nothing in yet.
    var future = StoreFixture.keyless
    future.code = "F1"
    future.effectiveFrom = next
    try catalogue.publish(future)
    #expect(throws: CreditError.self) { try catalogue.entry("F1", on: first) }
    #expect(try catalogue.entry("F1", on: next).entry.code == "F1")
  }

  @Test func aReviewIsDecidedOnce() throws {
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    var second = StoreFixture.entry
    second.version = 2
    second.name = "审核中"
    try catalogue.submit(second, by: "甲", note: "请审")
    #expect(try catalogue.entry("T1").entry == StoreFixture.entry, "nothing is published yet")
    var other = second
    other.name = "改正后"
    try catalogue.submit(other, by: "乙")
    #expect(try catalogue.reviews().map(\.entry) == [other])
    func code(_ body: () throws -> Void) -> String? { #expect(throws: CreditError.self) { try body() }?.code }
    #expect(code { try catalogue.reject("T1", by: "丙", reason: "") } == "reasonMissing")
    try catalogue.reject("T1", by: "丙", reason: "名称不妥")
    #expect(code { try catalogue.approve("T1", by: "丙") } == "nothingToReview")
    #expect(try catalogue.reviews().isEmpty && catalogue.reviews(.rejected).map(\.reason) == ["名称不妥"])
    other.name = "最后的"
    try catalogue.submit(other, by: "乙")
    #expect(try catalogue.approve("T1", by: "丙", reason: "同意") == other)
    #expect(try catalogue.entry("T1").entry == other)
    let reader = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    let history = try reader.catalogue.reviewHistory(of: "T1")
    #expect(history.map(\.state) == [.withdrawn, .pending, .rejected, .pending, .approved])
    #expect(history.map(\.submitter) == ["甲", "乙", "乙", "乙", "乙"])
    #expect(history.map(\.decider) == ["乙", nil, "丙", nil, "丙"])
    try catalogue.submit(other.with(\.version, 9), by: "甲")
    #expect(try catalogue.withdraw("T1", by: "甲").version == 9)
    #expect(try catalogue.reviews().isEmpty && catalogue.reviews(.withdrawn).map(\.decider) == ["甲"])
    // An entry that was never published may come in by review too; what could not be published cannot be submitted.
    try catalogue.submit(StoreFixture.keyless.with(\.code, "NEW"), by: "甲")
    try catalogue.approve("NEW", by: "丙")
    #expect(try catalogue.entry("NEW").entry.code == "NEW")
    #expect(code { try catalogue.submit(other, by: "甲") } == "versionNotNewer")
    #expect(
      code { try catalogue.submit(other.with(\.version, 9).with(\.recordKey, ["TEXT"]), by: "甲") }
        == "recordKeyChanged")
  }

  /// Goal: the check counts exactly the records whose values the new version would not take, in segments, merged or not, and in the journal.
  @Test(arguments: [false, true]) func theCheckCountsWhatWouldNoLongerFit(isCompacted: Bool) async throws {
    let seed: UInt64 = isCompacted ? 3 : 4
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    var receipts: [UInt64] = []
    for round in 0..<4 {
      // The first batch is a segment of its own, the last lies in the journal.
      if round == 3, isCompacted { _ = try await fixture.database.compact() }
      let rows = (0..<(round == 0 ? 6000 : 50)).map { number -> String in
        let text = ["", "甲", "甲乙丙丁", "甲；乙", "一二三四五六七八\(number % 40)"][Int.random(in: 0..<5, using: &random)]
        let amount = ["", "1.00", "123456.78"][Int.random(in: 0..<3, using: &random)]
        return "\(StoreFixture.codes[number % 3]),\(round)-\(number),2021-01-31,\(amount),\(text)"
      }
      receipts.append(try fixture.collect(rows).batch)
    }
    var new = StoreFixture.entry
    new.version = 2
    new.items[3].precision = 6
    new.items[3].required = true
    new.items[4].required = true
    new.items[4].length = 6
    new.items[4].options = ["甲", "乙", "甲乙丙丁"]
    new.items[4].allowsSeveral = true
    new.items[2].type = .month
    new.items.append(CatalogueItem(id: "ADDED", required: true))
    let check = try fixture.database.catalogue.check(new)
    var expected: [String: Int] = [:]
    var records = 0
    for code in StoreFixture.codes {
      for record in try fixture.records(code, .currentAndWithdrawn) {
        records += 1
        func note(_ what: String, _ holds: Bool) { if holds { expected[what, default: 0] += 1 } }
        note("DAY typeChanged", record["DAY"] != nil)
        // Of its new type nobody has a value, nor of an item that is new.
        note("DAY missing", new.items[2].required)
        note("ADDED missing", true)
        note("AMOUNT missing", record["AMOUNT"] == nil)
        note("AMOUNT tooManyDigits", record["AMOUNT"]?.canonicalText.count ?? 0 > 7)
        let text = record["TEXT"]?.canonicalText
        note("TEXT missing", text == nil)
        note("TEXT tooLong", text?.count ?? 0 > 6)
        note("TEXT notAnOption", text?.hasPrefix("一") ?? false)
      }
    }
    #expect(check.records == records && check.obstacle == nil && !check.isClean)
    #expect(
      Dictionary(
        uniqueKeysWithValues: check.findings.map { ("\($0.item) \($0.problem.rawValue)", $0.records) })
        == expected)
    for finding in check.findings {
      #expect(!finding.batches.isEmpty && Set(finding.batches).isSubset(of: Set(receipts)))
    }
    // What loosens an entry breaks nothing, and what cannot be published says so.
    var loose = StoreFixture.entry
    loose.version = 2
    loose.items[4].length = nil
    #expect(try fixture.database.catalogue.check(loose).isClean)
    // What is published already is clean, and nothing to review.
    let published = try fixture.database.catalogue.entry(loose.code).entry
    let same = try fixture.database.catalogue.check(published)
    #expect(same.isClean && same.from == same.to)
    #expect { try fixture.database.catalogue.submit(published, by: "甲") } throws: {
      let error = $0 as? CreditError
      return error?.code == "versionNotNewer" && error?.message.contains("nothing to review") == true
    }
    loose.recordKey = ["TEXT"]
    #expect(try fixture.database.catalogue.check(loose).obstacle?.contains("recordKey") == true)
    loose.items.remove(at: 3)
    #expect(try fixture.database.catalogue.check(loose).findings.map(\.problem) == [.itemRemoved])
    // An item that comes back finds its values, and they are looked at.
    loose.recordKey = StoreFixture.entry.recordKey
    try fixture.database.catalogue.publish(loose)
    var back = StoreFixture.entry
    (back.version, back.items[3].precision) = (3, 6)
    let returned = try await fixture.database.catalogue.checkInBackground(back)
    #expect(
      returned.findings.map(\.item) == ["AMOUNT"] && returned.findings.map(\.problem) == [.tooManyDigits])
    #expect(returned.findings.first?.records == expected["AMOUNT tooManyDigits"])
  }

  @Test func aValueThatIsNoOptionWaits() throws {
    var entry = StoreFixture.entry
    entry.version = 2
    entry.items[4].options = ["甲", "乙"]
    let fixture = try StoreFixture([entry])
    let receipt = try fixture.collect([
      "\(StoreFixture.codes[0]),1,2021-01-31,1.00,甲", "\(StoreFixture.codes[0]),2,2021-01-31,1.00,丙",
      "\(StoreFixture.codes[0]),3,2021-01-31,1.00,",
    ])
    #expect(receipt.counters == [2, 0, 0, 1, 0, 0])
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["2 questionable R-OPTION"])
    let subject = Identifier(detecting: StoreFixture.codes[0], on: CreditDatabase.today())
    let error = #expect(throws: CreditError.self) {
      try fixture.database.correct(
        "T1", subject: subject, key: "1", reason: "改", changes: ["TEXT": .text("丙")])
    }
    #expect(error?.code == "ruleFailed" && error?.item == "TEXT")
    _ = try fixture.database.correct(
      "T1", subject: subject, key: "1", reason: "改", changes: ["TEXT": .text("乙")])
  }

  /// Goal: codes that look alike are not two entries; an earlier build of the search trapped on them.
  @Test func spellingsOfOneCodeAreRefused() throws {
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    try catalogue.publish(StoreFixture.keyless.with(\.code, "\u{3A9}"))
    #expect(throws: CatalogueError.self) {
      try catalogue.publish(StoreFixture.keyless.with(\.code, "\u{2126}"))
    }
    #expect(try catalogue.search(CatalogueQuery(text: "\u{3A9}")).total == 1)
  }

  /// Goal: whoever publishes at the same time, the highest version is the one that counts afterwards.
  @Test func publishingFromManyThreadsKeepsTheNewest() async throws {
    let fixture = try StoreFixture()
    let catalogue = fixture.database.catalogue
    await withTaskGroup(of: Void.self) { group in
      for version in 2...40 {
        group.addTask {
          // Those that come behind a higher one are refused.
          _ = try? catalogue.publish(StoreFixture.entry.with(\.version, version).with(\.name, "第\(version)版"))
          _ = try? catalogue.search(CatalogueQuery(text: "版"))
          _ = try? catalogue.entry("T1")
        }
      }
    }
    #expect(try catalogue.entry("T1").entry.version == 40)
    #expect(try catalogue.search(CatalogueQuery(text: "第40版")).total == 1)
    #expect(try catalogue.versions(of: "T1").last?.entry.version == 40)
  }
}
