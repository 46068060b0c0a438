// Goal: merges keep the number of segments a look-up asks small, keep what was superseded while they ran, stop when asked, and leave
// nothing behind when they fail.

@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct CompactionTests {
  private typealias Model = EngineModelTests

  private static func shape(
    _ rows: Int, _ keys: ClosedRange<UInt128> = 0...100, superseded: Int = 0, isHistory: Bool = false,
    isCompacted: Bool = false
  ) -> SegmentShape {
    SegmentShape(
      rows: rows, superseded: superseded, keys: keys, isHistory: isHistory, isCompacted: isCompacted)
  }

  @Test func segmentsThatDoNotTouchAreOneRun() {
    let shapes = [
      Self.shape(9, 0...9), Self.shape(9, 10...19), Self.shape(9, 20...29), Self.shape(1, 5...25),
    ]
    #expect(CompactionPolicy.height(shapes) == 2)
    #expect(CompactionPolicy.job(shapes) == nil)
  }

  /// Goal: a million commits of equal size never make a look-up ask more than the limit, and rows are not written again too often.
  @Test(arguments: [1, 2, 3] as [UInt64]) func heightStaysBounded(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var shapes: [SegmentShape] = []
    var added = 0
    var rewritten = 0
    for _ in 0..<4_000 {
      let rows = Int.random(in: 1...200_000, using: &random)
      added += rows
      shapes.append(Self.shape(rows))
      while let job = CompactionPolicy.job(shapes) {
        #expect(job.count > 1)
        let merged = job.reduce(0) { $0 + shapes[$1].rows }
        rewritten += merged
        for index in job.reversed() { shapes.remove(at: index) }
        shapes.append(Self.shape(merged, isCompacted: true))
      }
      #expect(CompactionPolicy.height(shapes) < CompactionPolicy.runLimit)
    }
    print("seed \(seed): each row written again \(Double(rewritten) / Double(added)) times")
    #expect(rewritten < added * 12)
  }

  @Test func wornSegmentsAndHistoryAreMergedToo() {
    #expect(CompactionPolicy.job([Self.shape(20_000, superseded: 4_000)]) == nil)
    #expect(CompactionPolicy.job([Self.shape(20_000, superseded: 6_000)]) == [0])
    let history = (0..<8).map { _ in Self.shape(50, isHistory: true, isCompacted: true) }
    #expect(CompactionPolicy.job(history)?.count ?? 0 > 1)
    #expect(CompactionPolicy.whole([Self.shape(9, isCompacted: true)]) == nil)
    #expect(
      CompactionPolicy.whole([Self.shape(9, superseded: 1, isCompacted: true), history[0]]) == [0, 1])
  }

  private static func fill(_ engine: SegmentEngine, commits: Int, rows: Int = 300) throws {
    var random = SeededGenerator(seed: 5)
    for commit in 0..<commits {
      let list = (0..<rows).map { index in
        Model.ModelRow(
          dataset: index % 2 == 0 ? 7 : 9, key: UInt128(index % 40 + 1) << 64, commit: 0, superseded: nil,
          cells: Model.cells(&random, serial: commit * rows + index))
      }
      _ = try engine.write { try Model.writeSegment(list, &$0, batch: 1) }
    }
  }

  /// Goal: what is superseded while a merge runs is superseded in its output.
  @Test func marksThatArriveDuringAMergeAreCarriedOver() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.compactsAutomatically = false
    options.segmentRows = 400
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite(), options: options)
    try Self.fill(engine, commits: 5)
    let keys = (1...40).map { UInt128($0) << 64 }
    func supersedeOne(of key: UInt128) throws {
      _ = try engine.write { transaction in
        for dataset in [UInt32(7), 9] {
          let rows = try transaction.snapshot.rows(of: key, schema: Model.schema(dataset))
          if let row = rows.first(where: { $0.superseded == nil }) { transaction.supersede(row.address) }
        }
      }
    }
    for key in keys.prefix(7) { try supersedeOne(of: key) }
    // The merge reports after each of its outputs: what happens there happens while it runs.
    var next = 10
    let result = try engine.compact(
      progress: { _ in
        next += 1
        do { try supersedeOne(of: keys[next % keys.count]) } catch { Issue.record("\(error)") }
      })
    #expect(result.segmentsWritten > 3 && next > 12)
    let snapshot = engine.snapshot()
    for (index, key) in keys.enumerated() {
      let found = try [UInt32(7), 9].flatMap { try snapshot.rows(of: key, schema: Model.schema($0)) }
      let isSuperseded = index < 7 || (11...next).contains { $0 % keys.count == index }
      #expect(found.count { $0.superseded != nil } == (isSuperseded ? 1 : 0), "key \(index)")
    }
    #expect(engine.verify().isEmpty)
    try engine.compact()
    #expect(engine.snapshot().view.segments.allSatisfy { $0.marks.count == 0 })
    try engine.close()
  }

  @Test func aCancelledMergeLeavesEverythingAsItWas() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.compactsAutomatically = false
    options.segmentRows = 300
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite(), options: options)
    try Self.fill(engine, commits: 4)
    let files = try engine.folder.files.list(folder.path("store/seg"))
    var asked = 0
    let error = #expect(throws: StoreError.self) {
      try engine.compact(isCancelled: {
        asked += 1
        return asked > 5
      })
    }
    #expect(error?.code == .cancelled)
    #expect(try engine.folder.files.list(folder.path("store/seg")) == files)
    #expect(try engine.folder.files.list(folder.path("store/tmp")).isEmpty)
    try engine.compact()
    #expect(engine.snapshot().view.list.height == 1)
    try engine.close()
  }

  /// What is in its final form stays where it is, unless everything is to be written anew; both ways every version reads the same.
  @Test func everythingIsWrittenAnewWhenAskedFor() throws {
    let folder = try TemporaryFolder()
    let engine = try NamedRows.make(at: folder.path("store"), rows: 300, seed: 3)
    try NamedRows.supersede(engine, 60..<100)
    try engine.compact()
    let expected = try NamedRows.lines(engine)
    let segments = engine.snapshot().view.segments.map(\.reader.id)
    #expect(segments.count > 1, "current rows and history")
    #expect(try engine.compact().segmentsMerged == 0)
    let cancelled = #expect(throws: StoreError.self) {
      try engine.compact(rewritesEverything: true, isCancelled: { true })
    }
    #expect(cancelled?.code == .cancelled)
    #expect(engine.snapshot().view.segments.map(\.reader.id) == segments)
    let result = try engine.compact(rewritesEverything: true)
    #expect(result.segmentsMerged == segments.count && result.segmentsWritten == segments.count)
    #expect(engine.snapshot().view.segments.allSatisfy { !segments.contains($0.reader.id) && $0.isCompacted })
    #expect(try NamedRows.lines(engine) == expected)
    #expect(engine.verify().isEmpty)
    #expect(try engine.compact().segmentsMerged == 0)
    // An empty store has nothing to write.
    _ = try SegmentEngine.create(at: folder.path("empty"))
    let empty = try SegmentEngine(opening: folder.path("empty"), mode: .readWrite())
    #expect(try empty.compact(rewritesEverything: true).segmentsWritten == 0)
  }

  /// Goal: many commits merge by themselves, readers see the same all the time, and no file is left over.
  @Test func commitsMergeByThemselves() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite())
    let isDone = Atomic<Bool>(false)
    WorkerThreads.run(count: 3) { index in
      do {
        if index == 0 {
          defer { isDone.store(true, ordering: .releasing) }
          try Self.fill(engine, commits: 60)
        } else {
          while !isDone.load(ordering: .acquiring) {
            let snapshot = engine.snapshot()
            var seen = 0
            try DatasetScan(snapshot, schema: Model.schema(7)).forEach { _ in seen += 1 }
            #expect(seen == Int(snapshot.commit) * 150)
          }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(engine.snapshot().view.list.height <= 12)
    try engine.close()
    let reader = try SegmentEngine(opening: folder.path("store"), mode: .readOnly)
    #expect(reader.verify().isEmpty)
    let named = reader.snapshot().view.segments.map { String($0.reader.id.fileName.dropFirst(4)) }
    #expect(try reader.folder.files.list(folder.path("store/seg")) == named.sorted())
  }
}
