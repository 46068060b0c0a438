// Goal: what is committed is what is read back, now, after reopening, and as of every earlier commit.
// Method: random commits (rows in the journal and rows in segments, superseding earlier ones) beside a plain array.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct EngineModelTests {
  /// The oracle: all rows ever written, with the commits that made and superseded them.
  struct ModelRow: Equatable {
    var dataset: UInt32
    var key: UInt128
    var commit: UInt64
    var superseded: UInt64?
    var cells: [RowPayload.Cell]
  }

  static func schema(_ dataset: UInt32) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: dataset), version: 1,
      columns: [
        ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .text),
        ColumnSchema(id: 18, type: .text),
        ColumnSchema(id: 19, type: .integer),
      ], orderColumn: 0, searchColumn: 2)
  }

  static func cells(_ random: inout SeededGenerator, serial: Int) -> [RowPayload.Cell] {
    func maybe(_ cell: RowPayload.Cell) -> RowPayload.Cell {
      Int.random(in: 0..<5, using: &random) == 0 ? .null : cell
    }
    let length = [0, 1, 7, 40, 300].randomElement(using: &random) ?? 1
    return [
      maybe(.integer(Int64.random(in: -5...5, using: &random))),
      maybe(.text((0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) })),
      maybe(.text(Array(["罚款", "警告", ""].randomElement(using: &random)?.utf8 ?? "".utf8))),
      .integer(serial.isMultiple(of: 7) ? Int64.min : Int64(serial)),
    ]
  }

  static func writeSegment(_ rows: [ModelRow], _ transaction: inout WriteTransaction, batch: UInt64) throws {
    let writer = try transaction.makeSegment()
    for dataset in Set(rows.map(\.dataset)).sorted() {
      let schema = schema(dataset)
      try writer.begin(schema)
      let encoder = PartitionEncoder(schema: schema, keyText: noKeyText)
      let chosen = rows.filter { $0.dataset == dataset }.map { ($0, RowPayload.encode($0.cells)) }
      let sorted = chosen.enumerated().sorted { left, right in
        if left.element.0.key != right.element.0.key { return left.element.0.key < right.element.0.key }
        func order(_ payload: [UInt8]) -> Int64 { payload.withUnsafeBytes { RowPayload.order($0, schema) } }
        let orders = (order(left.element.1), order(right.element.1))
        return orders.0 != orders.1 ? orders.0 < orders.1 : left.offset < right.offset
      }
      let arena = ByteArena()
      let offsets = sorted.map { row in
        defer { row.element.1.withUnsafeBytes { arena.append($0) } }
        return arena.count
      }
      for (index, row) in sorted.enumerated() {
        try encoder.append(
          RowReference(
            key: row.element.0.key, system: RowSystemValues(batch: batch, state: 3),
            payload: UnsafeRawBufferPointer(start: arena.base + offsets[index], count: row.element.1.count)))
      }
      try writer.append(encoder.finish())
      withExtendedLifetime(arena) {}
    }
    transaction.add(try writer.finish())
  }

  static func check(_ engine: SegmentEngine, _ model: [ModelRow], asOf commit: UInt64, _ keys: [UInt128])
    throws
  {
    let snapshot = engine.snapshot(asOf: commit)
    for key in keys {
      for dataset in [UInt32(7), 9] {
        let found = try snapshot.rows(of: key, schema: schema(dataset)).map { row in
          ModelRow(
            dataset: row.dataset.rawValue, key: row.key, commit: row.system.commit,
            superseded: row.superseded,
            cells: row.payload.withUnsafeBytes { RowPayload.decode($0, schema(dataset)) } ?? [])
        }
        let expected = model.filter { $0.key == key && $0.dataset == dataset && $0.commit <= commit }.map {
          row in
          var row = row
          if let superseded = row.superseded, superseded > commit { row.superseded = nil }
          return row
        }
        func sorted(_ rows: [ModelRow]) -> [String] { rows.map { "\($0)" }.sorted() }
        #expect(sorted(found) == sorted(expected), "key \(key), dataset \(dataset), as of \(commit)")
        #expect(
          try snapshot.count(
            snapshot.places(of: key, includesHistory: false), dataset: DatasetID(rawValue: dataset))
            == expected.count { $0.superseded == nil })
      }
    }
    for dataset in [UInt32(7), 9] {
      var visible = 0
      try DatasetScan(snapshot, schema: schema(dataset)).forEach { row in
        visible += 1
        _ = try row.integer(3)
      }
      #expect(
        visible
          == model.count { $0.dataset == dataset && $0.commit <= commit && ($0.superseded ?? .max) > commit })
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func randomCommitsEqualTheModel(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    var model: [ModelRow] = []
    let keys = (0..<40).map { _ in UInt128(UInt64.random(in: 0...UInt64.max, using: &random)) << 50 }
    var engine = try SegmentEngine(opening: path, mode: .readWrite())
    for step in 1...40 {
      let isLarge = Int.random(in: 0..<4, using: &random) == 0
      let count = isLarge ? Int.random(in: 1...3000, using: &random) : Int.random(in: 1...20, using: &random)
      let result = try engine.write { transaction in
        var rows: [ModelRow] = []
        for index in 0..<count {
          rows.append(
            ModelRow(
              dataset: Bool.random(using: &random) ? 7 : 9, key: keys.randomElement(using: &random) ?? 0,
              commit: transaction.commit, superseded: nil, cells: Self.cells(&random, serial: index)))
        }
        // Supersede some rows seen by the snapshot.
        for key in keys.prefix(4) {
          for row in try transaction.snapshot.rows(of: key, schema: Self.schema(7))
          where row.superseded == nil && Int.random(in: 0..<10, using: &random) == 0 {
            transaction.supersede(row.address)
            let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, Self.schema(7)) } ?? []
            let index = try #require(
              model.firstIndex {
                $0.key == key && $0.dataset == 7 && $0.superseded == nil && $0.cells == cells
                  && $0.commit == row.system.commit
              })
            model[index].superseded = transaction.commit
          }
        }
        if isLarge {
          try Self.writeSegment(rows, &transaction, batch: UInt64(step))
        } else {
          for row in rows {
            try transaction.append(
              Self.schema(row.dataset), key: row.key, batch: UInt64(step),
              payload: RowPayload.encode(row.cells))
          }
        }
        model += rows
      }
      #expect(result.commit == UInt64(step))
      if Int.random(in: 0..<5, using: &random) == 0 {
        if Bool.random(using: &random) { try engine.close() }
        try engine.close()
        engine = try SegmentEngine(opening: path, mode: .readWrite())
      }
    }
    for commit in [UInt64(1), 13, 27, 40] { try Self.check(engine, model, asOf: commit, keys) }
    #expect(engine.verify().isEmpty)
    try engine.close()
    let reader = try SegmentEngine(opening: path, mode: .readOnly)
    try Self.check(reader, model, asOf: 40, keys)
  }

  @Test func manySmallCommitsPassThroughCheckpoints() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite())
    let schema = Self.schema(7)
    var total = 0
    for step in 0..<30 {
      _ = try engine.write { transaction in
        for index in 0..<3000 {
          try transaction.append(
            schema, key: UInt128(index % 100), batch: 1,
            payload: RowPayload.encode([.integer(Int64(step)), .null, .text([65]), .integer(Int64(index))]))
          total += 1
        }
      }
    }
    #expect(try engine.statistics().segments >= 1)
    var seen = 0
    try DatasetScan(engine.snapshot(), schema: schema).forEach { _ in seen += 1 }
    #expect(seen == total)
    seen = 0
    try DatasetScan(engine.snapshot(asOf: 3), schema: schema).forEach { _ in seen += 1 }
    #expect(seen == 9000)
    #expect(try engine.snapshot(asOf: 3).rows(of: 5, schema: schema).count == 90)
    try engine.close()
    let reopened = try SegmentEngine(opening: path, mode: .readOnly)
    #expect(try reopened.snapshot().rows(of: 5, schema: schema).count == 900)
    #expect(reopened.verify().isEmpty)
  }
}
