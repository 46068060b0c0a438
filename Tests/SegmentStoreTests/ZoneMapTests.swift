// Goal: what the directory says of the smallest and largest value holds for every vector, also one whose rows lie in several blocks. A planted mistake that
// looked at the first of them alone was found by no test: all blocks of other tests begin where vectors do.
// Method: partitions of odd sizes, so that blocks begin anywhere; every value beside the bounds, and counts with filters beside a plain list.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct ZoneMapTests {
  private static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 7), version: 1,
    columns: [ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .integer)])

  @Test(arguments: [UInt64(1), 2, 3]) func boundsHoldAcrossBlocks(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite())
    var values: [Int64] = []
    _ = try engine.write { transaction in
      let writer = try transaction.makeSegment()
      try writer.begin(Self.schema)
      for _ in 0..<12 {
        let encoder = PartitionEncoder(schema: Self.schema, keyText: { _, _ in 0 })
        let arena = ByteArena()
        let count = Int.random(in: 300...3000, using: &random)
        // Each block has a range of its own.
        let base = Int64.random(in: 0..<1000, using: &random) * 1_000_000
        var offsets: [Int] = []
        var sizes: [Int] = []
        for _ in 0..<count {
          let value = base + Int64.random(in: 0..<1000, using: &random)
          let payload = RowPayload.encode([.integer(value), .integer(Int64(values.count))])
          values.append(value)
          offsets.append(arena.count)
          sizes.append(payload.count)
          payload.withUnsafeBytes { arena.append($0) }
        }
        for row in 0..<count {
          try encoder.append(
            RowReference(
              key: UInt128(values.count - count + row + 1) << 64, system: RowSystemValues(batch: 1, state: 0),
              payload: UnsafeRawBufferPointer(start: arena.base + offsets[row], count: sizes[row])))
        }
        try writer.append(encoder.finish())
        withExtendedLifetime(arena) {}
      }
      transaction.add(try writer.finish())
    }
    let scan = VectorScan(engine.snapshot(), schema: Self.schema)
    var vector = RowVector()
    var seen = 0
    var straddling = 0
    // Parts that end inside blocks, so that vectors begin there.
    for part in try scan.parts(rows: 900) {
      try scan.forEachVector(of: part, in: &vector) { vector in
        let known = vector.bounds(0)
        let bounds = try #require(known)
        let integers = try vector.integers(0)
        let selection = vector.selection
        for place in UnsafeBufferPointer(start: selection.places, count: selection.count).map(Int.init) {
          #expect(bounds.contains(integers.values[place]))
          #expect(integers.values[place] == values[seen])
          seen += 1
        }
        if bounds.upperBound - bounds.lowerBound > 1000 { straddling += 1 }
        return true
      }
    }
    #expect(seen == values.count)
    #expect(straddling > 2, "the vectors lie in one block each")
    try engine.close()
  }
}
