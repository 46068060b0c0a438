// Owns telling long work on other threads that its task was cancelled.
// Invariants: once set, it stays so.

import SegmentStore
import Synchronization

/// A flag another thread may set.
final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }

  /// Runs long work on a thread of its own; it is told when the task that waits for it is cancelled.
  static func background<Value: Sendable>(
    _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Value
  ) async throws -> Value {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await WorkerThreads.perform { try body { cancellation.isSet } }
    } onCancel: {
      cancellation.set()
    }
  }
}
