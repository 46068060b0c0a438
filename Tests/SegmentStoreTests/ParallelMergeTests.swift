// Goal: a merge by several threads gives the rows a merge by one gives, tells how far it is, can be cancelled, and leaves nothing behind when it fails.
// Method: rows of every encoding in small outputs, merged by one thread and by three, on a file system that says which thread makes each file and refuses to make
// one of them; a damaged input.

import Foundation
@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct ParallelMergeTests {
  private static func options(threads: Int) -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 64 << 20, keyText: RichRows.keyText)
    options.compactsAutomatically = false
    options.segmentRows = 300
    options.mergeThreads = threads
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    return options
  }

  private static func make(
    _ folder: TemporaryFolder, _ name: String, threads: Int, files: any FileSystem = PosixFileSystem()
  ) throws -> (SegmentEngine, [String]) {
    let path = folder.path(name)
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(
      opening: path, mode: .readWrite(), options: options(threads: threads), files: files)
    return (engine, try RichRows.fill(engine, rows: 700, commits: 2, seed: 41))
  }

  @Test func severalThreadsGiveTheSameRows() throws {
    let folder = try TemporaryFolder()
    let (alone, expected) = try Self.make(folder, "alone", threads: 1)
    let files = FaultyFileSystem(PosixFileSystem())
    let (together, _) = try Self.make(folder, "together", threads: 3, files: files)
    let makers = Mutex<Set<UInt>>([])
    files.fail { call, path in
      if call == .create, path.hasSuffix(".seg") { makers.withLock { _ = $0.insert(WorkerThreads.current) } }
      return false
    }
    var shares: [Double] = []
    let first = try alone.compact()
    let second = try together.compact {
      false
    } progress: {
      shares.append($0)
    }
    #expect(first.segmentsWritten == second.segmentsWritten && second.segmentsWritten > 3)
    files.fail(nil)
    // The checkpoint before makes a file as well, on the calling thread.
    #expect(makers.withLock { $0.count } >= 3, "one thread wrote everything")
    #expect(try RichRows.lines(together) == expected && RichRows.lines(alone) == expected)
    #expect(shares == shares.sorted() && shares.last == 1)
    #expect(together.verify().isEmpty)
    try alone.close()
    try together.close()
  }

  @Test func cancellingLeavesTheStoreAsItWas() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem(PosixFileSystem())
    let (engine, expected) = try Self.make(folder, "store", threads: 3, files: files)
    let before = try Set(FileManager.default.contentsOfDirectory(atPath: folder.path("store/seg")))
    let asked = Mutex(0)
    let caller = WorkerThreads.current
    // The merge must not be over before it is cancelled: whoever writes outputs waits for that.
    files.fail { call, path in
      guard call == .create, path.hasSuffix(".seg"), WorkerThreads.current != caller else { return false }
      for _ in 0..<10_000 where asked.withLock({ $0 <= 2 }) { SystemCall.sleep(milliseconds: 1) }
      return false
    }
    let error = #expect(throws: StoreError.self) {
      try engine.compact {
        asked.withLock { asked in
          asked += 1
          return asked > 2
        }
      }
    }
    files.fail(nil)
    #expect(error?.code == .cancelled)
    // A checkpoint of the rows in memory is all that is new.
    let after = try Set(FileManager.default.contentsOfDirectory(atPath: folder.path("store/seg")))
    #expect(after.subtracting(before).count <= 1 && before.isSubset(of: after))
    #expect(try RichRows.lines(engine) == expected)
    #expect(try engine.compact().segmentsWritten > 3)
    #expect(try RichRows.lines(engine) == expected)
    try engine.close()
  }

  @Test(arguments: 1...4) func aFileThatCannotBeMadeEndsTheOthers(number: Int) throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem(PosixFileSystem())
    let (engine, expected) = try Self.make(folder, "store", threads: 3, files: files)
    // The first file is that of the rows in memory.
    let made = Mutex(0)
    files.fail { call, path in
      guard call == .create, path.hasSuffix(".seg") else { return false }
      return made.withLock { made in
        made += 1
        return made == number + 1
      }
    }
    let error = #expect(throws: StoreError.self) { try engine.compact() }
    #expect(error?.code == .inputOutput)
    files.fail(nil)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("store/seg"))
    #expect(left.count == engine.snapshot().view.segments.count, "an output of a failed merge is left behind")
    #expect(try RichRows.lines(engine) == expected)
    #expect(try engine.compact().segmentsWritten > 3)
    try engine.close()
  }

  @Test func aThreadThatFailsEndsTheOthers() throws {
    let folder = try TemporaryFolder()
    let (engine, expected) = try Self.make(folder, "store", threads: 3)
    _ = try engine.compact()
    _ = try RichRows.fill(engine, rows: 200, commits: 1, seed: 42)
    let rows = try RichRows.lines(engine)
    #expect(rows.count > expected.count)
    // A damaged input: whichever thread comes to it fails.
    let view = try #require(engine.snapshot().view.segments.first)
    try engine.close()
    let path = folder.path("store/" + view.reader.id.fileName)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in stride(from: 200, to: bytes.count / 2, by: 97) { bytes[place] ^= 0x10 }
    try bytes.write(to: URL(fileURLWithPath: path))
    let damaged = try SegmentEngine(
      opening: folder.path("store"), mode: .readWrite(), options: Self.options(threads: 3))
    let before = try Set(FileManager.default.contentsOfDirectory(atPath: folder.path("store/seg")))
    let error = #expect(throws: StoreError.self) { try damaged.compact() }
    #expect(error?.code == .damaged)
    let after = try Set(FileManager.default.contentsOfDirectory(atPath: folder.path("store/seg")))
    #expect(after.subtracting(before).count <= 1 && before.isSubset(of: after))
    try damaged.close()
  }
}
