// Owns making a backup of an open store: a folder that is a store itself.
// Invariants: the backup holds exactly one commit of the store, whoever writes meanwhile; the store is only read; a backup that is
// brought up to date is at every moment either the old one or the new one; it is opened and checked before it is called done.
// Does not compress or encrypt, and does not delete old backups.

/// What a backup holds.
public struct BackupResult: Sendable, Equatable {
  /// The commit the backup stands at.
  public var commit: UInt64
  /// Files of the backup.
  public var files: Int
  /// Bytes of these files.
  public var bytes: Int64
  /// Segments that share their bytes with the store or were in the backup before, instead of being copied.
  public var linked: Int
  /// Whether the store could note where the backup lies; false where its folder cannot be written to.
  public var isNoted = true
}

package struct StoreBackup {
  private let environment: StoreEnvironment
  private let view: EngineView
  private let instants: [Int64]
  private let target: StoreFolder
  private let isCancelled: () -> Bool

  package init(
    _ environment: StoreEnvironment, view: EngineView, instants: [Int64], path: String,
    isCancelled: @escaping () -> Bool
  ) {
    self.environment = environment
    self.view = view
    self.instants = instants
    target = StoreFolder(path: path, files: environment.folder.files)
    self.isCancelled = isCancelled
  }

  private var files: any FileSystem { target.files }

  /// Refuses a folder that cannot become the backup: the store itself, or one with something else in it.
  package func checkTarget() throws(StoreError) {
    guard files.exists(target.path) else { return }
    try refuseOwnFolder()
    if try !target.isHalfMade(allowingSegments: true) { _ = try earlierState() }
  }

  private func refuseOwnFolder() throws(StoreError) {
    guard files.identity(target.path) != files.identity(environment.folder.path) else {
      throw StoreError(.invalidArgument, "a store cannot be its own backup", file: target.path)
    }
  }

  package func run(progress: (Double) -> Void) throws(StoreError) -> BackupResult {
    var isNew = !files.exists(target.path)
    if !isNew { isNew = try target.isHalfMade(allowingSegments: true) }
    if isNew { try target.create() }
    try refuseOwnFolder()
    let lock = try WriterLock(target, waitSeconds: 0)
    defer { lock.release() }
    // Decided under the lock: another backup may have ended meanwhile.
    let earlier = try target.isHalfMade(allowingSegments: true) ? nil : try earlierState()
    try files.createDirectory(target.path + "/seg")
    try files.createDirectory(target.path + "/tmp")
    if earlier == nil, !files.exists(target.path + "/" + StoreFolder.unfinishedBackup) {
      _ = try files.create(target.path + "/" + StoreFolder.unfinishedBackup)
    }
    for name in try files.list(target.path + "/tmp") { try files.remove(target.path + "/tmp/" + name) }
    var entries: [SegmentEntry] = []
    var linked = 0
    for (index, segment) in view.segments.enumerated() {
      if isCancelled() { throw StoreError(.cancelled, "the backup was cancelled") }
      if try take(segment.reader) { linked += 1 }
      var entry = SegmentEntry(segment)
      entry.marks.removeAll { $0.commit > view.commit }
      entries.append(entry)
      progress(Double(index + 1) / Double(view.segments.count + 1))
    }
    try files.syncDirectory(target.path + "/seg")
    if let memory = try writeMemory() { entries.append(memory) }
    let number = try name(entries, after: earlier)
    do throws(StoreError) {
      try check()
    } catch {
      // The highest state counts: the one before must be it again.
      try? files.remove(target.path + "/" + StateFile.fileName(number))
      try? files.remove(target.path + "/" + JournalFormat.fileName(number))
      throw error
    }
    try? files.remove(target.path + "/" + StoreFolder.unfinishedBackup)
    try removeOlder(than: number, named: Set(entries.map(\.reference.id.fileName)))
    return try result(linked)
  }

  /// The state of a backup made before, which the store must have come from.
  private func earlierState() throws(StoreError) -> StoreState {
    let number: UInt64
    do throws(StoreError) {
      number = try target.currentState()
    } catch {
      throw StoreError(
        .alreadyExists, "the folder is neither empty nor a backup; choose another one", file: target.path)
    }
    let (state, store) = try StateFile.read(number: number, folder: target.path, files: files)
    guard store == environment.identifier else {
      throw StoreError(.alreadyExists, "the folder holds another store", file: target.path)
    }
    let contents = try JournalReader.read(
      try files.open(target.path + "/" + JournalFormat.fileName(number), writable: false), number: number,
      store: store)
    guard contents.records.isEmpty, state.commit <= view.commit,
      state.instants.elementsEqual(instants[..<Int(state.commit)])
    else {
      throw StoreError(
        .alreadyExists, "the folder has commits that the store does not have; it was written to",
        file: target.path)
    }
    return state
  }

  /// Puts a segment into the backup; true when no bytes had to be copied.
  private func take(_ segment: SegmentReader) throws(StoreError) -> Bool {
    let path = target.path + "/" + segment.id.fileName
    if files.exists(path) {
      let file = try files.open(path, writable: false)
      let isSame =
        (try? SegmentReader.footer(
          of: segment.id, file: file, length: segment.fileLength, checksum: segment.trailerChecksum)) != nil
      if isSame { return true }
      // Left over from a backup that did not end, or of another line of commits.
      try files.remove(path)
    }
    do throws(StoreError) {
      if try files.link(environment.folder.path + "/" + segment.id.fileName, to: path) { return true }
    } catch {
      // A merge may have removed its name since the view was taken; the open file is still whole.
      guard error.code == .notFound else { throw error }
    }
    let temporary = target.path + "/tmp/copy.seg"
    try files.remove(temporary)
    try segment.copy(to: temporary, files: files)
    let copy = FinishedSegment(
      id: segment.id, fileLength: segment.fileLength, checksum: segment.trailerChecksum,
      footer: segment.footer)
    try SegmentReader(
      copy, file: try files.open(temporary, writable: false), store: environment.identifier,
      context: ReadingContext(cache: nil, keyText: environment.context.keyText)
    ).verifyBlocks()
    try files.rename(temporary, to: path)
    return false
  }

  /// Writes the rows of the journal into a segment that only the backup has.
  private func writeMemory() throws(StoreError) -> SegmentEntry? {
    guard view.memory.all.contains(where: { $0.system.commit <= view.commit }) else { return nil }
    // A number far from those the store gives, so that a later backup into the same folder does not meet it.
    let random = SystemCall.randomBytes(7).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let id = SegmentID(rawValue: 1 << 60 | random)
    return SegmentEntry(
      try MemoryFlush.write(view.memory, asOf: view.commit, as: id, in: environment, folder: target))
  }

  /// Writes the state that makes the folder the backup; returns its number.
  private func name(_ entries: [SegmentEntry], after earlier: StoreState?) throws(StoreError) -> UInt64 {
    let number = (earlier?.number ?? 0) + 1
    let next = max(environment.nextSegmentNumber, (entries.map(\.reference.id.rawValue).max() ?? 0) + 1)
    let state = StoreState(
      number: number, commit: view.commit, nextSegment: next,
      instants: Array(instants[..<Int(view.commit)]), segments: entries)
    try files.remove(target.path + "/" + JournalFormat.fileName(number))
    _ = try Journal(creating: number, store: environment.identifier, folder: target.path, files: files)
    try StateFile.write(state, store: environment.identifier, folder: target.path, files: files)
    return number
  }

  /// Removes the backup that was here before, once the new one was checked.
  private func removeOlder(than number: UInt64, named: Set<String>) throws(StoreError) {
    for name in try files.list(target.path + "/seg") where !named.contains("seg/" + name) {
      try files.remove(target.path + "/seg/" + name)
    }
    for old in try target.numbers(prefix: "state-", suffix: ".ckp") where old < number {
      try files.remove(target.path + "/" + StateFile.fileName(old))
    }
    for old in try target.numbers(prefix: "journal-", suffix: ".jnl") where old != number {
      try files.remove(target.path + "/" + JournalFormat.fileName(old))
    }
    try files.syncDirectory(target.path + "/seg")
    try files.syncDirectory(target.path)
  }

  /// Opens the backup as a reader would.
  private func check() throws(StoreError) {
    let options = EngineOptions(memoryBudgetBytes: 16 << 20, keyText: environment.context.keyText)
    let engine = try SegmentEngine(opening: target.path, mode: .readOnly, options: options, files: files)
    guard engine.snapshot().commit == view.commit else {
      throw StoreError(.damaged, "the backup does not stand at commit \(view.commit)", file: target.path)
    }
    if let fault = engine.verificationErrors(quick: true).first {
      throw StoreError(
        fault.code, "the backup is not whole: \(fault.message)", file: fault.file, offset: fault.offset)
    }
  }

  private func result(_ linked: Int) throws(StoreError) -> BackupResult {
    var count = 0
    for folder in ["", "/seg"] {
      count += try files.list(target.path + folder).count {
        $0 != "seg" && $0 != "tmp" && !$0.hasPrefix("LOCK")
      }
    }
    return BackupResult(
      commit: view.commit, files: count, bytes: try target.totalBytes(), linked: linked)
  }
}

extension SegmentEngine {
  /// Makes a backup of the last commit, or brings an earlier backup up to date, while others read and write.
  ///
  /// Segments are hard-linked where the file system can, else copied and read back. A backup is a store: it is restored by copying it
  /// to where the store shall be, and opened like any other.
  /// - Parameters:
  ///   - path: a folder that does not exist, is empty, or holds an earlier backup of this store. The store notes it as it is given here.
  ///   - isCancelled: asked before each segment.
  ///   - progress: told the share that is done.
  /// - Throws: `StoreError`; `alreadyExists` for a folder with anything else in it.
  @discardableResult
  public func backup(
    to path: String, isCancelled: @escaping () -> Bool = { false }, progress: (Double) -> Void = { _ in }
  ) throws(StoreError) -> BackupResult {
    let (before, instantsBefore) = followedView()
    try StoreBackup(
      environment, view: before, instants: instantsBefore, path: path, isCancelled: isCancelled
    ).checkTarget()
    var isAnnounced = mode != .immutable
    if isAnnounced {
      do throws(StoreError) { try KnownBackups(folder).announce(path) } catch { isAnnounced = false }
    }
    let (view, instants) = followedView()
    var result = try StoreBackup(
      environment, view: view, instants: instants, path: path, isCancelled: isCancelled
    ).run(progress: progress)
    let backup = KnownBackup(
      path: path, commit: result.commit, instantMilliseconds: SystemCall.nowMilliseconds)
    do throws(StoreError) {
      guard isAnnounced else { throw StoreError(.readOnly, "nothing is written into the store") }
      try KnownBackups(folder).note(backup)
    } catch {
      result.isNoted = false
    }
    return result
  }
}
