// Goal: commits of many threads are numbered without gaps, acknowledged only when durable, and share syncs.

@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct GroupCommitTests {
  private typealias Model = EngineModelTests

  @Test func manyCallersShareSyncsAndLoseNothing() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite())
    let acknowledged = Guarded<[UInt64: Int64]>([:])
    WorkerThreads.run(count: 16) { caller in
      do {
        for number in 0..<50 {
          let value = Int64(caller * 1000 + number)
          let result = try engine.write { transaction in
            try transaction.append(
              Model.schema(7), key: UInt128(caller), batch: transaction.commit,
              payload: RowPayload.encode([.integer(0), .null, .null, .integer(value)]))
          }
          guard let commit = result.commit else { continue }
          // Acknowledged is visible.
          #expect(engine.snapshot().commit >= commit)
          acknowledged.withLock { $0[commit] = value }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(acknowledged.withLock { $0.count } == 800)
    #expect(engine.snapshot().commit == 800)
    try engine.close()
    let file = try PosixFileSystem().open(folder.path("store/journal-1.jnl"), writable: false)
    let contents = try JournalReader.read(file, number: 1, store: engine.identifier)
    #expect(contents.records.count == 800)
    print("\(contents.nextFrame - 2) frames for 800 commits")
    #expect(contents.nextFrame - 2 < 800)
    let reader = try SegmentEngine(opening: folder.path("store"), mode: .readOnly)
    for caller in 0..<16 {
      for row in try reader.snapshot().rows(of: UInt128(caller), schema: Model.schema(7)) {
        let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, Model.schema(7)) }
        let value = acknowledged.withLock { $0[row.system.commit] }
        #expect(cells?[3] == value.map { .integer($0) })
      }
    }
  }

  /// A disk whose syncs of the journal fail from some moment on.
  @Test func aFailedSyncFailsEverybodyWhoWaitsAndNobodyAfter() throws {
    let queue = CommitQueue(after: 0) { (_) throws(StoreError) in
      SystemCall.sleep(milliseconds: 20)
      throw StoreError(.inputOutput, "the disk says no")
    }
    let view = EngineView(commit: 0, segments: [], memory: MemoryTable())
    for commit in 1...8 {
      queue.append(PendingCommit(commit: UInt64(commit), instant: 0, body: [], view: view))
    }
    let failed = Atomic<Int>(0)
    WorkerThreads.run(count: 8) { index in
      do throws(StoreError) {
        try queue.wait(for: UInt64(index + 1))
      } catch {
        if error.code == .inputOutput { failed.add(1, ordering: .relaxed) }
      }
    }
    #expect(failed.load(ordering: .relaxed) == 8)
    #expect(queue.failure?.code == .inputOutput)
  }
}
