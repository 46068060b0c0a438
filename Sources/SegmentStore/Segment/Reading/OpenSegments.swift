// Owns the list of segments a process holds open: what an older snapshot still reads keeps its bytes on the disk.
// Invariants: a reader is on the list from its making to its end.
// Does not hold files open itself.

/// The segments that readers of an open store hold.
package final class OpenSegments: Sendable {
  private let readers = Guarded<[UInt64: (id: SegmentID, bytes: Int64)]>([:])

  package init() {}

  func opened(_ serial: UInt64, _ id: SegmentID, bytes: Int64) {
    readers.withLock { $0[serial] = (id, bytes) }
  }

  func closed(_ serial: UInt64) { readers.withLock { $0[serial] = nil } }

  /// Bytes of the segments that are held although the store does not name them any more.
  package func pinnedBytes(besides named: Set<SegmentID>) -> Int64 {
    let held = readers.withLock { Array($0.values) }
    var seen: Set<SegmentID> = []
    return held.reduce(0) { $0 + (!named.contains($1.id) && seen.insert($1.id).inserted ? $1.bytes : 0) }
  }
}
