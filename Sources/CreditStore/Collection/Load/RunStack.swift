// Owns one kind of rows of one worker: a buffer in memory and the runs it spilled.
// Invariants: memory stays below the limit plus one row; `takeRuns` hands everything over once.

import SegmentStore

/// Rows of one worker, in memory up to a limit.
package final class RunStack {
  private let buffer = RunBuffer()
  private let limit: Int
  private let spill: (MemoryRun) throws -> any SortedRun
  private var runs: [any SortedRun] = []
  package private(set) var rowCount = 0
  package private(set) var bytes = 0

  package init(limit: Int, spill: @escaping (MemoryRun) throws -> any SortedRun) {
    self.limit = max(1 << 20, limit)
    self.spill = spill
  }

  package func append(
    key: UInt128, sequence: UInt64, contentHash: UInt64, payload: UnsafeRawBufferPointer, raw: [UInt8]
  ) throws {
    buffer.append(key: key, sequence: sequence, contentHash: contentHash, payload: payload, raw: raw)
    rowCount += 1
    bytes += payload.count + raw.count + RunRow.headerSize
    if buffer.bytes >= limit {
      let run = buffer.takeRun()
      runs.append(try spill(run))
      buffer.reuse(run)
    }
  }

  /// Sorts what is in memory: called by the thread that filled the stack, so that all threads sort at once.
  package func seal() { if buffer.rowCount > 0 { runs.append(buffer.takeRun()) } }

  /// All runs, the last one from memory.
  package func takeRuns() -> [any SortedRun] {
    defer { runs = [] }
    seal()
    return runs
  }
}
