// Goal: a backup holds exactly one commit, is a store itself, can be brought up to date, and never touches what is not its own.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct BackupTests {
  private typealias Model = EngineModelTests
  private static let keys = (1...9).map { UInt128($0) << 70 }

  private static func commit(_ engine: SegmentEngine, rows: Int, serial: Int, isSegment: Bool = false) throws
  {
    var random = SeededGenerator(seed: UInt64(serial))
    let list = (0..<rows).map { index in
      Model.ModelRow(
        dataset: 7, key: keys[index % keys.count], commit: 0, superseded: nil,
        cells: Model.cells(&random, serial: serial + index))
    }
    _ = try engine.write { transaction in
      if isSegment { return try Model.writeSegment(list, &transaction, batch: 1) }
      for row in list {
        try transaction.append(
          Model.schema(7), key: row.key, batch: 1, payload: RowPayload.encode(row.cells))
      }
    }
  }

  private static func content(_ snapshot: EngineSnapshot) throws -> [String] {
    try keys.flatMap { key in
      try snapshot.rows(of: key, schema: Model.schema(7)).map(RichRows.line)
    }.sorted()
  }

  private static func makeStore(_ folder: TemporaryFolder) throws -> SegmentEngine {
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite())
    try commit(engine, rows: 500, serial: 1, isSegment: true)
    try commit(engine, rows: 20, serial: 1000)
    return engine
  }

  @Test func aBackupIsTheStoreAtACommitAndCanBeBroughtUpToDate() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    let target = folder.path("backup")
    let expected = try Self.content(engine.snapshot())
    let first = try engine.backup(to: target)
    #expect(first.commit == 2 && first.linked == 1 && first.bytes > 0)
    // What comes later does not reach it.
    try Self.commit(engine, rows: 30, serial: 2000)
    do {
      let backup = try SegmentEngine(opening: target, mode: .readOnly)
      #expect(backup.identifier == engine.identifier)
      #expect(try Self.content(backup.snapshot()) == expected)
      #expect(backup.verify().isEmpty)
    }
    // Merging takes the names of the segments away; the backup keeps them.
    try engine.compact()
    #expect(try SegmentEngine(opening: target, mode: .readOnly).verify().isEmpty)
    let second = try engine.backup(to: target)
    #expect(second.commit == 3)
    let backup = try SegmentEngine(opening: target, mode: .readOnly)
    #expect(try Self.content(backup.snapshot()) == Self.content(engine.snapshot()))
    #expect(try Self.content(backup.snapshot(asOf: 2)) == expected)
    #expect(backup.verify().isEmpty)
    try engine.close()
  }

  @Test func aRestoredBackupGoesOnAsAStore() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    try engine.backup(to: folder.path("backup"))
    try engine.close()
    let restored = try SegmentEngine(opening: folder.path("backup"), mode: .readWrite())
    let before = try Self.content(restored.snapshot())
    try Self.commit(restored, rows: 40, serial: 5000, isSegment: true)
    try restored.compact()
    #expect(try Self.content(restored.snapshot(asOf: 2)) == before)
    #expect(restored.verify().isEmpty)
    try restored.close()
    // From now on it has commits of its own: the old store must not write over them.
    let store = try SegmentEngine(opening: folder.path("store"), mode: .readOnly)
    let error = #expect(throws: StoreError.self) { try store.backup(to: folder.path("backup")) }
    #expect(error?.code == .alreadyExists)
  }

  @Test func foldersOfOthersAreRefused() throws {
    let folder = try TemporaryFolder()
    let engine = try Self.makeStore(folder)
    _ = try folder.write("notes", "something of somebody")
    _ = try SegmentEngine.create(at: folder.path("other"))
    for (path, code) in [
      (folder.path, StoreError.Code.alreadyExists), (folder.path("other"), .alreadyExists),
      (folder.path("store"), .invalidArgument), (folder.path("store") + "/", .invalidArgument),
    ] {
      let error = #expect(throws: StoreError.self) { try engine.backup(to: path) }
      #expect(error?.code == code, "\(path)")
    }
    #expect(engine.verify().isEmpty)
    try engine.close()
  }

  /// Goal: a backup cut off at any call leaves either no backup or a whole one, and can be made again.
  @Test func aBackupCutOffAnywhereIsTheOldOneOrTheNewOne() throws {
    let disk = SimulatedDisk(mount: "/disk")
    try disk.createDirectory("/disk/home")
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.compactsAutomatically = false
    options.journalInitialBytes = 8 << 10
    _ = try SegmentEngine.create(at: "/disk/home/store", files: disk)
    let engine = try SegmentEngine(
      opening: "/disk/home/store", mode: .readWrite(), options: options, files: disk)
    try Self.commit(engine, rows: 60, serial: 1, isSegment: true)
    try Self.commit(engine, rows: 5, serial: 100)
    try engine.backup(to: "/disk/home/backup")
    let old = try Self.content(engine.snapshot())
    try Self.commit(engine, rows: 60, serial: 200, isSegment: true)
    try engine.compact()
    try Self.commit(engine, rows: 5, serial: 300)
    let new = try Self.content(engine.snapshot())
    var crashes = 0
    disk.afterCall = { call in
      for (index, damage) in CrashDamage.allCases.enumerated() {
        let mount = "/crash-\(call)-\(index)"
        let after = disk.crashed(damage, seed: UInt64(call * 8 + index), mount: mount)
        crashes += 1
        do {
          let backup = try SegmentEngine(
            opening: mount + "/home/backup", mode: .readOnly, options: options, files: after)
          let found = try Self.content(backup.snapshot())
          #expect(found == (backup.snapshot().commit == 2 ? old : new), "call \(call), \(damage)")
        } catch {
          Issue.record("backup after call \(call), \(damage): \(error)")
        }
      }
    }
    try engine.backup(to: "/disk/home/backup")
    disk.afterCall = nil
    print("\(crashes) crashes during a backup")
    #expect(crashes > 80)
    try engine.close()
  }

  /// Goal: what is superseded while a backup is being made stays current in it, for ever: a planted mistake that took such marks along was found by no test.
  @Test func whatIsSupersededMeanwhileStaysCurrentInTheBackup() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.compactsAutomatically = false
    let engine = try SegmentEngine(opening: folder.path("store"), mode: .readWrite(), options: options)
    for serial in [1, 1000] { try Self.commit(engine, rows: 60, serial: serial, isSegment: true) }
    let before = try Self.content(engine.snapshot())
    var superseded = 0
    let result = try engine.backup(
      to: folder.path("backup"),
      isCancelled: {
        // The segments are asked for one by one: all their rows go before the first is.
        guard superseded == 0 else { return false }
        _ = try? engine.write { transaction in
          for segment in transaction.snapshot.segments {
            for position in 0..<segment.reader.footer.rowCount {
              transaction.supersede(
                RowAddress(segment: segment.reader.id.rawValue, position: UInt32(position)))
              superseded += 1
            }
          }
        }
        return false
      })
    #expect(superseded == 120 && result.commit == 2)
    #expect(try Self.content(engine.snapshot()) != before)
    try engine.close()
    let backup = try SegmentEngine(opening: folder.path("backup"), mode: .readWrite(), options: options)
    #expect(try Self.content(backup.snapshot()) == before)
    #expect(backup.verify().isEmpty)
    // The commits in which they were superseded come to the backup as well, as others.
    for serial in [5000, 6000, 7000] { try Self.commit(backup, rows: 1, serial: serial) }
    #expect(Set(before).isSubset(of: try Self.content(backup.snapshot())))
    try backup.close()
  }
}
