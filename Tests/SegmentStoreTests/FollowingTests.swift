// Goal: a reader that was opened once sees what the writer commits, through journals, checkpoints, merges and closings, and its
// snapshots stay as they were.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct FollowingTests {
  private typealias Model = EngineModelTests

  @Test func aReaderFollowsTheWriter() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 9
    options.compactsAutomatically = false
    var writer = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    let reader = try SegmentEngine(opening: path, mode: .readOnly, options: options)
    var random = SeededGenerator(seed: 3)
    var held: [(snapshot: EngineSnapshot, rows: Int)] = []
    var rows = 0
    for step in 1...120 {
      let count = step % 10 == 0 ? 50 : 2
      let list = (0..<count).map { index in
        Model.ModelRow(
          dataset: 7, key: UInt128(index + 1), commit: 0, superseded: nil,
          cells: Model.cells(&random, serial: rows + index))
      }
      _ = try writer.write { transaction in
        if count > 2 { return try Model.writeSegment(list, &transaction, batch: 1) }
        for row in list {
          try transaction.append(
            Model.schema(7), key: row.key, batch: 1, payload: RowPayload.encode(row.cells))
        }
      }
      rows += count
      if step % 33 == 0 { try writer.compact() }
      if step % 41 == 0 {
        try writer.close()
        writer = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
      }
      // Some steps pass unseen.
      guard step % 3 != 1 else { continue }
      let snapshot = reader.snapshot()
      #expect(snapshot.commit == UInt64(step))
      #expect(try Self.count(snapshot) == rows)
      #expect(reader.instant(of: UInt64(step)) == writer.instant(of: UInt64(step)))
      if step % 15 == 0 { held.append((snapshot, rows)) }
    }
    for (snapshot, rows) in held { #expect(try Self.count(snapshot) == rows) }
    #expect(reader.verify().isEmpty)
    try writer.close()
    #expect(reader.snapshot().commit == 120)
  }

  private static func count(_ snapshot: EngineSnapshot) throws -> Int {
    var seen = 0
    try DatasetScan(snapshot, schema: Model.schema(7)).forEach { _ in seen += 1 }
    return seen
  }
}
