// Goal: whatever moment the power goes away, nothing acknowledged is lost, nothing is half there, and the store goes on.
// Method: a script of commits, merges, purges, checkpoints and backups on a simulated disk; after every call that changes the disk, every kind of
// damage is done to a copy, the copy is opened, and what it holds must be the model's state at the last acknowledged commit or the one under way
// (prefix rule); a backup that was whole once holds a state it was brought to. Replay one case with its seed, call number and damage. CREDIT_CAMPAIGN_CRASHES=100 takes a hundred scripts instead of one,
// CREDIT_CAMPAIGN_CRASHES=100@20261200 from another seed on.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct CrashEnumerationTests {
  private typealias Model = EngineModelTests

  /// The seeds of the scripts.
  static let seeds: [UInt64] = {
    let parts = (ProcessInfo.processInfo.environment["CREDIT_CAMPAIGN_CRASHES"] ?? "1").split(separator: "@")
    let count = parts.first.flatMap { UInt64($0) } ?? 1
    let first = parts.count > 1 ? UInt64(parts[1]) ?? 0 : 20_261_123
    return (0..<max(1, min(count, 1_000_000))).map { first &+ $0 }
  }()

  /// Commits of a script: some two thousand calls.
  private static let steps = 112

  @Test(arguments: seeds) func everyCrashLeavesAPrefix(seed: UInt64) throws {
    print("seed \(seed)")
    let disk = SimulatedDisk(mount: "/script-\(seed)")
    try disk.createDirectory("/script-\(seed)/parent")
    let script = StoreScript(seed: seed)
    var checked = 0
    var recovered: Set<UInt64> = []
    disk.afterCall = { call in
      for (index, damage) in CrashDamage.allCases.enumerated() {
        let mount = "/crash-\(seed)-\(call)-\(index)"
        let after = disk.crashed(damage, seed: seed &+ UInt64(call * 8 + index), mount: mount)
        do {
          if let commit = try Self.check(after, mount, script, isThorough: (call + index) % 9 == 0) {
            recovered.insert(commit)
          }
        } catch {
          Issue.record("seed \(seed), crash after call \(call), \(damage): \(error)")
        }
        checked += 1
      }
    }
    try script.run(
      on: disk, at: "/script-\(seed)/parent/store", backup: "/script-\(seed)/parent/backup", steps: Self.steps
    )
    disk.afterCall = nil
    print("\(disk.calls) calls, \(checked) crashes")
    #expect(disk.calls >= 2000)
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
    let script = StoreScript(seed: seed)
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
    try script.run(on: disk, at: "/deep/parent/store")
    disk.afterCall = nil
    print(
      "crashes \(checked[0]), during their recovery \(checked[1]), during the recovery from those \(checked[2])"
    )
    #expect(checked[0] >= 40 && checked[1] >= 300 && checked[2] >= 300)
  }

  /// Opens a crashed disk and compares; returns the commit it came back to.
  private static func check(
    _ disk: SimulatedDisk, _ mount: String, _ script: StoreScript, isThorough: Bool
  ) throws -> UInt64? {
    let path = mount + "/parent/store"
    guard script.isMade || canOpen(path, disk) else {
      // The store was still being made: making it again must work.
      _ = try SegmentEngine.create(at: path, files: disk)
      return nil
    }
    let engine = try SegmentEngine(
      opening: path, mode: .readWrite(), options: StoreScript.options(), files: disk)
    let commit = engine.snapshot().commit
    #expect(
      commit >= script.acknowledged && commit <= max(script.begun, script.acknowledged),
      "came back to \(commit), acknowledged \(script.acknowledged), begun \(script.begun)")
    let expected = try StoreScript.content(engine)
    #expect(script.contents(asOf: commit).contains(expected))
    if script.isBackingUp || isThorough { try checkBackup(disk, mount, script) }
    guard isThorough else { return commit }
    // Life goes on: one more commit, a clean end, and every byte is in order.
    let schema = Model.schema(7)
    _ = try engine.write { transaction in
      try transaction.append(
        schema, key: 5, batch: 1, payload: RowPayload.encode([.null, .null, .null, .integer(1)]))
    }
    try engine.compact()
    #expect(try StoreScript.content(engine) == expected)
    try engine.close()
    let again = try SegmentEngine(opening: path, mode: .readOnly, options: StoreScript.options(), files: disk)
    #expect(again.snapshot().commit == commit + 1)
    #expect(try StoreScript.content(again) == expected)
    #expect(again.verify().isEmpty)
    return commit
  }

  /// A backup is not whole yet, and says so, or holds a state of the store, from before the crash.
  private static func checkBackup(_ disk: SimulatedDisk, _ mount: String, _ script: StoreScript) throws {
    let path = mount + "/parent/backup"
    guard disk.exists(path), !disk.exists(path + "/backup.unfinished") else { return }
    guard script.hasBackup || canOpen(path, disk) else { return }
    let backup = try SegmentEngine(
      opening: path, mode: .readOnly, options: StoreScript.options(), files: disk)
    let commit = backup.snapshot().commit
    let found = try StoreScript.content(backup)
    #expect(
      script.backups.contains { $0.commit == commit && $0.content == found },
      "a backup of commit \(commit) that was never made")
  }

  private static func canOpen(_ path: String, _ disk: SimulatedDisk) -> Bool {
    (try? SegmentEngine(opening: path, mode: .readOnly, options: StoreScript.options(), files: disk)) != nil
  }
}
