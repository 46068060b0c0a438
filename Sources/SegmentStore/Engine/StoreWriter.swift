// Owns writing to an open store: commits one after the other, their durability, checkpoints, the end.
// Invariants: a commit is durable before it is visible; commits are numbered without gaps and their instants never decrease; the next
// commit is put together while the one before is being synced, and fails with it; after a failed write nothing more is written until
// the store is opened again.
// Does not know what rows mean and does not choose what to merge.

import Synchronization

package final class StoreWriter: @unchecked Sendable {
  // Sendable because everything that changes is touched under `gate`, or by the one thread that writes for the queue.
  private let environment: StoreEnvironment
  private let published: PublishedState
  private let lock: WriterLock
  /// A plain lock: the Mutex of the standard library hands itself over by priority, which costs a switch of threads each time.
  private let gate = ThreadCondition()
  /// The store after the last commit put together, durable or not.
  private var tip: EngineView
  private var tipInstant: Int64
  private var isClosed = false
  /// Commits of the journal at which a checkpoint that failed is tried again.
  private let retryCommits = Atomic<Int>(0)
  private var stateNumber: UInt64
  private var queue: CommitQueue
  private let journal: JournalBox

  /// The journal, and what decides about a checkpoint.
  private final class JournalBox: @unchecked Sendable {
    // Sendable because `journal` is touched by the queue's one writing thread, or inside the gate when the queue is empty.
    private var journal: Journal
    private let sizeBytes: Atomic<Int64>
    private let reserved: Atomic<Int64>
    private let commitCount: Atomic<Int>

    init(_ journal: Journal, commits: Int) {
      self.journal = journal
      sizeBytes = Atomic(journal.size)
      reserved = Atomic(journal.reservedBytes)
      commitCount = Atomic(commits)
    }

    var size: Int64 { sizeBytes.load(ordering: .relaxed) }
    var reservedBytes: Int64 { reserved.load(ordering: .relaxed) }
    var commits: Int { commitCount.load(ordering: .relaxed) }

    func append(_ kind: FrameKind, body: [UInt8], commits: Int) throws(StoreError) {
      try journal.append(kind, body: body)
      sizeBytes.store(journal.size, ordering: .relaxed)
      reserved.store(journal.reservedBytes, ordering: .relaxed)
      commitCount.add(commits, ordering: .relaxed)
    }

    func cut() throws(StoreError) { try journal.cut() }

    func replace(with next: Journal) {
      journal = next
      sizeBytes.store(next.size, ordering: .relaxed)
      reserved.store(next.reservedBytes, ordering: .relaxed)
      commitCount.store(0, ordering: .relaxed)
    }
  }

  /// Rows in memory at which a checkpoint writes them into a segment.
  private static let memoryRowLimit = 65_536
  private static let memoryByteLimit = 8 << 20
  private static let checkpointRetryCommits = 1000

  package init(
    _ environment: StoreEnvironment, published: PublishedState, lock: WriterLock, journal: Journal,
    journalCommits: Int, stateNumber: UInt64
  ) {
    self.environment = environment
    self.published = published
    self.lock = lock
    self.stateNumber = stateNumber
    let journal = JournalBox(journal, commits: journalCommits)
    self.journal = journal
    tip = published.view
    tipInstant = published.lastInstant
    queue = CommitQueue(after: published.view.commit) { (group) throws(StoreError) in
      guard let last = group.last else { return }
      var body: [UInt8] = group[0].body
      for commit in group.dropFirst() { body += commit.body }
      let clock = EventClock()
      do throws(StoreError) {
        try journal.append(.commit, body: body, commits: group.count)
      } catch {
        environment.options.onEvent?(.writingFailed(error))
        throw error
      }
      published.publish(last.view, instants: group.map(\.instant))
      environment.options.onEvent?(
        .synced(commits: group.count, bytes: body.count, seconds: clock.seconds))
    }
  }

  /// Gives the lock back without writing anything.
  package func abandon() { lock.release() }

  private func guarded<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    gate.lock()
    defer { gate.unlock() }
    return try body()
  }

  private func checkUsable() throws(StoreError) {
    guard !isClosed else { throw StoreError(.closed, "the store is closed") }
    if let failure = queue.failure {
      throw StoreError(
        .writePoisoned, "an earlier write failed (\(failure)); close and open the store again")
    }
  }

  /// Bytes of the journal that are kept in reserve and given back by a clean close.
  package var reservedBytes: Int64 { journal.reservedBytes }

  /// Whether nothing went wrong so far.
  package var isUsable: Bool { queue.failure == nil }

  // MARK: Commits

  /// Runs a body as the only one who changes the store, and returns when the commit is durable.
  package func write<Value>(
    _ body: (inout WriteTransaction) throws -> Value
  ) throws -> (value: Value, commit: UInt64?) {
    let (value, commit) = try putTogether(body)
    guard let commit else { return (value, nil) }
    try queue.wait(for: commit)
    if needsCheckpoint(published.view) {
      // The commit stands, whatever becomes of the checkpoint.
      try? guarded { () throws(StoreError) in
        if queue.failure == nil, !isClosed, needsCheckpoint(published.view) { try tryCheckpoint() }
      }
    }
    return (value, commit)
  }

  /// Makes a checkpoint, and after a failure the next one only some commits later.
  private func tryCheckpoint() throws(StoreError) {
    do throws(StoreError) {
      try checkpoint()
    } catch {
      retryCommits.store(journal.commits + Self.checkpointRetryCommits, ordering: .relaxed)
      throw error
    }
  }

  /// Refuses commits once the journal has grown far beyond what a checkpoint should have folded into segments; inside the gate.
  private func checkRoom() throws(StoreError) {
    guard journal.size >= 2 * JournalFormat.maximumSize else { return }
    do throws(StoreError) {
      try checkpoint()
    } catch {
      throw StoreError(
        error.code, "the journal is full, and writing it into a segment fails: \(error.message)",
        file: error.file)
    }
  }

  private func putTogether<Value>(
    _ body: (inout WriteTransaction) throws -> Value
  ) throws -> (value: Value, commit: UInt64?) {
    gate.lock()
    defer { gate.unlock() }
    try checkUsable()
    try checkRoom()
    var transaction = WriteTransaction(environment, snapshot: EngineSnapshot(view: tip, commit: tip.commit))
    let value: Value
    do {
      value = try body(&transaction)
    } catch {
      transaction.discard()
      throw error
    }
    guard !transaction.isEmpty else { return (value, nil) }
    return (value, try apply(&transaction))
  }

  /// Applies a transaction to the tip and hands it to the queue.
  private func apply(_ transaction: inout WriteTransaction) throws(StoreError) -> UInt64 {
    var record = transaction.record
    record.commit = tip.commit + 1
    record.instantMilliseconds = max(SystemCall.nowMilliseconds, tipInstant)
    record.superseded.sort()
    let body: [UInt8]
    let opened: [SegmentReader]
    do throws(StoreError) {
      // Everything that can be wrong with the commit itself is found before it is written.
      try EngineApply.check(record, against: tip, finished: transaction.finished)
      body = record.encode()
      guard body.count <= JournalFrame.maximumBody else {
        throw StoreError(.limit, "a commit is larger than 256 MiB")
      }
      // What waits for the disk counts too: the journal must never be asked for more than can be read again.
      let waiting = Int64(queue.pendingBytes + body.count + JournalFrame.headerSize + 8)
      guard journal.size + waiting <= JournalFormat.readableSize else {
        throw StoreError(.limit, "the journal is full: commits wait that could not be folded into a segment")
      }
      opened = try EngineApply.openSegments(
        of: record, finished: transaction.finished, folder: environment.folder,
        store: environment.identifier,
        context: environment.context)
    } catch {
      transaction.discard()
      throw error
    }
    do throws(StoreError) {
      tip = try EngineApply.apply(record, to: tip, opened: opened)
    } catch {
      queue.fail(error)
      throw error
    }
    tipInstant = record.instantMilliseconds
    queue.append(
      PendingCommit(commit: record.commit, instant: tipInstant, body: body, view: tip))
    return record.commit
  }

  // MARK: Checkpoint

  private func needsCheckpoint(_ view: EngineView) -> Bool {
    guard journal.commits >= retryCommits.load(ordering: .relaxed) else { return false }
    return view.memory.count >= Self.memoryRowLimit || view.memory.bytes >= Self.memoryByteLimit
      || journal.size >= JournalFormat.maximumSize
      || journal.commits >= environment.options.checkpointCommits
  }

  /// Writes the rows in memory into a segment, then a new state, then starts a new journal; inside the gate.
  ///
  /// - Parameter replace: changes the list of segments, once everything before is durable.
  private func checkpoint(
    replacing replace: ([SegmentView]) throws(StoreError) -> [SegmentView] = { $0 }
  ) throws(StoreError) {
    try queue.drain()
    let clock = EventClock()
    let (view, instants) = published.viewWithInstants
    // Until the new journal is begun nothing is named: an error up to there leaves the store as it was, and usable.
    var segments = try replace(view.segments)
    if view.memory.count > 0 {
      segments.append(
        try MemoryFlush.write(
          view.memory, asOf: view.commit, as: environment.takeSegmentID(), in: environment))
    }
    do throws(StoreError) {
      try name(segments, view: view, instants: instants)
    } catch {
      queue.fail(error)
      environment.options.onEvent?(.writingFailed(error))
      throw error
    }
    environment.options.onEvent?(.checkpoint(rows: view.memory.count, seconds: clock.seconds))
  }

  /// Writes the next journal and the state that names the segments, and shows them.
  private func name(_ segments: [SegmentView], view: EngineView, instants: [Int64]) throws(StoreError) {
    let folder = environment.folder
    let number = stateNumber + 1
    let state = StoreState(
      number: number, commit: view.commit, nextSegment: environment.nextSegmentNumber, instants: instants,
      segments: segments.map(SegmentEntry.init))
    // The journal first: a state without its journal would look like lost commits.
    let next = try Journal(
      creating: number, store: environment.identifier, folder: folder.path, files: folder.files,
      initialBytes: environment.options.journalInitialBytes)
    try StateFile.write(state, store: environment.identifier, folder: folder.path, files: folder.files)
    _ = try StateFile.read(number: number, folder: folder.path, files: folder.files)
    tip = EngineView(commit: view.commit, segments: segments, memory: MemoryTable())
    published.publish(tip, instants: [])
    journal.replace(with: next)
    retryCommits.store(0, ordering: .relaxed)
    // What is left behind here, the next writer removes.
    try? folder.files.remove(folder.path + "/" + StateFile.fileName(stateNumber))
    try? folder.files.remove(folder.path + "/" + JournalFormat.fileName(stateNumber))
    stateNumber = number
  }

  /// Makes a checkpoint if rows wait in memory, and returns the view; what a merge starts from.
  package func flush() throws(StoreError) -> EngineView {
    try guarded { () throws(StoreError) in
      try checkUsable()
      try queue.drain()
      if published.view.memory.count > 0 { try checkpoint() }
      return published.view
    }
  }

  /// Makes a checkpoint whatever there is; after an unclean end.
  package func startAfresh() throws(StoreError) { try guarded { () throws(StoreError) in try checkpoint() } }

  /// Puts the outputs of a merge in the place of its inputs.
  ///
  /// - Parameter prepare: carries over what was superseded since the merge began; an error leaves everything as it was.
  package func replace(
    _ inputs: [SegmentView], with outputs: [SegmentView], prepare: () throws(StoreError) -> Void
  ) throws(StoreError) {
    try guarded { () throws(StoreError) in
      try checkUsable()
      try queue.drain()
      try prepare()
      let gone = Set(inputs.map(\.reader.id))
      try checkpoint { (segments) throws(StoreError) in
        segments.filter { !gone.contains($0.reader.id) } + outputs
      }
      for input in inputs {
        // Readers that have it open keep it until they close it.
        try? environment.folder.files.remove(
          environment.folder.path + "/" + input.reader.id.fileName)
      }
    }
  }

  /// Removes every file of the store's folders that the present state does not name, and fails where one stays.
  package func removeUnnamed() throws(StoreError) {
    try guarded { () throws(StoreError) in
      try checkUsable()
      try queue.drain()
      let named = Set(published.view.segments.map(\.reader.id))
      try environment.folder.removeUnnamed(segments: named, state: stateNumber)
    }
  }

  // MARK: The end

  /// Leaves a closing frame and a journal of at most one MiB, cut behind it, and gives the lock back.
  package func close() throws(StoreError) {
    try guarded { () throws(StoreError) in
      guard !isClosed else { return }
      defer {
        isClosed = true
        lock.release()
        environment.options.onEvent?(.writingEnded)
      }
      guard queue.failure == nil else { return }
      try queue.drain()
      if journal.size > environment.options.journalInitialBytes { try checkpoint() }
      try journal.append(.close, body: [], commits: 0)
      // Only space is at stake.
      try? journal.cut()
    }
  }
}
