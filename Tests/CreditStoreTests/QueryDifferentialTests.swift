// Goal: questions give what a naive reading of the same rows gives, to the last digit, whatever the rows are stored as, and whatever
// part of the execution is switched off.
// Method: random rows of all types (nulls, extremes, equal-looking Unicode, document numbers), loaded, committed one by one,
// corrected, withdrawn, merged; random filters, groups and measures; each question under several settings.

import CreditModel
@testable import CreditStore
@testable import SegmentStore
import Foundation
import TestSupport
import Testing

@Suite struct QueryDifferentialTests {
  private struct World {
    let store: StoreFixture
    var rows: [QueryModel.Row] = []
    var random: SeededGenerator

    init(seed: UInt64) throws {
      store = try StoreFixture([QueryModel.entry])
      random = SeededGenerator(seed: seed)
    }

    mutating func collect(_ count: Int, unit: String?) throws {
      let fresh = (0..<count).map { QueryModel.row(rows.count + $0, using: &random) }
      let header = QueryModel.items.map(\.id).joined(separator: ",")
      let receipt = try store.collect(
        text: ([header] + fresh.map(QueryModel.line)).joined(separator: "\n") + "\n", entry: "Q1", unit: unit)
      try #require(receipt.loaded == count, "\(receipt)")
      rows += fresh.map { QueryModel.Row(cells: $0, unit: unit, batch: Int(receipt.commit)) }
    }

    /// Corrects or withdraws some rows.
    mutating func change(_ count: Int) throws {
      for step in 0..<count {
        let index = Int.random(in: 0..<rows.count, using: &random)
        guard case .text(let code) = rows[index].cells[0], case .text(let number) = rows[index].cells[1],
          rows[index].state != "withdrawn"
        else { continue }
        let text = String(decoding: code, as: UTF8.self)
        let subject = Identifier(detecting: text, on: CreditDatabase.today())
        let key = String(decoding: number, as: UTF8.self)
        if step.isMultiple(of: 2) {
          // A correction is a batch of its own, in the name of the unit that sent the record.
          let commit = try store.database.correct(
            "Q1", subject: subject, key: key, reason: "r",
            changes: ["KIND": .text("C\(rows.count)-\(step)"), "INT": nil])
          rows[index].cells[2] = .text(Array("C\(rows.count)-\(step)".utf8))
          rows[index].cells[5] = .null
          rows[index].state = "corrected"
          rows[index].batch = Int(commit)
        } else {
          _ = try store.database.withdraw("Q1", subject: subject, key: key, reason: "r")
          rows[index].state = "withdrawn"
        }
      }
    }
  }

  private static let settings: [(String, @Sendable (inout QueryExecution) -> Void)] = [
    ("as it is", { _ in }), ("one thread", { $0.threads = 1 }), ("three threads", { $0.threads = 3 }),
    ("small parts", { $0.rowsOfPart = 2048 }), ("no zone maps", { $0.usesZoneMaps = false }),
    ("no dictionaries", { $0.usesDictionaries = false }), ("no directory", { $0.usesSubjects = false }),
    ("words numbered as they come", { $0.maximumCodeCounts = 1 }),
    (
      "nothing",
      {
        $0.usesZoneMaps = false
        $0.usesDictionaries = false
        $0.usesSubjects = false
      }
    ),
  ]

  @Test(arguments: [11, 12] as [UInt64])
  func answersAreThoseOfANaiveReading(seed: UInt64) async throws {
    print("seed \(seed)")
    var world = try World(seed: seed)
    try world.collect(20_000, unit: "11130300000000019B")
    try world.collect(5_000, unit: "12130304000000027W")
    for _ in 0..<4 { try world.collect(20, unit: nil) }
    try world.change(60)
    let past = (world.rows, world.store.database.snapshot())
    var explained = QueryExplanation()
    try ask(90, &world, world.store.database.snapshot(), world.rows, &explained)
    _ = try await world.store.database.compact()
    let forms = try Self.forms(world.store.database.snapshot().engine)
    #expect(
      forms.isSuperset(of: [
        "mapped", "relative", "templates", "key", "packed", "patched", "absent", "repeated",
      ]),
      "\(forms)")
    try ask(90, &world, world.store.database.snapshot(), world.rows, &explained)
    try world.change(40)
    try world.collect(30, unit: nil)
    try ask(40, &world, world.store.database.snapshot(), world.rows, &explained)
    // What a snapshot saw before stays so, also where a later merge moved it into history.
    _ = try await world.store.database.compact()
    let earlier = world.store.database.snapshot(asOf: past.1.commit)
    try ask(30, &world, earlier, past.0, &explained)
    #expect(
      explained.rowsSkippedByZoneMap > 0 && explained.rowsSkippedByDictionary > 0
        && explained.partsFoundBySubject > 0, "\(explained)")
  }

  /// What forms of columns the questions met, so that none of them goes untested unseen.
  private static func forms(_ snapshot: EngineSnapshot) throws -> Set<String> {
    var forms: Set<String> = []
    for segment in snapshot.segments {
      for chunk in try segment.reader.datasetChunks() {
        for column in try segment.reader.columns(of: chunk).entries {
          if column.map != nil {
            forms.insert("mapped")
          } else if column.reference != nil {
            forms.insert("relative")
          }
          if column.holes > 0 { forms.insert("templates") }
          if column.phraseCode != nil { forms.insert("phrases") }
          for block in column.blocks where column.type == .integer {
            let decoded = try segment.reader.block(block, of: column)
            guard let packed = decoded.packedNumbers(0..<decoded.rowCount) else { continue }
            forms.insert(packed.exceptions == nil ? "packed" : "patched")
          }
          for block in column.blocks where column.type == .text {
            if try segment.reader.block(block, of: column).form == .key { forms.insert("key") }
          }
          for block in column.blocks where column.type == .integer {
            let packed = try segment.reader.block(block, of: column)
            if let numbers = packed.packedNumbers(0..<packed.rowCount) {
              if numbers.nulls != nil { forms.insert("absent") }
              if numbers.spread != nil { forms.insert("repeated") }
            }
          }
        }
      }
    }
    return forms
  }

  private func ask(
    _ count: Int, _ world: inout World, _ snapshot: CreditSnapshot, _ all: [QueryModel.Row],
    _ explained: inout QueryExplanation
  ) throws {
    let rows = all.filter { $0.state != "withdrawn" }
    for _ in 0..<count {
      var random = world.random
      _ = world.random.next()
      let condition =
        Int.random(in: 0..<5, using: &random) == 0
        ? nil : QueryModel.condition(Int.random(in: 0...3, using: &random), rows, using: &random)
      let columns = (0..<Int.random(in: 0...3, using: &random)).map { _ in QueryModel.column(using: &random) }
      var measures: [(function: String, item: Int)] = [("count", 0)]
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let item = Int.random(in: 0..<QueryModel.items.count, using: &random)
        let isNumber = [.integer, .decimal].contains(QueryModel.items[item].kind)
        let functions = ["min", "max", "distinct"] + (isNumber ? ["sum", "avg"] : [])
        measures.append((functions.randomElement(using: &random) ?? "min", item))
      }
      let expected = Self.answer(rows, condition, columns, measures)
      var query = AggregateQuery(
        entries: ["Q1"], filter: try condition.map { try Filter(parsing: $0.text) },
        groups: try columns.map { try .init(parsing: $0.label) },
        measures: try measures.map { function, item in
          try .init(parsing: function == "count" ? "count" : "\(function):\(QueryModel.items[item].id)")
        })
      let picked = [0, 1 + Int.random(in: 0..<Self.settings.count - 1, using: &random)]
      for index in picked {
        query.execution = QueryExecution()
        Self.settings[index].1(&query.execution)
        let result = try snapshot.aggregate(query)
        let found = result.rows.map { ($0.group.map(Self.text), $0.measures.map(Self.text)) }
        let isEqual =
          found.count == expected.count
          && zip(found, expected).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
        #expect(
          isEqual,
          "\(Self.settings[index].0): where \(condition?.text ?? "-") by \(columns.map(\.label)) measures \(query.measures.map(\.label)); first difference \(Self.difference(found, expected))"
        )
        let note = result.explanation
        if index == 0 {
          explained.rowsSkippedByZoneMap += note.rowsSkippedByZoneMap
          explained.rowsSkippedByDictionary += note.rowsSkippedByDictionary
          explained.partsFoundBySubject += note.partsFoundBySubject
        }
        if !query.execution.usesZoneMaps { #expect(note.rowsSkippedByZoneMap == 0) }
        if !query.execution.usesDictionaries { #expect(note.rowsSkippedByDictionary == 0) }
        if !query.execution.usesSubjects { #expect(note.partsFoundBySubject == 0) }
        if query.execution.threads == 1 { #expect(note.threads == 1) }
      }
    }
  }

  /// Pages of records together are what a plain reading finds, in an order that no merge, thread or size of page changes.
  @Test(arguments: [21, 22] as [UInt64])
  func pagesJoinWithoutGaps(seed: UInt64) async throws {
    print("seed \(seed)")
    var world = try World(seed: seed)
    try world.collect(6_000, unit: "11130300000000019B")
    try world.collect(3_000, unit: "12130304000000027W")
    for _ in 0..<3 { try world.collect(20, unit: nil) }
    try world.change(40)
    let rows = world.rows.filter { $0.state != "withdrawn" }
    let before = world.store.database.snapshot()
    var random = world.random
    var asked: [(RecordQuery, [String])] = []
    for step in 0..<40 {
      let condition =
        step % 8 == 0
        ? nil : QueryModel.condition(Int.random(in: 0...2, using: &random), rows, using: &random)
      let columns = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        (
          item: Int.random(in: 0..<QueryModel.items.count, using: &random),
          isDescending: Bool.random(using: &random)
        )
      }
      let expected = rows.filter { row in condition.map { $0.holds(row) == true } ?? true }
      var query = RecordQuery(
        entries: ["Q1"], filter: try condition.map { try Filter(parsing: $0.text) },
        order: columns.map { .init(QueryModel.items[$0.item].id, isDescending: $0.isDescending) },
        limit: max(1, expected.count / Int.random(in: 1...12, using: &random)))
      let found = try Self.pages(query, before)
      let message = "where \(condition?.text ?? "-") order \(query.order) limit \(query.limit)"
      #expect(Self.names(found).sorted() == Self.names(expected).sorted(), "\(message)")
      for column in columns.prefix(1) {
        let values = found.map { record in record.values[column.item] }
        let byName = Dictionary(uniqueKeysWithValues: expected.map { ($0.cells[1], $0.cells[column.item]) })
        let cells = Self.names(found).map { byName[.text(Array($0.utf8))] ?? .null }
        #expect(values.map { $0 == nil } == cells.map { $0 == .null }, "\(message)")
        let ascends = zip(cells, cells.dropFirst()).allSatisfy {
          column.isDescending ? !QueryModel.precedes($0, $1) : !QueryModel.precedes($1, $0)
        }
        #expect(ascends, "\(message)")
      }
      query.execution.threads = [1, 3][step % 2]
      query.execution.rowsOfPart = 2048
      query.limit = max(1, expected.count / 3)
      #expect(Self.names(try Self.pages(query, before)) == Self.names(found), "\(message)")
      asked.append((query, Self.names(found)))
    }
    _ = try await world.store.database.compact()
    try world.change(20)
    // After a merge and later changes the same commit reads the same, page by page.
    let after = world.store.database.snapshot(asOf: before.commit)
    for (query, names) in asked { #expect(Self.names(try Self.pages(query, after)) == names) }
    // A cursor goes on at its own commit, whatever snapshot it is given to.
    var query = asked[0].0
    query.limit = 10
    let first = try after.records(matching: query)
    query.cursor = first.next
    let second = try world.store.database.snapshot().records(matching: query)
    #expect(
      second.commit == before.commit
        && Self.names(first.records + second.records) == Array(asked[0].1.prefix(20)))
  }

  /// Screening many identifiers counts what looking each of them up finds: in segments, in memory, after corrections, withdrawals and merges.
  @Test func screeningCountsWhatLookingUpFinds() async throws {
    var world = try World(seed: 31)
    try world.collect(4_000, unit: nil)
    for _ in 0..<3 { try world.collect(20, unit: nil) }
    try world.change(60)
    for round in 0..<2 {
      let snapshot = world.store.database.snapshot()
      var texts = world.rows.prefix(600).compactMap { row -> String? in
        if case .text(let code) = row.cells[0] { String(decoding: code, as: UTF8.self) } else { nil }
      }
      texts += [
        "", "nobody", "91130302MA0000015N", String(repeating: "长", count: 40), texts[0].lowercased(),
        texts[1],
      ]
      let screenings = try snapshot.screen(texts)
      #expect(screenings.map(\.input) == texts)
      for (text, screening) in zip(texts, screenings) {
        let found = try snapshot.records(of: text)
        #expect(screening.records.values.reduce(0, +) == found.count, "\(text)")
        #expect(
          screening.natures[.neutral] ?? 0 == found.count && screening.isFound == !found.isEmpty, "\(text)")
        #expect(screening.identifier == found.first?.subject, "\(text)")
        // Alone as well: the kinds that others need tried do not matter.
        #expect(try snapshot.screen([text]) == [screening], "\(text)")
      }
      if round == 0 { _ = try await world.store.database.compact() }
    }
  }

  /// The story of a company whose penalties stood under its old number: whoever screened its present code was told that there are none.
  @Test func screeningFollowsLinks() async throws {
    var world = try World(seed: 32)
    try world.collect(400, unit: nil)
    var codes: [String] = []
    for row in world.rows {
      if case .text(let code) = row.cells[0] {
        let text = String(decoding: code, as: UTF8.self)
        if !codes.contains(text) { codes.append(text) }
      }
    }
    try #require(codes.count > 8)
    let database = world.store.database
    func identifier(_ text: String) -> Identifier { Identifier(detecting: text, on: CreditDatabase.today()) }
    let stranger = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)
    let long = Identifier(String(repeating: "长", count: 30), as: .document)
    for (first, second) in [
      (identifier(codes[0]), identifier(codes[1])), (identifier(codes[1]), stranger),
      (identifier(codes[2]), long), (identifier(codes[3]), identifier(codes[4])),
    ] {
      try database.link(first, second, evidence: .registrationChange, by: "李某")
    }
    let before = database.snapshot()
    try database.unlink(identifier(codes[3]), identifier(codes[4]), reason: "错误关联")
    for round in 0..<2 {
      for (snapshot, links) in [
        (database.snapshot(), CreditSnapshot.Links.followed), (before, .followed),
        (database.snapshot(), .asOf(before.commit)), (database.snapshot(), .ignored),
      ] {
        let texts = codes + [stranger.text, long.text, codes[0], "nobody"]
        let screenings = try snapshot.screen(texts, links: links)
        for (text, screening) in zip(texts, screenings) {
          let found = try snapshot.records(of: text, links: links)
          let counts = Dictionary(grouping: found, by: \.entry.code).mapValues(\.count)
          #expect(screening.records == counts, "\(text) \(links)")
          #expect(screening.isFound == !found.isEmpty, "\(text) \(links)")
        }
        let linked = screenings.prefix(5).map(\.linked.count)
        let isUndone = links == .followed && snapshot.commit != before.commit
        #expect(
          linked == (links == .ignored ? [0, 0, 0, 0, 0] : [2, 2, 0, isUndone ? 0 : 1, isUndone ? 0 : 1]))
      }
      if round == 0 { _ = try await database.compact() }
    }
  }

  @Test func aCursorBelongsToItsQuery() throws {
    var world = try World(seed: 5)
    try world.collect(50, unit: nil)
    let snapshot = world.store.database.snapshot()
    var query = RecordQuery(entries: ["Q1"], limit: 10)
    query.cursor = try snapshot.records(matching: query).next
    #expect(query.cursor != nil)
    var other = query
    other.order = [.init("DAY")]
    for (query, code) in [
      (other, "invalidCursor"), (RecordQuery(limit: 0), "limit"),
      (RecordQuery(cursor: "no"), "invalidCursor"),
    ] {
      #expect { try snapshot.records(matching: query) } throws: { ($0 as? CreditError)?.code == code }
    }
    other.cursor = nil
    other.order = [.init("NOPE")]
    #expect { try snapshot.records(matching: other) } throws: { ($0 as? CreditError)?.code == "unknownItem" }
  }

  private static func pages(_ query: RecordQuery, _ snapshot: CreditSnapshot) throws -> [CreditRecord] {
    var query = query
    var records: [CreditRecord] = []
    repeat {
      let page = try snapshot.records(matching: query)
      #expect(page.records.count == query.limit || page.next == nil)
      records += page.records
      // Pages that do not move on shall fail, not fill the memory.
      try #require(records.count <= 20_000 && page.next != query.cursor || page.next == nil)
      query.cursor = page.next
    } while query.cursor != nil
    return records
  }

  private static func names(_ records: [CreditRecord]) -> [String] { records.map(\.key) }

  private static func names(_ rows: [QueryModel.Row]) -> [String] {
    rows.map { row in
      if case .text(let name) = row.cells[1] { String(decoding: name, as: UTF8.self) } else { "" }
    }
  }

  private static func text(_ cell: AggregateResult.Cell) -> String? {
    switch cell {
    case .null: nil
    case .integer(let number): String(number)
    case .text(let text): text
    case .boolean(let flag): String(flag)
    }
  }

  private typealias Answer = [([String?], [String?])]

  private static func difference(_ found: Answer, _ expected: Answer) -> String {
    for (left, right) in zip(found, expected) where left != right { return "\(left) instead of \(right)" }
    return "\(found.count) rows instead of \(expected.count)"
  }

  private static func answer(
    _ rows: [QueryModel.Row], _ condition: QueryModel.Condition?, _ columns: [QueryModel.Column],
    _ measures: [(function: String, item: Int)]
  ) -> Answer {
    var groups: [[QueryModel.Cell]: (shown: [String?], rows: [QueryModel.Row])] = [:]
    if columns.isEmpty { groups[[]] = ([], []) }
    for row in rows where condition.map({ $0.holds(row) == true }) ?? true {
      let values = columns.map { $0.value(row) }
      groups[values.map(\.order), default: (values.map(\.shown), [])].rows.append(row)
    }
    return groups.sorted { left, right in
      for (first, second) in zip(left.key, right.key) where first != second {
        return QueryModel.precedes(first, second)
      }
      return false
    }.map {
      (
        $0.value.shown,
        measures.map { [rows = $0.value.rows] measure in
          QueryModel.measure(measure.function, measure.item, rows)
        }
      )
    }
  }
}
