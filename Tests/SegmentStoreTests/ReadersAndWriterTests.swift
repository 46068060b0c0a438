// Goal: whoever reads while others write sees whole commits, each exactly as it was made, from the writer's own threads and from engines of their own.
// Method: commits whose content follows from their number, so that every reader can tell what any commit must show.

@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct ReadersAndWriterTests {
  private typealias Model = EngineModelTests
  private static let commits: UInt64 = 240
  private static let keys: UInt64 = 20
  private static let rowsOfCommit = 3

  private static var options: EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 7
    return options
  }

  /// The rows of commit `n` are (n, 0 …); from the sixth commit on, each supersedes the first row of the fifth before it.
  private static func cells(_ commit: UInt64, _ row: Int) -> [RowPayload.Cell] {
    [
      .integer(Int64(commit)), .text(Array("第\(commit)次".utf8)), .null,
      .integer(Int64(commit) * 10 + Int64(row)),
    ]
  }

  /// Rows and the sum of their numbers that are current as of a commit.
  private static func expected(_ commit: UInt64) -> (rows: Int, sum: Int64) {
    var (rows, sum) = (0, Int64(0))
    for number in 0..<commit {
      for row in 0..<rowsOfCommit where row > 0 || number + 1 + 5 > commit {
        rows += 1
        sum += Int64(number + 1) * 10 + Int64(row)
      }
    }
    return (rows, sum)
  }

  private static func key(_ commit: UInt64) -> UInt128 { UInt128(commit % keys + 1) << 90 }

  /// Looks at a snapshot through a scan and through one subject.
  private static func check(_ snapshot: EngineSnapshot, _ who: String, _ random: inout SeededGenerator) throws
  {
    let schema = Model.schema(7)
    var (rows, sum) = (0, Int64(0))
    try DatasetScan(snapshot, schema: schema).forEach { row in
      rows += 1
      sum += try row.integer(3) ?? 0
    }
    let expected = expected(snapshot.commit)
    #expect(rows == expected.rows && sum == expected.sum, "\(who), as of \(snapshot.commit)")
    guard snapshot.commit > 0 else { return }
    let chosen = UInt64.random(in: 1...snapshot.commit, using: &random)
    let own = try snapshot.rows(of: key(chosen), schema: schema).filter { $0.superseded == nil }
    let numbers = (1...snapshot.commit).filter { $0 % keys == chosen % keys }
    let listed = numbers.reduce(0) { $0 + rowsOfCommit - ($1 + 5 <= snapshot.commit ? 1 : 0) }
    #expect(own.count == listed, "\(who), subject of \(chosen) as of \(snapshot.commit)")
  }

  /// Eight threads of the writer and four engines that follow it, while commits, checkpoints and merges go on.
  @Test func everyReaderSeesWholeCommits() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let options = Self.options
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    let isOver = Atomic<Bool>(false)
    let looks = Atomic<Int>(0)
    WorkerThreads.run(count: 13) { thread in
      var random = SeededGenerator(seed: UInt64(thread) + 500)
      do {
        if thread == 0 {
          defer { isOver.store(true, ordering: .relaxed) }
          try Self.write(engine)
          return
        }
        let reader =
          thread <= 8 ? engine : try SegmentEngine(opening: path, mode: .readOnly, options: options)
        var last: UInt64 = 0
        var held = reader.snapshot()
        while true {
          let isLast = isOver.load(ordering: .relaxed)
          let snapshot = reader.snapshot()
          #expect(snapshot.commit >= last)
          last = snapshot.commit
          try Self.check(snapshot, "reader \(thread)", &random)
          try Self.check(held, "reader \(thread), held", &random)
          let past = UInt64.random(in: 0...last, using: &random)
          try Self.check(reader.snapshot(asOf: past), "reader \(thread), past", &random)
          if Bool.random(using: &random) { held = snapshot }
          looks.add(3, ordering: .relaxed)
          if isLast { break }
        }
        #expect(last == Self.commits, "reader \(thread) follows to the end")
      } catch {
        Issue.record("thread \(thread): \(error)")
        isOver.store(true, ordering: .relaxed)
      }
    }
    print("\(looks.load(ordering: .relaxed)) looks of twelve readers")
    #expect(engine.backgroundFailure == nil && engine.verify().isEmpty)
    try engine.close()
  }

  private static func write(_ engine: SegmentEngine) throws {
    for commit in 1...commits {
      let made = try engine.write { transaction in
        let schema = Model.schema(7)
        if commit > 5 {
          let rows = try transaction.snapshot.rows(of: key(commit - 5), schema: schema)
          let first = rows.first { $0.payload == RowPayload.encode(cells(commit - 5, 0)) }
          transaction.supersede(try #require(first).address)
        }
        for row in 0..<rowsOfCommit {
          try transaction.append(
            schema, key: key(commit), batch: 1, payload: RowPayload.encode(cells(commit, row)))
        }
      }
      #expect(made.commit == commit)
    }
  }
}
