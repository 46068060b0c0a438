// Owns one kind of rows of one worker: a buffer in memory and the runs it spilled.
// Invariants: memory stays below the limit plus one row; `takeRuns` hands everything over once.

import SegmentStore

/// Rows of one worker, in memory up to a limit.
package final class RunStack {
  private struct State {
    var buffer = RunBuffer()
    var rowCount = 0
    var bytes = 0
  }

  /// Behind a pointer, because the checks of a class's properties cost more than adding a row.
  private let state: UnsafeMutablePointer<State>
  private let limit: Int
  private let spill: (MemoryRun) throws -> any GatheredRun
  private var runs: [any GatheredRun] = []
  /// Rows in memory, sorted.
  private var sealed: [MemoryRun] = []

  package init(limit: Int, spill: @escaping (MemoryRun) throws -> any GatheredRun) {
    self.limit = max(1 << 20, limit)
    self.spill = spill
    state = .allocate(capacity: 1)
    state.initialize(to: State())
  }

  deinit { state.deinitialize(count: 1).deallocate() }

  package var rowCount: Int { state.pointee.rowCount }
  /// Bytes of all rows in plain form.
  package var bytes: Int { state.pointee.bytes }

  /// Bytes of memory the rows take that were not spilled.
  package var bytesInMemory: Int { state.pointee.buffer.bytes + sealed.reduce(0) { $0 + $1.bytes } }

  /// Adds a row; `plainBytes` is what it takes without codes.
  package func append(
    _ head: RunRowHead, payload: UnsafeRawBufferPointer, raw: [UInt8] = [], plainBytes: Int = 0
  ) throws {
    state.pointee.buffer.append(head, payload: payload, raw: raw)
    state.pointee.rowCount &+= 1
    state.pointee.bytes &+= max(payload.count, plainBytes) &+ raw.count &+ RunRow.headerSize
    if state.pointee.buffer.bytes >= limit { try spillBuffer() }
  }

  private func spillBuffer() throws {
    let run = state.pointee.buffer.takeRun()
    runs.append(try spill(run))
    state.pointee.buffer.reuse(run)
  }

  /// Sorts what is in memory: called by the thread that filled the stack, so that all threads sort at once.
  package func seal() {
    if state.pointee.buffer.rowCount > 0 { sealed.append(state.pointee.buffer.takeRun()) }
    state.pointee.buffer.releaseSpare()
  }

  /// Spills what is still in memory, to make room for loading.
  package func spillRest() throws {
    seal()
    while let run = sealed.popLast() { runs.append(try spill(run)) }
  }

  /// All runs, the last one from memory.
  package func takeRuns() -> [any GatheredRun] {
    seal()
    defer { (runs, sealed) = ([], []) }
    return runs + sealed
  }
}
