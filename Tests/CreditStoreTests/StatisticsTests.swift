// Goal: the counts of a store are those of its records one by one, at every commit, in whatever files the rows lie; a repair tells what is lost in
// entries and files.
// Method: random collections, withdrawals, corrections, checkpoints and merges, beside reading all records of all subjects.

import CreditModel
@testable import CreditStore
import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct StatisticsTests {
  /// Versions and current records of an entry, subject by subject.
  private static func naive(_ snapshot: CreditSnapshot, _ entry: String) throws -> [Int] {
    var versions = 0
    var current = 0
    for code in StoreFixture.codes {
      versions += try snapshot.records(of: code, entry: entry, versions: .history).count
      current += try snapshot.records(of: code, entry: entry).count
    }
    return [versions, current]
  }

  @Test(arguments: [UInt64(1), 2, 3]) func countsAreThoseOfReadingEverything(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    let first = fixture.database.snapshot().commit
    for step in 0..<40 {
      let code = StoreFixture.codes[Int.random(in: 0..<3, using: &random)]
      let number = Int.random(in: 0..<30, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...5:
        let rows = (0..<Int.random(in: 1...20, using: &random)).map { _ in
          let number = Int.random(in: 0..<30, using: &random)
          return
            "\(code),第\(number)号,2021-01-\(10 + number % 20),\(Int.random(in: 1...9, using: &random)).00,内容"
        }
        try fixture.collect(rows, entry: step % 4 == 3 ? "T0" : "T1")
      case 6, 7:
        let subject = Identifier(detecting: code, on: CreditDatabase.today())
        // Many records are not there, or withdrawn already.
        _ = try? fixture.database.withdraw("T1", subject: subject, key: "第\(number)号", reason: "撤")
      case 8:
        // A checkpoint gathers rows of several commits in one segment.
        _ = try fixture.database.engine.writing { (session) throws(StoreError) in try session.writer.flush() }
      default: _ = try await fixture.database.compact()
      }
    }
    let last = fixture.database.snapshot().commit
    var withdrawn = 0
    for commit in first...last {
      let snapshot = fixture.database.snapshot(asOf: commit)
      for code in ["T1", "T0"] {
        let entry = try fixture.database.catalogue.entry(code)
        let counted = try RowCounter(snapshot.engine).count(entry.dataset)
        let expected = try Self.naive(snapshot, code)
        #expect([counted.versions, counted.current] == expected, "seed \(seed), commit \(commit), \(code)")
        withdrawn += expected[0] - expected[1]
      }
    }
    #expect(withdrawn > 0)
    let figures = try fixture.database.statistics()
    let now = fixture.database.snapshot()
    let both = try [Self.naive(now, "T1"), Self.naive(now, "T0")]
    #expect(figures.versions == both[0][0] + both[1][0] && figures.records == both[0][1] + both[1][1])
    #expect(figures.subjects == 3 && figures.entries == CatalogueEntry.nationalTemplates.count + 2)
    #expect(
      try fixture.database.recordCounts() == ["T1": both[0][1], "T0": both[1][1]].filter { $0.value > 0 })
  }

  @Test func aRepairTellsWhatIsLost() async throws {
    let fixture = try StoreFixture()
    let receipts = try (0..<3).map { round in
      try fixture.collect(
        (0..<2000).map { "\(StoreFixture.codes[$0 % 3]),\(round)-\($0),2021-01-31,1.00,内容\($0)" })
    }
    _ = try await fixture.database.compact()
    let reader = try #require(fixture.database.engine.snapshot().segments.first?.reader)
    let entry = try fixture.database.catalogue.entry("T1")
    let chunk = try #require(try reader.chunk(of: entry.dataset))
    let amount = try #require(entry.entry.itemIndex("AMOUNT"))
    let column = try #require(try reader.columns(of: chunk).column(entry.columnIDs[amount]))
    try fixture.database.close()
    let target = URL(fileURLWithPath: fixture.path + "/" + reader.id.fileName)
    var bytes = try Data(contentsOf: target)
    for block in column.blocks { bytes[Int(block.location.offset) + 36] ^= 1 }
    try bytes.write(to: target)
    let repaired = fixture.folder.path("repaired")
    let result = try await CreditDatabase.repair(fixture.path, into: repaired)
    #expect(result.report.losses.count == 1 && result.report.losses.first?.rows == 6000)
    #expect(result.report.losses.first?.dataset.flatMap { result.datasetNames[$0] } == "T1")
    #expect(Set(result.batchFiles.keys) == Set(receipts.map(\.batch)))
    #expect(Set(result.batchFiles.values) == Set(receipts.map(\.file)))
    #expect(result.datasetNames[2] == "$batches")
    let database = try CreditDatabase(opening: repaired, mode: .readOnly)
    #expect(try database.verify().isSound && database.statistics().records == 0)
    // A folder with something in it is not written to.
    let error = await #expect(throws: CreditError.self) {
      try await CreditDatabase.repair(fixture.path, into: repaired)
    }
    #expect(error?.code == "alreadyExists")
  }
}
