// Goal: a batch counts for the right period of a task, what is overdue is told, and counters are those of the receipts.

import CreditModel
import CreditStore
import Foundation
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
    // A merged unit's task goes on with the other unit.
    try store.database.mergeUnit(Self.unit, into: Self.other, since: Self.day(0), reason: "撤并")
    let merged = try store.database.snapshot().taskStatuses(
      on: Self.day(0), dueFrom: Self.day(-30), unit: Self.other)
    #expect(merged.count == 6 && merged.allSatisfy { $0.unit == Self.other } && merged[3].state == .done)
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
    var options = CollectionOptions(today: Self.day(0))
    options.period = "2026-13"
    fails("invalidPeriod") { try store.collect([row(1)], unit: Self.unit, options: options) }
    fails("invalidPeriod") { try store.database.reportNothing(for: "T1", from: Self.unit, period: "2026/11") }
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
    #expect(reports[0].state == .waiting && reports[0].waiting == 1 && reports[0].resubmits == nil)
    #expect(
      reports[1].resubmits == first.batch && reports[1].channel == .interface && reports[1].state == .complete
    )
    #expect(reports[2].isJudgement && reports[2].resubmits == first.batch)
    #expect(reports.allSatisfy { $0.day == Self.day(0) && $0.unit == Self.unit })
    let all = try #require(store.database.snapshot().collectionStatistics(by: []).first)
    #expect(all.batches == 2 && all.reported == 4 && all.questionable == 2 && all.waiting == 1)
    #expect(all.loaded + all.duplicate == 3 && all.questionableRate == 50)
    let channels = try store.database.snapshot().collectionStatistics(by: [.channel, .entry, .day])
    #expect(channels.map { $0.group[0] } == [nil, "file", "interface"])
    #expect(
      channels.map(\.reported) == [0, 3, 1] && channels[1].group == ["file", "T1", Self.day(0).description])
    // The counters of columns are those of the receipts, also after merging and opening again.
    let earlier = store.database.snapshot(asOf: first.commit)
    #expect(try earlier.batches().map(\.waiting) == [2])
    #expect(try earlier.collectionStatistics(by: [.unit]).first?.loadingRate == 33.33)
    #expect(try store.database.snapshot().collectionStatistics(by: [.unit], unit: Self.other).isEmpty)
  }
}
