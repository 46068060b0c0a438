// Goal: texts that travel as codes come back byte for byte, whatever mix of words, document numbers and free text a column holds.
// Method: rows coded by several workers, loaded into a segment and read back, beside the plain rows; random bytes for templates
// and dictionary pages.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct CodedTextTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Takes a text apart and puts it together again.
  private static func roundTrip(_ text: [UInt8]) -> (result: [UInt8], holes: Int) {
    let template = ByteArena(capacity: text.count + 1)
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
    defer { numbers.deallocate() }
    let split = text.withUnsafeBytes { TextTemplate.split($0, template: template.base, numbers: numbers) }
    guard let split else { return (text, 0) }
    let bytes = UnsafeRawBufferPointer(start: template.base, count: split.count)
    let target = ByteArena(capacity: TextTemplate.textCount(bytes) + 1)
    let count = TextTemplate.render(bytes, to: target.base) { numbers[$0] }
    #expect(count == TextTemplate.textCount(bytes))
    return (Array(UnsafeRawBufferPointer(start: target.base, count: count)), split.holes)
  }

  @Test func templatesGiveBackEveryText() {
    #expect(Self.roundTrip(Self.bytes("冀秦用水量字〔2021〕第0054079号")).holes == 2)
    #expect(Self.roundTrip(Self.bytes("a1b2c3d4e5f6")).holes == 4)
    #expect(Self.roundTrip(Self.bytes("no digits")).holes == 0)
    #expect(Self.roundTrip([0x31, 0x07, 0x32]).holes == 0, "a byte that looks like a hole")
    #expect(Self.roundTrip(Self.bytes("9999999999999999999")).holes == 0, "nineteen digits stay words")
    #expect(Self.roundTrip(Self.bytes("000000000000000000x999999999999999999")).holes == 2)
    let seed: UInt64 = 5
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...60, using: &random)).map { _ -> UInt8 in
        Bool.random(using: &random)
          ? UInt8.random(in: 0x30...0x39, using: &random) : .random(in: 0...255, using: &random)
      }
      #expect(Self.roundTrip(text).result == text)
    }
  }

  /// The kinds of columns that pools treat differently.
  private static func text(_ kind: Int, _ row: Int, _ random: inout SeededGenerator) -> [UInt8]? {
    if Int.random(in: 0..<50, using: &random) == 0 { return nil }
    switch kind {
    case 0: return bytes(["罚款", "警告", "", "吊销许可证"][Int.random(in: 0..<4, using: &random)])
    case 1: return bytes("冀秦罚字〔\(2010 + row % 9)〕第\(Int.random(in: 0..<9_999_999, using: &random))号")
    case 2:
      return (0..<Int.random(in: 0...30, using: &random)).map { _ in .random(in: 0...255, using: &random) }
    case 3:
      // Words first, free text later: a pool that is given up in the middle.
      return row < 20_000
        ? bytes("词\(row % 3000)") : bytes("自由文本\(row)-\(UInt64.random(in: 0...UInt64.max, using: &random))")
    case 4: return row == 77 ? Array(repeating: 0x41, count: 5000) : bytes("x\(row % 10)")
    default: return bytes("\(row % 7)\u{1}\u{2}\(row % 3)")
    }
  }

  @Test(arguments: [300, 6000, 60_000])
  func rowsCodedByManyWorkersReadBackEqual(rows: Int) throws {
    let seed = UInt64(rows)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let kinds = 6
    let keyText: KeyText = { key, target in
      let text = Array("KEY\(key)".utf8)
      for (index, byte) in text.enumerated() {
        target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
      return text.count
    }
    let schema = DatasetSchema(
      dataset: DatasetID(rawValue: 3), version: 1,
      columns: (0..<kinds).map { ColumnSchema(id: UInt32(16 + $0), type: .text) }
        + [ColumnSchema(id: 40, type: .text), ColumnSchema(id: 41, type: .integer)])
    let pools = (0..<3).map { _ in
      (0..<kinds).map { _ in TextPool?.some(TextPool(byteLimit: 1 << 19)) } + [nil, nil]
    }
    let memory = StableArena()
    var expected: [(key: UInt128, cells: [RowPayload.Cell])] = []
    var coded: [(row: UnsafeRawBufferPointer, worker: Int)] = []
    for row in 0..<rows {
      let key = UInt128(row / 3 + 1)
      var cells = (0..<kinds).map { kind in
        Self.text(kind, row, &random).map(RowPayload.Cell.text) ?? .null
      }
      // Mostly the text of the key, so that whole blocks are.
      cells.append(.text(Self.bytes(row == rows / 2 ? "another" : "KEY\(key)")))
      cells.append(
        .integer(
          Int64(truncatingIfNeeded: UInt64.random(in: 0...UInt64.max, using: &random)) >> Int64(row % 64)))
      let worker = row / 100 % 3
      coded.append(
        (code(cells, schema, pools[worker], memory, keyColumn: kinds, keyText: "KEY\(key)"), worker))
      expected.append((key, cells))
      let plain = coded[row].row.baseAddress.map { _ in
        CodedRow.payload(coded[row].row, schema, key: key, pools: pools[worker], keyText: keyText)
      }
      #expect(plain == RowPayload.encode(cells))
    }
    let texts = BatchTexts(pools: pools, uncoded: [kinds], columnCount: schema.columns.count, rowCount: rows)
    if rows == 60_000 {
      #expect(texts.columns[0]?.dictionary.holes == 0)
      #expect(texts.columns[1]?.dictionary.holes == 2)
      #expect(texts.columns[2] == nil && texts.columns[3] == nil && texts.columns[4] == nil)
      #expect(texts.columns[5]?.dictionary.entries.count == 21)
    }
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(
      opening: folder.path("store"), mode: .readWrite(waitSeconds: 0),
      options: EngineOptions(keyText: keyText))
    _ = try engine.write { transaction in
      let writer = try transaction.makeSegment()
      try writer.begin(schema, dictionaries: texts.dictionaries, owner: texts)
      let encoder = PartitionEncoder(schema: schema, batch: texts, keyText: keyText)
      for start in stride(from: 0, to: rows, by: 25_000) {
        for row in start..<min(rows, start + 25_000) {
          try encoder.append(
            coded: RowReference(
              key: expected[row].key, system: RowSystemValues(batch: 1, state: 0), payload: coded[row].row),
            worker: coded[row].worker)
        }
        try writer.append(encoder.finish())
      }
      transaction.add(try writer.finish())
    }
    withExtendedLifetime(memory) {}
    let snapshot = engine.snapshot()
    var row = 0
    try DatasetScan(snapshot, schema: schema).forEach { found in
      let cells = try schema.columns.indices.map { column -> RowPayload.Cell in
        if schema.columns[column].type == .integer {
          return try found.integer(column).map { .integer($0) } ?? .null
        }
        return try found.text(column).map { .text($0) } ?? .null
      }
      let key = try found.key
      #expect(key == expected[row].key && cells == expected[row].cells, "row \(row)")
      row += 1
    }
    #expect(row == rows)
    let key = UInt128(rows / 6)
    let payloads = try snapshot.rows(of: key, schema: schema).map(\.payload)
    #expect(payloads == expected.filter { $0.key == key }.map { RowPayload.encode($0.cells) })
    #expect(engine.verify().isEmpty)
    try engine.close()
  }

  /// Brings cells into coded form as a collecting worker does.
  private func code(
    _ cells: [RowPayload.Cell], _ schema: DatasetSchema, _ pools: [TextPool?], _ memory: StableArena,
    keyColumn: Int,
    keyText: String
  ) -> UnsafeRawBufferPointer {
    let bitmap = RowPayload.bitmapBytes(cells.count)
    let base = memory.allocate(
      bitmap
        + cells.reduce(0) { sum, cell in
          if case .text(let text) = cell { return sum + CodedRow.room(text: text.count) }
          return sum + CodedRow.integerRoom
        })
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bitmap)
    var target = base + bitmap
    for (index, cell) in cells.enumerated() {
      switch cell {
      case .null:
        let byte = base + index >> 3
        byte.storeBytes(of: byte.load(as: UInt8.self) | 1 << UInt8(index & 7), as: UInt8.self)
      case .integer(let value): target += CodedRow.write(integer: value, to: target)
      case .text(let text):
        text.withUnsafeBytes { bytes in
          if index == keyColumn, Array(keyText.utf8) == text {
            target += CodedRow.writeKey(to: target)
          } else if let pool = pools[index], let found = pool.code(of: bytes, hash: TextHash.hash(bytes)) {
            target += CodedRow.write(code: found.code, holes: found.holes, numbers: pool.numbers, to: target)
          } else {
            target += CodedRow.write(text: bytes, to: target)
          }
        }
      }
    }
    return UnsafeRawBufferPointer(start: base, count: target - base)
  }

  @Test func hostileDictionaryPagesAreRefusedAndNeverTrap() throws {
    var random = SeededGenerator(seed: 12)
    var refused = 0
    for round in 0..<20_000 {
      let count = Int.random(in: 0..<120, using: &random)
      let raw = try BlockBytes(count: count) { target in
        for index in 0..<count {
          target[index] = UInt8.random(in: 0...(round.isMultiple(of: 2) ? 3 : 255), using: &random)
        }
      }
      let header = BlockHeader(
        kind: .dictionaryPage, codec: .none, encoding: 0, rowCount: UInt32.random(in: 0...12, using: &random),
        storedLength: UInt32(count), rawLength: UInt32(count), columnID: 16)
      do throws(StoreError) {
        let page = try DictionaryPage(header, raw, file: "hostile", offset: 8)
        for index in 0..<page.count {
          let template = page.text(index)
          let target = ByteArena(capacity: TextTemplate.textCount(template) + 1)
          if page.holes(index) > 0 { _ = TextTemplate.render(template, to: target.base) { _ in .max } }
        }
      } catch {
        refused += 1
        #expect(error.code == .damaged)
      }
    }
    #expect(refused > 10_000)
  }
}
