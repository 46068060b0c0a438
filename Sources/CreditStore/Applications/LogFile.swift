// Owns a file that only grows: lines are appended by many threads and synced by one behind them.
// Invariants: lines stand in the order of their numbers; a line is on disk when `waitUntilSynced` returned for it; no more than a thousand lines wait for
// the disk; after a failure nothing is appended any more, so that nobody reads what is not logged. While it is open, its owner holds the file's lock.
// Does not know what lines say.

package import SegmentStore

package final class LogFile: Sendable {
  private struct State {
    var pending: [UInt8] = []
    var appended = 0
    var synced = 0
    var offset: Int64 = 0
    var failure: StoreError?
    /// Those who wait for a line to be on disk: they are not kept waiting for others to join them.
    var waiting = 0
    var isClosing = false
    var isClosed = false
  }

  /// Bytes that may wait for the disk.
  private static let maximumBytesBehind = 16 << 20
  /// Lines that may wait for the disk.
  package static let maximumBehind = 1000
  /// Milliseconds between two syncs, so that many lines share one.
  private static let pauseMilliseconds = 10

  private let condition = ThreadCondition()
  private let state = Guarded(State())
  private let file: any StoreFile
  private let lock: any FileLock

  /// Where it lies.
  package let path: String

  /// Makes the file.
  ///
  /// - Throws: `CreditError`, code `alreadyExists`, or what the disk says.
  package init(path: String, files: any FileSystem = PosixFileSystem()) throws(CreditError) {
    self.path = path
    do {
      // The lock makes the file. Whoever folds files may have locked and removed it before we had it: then it is not there any more.
      guard let lock = try files.lock(path) else {
        throw StoreError(.locked, "somebody has the file", file: path)
      }
      self.lock = lock
      do { file = try files.open(path, writable: true) } catch {
        lock.release()
        throw error
      }
    } catch { throw CreditError(wrapping: error) }
    guard WorkerThreads.detach({ [self] in writeBehind() }) else {
      lock.release()
      throw CreditError("failed", "no thread to write the log with", file: path)
    }
  }

  /// Appends a line and gives its number; waits where a thousand lines wait for the disk.
  ///
  /// - Parameter line: its bytes, with the line feed.
  package func append(_ line: [UInt8]) throws(CreditError) -> Int {
    condition.lock()
    defer { condition.unlock() }
    while state.withLock({
      $0.failure == nil && !$0.isClosing
        && ($0.appended - $0.synced >= Self.maximumBehind || $0.pending.count >= Self.maximumBytesBehind)
    }) {
      condition.wait()
    }
    if let failure = state.withLock({ $0.failure }) { throw CreditError(wrapping: failure) }
    guard !state.withLock({ $0.isClosing }) else {
      throw CreditError("closed", "the log is closed", file: path)
    }
    let number = state.withLock { state -> Int in
      state.pending += line
      state.appended += 1
      return state.appended
    }
    condition.broadcast()
    return number
  }

  /// Waits until a line is on disk.
  package func waitUntilSynced(_ number: Int) throws(CreditError) {
    condition.lock()
    defer { condition.unlock() }
    state.withLock { $0.waiting += 1 }
    defer { state.withLock { $0.waiting -= 1 } }
    while state.withLock({ $0.failure == nil && $0.synced < number }) { condition.wait() }
    if let failure = state.withLock({ $0.failure }) { throw CreditError(wrapping: failure) }
  }

  /// Writes what is left, and gives the file's lock back.
  package func close() throws(CreditError) {
    condition.lock()
    state.withLock { $0.isClosing = true }
    condition.broadcast()
    while !state.withLock({ $0.isClosed }) { condition.wait() }
    condition.unlock()
    lock.release()
    if let failure = state.withLock({ $0.failure }) { throw CreditError(wrapping: failure) }
  }

  private func writeBehind() {
    while true {
      condition.lock()
      while state.withLock({ $0.pending.isEmpty && !$0.isClosing }) { condition.wait() }
      let (bytes, offset, number) = state.withLock { state -> ([UInt8], Int64, Int) in
        let bytes = state.pending
        state.pending = []
        return (bytes, state.offset, state.appended)
      }
      condition.unlock()
      var failure: StoreError?
      if !bytes.isEmpty {
        do {
          try file.write(bytes, at: offset)
          try file.sync()
        } catch { failure = error }
      }
      condition.lock()
      let (isDone, isHurried) = state.withLock { state -> (Bool, Bool) in
        state.failure = state.failure ?? failure
        if failure == nil { (state.synced, state.offset) = (number, offset + Int64(bytes.count)) }
        let isDone = state.failure != nil || state.isClosing && state.pending.isEmpty
        state.isClosed = isDone
        return (isDone, state.waiting > 0 || state.isClosing)
      }
      condition.broadcast()
      condition.unlock()
      if isDone { return }
      if isHurried { continue }
      WorkerThreads.pause(milliseconds: Self.pauseMilliseconds)
    }
  }
}
