// Goal: completeness, timeliness and points are those one would count by hand.
// Method: rows with gaps and dates near and far, of two units, beside a count over the same rows.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct RecordQualityTests {
  private static let units = ["11130300000000019B", "12130304000000027W"]

  private static func entry(requiresText: Bool) -> CatalogueEntry {
    var entry = StoreFixture.entry
    for index in entry.items.indices where ["DAY", "AMOUNT", "TEXT"].contains(entry.items[index].id) {
      entry.items[index].required = false
    }
    if requiresText { entry.items[1].required = true }
    return entry
  }

  @Test(arguments: [1, 2] as [UInt64])
  func figuresAreThoseCountedByHand(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let store = try StoreFixture([Self.entry(requiresText: false), StoreFixture.keyless])
    let today = CreditDatabase.today()
    // By unit: records, values, dated, timely.
    var expected = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    for batch in 0..<6 {
      let unit = batch % 3
      let rows = (0..<(batch < 3 ? 3000 : 20)).map { index -> String in
        let age = Int.random(in: 0...14, using: &random)
        let day =
          index % 5 == 0 ? "" : Day(daysSinceEpoch: Int(today.daysSinceEpoch) - age)?.description ?? ""
        let (amount, text) = (index % 3 == 0 ? "" : "\(index)", index % 4 == 0 ? "" : "x\(index % 50)")
        expected[unit][0] += 1
        expected[unit][1] += 2 + [day, amount, text].count { !$0.isEmpty }
        expected[unit][2] += day.isEmpty ? 0 : 1
        expected[unit][3] += !day.isEmpty && age <= 7 ? 1 : 0
        return "\(StoreFixture.codes[index % 3]),\(batch)-\(index),\(day),\(amount),\(text)"
      }
      #expect(try store.collect(rows, unit: unit < 2 ? Self.units[unit] : nil).loaded == rows.count)
      if batch == 3 { _ = try await store.database.compact() }
    }
    // A withdrawn record counts no more.
    try store.collect(["\(StoreFixture.codes[0]),W,2021-01-01,1,x"], unit: Self.units[0])
    _ = try store.database.withdraw(
      "T1", subject: Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode), key: "W", reason: "r")
    let found = try store.database.snapshot().recordQuality(of: ["T1"])
    #expect(found.map(\.unit) == [nil, Self.units[0], Self.units[1]])
    for (row, counted) in zip(found, [expected[2], expected[0], expected[1]]) {
      #expect([row.records, row.presentValues, row.datedRecords, row.timelyRecords].elementsEqual(counted))
      #expect(row.expectedValues == row.records * 5)
      #expect(row.completeness == (Double(counted[1]) * 10_000 / Double(counted[0] * 5)).rounded() / 100)
      #expect(row.timeliness == (Double(counted[3]) * 10_000 / Double(counted[2])).rounded() / 100)
    }
    let yesterday = Day(daysSinceEpoch: Int(today.daysSinceEpoch) - 1) ?? .epoch
    #expect(try store.database.snapshot().recordQuality(days: .minimum...yesterday).isEmpty)
    #expect(try store.database.snapshot().recordQuality(days: today...today, unit: Self.units[1]).count == 1)
    #expect(
      try store.database.snapshot().recordQuality(timely: .calendarDays(14)).allSatisfy {
        $0.timeliness == 100
      })
    // The records behind the figures are as many as the figures left out, whatever was merged.
    for (row, counted) in zip(found, [expected[2], expected[0], expected[1]]) {
      let late = try Self.count(store, .late, row.unit)
      #expect(late == counted[2] - counted[3])
      let incomplete = try Self.count(store, .incomplete, row.unit, days: today...today)
      #expect(try incomplete == Self.incomplete(store, row.unit))
      #expect(try Self.count(store, .incomplete, row.unit, days: .minimum...yesterday) == 0)
      #expect(try Self.count(store, .late, row.unit, days: .minimum...yesterday) == 0)
    }
    // All entries that have records: there is only this one.
    #expect(try store.database.snapshot().recordQuality().count == 3)
  }

  /// How many records the filter of a problem finds.
  private static func count(
    _ store: StoreFixture, _ problem: QualityProblem, _ unit: String?, days: ClosedRange<Day>? = nil,
    timely: TimelyLimit = .calendarDays(7)
  ) throws -> Int {
    let snapshot = store.database.snapshot()
    let filter = try snapshot.filter(
      for: problem, inRecordsOf: "T1", unit: unit, days: days, timely: timely)
    let result = try snapshot.aggregate(AggregateQuery(entries: ["T1"], filter: filter))
    guard case .integer(let count) = result.rows[0].measures[0] else { return -1 }
    return Int(count)
  }

  /// Records of a unit that lack a value, counted one by one.
  private static func incomplete(_ store: StoreFixture, _ unit: String?) throws -> Int {
    var count = 0
    for code in StoreFixture.codes {
      for record in try store.records(code, entry: "T1") {
        let reporter = try Batches.unit(ofBatch: record.batch, in: store.database.snapshot().engine)
        if reporter == unit, record.values.contains(nil) { count += 1 }
      }
    }
    return count
  }

  /// In working days, around the holidays of October 2025: a decision of 26 September is in time until 13 October.
  @Test func workingDaysCountByTheCalendar() throws {
    let limit = Deadlines(.workingDays(7))
    func number(_ text: String) throws -> Int { Int(try #require(Day(text)).daysSinceEpoch) }
    #expect(try limit.isKept(event: number("2025-09-26"), day: number("2025-10-13")))
    #expect(try !limit.isKept(event: number("2025-09-26"), day: number("2025-10-14")))
    #expect(try limit.firstEvent(forRecordsOf: number("2025-10-13")) == number("2025-09-26"))
    #expect(try limit.firstEvent(forRecordsOf: number("2025-10-14")) == number("2025-09-28"))
    // Certain without a calendar: it came the next day, or years later.
    #expect(try limit.isKept(event: number("2011-03-01"), day: number("2011-03-02")))
    #expect(try !limit.isKept(event: number("2011-03-01"), day: number("2021-03-02")))
    #expect(throws: CreditError.self) {
      try limit.isKept(event: number("2011-03-01"), day: number("2011-03-20"))
    }
    let store = try StoreFixture([Self.entry(requiresText: false)])
    let today = CreditDatabase.today()
    // Every day of the last weeks: what is measured is what the filter leaves out.
    let rows = (0..<40).map { age in
      "\(StoreFixture.codes[0]),\(age),\(Day(daysSinceEpoch: Int(today.daysSinceEpoch) - age) ?? .epoch),1,x"
    }
    try store.collect(rows, unit: Self.units[0])
    let calendar = WorkingCalendar.national.merging(
      try WorkingCalendar(
        years: (-1...1).map { WorkingCalendar.Year(year: today.components.year + $0, off: [], worked: []) }))
    let timely = TimelyLimit.workingDays(7, calendar)
    let row = try #require(store.database.snapshot().recordQuality(of: ["T1"], timely: timely).first)
    let late = try Self.count(store, .late, Self.units[0], timely: timely)
    #expect(row.datedRecords == 40 && late == 40 - row.timelyRecords)
    // Without holidays seven working days are nine to eleven days.
    #expect((10...12).contains(row.timelyRecords))
  }

  /// Where an entry requires items, these alone are looked at.
  @Test func requiredItemsAreWhatIsExpected() throws {
    let store = try StoreFixture([Self.entry(requiresText: true)])
    try store.collect(
      ["\(StoreFixture.codes[0]),A,,,", "\(StoreFixture.codes[0]),B,2021-01-01,,"], unit: Self.units[0])
    let row = try #require(store.database.snapshot().recordQuality().first)
    #expect(
      row.expectedValues == 2 && row.completeness == 100 && row.datedRecords == 1 && row.timeliness == 0)
  }

  @Test func pointsAreExplainedByTheirFigures() throws {
    let store = try StoreFixture([Self.entry(requiresText: false)])
    let today = CreditDatabase.today()
    var options = CollectionOptions(today: today)
    options.channel = .interface
    let code = StoreFixture.codes[0]
    try store.collect(
      ["\(code),A,\(today),1,x", "\(code),B,\(today),1,x", "nonsense"], unit: Self.units[0], options: options)
    try store.collect(["\(code),C,2001-01-01,1,x"], unit: Self.units[0])
    try store.database.publish([
      ReportingUnit(code: Self.units[0], name: "甲"), ReportingUnit(code: Self.units[1], name: "乙"),
    ])
    try store.database.publish([
      CollectionTask(unit: Self.units[1], entry: "T1", cycle: .daily, dueDays: 0, from: today)
    ])
    let cards = try store.database.snapshot().scorecards(days: today...today, on: today)
    #expect(cards.map(\.unit) == Self.units && cards.map(\.reported) == [4, 0])
    func line(_ card: UnitScorecard, _ figure: ScorecardRule.Figure) -> [Double?] {
      card.lines.first { $0.rule.figure == figure }.map { [$0.share, $0.points] } ?? []
    }
    // Two of three dated records are fresh: 66.67 % of six points.
    #expect(line(cards[0], .timeliness) == [66.67, 4.0])
    #expect(line(cards[0], .effectiveLoading) == [75, 4.5] && line(cards[0], .accuracy) == [75, 2.25])
    #expect(line(cards[0], .completeness) == [100, 3] && line(cards[0], .automaticChannel) == [50, 2])
    #expect(line(cards[0], .tasks) == [nil, nil] && cards[0].points == 15.75 && cards[0].possible == 20)
    // Nothing was reported, and today's task is due: no points of five.
    #expect(line(cards[1], .tasks) == [0, 0] && cards[1].possible == 5)
  }
}
