// Goal: an error that passes leaves no trace: not in what a reader sees, not in whether a writer goes on, not in what the next opening finds.
// Method: each test tells the story of a fault that a review found, on a file system that fails the calls in question.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct PassingErrorTests {
  private static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 7), version: 1, columns: [ColumnSchema(id: 16, type: .text)])

  private static func append(_ text: String, key: UInt128, _ transaction: inout WriteTransaction) throws {
    try transaction.append(schema, key: key, batch: 1, payload: RowPayload.encode([.text(Array(text.utf8))]))
  }

  private static func texts(_ snapshot: EngineSnapshot) throws -> [String] {
    var texts: [String] = []
    try DatasetScan(snapshot, schema: schema).forEach { row in
      texts.append(String(decoding: try row.text(0) ?? [], as: UTF8.self))
    }
    return texts.sorted()
  }

  private static func options() -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 32 << 20)
    options.compactsAutomatically = false
    return options
  }

  /// A merge looks texts up twice. Halfway through the first time its pool began to take texts apart, so that the second time an odd text
  /// had a code that nobody knew, and no merge of the store ever succeeded again.
  @Test func aMergeMeetsOneOddTextAmongManyNumbers() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    var expected: [String] = []
    for half in 0..<2 {
      _ = try engine.write { transaction in
        for index in 0..<20_000 {
          let text = half == 0 && index == 3 ? "X-1-22-333" : "NO 1\(half)\(10_000 + index)"
          expected.append(text)
          try Self.append(text, key: UInt128(index + 1) << 64, &transaction)
        }
      }
    }
    try engine.compact()
    #expect(try Self.texts(engine.snapshot()) == expected.sorted())
    #expect(engine.verify().isEmpty)
  }

  /// A reader took in two commits at once; the segment of the second could not be opened, and the rows of the first were there twice.
  @Test func aReaderThatFailsHalfwayDoublesNothing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let writer = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    _ = try writer.write { try Self.append("0", key: 1, &$0) }
    let files = FaultyFileSystem(PosixFileSystem())
    let reader = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options(), files: files)
    _ = try writer.write { try Self.append("1", key: 1, &$0) }
    _ = try writer.write { transaction in
      try EngineModelTests.writeSegment(
        [Self.row(key: 5, 1)], &transaction, batch: 1)
    }
    files.fail { call, path in call == .open && path.hasSuffix(".seg") }
    #expect(try Self.texts(reader.snapshot()) == ["0"])
    #expect(reader.backgroundFailure?.code == .inputOutput)
    files.fail(nil)
    #expect(try Self.texts(reader.snapshot()) == ["0", "1"])
    #expect(reader.snapshot().commit == 3)
    #expect(reader.backgroundFailure == nil)
  }

  /// A checkpoint came between reading a journal and asking for its identity: "gone" was then taken for "unchanged" for ever.
  @Test func aReaderWhoseJournalWentWhileItOpenedCatchesUp() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let writer = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    _ = try writer.write { try Self.append("0", key: 1, &$0) }
    let files = FaultyFileSystem(PosixFileSystem())
    files.fail { call, path in call == .identity && path.hasSuffix(".jnl") }
    let reader = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options(), files: files)
    files.fail(nil)
    try writer.compact()
    _ = try writer.write { try Self.append("1", key: 1, &$0) }
    #expect(try Self.texts(reader.snapshot()) == ["0", "1"])
  }

  /// Merging failed until commits were refused; when it could have succeeded, nobody tried it any more.
  @Test func commitsGoOnOnceMergingWorksAgain() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    var options = Self.options()
    options.compactsAutomatically = true
    options.mergeRetryMilliseconds = 20
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    func commit(_ number: Int) throws {
      _ = try engine.write { transaction in
        try EngineModelTests.writeSegment(
          [Self.row(key: 5, number)], &transaction, batch: 1)
      }
    }
    // A damaged block makes every merge fail.
    try commit(0)
    let segment = URL(fileURLWithPath: path + "/seg/000000000001.seg")
    func flip() throws {
      let file = try FileHandle(forUpdating: segment)
      try file.seek(toOffset: 100)
      let byte = try #require(try file.read(upToCount: 1)?.first)
      try file.seek(toOffset: 100)
      try file.write(contentsOf: [byte ^ 0xFF])
      try file.close()
    }
    try flip()
    var refused = false
    for number in 1..<60 where !refused {
      do { try commit(number) } catch let error as StoreError {
        #expect(error.code == .limit)
        refused = true
      }
    }
    #expect(refused)
    #expect(engine.backgroundFailure?.code == .damaged)
    try flip()
    Thread.sleep(forTimeInterval: 0.05)
    try commit(61)
    #expect(engine.backgroundFailure == nil)
    try engine.close()
  }

  private static func row(key: UInt128, _ number: Int) -> EngineModelTests.ModelRow {
    .init(
      dataset: 9, key: key, commit: 0, superseded: nil,
      cells: [.integer(Int64(number)), .null, .null, .integer(0)])
  }

  /// Rows in memory could not be written into a segment, commits went on, and the journal grew past what opening reads.
  @Test func aJournalThatCannotBeFoldedRefusesCommitsBeforeItIsTooLong() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let files = FaultyFileSystem(PosixFileSystem())
    var writer: SegmentEngine? = try SegmentEngine(
      opening: path, mode: .readWrite(), options: Self.options(), files: files)
    files.fail { call, path in call == .create && path.hasSuffix(".seg") }
    let large = String(repeating: "长", count: 4 << 20)
    var acknowledged = 0
    var refusal: StoreError?
    while refusal == nil, acknowledged < 40 {
      do {
        _ = try writer?.write { try Self.append("\(acknowledged) \(large)", key: 1, &$0) }
        acknowledged += 1
      } catch let error as StoreError {
        refusal = error
      }
    }
    #expect(refusal?.code == .inputOutput)
    #expect(acknowledged >= 8)
    #expect(writer?.snapshot().commit == UInt64(acknowledged), "what was acknowledged is read")
    files.fail(nil)
    _ = try writer?.write { try Self.append("again", key: 1, &$0) }
    try writer?.close()
    writer = nil
    let opened = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options())
    #expect(opened.snapshot().commit == UInt64(acknowledged) + 1)
  }

  /// The process died after it wrote its closing frame and before that was synced. The next one trusted the frame; then the power went, the
  /// next commit had reached the disk and the closing frame had not, and the store was taken for damaged.
  @Test func aClosingFrameThatWasNotSyncedIsWrittenAgain() throws {
    var crashes = 0
    for seed in 0..<60 as Range<UInt64> {
      let disk = SimulatedDisk(mount: "/a")
      let files = FaultyFileSystem(disk)
      _ = try SegmentEngine.create(at: "/a/s", files: files)
      let first = try SegmentEngine(
        opening: "/a/s", mode: .readWrite(), options: Self.options(), files: files)
      _ = try first.write { try Self.append("1", key: 1, &$0) }
      files.fail { call, path in call == .sync && path.hasSuffix(".jnl") }
      try? first.close()
      files.fail(nil)
      var damaged: [SimulatedDisk] = []
      disk.afterCall = { [weak disk] call in
        for damage in CrashDamage.allCases {
          if let crashed = disk?.crashed(damage, seed: seed &* 1000 + UInt64(call), mount: "/b") {
            damaged.append(crashed)
          }
        }
      }
      let second = try SegmentEngine(
        opening: "/a/s", mode: .readWrite(), options: Self.options(), files: disk)
      _ = try second.write { try Self.append("2", key: 1, &$0) }
      disk.afterCall = nil
      for crashed in damaged {
        let opened = try SegmentEngine(
          opening: "/b/s", mode: .readOnly, options: Self.options(), files: crashed)
        let texts = try Self.texts(opened.snapshot())
        #expect(texts == ["1"] || texts == ["1", "2"])
        crashes += 1
      }
      try second.close()
    }
    print("\(crashes) crashes")
    #expect(crashes > 1000)
  }

  /// A backup that was cut off left segments without a state, and the folder could not be used again. Segments of somebody else are left alone.
  @Test func aFirstBackupThatWasCutOffIsMadeAgain() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let writer = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    for number in 0..<2 {
      _ = try writer.write { try EngineModelTests.writeSegment([Self.row(key: 5, number)], &$0, batch: 1) }
    }
    var asked = 0
    let backup = folder.path("backup")
    #expect(throws: StoreError.self) {
      try writer.backup(
        to: backup,
        isCancelled: {
          asked += 1
          return asked > 1
        })
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: backup + "/seg").count == 1)
    #expect(try writer.backup(to: backup).commit == 2)
    // The same folder without its state is no unfinished backup: what it holds may be all there is of a store.
    for name in try FileManager.default.contentsOfDirectory(atPath: backup) where name.hasSuffix(".ckp") {
      try FileManager.default.removeItem(atPath: backup + "/" + name)
    }
    #expect(throws: StoreError.self) { try writer.backup(to: backup) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: backup + "/seg").count == 2)
  }

  /// A progress report closed the store that was being merged: the lock was given up while the merge went on writing and removing files.
  @Test func aStoreIsNotClosedFromInsideItsOwnMerge() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    for number in 0..<3 {
      _ = try engine.write { try EngineModelTests.writeSegment([Self.row(key: 5, number)], &$0, batch: 1) }
    }
    var refusal: StoreError?
    try engine.compact(progress: { _ in
      do throws(StoreError) { try engine.close() } catch { refusal = error }
    })
    #expect(refusal?.code == .invalidArgument)
    #expect(engine.verify().isEmpty)
    _ = try engine.write { try Self.append("still open", key: 1, &$0) }
    try engine.close()
    #expect(try SegmentEngine(opening: path, mode: .readOnly).snapshot().commit == 4)
  }

  /// A reading process made a backup of what it had looked at last, not of what the store held.
  @Test func aBackupFromAReadingProcessIsUpToDate() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let writer = try SegmentEngine(opening: path, mode: .readWrite(), options: Self.options())
    let reader = try SegmentEngine(opening: path, mode: .readOnly, options: Self.options())
    for number in 0..<4 { _ = try writer.write { try Self.append("\(number)", key: 1, &$0) } }
    #expect(try reader.backup(to: folder.path("backup")).commit == 4)
    #expect(reader.instant(of: 4) != nil)
  }
}
