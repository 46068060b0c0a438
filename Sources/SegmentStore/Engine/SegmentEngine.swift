// Owns an open store as its users hold it: making, opening, snapshots, writing, closing.
// Invariants: readers see durable commits only; a store that ended uncleanly is put in order before anything is written.
// Does not know what rows mean.

import Synchronization

/// Settings of an engine.
public struct EngineOptions: Sendable {
  /// Bytes the engine may use for cached blocks and for loading together.
  public var memoryBudgetBytes: Int
  /// Renders a key as text, so that columns that repeat their row's key need not be stored; a store must always be opened with
  /// the same rendering.
  public var keyText: KeyText
  /// The form in which texts of searched columns are compared; `nil` makes no indexes of them.
  public var searchForm: SearchForm?
  /// Bytes a second that merging in the background writes at most; `nil` = as fast as it goes. Merging that commits wait for, and merging that was asked
  /// for, is not slowed.
  public var mergeBytesPerSecond: Int?
  /// Told what the store does, on the thread that does it; must be quick and must not write to the store.
  public var onEvent: (@Sendable (StoreEvent) -> Void)?
  /// Commits in the journal at which a checkpoint is made; tests make it small.
  package var checkpointCommits = 20_000
  /// Merges segments by itself when there are many, on a thread of its own.
  package var compactsAutomatically = true
  /// Milliseconds after which a merge that failed is tried again, whatever happened meanwhile; tests make it small.
  package var mergeRetryMilliseconds: Int64 = 5_000
  /// Rows of a merged segment at most; tests make it small.
  package var segmentRows = 4_000_000
  /// Rows that a merge takes in from which on texts are indexed: comparing fewer takes less than a tenth of a second, and an index costs bytes.
  package var indexedRows = 1 << 18
  /// Threads that write the outputs of a merge somebody waits for; `nil` = by its rows, the processors and the memory. Tests set it.
  package var mergeThreads: Int?
  /// Bytes of memory of a part of an index of texts, if not a share of the budget; tests make it small.
  package var indexPartBytes: Int?
  /// Bytes a new journal has; a clean close leaves at most so many. Tests make it small.
  package var journalInitialBytes = JournalFormat.initialSize
  /// Makes settings.
  public init(memoryBudgetBytes: Int = 512 << 20, keyText: @escaping KeyText = { _, _ in 0 }) {
    self.memoryBudgetBytes = max(16 << 20, memoryBudgetBytes)
    self.keyText = keyText
  }
}

/// A segment store, open for reading or writing (存储引擎).
///
/// Readers take snapshots and never wait. Writers take turns inside `write`.
public final class SegmentEngine: Sendable {
  package let environment: StoreEnvironment
  package let published: PublishedState
  /// Of a store that can be written to.
  private let lease: WriterLease?
  /// Of a process beside another that writes.
  private let follower: StoreFollower?
  /// How the store was opened.
  public let mode: OpeningMode
  /// Bytes of an unfinished frame that opening found behind the journal's end and discarded.
  public let discardedTailBytes: Int
  private let isClosed = Atomic<Bool>(false)

  package var folder: StoreFolder { environment.folder }
  package var context: ReadingContext { environment.context }
  /// Identity of the store.
  public var identifier: StoreIdentifier { environment.identifier }

  // MARK: Opening

  /// Makes an empty store in a folder that does not exist or is empty.
  ///
  /// - Throws: `StoreError` with code `alreadyExists` for a folder with anything in it.
  public static func create(at path: String) throws(StoreError) -> StoreIdentifier {
    try create(at: path, files: PosixFileSystem())
  }

  package static func create(at path: String, files: any FileSystem) throws(StoreError) -> StoreIdentifier {
    let folder = StoreFolder(path: path, files: files)
    if files.exists(folder.path), try !folder.isHalfMade() {
      throw StoreError(.alreadyExists, "the folder is not empty; choose another one", file: folder.path)
    }
    try folder.create()
    let lock = try WriterLock(folder, waitSeconds: 0)
    defer { lock.release() }
    guard try folder.isHalfMade() else {
      throw StoreError(.alreadyExists, "another process made a store here", file: folder.path)
    }
    try files.remove(folder.path + "/" + JournalFormat.fileName(1))
    let store = StoreIdentifier.random()
    let state = StoreState(number: 1, commit: 0, nextSegment: 1, instants: [], segments: [])
    _ = try Journal(creating: 1, store: store, folder: folder.path, files: files)
    try StateFile.write(state, store: store, folder: folder.path, files: files)
    return store
  }

  /// Opens a store.
  ///
  /// - Throws: `StoreError`; `locked` names the holder, `damaged` names file and offset.
  public convenience init(opening path: String, mode: OpeningMode, options: EngineOptions = .init())
    throws(StoreError)
  {
    try self.init(opening: path, mode: mode, options: options, files: PosixFileSystem())
  }

  package init(
    opening path: String, mode: OpeningMode, options: EngineOptions, files: any FileSystem
  ) throws(StoreError) {
    let folder = StoreFolder(path: path, files: files)
    let clock = EventClock()
    let context = ReadingContext(
      cache: BlockCache(budget: options.memoryBudgetBytes / 4), keyText: options.keyText,
      searchForm: options.searchForm)
    var lock: WriterLock?
    _ = try folder.currentState()
    // A store that is shared is read until something is to be written.
    if case .readWrite(let waitSeconds) = mode { lock = try WriterLock(folder, waitSeconds: waitSeconds) }
    self.mode = mode
    do throws(StoreError) {
      let opened = try Recovery(folder: folder, context: context).open(isWriter: lock != nil)
      environment = StoreEnvironment(
        folder: folder, identifier: opened.store, context: context, options: options,
        nextSegment: opened.nextSegment)
      published = PublishedState(view: opened.view, instants: opened.instants)
      discardedTailBytes = opened.contents.discardedBytes
      if let lock {
        lease = WriterLease(holding: try Self.makeSession(opened, environment, published, lock), of: folder)
        follower = nil
      } else {
        follower = mode == .immutable ? nil : StoreFollower(opened, environment, published: published)
        lease = Self.makeLease(mode, environment, published, follower)
      }
    } catch {
      lock?.release()
      throw error
    }
    let view = published.view
    options.onEvent?(
      .opened(
        commit: view.commit, segments: view.segments.count, isWriter: mode.isExclusive, seconds: clock.seconds
      ))
  }

  /// Bytes that the store may use for its cache and its work.
  package var memoryBudgetBytes: Int { environment.options.memoryBudgetBytes }

  /// The lease of a store that is shared: each session reads the store as the process before left it.
  private static func makeLease(
    _ mode: OpeningMode, _ environment: StoreEnvironment, _ published: PublishedState,
    _ follower: StoreFollower?
  ) -> WriterLease? {
    guard case .shared(let waitSeconds, let idleSeconds) = mode, let follower else { return nil }
    let folder = environment.folder
    let turns = WriterLease.Turns(
      waitSeconds: waitSeconds, idleMilliseconds: Int64(max(0, min(idleSeconds, 1e6)) * 1000))
    return WriterLease(
      taking: turns, of: folder,
      begin: { (waitSeconds) throws(StoreError) in
        let lock = try WriterLock(folder, waitSeconds: waitSeconds)
        let clock = EventClock()
        follower.pause()
        do throws(StoreError) {
          let opened = try Recovery(folder: folder, context: environment.context).open(isWriter: true)
          guard opened.store == environment.identifier else {
            throw StoreError(.damaged, "another store lies in the folder now", file: folder.path)
          }
          environment.raiseNextSegment(to: opened.nextSegment)
          published.replace(opened.view, instants: opened.instants)
          let session = try makeSession(opened, environment, published, lock)
          environment.options.onEvent?(
            .opened(
              commit: opened.view.commit, segments: opened.view.segments.count, isWriter: true,
              seconds: clock.seconds))
          return session
        } catch {
          follower.resume()
          lock.release()
          throw error
        }
      }, ended: { follower.resume() })
  }

  private static func makeSession(
    _ opened: Recovery.Opened, _ environment: StoreEnvironment, _ published: PublishedState,
    _ lock: WriterLock
  ) throws(StoreError) -> WriterLease.Session {
    let writer = try makeWriter(opened, environment, published, lock)
    return WriterLease.Session(
      writer: writer, compactor: Compactor(environment, published: published, writer: writer))
  }

  private static func makeWriter(
    _ opened: Recovery.Opened, _ environment: StoreEnvironment, _ published: PublishedState,
    _ lock: WriterLock
  ) throws(StoreError) -> StoreWriter {
    guard let file = opened.journalFile else { throw StoreError(.damaged, "the journal is missing") }
    let contents = opened.contents
    let writer = StoreWriter(
      environment, published: published, lock: lock,
      journal: try Journal(continuing: opened.state.number, contents: contents, file: file),
      journalCommits: contents.records.count, stateNumber: opened.state.number)
    let endedCleanly = (contents.wasClosed || contents.nextFrame == 1) && contents.discardedBytes == 0
    // Frames of an unclean end may be whole in memory and lost on disk: write what they say to new files.
    if !endedCleanly { try writer.startAfresh() }
    return writer
  }

  deinit { try? close() }

  /// Closes the store; a writer leaves a closing frame, and of the journal no more than it needs, one MiB at most.
  ///
  /// - Throws: `StoreError`; `invalidArgument` from inside the progress report of a merge, which goes on.
  public func close() throws(StoreError) {
    guard !isClosed.load(ordering: .acquiring) else { return }
    try lease?.prepareToClose()
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    try lease?.close()
  }

  // MARK: Reading

  /// The last commit, as far as this process has looked.
  package var lastKnownCommit: UInt64 { published.view.commit }

  /// The store as of its last commit, also of one that another process made.
  public func snapshot() -> EngineSnapshot {
    follower?.follow()
    let view = published.view
    return EngineSnapshot(view: view, commit: view.commit)
  }

  /// The store as of a commit; later commits than the last mean the last.
  public func snapshot(asOf commit: UInt64) -> EngineSnapshot {
    follower?.follow()
    let view = published.view
    return EngineSnapshot(view: view, commit: min(commit, view.commit))
  }

  /// The last commit that was made not later than an instant, in milliseconds since 1970 UTC; 0 before the first.
  public func commit(notLaterThan instantMilliseconds: Int64) -> UInt64 {
    follower?.follow()
    return published.commit(notLaterThan: instantMilliseconds)
  }

  /// The instant of a commit in milliseconds since 1970 UTC; `nil` for commit 0 and those not made yet.
  public func instant(of commit: UInt64) -> Int64? {
    follower?.follow()
    return published.instant(of: commit)
  }

  /// Takes in what another process committed, and returns the view with the instants of its commits.
  package func followedView() -> (view: EngineView, instants: [Int64]) {
    follower?.follow()
    return published.viewWithInstants
  }

  /// What reading has cost since the store was opened.
  public var readingStatistics: ReadingStatistics {
    context.counters.statistics(cache: context.cache?.counters)
  }

  /// Why this process does not see the latest commits of the writing one, or why merging in the background fails; `nil` when all is well.
  ///
  /// Reads go on from the last commit that was seen; what failed is tried again by itself.
  public var backgroundFailure: StoreError? { follower?.failure ?? lease?.current?.compactor.failure }

  // MARK: Writing

  /// Runs a body as the only one who changes the store; the body reads `transaction.snapshot` and changes the store through it.
  ///
  /// Returns when the commit is durable. Callers on several threads share a sync.
  /// - Returns: the body's result and the commit, or `nil` where the body changed nothing.
  package func write<Value>(
    _ body: (inout WriteTransaction) throws -> Value
  ) throws -> (value: Value, commit: UInt64?) {
    try writing { session in
      try session.compactor.holdBack()
      let result = try session.writer.write(body)
      if result.commit != nil { session.compactor.startIfNeeded() }
      return result
    }
  }

  /// From now on the right to write is asked for once and not waited for.
  package func stopWaiting() { lease?.stopWaiting() }

  /// Runs a body that has the right to write.
  private func writing<Value>(_ body: (WriterLease.Session) throws -> Value) throws -> Value {
    try checkedLease().use(body)
  }

  /// The same where nothing but the engine itself can fail.
  package func writing<Value>(
    _ body: (WriterLease.Session) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try checkedLease().use(body)
  }

  private func checkedLease() throws(StoreError) -> WriterLease {
    guard !isClosed.load(ordering: .acquiring) else { throw StoreError(.closed, "the store is closed") }
    guard let lease else { throw StoreError(.readOnly, "the store was opened for reading only") }
    return lease
  }
}

extension SegmentEntry {
  package init(_ view: SegmentView) {
    self.init(
      reference: view.reader.reference, addedCommit: view.addedCommit, lastCommit: view.lastCommit,
      historyEnd: view.historyEnd, isCompacted: view.isCompacted, marks: view.marks.all)
  }
}

extension SegmentReader {
  package var reference: SegmentReference {
    SegmentReference(id: id, fileLength: fileLength, checksum: trailerChecksum)
  }
}
