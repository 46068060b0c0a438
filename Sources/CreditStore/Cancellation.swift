// Owns telling long work on other threads that its task was cancelled.
// Invariants: once set, it stays so.

import Synchronization

/// A flag another thread may set.
final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}
