// Owns a script of commits, merges, purges, backups and reopenings, and the plain list of rows that says what a store must hold after each of them.
// Invariants: the same seed makes the same script; the list changes when a commit is put together, and is set back where it failed for good;
// what may or may not have happened when the disk went away is told apart from what was acknowledged.

@testable import SegmentStore
import TestSupport
import Testing

final class StoreScript {
  static let keys = (1...12).map { UInt128($0) << 64 }

  private(set) var rows: [EngineModelTests.ModelRow] = []
  /// The last commit that returned, and the last one begun.
  private(set) var acknowledged: UInt64 = 0
  private(set) var begun: UInt64 = 0
  /// Whether the store was there when the call was made.
  var isMade = false
  /// What the backups hold: the last one that was made, and the one that is being made.
  private(set) var backups: [(commit: UInt64, content: [UInt64])] = []
  private(set) var hasBackup = false
  private(set) var isBackingUp = false
  /// Rows that are being purged: all of them may be gone already, or none.
  private var leaving: Set<Int> = []
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.checkpointCommits = 7
    options.journalInitialBytes = 8 << 10
    options.segmentRows = 200
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    options.compactsAutomatically = false
    return options
  }

  // MARK: Contents

  /// What the store may hold.
  func contents(asOf commit: UInt64) -> [[UInt64]] {
    let all = Self.content(rows, asOf: commit)
    guard !leaving.isEmpty else { return [all] }
    let staying = rows.indices.filter { !leaving.contains($0) }.map { rows[$0] }
    return [all, Self.content(staying, asOf: commit)]
  }

  /// What a store holds as of its last commit, in an order of its own.
  static func content(_ engine: SegmentEngine) throws -> [UInt64] {
    let snapshot = engine.snapshot()
    var lines: [UInt64] = []
    for key in keys {
      for dataset in [UInt32(7), 9] {
        for row in try snapshot.rows(of: key, schema: EngineModelTests.schema(dataset)) {
          lines.append(digest(key, dataset, row.system.commit, row.superseded ?? 0, row.payload))
        }
      }
    }
    return lines.sorted()
  }

  private static func content(_ rows: [EngineModelTests.ModelRow], asOf commit: UInt64) -> [UInt64] {
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

  // MARK: The script

  /// Makes a store and works on it; with a folder for a backup, brings that up to date now and then.
  func run(on files: any FileSystem, at path: String, backup: String? = nil, steps: Int = 75) throws {
    _ = try SegmentEngine.create(at: path, files: files)
    isMade = true
    func open() throws -> SegmentEngine {
      try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options(), files: files)
    }
    var engine = try open()
    for step in 0..<steps {
      try commit(engine, isSegment: step % 5 == 3)
      if step % 14 == 13 { try engine.compact() }
      if step % 25 == 17 { try purge(engine, key: Self.keys[step % Self.keys.count]) }
      if step % 21 == 15, let backup { try backUp(engine, to: backup) }
      if step % 37 == 36 {
        try engine.close()
        engine = try open()
      }
    }
    try engine.close()
  }

  /// One commit: rows inline or in a segment, superseding some earlier ones.
  func commit(_ engine: SegmentEngine, isSegment: Bool) throws {
    let commit = engine.snapshot().commit + 1
    let count = isSegment ? 30 : Int.random(in: 1...4, using: &random)
    var added: [EngineModelTests.ModelRow] = []
    for _ in 0..<count {
      let key = Self.keys[Int.random(in: 0..<Self.keys.count, using: &random)]
      let dataset: UInt32 = Bool.random(using: &random) ? 7 : 9
      let cells = EngineModelTests.cells(&random, serial: rows.count + added.count)
      added.append(
        EngineModelTests.ModelRow(dataset: dataset, key: key, commit: commit, superseded: nil, cells: cells))
    }
    let victims = try victims(engine.snapshot())
    let written = added
    let before = rows
    do {
      _ = try engine.write { transaction in
        for victim in victims { transaction.supersede(victim.address) }
        try Self.write(written, &transaction, isSegment: isSegment)
        // From here on the commit may survive a crash.
        for victim in victims { rows[victim.index].superseded = commit }
        rows += written
        begun = commit
      }
    } catch {
      // Where the store goes on, the commit was never made; where it does not, nobody knows yet.
      if Self.isUsable(engine) { (rows, begun) = (before, acknowledged) }
      throw error
    }
    acknowledged = commit
  }

  /// Whether a store that failed accepts further commits.
  static func isUsable(_ engine: SegmentEngine) -> Bool {
    (try? engine.writing { (session) throws(StoreError) in session.writer.isUsable }) ?? false
  }

  private static func write(
    _ rows: [EngineModelTests.ModelRow], _ transaction: inout WriteTransaction, isSegment: Bool
  ) throws {
    if isSegment { return try EngineModelTests.writeSegment(rows, &transaction, batch: transaction.commit) }
    for row in rows {
      try transaction.append(
        EngineModelTests.schema(row.dataset), key: row.key, batch: transaction.commit,
        payload: RowPayload.encode(row.cells))
    }
  }

  /// Brings a backup up to date.
  private func backUp(_ engine: SegmentEngine, to path: String) throws {
    backups = Array(backups.suffix(1)) + [(acknowledged, Self.content(rows, asOf: acknowledged))]
    isBackingUp = true
    try engine.backup(to: path)
    (isBackingUp, hasBackup) = (false, true)
    backups = Array(backups.suffix(1))
  }

  /// Takes all rows of a key in one dataset out of the store.
  func purge(_ engine: SegmentEngine, key: UInt128) throws {
    leaving = Set(rows.indices.filter { rows[$0].key == key && rows[$0].dataset == 7 })
    let count = leaving.count
    let result = try engine.purge { (snapshot) throws(StoreError) in
      let rows = try snapshot.rows(of: key, schema: EngineModelTests.schema(7)).map(\.address)
      return PurgeSelection(rows: DroppedRows(rows), datasets: [DatasetID(rawValue: 7)])
    }
    #expect(count > 0 && result?.rows == count)
    settlePurge(isDone: true)
  }

  /// Says whether a purge that failed has happened after all.
  func settlePurge(isDone: Bool) {
    if isDone { rows = rows.indices.filter { !leaving.contains($0) }.map { rows[$0] } }
    leaving = []
  }

  /// Some visible rows, with their places in the list.
  private func victims(_ snapshot: EngineSnapshot) throws -> [(address: RowAddress, index: Int)] {
    var victims: [(address: RowAddress, index: Int)] = []
    for key in Self.keys where Int.random(in: 0..<4, using: &random) == 0 {
      for dataset in [UInt32(7), 9] {
        let schema = EngineModelTests.schema(dataset)
        let visible = try snapshot.rows(of: key, schema: schema).filter { $0.superseded == nil }
        guard let victim = visible.randomElement(using: &random) else { continue }
        let cells = victim.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
        let index = rows.firstIndex { row in
          row.key == key && row.dataset == dataset && row.commit == victim.system.commit && row.cells == cells
            && row.superseded == nil
        }
        if let index { victims.append((victim.address, index)) }
      }
    }
    return victims
  }
}
