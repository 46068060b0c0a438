// Goal: whatever call of the file system fails, once or from then on, with an error or a full disk, a sync that fails and forgets or deceives: nothing
// acknowledged is lost, no answer is wrong, no file stays open, the store says what state it is in, and the next opening finds everything in order.
// Method: a script of commits, merges, purges, backups and reopenings on a simulated disk; for each call in turn the script is run anew with that call
// failing. Replay one case with its mode and number. CREDIT_CAMPAIGN_ERRORS=1 tries every call instead of some.

import Foundation
@testable import SegmentStore
import Synchronization
import TestSupport
import Testing

@Suite struct ErrorEnumerationTests {
  /// What goes wrong.
  enum Mode: String, CaseIterable, Sendable {
    /// One call fails.
    case once
    /// A call and all later ones fail, until the store is opened again.
    case forEver
    /// From some call on there is no space; what is being written is written in part.
    case full
    /// A sync fails, and what was not durable is gone from the file.
    case forgetfulSync
    /// A sync fails, and what was not durable can be read until the power goes, which it does after the store went on.
    case deceptiveSync

    func concerns(_ call: FaultyFileSystem.Call) -> Bool {
      switch self {
      case .once, .forEver: call != .identity
      case .full: [.create, .write, .link, .rename, .createDirectory, .truncate].contains(call)
      case .forgetfulSync: call == .sync || call == .syncDirectory
      case .deceptiveSync: call == .sync
      }
    }

    var failure: FaultyFileSystem.Failure {
      switch self {
      case .once, .forEver: .init(.inputOutput)
      case .full: .init(.diskFull, tearsWrites: true)
      case .forgetfulSync: .init(.inputOutput, unsynced: .dropped)
      case .deceptiveSync: .init(.inputOutput, unsynced: .neverWritten)
      }
    }
  }

  private static let seed: UInt64 = 20_261_126
  private static let steps = 44
  /// Calls that fail in a run of the tests, of each mode.
  private static let tried = 70

  /// Counts the calls of a mode and fails one, or all from there on.
  private final class Fault: Sendable {
    private let mode: Mode
    private let number: Int
    private let count = Atomic<Int>(0)
    private let reached = Atomic<Bool>(false)
    private let removing = Atomic<Bool>(false)

    init(_ mode: Mode, at number: Int) {
      self.mode = mode
      self.number = number
    }

    var calls: Int { count.load(ordering: .relaxed) }
    var wasReached: Bool { reached.load(ordering: .relaxed) }
    /// Whether a removal was among the calls that failed.
    var hasFailedRemoval: Bool { removing.load(ordering: .relaxed) }

    func failure(_ call: FaultyFileSystem.Call) -> FaultyFileSystem.Failure? {
      guard mode.concerns(call) else { return nil }
      let own = count.add(1, ordering: .relaxed).newValue
      let isFailing = mode == .forEver || mode == .full ? own >= number : own == number
      if isFailing { reached.store(true, ordering: .relaxed) }
      if isFailing, call == .remove { removing.store(true, ordering: .relaxed) }
      return isFailing ? mode.failure : nil
    }
  }

  @Test(arguments: Mode.allCases) func everyErrorLeavesTheStoreWhole(mode: Mode) throws {
    print("seed \(Self.seed)")
    let whole = Fault(mode, at: .max)
    try Self.run(mode, whole, number: 0)
    let total = whole.calls
    let isWhole = ProcessInfo.processInfo.environment["CREDIT_CAMPAIGN_ERRORS"] != nil
    let step = isWhole ? 1 : max(1, total / Self.tried)
    var tried = 0
    // An odd start, so that other calls are met than in the other modes.
    for number in stride(from: 1 + mode.rawValue.utf8.count % step, through: total, by: step) {
      let fault = Fault(mode, at: number)
      do {
        try Self.run(mode, fault, number: number)
      } catch {
        Issue.record("\(mode), call \(number): \(error)")
      }
      #expect(fault.wasReached, "\(mode), call \(number) was never made")
      tried += 1
    }
    print("\(mode): \(tried) of \(total) calls failed")
  }

  private static func open(_ path: String, _ files: any FileSystem) throws -> SegmentEngine {
    try SegmentEngine(opening: path, mode: .readWrite(), options: StoreScript.options(), files: files)
  }

  private static func run(_ mode: Mode, _ fault: Fault, number: Int) throws {
    // Stores that are open at the same time in one process are told apart by their paths.
    let parent = "/faulty-\(mode)/parent"
    let disk = SimulatedDisk(mount: "/faulty-\(mode)")
    try disk.createDirectory(parent)
    let files = FaultyFileSystem(disk)
    let script = StoreScript(seed: seed)
    files.fail(with: { call, _ in fault.failure(call) })
    var engine = attempt(script, files, parent, what: "\(mode), call \(number)")
    files.fail(with: nil)
    if let live = engine {
      // What is open still answers, and rightly.
      try check(live, script, "\(mode), call \(number), still open")
      // Unless removing failed, a commit or merge that did has taken its files with it.
      if !fault.hasFailedRemoval, StoreScript.isUsable(live) {
        let named = Set(live.snapshot().view.segments.map(\.reader.id.fileName))
        let found = Set(try disk.list(parent + "/store/seg").map { "seg/" + $0 })
        #expect(found == named, "\(mode), call \(number), still open")
      }
      try? live.close()
    }
    engine = nil
    // Whatever failed, nothing stays open and nothing stays locked.
    #expect(disk.openFiles == 0 && disk.heldLocks.isEmpty, "\(mode), call \(number): \(disk.heldLocks)")
    if mode == .deceptiveSync, script.isMade {
      try checkAfterPowerLoss(disk, parent, script, "\(mode), call \(number)")
    } else {
      try checkReopened(disk, parent, script, "\(mode), call \(number)")
    }
  }

  /// Goes on with the store as after a restart of the program, and pulls the plug: what could be read then, and what was acknowledged
  /// since, is there.
  private static func checkAfterPowerLoss(
    _ disk: SimulatedDisk, _ parent: String, _ script: StoreScript, _ what: String
  ) throws {
    let engine = try open(parent + "/store", disk)
    let found = try StoreScript.content(engine)
    let commit = engine.snapshot().commit
    #expect(commit >= script.acknowledged && commit <= max(script.begun, script.acknowledged), "\(what)")
    #expect(script.contents(asOf: commit).contains(found), "\(what)")
    for _ in 0..<3 {
      _ = try engine.write { transaction in
        try transaction.append(
          EngineModelTests.schema(9), key: 5, batch: 1,
          payload: RowPayload.encode([.null, .null, .null, .null]))
      }
    }
    let last = engine.snapshot().commit
    let mount = "/after" + parent
    let again = try open(mount + "/parent/store", disk.crashed(.lost, seed: last, mount: mount))
    #expect(again.snapshot().commit == last, "\(what)")
    #expect(try StoreScript.content(again) == found, "\(what)")
    #expect(try again.snapshot().rows(of: 5, schema: EngineModelTests.schema(9)).count == 3, "\(what)")
    #expect(again.verify().isEmpty, "\(what)")
  }

  /// Runs the script as far as it goes; every error must be one of the engine's own.
  private static func attempt(
    _ script: StoreScript, _ files: FaultyFileSystem, _ parent: String, what: String
  ) -> SegmentEngine? {
    let path = parent + "/store"
    /// False when it failed.
    func passes(_ body: () throws -> Void) -> Bool {
      do {
        try body()
        return true
      } catch {
        if !(error is StoreError) { Issue.record("\(what): \(error)") }
        return false
      }
    }
    guard passes({ _ = try SegmentEngine.create(at: path, files: files) }) else { return nil }
    script.isMade = true
    var engine: SegmentEngine?
    guard passes({ engine = try open(path, files) }) else { return nil }
    for step in 0..<steps {
      guard let current = engine else { return nil }
      _ = passes { try script.commit(current, isSegment: step % 5 == 3) }
      guard StoreScript.isUsable(current) else { return current }
      if step % 14 == 13 { _ = passes { try current.compact() } }
      if step % 25 == 17, !passes({ try script.purge(current, key: StoreScript.keys[step % 12]) }) {
        settle(script, current)
      }
      if step % 16 == 9 { _ = passes { try current.backup(to: parent + "/backup") } }
      if step % 7 == 2 { _ = passes { try check(current, script, what) } }
      guard StoreScript.isUsable(current) else { return current }
      guard step % 19 == 18 else { continue }
      _ = passes { try current.close() }
      engine = nil
      guard passes({ engine = try open(path, files) }) else { return nil }
    }
    return engine
  }

  /// A purge that failed either happened or did not: what is there tells.
  private static func settle(_ script: StoreScript, _ engine: SegmentEngine) {
    guard StoreScript.isUsable(engine), let found = try? StoreScript.content(engine) else { return }
    let contents = script.contents(asOf: engine.snapshot().commit)
    script.settlePurge(isDone: contents.count > 1 && contents[1] == found)
  }

  private static func check(_ engine: SegmentEngine, _ script: StoreScript, _ what: String) throws {
    let commit = engine.snapshot().commit
    if StoreScript.isUsable(engine) { #expect(commit == script.acknowledged, "\(what)") }
    #expect(commit >= script.acknowledged && commit <= max(script.begun, script.acknowledged), "\(what)")
    let found = try StoreScript.content(engine)
    #expect(script.contents(asOf: commit).contains(found), "\(what)")
  }

  /// Opens the store as after a restart of the program and looks at everything.
  private static func checkReopened(
    _ disk: SimulatedDisk, _ parent: String, _ script: StoreScript, _ what: String
  ) throws {
    let (path, backup) = (parent + "/store", parent + "/backup")
    guard script.isMade || (try? open(path, disk).close()) != nil else {
      // It was not made: making it again works.
      _ = try SegmentEngine.create(at: path, files: disk)
      return
    }
    let engine = try open(path, disk)
    let commit = engine.snapshot().commit
    #expect(
      commit >= script.acknowledged && commit <= max(script.begun, script.acknowledged),
      "\(what): came back to \(commit), acknowledged \(script.acknowledged), begun \(script.begun)")
    let found = try StoreScript.content(engine)
    #expect(script.contents(asOf: commit).contains(found), "\(what)")
    #expect(engine.verify().isEmpty, "\(what)")
    // Nothing is left lying about.
    let named = Set(engine.snapshot().view.segments.map(\.reader.id.fileName))
    #expect(Set(try disk.list(path + "/seg").map { "seg/" + $0 }) == named, "\(what)")
    #expect(try disk.list(path + "/tmp").isEmpty, "\(what)")
    // Life goes on, and a backup that was begun comes to its end.
    _ = try engine.write { transaction in
      try transaction.append(
        EngineModelTests.schema(9), key: 5, batch: 1,
        payload: RowPayload.encode([.null, .null, .null, .null]))
    }
    try engine.compact()
    try engine.backup(to: backup)
    try engine.close()
    for place in [path, backup] {
      let reader = try SegmentEngine(
        opening: place, mode: .readOnly, options: StoreScript.options(), files: disk)
      #expect(reader.snapshot().commit == commit + 1, "\(what), \(place)")
      #expect(try StoreScript.content(reader) == found, "\(what), \(place)")
      #expect(reader.verify().isEmpty, "\(what), \(place)")
    }
  }
}
