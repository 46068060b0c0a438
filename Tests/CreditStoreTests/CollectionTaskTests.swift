// Goal: a batch counts for the right period of a task, what is overdue is told, and counters are those of the receipts.

import CreditModel
import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct CollectionTaskTests {
  private static let unit = "11130300000000019B"
  private static let other = "12130304000000027W"
  private static func day(_ offset: Int) -> Day {
    Day(daysSinceEpoch: Int(CreditDatabase.today().daysSinceEpoch) + offset) ?? .epoch
  }

  private func store() throws -> StoreFixture {
    let store = try StoreFixture()
    try store.database.publish([
      ReportingUnit(code: Self.unit, name: "市场监督管理局"), ReportingUnit(code: Self.other, name: "海港区分局"),
    ])
    return store
  }

  private func row(_ number: Int) -> String { "91130302MA0000015N,文\(number),2021-01-01,1,x" }

  @Test func batchesCountForTheOldestPeriodThatIsOpen() throws {
    let store = try store()
    let task = CollectionTask(unit: Self.unit, entry: "T1", cycle: .daily, dueDays: 2, from: Self.day(-5))
    #expect(try store.database.publish([task]).published == 1)
    #expect(try store.database.publish([task]).unchanged == 1)
    func states() throws -> [String] {
      try store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30)).map(
        \.state.rawValue)
    }
    #expect(try states() == ["overdue", "overdue", "overdue", "open", "open", "open"])
    #expect(
      try store.database.snapshot().overdueTasks(on: Self.day(0)).map(\.period)
        == (-5 ... -3).map { Self.day($0).description })
    // Without a period: the oldest that is not past its deadline, one after the other, then the one the day lies in.
    for number in 0..<4 { try store.collect([row(number)], unit: Self.unit) }
    try store.collect([row(9)], unit: Self.other)
    #expect(try states() == ["overdue", "overdue", "overdue", "done", "done", "done"])
    let last = try #require(
      store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30)).last)
    #expect(last.batches.count == 2 && last.reported == 2 && last.period == Self.day(0).description)
    // One that names its period is late where the deadline is over; so is a note that there was nothing.
    var options = CollectionOptions(today: Self.day(0))
    options.period = Self.day(-5).description
    try store.collect([row(5), "x"], unit: Self.unit, options: options)
    try store.database.reportNothing(for: "T1", from: Self.unit, period: Self.day(-4).description)
    #expect(try states() == ["late", "late", "overdue", "done", "done", "done"])
    let first = try #require(
      store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30)).first)
    #expect(first.reported == 2 && first.waiting == 1)
    // A week ago nothing of this was known, and tomorrow a period has begun.
    #expect(
      try store.database.snapshot().taskStatuses(on: Self.day(-4), dueFrom: Self.day(-30)).map(\.state) == [
        .open, .open,
      ])
    #expect(try store.database.snapshot().taskStatuses(on: Self.day(1), dueFrom: Self.day(-30)).count == 7)
  }

  /// Until the merger a unit's periods are its own, from then on the other unit reports them; what one of them reported hides nothing of the other.
  @Test func aMergedUnitKeepsItsPast() throws {
    let store = try store()
    let tasks = [Self.unit, Self.other].map {
      CollectionTask(unit: $0, entry: "T1", cycle: .daily, dueDays: 1, from: Self.day(-4))
    }
    try store.database.publish([tasks[0]])
    var options = CollectionOptions(today: Self.day(0))
    for offset in -4...0 {
      options.period = Self.day(offset).description
      try store.collect([row(offset + 10)], unit: Self.other, options: options)
    }
    func states(_ unit: String? = nil) throws -> [String] {
      try store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30), unit: unit).map {
        "\($0.unit == Self.unit ? "own" : "other") \($0.state.rawValue)"
      }
    }
    #expect(try states() == ["own overdue", "own overdue", "own overdue", "own open", "own open"])
    try store.database.mergeUnit(Self.unit, into: Self.other, since: Self.day(-1), reason: "撤并")
    #expect(try states() == ["own overdue", "own overdue", "own overdue", "other done", "other done"])
    #expect(try states(Self.other) == ["other done", "other done"])
    // Where the other unit has the same task, it is asked once. The merged unit's task can still be ended.
    try store.database.publish([tasks[1]])
    #expect(try states(Self.unit) == ["own overdue", "own overdue", "own overdue"])
    #expect(try states().count == 8)
    var ended = tasks[0]
    ended.until = Self.day(-3)
    try store.database.publish([ended])
    #expect(try states(Self.unit) == ["own overdue", "own overdue"])
  }

  /// What is sent again counts where it was sent first.
  @Test func aResubmissionDoesNotFillTheNextPeriod() throws {
    let store = try store()
    try store.database.publish([
      CollectionTask(unit: Self.unit, entry: "T1", cycle: .daily, dueDays: 2, from: Self.day(-2))
    ])
    let first = try store.collect([row(1), "x"], unit: Self.unit)
    var options = CollectionOptions(today: Self.day(0))
    options.resubmits = first.batch
    let second = try store.collect([row(2), "y"], unit: Self.unit, options: options)
    options.resubmits = second.batch
    try store.collect([row(3)], unit: Self.unit, options: options)
    let found = try store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30))
    #expect(found.map(\.batches.count) == [3, 0, 0] && found[0].waiting == 0)
    let reports = try store.database.snapshot().batches()
    #expect(reports.map(\.state) == [.resubmitted, .resubmitted, .complete])
    #expect(reports[0].resubmittedIn == [second.batch] && reports[0].waiting == 1 && reports[0].openRows == 0)
    // Two rows were reported first; one of them took three attempts.
    let all = try #require(store.database.snapshot().collectionStatistics(by: []).first)
    #expect(all.batches == 3 && all.reported == 3 && all.loaded == 3 && all.waiting == 0)
  }

  /// The stories: an export failed and its empty file made the month done; a file was sent twice, and nobody was reminded of the next month.
  @Test func whatSaysNothingFillsNoPeriod() throws {
    let store = try store()
    try store.database.publish([
      CollectionTask(unit: Self.unit, entry: "T1", cycle: .daily, dueDays: 2, from: Self.day(-1))
    ])
    func states() throws -> [TaskStatus.State] {
      try store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30)).map(\.state)
    }
    #expect(try store.collect([], unit: Self.unit).reported == 0)
    #expect(try states() == [.open, .open])
    for _ in 0..<3 { try store.collect([row(1)], unit: Self.unit) }
    #expect(try states() == [.done, .open])
    try store.collect([row(1), row(2)], unit: Self.unit)
    #expect(try states() == [.done, .done])
    // That there is nothing is said where somebody asks.
    func code(_ entry: String, _ unit: String) -> String? {
      do { try store.database.reportNothing(for: entry, from: unit) } catch {
        return (error as? CreditError)?.code
      }
      return nil
    }
    #expect(code("T0", Self.unit) == "noTask" && code("T1", Self.other) == "noTask")
    #expect(code("T1", Self.unit) == "noTask")
  }

  /// A unit that works itself again does not come to owe what another had to report for it meanwhile.
  @Test func aRestoredUnitOwesNothingOfBefore() throws {
    let store = try store()
    try store.database.publish([
      CollectionTask(unit: Self.other, entry: "T1", cycle: .daily, dueDays: 1, from: Self.day(-5))
    ])
    try store.database.mergeUnit(Self.other, into: Self.unit, since: Self.day(-4), reason: "并入")
    var options = CollectionOptions(today: Self.day(0))
    options.period = Self.day(-3).description
    try store.collect([row(1)], unit: Self.unit, options: options)
    func owners() throws -> [String] {
      try store.database.snapshot().taskStatuses(on: Self.day(0), dueFrom: Self.day(-30)).map {
        ($0.unit == Self.unit ? "taken " : "own ") + "\($0.batches.count)"
      }
    }
    #expect(try owners() == ["own 0", "taken 0", "taken 1", "taken 0", "taken 0", "taken 0"])
    try store.database.restoreUnit(Self.other, since: Self.day(-1), reason: "分开")
    #expect(try owners() == ["own 0", "taken 0", "taken 1", "taken 0", "own 0", "own 0"])
    // Nor does it where it is entered once more, and taken over again.
    try store.database.publish([ReportingUnit(code: Self.other, name: "海港区分局")])
    #expect(try owners() == ["own 0", "taken 0", "taken 1", "taken 0", "own 0", "own 0"])
    try store.database.mergeUnit(Self.other, into: Self.unit, since: Self.day(0), reason: "再并入")
    #expect(try owners() == ["own 0", "taken 0", "taken 1", "taken 0", "own 0", "taken 0"])
  }

  @Test func tasksThatCannotBeAreRefused() throws {
    let store = try store()
    func fails(_ code: String, _ body: () throws -> Void) {
      #expect { try body() } throws: { ($0 as? CreditError)?.code == code }
    }
    let good = CollectionTask(unit: Self.unit, entry: "T1", cycle: .monthly, dueDays: 10, from: .epoch)
    var bad = good
    bad.entry = "NONE"
    fails("unknownEntry") { try store.database.publish([good, bad]) }
    bad = good
    bad.dueDays = -1
    fails("invalidTask") { try store.database.publish([bad]) }
    fails("invalidTask") { try store.database.publish([good, good]) }
    #expect(try store.database.snapshot().tasks().isEmpty)
    // Without tasks any period there is may be named.
    try store.database.reportNothing(for: "T1", from: Self.other, period: "2026-W48")
    var options = CollectionOptions(today: Self.day(0))
    options.period = "2026-13"
    fails("invalidPeriod") { try store.collect([row(1)], unit: Self.unit, options: options) }
    fails("invalidPeriod") { try store.database.reportNothing(for: "T1", from: Self.unit, period: "2026/11") }
    fails("invalidUnit") { try store.database.reportNothing(for: "T1", from: "", period: nil) }
    try store.database.publish([good])
    // The unit has a task, and that has no such period.
    fails("invalidPeriod") {
      try store.database.reportNothing(for: "T1", from: Self.unit, period: "2026-11-29")
    }
    fails("invalidPeriod") { try store.database.reportNothing(for: "T1", from: Self.unit, period: "1969-12") }
    bad = good
    bad.unit = "1"
    fails("invalidTask") { try store.database.publish([bad]) }
    options.period = nil
    options.resubmits = 1
    fails("unknownBatch") { try store.collect([row(1)], unit: Self.unit, options: options) }
    let first = try store.collect([row(1)], unit: Self.unit)
    options.resubmits = first.batch
    fails("otherBatch") { try store.collect([row(1)], unit: Self.other, options: options) }
    fails("otherBatch") { try store.collect([row(1)], entry: "T0", unit: Self.unit, options: options) }
  }

  /// Rows that were set aside are sent again, or judged again: the batches know the first attempt, and nothing is counted twice.
  @Test func resubmissionsAreLinkedAndCountedOnce() throws {
    let store = try store()
    let first = try store.collect(
      [row(1), "91130302MA0000015N,文2,kein Tag,1,x", "91130302MA0000015N,文3,2021-01-01,viel,x"],
      unit: Self.unit)
    #expect(first.questionable == 2)
    var options = CollectionOptions(today: Self.day(0))
    (options.resubmits, options.channel) = (first.batch, .interface)
    let second = try store.collect([row(2)], unit: Self.unit, options: options)
    let judged = try store.database.judgeAgain(
      batch: first.batch, corrections: [2: ["DAY": "2021-01-01"]], reason: "核实")
    #expect(judged.loaded + judged.duplicate == 1)
    let reports = try store.database.snapshot().batches()
    #expect(reports.map(\.batch).prefix(2) == [first.batch, second.batch] && reports.count == 3)
    // The row that came again is the one that was judged: the other waits, and nobody has sent it.
    #expect(reports[0].state == .waiting && reports[0].waiting == 1 && reports[0].openRows == 1)
    #expect(reports[0].resubmits == nil)
    #expect(
      reports[1].resubmits == first.batch && reports[1].channel == .interface && reports[1].state == .complete
    )
    #expect(reports[2].isJudgement && reports[2].resubmits == first.batch)
    #expect(reports.allSatisfy { $0.day == Self.day(0) && $0.unit == Self.unit })
    let all = try #require(store.database.snapshot().collectionStatistics(by: []).first)
    #expect(all.batches == 2 && all.reported == 3 && all.questionable == 2 && all.waiting == 1)
    #expect(all.loaded + all.duplicate == 3 && all.questionableRate == 66.67)
    // What became of the rows counts where they were reported first.
    let channels = try store.database.snapshot().collectionStatistics(by: [.channel, .entry, .day])
    #expect(channels.map(\.group) == [["file", "T1", Self.day(0).description]] && channels[0].reported == 3)
    // By the period of the task and the division of the unit, or of the one above it.
    try store.database.publish([
      ReportingUnit(code: Self.other, name: "上级", division: "130302"),
      ReportingUnit(code: Self.unit, name: "下级", parent: Self.other),
    ])
    options.resubmits = nil
    options.period = "2026-07"
    try store.collect([row(8)], unit: Self.unit, options: options)
    let regions = try store.database.snapshot().collectionStatistics(by: [.region, .period])
    #expect(regions.map(\.group) == [["130302", nil], ["130302", "2026-07"]] && regions[1].reported == 1)
    // The counters of columns are those of the receipts, as of an earlier commit, too.
    let earlier = store.database.snapshot(asOf: first.commit)
    #expect(try earlier.batches().map(\.waiting) == [2])
    #expect(try earlier.collectionStatistics(by: [.unit]).first?.loadingRate == 33.33)
    #expect(try store.database.snapshot().collectionStatistics(by: [.unit], unit: Self.other).isEmpty)
  }

  /// Batches of before their counters had columns, and of before the version of the entry had one, are read from their receipts, also beside
  /// newer ones in one segment.
  @Test(arguments: [6, 7])
  func batchesOfEarlierVersionsHaveTheCountersOfTheirReceipts(columns: Int) async throws {
    let store = try store()
    let all = SystemDatasets.batches
    let schema = DatasetSchema(
      dataset: all.dataset, version: columns == 6 ? 1 : 2, columns: Array(all.columns.prefix(columns)))
    _ = try store.database.engine.write { transaction in
      let json = """
        {"file":"old.csv","batch":9,"reported":21,"loaded":6,"updated":5,"duplicate":4,"questionable":3,"unlinked":3,\
        "warnings":0,"commit":9,"seconds":1}
        """
      let cells: [RowPayload.Cell] = [
        .text("collect"), .text("T1"), .text(Self.unit), .text("old.csv"), .text(json), .null, .integer(1),
      ]
      try transaction.append(
        schema, key: SystemDatasets.key(batch: transaction.commit), batch: transaction.commit,
        payload: RowPayload.encode(Array(cells.prefix(columns))))
    }
    let newer = try store.collect([row(1)], unit: Self.unit)
    for isMerged in [false, true] {
      if isMerged { _ = try await store.database.compact() }
      let reports = try store.database.snapshot().batches()
      #expect(
        reports.map(\.reported) == [21, 1] && reports.map(\.batch)[1] == newer.batch, "merged: \(isMerged)")
      let old = try #require(reports.first)
      #expect(
        [old.loaded, old.updated, old.duplicate, old.questionable, old.unlinked].elementsEqual([
          6, 5, 4, 3, 3,
        ]))
      #expect(old.channel == nil && old.period == nil && old.resubmits == nil && old.unit == Self.unit)
    }
  }
}
