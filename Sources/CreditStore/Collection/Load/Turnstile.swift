// Owns letting threads through in a given order.
// Invariants: body k runs after body k - 1 returned; after `abort` nobody waits.

import Foundation

/// Orders the work of several threads.
package final class Turnstile: Sendable {
  private let condition = NSCondition()
  // Only touched while `condition` is held.
  nonisolated(unsafe) private var turn = 0
  nonisolated(unsafe) private var isAborted = false

  package init() {}

  /// Waits for a turn and runs a body in it.
  package func wait(for index: Int, _ body: () throws -> Void) throws {
    condition.lock()
    defer { condition.unlock() }
    while turn != index, !isAborted { condition.wait() }
    guard !isAborted else { throw CancellationError() }
    try body()
    turn += 1
    condition.broadcast()
  }

  /// Runs a body while nobody else is inside.
  package func enter(_ body: () -> Void) {
    condition.lock()
    body()
    condition.unlock()
  }

  /// Lets nobody wait any more.
  package func abort() {
    condition.lock()
    isAborted = true
    condition.broadcast()
    condition.unlock()
  }
}
