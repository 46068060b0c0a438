// Goal: rows of small chunks come back as they were, and hostile bundles neither trap nor take memory for what cannot be there.
// Method: random rows through the image and back beside the plain cells; images cut, changed and made up; sorted lists merged by the heap that
// puts subjects together beside a plain sort.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct SmallChunkTests {
  private static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 9), version: 1,
    columns: [
      ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .text),
      ColumnSchema(id: 18, type: .text),
    ])

  private static func damage(_ message: String) -> StoreError {
    .damaged(message, file: "bundle", offset: 64)
  }

  private static func rows(
    _ count: Int, _ random: inout SeededGenerator
  ) -> [(row: SmallRow, cells: [RowPayload.Cell])] {
    (0..<count).map { index in
      let key = RichRows.key(index / 3)
      let extremes = [Int64.min, .max, 0, -1, Int64.random(in: -100...100, using: &random)]
      let cells: [RowPayload.Cell] = [
        index % 5 == 4 ? .null : .integer(extremes[index % 5]),
        index % 7 == 3 ? .null : .text(RichRows.text(of: key)),
        .text((0..<Int.random(in: 0...30, using: &random)).map { _ in .random(in: 0...255, using: &random) }),
      ]
      let system = RowSystemValues(
        commit: .random(in: 0 ... .max, using: &random), batch: .random(in: 0...9, using: &random),
        version: .random(in: 1...3, using: &random), state: .random(in: 0...5, using: &random))
      return (
        SmallRow(key: key, system: system, superseded: UInt64(index) + 1, payload: RowPayload.encode(cells)),
        cells
      )
    }
  }

  @Test(arguments: [false, true], [1, 2, 100, 256])
  func rowsComeBack(isHistory: Bool, count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    let rows = Self.rows(count, &random)
    let arena = ByteArena()
    arena.append(UnsafeRawBufferPointer(start: arena.base, count: 24))
    #expect(
      SmallChunk.encode(
        rows.map(\.row), Self.schema, isHistory: isHistory, keyText: RichRows.keyText, to: arena))
    let decoded = try SmallChunk.decode(
      arena.bytes, at: 24, rowCount: count, columnCount: isHistory ? 8 : 7, Self.damage)
    #expect(decoded.end == arena.count)
    let blocks = decoded.columns.compactMap(\.inMemory)
    #expect(blocks.count == (isHistory ? 8 : 7))
    for (index, row) in rows.enumerated() {
      #expect(blocks[0].integer(index) == Int64(bitPattern: row.row.system.commit))
      #expect(blocks[3].integer(index) == Int64(row.row.system.state))
      if isHistory { #expect(blocks[4].integer(index) == Int64(index) + 1) }
      let values = blocks.suffix(3)
      let integers = values[values.startIndex]
      #expect((integers.isNull(index) ? .null : .integer(integers.integer(index))) == row.cells[0])
      #expect(values[values.startIndex + 1].form == .key)
      let texts = values[values.startIndex + 2]
      #expect(RowPayload.Cell.text(Array(texts.text(index))) == row.cells[2])
    }
  }

  @Test func hostileBundlesAreRefused() throws {
    let seed: UInt64 = 3
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let rows = Self.rows(40, &random)
    let arena = ByteArena()
    _ = SmallChunk.encode(
      rows.map(\.row), Self.schema, isHistory: false, keyText: RichRows.keyText, to: arena)
    let sound = Array(arena.bytes)
    var refused = 0
    for _ in 0..<5000 {
      var bytes = sound
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      if !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      do {
        _ = try bytes.withUnsafeBytes { bytes in
          try SmallChunk.decode(
            bytes, at: Int.random(in: 0...4, using: &random),
            rowCount: Int.random(in: 0...60, using: &random),
            columnCount: Int.random(in: 5...9, using: &random), Self.damage)
        }
      } catch {
        refused += 1
        #expect((error as? StoreError)?.code == .damaged)
      }
    }
    #expect(refused > 3000)
    // 4,096 columns in a few bytes: the rows cannot be there, and no memory is taken for them.
    var wide = ByteBuffer()
    wide.append(UInt32(4096))
    for id in 0..<4096 {
      wide.append(UInt32(16 + id))
      wide.append(UInt32(1))
    }
    #expect(throws: StoreError.self) {
      try wide.bytes.withUnsafeBytes {
        try SmallChunk.decode($0, at: 0, rowCount: 256, columnCount: 4100, Self.damage)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func theHeapMergesAsASortDoes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let lists = (0..<Int.random(in: 1...60, using: &random)).map { _ in
      Set(
        (0..<Int.random(in: 0...50, using: &random)).map { _ in
          UInt128(Int.random(in: 0...200, using: &random))
        }
      )
      .sorted()
    }
    var heap = SubjectHeap()
    var next = [Int](repeating: 0, count: lists.count)
    for (list, keys) in lists.enumerated() where !keys.isEmpty { heap.insert(keys[0], list) }
    var merged: [[Int]] = []
    while let key = heap.smallest, let list = heap.removeFirst() {
      merged.append([Int(key), list])
      next[list] += 1
      if next[list] < lists[list].count { heap.insert(lists[list][next[list]], list) }
    }
    let expected = lists.enumerated().flatMap { list, keys in keys.map { [Int($0), list] } }
      .sorted { $0.lexicographicallyPrecedes($1) }
    #expect(merged == expected)
  }
}
