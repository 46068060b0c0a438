// Goal: damage to a journal loses no more than it must: what the next frame proves is mended, what a backup has comes from the backup, and of the rest the
// report names the batches.
// Method: stores of several commits are damaged byte by byte and in whole sectors; what comes out is compared with lists of the rows taken at each commit.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct JournalRepairTests {
  private let folder: TemporaryFolder
  private let path: String
  /// All rows as of commits 1, 2 …
  private var lines: [[String]] = []
  private let sound: Data
  private let contents: JournalContents
  private var journal: URL { URL(fileURLWithPath: path + "/journal-1.jnl") }

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: RepairTests.options())
    for step in 0..<5 {
      _ = try RichRows.fill(engine, rows: 10, commits: 1, seed: UInt64(step))
      lines.append(try RepairTests.lines(engine))
      if step == 2 { _ = try engine.backup(to: folder.path("backup")) }
    }
    try engine.close()
    sound = try Data(contentsOf: URL(fileURLWithPath: path + "/journal-1.jnl"))
    contents = try JournalReader.read(
      PosixFileSystem().open(path + "/journal-1.jnl", writable: false), number: 1, store: engine.identifier)
    #expect(contents.records.count == 5 && contents.wasClosed)
  }

  private func repair(_ damaged: Data, backup: String? = nil) throws -> (RepairReport, [String]) {
    try damaged.write(to: journal)
    #expect(throws: StoreError.self) {
      try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
    }
    let target = folder.path("repaired-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: target) }
    let report = try SegmentEngine.repair(path, into: target, backup: backup, options: RepairTests.options())
    let engine = try SegmentEngine(opening: target, mode: .readWrite(), options: RepairTests.options())
    defer { try? engine.close() }
    return (report, try RepairTests.lines(engine))
  }

  /// The batches of rows that some commits brought.
  private func batches(of commits: ClosedRange<UInt64>) -> Set<UInt64> {
    Set(contents.records.filter { commits.contains($0.commit) }.flatMap { $0.rows.map(\.batch) })
  }

  /// Where each frame begins, the closing one too.
  private func frames() -> [Int] {
    var offsets: [Int] = []
    var offset = JournalFormat.headerSize
    let bytes = [UInt8](sound)
    while let next = JournalReader.nextFrame(
      bytes, from: offset, through: bytes.count - 1, salt: contents.salt)
    {
      offsets.append(next.offset)
      offset = next.offset + 8
    }
    return offsets
  }

  /// One turned bit loses nothing, wherever it is: in the header, in the head of a frame, in its body.
  @Test func aTurnedBitIsTurnedBack() throws {
    let frames = frames()
    #expect(frames.count == 6)
    let places =
      [3, 12, 30, 50, 60] + [0, 5, 9, 17, 25, 33, 41].map { frames[1] + $0 } + [
        frames[0] + 48, frames[2] + 100, frames[3] + 61, frames[4] + 48,
      ]
    for place in places {
      var damaged = sound
      damaged[place] ^= UInt8(1) << UInt8(place % 8)
      let (report, found) = try repair(damaged)
      #expect(report.isComplete && report.commit == 5 && found == lines[4], "byte \(place): \(report)")
      #expect(report.faults.count == 1, "byte \(place): \(report.faults)")
    }
    // Two frames that are not side by side, each in one bit, and the whole head of one of them.
    var damaged = sound
    damaged[frames[1] + 80] ^= 4
    for place in 0..<48 { damaged[frames[3] + place] = 0xEE }
    let (report, found) = try repair(damaged)
    #expect(report.isComplete && found == lines[4] && report.faults.count == 2, "\(report)")
  }

  /// More damage than can be mended: the commits before it are kept, and the report names the batches that were lost.
  @Test func theJournalIsKeptUpToItsDamage() throws {
    let frames = frames()
    var damaged = sound
    for place in 0..<16 { damaged[frames[2] + 60 + place] = 0 }
    let (report, found) = try repair(damaged)
    #expect(report.losesCommits && report.commit == 2 && !report.isComplete && found == lines[1])
    let loss = try #require(report.losses.first)
    #expect(loss.firstCommit == 3 && loss.lastCommit == 5 && loss.rows == nil)
    #expect(Set(loss.batches).isSubset(of: batches(of: 3...5)) && !loss.batches.isEmpty, "\(loss)")
  }

  /// A backup that is further on than what the journal still says stands for the store.
  @Test func aBackupThatHasTheCommitsIsTaken() throws {
    let frames = frames()
    var damaged = sound
    for place in 0..<16 { damaged[frames[0] + 60 + place] = 0 }
    let backup = folder.path("backup")
    let (report, found) = try repair(damaged, backup: backup)
    #expect(report.commit == 3 && report.losesCommits && found == lines[2], "\(report)")
    #expect(report.losses.map(\.firstCommit) == [4] && report.losses.map(\.lastCommit) == [5])
    // Without it nothing is left; with a journal that says more than the backup, the journal counts.
    let (poor, none) = try repair(damaged)
    #expect(poor.commit == 0 && none.isEmpty)
    damaged = sound
    for place in 0..<16 { damaged[frames[4] + 60 + place] = 0 }
    let (later, most) = try repair(damaged, backup: backup)
    #expect(later.commit == 4 && most == lines[3], "\(later)")
    // A journal that is gone.
    try FileManager.default.removeItem(at: journal)
    let target = folder.path("gone")
    let gone = try SegmentEngine.repair(path, into: target, backup: backup, options: RepairTests.options())
    #expect(gone.commit == 3 && gone.losesCommits)
    // A backup of another store stands for nothing.
    let other = folder.path("other")
    _ = try SegmentEngine.create(at: other)
    let refused = try SegmentEngine.repair(
      path, into: folder.path("other-repaired"), backup: other, options: RepairTests.options())
    #expect(refused.commit == 0)
  }
}
