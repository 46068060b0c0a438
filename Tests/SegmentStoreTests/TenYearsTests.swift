// Goal: a store that takes a batch with corrections every day for ten years still answers what it held on any of those days.
// Method: 3,650 commits beside a plain list, reopened every quarter, merged as the engine sees fit; then a thousand random days are asked for,
// through the engine that wrote and one that only reads.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct TenYearsTests {
  private struct Row {
    var commit: UInt64
    var superseded: UInt64?
    var key: UInt128
    var value: Int64
  }

  private static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 7), version: 1,
    columns: [ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .text)], orderColumn: 0)
  private static let keys = (1...400).map { UInt128($0) << 70 }
  private static let days = 3650

  private static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 45
    options.journalInitialBytes = 64 << 10
    options.segmentRows = 20_000
    return options
  }

  @Test func everyDayOfTenYearsCanBeAskedFor() throws {
    let seed: UInt64 = 20_261_128
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    // In memory: the syncs of ten years would take minutes.
    let disk = SimulatedDisk(mount: "/years")
    let path = "/years/store"
    _ = try SegmentEngine.create(at: path, files: disk)
    func open(_ mode: OpeningMode) throws -> SegmentEngine {
      try SegmentEngine(opening: path, mode: mode, options: Self.options(), files: disk)
    }
    var rows: [Row] = []
    var byKey: [UInt128: [Int]] = [:]
    var engine = try open(.readWrite())
    for day in 1...Self.days {
      try Self.batch(of: day, engine, &rows, &byKey, &random)
      if day % 91 == 0 {
        try engine.close()
        engine = try open(.readWrite())
      }
    }
    #expect(engine.snapshot().commit == UInt64(Self.days))
    let reader = try open(.readOnly)
    for point in 0..<1000 {
      let commit = UInt64.random(in: 0...UInt64(Self.days), using: &random)
      let snapshot = (point.isMultiple(of: 2) ? engine : reader).snapshot(asOf: commit)
      for _ in 0..<5 {
        let key = Self.keys[Int.random(in: 0..<Self.keys.count, using: &random)]
        let expected = (byKey[key] ?? []).map { rows[$0] }.filter { $0.commit <= commit }.map {
          [UInt64(bitPattern: $0.value), $0.commit, $0.superseded.map { $0 <= commit ? $0 : 0 } ?? 0]
        }
        let found = try snapshot.rows(of: key, schema: Self.schema).map { row -> [UInt64] in
          let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, Self.schema) } ?? []
          guard case .integer(let value)? = cells.first else { return [] }
          return [UInt64(bitPattern: value), row.system.commit, row.superseded ?? 0]
        }
        #expect(
          found.sorted { $0[0] < $1[0] } == expected.sorted { $0[0] < $1[0] }, "commit \(commit), key \(key)")
      }
    }
    let superseded = rows.count { $0.superseded != nil }
    let view = engine.snapshot().view
    print(
      "\(Self.days) days, \(rows.count) rows, \(superseded) superseded, \(view.segments.count) segments, height \(view.list.height)"
    )
    #expect(superseded > 5000 && view.segments.contains { $0.isHistory })
    #expect(engine.verify().isEmpty)
    try engine.close()
  }

  /// One day: new rows, and corrections or withdrawals of some of any age.
  private static func batch(
    of day: Int, _ engine: SegmentEngine, _ rows: inout [Row], _ byKey: inout [UInt128: [Int]],
    _ random: inout SeededGenerator
  ) throws {
    var chosen: Set<Int> = []
    for _ in 0..<3 {
      if let index = rows.indices.randomElement(using: &random), rows[index].superseded == nil {
        chosen.insert(index)
      }
    }
    let victims = chosen.sorted()
    // Half of them are corrected, the others withdrawn.
    var added = victims.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { rows[$0.element].key }
    added += (0..<Int.random(in: 2...8, using: &random)).map { _ in
      keys[Int.random(in: 0..<keys.count, using: &random)]
    }
    let (before, written) = (rows, added)
    let first = before.count
    _ = try engine.write { transaction in
      for index in victims {
        let found = try transaction.snapshot.rows(of: before[index].key, schema: schema).first { row in
          row.payload.withUnsafeBytes { RowPayload.decode($0, schema) }?.first
            == .integer(before[index].value)
        }
        transaction.supersede(try #require(found).address)
      }
      for (offset, key) in written.enumerated() {
        try transaction.append(
          schema, key: key, batch: UInt64(day),
          payload: RowPayload.encode([.integer(Int64(first + offset)), .text(Array("第\(day)日".utf8))]))
      }
    }
    for index in victims { rows[index].superseded = UInt64(day) }
    for (offset, key) in written.enumerated() {
      byKey[key, default: []].append(first + offset)
      rows.append(Row(commit: UInt64(day), superseded: nil, key: key, value: Int64(first + offset)))
    }
  }
}
