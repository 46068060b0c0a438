// Owns cutting the gathered rows of a batch into ranges of keys that are loaded one by one.
// Invariants: ranges ascend, join and cover all keys; a subject is never cut.

package import SegmentStore

/// A stretch of keys, upper end excluded; `nil` means no end.
package struct KeyRange: Sendable {
  package var lower: UInt128
  package var upper: UInt128?

  func contains(_ key: UInt128) -> Bool { key >= lower && (upper.map { key < $0 } ?? true) }
}

/// Gathered rows, wherever they lie, taken out by ranges of keys.
package protocol GatheredRun: Sendable {
  /// Whether taking rows out means reading blocks of a file: then it is done once for a whole partition.
  var isSpilled: Bool { get }
  /// Keys at about equal distances, with the bytes from one to the next.
  var samples: [(key: UInt128, bytes: Int)] { get }
  /// Adds the rows of a range to `entries` in any order; `memory` keeps what they point to.
  func load(_ range: KeyRange, into entries: inout [RunEntry], keeping memory: inout [ByteArena])
    throws(StoreError)
}

/// Cuts keys into ranges.
package enum RunPartitions {
  /// Cuts the keys of all runs into ranges of about `bytes` bytes; a subject is never cut.
  package static func ranges(of runs: [any GatheredRun], bytes target: Int) -> [KeyRange] {
    let samples = runs.flatMap(\.samples).sorted { $0.key < $1.key }
    var ranges: [KeyRange] = []
    var lower: UInt128 = 0
    var gathered = 0
    for sample in samples {
      if gathered >= target, sample.key > lower {
        ranges.append(KeyRange(lower: lower, upper: sample.key))
        lower = sample.key
        gathered = 0
      }
      gathered += sample.bytes
    }
    ranges.append(KeyRange(lower: lower, upper: nil))
    return ranges
  }
}
