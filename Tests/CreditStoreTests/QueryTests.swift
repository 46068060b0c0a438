// Goal: filters, groups and measures give what a naive reading of the same rows gives; errors name their place.
// Method: random rows and random conditions beside plain Swift over arrays; reading past states; loading under a small
// memory budget against a large one.

import CreditModel
@testable import CreditStore
@testable import SegmentStore
import Foundation
import TestSupport
import Testing

@Suite struct QueryTests {
  private struct Row {
    var code: String
    var number: String
    var day: Int?
    var amount: Int?
    var text: String?
    var line: String {
      let date = day.flatMap { Day(daysSinceEpoch: $0)?.description } ?? ""
      return
        "\(code),\(number),\(date),\(amount.map { "\($0 / 100).\($0 % 100 < 10 ? "0" : "")\($0 % 100)" } ?? ""),\(text ?? "")"
    }
  }

  private static func rows(_ count: Int, seed: UInt64) -> [Row] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      Row(
        code: StoreFixture.codes.randomElement(using: &random) ?? "", number: "N\(index)",
        day: Int.random(in: 0..<5, using: &random) == 0
          ? nil : Int.random(in: 18_000..<18_400, using: &random),
        amount: Int.random(in: 0..<6, using: &random) == 0 ? nil : Int.random(in: 0..<1000, using: &random),
        text: ["罚款", "警告", "罚款;警告", nil].randomElement(using: &random) ?? nil)
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func filtersAndMeasuresAgreeWithANaiveReading(seed: UInt64) throws {
    print("seed \(seed)")
    let store = try StoreFixture()
    let rows = Self.rows(6000, seed: seed)
    try store.collect(rows.prefix(5000).map(\.line))
    try store.collect(rows.dropFirst(5000).map(\.line))
    let conditions: [(String, (Row) -> Bool?)] = [
      ("AMOUNT > 5", { $0.amount.map { $0 > 500 } }),
      ("AMOUNT <= 2.505", { $0.amount.map { $0 * 10 <= 2505 } }),
      ("TEXT contains '罚款'", { $0.text.map { $0.contains("罚款") } }),
      ("TEXT startsWith '警'", { $0.text.map { $0.hasPrefix("警") } }),
      ("DAY >= 2019-08-01", { row in row.day.map { $0 >= 18_109 } }), ("TEXT is null", { $0.text == nil }),
      ("not TEXT = '警告'", { $0.text.map { $0 != "警告" } }),
      ("NO in ('N1', 'N2', 'N9')", { ["N1", "N2", "N9"].contains($0.number) }),
      (
        "AMOUNT > 5 or TEXT is not null",
        { row in row.text != nil ? true : row.amount.map { $0 > 500 } == true ? true : nil }
      ),
      (
        "AMOUNT != 1 and not (TEXT = '罚款' or DAY < 2019-08-01)",
        { row in
          guard row.amount != 100, row.text != "罚款", row.day.map({ $0 >= 18_109 }) ?? true else {
            return false
          }
          return row.amount == nil || row.text == nil || row.day == nil ? nil : true
        }
      ),
    ]
    for (text, holds) in conditions {
      let query = AggregateQuery(
        entries: ["T1"], filter: try Filter(parsing: text),
        measures: [
          .count, .sum("AMOUNT"), .init(function: .min, item: "DAY"),
          .init(function: .distinct, item: "TEXT"),
        ])
      let result = try store.database.snapshot().aggregate(query)
      let expected = rows.filter { holds($0) == true }
      #expect(result.rows[0].measures[0] == .integer(Int128(expected.count)), "\(text)")
      let sum = expected.compactMap(\.amount).reduce(0, +)
      let shown =
        expected.contains { $0.amount != nil }
        ? AggregateResult.Cell.text(FixedDecimal(units: Int64(sum), scale: 2).description) : .null
      #expect(result.rows[0].measures[1] == shown, "\(text)")
      let first = expected.compactMap(\.day).min().flatMap { Day(daysSinceEpoch: $0) }
      #expect(result.rows[0].measures[2] == first.map { .text($0.description) } ?? .null, "\(text)")
      #expect(
        result.rows[0].measures[3] == .integer(Int128(Set(expected.compactMap(\.text)).count)), "\(text)")
    }
    let groups = try store.database.snapshot().aggregate(
      AggregateQuery(entries: ["T1"], groups: [.init(parsing: "month(DAY)"), .init(parsing: "TEXT")]))
    var naive: [String: Int] = [:]
    for row in rows {
      naive[
        "\(row.day.flatMap { Day(daysSinceEpoch: $0)?.month.description } ?? "") \(row.text ?? "")",
        default: 0] += 1
    }
    let found = groups.rows.map { row -> (String, Int) in
      func text(_ cell: AggregateResult.Cell) -> String {
        if case .text(let text) = cell { text } else { "" }
      }
      guard case .integer(let count) = row.measures[0] else { return ("", 0) }
      return (text(row.group[0]) + " " + text(row.group[1]), Int(count))
    }
    #expect(Dictionary(uniqueKeysWithValues: found) == naive)
    #expect(groups.rows[0].group[0] == .null)
    let keys = found.map { Array($0.0.utf8) }
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
  }

  /// Without entries a question goes to all that have records; types of entries without any do not stand in its way.
  @Test func questionsToAllEntries() throws {
    var other = StoreFixture.entry
    other.code = "T9"
    other.items[3] = CatalogueItem(id: "AMOUNT", name: "数量", type: .integer)
    other.items.append(CatalogueItem(id: "ONLY", name: "只有这里"))
    let store = try StoreFixture([StoreFixture.entry, StoreFixture.keyless, other])
    let a = StoreFixture.codes[0]
    try store.collect(["\(a),N1,,1.5,甲", "\(a),N2,,2,甲"])
    try store.collect(["\(a),N1,,4,乙"], entry: "T0")
    func ask(_ filter: String?, by groups: [String] = []) throws -> [AggregateResult.Row] {
      let result = try store.database.snapshot().aggregate(
        AggregateQuery(
          filter: filter.map { try Filter(parsing: $0) }, groups: groups.map { try .init(parsing: $0) },
          measures: [.count, .sum("AMOUNT")]))
      return Array(result.rows)
    }
    #expect(
      try ask("AMOUNT > 1", by: ["$entry", "TEXT"]) == [
        .init(group: [.text("T0"), .text("乙")], measures: [.integer(1), .text("4")]),
        .init(group: [.text("T1"), .text("甲")], measures: [.integer(2), .text("3.5")]),
      ])
    // An item that only an entry without records has: no row has a value.
    let only = try store.database.snapshot().aggregate(
      AggregateQuery(filter: Filter(parsing: "ONLY is null")))
    #expect(only.rows[0].measures[0] == .integer(3))
    #expect(throws: CreditError.self) { try ask("NOPE = 1") }
    try store.collect(
      text: "CODE,NO,DAY,AMOUNT,TEXT,ONLY\n\(a),N1,,4,乙,x\n", entry: "T9")
    #expect { try ask("AMOUNT > 1") } throws: { ($0 as? CreditError)?.code == "typeMismatch" }
  }

  /// The story of a screening that gave up: an identifier stored under another kind than its form suggests was not found when asked for alone.
  @Test func anIdentifierOfAnotherKindIsScreened() throws {
    var entry = StoreFixture.entry
    entry.code = "T8"
    entry.items[0] = CatalogueItem(id: "CODE", name: "代码", identifier: .taxpayerNumber)
    entry.invalidIdentifier = .warn
    let store = try StoreFixture([entry])
    for text in ["130302600000011", "110105491231002"] {
      try store.collect(["\(text),N1,,1,甲"], entry: "T8")
      let snapshot = store.database.snapshot()
      #expect(try snapshot.records(of: text).count == 1)
      #expect(try snapshot.screen([text])[0].records == ["T8": 1])
    }
  }

  /// The story of two records without a key that a correction made equal, which is refused since: a page that ended between them lost one.
  @Test func pagesKeepRecordsThatBecameEqual() throws {
    let store = try StoreFixture()
    let a = StoreFixture.codes[0]
    try store.collect(["\(a),N1,,1,甲", "\(a),N1,,2,甲"], entry: "T0")
    try store.makeEqual(a, entry: "T0")
    var query = RecordQuery(entries: ["T0"], limit: 1)
    var found = 0
    repeat {
      let page = try store.database.snapshot().records(matching: query)
      found += page.records.count
      query.cursor = page.next
    } while query.cursor != nil
    #expect(found == 2)
  }

  /// The story of a question about the past that failed: a merged segment also holds entries that were published later.
  @Test func questionsToAllEntriesAboutThePast() async throws {
    let store = try StoreFixture([StoreFixture.entry])
    let a = StoreFixture.codes[0]
    let past = try store.collect(["\(a),N1,,1,甲"]).commit
    var later = StoreFixture.entry
    later.code = "T7"
    try store.database.catalogue.publish(later)
    try store.collect(["\(a),N1,,1,甲"], entry: "T7")
    _ = try await store.database.compact()
    let now = store.database.snapshot()
    #expect(try now.aggregate(AggregateQuery()).rows[0].measures[0] == .integer(2))
    let before = store.database.snapshot(asOf: past)
    #expect(try before.aggregate(AggregateQuery()).rows[0].measures[0] == .integer(1))
    #expect(try before.records(matching: RecordQuery()).records.count == 1)
    #expect(try before.screen([a])[0].records == ["T1": 1])
  }

  /// Thousands of alternatives cost as much as a list of them, and filters built by hand are no deeper than parsed ones.
  @Test func manyAlternativesAreOneList() throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(2000, seed: 6).map(\.line))
    let snapshot = store.database.snapshot()
    let text = (0..<4000).map { "NO = 'N\($0 * 3)'" }.joined(separator: " or ")
    let query = AggregateQuery(entries: ["T1"], filter: try Filter(parsing: text))
    #expect(try snapshot.aggregate(query).rows[0].measures[0] == .integer(667))
    var deep = Filter.isNull(.init("NO"))
    for _ in 0..<5000 { deep = .not(deep) }
    #expect {
      try snapshot.aggregate(AggregateQuery(entries: ["T1"], filter: deep))
    } throws: { ($0 as? CreditError)?.code == "invalidFilter" }
  }

  /// Groups and different values that do not fit into memory end the question, not the process.
  @Test func tooManyValuesAreAnError() throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(60_000, seed: 3).map(\.line))
    let snapshot = store.database.snapshot()
    let entry = try store.database.catalogue.entry("T1")
    for query in [
      AggregateQuery(entries: ["T1"], measures: [.init(function: .distinct, item: "NO")]),
      try AggregateQuery(entries: ["T1"], groups: [.init(parsing: "NO"), .init(parsing: "CODE")]),
    ] {
      let plan = try AggregatePlan(query, entries: [entry])
      #expect {
        try AggregateRun(plan, snapshot.engine, byteLimit: 1 << 20).result()
      } throws: { ($0 as? CreditError)?.code == "limit" }
      #expect(throws: Never.self) { try AggregateRun(plan, snapshot.engine, byteLimit: 64 << 20).result() }
    }
  }

  /// Words that are counted by their codes first take memory once they are numbered: that is asked for, too.
  @Test func tooManyLongWordsAreAnError() async throws {
    let store = try StoreFixture()
    let words = (0..<12_000).map { number -> String in
      var word = ""
      for place in 0..<20 {
        let scalar: Int = 0x4E00 + (number * 31 + place * place * 7 + number / 97 * place) % 20_000
        word.unicodeScalars.append(UnicodeScalar(UInt32(scalar)) ?? "长")
      }
      return word
    }
    try store.collect((0..<60_000).map { "91130302MA0000015N,\($0),2021-01-01,1,\(words[$0 % words.count])" })
    _ = try await store.database.compact()
    let snapshot = store.database.snapshot()
    let query = AggregateQuery(entries: ["T1"], groups: [try .init(parsing: "TEXT")])
    let plan = try AggregatePlan(query, entries: [try store.database.catalogue.entry("T1")])
    #expect {
      try AggregateRun(plan, snapshot.engine, byteLimit: 1 << 20).result()
    } throws: { ($0 as? CreditError)?.code == "limit" }
    let result = try AggregateRun(plan, snapshot.engine, byteLimit: 64 << 20).result()
    #expect(result.rows.count == Set(words).count)
    // Nobody waits for it to end once it is cancelled.
    #expect(throws: CancellationError.self) {
      try AggregateRun(plan, snapshot.engine, byteLimit: 64 << 20, isCancelled: { true }).result()
    }
  }

  /// A limit of groups holds exactly, for one thread and for several whose groups only together are too many.
  @Test(arguments: [1, 3])
  func theLimitOfGroupsIsThatOfAllThreads(threads: Int) throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(9000, seed: 8).map(\.line))
    var query = AggregateQuery(entries: ["T1"], groups: [try .init(parsing: "NO")])
    query.execution.threads = threads
    query.execution.rowsOfPart = 2048
    query.execution.maximumGroups = 9000
    let result = try store.database.snapshot().aggregate(query)
    #expect(result.rows.count == 9000 && result.explanation.threads == threads)
    query.execution.maximumGroups = 8999
    #expect { try store.database.snapshot().aggregate(query) } throws: {
      ($0 as? CreditError)?.code == "limit"
    }
  }

  /// A question that runs is ended soon: it is asked at every vector, not only before it begins.
  @Test func aRunningQuestionEndsWhenItIsCancelled() throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(30_000, seed: 2).map(\.line))
    let entry = try store.database.catalogue.entry("T1")
    // Counting alone would look at no row.
    var query = AggregateQuery(entries: ["T1"], measures: [.min("AMOUNT"), .distinct("DAY")])
    query.threadLimit = 1
    let plan = try AggregatePlan(query, entries: [entry])
    let asked = Guarded(0)
    // One part of more than ten vectors: it has begun when the answer changes.
    let run = AggregateRun(
      plan, store.database.snapshot().engine, byteLimit: 64 << 20,
      isCancelled: {
        asked.withLock { count in
          count += 1
          return count > 4
        }
      })
    #expect(throws: CancellationError.self) { try run.result() }
    #expect(asked.withLock { $0 } == 5)
  }

  /// Counts that no row is read for, and the same through rows: stored counts, marks, withdrawn records, other commits.
  @Test func countsByEntryAreThoseOfTheRows() async throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(5_000, seed: 4).map(\.line))
    try store.collect(["\(StoreFixture.codes[0]),N1,2020-01-01,1,甲"], entry: "T0")
    func counts(_ snapshot: CreditSnapshot, _ filter: String? = nil) throws -> [[AggregateResult.Cell]] {
      let query = AggregateQuery(
        filter: try filter.map { try Filter(parsing: $0) }, groups: [try .init(parsing: "$entry")])
      let rows = try snapshot.aggregate(query).rows.map { Array($0.group) + Array($0.measures) }
      let total = try snapshot.aggregate(AggregateQuery(filter: query.filter)).rows[0].measures[0]
      #expect(
        total
          == .integer(
            rows.reduce(Int128(0)) { if case .integer(let count) = $1[1] { $0 + count } else { $0 } }))
      return rows
    }
    // A condition that all rows satisfy makes them be looked at.
    let everything = "CODE is not null"
    var states: [(UInt64, [[AggregateResult.Cell]])] = []
    for step in 0..<4 {
      let snapshot = store.database.snapshot()
      let found = try counts(snapshot)
      #expect(try found == counts(snapshot, everything), "step \(step)")
      states.append((snapshot.commit, found))
      let record = try #require(store.records(StoreFixture.codes[step % 3], entry: "T1").first)
      switch step {
      case 0: _ = try await store.database.compact()
      case 1: _ = try store.database.withdraw("T1", subject: record.subject, key: record.key, reason: "r")
      default:
        _ = try store.database.correct(
          "T1", subject: record.subject, key: record.key, reason: "r", changes: ["TEXT": .text("改")])
        _ = try await store.database.compact()
      }
    }
    #expect(states[0].1 == [[.text("T0"), .integer(1)], [.text("T1"), .integer(5_000)]])
    #expect(states[3].1 == [[.text("T0"), .integer(1)], [.text("T1"), .integer(4_999)]])
    for (commit, expected) in states {
      #expect(try counts(store.database.snapshot(asOf: commit)) == expected)
    }
  }

  /// What a directory says of a part is what its rows say, and is not said where rows must be looked at.
  @Test func partsKnowTheirRowsWhereNothingHidesThem() async throws {
    let store = try StoreFixture()
    try store.collect(Self.rows(9_000, seed: 6).map(\.line))
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    func look(_ snapshot: CreditSnapshot) throws -> (known: Int, unknown: Int) {
      let schema = try store.database.catalogue.entry("T1").schema
      let scan = VectorScan(snapshot.engine, schema: schema)
      var (known, unknown) = (0, 0)
      var vector = RowVector()
      for part in try scan.parts(rows: 2_048) {
        var count = 0
        try scan.forEachVector(of: part, in: &vector) { vector in
          try vector.dropWithdrawn()
          count += vector.selectedCount
          return true
        }
        if let found = try scan.knownRowCount(of: part, without: withdrawn) {
          #expect(found == count)
          known += 1
        } else {
          unknown += 1
        }
      }
      return (known, unknown)
    }
    let first = store.database.snapshot()
    #expect(try look(first) == (5, 0))
    // Corrected records are marked in the segment, and stand in memory: a part there is looked at.
    for code in StoreFixture.codes {
      for record in try store.records(code).prefix(40) {
        _ = try store.database.correct(
          "T1", subject: record.subject, key: record.key, reason: "r", changes: ["TEXT": .text("改")])
      }
    }
    let second = store.database.snapshot()
    #expect(try look(second) == (5, 1))
    _ = try await store.database.compact()
    let third = store.database.snapshot()
    #expect(try look(third) == (5, 0))
    // Rows of later commits, and of a history segment, are looked at one by one.
    #expect(try look(store.database.snapshot(asOf: first.commit)).unknown > 0)
    let record = try #require(store.records(StoreFixture.codes[0]).first)
    _ = try store.database.withdraw("T1", subject: record.subject, key: record.key, reason: "r")
    _ = try await store.database.compact()
    #expect(try look(store.database.snapshot()).unknown > 0)
  }

  @Test func aQuestionOfACancelledTaskEnds() async throws {
    let store = try StoreFixture()
    try store.collect(["\(StoreFixture.codes[0]),N1,,1,甲"])
    let snapshot = store.database.snapshot()
    let query = AggregateQuery(entries: ["T1"])
    #expect(try await snapshot.aggregateInBackground(query).rows[0].measures[0] == .integer(1))
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await snapshot.aggregateInBackground(query)
    }
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? CreditError)?.code == "cancelled" }
  }

  @Test func averagesAreRoundedHalfUp() throws {
    let store = try StoreFixture()
    let a = StoreFixture.codes[0]
    try store.collect(["\(a),N1,,1.00,", "\(a),N2,,1.01,", "\(a),N3,,1.01,", "\(a),N4,,-5,"])
    func average(_ filter: String) throws -> AggregateResult.Cell {
      try store.database.snapshot().aggregate(
        AggregateQuery(
          entries: ["T1"], filter: Filter(parsing: filter), measures: [.init(function: .avg, item: "AMOUNT")])
      ).rows[0].measures[0]
    }
    #expect(try average("AMOUNT > 0") == .text("1.006667") && average("AMOUNT < 0") == .text("-5.000000"))
    #expect(try average("AMOUNT > 100") == .null)
  }

  @Test(arguments: [
    ("AMOUNT >", 8), ("AMOUNT > 'x'", 9), ("NOPE = 1", 0), ("TEXT = 'open", 7), ("AMOUNT = 1 AMOUNT = 2", 11),
    ("DAY = 2021-02-30", 6),
    ("(AMOUNT = 1", 11), ("AMOUNT in ()", 11), ("TEXT contains 5", 14), ("AMOUNT ! 1", 7), ("= 1", 0),
    ("金额 = 1", 0),
    ("AMOUNT contains 'x'", 16),
  ])
  func wrongFiltersNameTheirPlace(text: String, offset: Int64) throws {
    let store = try StoreFixture()
    #expect {
      try store.database.snapshot().aggregate(AggregateQuery(entries: ["T1"], filter: Filter(parsing: text)))
    } throws: { error in
      let error = error as? CreditError
      if error?.offset != offset { print("\(text): \(String(describing: error))") }
      return error?.offset == offset
    }
  }

  @Test func deepFiltersAreRefused() {
    let deep = String(repeating: "(", count: 10_000) + "A = 1" + String(repeating: ")", count: 10_000)
    #expect(throws: CreditError.self) { try Filter(parsing: deep) }
    #expect(throws: CreditError.self) {
      try Filter(parsing: String(repeating: "not ", count: 10_000) + "A = 1")
    }
    #expect(throws: Never.self) { try Filter(parsing: "`任意 名称` = 1 AND Not A IS NULL") }
  }

  @Test func pastStatesStayReadable() throws {
    let store = try StoreFixture()
    let a = StoreFixture.codes[0]
    let first = try store.collect(["\(a),N1,,1,甲"])
    let second = try store.collect(["\(a),N1,,2,甲", "\(a),N2,,2,甲"])
    for database in [store.database, try CreditDatabase(opening: store.path, mode: .readOnly)] {
      #expect(
        try database.snapshot(asOf: first.commit).records(of: a).map { $0["AMOUNT"]?.canonicalText } == ["1"])
      #expect(try database.snapshot(asOf: second.commit).records(of: a).count == 2)
      #expect(try database.snapshot(asOf: first.commit - 1).records(of: a, entry: nil).isEmpty)
      #expect(try database.snapshot(asOf: Date()).records(of: a).count == 2)
      #expect(database.snapshot(asOf: Date(timeIntervalSince1970: 0)).commit == 0)
    }
  }

  /// Rows that do not fit into memory are spilled, merged and decided as if they had.
  @Test func aSmallMemoryBudgetChangesNothing() throws {
    let rows = Self.rows(150_000, seed: 9).map(\.line) + Self.rows(30_000, seed: 9).map(\.line)
    var answers: [String] = []
    for budget in [16 << 20, 512 << 20] {
      let store = try StoreFixture(memoryBudgetBytes: budget)
      let receipt = try store.collect(rows.shuffled(using: &Self.shuffler))
      #expect(receipt.reported == 180_000)
      let again = try store.collect(rows)
      #expect(again.duplicate == 180_000)
      let groups = try store.database.snapshot().aggregate(
        AggregateQuery(
          entries: ["T1"], groups: [.init(parsing: "year(DAY)"), .init(parsing: "TEXT")],
          measures: [.count, .sum("AMOUNT")]))
      answers.append("\(groups.rows)")
      let statistics = try store.database.statistics()
      #expect(statistics.records == receipt.loaded && statistics.subjects == 3)
      let report = try store.database.verify()
      #expect(report.isSound, "\(report.faults)")
    }
    #expect(answers[0] == answers[1])
  }

  nonisolated(unsafe) private static var shuffler = SeededGenerator(seed: 4)
}
