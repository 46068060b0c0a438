// Goal: no row is lost and none stands in the wrong place between parsing and loading, in memory or spilled.
// Method: rows with random, sorted, skewed and equal keys through buckets, ranges and a spill file, beside a plain sort.

@testable import CreditStore
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct RunBufferTests {
  private struct Row: Equatable {
    var key: UInt128
    var sequence: UInt64
    var payload: [UInt8]
  }

  private static func key(_ shape: Int, _ row: Int, _ random: inout SeededGenerator) -> UInt128 {
    let wide = UInt128(UInt64.random(in: 0...UInt64.max, using: &random))
    switch shape {
    case 0: return wide << 64 | wide
    case 1: return UInt128(row) << 100
    case 2: return row.isMultiple(of: 3) ? 7 : wide % 50
    case 3: return row.isMultiple(of: 2) ? .max : 0
    default: return row < 30_000 ? UInt128(row) << 80 : wide << 60
    }
  }

  @Test(arguments: 0..<5)
  func everyRowComesBackInOrder(shape: Int) throws {
    let seed = UInt64(shape + 40)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var expected: [Row] = []
    var buffers = [RunBuffer(), RunBuffer()]
    for index in 0..<60_000 {
      // Random bytes, so that some spill blocks do not compress.
      let payload = (0..<Int.random(in: 0...120, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let row = Row(key: Self.key(shape, index, &random), sequence: UInt64(index), payload: payload)
      expected.append(row)
      payload.withUnsafeBytes {
        buffers[index / 100 % 2].append(
          RunRowHead(key: row.key, sequence: row.sequence), payload: $0, raw: [])
      }
    }
    expected.sort { $0.key != $1.key ? $0.key < $1.key : $0.sequence < $1.sequence }
    let folder = try TemporaryFolder()
    let memory = buffers.map { buffer in
      var buffer = buffer
      return buffer.takeRun()
    }
    let spilled = try SpilledRun.write(memory[1], to: folder.path("spill"), files: PosixFileSystem())
    for runs in [[memory[0], memory[1]], [memory[0], spilled]] as [[any GatheredRun]] {
      var found: [Row] = []
      for range in RunPartitions.ranges(of: runs, bytes: 200_000) {
        var entries: [RunEntry] = []
        var kept: [ByteArena] = []
        for run in runs { try run.load(range, into: &entries, keeping: &kept) }
        entries.sortRows()
        found += entries.map {
          Row(key: $0.key, sequence: $0.sequence, payload: Array(RunRow.payload($0.row)))
        }
        withExtendedLifetime(kept) {}
      }
      #expect(found.count == expected.count)
      let difference = zip(found, expected).first { $0 != $1 }
      #expect(difference == nil)
    }
  }
}
