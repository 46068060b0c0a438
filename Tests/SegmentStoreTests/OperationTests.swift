// Goal: whoever watches a store is told what it does, and merging in the background can be slowed down without ever standing in the way.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct OperationTests {
  private static let schema = EngineModelTests.schema(7)

  private final class Watcher: Sendable {
    private let list = Guarded<[StoreEvent]>([])
    var events: [StoreEvent] { list.withLock { $0 } }
    func note(_ event: StoreEvent) { list.withLock { $0.append(event) } }
  }

  private static func options(_ watcher: Watcher) -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.onEvent = { watcher.note($0) }
    options.checkpointCommits = 5
    return options
  }

  /// A commit with a segment of its own over all keys, so that segments pile up.
  private static func commitSegment(_ engine: SegmentEngine, serial: Int) throws {
    var random = SeededGenerator(seed: UInt64(serial))
    _ = try engine.write { transaction in
      let rows = (0..<40).map { index in
        EngineModelTests.ModelRow(
          dataset: 7, key: UInt128(index + 1), commit: 0, superseded: nil,
          cells: EngineModelTests.cells(&random, serial: serial * 100 + index))
      }
      try EngineModelTests.writeSegment(rows, &transaction, batch: transaction.commit)
    }
  }

  @Test func eventsTellWhatTheStoreDoes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let watcher = Watcher()
    var options = Self.options(watcher)
    options.compactsAutomatically = false
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    for serial in 0..<12 {
      _ = try engine.write { transaction in
        try transaction.append(
          Self.schema, key: 1, batch: transaction.commit,
          payload: RowPayload.encode([.null, .text(Array("秘密".utf8)), .null, .integer(Int64(serial))]))
      }
    }
    try engine.compact()
    try engine.close()
    let events = watcher.events
    guard case .opened(0, 0, true, _)? = events.first else {
      Issue.record("\(events)")
      return
    }
    #expect(events.last == .writingEnded)
    let synced = events.reduce(0) { sum, event in
      if case .synced(let commits, _, _) = event { sum + commits } else { sum }
    }
    #expect(synced == 12)
    let rows = events.reduce(0) { sum, event in
      if case .checkpoint(let rows, _) = event { sum + rows } else { sum }
    }
    #expect(rows == 12)
    #expect(
      events.contains { event in
        if case .merged(let segments, 1, let bytes, _, false) = event {
          segments > 1 && bytes > 0
        } else {
          false
        }
      })
    #expect(!events.contains { "\($0)".contains("秘密") })
  }

  @Test func aFailedSyncIsTold() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let watcher = Watcher()
    let files = FaultyFileSystem(PosixFileSystem())
    let engine = try SegmentEngine(
      opening: path, mode: .readWrite(), options: Self.options(watcher), files: files)
    // Only the journal's: that is what a commit stands in.
    files.fail { call, path in path.hasSuffix(".jnl") && call == .sync }
    #expect(throws: StoreError.self) {
      try engine.write { transaction in
        try transaction.append(
          Self.schema, key: 1, batch: 1, payload: RowPayload.encode([.null, .null, .null, .null]))
      }
    }
    let isTold = watcher.events.contains { if case .writingFailed = $0 { true } else { false } }
    #expect(isTold)
  }

  /// One byte a second is as good as never: commits must go on all the same, merges they wait for must not be slowed, and closing must not
  /// wait for the one that is.
  @Test func aSlowMergeStandsInNobodysWay() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let watcher = Watcher()
    var options = Self.options(watcher)
    options.mergeBytesPerSecond = 1
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    for serial in 0..<40 { try Self.commitSegment(engine, serial: serial) }
    #expect(engine.snapshot().commit == 40)
    #expect(engine.snapshot().view.list.height <= 12)
    // What was asked for is not slowed either.
    try engine.compact()
    #expect(engine.snapshot().view.list.height == 1)
    for serial in 40..<50 { try Self.commitSegment(engine, serial: serial) }
    try engine.close()
    let reader = try SegmentEngine(opening: path, mode: .readOnly)
    #expect(try reader.snapshot().rows(of: 5, schema: Self.schema).count == 50)
    #expect(reader.verify().isEmpty)
  }
}
