// Goal: whoever follows the changes of a store gets every version once, in the order in which it came, whatever is merged meanwhile, and learns when the
// store was put back.
// Method: pages of many sizes beside the histories of all subjects; stores that were restored from a backup.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct ChangeFeedTests {
  /// What is compared of a version.
  private static func line(_ record: CreditRecord) -> String {
    "\(record.commit) \(record.entry.code) \(record.subject.text) \(record.key) v\(record.version) \(record.state) \(record.values)"
  }

  /// All pages from a token on.
  private static func follow(
    _ snapshot: CreditSnapshot, since start: String? = nil, entries: [String] = [], limit: Int
  ) throws -> (lines: [String], token: String) {
    var lines: [String] = []
    var token = start
    while true {
      let page = try snapshot.changes(since: token, entries: entries, limit: limit)
      #expect(page.changes.count == limit || !page.hasMore)
      lines += page.changes.map(line)
      token = page.next
      if !page.hasMore { return (lines, page.next) }
    }
  }

  /// The versions of all subjects by asking for each, ordered as changes shall be: the oracle.
  private static func histories(_ fixture: StoreFixture, after commit: UInt64 = 0) throws -> [String] {
    var records: [CreditRecord] = []
    for code in StoreFixture.codes + ["130302199001010016"] { records += try fixture.records(code, .history) }
    return records.filter { $0.commit > commit }.map(line).sorted()
  }

  private static func makeCity() throws -> StoreFixture {
    let fixture = try StoreFixture()
    // One large commit, which becomes a segment, and small ones.
    try fixture.collect(
      (0..<6000).map { "\(StoreFixture.codes[$0 % 3]),号\($0),2021-01-0\($0 % 9 + 1),\($0),内容\($0 % 11)" })
    for round in 0..<6 {
      try fixture.collect(
        (0..<40).map {
          "\(StoreFixture.codes[$0 % 2]),号\($0 * 7 + round),2021-02-0\(round + 1),\(round),第\(round)次"
        })
      try fixture.collect(
        [
          "\(StoreFixture.codes[round % 3]),,2021-03-01,\(round),无号",
          "130302199001010016,人,2021-03-01,\(round),x",
        ],
        entry: "T0")
      let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
      _ = try fixture.database.correct(
        "T1", subject: subject, key: "号\(300 + round * 3)", reason: "改", changes: ["TEXT": .text("改\(round)")]
      )
      if round == 3 { _ = try fixture.database.withdraw("T1", subject: subject, key: "号3", reason: "撤") }
    }
    return fixture
  }

  @Test func everyVersionComesOnceInOrder() async throws {
    let fixture = try Self.makeCity()
    let expected = try Self.histories(fixture)
    let whole = try Self.follow(fixture.database.snapshot(), limit: 10_000)
    #expect(whole.lines.sorted() == expected)
    #expect(expected.count > 6250)
    let commits = whole.lines.compactMap { UInt64($0.prefix { $0 != " " }) }
    #expect(commits == commits.sorted())
    // Pages join at any size, and a merge between two pages changes nothing.
    for limit in [1000, 313] {
      #expect(try Self.follow(fixture.database.snapshot(), limit: limit).lines == whole.lines)
    }
    let first = try fixture.database.snapshot().changes(limit: 4321)
    _ = try await fixture.database.compact()
    let rest = try Self.follow(fixture.database.snapshot(), since: first.next, limit: 777)
    #expect(first.changes.map(Self.line) + rest.lines == whole.lines)
    #expect(rest.token == whole.token)
    #expect(throws: CreditError.self) {
      try fixture.database.snapshot().changes(since: first.next, entries: ["T0"])
    }
    // One entry alone.
    let one = try Self.follow(fixture.database.snapshot(), entries: ["T0"], limit: 5)
    #expect(one.lines == whole.lines.filter { $0.contains(" T0 ") } && one.lines.count == 12)
  }

  @Test func onlyWhatCameSinceIsGiven() async throws {
    let fixture = try Self.makeCity()
    var token = try fixture.database.snapshot().changeToken()
    var commit = fixture.database.snapshot().commit
    #expect(try fixture.database.snapshot().changes(since: token).changes.isEmpty)
    for round in 0..<4 {
      try fixture.collect([
        "\(StoreFixture.codes[0]),新\(round),2021-05-01,1,a",
        "\(StoreFixture.codes[1]),号1,2021-05-01,\(round + 90),b",
      ])
      if round == 2 { _ = try await fixture.database.compact() }
      let page = try fixture.database.snapshot().changes(since: token)
      #expect(page.changes.count == 2 && !page.hasMore)
      #expect(try page.changes.map(Self.line).sorted() == Self.histories(fixture, after: commit))
      (token, commit) = (page.next, page.commit)
    }
    // A reader on its own, opened later, goes on from the same token.
    let reader = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    try fixture.collect(["\(StoreFixture.codes[2]),末,2021-06-01,1,z"])
    #expect(try reader.snapshot().changes(since: token).changes.map(\.key) == ["末"])
  }

  /// Goal: a store that was restored does not silently skip what came behind the backup, nor give what was undone as if it stood.
  @Test func aRestoredStoreRefusesTokensFromBefore() async throws {
    let fixture = try Self.makeCity()
    let token = try fixture.database.snapshot().changeToken()
    let backup = fixture.folder.path("backup")
    _ = try await fixture.database.backup(to: backup)
    try fixture.collect(["\(StoreFixture.codes[0]),后,2021-07-01,1,x"])
    let later = try fixture.database.snapshot().changes(since: token)
    #expect(later.changes.map(\.key) == ["后"])
    let restored = try CreditDatabase(opening: backup, mode: .readWrite())
    // What was read up to the backup still counts.
    #expect(try restored.snapshot().changes(since: token).changes.isEmpty)
    func refusal() -> String? {
      #expect(throws: CreditError.self) { try restored.snapshot().changes(since: later.next) }?.code
    }
    #expect(refusal() == "invalidToken")
    // Another commit of the same number is not the one that was read.
    try await Task.sleep(for: .milliseconds(5))
    _ = try restored.withdraw(
      "T1", subject: Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode), key: "号0", reason: "撤")
    #expect(restored.snapshot().commit == later.commit)
    #expect(refusal() == "invalidToken")
    #expect(try restored.snapshot().changes(since: token).changes.map(\.key) == ["号0"])
  }

  /// Goal: records without a record key are told apart by their content: an item that joins the entry between two pages changes nothing, one that
  /// leaves it makes a token that stands between them an error instead of a gap.
  @Test func pagesOfRecordsWithoutKeyGoOnWhenTheEntryGrows() throws {
    let fixture = try StoreFixture()
    try fixture.collect(
      (0..<30).map { "\(StoreFixture.codes[0]),,2021-03-01,\($0),号\($0 % 4)" }, entry: "T0")
    let whole = try Self.follow(fixture.database.snapshot(), limit: 100).lines
    let first = try fixture.database.snapshot().changes(limit: 11)
    // A new item, in front of the others, and their order changed.
    var grown = StoreFixture.keyless
    grown.version = 2
    grown.items = [CatalogueItem(id: "NEW", name: "新项")] + grown.items.reversed()
    try fixture.database.catalogue.publish(grown)
    func keys(_ lines: [String]) -> [Substring] { lines.map { $0.split(separator: " ")[3] } }
    let rest = try Self.follow(fixture.database.snapshot(), since: first.next, limit: 7)
    #expect(first.changes.map(\.key) + keys(rest.lines).map(String.init) == keys(whole).map(String.init))
    #expect(Set(keys(whole)).count == 30)
    var shrunk = grown
    shrunk.version = 3
    shrunk.items.removeAll { $0.id == "AMOUNT" }
    try fixture.database.catalogue.publish(shrunk)
    let refused = #expect(throws: CreditError.self) {
      try fixture.database.snapshot().changes(since: first.next)
    }
    #expect(refused?.code == "invalidToken" && refused?.message.contains("T0") == true)
    // Nor does one that was given meanwhile go on when the item comes back with the values it had.
    let between = try fixture.database.snapshot().changes(limit: 11)
    grown.version = 4
    try fixture.database.catalogue.publish(grown)
    let again = #expect(throws: CreditError.self) {
      try fixture.database.snapshot().changes(since: between.next)
    }
    #expect(again?.code == "invalidToken")
    #expect(try Self.follow(fixture.database.snapshot(), since: first.next, limit: 7).lines == rest.lines)
    // A token behind a whole commit does not depend on it.
    #expect(try fixture.database.snapshot().changes(since: rest.token).changes.isEmpty)
  }

  @Test func wrongTokensAndLimitsAreRefused() throws {
    let fixture = try StoreFixture()
    let other = try StoreFixture()
    try fixture.collect(["\(StoreFixture.codes[0]),a,2021-01-01,1,x"])
    let snapshot = fixture.database.snapshot()
    for token in [
      "", "x", "e30=", String(repeating: "A", count: 2_000_000), try other.database.snapshot().changeToken(),
    ] {
      #expect(throws: CreditError.self) { try snapshot.changes(since: token) }
    }
    for limit in [0, -1, 10_001, .max] {
      #expect(throws: CreditError.self) { try snapshot.changes(limit: limit) }
    }
    #expect(throws: CreditError.self) { try snapshot.changes(entries: ["NO"]) }
    #expect(try snapshot.changes(limit: 10_000).changes.count == 1)
  }
}
