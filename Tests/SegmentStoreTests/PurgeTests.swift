// Goal: a purge takes out exactly what it was asked to, whatever is committed meanwhile, and what can go wrong leaves the store as it was.
// The bytes themselves are looked for in the tests of the credit store.

@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct PurgeTests {
  private static let schema = EngineModelTests.schema(7)
  private static let dataset = DatasetID(rawValue: 7)

  /// A store with ten subjects of three rows each in a segment, and one row each in memory.
  private static func makeStore(_ folder: TemporaryFolder, files: any FileSystem = PosixFileSystem()) throws
    -> SegmentEngine
  {
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path, files: files)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: EngineOptions(), files: files)
    _ = try engine.write { transaction in
      let rows = (0..<30).map { index in
        EngineModelTests.ModelRow(
          dataset: 7, key: UInt128(index % 10 + 1), commit: 1, superseded: nil, cells: cells(index))
      }
      try EngineModelTests.writeSegment(rows, &transaction, batch: 1)
    }
    _ = try engine.write { transaction in
      for index in 0..<10 {
        try transaction.append(
          schema, key: UInt128(index + 1), batch: 2, payload: RowPayload.encode(cells(100 + index)))
      }
    }
    return engine
  }

  private static func cells(_ index: Int) -> [RowPayload.Cell] {
    [.integer(Int64(index)), .text(Array("文\(index)".utf8)), .null, .integer(Int64(index))]
  }

  private static func rows(_ engine: SegmentEngine, _ key: UInt128) throws -> [StoredRow] {
    try engine.snapshot().rows(of: key, schema: schema).sorted {
      $0.payload.lexicographicallyPrecedes($1.payload)
    }
  }

  private static func selection(
    _ snapshot: EngineSnapshot, _ key: UInt128
  ) throws(StoreError) -> PurgeSelection {
    PurgeSelection(
      rows: DroppedRows(try snapshot.rows(of: key, schema: schema).map(\.address)), datasets: [dataset])
  }

  /// The story: a correction arrived while the segments were written anew, of a row that was being purged, and the purge gave up because
  /// it could not find the row again.
  @Test func whatIsCommittedMeanwhileStays() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    let purged = try Self.rows(engine, 3)
    let kept = try Self.rows(engine, 4)
    let isDone = Atomic<Bool>(false)
    let result = try engine.purge(progress: { _ in
      guard !isDone.exchange(true, ordering: .relaxed) else { return }
      do {
        _ = try engine.write { transaction in
          for row in [purged, kept].compactMap(\.first) {
            let same = try transaction.snapshot.rows(of: row.key, schema: Self.schema).first {
              $0.payload == row.payload
            }
            transaction.supersede(try #require(same).address)
            try transaction.append(
              Self.schema, key: row.key, batch: 3, version: 2, payload: RowPayload.encode(Self.cells(999)))
          }
        }
      } catch { Issue.record("\(error)") }
    }) { (snapshot) throws(StoreError) in try Self.selection(snapshot, 3) }
    let wasInterrupted = isDone.load(ordering: .relaxed)
    #expect(wasInterrupted)
    #expect(result?.rows == 4)
    // The new row of the subject came after its rows were chosen; whoever purges looks again.
    #expect(try Self.rows(engine, 3).map(\.system.version) == [2])
    let rows = try Self.rows(engine, 4)
    #expect(rows.count == kept.count + 1)
    #expect(rows.count { $0.superseded == 3 } == 1)
    #expect(try Self.rows(engine, 5).count == 4)
    #expect(engine.verify().isEmpty)
    try engine.close()
    let again = try SegmentEngine(opening: folder.path("store"), mode: .readOnly)
    #expect(try again.snapshot(asOf: 2).rows(of: 3, schema: Self.schema).isEmpty)
    #expect(try again.snapshot(asOf: 2).rows(of: 4, schema: Self.schema).count == 4)
  }

  @Test func aCancelledOrFailedPurgeChangesNothing() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    #expect(throws: StoreError.self) {
      try engine.purge(isCancelled: { true }) { (snapshot) throws(StoreError) in
        try Self.selection(snapshot, 3)
      }
    }
    #expect(try Self.rows(engine, 3).count == 4)
    // Nothing chosen is nothing done.
    #expect(try engine.purge { (_) throws(StoreError) in nil } == nil)
    #expect(throws: StoreError.self) {
      try engine.purge { (_) throws(StoreError) in throw StoreError(.invalidArgument, "no") }
    }
    #expect(try Self.rows(engine, 3).count == 4)
    #expect(engine.verify().isEmpty)
    try engine.close()
    let reader = try SegmentEngine(opening: folder.path("store"), mode: .readOnly)
    let refused = #expect(throws: StoreError.self) { try reader.purge { (_) throws(StoreError) in nil } }
    #expect(refused?.code == .readOnly)
  }

  @Test func aWholeStoreCanBePurged() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    let held = engine.snapshot()
    let result = try engine.purge { (snapshot) throws(StoreError) in
      var addresses: [RowAddress] = []
      for key in 1...10 {
        addresses += try snapshot.rows(of: UInt128(key), schema: Self.schema).map(\.address)
      }
      return PurgeSelection(rows: DroppedRows(addresses), datasets: [Self.dataset])
    }
    #expect(result?.rows == 40 && result?.segmentsWritten == 0)
    #expect(try engine.statistics().rows == 0)
    // A snapshot from before still reads what it saw.
    #expect(try held.rows(of: 3, schema: Self.schema).count == 4)
    #expect(engine.verify().isEmpty)
    _ = try engine.write { transaction in
      try transaction.append(Self.schema, key: 1, batch: 3, payload: RowPayload.encode(Self.cells(1)))
    }
    #expect(try engine.snapshot().rows(of: 1, schema: Self.schema).count == 1)
  }
}
