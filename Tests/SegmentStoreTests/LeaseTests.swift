// Goal: several holders of one store write in turns and lose nothing of each other's; the right to write is given back when idle or wanted,
// and never while somebody uses it.
// Method: engines of one process stand for processes: the lock tells them apart all the same, and each reads the store from its files.

@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct LeaseTests {
  private static let schema = EngineModelTests.schema(7)

  private static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 13
    return options
  }

  private static func open(_ path: String, _ mode: OpeningMode) throws -> SegmentEngine {
    try SegmentEngine(opening: path, mode: mode, options: options())
  }

  @discardableResult
  private static func commit(_ engine: SegmentEngine, key: UInt128, serial: Int) throws -> UInt64 {
    let result = try engine.write { transaction in
      try transaction.append(
        schema, key: key, batch: transaction.commit,
        payload: RowPayload.encode([.integer(1), .text([65]), .null, .integer(Int64(serial))]))
    }
    return result.commit ?? 0
  }

  private static func serials(_ engine: SegmentEngine, key: UInt128) throws -> [Int64] {
    try engine.snapshot().rows(of: key, schema: schema).sorted { $0.system.commit < $1.system.commit }.map {
      row in
      let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
      if case .integer(let value) = cells.last { return value }
      return -1
    }
  }

  @Test func processesTakeTurns() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let commits = Guarded<Set<UInt64>>([])
    // Three holders, two threads each; nobody ever rests, so that turns come from asking alone.
    WorkerThreads.run(count: 3) { holder in
      do {
        let engine = try Self.open(path, .shared(waitSeconds: 60, idleSeconds: 60))
        WorkerThreads.run(count: 2) { thread in
          do {
            let key = UInt128(holder * 2 + thread + 1)
            for serial in 0..<60 {
              let commit = try Self.commit(engine, key: key, serial: serial)
              let isNew = commits.withLock { $0.insert(commit).inserted }
              #expect(isNew, "commit \(commit) was acknowledged twice")
              // What was committed here is seen here at once, whoever writes meanwhile.
              #expect(try Self.serials(engine, key: key).count == serial + 1)
              if serial == 30, thread == 0 { try engine.compact() }
              // Long enough for several turns.
              SystemCall.sleep(milliseconds: 5)
            }
          } catch { Issue.record("holder \(holder), thread \(thread): \(error)") }
        }
        try engine.close()
      } catch { Issue.record("holder \(holder): \(error)") }
    }
    let reader = try Self.open(path, .readOnly)
    #expect(reader.snapshot().commit == 360)
    for key in 1...6 { #expect(try Self.serials(reader, key: UInt128(key)) == (0..<60).map { Int64($0) }) }
    #expect(reader.verify().isEmpty)
  }

  @Test func theRightIsGivenBackWhenIdle() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let service = try Self.open(path, .shared(waitSeconds: 10, idleSeconds: 0.05))
    #expect(throws: Never.self) { try Self.open(path, .readWrite()).close() }
    try Self.commit(service, key: 1, serial: 1)
    let tool = try Self.open(path, .readWrite(waitSeconds: 10))
    try Self.commit(tool, key: 1, serial: 2)
    // The service sees it, and its turn comes when the tool is done.
    #expect(try Self.serials(service, key: 1) == [1, 2])
    let isRefused = Atomic<Bool>(false)
    do {
      let impatient = try Self.open(path, .shared(waitSeconds: 0.1, idleSeconds: 1))
      try Self.commit(impatient, key: 1, serial: 9)
    } catch let error as StoreError {
      isRefused.store(error.code == .locked, ordering: .relaxed)
    }
    let wasRefused = isRefused.load(ordering: .relaxed)
    #expect(wasRefused)
    // Who does not wait any more is told at once, however long it would have waited.
    let hurried = try Self.open(path, .shared(waitSeconds: 600, idleSeconds: 1))
    hurried.stopWaiting()
    #expect(throws: StoreError.self) { try Self.commit(hurried, key: 1, serial: 9) }
    try hurried.close()
    try tool.close()
    try Self.commit(service, key: 1, serial: 3)
    #expect(try Self.serials(service, key: 1) == [1, 2, 3])
    try service.close()
    #expect(throws: StoreError.self) { try Self.commit(service, key: 1, serial: 4) }
    #expect(try Self.open(path, .readOnly).verify().isEmpty)
  }

  /// A service that never rests gives way to a tool that waits.
  @Test func whoWaitsGetsItsTurn() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let isOver = Atomic<Bool>(false)
    let made = Atomic<Int>(0)
    WorkerThreads.run(count: 2) { role in
      do {
        if role == 0 {
          let service = try Self.open(path, .shared(waitSeconds: 60, idleSeconds: 60))
          while !isOver.load(ordering: .relaxed) {
            try Self.commit(service, key: 1, serial: made.add(1, ordering: .relaxed).oldValue)
          }
          try service.close()
        } else {
          for turn in 0..<3 {
            while made.load(ordering: .relaxed) < turn * 20 + 5 { SystemCall.sleep(milliseconds: 1) }
            let tool = try Self.open(path, .readWrite(waitSeconds: 60))
            try Self.commit(tool, key: 2, serial: turn)
            try tool.close()
          }
          isOver.store(true, ordering: .relaxed)
        }
      } catch {
        isOver.store(true, ordering: .relaxed)
        Issue.record("role \(role): \(error)")
      }
    }
    let reader = try Self.open(path, .readOnly)
    #expect(try Self.serials(reader, key: 2) == [0, 1, 2])
    let count = made.load(ordering: .relaxed)
    #expect(try Self.serials(reader, key: 1).count == count)
  }

  /// The story: a commit from inside the report of a merge waited for the merge's own turn to end, once another process had asked for it.
  @Test func aCommitInsideAMergeDoesNotWaitForItself() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let service = try Self.open(path, .shared(waitSeconds: 10, idleSeconds: 60))
    for serial in 0..<40 { try Self.commit(service, key: UInt128(serial), serial: serial) }
    let started = Atomic<Bool>(false)
    WorkerThreads.run(count: 2) { role in
      do {
        if role == 0 {
          try service.compact(progress: { _ in
            guard !started.exchange(true, ordering: .relaxed) else { return }
            // Long enough for the other to ask.
            SystemCall.sleep(milliseconds: 300)
            do { try Self.commit(service, key: 1, serial: 100) } catch { Issue.record("\(error)") }
          })
        } else {
          while !started.load(ordering: .relaxed) { SystemCall.sleep(milliseconds: 1) }
          try Self.open(path, .readWrite(waitSeconds: 30)).close()
        }
      } catch { Issue.record("role \(role): \(error)") }
    }
    #expect(try Self.serials(service, key: 1) == [1, 100])
  }
}
