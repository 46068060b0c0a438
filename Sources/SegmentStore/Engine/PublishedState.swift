// Owns what readers see: the view of the last durable commit, and the instants of all commits.
// Invariants: only durable commits are published; instants never decrease; the instant of commit n stands at n - 1.
// Does not make commits durable.

/// The durable state of an open store.
package final class PublishedState: Sendable {
  private struct State {
    var view: EngineView
    var instants: [Int64]
  }

  private let state: Guarded<State>

  package init(view: EngineView, instants: [Int64]) { state = Guarded(State(view: view, instants: instants)) }

  package var view: EngineView { state.withLock { $0.view } }
  package var lastInstant: Int64 { state.withLock { $0.instants.last ?? .min } }
  package var viewWithInstants: (view: EngineView, instants: [Int64]) {
    state.withLock { ($0.view, $0.instants) }
  }

  /// Shows the view after some commits made at these instants.
  package func publish(_ view: EngineView, instants: [Int64]) {
    state.withLock { state in
      state.view = view
      state.instants += instants
    }
  }

  /// Shows a view that was read anew, with the instants of all its commits.
  package func replace(_ view: EngineView, instants: [Int64]) {
    state.withLock { $0 = State(view: view, instants: instants) }
  }

  /// The last commit that was made not later than an instant; 0 before the first.
  package func commit(notLaterThan instant: Int64) -> UInt64 {
    state.withLock { UInt64($0.instants.partitioningIndex { $0 > instant }) }
  }

  /// The instant of a commit; `nil` for commit 0 and those not made yet.
  package func instant(of commit: UInt64) -> Int64? {
    state.withLock { commit >= 1 && commit <= UInt64($0.instants.count) ? $0.instants[Int(commit) - 1] : nil }
  }
}
