// Goal: every encoding gives back what went in, at every width, with and without nulls, and refuses hostile bytes.
// Method: random columns through the block builder and the decoder beside the plain values; then random damage.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct EncodingTests {
  /// Builds the blocks of one column and decodes them again.
  static func blocks(isText: Bool, _ fill: (inout ColumnBlockBuilder, ByteArena) -> [PendingBlock]) throws
    -> [DecodedBlock]
  {
    var builder = ColumnBlockBuilder(
      column: 0, columnID: 16, kind: isText ? .texts : .integers, scratch: DictionaryScratch())
    defer { builder.deallocate() }
    let arena = ByteArena()
    let pending = fill(&builder, arena)
    return try pending.map { block in
      let bytes = UnsafeRawBufferPointer(start: arena.base + block.offset, count: block.length)
      let header = try BlockHeader(bytes, kind: .column, file: "test", offset: 0)
      let raw = try BlockBytes(count: Int(header.rawLength)) { target in
        let stored = UnsafeRawBufferPointer(rebasing: bytes[BlockHeader.size...])
        if header.codec == .lz4 {
          _ = LZ4.decompress(stored, into: target)
        } else {
          target.copyMemory(from: stored)
        }
      }
      return try DecodedBlock(header, raw, file: "test", offset: 0)
    }
  }

  @Test(arguments: 0...64)
  func integersOfEveryWidth(width: Int) throws {
    var random = SeededGenerator(seed: UInt64(width))
    let mask = width == 64 ? UInt64.max : 1 << UInt64(width) - 1
    let base = Int64.random(in: -1000...1000, using: &random)
    let values: [Int64?] = (0..<20_000).map { index in
      if width.isMultiple(of: 3), index % 11 == 0 { return nil }
      return base &+ Int64(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random) & mask)
    }
    let decoded = try Self.blocks(isText: false) { builder, arena in
      var pending: [PendingBlock] = []
      for value in values {
        if let value { builder.append(integer: value) } else { builder.appendNull(place: arena.base) }
        if builder.isFull, let block = builder.close(into: arena) { pending.append(block) }
      }
      if let block = builder.close(into: arena) { pending.append(block) }
      return pending
    }
    let result = decoded.flatMap { block in
      (0..<block.rowCount).map { block.isNull($0) ? nil : block.integer($0) }
    }
    #expect(result == values)
    // Many at once, from anywhere to anywhere.
    var first = 0
    for block in decoded {
      for _ in 0..<20 {
        let start = Int.random(in: 0..<block.rowCount, using: &random)
        let rows = start..<Int.random(in: start + 1...block.rowCount, using: &random)
        #expect(Self.integers(block, rows) == Array(values[first + start..<first + rows.upperBound]))
      }
      first += block.rowCount
    }
  }

  /// Consecutive values of a block, taken out at once.
  static func integers(_ block: DecodedBlock, _ rows: Range<Int>) -> [Int64?] {
    var values = [Int64](repeating: -1, count: rows.count)
    var nulls = [UInt8](repeating: 7, count: rows.count)
    let hasNulls = values.withUnsafeMutableBufferPointer { values in
      nulls.withUnsafeMutableBufferPointer { nulls -> Bool in
        guard let first = values.baseAddress, let firstNull = nulls.baseAddress else { return false }
        return block.integers(rows, to: first, nulls: firstNull)
      }
    }
    #expect(hasNulls == nulls.contains(1))
    return zip(values, nulls).map { $1 == 1 ? nil : $0 }
  }

  @Test(arguments: [1, 2, 30, 5000, 1_000_000])
  func textsOfAnyCardinality(distinct: Int) throws {
    var random = SeededGenerator(seed: UInt64(distinct))
    let values: [[UInt8]?] = (0..<6000).map { _ in
      let number = Int.random(in: 0..<distinct, using: &random)
      if number % 13 == 5 { return nil }
      return number % 17 == 3 ? [] : Array("第\(number)号处罚决定书".utf8) + (number % 5 == 0 ? [0, 255] : [])
    }
    let memory = ByteArena()
    let offsets = values.map { value -> Int in
      defer { (value ?? []).withUnsafeBytes { memory.append($0) } }
      return memory.count
    }
    let decoded = try Self.blocks(isText: true) { builder, arena in
      var pending: [PendingBlock] = []
      for (value, offset) in zip(values, offsets) {
        if let value {
          builder.append(text: memory.base + offset, count: value.count)
        } else {
          builder.appendNull(place: memory.base)
        }
        if builder.isFull, let block = builder.close(into: arena) { pending.append(block) }
      }
      if let block = builder.close(into: arena) { pending.append(block) }
      return pending
    }
    let result = decoded.flatMap { block in
      (0..<block.rowCount).map { block.isNull($0) ? nil : Array(block.text($0)) }
    }
    #expect(result == values)
  }

  @Test func hostileBlocksAreRefusedAndNeverTrap() throws {
    var random = SeededGenerator(seed: 99)
    var refused = 0
    for round in 0..<20_000 {
      let count = Int.random(in: 0..<200, using: &random)
      let raw = try BlockBytes(count: count) { target in
        for index in 0..<count {
          target[index] = UInt8.random(in: 0...(round.isMultiple(of: 2) ? 8 : 255), using: &random)
        }
      }
      let header = BlockHeader(
        kind: .column, codec: .none,
        encoding: UInt8.random(in: 0...11, using: &random) | (round % 3 == 0 ? Encoding.repeats : 0),
        rowCount: UInt32.random(in: 0...40, using: &random), storedLength: UInt32(count),
        rawLength: UInt32(count),
        columnID: 16)
      do throws(StoreError) {
        let block = try DecodedBlock(header, raw, file: "hostile", offset: 8)
        var values = [Int64](repeating: 0, count: block.rowCount)
        var nulls = [UInt8](repeating: 0, count: block.rowCount)
        if block.form == .none { _ = block.integers(0..<block.rowCount, to: &values, nulls: &nulls) }
        for row in 0..<block.rowCount where !block.isNull(row) {
          switch block.form {
          case .none: #expect(block.integer(row) == values[row])
          case .mapped, .subject: _ = block.exception(row)
          case .phrases: _ = block.groupStart(row / PhraseEncoding.groupRows)
          case .plain, .dictionary: _ = block.text(row).count
          case .coded:
            for index in 0..<block.numberCount {
              _ = block.code(row) &+ Int(truncatingIfNeeded: block.number(index, row))
            }
          case .key: break
          }
        }
      } catch {
        refused += 1
        #expect(error.code == .damaged)
      }
    }
    #expect(refused > 10_000)
  }

  @Test(arguments: [1, 2, 511, 512, 513, 3000])
  func subjectLeavesFindEveryKey(count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    var keys: Set<UInt128> = []
    while keys.count < min(count, 512) {
      keys.insert(
        UInt128(UInt64.random(in: 0...UInt64.max, using: &random))
          << UInt128(Int.random(in: 0...64, using: &random)))
    }
    // The rows of a dataset follow each other in the order of the subjects.
    var positions: [UInt32] = [7, 100_000, 200_000]
    let subjects = keys.sorted().map { key -> SubjectRuns in
      let runs = (0..<Int.random(in: 1...3, using: &random)).map { index -> RowRun in
        let rows = UInt32.random(in: 1...9, using: &random)
        defer { positions[index] += rows }
        return RowRun(dataset: DatasetID(rawValue: UInt32(100 + index)), first: positions[index], count: rows)
      }
      return SubjectRuns(key: key, runs: runs)
    }
    let arena = ByteArena()
    SubjectLeafFormat.encode(subjects[...], to: arena)
    let raw = try BlockBytes(count: arena.count) { $0.copyMemory(from: arena.bytes) }
    let end = subjects.flatMap(\.runs).map { $0.first + $0.count }.max() ?? 0
    let leaf = try SubjectLeaf(raw, rowLimit: end, file: "leaf", offset: 0)
    for (index, subject) in subjects.enumerated() {
      #expect(leaf.key(index) == subject.key)
      #expect(leaf.lowerBound(subject.key) == index)
      #expect(Array(leaf.runs(index)) == subject.runs)
    }
    #expect(throws: StoreError.self) { try SubjectLeaf(raw, rowLimit: end - 1, file: "leaf", offset: 0) }
  }
}
