// Owns an open store: opening and recovery, commits, checkpoints, closing.
// Invariants: a commit is durable before it is visible; commits are numbered without gaps and their instants never
// decrease; after a failed write nothing more is written until the store is opened again.
// Does not know what rows mean.

import Synchronization

/// Settings of an engine.
public struct EngineOptions: Sendable {
  /// Bytes the engine may use for cached blocks and for loading together.
  public var memoryBudgetBytes: Int
  /// Renders a key as text, so that columns that repeat their row's key need not be stored; a store must always be opened with
  /// the same rendering.
  public var keyText: KeyText
  /// Commits in the journal at which a checkpoint is made; tests make it small.
  package var checkpointCommits = 1000
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
public final class SegmentEngine: @unchecked Sendable {
  // Sendable because `writer` is only touched under `gate`, and everything else is immutable or locked.
  package let folder: StoreFolder
  /// Identity of the store.
  public let identifier: StoreIdentifier
  package let options: EngineOptions
  package let context: ReadingContext
  /// How the store was opened.
  public let mode: OpeningMode
  /// Bytes of an unfinished frame that opening found behind the journal's end and discarded.
  public let discardedTailBytes: Int

  private struct Published {
    var view: EngineView
    var instants: [Int64]
  }

  private struct Writer {
    var lock: WriterLock
    var journal: Journal
    var stateNumber: UInt64
    var nextSegment: UInt64
    var recordsInJournal: Int
    var failure: StoreError?
  }

  private let published: Mutex<Published>
  private let gate = Mutex<Void>(())
  private var writer: Writer?
  private let isClosed = Atomic<Bool>(false)

  /// Rows in memory at which a checkpoint writes them into a segment.
  private static let memoryRowLimit = 65_536
  private static let memoryByteLimit = 8 << 20

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
    let context = ReadingContext(
      cache: BlockCache(budget: options.memoryBudgetBytes / 4), keyText: options.keyText)
    let endedCleanly: Bool
    var lock: WriterLock?
    _ = try folder.currentState()
    if case .readWrite(let waitSeconds) = mode { lock = try WriterLock(folder, waitSeconds: waitSeconds) }
    do throws(StoreError) {
      let opened = try Recovery(folder: folder, context: context).open(isWriter: mode.isWritable)
      if let lock {
        guard let file = opened.journalFile else { throw StoreError(.damaged, "the journal is missing") }
        writer = Writer(
          lock: lock,
          journal: try Journal(continuing: opened.state.number, contents: opened.contents, file: file),
          stateNumber: opened.state.number, nextSegment: opened.nextSegment,
          recordsInJournal: opened.contents.records.count, failure: nil)
      }
      identifier = opened.store
      published = Mutex(Published(view: opened.view, instants: opened.instants))
      discardedTailBytes = opened.contents.discardedBytes
      endedCleanly =
        opened.contents.wasClosed || opened.contents.nextFrame == 1 && opened.contents.discardedBytes == 0
    } catch {
      lock?.release()
      throw error
    }
    self.folder = folder
    self.options = options
    self.context = context
    self.mode = mode
    guard mode.isWritable, !endedCleanly else { return }
    // Frames of an unclean end may be whole in memory and lost on disk: write what they say to new files.
    do throws(StoreError) {
      try checkpoint()
    } catch {
      writer?.failure = error
      throw error
    }
  }

  deinit { try? close() }

  /// Closes the store; a writer leaves a closing frame and at most one MiB of journal.
  public func close() throws(StoreError) {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let result = gate.withLock { _ -> Result<Void, StoreError> in
      guard let writer else { return .success(()) }
      defer {
        writer.lock.release()
        self.writer = nil
      }
      do throws(StoreError) {
        guard writer.failure == nil else { return .success(()) }
        if writer.journal.size > options.journalInitialBytes { try checkpoint() }
        try self.writer?.journal.append(.close, body: [])
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  // MARK: Reading

  /// The store as of its last commit.
  public func snapshot() -> EngineSnapshot {
    let view = published.withLock { $0.view }
    return EngineSnapshot(view: view, commit: view.commit)
  }

  /// The store as of a commit; later commits than the last mean the last.
  public func snapshot(asOf commit: UInt64) -> EngineSnapshot {
    let view = published.withLock { $0.view }
    return EngineSnapshot(view: view, commit: min(commit, view.commit))
  }

  /// The last commit that was made not later than an instant, in milliseconds since 1970 UTC; 0 before the first.
  public func commit(notLaterThan instantMilliseconds: Int64) -> UInt64 {
    published.withLock { published in
      var low = 0
      var high = published.instants.count
      while low < high {
        let middle = (low + high) / 2
        if published.instants[middle] <= instantMilliseconds { low = middle + 1 } else { high = middle }
      }
      return UInt64(low)
    }
  }

  /// The instant of a commit in milliseconds since 1970 UTC; `nil` for commit 0 and those not made yet.
  public func instant(of commit: UInt64) -> Int64? {
    published.withLock {
      commit >= 1 && commit <= UInt64($0.instants.count) ? $0.instants[Int(commit) - 1] : nil
    }
  }

  // MARK: Writing

  /// Runs a body as the only writer; the body reads `transaction.snapshot` and changes the store through it.
  ///
  /// - Returns: the body's result and the commit, or `nil` where the body changed nothing.
  package func write<Value>(
    _ body: (inout WriteTransaction) throws -> Value
  ) throws -> (value: Value, commit: UInt64?) {
    guard !isClosed.load(ordering: .acquiring) else { throw StoreError(.closed, "the store is closed") }
    return try gate.withLock { _ in
      guard let current = writer else { throw StoreError(.readOnly, "the store was opened for reading only") }
      if let failure = current.failure {
        throw StoreError(
          .writePoisoned, "an earlier write failed (\(failure)); close and open the store again")
      }
      var transaction = WriteTransaction(engine: self, snapshot: snapshot(), nextSegment: current.nextSegment)
      let value: Value
      do {
        value = try body(&transaction)
      } catch {
        transaction.discard()
        writer?.nextSegment = transaction.nextSegment
        throw error
      }
      writer?.nextSegment = transaction.nextSegment
      guard !transaction.isEmpty else { return (value, nil) }
      let commit = try apply(&transaction)
      return (value, commit)
    }
  }

  private func apply(_ transaction: inout WriteTransaction) throws(StoreError) -> UInt64 {
    let view = published.withLock { $0.view }
    let last = published.withLock { $0.instants.last } ?? .min
    var record = transaction.record
    record.commit = view.commit + 1
    record.instantMilliseconds = max(SystemCall.nowMilliseconds, last)
    record.superseded.sort()
    let body: [UInt8]
    let opened: [SegmentReader]
    do throws(StoreError) {
      // Everything that can be wrong with the commit itself is found before it is durable.
      try EngineApply.check(record, against: view, finished: transaction.finished)
      body = record.encode()
      guard body.count <= JournalFrame.maximumBody else {
        throw StoreError(.limit, "a commit is larger than 256 MiB")
      }
      opened = try EngineApply.openSegments(
        of: record, finished: transaction.finished, folder: folder, store: identifier, context: context)
    } catch {
      transaction.discard()
      throw error
    }
    do throws(StoreError) {
      try writer?.journal.append(.commit, body: body)
      writer?.recordsInJournal += 1
      let next = try EngineApply.apply(record, to: view, opened: opened)
      published.withLock {
        $0.view = next
        $0.instants.append(record.instantMilliseconds)
      }
    } catch {
      writer?.failure = error
      throw error
    }
    // The commit stands, whatever becomes of the checkpoint.
    if needsCheckpoint(published.withLock { $0.view }) {
      do throws(StoreError) { try checkpoint() } catch { writer?.failure = error }
    }
    return record.commit
  }

  private func needsCheckpoint(_ view: EngineView) -> Bool {
    guard let writer else { return false }
    return view.memory.count >= Self.memoryRowLimit || view.memory.bytes >= Self.memoryByteLimit
      || writer.journal.size >= JournalFormat.maximumSize
      || writer.recordsInJournal >= options.checkpointCommits
  }

  // MARK: Checkpoint

  /// Writes the rows in memory into a segment, then a new state, then starts a new journal.
  private func checkpoint() throws(StoreError) {
    guard let current = writer else { return }
    let (view, instants) = published.withLock { ($0.view, $0.instants) }
    var nextSegment = current.nextSegment
    var segments = view.segments
    if view.memory.count > 0 {
      let id = SegmentID(rawValue: nextSegment)
      nextSegment += 1
      segments.append(try MemoryFlush.write(view.memory, as: id, engine: self))
    }
    let number = current.stateNumber + 1
    let state = StoreState(
      number: number, commit: view.commit, nextSegment: nextSegment, instants: instants,
      segments: segments.map {
        SegmentEntry(
          reference: $0.reader.reference, addedCommit: $0.addedCommit, lastCommit: $0.lastCommit,
          marks: $0.marks.all)
      })
    // The journal first: a state without its journal would look like lost commits.
    let journal = try Journal(
      creating: number, store: identifier, folder: folder.path, files: folder.files,
      initialBytes: options.journalInitialBytes)
    try StateFile.write(state, store: identifier, folder: folder.path, files: folder.files)
    _ = try StateFile.read(number: number, folder: folder.path, files: folder.files)
    let next = EngineView(commit: view.commit, segments: segments, memory: MemoryTable())
    published.withLock { $0.view = next }
    writer?.journal = journal
    writer?.stateNumber = number
    writer?.nextSegment = nextSegment
    writer?.recordsInJournal = 0
    // What is left behind here, the next writer removes.
    try? folder.files.remove(folder.path + "/" + StateFile.fileName(current.stateNumber))
    try? folder.files.remove(folder.path + "/" + JournalFormat.fileName(current.stateNumber))
  }
}

extension SegmentReader {
  package var reference: SegmentReference {
    SegmentReference(id: id, fileLength: fileLength, checksum: trailerChecksum)
  }
}
