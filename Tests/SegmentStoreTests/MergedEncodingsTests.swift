// Goal: whatever encodings a merge chooses, every value reads back, from subjects and in scans, also after merging again, and the choice was made.
// Method: rows made to provoke each encoding (RichRows) beside a plain list; the directories of the merged segment are asked what was
// chosen; single bytes of it are damaged.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct MergedEncodingsTests {
  private static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 64 << 20, keyText: RichRows.keyText)
    options.compactsAutomatically = false
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    return options
  }

  private static func make(
    _ path: String, rows: Int = 4000, seed: UInt64
  ) throws -> (engine: SegmentEngine, lines: [String]) {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options())
    return (engine, try RichRows.fill(engine, rows: rows, commits: 3, seed: seed))
  }

  /// The records of a subject are read all at once, in other ways than single rows are: a few of a chunk without cursors, many with them.
  @Test(arguments: [900, 4000]) func rowsOfASubjectAreReadAllAtOnce(rows: Int) throws {
    let seed: UInt64 = 43
    print("seed \(seed)")
    let folder = try TemporaryFolder()
    let (engine, expected) = try Self.make(folder.path("store"), rows: rows, seed: seed)
    #expect(try RichRows.visitedLines(engine) == expected)
    try engine.compact()
    #expect(try RichRows.visitedLines(engine) == expected)
    // What is superseded is not visited, and what the snapshot does not see yet neither.
    let snapshot = engine.snapshot()
    let key = RichRows.key(7)
    let all = try snapshot.rows(of: key, schema: RichRows.schema)
    let gone = try #require(all.first)
    _ = try engine.write { transaction in transaction.supersede(gone.address) }
    func count(_ snapshot: EngineSnapshot) throws -> Int {
      var count = 0
      let places = try snapshot.places(of: key, includesHistory: false)
      try snapshot.visitCurrentRows(places, schema: RichRows.schema) { (rows, _, _) throws(StoreError) in
        count += rows.count
      } memory: { (_) throws(StoreError) in
        count += 1
      }
      #expect(try snapshot.count(places, dataset: RichRows.schema.dataset) == count)
      return count
    }
    #expect(try count(engine.snapshot()) == all.count - 1)
    #expect(try count(snapshot) == all.count)
    try engine.compact()
    #expect(try count(engine.snapshot()) == all.count - 1)
    #expect(try count(engine.snapshot(asOf: snapshot.commit)) == all.count)
  }

  /// The story: in a merged segment the batch of a row follows from its commit, and was read as if the difference were the batch.
  @Test func batchesThatFollowCommitsAreRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    let schema = RichRows.smallSchema(3)
    for commit in 1...24 {
      _ = try engine.write { transaction in
        for row in 0..<200 {
          try transaction.append(
            schema, key: RichRows.key(row), batch: UInt64(commit), version: UInt32(commit % 5 + 1),
            payload: RowPayload.encode([.null, .integer(Int64(commit)), .null]))
        }
      }
    }
    try engine.compact()
    let snapshot = engine.snapshot()
    let reader = try #require(snapshot.view.segments.first?.reader)
    let chunk = try #require(try reader.chunk(of: schema.dataset))
    let batches = try #require(try reader.columns(of: chunk).column(SystemColumn.batch.rawValue))
    #expect(batches.reference?.column == SystemColumn.commit.rawValue)
    for number in [0, 7, 199] {
      let places = try snapshot.places(of: RichRows.key(number), includesHistory: false)
      var found: [RowSystemValues] = []
      try snapshot.visitCurrentRows(places, schema: schema) { (_, systems, _) throws(StoreError) in
        found += systems
      } memory: { (_) throws(StoreError) in
        Issue.record("nothing is in memory")
      }
      found.sort { $0.commit < $1.commit }
      let expected: [RowSystemValues] = (1...24).map { number in
        let version = UInt32(number % 5 + 1)
        return RowSystemValues(commit: UInt64(number), batch: UInt64(number), version: version, state: 0)
      }
      #expect(found == expected)
    }
  }

  @Test func everyEncodingIsChosenAndReadsBack() throws {
    let seed: UInt64 = 41
    print("seed \(seed)")
    let folder = try TemporaryFolder()
    let (engine, expected) = try Self.make(folder.path("store"), seed: seed)
    #expect(try RichRows.lines(engine) == expected)
    try engine.compact()
    #expect(try RichRows.lines(engine) == expected)
    let reader = try #require(engine.snapshot().view.segments.first?.reader)
    let chunk = try #require(try reader.chunk(of: RichRows.schema.dataset))
    let columns = try reader.columns(of: chunk)
    func column(_ id: UInt32) throws -> ColumnEntry { try #require(columns.column(id)) }
    #expect(try column(17).reference == ColumnReference(column: 16, factor: 86_400))
    #expect(try column(SystemColumn.batch.rawValue).reference == nil)
    #expect(try column(20).reference?.column == 19 && column(20).map != nil)
    #expect(try column(21).phraseCode != nil)
    #expect(try column(22).holes > 0 && column(22).phraseCode == nil)
    let amounts = try column(18)
    #expect(amounts.blocks[0].location.length < 8192 * 16 / 8 + 4096, "patched: outliers do not widen all")
    let keys = try column(23)
    #expect(try reader.block(keys.blocks[0], of: keys).form == .key)
    #expect(try reader.datasetChunks().filter { $0.place != nil }.count > 100, "small datasets share bundles")
    #expect(engine.verify().isEmpty)
    // A scan reads column by column, as a look-up does not.
    var scanned: [String] = []
    try DatasetScan(engine.snapshot(), schema: RichRows.schema).forEach { row in
      var cells: [RowPayload.Cell] = []
      for (index, column) in RichRows.schema.columns.enumerated() {
        if column.type == .integer {
          cells.append(try row.integer(index).map { .integer($0) } ?? .null)
        } else {
          cells.append(try row.text(index).map { .text($0) } ?? .null)
        }
      }
      scanned.append(RichRows.line(RichRows.dataset, try row.key, cells))
    }
    #expect(scanned.sorted() == expected.filter { $0.hasPrefix("\(RichRows.dataset) ") })
  }

  /// What reading costs is counted; what an old snapshot still reads is told apart from what the store names.
  @Test func readingAndPinnedBytesAreCounted() throws {
    let folder = try TemporaryFolder()
    let (engine, _) = try Self.make(folder.path("store"), seed: 9)
    try engine.compact()
    let schema = RichRows.schema
    let key = RichRows.key(3)
    let start = engine.readingStatistics
    _ = try engine.snapshot().rows(of: key, schema: schema)
    let first = engine.readingStatistics.since(start)
    #expect(first.blocksRead > 0 && first.bytesRead > 0 && first.bytesDecoded >= first.bytesRead / 2)
    #expect(first.segmentsAsked == 1 && first.segmentsSkipped == 0)
    _ = try engine.snapshot().rows(of: key, schema: schema)
    let second = engine.readingStatistics.since(start)
    #expect(second.blocksRead == first.blocksRead, "the second time everything is cached")
    #expect(second.cacheHits > first.cacheHits && second.segmentsAsked == 2)
    _ = try engine.snapshot().rows(of: .max, schema: schema)
    #expect(engine.readingStatistics.since(start).segmentsSkipped == 1)
    var held: EngineSnapshot? = engine.snapshot()
    let bytes = try #require(held?.view.segments.first?.reader.fileLength)
    #expect(try engine.statistics().pinnedBytes == 0)
    _ = try RichRows.fill(engine, rows: 10, commits: 1, seed: 10)
    try engine.compact()
    #expect(try engine.statistics().pinnedBytes >= bytes, "the segment that was merged is still read")
    held = nil
    #expect(try engine.statistics().pinnedBytes == 0)
    let figures = try engine.statistics()
    #expect(figures.currentBytes > 0 && figures.historyBytes == 0 && figures.supersededBytes == 0)
  }

  /// Merging what was merged, with new rows and with history, from phrases, maps and bundles as sources.
  @Test func mergingAgainKeepsEverything() throws {
    let folder = try TemporaryFolder()
    let (engine, first) = try Self.make(folder.path("store"), seed: 7)
    try engine.compact()
    let second = try RichRows.fill(engine, rows: 2500, commits: 2, seed: 8)
    // Superseding moves rows, small ones too, into history.
    let snapshot = engine.snapshot()
    _ = try engine.write { transaction in
      for number in 0..<40 {
        let key = RichRows.key(number)
        for schema in [RichRows.schema, RichRows.smallSchema(0), RichRows.smallSchema(7)] {
          for row in try snapshot.rows(of: key, schema: schema) where row.superseded == nil {
            transaction.supersede(row.address)
          }
        }
      }
    }
    try engine.compact()
    #expect(try RichRows.lines(engine) == (first + second).sorted())
    #expect(engine.snapshot().view.segments.contains { $0.isHistory })
    #expect(engine.verify().isEmpty)
    try engine.close()
    let reopened = try SegmentEngine(opening: folder.path("store"), mode: .readOnly, options: Self.options())
    #expect(try RichRows.lines(reopened) == (first + second).sorted())
  }

  /// A small memory budget, and a cache too small for anything, change nothing.
  @Test func aSmallBudgetChangesNothing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    var options = Self.options()
    options.memoryBudgetBytes = 16 << 20
    options.segmentRows = 3000
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    let expected = try RichRows.fill(engine, rows: 3000, commits: 3, seed: 3)
    try engine.compact()
    #expect(engine.snapshot().view.segments.count > 2)
    #expect(try RichRows.lines(engine) == expected)
  }

  /// Every byte of a merged segment is covered: a flipped one is found, and reading around it never traps or lies.
  @Test func damageIsFoundAndNamed() throws {
    let seed: UInt64 = 77
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let (engine, expected) = try Self.make(folder.path("store"), seed: 5)
    try engine.compact()
    let reference = try #require(engine.snapshot().view.segments.first?.reader.reference)
    try engine.close()
    let target = URL(fileURLWithPath: folder.path("store") + "/" + reference.id.fileName)
    let sound = try Data(contentsOf: target)
    let all = Set(expected)
    for _ in 0..<60 {
      var damaged = sound
      let place = Int.random(in: SegmentFormat.headerSize..<sound.count, using: &random)
      damaged[place] ^= UInt8.random(in: 1...255, using: &random)
      try damaged.write(to: target)
      guard
        let opened = try? SegmentEngine(
          opening: folder.path("store"), mode: .readOnly, options: Self.options())
      else { continue }
      #expect(!opened.verify().isEmpty, "byte \(place)")
      let snapshot = opened.snapshot()
      for number in 0..<40 {
        let key = RichRows.key(number)
        do {
          for row in try snapshot.rows(of: key, schema: RichRows.schema) {
            let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, RichRows.schema) } ?? []
            #expect(all.contains(RichRows.line(RichRows.dataset, key, cells)))
          }
        } catch {
          #expect(error.code == .damaged)
        }
      }
    }
  }
}
