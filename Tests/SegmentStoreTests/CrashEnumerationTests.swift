// Goal: whatever moment the power goes away, nothing acknowledged is lost, nothing is half there, and the store goes on.
// Method: a script of commits, merges and purges on a simulated disk; after every call that changes the disk, every kind of damage is done to a copy,
// the copy is opened, and what it holds must be the model's state at the last acknowledged commit or the one under way (prefix
// rule). Replay one case with its call number and damage.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct CrashEnumerationTests {
  private typealias Model = EngineModelTests
  private static let keys = (1...12).map { UInt128($0) << 64 }

  /// What a store holds as of its last commit, in an order of its own.
  private static func content(_ engine: SegmentEngine) throws -> [UInt64] {
    let snapshot = engine.snapshot()
    var lines: [UInt64] = []
    for key in keys {
      for dataset in [UInt32(7), 9] {
        for row in try snapshot.rows(of: key, schema: Model.schema(dataset)) {
          lines.append(digest(key, dataset, row.system.commit, row.superseded ?? 0, row.payload))
        }
      }
    }
    return lines.sorted()
  }

  fileprivate static func content(_ rows: [EngineModelTests.ModelRow], asOf commit: UInt64) -> [UInt64] {
    rows.filter { $0.commit <= commit }.map { row in
      let superseded = row.superseded.map { $0 <= commit ? $0 : 0 } ?? 0
      return digest(row.key, row.dataset, row.commit, superseded, RowPayload.encode(row.cells))
    }.sorted()
  }

  /// One number for a row: as text, the rows of ten thousand stores take minutes.
  private static func digest(
    _ key: UInt128, _ dataset: UInt32, _ commit: UInt64, _ superseded: UInt64, _ payload: [UInt8]
  ) -> UInt64 {
    var buffer = ByteBuffer(capacity: payload.count + 40)
    buffer.append(key)
    buffer.append(dataset)
    buffer.append(commit)
    buffer.append(superseded)
    buffer.append(contentsOf: payload)
    return XXHash64.hash(buffer.bytes)
  }

  /// The script: its model, and what was acknowledged when.
  private final class Script {
    var rows: [EngineModelTests.ModelRow] = []
    /// The last commit that returned, and the last one begun.
    var acknowledged: UInt64 = 0
    var begun: UInt64 = 0
    /// Whether the store was there when the call was made.
    var isMade = false
    /// Rows that are being purged: all of them may be gone already, or none.
    var leaving: Set<Int> = []

    /// What the store may hold.
    func contents(asOf commit: UInt64) -> [[UInt64]] {
      let all = CrashEnumerationTests.content(rows, asOf: commit)
      guard !leaving.isEmpty else { return [all] }
      let staying = rows.indices.filter { !leaving.contains($0) }.map { rows[$0] }
      return [all, CrashEnumerationTests.content(staying, asOf: commit)]
    }
  }

  private static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 7
    options.journalInitialBytes = 8 << 10
    options.segmentRows = 200
    options.compactsAutomatically = false
    return options
  }

  @Test func everyCrashLeavesAPrefix() throws {
    let seed: UInt64 = 20_261_123
    print("seed \(seed)")
    let disk = SimulatedDisk(mount: "/script")
    try disk.createDirectory("/script/parent")
    let script = Script()
    var checked = 0
    var recovered: Set<UInt64> = []
    disk.afterCall = { call in
      for (index, damage) in CrashDamage.allCases.enumerated() {
        let mount = "/crash-\(call)-\(index)"
        let after = disk.crashed(damage, seed: seed &+ UInt64(call * 8 + index), mount: mount)
        do {
          if let commit = try Self.check(after, mount, script, isThorough: (call + index) % 9 == 0) {
            recovered.insert(commit)
          }
        } catch {
          Issue.record("crash after call \(call), \(damage): \(error)")
        }
        checked += 1
      }
    }
    try Self.run(script, disk, mount: "/script", seed: seed)
    disk.afterCall = nil
    print("\(disk.calls) calls, \(checked) crashes")
    #expect(disk.calls >= 500)
    #expect(checked == disk.calls * CrashDamage.allCases.count)
    #expect(recovered.count > Int(script.acknowledged) / 2)
  }

  /// Goal: the power may go away again while the store is being put in order, and once more after that.
  @Test func crashesDuringRecoveryLeaveAPrefixToo() throws {
    let seed: UInt64 = 20_261_124
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let disk = SimulatedDisk(mount: "/deep")
    try disk.createDirectory("/deep/parent")
    let script = Script()
    var checked = [0, 0, 0]
    /// Opens a crashed disk; while that happens it crashes again, down to a depth of three.
    func descend(_ disk: SimulatedDisk, _ mount: String, depth: Int) {
      checked[depth] += 1
      guard depth < 2 else {
        do { _ = try Self.check(disk, mount, script, isThorough: false) } catch {
          Issue.record("\(mount): \(error)")
        }
        return
      }
      disk.afterCall = { call in
        guard depth == 0 || Int.random(in: 0..<6, using: &random) == 0 else { return }
        let damage = CrashDamage.allCases.randomElement(using: &random) ?? .lost
        let next = "\(mount)-\(call)"
        descend(disk.crashed(damage, seed: random.next(), mount: next), next, depth: depth + 1)
      }
      do { _ = try Self.check(disk, mount, script, isThorough: false) } catch {
        Issue.record("\(mount): \(error)")
      }
      disk.afterCall = nil
    }
    disk.afterCall = { call in
      guard call % 23 == 0, script.isMade else { return }
      let damage = CrashDamage.allCases[call / 23 % CrashDamage.allCases.count]
      let mount = "/deep-\(call)"
      descend(disk.crashed(damage, seed: random.next(), mount: mount), mount, depth: 0)
    }
    try Self.run(script, disk, mount: "/deep", seed: seed)
    disk.afterCall = nil
    print(
      "crashes \(checked[0]), during their recovery \(checked[1]), during the recovery from those \(checked[2])"
    )
    #expect(checked[0] >= 40 && checked[1] >= 300 && checked[2] >= 300)
  }

  /// Opens a crashed disk and compares; returns the commit it came back to.
  private static func check(
    _ disk: SimulatedDisk, _ mount: String, _ script: Script, isThorough: Bool
  ) throws -> UInt64? {
    let path = mount + "/parent/store"
    guard script.isMade || canOpen(path, disk) else {
      // The store was still being made: making it again must work.
      _ = try SegmentEngine.create(at: path, files: disk)
      return nil
    }
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options(), files: disk)
    let commit = engine.snapshot().commit
    #expect(
      commit >= script.acknowledged && commit <= max(script.begun, script.acknowledged),
      "came back to \(commit), acknowledged \(script.acknowledged), begun \(script.begun)")
    let expected = try content(engine)
    #expect(script.contents(asOf: commit).contains(expected))
    guard isThorough else { return commit }
    // Life goes on: one more commit, a clean end, and every byte is in order.
    let schema = Model.schema(7)
    _ = try engine.write { transaction in
      try transaction.append(
        schema, key: 5, batch: 1, payload: RowPayload.encode([.null, .null, .null, .integer(1)]))
    }
    try engine.compact()
    #expect(try content(engine) == expected)
    try engine.close()
    let again = try SegmentEngine(opening: path, mode: .readOnly, options: options(), files: disk)
    #expect(again.snapshot().commit == commit + 1)
    #expect(try content(again) == expected)
    #expect(again.verify().isEmpty)
    return commit
  }

  private static func canOpen(_ path: String, _ disk: SimulatedDisk) -> Bool {
    (try? SegmentEngine(opening: path, mode: .readOnly, options: options(), files: disk)) != nil
  }

  private static func run(_ script: Script, _ disk: SimulatedDisk, mount: String, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let path = mount + "/parent/store"
    _ = try SegmentEngine.create(at: path, files: disk)
    script.isMade = true
    var engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options(), files: disk)
    for step in 0..<75 {
      try commit(script, engine, &random, isSegment: step % 5 == 3)
      if step % 14 == 13 { try engine.compact() }
      if step % 25 == 17 { try purge(script, engine, keys[step % keys.count]) }
      if step % 37 == 36 {
        try engine.close()
        engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options(), files: disk)
      }
    }
    try engine.close()
  }

  /// One commit: rows inline or in a segment, superseding some earlier ones.
  private static func commit(
    _ script: Script, _ engine: SegmentEngine, _ random: inout SeededGenerator, isSegment: Bool
  ) throws {
    let commit = engine.snapshot().commit + 1
    let count = isSegment ? 30 : Int.random(in: 1...4, using: &random)
    var rows: [Model.ModelRow] = []
    for _ in 0..<count {
      let key = keys[Int.random(in: 0..<keys.count, using: &random)]
      let dataset: UInt32 = Bool.random(using: &random) ? 7 : 9
      let cells = Model.cells(&random, serial: script.rows.count + rows.count)
      rows.append(Model.ModelRow(dataset: dataset, key: key, commit: commit, superseded: nil, cells: cells))
    }
    let victims = try victims(script, engine.snapshot(), &random)
    let written = rows
    _ = try engine.write { transaction in
      for victim in victims { transaction.supersede(victim.address) }
      try write(written, &transaction, isSegment: isSegment)
      // From here on the commit may survive a crash.
      for victim in victims { script.rows[victim.index].superseded = commit }
      script.rows += written
      script.begun = commit
    }
    script.acknowledged = commit
  }

  /// Takes all rows of a key in one dataset out of the store.
  private static func purge(_ script: Script, _ engine: SegmentEngine, _ key: UInt128) throws {
    script.leaving = Set(
      script.rows.indices.filter { script.rows[$0].key == key && script.rows[$0].dataset == 7 })
    let count = script.leaving.count
    let result = try engine.purge { (snapshot) throws(StoreError) in
      let rows = try snapshot.rows(of: key, schema: Model.schema(7)).map(\.address)
      return PurgeSelection(rows: DroppedRows(rows), datasets: [DatasetID(rawValue: 7)])
    }
    #expect(count > 0 && result?.rows == count)
    script.rows = script.rows.indices.filter { !script.leaving.contains($0) }.map { script.rows[$0] }
    script.leaving = []
  }

  private static func write(
    _ rows: [Model.ModelRow], _ transaction: inout WriteTransaction, isSegment: Bool
  ) throws {
    if isSegment { return try Model.writeSegment(rows, &transaction, batch: transaction.commit) }
    for row in rows {
      try transaction.append(
        Model.schema(row.dataset), key: row.key, batch: transaction.commit,
        payload: RowPayload.encode(row.cells))
    }
  }

  /// Some visible rows, with their places in the model.
  private static func victims(
    _ script: Script, _ snapshot: EngineSnapshot, _ random: inout SeededGenerator
  ) throws -> [(address: RowAddress, index: Int)] {
    var victims: [(address: RowAddress, index: Int)] = []
    for key in keys where Int.random(in: 0..<4, using: &random) == 0 {
      for dataset in [UInt32(7), 9] {
        let schema = Model.schema(dataset)
        let visible = try snapshot.rows(of: key, schema: schema).filter { $0.superseded == nil }
        guard let victim = visible.randomElement(using: &random) else { continue }
        let cells = victim.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
        let index = script.rows.firstIndex { row in
          row.key == key && row.dataset == dataset && row.commit == victim.system.commit && row.cells == cells
            && row.superseded == nil
        }
        if let index { victims.append((victim.address, index)) }
      }
    }
    return victims
  }
}
