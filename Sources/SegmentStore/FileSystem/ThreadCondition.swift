// Owns a lock on which threads can wait for a change.
// Invariants: the lock is held by at most one thread; `wait` gives it up while waiting and has it again when it returns.
// Does not keep an order among those who wait.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A mutex with a condition variable.
package final class ThreadCondition: @unchecked Sendable {
  // Sendable because that is what the system's objects behind the pointers are for.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deinitialize(count: 1).deallocate()
    mutex.deinitialize(count: 1).deallocate()
  }

  package func lock() { pthread_mutex_lock(mutex) }
  package func unlock() { pthread_mutex_unlock(mutex) }
  /// Waits for `broadcast`; may also return without one.
  package func wait() { pthread_cond_wait(condition, mutex) }
  /// Wakes everybody who waits.
  package func broadcast() { pthread_cond_broadcast(condition) }

  /// Something one thread at a time waits for.
  package final class Signal: @unchecked Sendable {
    // Sendable because that is what the system's object behind the pointer is for.
    fileprivate let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
      condition.initialize(to: pthread_cond_t())
      pthread_cond_init(condition, nil)
    }

    deinit {
      pthread_cond_destroy(condition)
      condition.deinitialize(count: 1).deallocate()
    }

    /// Wakes the thread that waits for it.
    package func wake() { pthread_cond_signal(condition) }
  }

  /// Waits for a signal; may also return without one.
  package func wait(for signal: Signal) { pthread_cond_wait(signal.condition, mutex) }
}
