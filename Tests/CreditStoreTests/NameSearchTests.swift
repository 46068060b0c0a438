// Goal: whoever looks for a name finds every subject that has or had it, the best matches first, and nobody else.
// Method: random names of few characters with all kinds of spelling, many versions, beside a comparison of every name of every version.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct NameSearchTests {
  private static func entry(_ code: String) -> CatalogueEntry {
    CatalogueEntry(
      code: code, name: "登记", subject: ["CODE"], subjectName: "NAME", recordKey: ["NO"],
      items: [
        CatalogueItem(id: "CODE", name: "代码", identifier: .any), CatalogueItem(id: "NO", name: "号"),
        CatalogueItem(id: "NAME", name: "名称", length: 80),
      ])
  }

  private static let codes = [
    "91130302MA0000015N", "92130303MA0000023W", "93130321MA0000031N", "130302199001010016",
  ]

  private static func name(_ random: inout SeededGenerator) -> String {
    let characters = ["甲", "乙", "丙", "（", "(", ")", "）", "A", "ａ", " ", "·", "•"]
    let forms = ["", "有限公司", "有限责任公司", "股份有限公司", "（有限合伙）", "(有限合伙)"]
    let core = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      characters[Int.random(in: 0..<characters.count, using: &random)]
    }
    return core.joined() + forms[Int.random(in: 0..<forms.count, using: &random)]
  }

  private struct Answer: Equatable, CustomStringConvertible {
    var subject: String
    /// Normalised, and as it is shown.
    var name: [UInt8]
    var spelling: [UInt8]
    var match: NameMatch
    var isFormer: Bool
    var entries: [String]
    var description: String {
      "\(subject) \(String(decoding: name, as: UTF8.self)) \(match) \(isFormer) \(entries)"
    }
  }

  /// The answer by looking at every version of every subject.
  private static func naive(_ fixture: StoreFixture, _ wanted: String, _ weakest: NameMatch) throws
    -> [Answer]
  {
    let (wantedName, wantedCore) = (NormalizedName(wanted).text, NormalizedName(wanted).core)
    var answers: [Answer] = []
    for code in codes {
      var found: [String: (former: Bool, entries: Set<String>, spellings: [[UInt8]])] = [:]
      let versions = try fixture.records(code, .history)
      // What was withdrawn in the end names nobody.
      let last = Dictionary(
        versions.map { ("\($0.entry.code) \($0.key)", $0) },
        uniquingKeysWith: { $0.version > $1.version ? $0 : $1 })
      for record in versions where last["\(record.entry.code) \(record.key)"]?.state != .withdrawn {
        guard case .text(let text)? = record["NAME"] else { continue }
        let name = NormalizedName(text).text
        let isCurrent = record.isCurrent
        var known = found[name] ?? (true, [], [])
        known.spellings.append(Array(text.utf8))
        known.former = known.former && !isCurrent
        known.entries.insert(record.entry.code)
        found[name] = known
      }
      for (name, known) in found {
        let match: NameMatch? =
          name.utf8.elementsEqual(wantedName.utf8)
          ? .exact
          : NormalizedName(name).core.utf8.elementsEqual(wantedCore.utf8)
            ? .legalForm
            : name.hasPrefix(wantedName) ? .prefix : name.contains(wantedName) ? .substring : nil
        guard let match, match <= weakest else { continue }
        answers.append(
          Answer(
            subject: code, name: Array(name.utf8),
            spelling: known.spellings.min { $0.lexicographicallyPrecedes($1) } ?? [], match: match,
            isFormer: known.former,
            entries: known.entries.sorted()))
      }
    }
    let order = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, $0) })
    return answers.sorted { left, right in
      if left.match != right.match { return left.match < right.match }
      if left.name.count != right.name.count { return left.name.count < right.name.count }
      if left.name != right.name { return left.name.lexicographicallyPrecedes(right.name) }
      return (order[left.subject] ?? 0) < (order[right.subject] ?? 0)
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4]) func answersAreThoseOfComparingEveryName(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let fixture = try StoreFixture([Self.entry("E1"), Self.entry("E2"), StoreFixture.keyless])
    // Every other store has few names, often: they are words of dictionaries then, and each word is compared once.
    let few = (0..<60).map { _ in Self.name(&random) }
    func name() -> String {
      seed % 2 == 0 ? few[Int.random(in: 0..<few.count, using: &random)] : Self.name(&random)
    }
    // One large batch, which becomes a segment, and small ones that give records new names.
    for round in 0..<8 {
      let rows = (0..<(round == 0 ? 6000 : 40)).map { row in
        let key = round == 0 ? row : Int.random(in: 0..<6000, using: &random)
        return "\(Self.codes[key % 4]),\(key),\(name())"
      }
      try fixture.collect(rows, entry: round % 3 == 2 ? "E2" : "E1", header: "CODE,NO,NAME")
      if round == 5 { _ = try await fixture.database.compact() }
    }
    for key in [4, 8, 9] {
      _ = try fixture.database.withdraw(
        "E1", subject: Identifier(detecting: Self.codes[key % 4], on: CreditDatabase.today()), key: "\(key)",
        reason: "撤")
    }
    #expect(try fixture.database.statistics().indexedNames > 0)
    #expect(try fixture.database.verify().isSound)
    let snapshot = fixture.database.snapshot()
    var formers = 0
    for round in 0..<60 {
      var wanted = Self.name(&random)
      while NormalizedName(wanted).isEmpty { wanted = Self.name(&random) }
      if round % 4 == 0 { wanted = ["甲乙", "有限", "公司", "A"][round / 4 % 4] }
      let weakest = NameMatch.allCases[round % 4]
      let expected = try Self.naive(fixture, wanted, weakest)
      for (limit, threads) in [(1, 1), (20, 4), (1000, 3)] {
        // Small parts, so that each thread gets some of them.
        var execution = QueryExecution()
        (execution.threads, execution.rowsOfPart, execution.usesNameIndexes) = (threads, 64, threads != 3)
        let found = try snapshot.subjects(
          named: wanted, weakest: weakest, entries: [], limit: limit, execution: execution
        ).map {
          Answer(
            subject: $0.subject.text, name: Array(NormalizedName($0.name).text.utf8),
            spelling: Array($0.name.utf8), match: $0.match,
            isFormer: $0.isFormer, entries: $0.entries)
        }
        #expect(found == Array(expected.prefix(limit)), "\(wanted), \(weakest), \(limit)")
        formers += found.count(where: \.isFormer)
      }
    }
    // With few names every subject still has each of them somewhere.
    #expect(formers > 0 || seed % 2 == 0)
  }

  @Test func whatCannotBeAskedIsRefused() async throws {
    let fixture = try StoreFixture([Self.entry("E1"), StoreFixture.keyless])
    try fixture.collect(["\(Self.codes[0]),1,甲乙有限公司"], entry: "E1", header: "CODE,NO,NAME")
    let snapshot = fixture.database.snapshot()
    func code(_ body: () throws -> Void) -> String? { #expect(throws: CreditError.self) { try body() }?.code }
    #expect(code { _ = try snapshot.subjects(named: " 　") } == "invalidName")
    #expect(code { _ = try snapshot.subjects(named: String(repeating: "甲", count: 5000)) } == "invalidName")
    #expect(code { _ = try snapshot.subjects(named: "甲", limit: 0) } == "limit")
    #expect(code { _ = try snapshot.subjects(named: "甲", limit: 1001) } == "limit")
    #expect(code { _ = try snapshot.subjects(named: "甲", entries: ["NO"]) } == "unknownEntry")
    #expect(code { _ = try snapshot.subjects(named: "甲", entries: ["T0"]) } == "noSubjectName")
    #expect(try snapshot.subjects(named: "丁").isEmpty)
    let found = try await snapshot.subjectsInBackground(named: "甲乙")
    #expect(found.map(\.name) == ["甲乙有限公司"] && found.map(\.match) == [.legalForm])
  }

  /// Goal: an index knows names of every version, but a snapshot of an earlier commit finds only what it sees; also where nearly all the names
  /// of the index came later.
  @Test func earlierSnapshotsFindWhatTheySee() async throws {
    let fixture = try StoreFixture([Self.entry("E1"), Self.entry("E2")])
    func collect(_ names: [String], entry: String) throws -> UInt64 {
      let rows = names.enumerated().map { "\(Self.codes[$0 % 4]),\($0),\($1)" }
      return try fixture.collect(rows, entry: entry, header: "CODE,NO,NAME").commit
    }
    let first = try collect(["早甲公司", "早乙公司"], entry: "E1")
    _ = try collect((0..<3000).map { "晚\($0)公司" }, entry: "E2")
    _ = try await fixture.database.compact()
    let now = fixture.database.snapshot()
    #expect(try now.subjects(named: "公司", limit: 1000).count == 1000)
    #expect(try now.subjects(named: "早").map(\.name).sorted() == ["早乙公司", "早甲公司"])
    let earlier = fixture.database.snapshot(asOf: first)
    #expect(try earlier.subjects(named: "公司", limit: 1000).map(\.name).sorted() == ["早乙公司", "早甲公司"])
    // Asked of one entry alone.
    let asked = try now.subjects(named: "公司", entries: ["E1"])
    #expect(asked.map(\.name).sorted() == ["早乙公司", "早甲公司"])
    #expect(try now.subjects(named: "晚0", entries: ["E1"]).isEmpty)
  }

  /// Goal: where an entry's name stands in another item from some version on, that item is compared.
  @Test func anotherItemWithTheName() async throws {
    var entry = Self.entry("E1")
    entry.items.append(CatalogueItem(id: "OTHER", name: "别名", length: 80))
    let fixture = try StoreFixture([entry])
    try fixture.collect(
      ["\(Self.codes[0]),1,甲公司,乙公司", "\(Self.codes[1]),2,丙公司,丁公司"], entry: "E1", header: "CODE,NO,NAME,OTHER")
    _ = try await fixture.database.compact()
    #expect(try fixture.database.snapshot().subjects(named: "甲公司").map(\.name) == ["甲公司"])
    entry.version = 2
    entry.subjectName = "OTHER"
    try fixture.database.catalogue.publish([entry])
    let snapshot = fixture.database.snapshot()
    #expect(try snapshot.subjects(named: "甲公司").isEmpty)
    #expect(try snapshot.subjects(named: "乙公司").map(\.name) == ["乙公司"])
  }

  /// Goal: damage of an index is a fault among others. The figures of indexes once were part of the statistics that `verify` begins with: a
  /// damaged directory made an error of the whole report.
  @Test func aDamagedIndexIsAFaultOfTheReport() async throws {
    let fixture = try StoreFixture([Self.entry("E1")])
    try fixture.collect(
      (0..<500).map { "\(Self.codes[$0 % 4]),\($0),名\($0)公司" }, entry: "E1", header: "CODE,NO,NAME")
    _ = try await fixture.database.compact()
    let reader = try #require(fixture.database.engine.snapshot().segments.first?.reader)
    let location = try #require(reader.footer.textIndex)
    try fixture.database.close()
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: fixture.path + "/" + reader.id.fileName))
    try handle.seek(toOffset: UInt64(location.offset) + 40)
    let byte = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: UInt64(location.offset) + 40)
    try handle.write(contentsOf: [byte ^ 1])
    try handle.close()
    let damaged = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    let verdict = try damaged.verify()
    #expect(
      verdict.faults.map(\.offset) == [location.offset] && verdict.faults.map(\.file) == [reader.id.fileName])
    // Questions by name say so instead of guessing; everything else answers.
    #expect(throws: CreditError.self) { try damaged.snapshot().subjects(named: "名1公司") }
    #expect(try damaged.snapshot().records(of: Self.codes[0]).count == 125)
  }
}
