// Goal: whatever is done in whatever order (commits, superseding, merging, purging, reopening), every read, now and as of every earlier commit,
// answers what a plain list of rows answers; also through snapshots taken before all that, and under every set of options.
// Method: random operations from a seed beside the list. CREDIT_CAMPAIGN=200x5000 runs 200 seeds of 5,000 operations.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct RandomOperationTests {
  private typealias Row = EngineModelTests.ModelRow

  /// Seeds and operations of each; 16 seeds see every set of options.
  static let size: (seeds: UInt64, operations: Int) = {
    let parts = (ProcessInfo.processInfo.environment["CREDIT_CAMPAIGN"] ?? "").split(separator: "x")
    guard parts.count == 2, let seeds = UInt64(parts[0]), let operations = Int(parts[1]), seeds > 0,
      operations > 0
    else { return (16, 400) }
    return (seeds, operations)
  }()
  static let seeds: [UInt64] = (1...size.seeds).map { 7_000 + $0 }

  /// One store with its list of rows.
  private final class World {
    let seed: UInt64
    var random: SeededGenerator
    let folder: TemporaryFolder
    let keys: [UInt128]
    var rows: [Row] = []
    var byKey: [UInt128: [Int]] = [:]
    var engine: SegmentEngine
    var held: [EngineSnapshot] = []
    let options: EngineOptions

    init(seed: UInt64) throws {
      self.seed = seed
      var random = SeededGenerator(seed: seed)
      folder = try TemporaryFolder()
      keys = (0..<30).map { UInt128($0 + 1) << UInt128(Int($0) * 3 + 8) }
      var options = EngineOptions(memoryBudgetBytes: 16 << 20)
      // Sixteen sets of options, one after the other.
      options.checkpointCommits = [3, 11, 60, 1000][Int(seed % 4)]
      options.segmentRows = [40, 700][Int(seed / 4 % 2)]
      options.compactsAutomatically = seed / 8 % 2 == 0
      options.journalInitialBytes = Bool.random(using: &random) ? 8 << 10 : 1 << 20
      if Bool.random(using: &random) { (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0) }
      self.options = options
      self.random = random
      _ = try SegmentEngine.create(at: folder.path("store"))
      engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite(), options: options)
    }

    func reopen() throws {
      try engine.close()
      engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite(), options: options)
    }
  }

  @Test(arguments: seeds) func everythingReadsAsTheListSays(seed: UInt64) throws {
    let world = try World(seed: seed)
    for step in 1...Self.size.operations {
      do {
        try Self.operate(world)
      } catch {
        Issue.record("seed \(seed), operation \(step): \(error)")
        return
      }
    }
    for snapshot in world.held { try Self.check(world, snapshot, isWhole: true) }
    try world.engine.compact()
    #expect(world.engine.snapshot().view.list.height <= 1)
    for commit in [1, world.engine.snapshot().commit / 2, world.engine.snapshot().commit] {
      try Self.check(world, world.engine.snapshot(asOf: commit), isWhole: true)
    }
    #expect(world.engine.verify().isEmpty)
    try world.engine.close()
    let reader = try SegmentEngine(opening: world.folder.path("store"), mode: .readOnly)
    try Self.check(world, reader.snapshot(), isWhole: true)
  }

  private static func operate(_ world: World) throws {
    switch Int.random(in: 0..<100, using: &world.random) {
    case 0..<50: try commit(world, rows: Int.random(in: 1...4, using: &world.random), isSegment: false)
    case 50..<56: try commit(world, rows: Int.random(in: 20...200, using: &world.random), isSegment: true)
    case 56..<86:
      let last = world.engine.snapshot().commit
      let commit = UInt64.random(in: 0...last, using: &world.random)
      try check(world, world.engine.snapshot(asOf: Bool.random(using: &world.random) ? last : commit))
    case 86..<90: try world.reopen()
    case 90..<93: try world.engine.compact()
    case 93: try purge(world)
    case 94..<96: world.held.append(world.engine.snapshot())
    default:
      guard let index = world.held.indices.randomElement(using: &world.random) else { return }
      try check(world, world.held[index])
      if world.held.count > 4 { world.held.remove(at: index) }
    }
  }

  /// Takes all rows of a subject in a dataset out of the store, or some of them, out of the past too.
  private static func purge(_ world: World) throws {
    let key = world.keys.randomElement(using: &world.random) ?? 1
    let schema = EngineModelTests.schema(Bool.random(using: &world.random) ? 7 : 9)
    var chosen = (world.byKey[key] ?? []).filter {
      world.rows[$0].dataset == schema.dataset.rawValue
    }
    if Bool.random(using: &world.random) {
      chosen = chosen.filter { _ in Bool.random(using: &world.random) }
    }
    let payloads = Set(chosen.map { RowPayload.encode(world.rows[$0].cells) })
    // Snapshots from before would still see them.
    for snapshot in world.held { try check(world, snapshot) }
    world.held.removeAll()
    let result = try world.engine.purge { (snapshot) throws(StoreError) in
      let rows = try snapshot.rows(of: key, schema: schema).filter { payloads.contains($0.payload) }
      #expect(rows.allSatisfy { $0.address.segment != 0 })
      return PurgeSelection(rows: DroppedRows(rows.map(\.address)), datasets: [schema.dataset])
    }
    #expect(result?.rows == chosen.count)
    for index in chosen { world.rows[index].dataset = 0 }
  }

  private static func commit(_ world: World, rows count: Int, isSegment: Bool) throws {
    let serial = world.rows.count
    var added: [Row] = []
    let commit = world.engine.snapshot().commit + 1
    for index in 0..<count {
      let key = world.keys.randomElement(using: &world.random) ?? 1
      let dataset: UInt32 = Bool.random(using: &world.random) ? 7 : 9
      var cells = EngineModelTests.cells(&world.random, serial: serial + index)
      cells[3] = .integer(Int64(serial + index))
      added.append(Row(dataset: dataset, key: key, commit: commit, superseded: nil, cells: cells))
    }
    let written = added
    let victims = (0..<Int.random(in: 0...3, using: &world.random)).compactMap { _ in
      world.rows.indices.randomElement(using: &world.random)
    }
    var superseded: Set<Int> = []
    let result = try world.engine.write { transaction in
      for index in Set(victims) where world.rows[index].superseded == nil && world.rows[index].dataset != 0 {
        let victim = world.rows[index]
        let schema = EngineModelTests.schema(victim.dataset)
        let payload = RowPayload.encode(victim.cells)
        let found = try transaction.snapshot.rows(of: victim.key, schema: schema).first {
          $0.payload == payload
        }
        transaction.supersede(try #require(found).address)
        superseded.insert(index)
      }
      if isSegment {
        try EngineModelTests.writeSegment(written, &transaction, batch: 1)
      } else {
        for row in written {
          try transaction.append(
            EngineModelTests.schema(row.dataset), key: row.key, batch: 1,
            payload: RowPayload.encode(row.cells))
        }
      }
    }
    #expect(result.commit == commit)
    for index in superseded { world.rows[index].superseded = commit }
    for row in written {
      world.byKey[row.key, default: []].append(world.rows.count)
      world.rows.append(row)
    }
  }

  /// Compares some or all subjects of a snapshot with the list.
  private static func check(_ world: World, _ snapshot: EngineSnapshot, isWhole: Bool = false) throws {
    let commit = snapshot.commit
    let keys = isWhole ? world.keys : [world.keys.randomElement(using: &world.random) ?? 1]
    for key in keys {
      let own = (world.byKey[key] ?? []).map { world.rows[$0] }.filter { $0.commit <= commit }
      for dataset in [UInt32(7), 9] {
        let schema = EngineModelTests.schema(dataset)
        let expected = own.filter { $0.dataset == dataset }
        let found = try snapshot.rows(of: key, schema: schema).map {
          Line(payload: $0.payload, commit: $0.system.commit, superseded: $0.superseded)
        }
        let listed = expected.map {
          Line(
            payload: RowPayload.encode($0.cells), commit: $0.commit,
            superseded: $0.superseded.flatMap { $0 <= commit ? $0 : nil })
        }
        #expect(Line.sorted(found) == Line.sorted(listed), "seed \(world.seed), key \(key), as of \(commit)")
        let current = expected.count { $0.superseded.map { $0 > commit } ?? true }
        let places = try snapshot.places(of: key, includesHistory: false)
        #expect(try snapshot.count(places, dataset: schema.dataset) == current)
      }
    }
    guard isWhole || Int.random(in: 0..<8, using: &world.random) == 0 else { return }
    for (dataset, isAll) in [(UInt32(7), false), (9, true)] {
      var seen = 0
      let scan = DatasetScan(
        snapshot, schema: EngineModelTests.schema(dataset), includesSuperseded: isAll)
      try scan.forEach { _ in seen += 1 }
      let expected = world.rows.count {
        $0.dataset == dataset && $0.commit <= commit && (isAll || $0.superseded.map { $0 > commit } ?? true)
      }
      #expect(seen == expected, "seed \(world.seed), scan of \(dataset) as of \(commit)")
    }
  }

  /// What is compared of a row. Values, not their description: describing rows took three quarters of a campaign.
  private struct Line: Equatable {
    var payload: [UInt8]
    var commit: UInt64
    var superseded: UInt64?

    /// In an order that is the same for the same rows.
    static func sorted(_ lines: [Line]) -> [Line] {
      func hash(_ line: Line) -> UInt64 { line.payload.withUnsafeBytes { XXHash64.hash($0) } }
      return lines.map { (hash($0), $0) }.sorted {
        ($0.1.commit, $0.0, $0.1.superseded ?? 0) < ($1.1.commit, $1.0, $1.1.superseded ?? 0)
      }.map(\.1)
    }
  }
}
