// Owns slowing a merge down to a rate, so that it leaves disk and processor to others.
// Invariants: on average no more bytes than the rate are written; whoever cancels waits a tenth of a second at most; without a rate
// nothing is slowed.

/// Slows a merge down.
struct MergePace {
  private static let sliceMilliseconds = 100

  private let bytesPerSecond: Int?
  private let start = ContinuousClock.now
  private var bytes = 0

  /// - Parameter bytesPerSecond: `nil` = as fast as it goes.
  init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond.map { max(1, $0) } }

  /// Counts bytes that were written and sleeps as long as they came too early.
  ///
  /// - Parameters:
  ///   - isUrgent: asked often; nothing is slowed while it says so.
  ///   - check: throws to stop.
  mutating func wrote(
    _ count: Int, isUrgent: () -> Bool, check: () throws(StoreError) -> Void
  ) throws(StoreError) {
    try check()
    bytes += count
    guard let bytesPerSecond, count > 0 else { return }
    let due = Double(bytes) / Double(bytesPerSecond)
    while !isUrgent() {
      let left = due - (ContinuousClock.now - start) / .seconds(1)
      guard left > 0 else { return }
      SystemCall.sleep(milliseconds: min(Self.sliceMilliseconds, max(1, Int(left * 1000))))
      try check()
    }
  }
}
