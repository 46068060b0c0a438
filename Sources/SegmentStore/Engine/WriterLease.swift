// Owns the right to write for as long as it is used: held to the end by one process, or taken for some commits and given back when idle, so
// that several processes take turns.
// Invariants: whoever writes has the lock, and has read the store as the one before left it; the lock is given back only when nobody here
// writes or merges; a process that waits for it gets it even from one that never rests; a session whose disk failed ends like any other, and
// the next one puts the store in order.
// Does not commit (StoreWriter) and does not merge (Compactor).

/// The right to write of an open store.
package final class WriterLease: @unchecked Sendable {
  // Sendable because everything that changes is touched under `condition`.

  /// What writing takes, from taking the lock to giving it back.
  package struct Session: Sendable {
    package let writer: StoreWriter
    package let compactor: Compactor
  }

  /// How long the lock is waited for, and after how long without use it is given back.
  package struct Turns: Sendable {
    var waitSeconds: Double
    var idleMilliseconds: Int64
    /// How long the lock is kept at least, although others wait.
    var leastMilliseconds: Int64 = 100
  }

  /// Milliseconds between two looks whether the lock should be given back.
  private static let lookMilliseconds = 20
  /// Milliseconds that a process which gave way lets others go first.
  private static let courtesyMilliseconds: Int64 = 500

  /// `nil` when the lock is held to the end.
  private let turns: Turns?
  private let folder: StoreFolder
  private let begin: (Double) throws(StoreError) -> Session
  private let ended: () -> Void
  private let condition = ThreadCondition()
  private var session: Session? {
    didSet {
      let shown = session
      visible.withLock { $0 = shown }
    }
  }
  /// The session for those who only look: they must not wait for one that begins or ends.
  private let visible = Guarded<Session?>(nil)
  /// How often each thread is inside.
  private var users: [UInt: Int] = [:]
  private var lastUse: Int64 = 0
  private var since: Int64 = 0
  private var gaveWay: Int64 = 0
  private var isYielding = false
  private var isWatched = false
  private var isClosed = false
  private var isWaiting = true

  /// A lease that holds the lock already and keeps it.
  package init(holding session: Session, of folder: StoreFolder) {
    self.session = session
    visible.withLock { $0 = session }
    self.folder = folder
    turns = nil
    begin = { (_) throws(StoreError) in throw StoreError(.closed, "the store is closed") }
    ended = {}
  }

  /// - Parameters:
  ///   - begin: takes the lock, waiting so many seconds, and makes a session.
  ///   - ended: called when a session has ended.
  package init(
    taking turns: Turns, of folder: StoreFolder,
    begin: @escaping (Double) throws(StoreError) -> Session, ended: @escaping () -> Void
  ) {
    self.turns = turns
    self.folder = folder
    self.begin = begin
    self.ended = ended
  }

  /// The session there is now.
  package var current: Session? {
    visible.withLock { $0 }
  }

  /// From now on the lock is tried once where somebody else has it.
  package func stopWaiting() {
    condition.lock()
    isWaiting = false
    condition.unlock()
  }

  /// Runs a body with the right to write.
  package func use<Value>(_ body: (Session) throws -> Value) throws -> Value {
    let session = try acquire()
    defer { release() }
    return try body(session)
  }

  /// The same where nothing but the engine itself can fail.
  package func use<Value>(
    _ body: (Session) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let session = try acquire()
    defer { release() }
    return try body(session)
  }

  private func acquire() throws(StoreError) -> Session {
    guard turns != nil else {
      // Held to the end: there is nothing to take turns about, and nothing to count.
      guard let session = current else { throw StoreError(.closed, "the store is closed") }
      return session
    }
    condition.lock()
    defer { condition.unlock() }
    // Who is inside already, in the report of a merge, would wait for itself.
    while isYielding, !isClosed, users[WorkerThreads.current] == nil { condition.wait() }
    guard !isClosed else { throw StoreError(.closed, "the store is closed") }
    if session == nil, let turns {
      if isWaiting { giveOthersTime() }
      let started = try begin(isWaiting ? turns.waitSeconds : 0)
      session = started
      since = SystemCall.nowMilliseconds
    }
    guard let session else { throw StoreError(.closed, "the store is closed") }
    users[WorkerThreads.current, default: 0] += 1
    watch()
    return session
  }

  /// Lets those who waited when this process gave way go first.
  private func giveOthersTime() {
    let end = gaveWay + Self.courtesyMilliseconds
    while SystemCall.nowMilliseconds < end, WriterLock.isWanted(folder) {
      SystemCall.sleep(milliseconds: 10)
    }
  }

  private func release() {
    guard turns != nil else { return }
    condition.lock()
    let own = (users[WorkerThreads.current] ?? 1) - 1
    users[WorkerThreads.current] = own > 0 ? own : nil
    lastUse = SystemCall.nowMilliseconds
    condition.broadcast()
    condition.unlock()
  }

  // MARK: Giving back

  /// Starts the thread that looks whether the lock should be given back; inside the condition.
  private func watch() {
    guard turns != nil, !isWatched else { return }
    // Without a thread the lock is kept until the store is closed.
    isWatched = WorkerThreads.detach { [self] in
      while look() { SystemCall.sleep(milliseconds: Self.lookMilliseconds) }
    }
  }

  /// Gives the lock back if it is time; false when there is nothing to look at any more.
  private func look() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard let session, let turns, !isClosed else {
      isWatched = false
      return false
    }
    let now = SystemCall.nowMilliseconds
    // Whoever waited may have given up: then nobody here needs to stand back any more.
    let wasYielding = isYielding
    isYielding = now - since >= turns.leastMilliseconds && WriterLock.isWanted(folder)
    if wasYielding, !isYielding { condition.broadcast() }
    // A session whose disk failed makes room for one that puts the store in order.
    let isDue = isYielding || !session.writer.isUsable || now - lastUse >= turns.idleMilliseconds
    let isIdle = users.isEmpty && isDue
    guard isIdle, !session.compactor.isBusy || isYielding else { return true }
    if isYielding { gaveWay = now }
    // A merge that is cancelled has changed nothing and begins anew some time.
    try? end(session)
    isYielding = false
    isWatched = false
    condition.broadcast()
    return false
  }

  /// Ends a session; inside the condition.
  private func end(_ session: Session) throws(StoreError) {
    self.session = nil
    defer { ended() }
    try session.compactor.stop()
    try session.writer.close()
  }

  /// Stops merging, before the store is closed.
  ///
  /// - Throws: `StoreError`; `invalidArgument` from inside the progress report of a merge, which goes on.
  package func prepareToClose() throws(StoreError) { try current?.compactor.stop() }

  /// Ends writing for good.
  package func close() throws(StoreError) {
    condition.lock()
    defer { condition.unlock() }
    guard !isClosed else { return }
    isClosed = true
    isYielding = false
    condition.broadcast()
    if let session { try end(session) }
  }
}
