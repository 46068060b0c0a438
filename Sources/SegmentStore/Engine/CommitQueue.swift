// Owns group commit: commits that wait while the disk is busy become durable together, by one sync.
// Invariants: commits become durable in their order; one thread writes at a time, for all who wait; after a failure nothing is written
// any more and everybody who waits is told; nobody is acknowledged before the sync returned.
// Does not know what a commit changes.

/// A commit that is applied but not durable yet.
package struct PendingCommit {
  package var commit: UInt64
  package var instant: Int64
  /// The commit's record, as the journal has it.
  package var body: [UInt8]
  /// The store after the commit.
  package var view: EngineView
}

package final class CommitQueue: @unchecked Sendable {
  // Sendable because everything that changes is touched under `condition`.

  /// Bytes of the commits of one group at most; a larger commit goes alone.
  private static let groupBytes = 8 << 20

  /// A caller that waits: alone, so that the end of a sync wakes those it concerns and nobody else.
  private struct Waiter {
    var commit: UInt64
    var signal: ThreadCondition.Signal
  }

  private let condition = ThreadCondition()
  private var waiters: [Waiter] = []
  /// Signals nobody waits for.
  private var spareSignals: [ThreadCondition.Signal] = []
  private var pending: [PendingCommit] = []
  private var last: UInt64
  private var durable: UInt64
  private var isWriting = false
  /// Bytes of the bodies that are pending or being written.
  private var waitingBytes = 0
  private var failed: StoreError?
  private let write: ([PendingCommit]) throws(StoreError) -> Void

  /// - Parameters:
  ///   - commit: the last durable commit.
  ///   - write: makes commits durable and shows them; called by one thread at a time.
  package init(after commit: UInt64, write: @escaping ([PendingCommit]) throws(StoreError) -> Void) {
    last = commit
    durable = commit
    self.write = write
  }

  /// Why nothing is written any more.
  package var failure: StoreError? {
    condition.lock()
    defer { condition.unlock() }
    return failed
  }

  /// Bytes of commits that are not durable yet.
  package var pendingBytes: Int {
    condition.lock()
    defer { condition.unlock() }
    return waitingBytes
  }

  /// Stops all writing.
  package func fail(_ error: StoreError) {
    condition.lock()
    failed = failed ?? error
    wakeWaiters()
    condition.unlock()
  }

  /// Takes the next commit; callers take turns.
  package func append(_ commit: PendingCommit) {
    condition.lock()
    pending.append(commit)
    waitingBytes += commit.body.count + 64
    last = commit.commit
    condition.unlock()
  }

  /// Returns when everything taken so far is durable.
  package func drain() throws(StoreError) {
    condition.lock()
    let last = last
    condition.unlock()
    try wait(for: last)
  }

  /// Returns when a commit is durable; the first who finds the disk idle writes for all.
  package func wait(for commit: UInt64) throws(StoreError) {
    condition.lock()
    defer { condition.unlock() }
    while durable < commit {
      if let failed { throw failed }
      if isWriting {
        sleep(until: commit)
        continue
      }
      let group = takeGroup()
      isWriting = true
      condition.unlock()
      var failure: StoreError?
      do throws(StoreError) { try write(group) } catch { failure = error }
      condition.lock()
      isWriting = false
      waitingBytes -= group.reduce(0) { $0 + $1.body.count + 64 }
      if let failure {
        failed = failed ?? failure
      } else if let last = group.last {
        durable = last.commit
      }
      wakeWaiters()
    }
  }

  /// Waits until something concerns the caller; inside the condition.
  private func sleep(until commit: UInt64) {
    let signal = spareSignals.popLast() ?? ThreadCondition.Signal()
    waiters.append(Waiter(commit: commit, signal: signal))
    condition.wait(for: signal)
    // Whoever woke it took it off the list, unless nobody did.
    waiters.removeAll { $0.signal === signal }
    spareSignals.append(signal)
  }

  /// Wakes those whose commit is durable, and one of the others to write the next group; everybody after a failure.
  private func wakeWaiters() {
    var next: Waiter?
    for waiter in waiters {
      if waiter.commit <= durable || failed != nil {
        waiter.signal.wake()
      } else if waiter.commit < next?.commit ?? .max {
        next = waiter
      }
    }
    let isEverybody = failed != nil
    waiters.removeAll { isEverybody || $0.commit <= durable || $0.signal === next?.signal }
    next?.signal.wake()
  }

  private func takeGroup() -> [PendingCommit] {
    var bytes = 0
    var count = 0
    while count < pending.count, count == 0 || bytes + pending[count].body.count <= Self.groupBytes {
      bytes += pending[count].body.count
      count += 1
    }
    let group = Array(pending[..<count])
    pending.removeFirst(count)
    return group
  }
}
