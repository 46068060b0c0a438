// Goal: a question about the past is understood by the catalogue of then, and a deadline needs no calendar of the time behind what it judges.

@testable import CreditStore
import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct PastQuestionsTests {
  /// An item that came later is unknown before, whether entries are named or not.
  @Test func itemsThatCameLaterAreUnknown() throws {
    let store = try StoreFixture([StoreFixture.entry])
    try store.collect(["\(StoreFixture.codes[0]),1,2024-01-05,1,甲"])
    let before = store.database.snapshot()
    var next = StoreFixture.entry
    next.version = 2
    next.items.append(CatalogueItem(id: "LATER", type: .integer))
    try store.database.catalogue.publish(next)
    try store.collect(
      ["\(StoreFixture.codes[0]),2,2024-01-06,1,甲,5"], header: "CODE,NO,DAY,AMOUNT,TEXT,LATER")
    let measures = [try AggregateQuery.Measure(parsing: "sum:LATER")]
    for entries in [[], ["T1"]] {
      let query = AggregateQuery(entries: entries, measures: measures)
      let now = try store.database.snapshot().aggregate(query)
      #expect(now.rows.count == 1 && now.recordsScanned == 2)
      let error = #expect(throws: CreditError.self) { try before.aggregate(query) }
      #expect(error?.code == "unknownItem")
    }
  }

  /// Without the next year's calendar the answer is that with it, for whatever came before the year ended.
  @Test(arguments: [1, 7, 20])
  func deadlinesNeedNoYearBehindTheReport(limit: Int) throws {
    let year = try WorkingCalendar(years: [.init(year: 2030, off: ["10-01", "12-25"], worked: ["12-28"])])
    let both = year.merging(try WorkingCalendar(years: [.init(year: 2031, off: ["01-01"], worked: [])]))
    let (short, long) = (Deadlines(.workingDays(limit, year)), Deadlines(.workingDays(limit, both)))
    let last = Int(try #require(Day("2030-12-31")).daysSinceEpoch)
    var kept = 0
    for event in last - 60...last {
      for day in event...last {
        let isKept = try short.isKept(event: event, day: day)
        #expect(try isKept == long.isKept(event: event, day: day), "\(event) \(day)")
        kept += isKept ? 1 : 0
      }
    }
    #expect(kept > 61)
    // What came in the next year needs that year.
    #expect(throws: CreditError.self) { try short.isKept(event: last, day: last + limit + 1) }
  }
}
