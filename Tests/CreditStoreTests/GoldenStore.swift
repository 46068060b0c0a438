// Owns the store that is kept as format version 1 (Tests/Golden), how it was made, and what it says.
// Invariants: what it says leaves out instants, numbers of bytes and whatever else differs from one making to the next; nothing here is worded after JSON
// forms that may gain keys.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

enum GoldenStore {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/format-1").path

  private static let unit = "11130300000000019B"
  private static let merged = "12130304000000027W"
  private static let long = Identifier(String(repeating: "长", count: 30), as: .document)

  // MARK: Making

  /// The store before its last changes are merged: segments, history, rows in the journal.
  static func make() async throws -> StoreFixture {
    let store = try StoreFixture([StoreFixture.entry, StoreFixture.keyless, QueryModel.entry])
    let database = store.database
    try register(database)
    var random = SeededGenerator(seed: 77)
    let header = QueryModel.items.map(\.id).joined(separator: ",")
    func questions(_ range: Range<Int>, _ unit: String?) throws {
      let lines = range.map { QueryModel.line(QueryModel.row($0, using: &random)) }
      try store.collect(text: ([header] + lines).joined(separator: "\n") + "\n", entry: "Q1", unit: unit)
    }
    try questions(0..<300, unit)
    try questions(300..<340, nil)
    try rows(store)
    try change(store)
    let sender = try ExchangeFixture.sender()
    try sender.collect([ExchangeFixture.row(1, "来一", "上级"), ExchangeFixture.row(2, "来二", "上级")])
    try await ExchangeFixture.send(sender, store)
    _ = try await database.compact()
    try questions(340..<360, unit)
    try store.collect(["\(StoreFixture.codes[1]),后,2024-05-06,7,后来"], unit: unit)
    _ = try database.correct(
      "T1", subject: Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode), key: "乙", reason: "再改",
      changes: ["TEXT": .text("再改")])
    return store
  }

  private static func register(_ database: CreditDatabase) throws {
    let day = try #require(Day(year: 2024, month: 1, day: 2))
    try database.publish([
      ReportingUnit(code: unit, name: "市场监督管理局", division: "130300"),
      ReportingUnit(code: merged, name: "工商所", parent: unit),
    ])
    try database.publish([
      UnitAccount(id: "li", unit: unit, name: "李某"), UnitAccount(id: "old", unit: unit, isActive: false),
    ])
    try database.publish([CollectionTask(unit: unit, entry: "T1", cycle: .monthly, dueDays: 10, from: day)])
    try database.publish([ExchangeFixture.route])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.name = "测试二"
    try database.catalogue.submit(entry, by: "王某", note: "改名")
    _ = try database.catalogue.reject("T1", by: "赵某", reason: "不必")
    try database.catalogue.publish(StoreFixture.keyless.with(\.version, 2).with(\.name, "无键二"))
  }

  private static func rows(_ store: StoreFixture) throws {
    let code = StoreFixture.codes[0]
    try store.collect(
      [
        "\(code),甲,2024-01-02,1.50,一", "\(code),乙,2024-01-03,2,二", "\(code),丙,2024-01-04,,三",
        "\(code),丁,2024-01-05,-4.25,四", "\(StoreFixture.codes[1]),甲,2023-12-31,9999999.99,\"引,号\"",
        "\(long.text),长,2024-02-01,1,长号", "\(code),坏,2024-13-01,1,坏日", ",无,2024-01-01,1,无主体", "\(code),戊",
      ], unit: unit)
    try store.collect(["\(code),甲,2024-01-02,1.50,一改", "\(code),甲,2024-01-02,1.50,一"], unit: merged)
    try store.collect(
      ["\(code),x,2024-01-02,1,无键", "\(StoreFixture.codes[2]),y,2024-01-02,1,无键"], entry: "T0")
  }

  private static func change(_ store: StoreFixture) throws {
    let database = store.database
    let first = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    let second = Identifier(StoreFixture.codes[1], as: .unifiedSocialCreditCode)
    let third = Identifier(StoreFixture.codes[2], as: .unifiedSocialCreditCode)
    _ = try database.correct(
      "T1", subject: first, key: "乙", reason: "改",
      changes: ["AMOUNT": .decimal(FixedDecimal(units: 300, scale: 2))])
    _ = try database.withdraw("T1", subject: first, key: "丙", reason: "撤")
    _ = try database.repair("T1", subject: first, key: "丁", reason: "修复")
    _ = try database.reinstate("T1", subject: first, key: "丙", reason: "恢复")
    try database.link(first, long, evidence: .registrationChange, note: "换证", by: "李某")
    try database.link(second, third, evidence: .registrationChange, by: "李某")
    try database.unlink(second, third, reason: "错误")
    try database.mergeUnit(
      merged, into: unit, since: try #require(Day(year: 2024, month: 1, day: 2)), reason: "机构改革")
  }

  // MARK: What it says

  /// Everything people can ask of the store, one line each.
  static func answers(_ database: CreditDatabase) throws -> [String] {
    let snapshot = database.snapshot()
    var lines = try versions(snapshot)
    for batch in try snapshot.batches() {
      lines.append(
        "batch \(batch.batch) \(batch.entry) \(batch.unit ?? "-") \(batch.reported) \(batch.loaded) \(batch.updated) "
          + "\(batch.duplicate) \(batch.questionable) \(batch.unlinked) \(batch.waiting)")
      for row in try snapshot.setAsideRows(ofBatch: batch.batch) {
        lines.append(
          "aside \(batch.batch) \(row.row) \(row.state.name) \(row.reasons.map { "\($0.rule) \($0.item)" }) \(row.raw)"
        )
      }
    }
    lines += try register(snapshot, database)
    lines += try questions(snapshot)
    return lines
  }

  private static func versions(_ snapshot: CreditSnapshot) throws -> [String] {
    var lines: [String] = []
    var token: String?
    while true {
      let page = try snapshot.changes(since: token, limit: 500)
      for record in page.changes {
        lines.append(
          "record \(record.entry.code) \(record.subject.kind) \(record.subject.text) \(record.key) \(record.version) "
            + "\(record.state.name) \(record.batch) \(record.commit) \(record.until.map(String.init) ?? "-") "
            + record.values.map { $0?.canonicalText ?? "-" }.joined(separator: "|"))
      }
      token = page.next
      if !page.hasMore { return lines.sorted() }
    }
  }

  private static func register(_ snapshot: CreditSnapshot, _ database: CreditDatabase) throws -> [String] {
    var lines: [String] = []
    for unit in [unit, merged] {
      for version in try snapshot.unitHistory(unit) {
        lines.append(
          "unit \(version.unit.code) \(version.unit.name) \(version.unit.parent ?? "-") \(version.unit.division ?? "-") "
            + "\(version.unit.successor ?? "-") \(version.unit.since?.description ?? "-") \(version.note ?? "-") \(version.commit)"
        )
      }
    }
    lines += try snapshot.accounts().map { "account \($0.id) \($0.unit) \($0.name ?? "-") \($0.isActive)" }
    lines += try snapshot.tasks().map { "task \($0.unit) \($0.entry) \($0.cycle) \($0.dueDays) \($0.from)" }
    lines += try snapshot.exchangeRoutes().map {
      "route \($0.code) \($0.receiver) \($0.purpose) \($0.entries)"
    }
    lines += try snapshot.receivedPackages().map {
      "received \($0.sender.count) \($0.route) \($0.package) \($0.entry) \($0.loaded) \($0.updated) \($0.rejected)"
    }
    for code in ["T0", "T1", "Q1", "XZCF"] {
      for version in try database.catalogue.versions(of: code) {
        lines.append(
          "entry \(code) \(version.entry.version) \(version.entry.name) \(version.commit) \(version.entry.items.map(\.id))"
        )
      }
      lines += try database.catalogue.reviewHistory(of: code).map {
        "review \(code) \($0.entry.name) \($0.state) \($0.submitter) \($0.decider ?? "-") \($0.reason ?? "-")"
      }
    }
    return lines
  }

  private static func questions(_ snapshot: CreditSnapshot) throws -> [String] {
    var lines: [String] = []
    for code in StoreFixture.codes + [long.text] {
      let identifier = Identifier(detecting: code, on: CreditDatabase.today())
      lines.append("counts \(code) \(try snapshot.recordCounts(of: identifier).sorted { $0.key < $1.key })")
      lines += try snapshot.links(of: identifier, includesUndone: true).map {
        "link \(code) \($0.other.text) \($0.evidence) \($0.note ?? "-") \($0.author) \($0.commit) \($0.until.map(String.init) ?? "-")"
      }
    }
    let question = AggregateQuery(
      entries: ["Q1"], filter: try Filter(parsing: "INT is not null and KIND startsWith 'K'"),
      groups: [try .init(parsing: "OFFICE")],
      measures: [.count, .sum("AMOUNT"), .distinct("WORD")])
    for row in try snapshot.aggregate(question).rows { lines.append("group \(row.group) \(row.measures)") }
    return lines
  }
}
