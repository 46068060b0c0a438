// Owns what an open store tells those who watch it: for logs and metrics.
// Invariants: figures only, never a value, a key or a cell; told after the fact, on the thread that did the work.

/// Something an open store did (运行事件).
///
/// ```swift
/// options.onEvent = { event in logger.info("\(event)") }
/// ```
public enum StoreEvent: Sendable, Equatable, CustomStringConvertible {
  /// A store was opened, or the turn to write it was taken.
  case opened(commit: UInt64, segments: Int, isWriter: Bool, seconds: Double)
  /// Some commits became durable by one sync.
  case synced(commits: Int, bytes: Int, seconds: Double)
  /// Rows in memory were written into a segment, and a new state was named.
  case checkpoint(rows: Int, seconds: Double)
  /// Segments were merged; `isBackground` when nobody asked for it.
  case merged(segments: Int, into: Int, bytesWritten: Int64, seconds: Double, isBackground: Bool)
  /// Merging in the background failed; it is tried again.
  case mergeFailed(StoreError)
  /// Writing failed: nothing more is written until the store is opened again.
  case writingFailed(StoreError)
  /// Writing ended: the store was closed, or the turn was given back.
  case writingEnded

  /// The event in one line.
  public var description: String {
    switch self {
    case .opened(let commit, let segments, let isWriter, let seconds):
      "opened for \(isWriter ? "writing" : "reading") at commit \(commit), \(segments) segments, \(Self.text(seconds))"
    case .synced(let commits, let bytes, let seconds):
      "\(commits) commits synced, \(bytes) bytes, \(Self.text(seconds))"
    case .checkpoint(let rows, let seconds): "checkpoint of \(rows) rows, \(Self.text(seconds))"
    case .merged(let segments, let into, let bytes, let seconds, let isBackground):
      "\(segments) segments merged into \(into)\(isBackground ? " in the background" : ""), \(bytes) bytes, \(Self.text(seconds))"
    case .mergeFailed(let error): "merging failed: \(error)"
    case .writingFailed(let error): "writing failed: \(error)"
    case .writingEnded: "writing ended"
    }
  }

  private static func text(_ seconds: Double) -> String {
    "\((seconds * 1000).rounded() / 1000) s"
  }
}

/// Measures what an event tells.
struct EventClock {
  private let start = ContinuousClock.now
  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
