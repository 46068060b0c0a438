// Owns the engine's own threads.
// Invariants: blocking work never runs on the cooperative pool of Swift concurrency; `run` returns when all are done.
// Does not schedule: it runs a fixed number of bodies to their end.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Synchronization

/// Runs blocking work on threads of its own.
package enum WorkerThreads {
  /// Number of processors this process may use, looked up once: the system reads a file each time, which took a fifth of a small question.
  package static let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  /// What tells the calling thread from others; never 0.
  package static var current: UInt {
    UInt(
      bitPattern: withUnsafePointer(to: pthread_self()) {
        $0.withMemoryRebound(to: Int.self, capacity: 1) { $0.pointee }
      })
  }

  /// Runs the body once for each index, each on a thread of its own, and waits for all of them.
  ///
  /// The last index runs on the calling thread. If a thread cannot be made, its body runs on the calling thread too, before the last one, which may wait for
  /// what the others do.
  package static func run(count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var threads: [pthread_t] = []
      var own = [count - 1]
      for index in 0..<max(0, count - 1) {
        if let thread = start({ body(index) }) { threads.append(thread) } else { own.append(index) }
      }
      if count > 0 { for index in own.reversed() { body(index) } }
      for thread in threads { pthread_join(thread, nil) }
    }
  }

  /// Runs blocking work on a fresh thread and awaits its result.
  package static func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
    -> Value
  {
    try await withCheckedThrowingContinuation { continuation in
      let work: @Sendable () -> Void = { continuation.resume(with: Result { try body() }) }
      if let thread = start(work) { pthread_detach(thread) } else { work() }
    }
  }

  /// Lets the calling thread rest.
  package static func pause(milliseconds: Int) { SystemCall.sleep(milliseconds: milliseconds) }

  /// Starts one background thread; false when the system refuses.
  package static func detach(_ body: @escaping @Sendable () -> Void) -> Bool {
    guard let thread = start(body) else { return false }
    pthread_detach(thread)
    return true
  }

  private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 4 << 20)
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      box.release()
      return nil
    }
    return thread
  }
}
