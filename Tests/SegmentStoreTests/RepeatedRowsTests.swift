// Goal: values that repeat from row to row are left out of blocks and come back, whatever way they are read; hostile bits never read outside.
// Method: random runs through the block builder and the decoder beside the plain values; every bit of a block flipped.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct RepeatedRowsTests {
  /// Values that repeat are left out and come back, one by one and many at once; a block of values that do not repeat leaves out none.
  @Test(arguments: [1, 2, 3, 9, 40], [UInt64(1), 2, 3])
  func repeatedValuesComeBack(runLength: Int, seed: UInt64) throws {
    print("seed \(seed), runs of \(runLength)")
    var random = SeededGenerator(seed: seed)
    var values: [Int64?] = []
    while values.count < 8192 {
      let value: Int64? =
        Int.random(in: 0..<10, using: &random) == 0 ? nil : Int64.random(in: 0...1 << 40, using: &random)
      values += Array(repeating: value, count: Int.random(in: 1...2 * runLength - 1, using: &random))
    }
    values = Array(values.prefix(8192))
    let integerBlocks = try EncodingTests.blocks(isText: false) { builder, arena in
      var pending: [PendingBlock] = []
      for value in values {
        if let value { builder.append(integer: value) } else { builder.appendNull(place: arena.base) }
      }
      if let block = builder.close(into: arena) { pending.append(block) }
      return pending
    }
    let integers = try #require(integerBlocks.first)
    #expect((integers.valueCount < integers.rowCount) == (runLength > 1))
    #expect((0..<8192).map { integers.isNull($0) ? nil : integers.integer($0) } == values)
    let texts = values.map { $0.map { Array("甲\($0)乙".utf8) } }
    let memory = StableArena()
    let decoded = try EncodingTests.blocks(isText: true) { builder, arena in
      var pending: [PendingBlock] = []
      for text in texts {
        if let text {
          builder.append(text: text.withUnsafeBytes { memory.copy($0) }, count: text.count)
        } else {
          builder.appendNull(place: arena.base)
        }
        if builder.isFull, let block = builder.close(into: arena) { pending.append(block) }
      }
      if let block = builder.close(into: arena) { pending.append(block) }
      return pending
    }
    let found = decoded.flatMap { block in
      (0..<block.rowCount).map { block.isNull($0) ? nil : Array(block.text($0)) }
    }
    #expect(found == texts)
    #expect(decoded.contains { $0.valueCount < $0.rowCount } == (runLength > 1))
    for _ in 0..<200 {
      let start = Int.random(in: 0..<8192, using: &random)
      let rows = start..<Int.random(in: start + 1...8192, using: &random)
      #expect(EncodingTests.integers(integers, rows) == Array(values[rows]))
    }
  }

  @Test(arguments: [1, 4], [UInt64(5), 6])
  func repeatedCodesComeBack(runLength: Int, seed: UInt64) throws {
    print("seed \(seed), runs of \(runLength)")
    var random = SeededGenerator(seed: seed)
    var rows: [(code: UInt32, numbers: [UInt64])?] = []
    while rows.count < 5000 {
      let isNull = Int.random(in: 0..<10, using: &random) == 0
      let row = (
        code: UInt32.random(in: 5...9000, using: &random),
        numbers: [UInt64.random(in: 0...999, using: &random), UInt64.random(in: 7...8, using: &random)]
      )
      rows += Array(
        repeating: isNull ? nil : row, count: Int.random(in: 1...2 * runLength - 1, using: &random))
    }
    var builder = ColumnBlockBuilder(
      column: 0, columnID: 16, kind: .codes(holes: 2), scratch: DictionaryScratch())
    defer { builder.deallocate() }
    let arena = ByteArena()
    for row in rows {
      if let row {
        builder.append(code: row.code)
        for hole in 0..<2 { builder.set(number: row.numbers[hole], hole: hole) }
      } else {
        builder.appendNull(place: arena.base)
      }
    }
    let closed = builder.close(into: arena)
    let pending = try #require(closed)
    let bytes = UnsafeRawBufferPointer(start: arena.base + pending.offset, count: pending.length)
    let header = try BlockHeader(bytes, kind: .column, file: "test", offset: 0)
    let raw = try BlockBytes(count: Int(header.rawLength)) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[BlockHeader.size...]))
    }
    let block = try DecodedBlock(header, raw, file: "test", offset: 0)
    #expect((block.valueCount < block.rowCount) == (runLength > 1))
    for (place, row) in rows.enumerated() {
      #expect(block.isNull(place) == (row == nil))
      guard let row else { continue }
      #expect(
        block.code(place) == Int(row.code)
          && (0..<2).allSatisfy { block.number($0, place) == row.numbers[$0] })
    }
    var codes = [UInt32](repeating: 0, count: rows.count - 100)
    codes.withUnsafeMutableBufferPointer { target in
      if let first = target.baseAddress { block.codes(100..<rows.count, to: first) }
    }
    #expect(codes == rows[100...].map { $0?.code ?? absentCode })
    // No bit may be changed into a block that reads outside.
    var refused = 0
    for bit in 0..<raw.count * 8 {
      let damaged = try BlockBytes(count: raw.count) { target in
        target.copyMemory(from: UnsafeRawBufferPointer(start: raw.base, count: raw.count))
        target[bit >> 3] ^= 1 << UInt8(bit & 7)
      }
      guard let read = try? DecodedBlock(header, damaged, file: "test", offset: 0) else {
        refused += 1
        continue
      }
      for place in stride(from: 0, to: read.rowCount, by: 97) where !read.isNull(place) {
        _ = read.code(place)
      }
    }
    #expect(refused > 0)
  }

  /// A block in which some texts were those of their keys was taken for one in which all are, when as many values were left as there had been such texts.
  @Test func textsOfKeysAmongRepeatedOnesComeBack() throws {
    let texts = ["甲", "甲", "甲", "91"].map { Array($0.utf8) }
    let memory = StableArena()
    let decoded = try EncodingTests.blocks(isText: true) { builder, arena in
      for row in 0..<400 {
        let text = texts[row % 4]
        builder.append(
          text: text.withUnsafeBytes { memory.copy($0) }, count: text.count,
          isKey: row % 4 == 3 || row % 8 == 0)
      }
      let block = builder.close(into: arena)
      return block.map { [$0] } ?? []
    }
    let block = try #require(decoded.first)
    #expect(block.valueCount == 200 && block.form != .key)
    #expect((0..<400).map { Array(block.text($0)) } == (0..<400).map { texts[$0 % 4] })
  }
}
