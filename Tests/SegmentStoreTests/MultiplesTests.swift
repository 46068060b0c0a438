// Goal: integers that are multiples of something come back as they were, one by one, by the vector, in ranges and as sums, whatever else stands among them; the
// segment says that it needs a reader that knows them; bytes that do not add up are damage.
// Method: random columns of money and instants with nulls, odd ones, repeats and extremes beside the plain list; flipped bytes; a merged store.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct MultiplesTests {
  /// Values by kind: mostly multiples of a factor, some not, some absent, some far away.
  private static func column(_ random: inout SeededGenerator, rows: Int, factor: Int64) -> [Int64?] {
    let oddShare = [0, 0, 5, 20, 45].randomElement(using: &random) ?? 0
    let absentShare = [0, 0, 10].randomElement(using: &random) ?? 0
    let low: Int64 = [0, -5_000, 1_000_000_000].randomElement(using: &random) ?? 0
    return (0..<rows).map { _ in
      if Int.random(in: 0..<100, using: &random) < absentShare { return nil }
      let value = (low + Int64.random(in: 0..<60_000, using: &random)) * factor
      return Int.random(in: 0..<100, using: &random) < oddShare
        ? value + Int64.random(in: 0..<factor, using: &random) : value
    }
  }

  private static func bytes(_ arena: ByteArena) throws -> BlockBytes {
    try BlockBytes(count: arena.count) { (target) throws(StoreError) in target.copyMemory(from: arena.bytes) }
  }

  /// The block of a column as a merge writes it.
  private static func block(
    _ column: [Int64?], isThorough: Bool = true, _ change: (ByteArena) -> Void = { _ in }
  ) throws -> (block: DecodedBlock, encoding: Encoding, bytes: Int) {
    let arena = ByteArena(capacity: 1 << 16)
    let values = column.map { $0 ?? 77 }
    let nulls = column.map { $0 == nil }
    let encoded = values.withUnsafeBufferPointer { values in
      nulls.withUnsafeBufferPointer { nulls in
        IntegerEncoding.encode(
          values: values, nulls: nulls, nullCount: column.count { $0 == nil }, isThorough: isThorough,
          to: arena)
      }
    }
    let present = column.compactMap { $0 }
    #expect(encoded.minimum == present.min() ?? 0 && encoded.maximum == present.max() ?? 0)
    change(arena)
    return (
      try DecodedBlock(
        BlockHeader(
          kind: .column, codec: .none, encoding: encoded.encoding.rawValue, rowCount: UInt32(column.count),
          storedLength: UInt32(arena.count), rawLength: UInt32(arena.count), columnID: 16),
        try Self.bytes(arena), file: "test", offset: 0), encoded.encoding, arena.count
    )
  }

  @Test(arguments: 1...40) func valuesComeBack(_ seed: Int) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed))
    let factor = MultiplesEncoding.factors[seed % MultiplesEncoding.factors.count]
    let rows = [64, 100, 1000, 8192].randomElement(using: &random) ?? 64
    let column = Self.column(&random, rows: rows, factor: factor)
    let (block, encoding, bytes) = try Self.block(column)
    let plain = try Self.block(column, isThorough: false)
    #expect(bytes <= plain.bytes)
    // A day holds hours and minutes: another factor than the one meant may do as well, but one is found.
    #expect(encoding == .multiples)
    for row in 0..<rows {
      #expect(block.isNull(row) == (column[row] == nil))
      if let value = column[row] { #expect(block.integer(row) == value) }
    }
    for _ in 0..<20 {
      let first = Int.random(in: 0..<rows, using: &random)
      let range = first..<Int.random(in: first + 1...rows, using: &random)
      var values = [Int64](repeating: 1, count: range.count)
      var nulls = [UInt8](repeating: 2, count: range.count)
      let hasAbsent = block.integers(range, to: &values, nulls: &nulls)
      #expect(values == range.map { column[$0] ?? 0 })
      #expect(nulls == range.map { column[$0] == nil ? 1 : 0 })
      #expect(hasAbsent == range.contains { column[$0] == nil })
    }
    #expect(block.packedNumbers(0..<rows) == nil && block.constantInteger == nil)
    let present = column.compactMap { $0 }
    #expect(block.bounds == (present.min() ?? 0, present.max() ?? 0))
  }

  /// The ends of what 64 bits hold are multiples of nothing, and come back as well.
  @Test func extremesComeBack() throws {
    let ends: [Int64?] = [.min, .max, -1, 0, 1, .min + 7, .max - 7, nil]
    let column = (0..<200).map { row -> Int64? in
      if row % 25 < ends.count { return ends[row % 25] }
      return Int64(row) * 1000
    }
    for isThorough in [false, true] {
      let (block, _, _) = try Self.block(column, isThorough: isThorough)
      for (row, value) in column.enumerated() {
        #expect(block.isNull(row) == (value == nil))
        if let value { #expect(block.integer(row) == value) }
      }
    }
    // Forced, whatever it costs: the encoding itself knows no limits.
    for factor in [10, 86_400] as [Int64] {
      let (values, nulls) = (column.map { $0 ?? 0 }, column.map { $0 == nil })
      let (smallest, largest) = (Int64.min / factor - 1, Int64.max / factor)
      let plan = MultiplesEncoding.Plan(
        factor: factor, base: smallest, width: BitPacking.width(of: UInt64(bitPattern: largest &- smallest)),
        remainderWidth: 17, remainders: 0, bits: 0)
      let arena = ByteArena(capacity: 1 << 12)
      values.withUnsafeBufferPointer { values in
        nulls.withUnsafeBufferPointer {
          MultiplesEncoding.encode(
            values, nulls: $0, nullCount: column.count { $0 == nil }, plan: plan, to: arena)
        }
      }
      let block = try DecodedBlock(
        BlockHeader(
          kind: .column, codec: .none, encoding: Encoding.multiples.rawValue, rowCount: 200,
          storedLength: UInt32(arena.count), rawLength: UInt32(arena.count), columnID: 16),
        try Self.bytes(arena), file: "test", offset: 0)
      for (row, value) in column.enumerated() where value != nil { #expect(block.integer(row) == value) }
    }
  }

  /// Numbers that are multiples of nothing stay as they were, and loading looks for no multiples.
  @Test func othersAreLeftAlone() throws {
    var random = SeededGenerator(seed: 5)
    let odd = (0..<1000).map { _ in Int64.random(in: 0..<1_000_000, using: &random) }
    #expect(try Self.block(odd).encoding == .frameOfReference)
    let money = (0..<1000).map { _ in Int64.random(in: 0..<10_000, using: &random) * 100 }
    #expect(try Self.block(money).encoding == .multiples)
    #expect(try Self.block(money, isThorough: false).encoding == .frameOfReference)
    #expect(try Self.block(Array(money[..<40])).encoding == .frameOfReference, "too few to pay")
    #expect(try Self.block((0..<100).map { _ in nil }).encoding == .frameOfReference)
  }

  /// Whatever is wrong with the parts of a block is said when it is opened.
  @Test func damageIsSaid() throws {
    var random = SeededGenerator(seed: 9)
    let column = (0..<500).map { row -> Int64? in
      let yuan = Int64.random(in: 0..<9000, using: &random) * 100
      return row % 7 == 0 ? nil : row % 5 == 0 ? yuan + 63 : yuan
    }
    let changes: [(String, (ByteArena) -> Void)] = [
      ("factor 0", { $0.store(UInt32(0), at: 4) }), ("factor 1", { $0.store(UInt32(1), at: 4) }),
      ("factor below a remainder", { $0.store(UInt32(63), at: 4) }), ("flags", { $0.store(UInt8(2), at: 0) }),
      ("width", { $0.store(UInt8(65), at: 1) }), ("another width", { $0.store(UInt8(5), at: 1) }),
      ("remainder width", { $0.store(UInt8(33), at: 2) }), ("no remainders", { $0.store(UInt8(0), at: 2) }),
      ("reserved", { $0.store(UInt8(1), at: 3) }), ("cut off", { $0.truncate(to: $0.count - 8) }),
      ("too long", { _ = $0.appendZeros(8) }), ("cut off in the head", { $0.truncate(to: 16) }),
    ]
    for (name, change) in changes {
      #expect(throws: StoreError.self, "\(name)") { try Self.block(column, change) }
    }
    #expect(try Self.block(column).encoding == .multiples)
  }

  /// A merged segment with multiples says so in its header, is read by the reader that knows them, and is refused by one that does not.
  @Test func theSegmentSaysWhatItNeeds() throws {
    let folder = try TemporaryFolder()
    let (engine, expected) = try MoneyRows.make(at: folder.path("store"), seed: 3)
    let schema = MoneyRows.schema
    func rows() throws -> [[Int64?]] {
      var found: [[Int64?]] = []
      try DatasetScan(engine.snapshot(), schema: schema).forEach { row in
        var cells: [Int64?] = []
        for column in schema.columns.indices { cells.append(try row.integer(column)) }
        found.append(cells)
      }
      return found.sorted { ($0[3] ?? 0) < ($1[3] ?? 0) }
    }
    #expect(try rows() == expected)
    try engine.compact()
    #expect(try rows() == expected)
    let segment = try #require(engine.snapshot().view.segments.first)
    let chunk = try #require(try segment.reader.chunk(of: schema.dataset))
    for id in 16...18 as ClosedRange<UInt32> {
      let column = try #require(try segment.reader.columns(of: chunk).column(id))
      #expect(try segment.reader.block(column.blocks[0], of: column).remainders != nil, "column \(id)")
    }
    var header = try segment.reader.blocks.file.read(count: SegmentFormat.headerSize, at: 0)
    #expect(header[16] == 1 && header[17...19].allSatisfy { $0 == 0 })
    // A feature of tomorrow.
    header[16] |= 128
    header.replaceSubrange(
      56..., with: withUnsafeBytes(of: XXHash64.hash(Array(header[..<56])).littleEndian) { Array($0) })
    let refusal = #expect(throws: StoreError.self) {
      try SegmentHeader.check(
        header, store: StoreIdentifier(bytes: Array(header[24..<40])), segment: segment.reader.id, file: "x")
    }
    #expect(refusal?.code == .newerVersion)
    try engine.close()
  }

  /// A segment that does not announce what it holds would be read wrongly by older readers: it is damaged for this one too.
  @Test func whatIsNotAnnouncedIsDamage() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let (engine, _) = try MoneyRows.make(at: path, seed: 3)
    try engine.compact()
    let id = try #require(engine.snapshot().view.segments.first?.reader.id)
    try engine.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path + "/" + id.fileName))
    let header = Array(try #require(try file.read(upToCount: SegmentFormat.headerSize)))
    try file.seek(toOffset: 0)
    try file.write(
      contentsOf: Data(
        SegmentHeader.bytes(store: StoreIdentifier(bytes: Array(header[24..<40])), segment: id, features: 0)))
    try file.close()
    let opened = try SegmentEngine(opening: path, mode: .readOnly)
    let faults = opened.verify()
    #expect(faults.contains { $0.file == id.fileName }, "\(faults)")
    let damage = #expect(throws: StoreError.self) {
      try DatasetScan(opened.snapshot(), schema: MoneyRows.schema).forEach { _ = try $0.integer(0) }
    }
    #expect(damage?.code == .damaged && damage?.file == id.fileName)
  }
}
