// Goal: a repaired store is whole, holds only what was there, and everything that is missing is in the report.
// Method: stores with every encoding, history and small datasets are damaged byte by byte and repaired, with and without a backup; what
// comes out is compared with a list of the rows.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct RepairTests {
  static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 64 << 20, keyText: RichRows.keyText)
    options.compactsAutomatically = false
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    return options
  }

  /// All rows of a store with the commits that made and superseded them.
  static func lines(_ engine: SegmentEngine) throws -> [String] {
    let snapshot = engine.snapshot()
    var lines: [String] = []
    let schemas = [RichRows.schema] + (0..<RichRows.smallDatasets).map(RichRows.smallSchema)
    for number in 0..<400 {
      let key = RichRows.key(number)
      let known = Set(try snapshot.datasets(of: key))
      for schema in schemas where known.contains(schema.dataset) {
        for row in try snapshot.rows(of: key, schema: schema) {
          lines.append(RichRows.line(row))
        }
      }
    }
    return lines.sorted()
  }

  /// A store with a merged segment, a history segment, one as loaded and rows in the journal; closed.
  static func make(_ path: String, seed: UInt64) throws -> [String] {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options())
    _ = try RichRows.fill(engine, rows: 3000, commits: 3, seed: seed)
    let snapshot = engine.snapshot()
    _ = try engine.write { transaction in
      for number in 0..<60 {
        for schema in [RichRows.schema, RichRows.smallSchema(7)] {
          for row in try snapshot.rows(of: RichRows.key(number), schema: schema) {
            transaction.supersede(row.address)
          }
        }
      }
    }
    try engine.compact()
    _ = try RichRows.fill(engine, rows: 800, commits: 1, seed: seed + 1)
    _ = try engine.writing { (session) throws(StoreError) in try session.writer.flush() }
    let later = engine.snapshot()
    _ = try engine.write { transaction in
      for row in try later.rows(of: RichRows.key(70), schema: RichRows.schema) where row.superseded == nil {
        transaction.supersede(row.address)
      }
    }
    _ = try RichRows.fill(engine, rows: 20, commits: 2, seed: seed + 2)
    let lines = try lines(engine)
    #expect(engine.snapshot().view.segments.count == 3 && engine.snapshot().view.memory.count > 0)
    try engine.close()
    return lines
  }

  static func segments(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/seg").sorted().map { "seg/" + $0 }
  }

  /// Repairs and checks: nothing that was not there, nothing missing that is not reported.
  @discardableResult
  static func repair(
    _ path: String, _ folder: TemporaryFolder, expected: [String], backup: String? = nil, _ what: String,
    isThorough: Bool = true
  ) throws -> RepairReport {
    let target = folder.path("repaired-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: target) }
    let report = try SegmentEngine.repair(path, into: target, backup: backup, options: options())
    let engine = try SegmentEngine(opening: target, mode: .readWrite(), options: options())
    let found = try lines(engine)
    #expect(found.count == report.rows, "\(what)")
    var counts: [String: Int] = [:]
    for line in expected { counts[line, default: 0] += 1 }
    for line in found { counts[line, default: 0] -= 1 }
    #expect(!counts.values.contains { $0 < 0 }, "\(what): a row that was not there")
    let missing = counts.values.reduce(0, +)
    let isCounted = report.losses.allSatisfy { $0.rows != nil }
    let told = report.losses.reduce(0) { $0 + ($1.rows ?? 0) }
    #expect(isCounted ? missing == told : missing > told, "\(what)")
    #expect(engine.verify().isEmpty, "\(what)")
    if isThorough {
      // Life goes on.
      try engine.compact()
      #expect(try lines(engine) == found, "\(what)")
    }
    try engine.close()
    return report
  }

  @Test func aWholeStoreIsCopied() throws {
    let folder = try TemporaryFolder()
    let expected = try Self.make(folder.path("store"), seed: 11)
    let report = try Self.repair(folder.path("store"), folder, expected: expected, "whole")
    #expect(report.isComplete && report.segmentsWhole == 3 && report.faults.isEmpty)
  }

  @Test func whatCanBeReadOfDamagedSegmentsIsKept() throws {
    let seed: UInt64 = 20_261_125
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try Self.make(path, seed: 21)
    var lost = 0
    var kept = 0
    var unknown = 0
    for name in try Self.segments(path) {
      let target = URL(fileURLWithPath: path + "/" + name)
      let sound = try Data(contentsOf: target)
      for round in 0..<16 {
        var damaged = sound
        for _ in 0...(round % 4) {
          // Everywhere, and often near the end, where the directories are.
          let start = round.isMultiple(of: 2) ? 64 : sound.count * 9 / 10
          damaged[Int.random(in: start..<sound.count, using: &random)] ^= UInt8.random(
            in: 1...255, using: &random)
        }
        try damaged.write(to: target)
        let report = try Self.repair(
          path, folder, expected: expected, "\(name), round \(round)", isThorough: round.isMultiple(of: 8))
        #expect(!report.faults.isEmpty)
        #expect(report.segmentsWhole == 2 && report.segmentsRebuilt + report.segmentsLost == 1)
        lost += report.losses.reduce(0) { $0 + ($1.rows ?? 0) }
        unknown += report.losses.count { $0.rows == nil }
        kept += report.rows
      }
      try sound.write(to: target)
    }
    print("rows kept \(kept), lost \(lost), segments lost with unknown rows \(unknown)")
    #expect(lost > 0 && kept > lost)
  }

  /// One block of one column: the rows of that block and no others are lost, and the report names their batches.
  @Test func onlyTheRowsOfADamagedBlockAreLost() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try Self.make(path, seed: 31)
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options())
    let view = try #require(engine.snapshot().view.segments.first { !$0.isHistory })
    let chunk = try #require(try view.reader.chunk(of: RichRows.schema.dataset))
    let column = try #require(try view.reader.columns(of: chunk).column(18))
    let block = try #require(column.blocks.last)
    try engine.close()
    let target = URL(fileURLWithPath: path + "/" + view.reader.id.fileName)
    var bytes = try Data(contentsOf: target)
    bytes[Int(block.location.offset) + 40] ^= 1
    try bytes.write(to: target)
    let report = try Self.repair(path, folder, expected: expected, "one block")
    #expect(report.losses.map(\.rows) == [Int(block.rowCount)])
    #expect(report.losses.first?.dataset == RichRows.dataset && report.losses.first?.batches == [5])
    #expect(report.faults.count == 1 && report.faults.first?.offset == block.location.offset)
  }

  /// Goal: a segment whose last bytes are gone, or whose directory of leaves cannot be read, loses no row: its footer and its leaves are found in the
  /// file by themselves. Neither way was walked by any test before the coverage of lines was looked at.
  @Test func whatOnlyAParentKnewIsFoundWithoutIt() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    // More rows of one dataset than a salvage writes at once.
    _ = try RichRows.fill(engine, rows: 9000, commits: 2, seed: 71)
    try engine.compact()
    let expected = try Self.lines(engine)
    let view = try #require(engine.snapshot().view.segments.first)
    let fences = view.reader.footer.subjectFences
    let target = URL(fileURLWithPath: path + "/" + view.reader.id.fileName)
    try engine.close()
    let sound = try Data(contentsOf: target)
    let damages: [(name: String, places: [Int], length: Int)] = [
      ("trailer", [sound.count - 20], sound.count), ("cut", [], sound.count - 1),
      ("fences", [Int(fences.offset) + 40], sound.count),
      ("both", [Int(fences.offset) + 40, sound.count - 20], sound.count),
    ]
    for damage in damages {
      var damaged = sound.prefix(damage.length)
      for place in damage.places { damaged[place] ^= 0x11 }
      try damaged.write(to: target)
      let report = try Self.repair(path, folder, expected: expected, damage.name)
      #expect(report.rows == expected.count && report.losses.isEmpty, "\(damage.name)")
      #expect(report.segmentsRebuilt == 1 && !report.faults.isEmpty, "\(damage.name)")
    }
    // A file of another store in its place is none of this store's rows.
    let stranger = folder.path("stranger")
    _ = try SegmentEngine.create(at: stranger)
    let other = try SegmentEngine(opening: stranger, mode: .readWrite(), options: Self.options())
    _ = try RichRows.fill(other, rows: 500, commits: 1, seed: 72)
    try other.compact()
    let file = try #require(other.snapshot().view.segments.first?.reader.id.fileName)
    try other.close()
    try Data(contentsOf: URL(fileURLWithPath: stranger + "/" + file)).write(to: target)
    let report = try Self.repair(path, folder, expected: expected, "stranger")
    #expect(report.rows == 0 && report.segmentsLost == 1)
  }

  /// Segments never change: a backup of any age has those it knows byte for byte.
  @Test func aBackupGivesDamagedSegmentsBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try Self.make(path, seed: 41)
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options())
    // The copy must not share its bytes with the store.
    try engine.backup(to: folder.path("linked"))
    try engine.close()
    try FileManager.default.copyItem(atPath: folder.path("linked"), toPath: folder.path("backup"))
    for name in try Self.segments(path) {
      let target = URL(fileURLWithPath: path + "/" + name)
      var bytes = try Data(contentsOf: target)
      for place in stride(from: 100, to: bytes.count, by: 5000) { bytes[place] ^= 0x55 }
      try bytes.write(to: target)
    }
    let report = try Self.repair(path, folder, expected: expected, backup: folder.path("backup"), "backup")
    #expect(report.isComplete && report.segmentsFromBackup == 3 && report.segmentsWhole == 0)
    // Without it nearly everything is gone, and a file that is missing altogether is told.
    try FileManager.default.removeItem(atPath: path + "/" + (try Self.segments(path)[0]))
    let target = folder.path("without")
    let poor = try SegmentEngine.repair(path, into: target, backup: nil, options: Self.options())
    // The repaired store knows what else holds its rows, so that a purge names it: the backups of the old store, and that itself.
    let known = try SegmentEngine(opening: target, mode: .readOnly, options: Self.options()).knownBackups()
    #expect(Set(known.map(\.path)) == [folder.path("linked"), path])
    #expect(
      !poor.isComplete && poor.segmentsLost >= 1 && poor.faults.contains { $0.what.contains("missing") })
  }

  /// The state stands twice in its file: any damage to one copy leaves the store as it is, and is told by `verify`.
  @Test func eitherCopyOfTheStateIsEnough() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try Self.make(path, seed: 51)
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasPrefix("state-") })
    let state = URL(fileURLWithPath: path + "/" + name)
    let sound = try Data(contentsOf: state)
    let half = sound.count / 2
    #expect(sound[..<half] == sound[half...])
    for place in stride(from: 0, to: sound.count, by: 3) {
      var damaged = sound
      damaged[place] ^= 0xA5
      try damaged.write(to: state)
      let engine = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options())
      #expect(engine.snapshot().view.segments.count == 3)
      let faults = engine.verify(quick: true)
      #expect(faults.count == 1 && faults.first?.file == name, "byte \(place): \(faults)")
    }
    var damaged = sound
    damaged[10] ^= 1
    try damaged.write(to: state)
    #expect(try Self.repair(path, folder, expected: expected, "state").isComplete)
    damaged[half + 70] ^= 1
    try damaged.write(to: state)
    let refused = #expect(throws: StoreError.self) {
      try SegmentEngine.repair(path, into: folder.path("no"), options: Self.options())
    }
    #expect(refused?.code == .damaged && refused?.message.contains("backup") == true)
  }

  @Test func whatCannotBeRepairedIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try Self.make(path, seed: 61)
    func code(_ source: String, _ target: String) -> StoreError.Code? {
      do throws(StoreError) {
        _ = try SegmentEngine.repair(source, into: target, options: Self.options())
        return nil
      } catch { return error.code }
    }
    #expect(code(path, path) == .alreadyExists)
    #expect(code(folder.path("none"), folder.path("target")) == .notFound)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    #expect(code(path, folder.path("target")) == .locked)
    try engine.close()
    #expect(code(path, folder.path("target")) == nil)
  }
}
