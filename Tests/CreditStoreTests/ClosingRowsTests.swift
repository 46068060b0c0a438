// Goal: a row that was set aside can be closed, once, for a reason, and only where it waits; it stays readable as of before, and the receipt stands.
// Goal: pages of rows set aside hold every row once, whatever their size.

@testable import CreditStore
import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct ClosingRowsTests {
  private static let unit = "11130300000000019B"

  @Test func closedRowsWaitNoLonger() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let receipt = try fixture.collect(
      [
        "91130302MA0000015N,1,2024-01-05,1,甲", ",2,2024-01-05,2,乙", ",3,2024-01-05,3,丙", "x,4,2024-13-05,4,丁",
      ],
      unit: Self.unit)
    #expect(receipt.counters == [1, 0, 0, 1, 2, 0])
    let before = database.snapshot()
    let closed = try database.closeSetAsideRows(ofBatch: receipt.batch, rows: [2, 4], reason: "重报")
    #expect(closed == ClosedRows(rows: 2, commits: [before.commit + 1]))
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["3 unlinked V03"])
    #expect(try before.setAsideRows(ofBatch: receipt.batch).map(\.row) == [2, 3, 4])
    let counts = try database.statistics()
    #expect((counts.records, counts.questionable, counts.unlinked) == (1, 0, 1))
    let report = try #require(try database.snapshot().batches().first)
    #expect((report.waiting, report.openRows, report.questionable, report.unlinked) == (1, 1, 1, 2))
    #expect(try database.snapshot().batches().count == 1, "closing is no report")
    // What is closed cannot be corrected or closed again, and a wrong row closes none.
    for body in [
      { try database.closeSetAsideRows(ofBatch: receipt.batch, rows: [3, 4], reason: "x") },
      { try database.closeSetAsideRows(ofBatch: receipt.batch, rows: [3, 1], reason: "x") },
    ] {
      #expect { try body() } throws: { ($0 as? CreditError)?.code == "unknownRow" }
    }
    #expect {
      try database.judgeAgain(batch: receipt.batch, corrections: [2: ["CODE": "91130302MA0000015N"]])
    } throws: { ($0 as? CreditError)?.code == "unknownRow" }
    #expect { try database.closeSetAsideRows(ofBatch: 999, reason: "x") } throws: {
      ($0 as? CreditError)?.code == "unknownBatch"
    }
    #expect { try database.closeSetAsideRows(ofBatch: receipt.batch, reason: "　 ") } throws: {
      ($0 as? CreditError)?.code == "reasonMissing"
    }
    // The rest, and then there is nothing to close, and no commit.
    #expect(try database.closeSetAsideRows(ofBatch: receipt.batch, reason: "x").rows == 1)
    #expect(try database.closeSetAsideRows(ofBatch: receipt.batch, reason: "x") == ClosedRows())
    #expect(try database.snapshot().batches()[0].state == .complete)
    #expect(try database.verify().faults.isEmpty)
    try database.close()
  }

  /// Rows that are visited one by one are those that are read at once, also where there are more than are visited at a time, in memory and in segments.
  @Test func rowsAreVisitedOneByOne() async throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let receipt = try fixture.collect(
      (1...70_000).map { $0 % 9 == 0 ? ",\($0),2024-01-05,1,甲" : "x,\($0),坏,1,甲" })
    #expect(receipt.questionable + receipt.unlinked == 70_000)
    _ = try database.closeSetAsideRows(
      ofBatch: receipt.batch, rows: [1, 65_536, 65_537, 70_000], reason: "x")
    let past = database.snapshot(asOf: receipt.commit)
    for _ in 0..<2 {
      for (snapshot, count) in [(database.snapshot(), 69_996), (past, 70_000)] {
        var visited: [SetAsideRow] = []
        try snapshot.forEachSetAsideRow(ofBatch: receipt.batch) { visited.append($0) }
        let read = try snapshot.setAsideRows(ofBatch: receipt.batch)
        #expect(visited.count == count)
        #expect(visited.map { "\($0)" } == read.map { "\($0)" })
      }
      _ = try await database.compact()
    }
    struct Enough: Error {}
    #expect(throws: Enough.self) {
      try database.snapshot().forEachSetAsideRow(ofBatch: receipt.batch) { _ in throw Enough() }
    }
    #expect { try database.snapshot().forEachSetAsideRow(ofBatch: 999) { _ in } } throws: {
      ($0 as? CreditError)?.code == "unknownBatch"
    }
    try database.close()
  }

  /// Five rows wait, three came again: two are open, before and after the three are closed.
  @Test func rowsSentAgainHideNoOthers() throws {
    let fixture = try StoreFixture()
    let database = fixture.database
    let first = try fixture.collect((1...5).map { ",\($0),2024-01-05,1,甲" }, unit: Self.unit)
    var options = CollectionOptions(today: CreditDatabase.today())
    options.resubmits = first.batch
    try fixture.collect(
      (1...3).map { "91130302MA0000015N,\($0),2024-01-05,1,甲" }, unit: Self.unit, options: options)
    func open() throws -> Int { try database.snapshot().batches()[0].openRows }
    #expect(try open() == 2)
    try database.closeSetAsideRows(ofBatch: first.batch, rows: [1, 2, 3], reason: "重报")
    #expect(try open() == 2)
    try database.closeSetAsideRows(ofBatch: first.batch, reason: "不再处理")
    #expect(try open() == 0)
    try database.close()
  }

  @Test(arguments: [1, 2, 3, 7, 50])
  func pagesHoldEveryRowOnce(limit: Int) throws {
    let fixture = try StoreFixture()
    let snapshot: CreditSnapshot
    for batch in 0..<4 {
      try fixture.collect(
        (1...9).map { row in
          (row + batch) % 3 == 0
            ? "x,\(row),2024-13-05,1,甲"
            : row % 2 == 0 ? ",\(row),2024-01-05,1,甲" : "91130302MA0000015N,\(batch)-\(row),2024-01-05,1,甲"
        })
    }
    snapshot = fixture.database.snapshot()
    func pages(_ state: SetAsideState?, _ rule: String?, _ limit: Int) throws -> [String] {
      var found: [String] = []
      var last: (batch: UInt64, row: Int)?
      while true {
        let page = try snapshot.setAsideRows(of: "T1", state: state, rule: rule, after: last, limit: limit)
        #expect(page.count <= limit)
        found += page.map { "\($0.batch) \($0.row.row) \($0.row.state) \($0.row.reasons)" }
        guard page.count == limit, let end = page.last else { return found }
        last = (end.batch, end.row.row)
      }
    }
    for state in [nil, SetAsideState.questionable, .unlinked] {
      for rule in [nil, "V03", "V11"] {
        // The model: batch by batch, each read whole.
        let expected = try snapshot.batches().flatMap { batch in
          try snapshot.setAsideRows(ofBatch: batch.batch).filter { row in
            (state.map { $0 == row.state } ?? true)
              && (rule.map { rule in row.reasons.contains { $0.rule == rule } } ?? true)
          }.map { "\(batch.batch) \($0.row) \($0.state) \($0.reasons)" }
        }
        #expect(try pages(state, rule, limit) == expected)
      }
    }
    try fixture.database.close()
  }
}
