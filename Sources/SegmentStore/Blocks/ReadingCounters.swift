// Owns the counts of what reading a store cost: the base of explanations and of metrics.
// Invariants: counts only grow; counting costs next to nothing beside reading a block.
// Does not time anything.

import Synchronization

/// What reading has cost since a store was opened.
///
/// The difference of two of these tells what happened in between, in this process and on all its threads.
///
/// ```swift
/// let before = database.readingStatistics
/// _ = try snapshot.records(of: code)
/// print(database.readingStatistics.since(before).blocksRead)
/// ```
public struct ReadingStatistics: Sendable, Equatable, Codable {
  /// Segments whose subjects were searched for a key.
  public var segmentsAsked = 0
  /// Segments that were not, because the key lies outside their range.
  public var segmentsSkipped = 0
  /// Blocks read from files.
  public var blocksRead = 0
  /// Bytes of these blocks as they are stored.
  public var bytesRead: Int64 = 0
  /// Bytes of these blocks once unpacked.
  public var bytesDecoded: Int64 = 0
  /// Blocks and directories found in the cache.
  public var cacheHits = 0
  /// Blocks and directories not found there.
  public var cacheMisses = 0
  /// Bytes the cache holds now.
  public var cacheBytes = 0

  /// Nothing read.
  public init() {}

  /// What came on top of an earlier count; `cacheBytes` stays what it is now.
  public func since(_ earlier: ReadingStatistics) -> ReadingStatistics {
    var difference = self
    difference.segmentsAsked -= earlier.segmentsAsked
    difference.segmentsSkipped -= earlier.segmentsSkipped
    difference.blocksRead -= earlier.blocksRead
    difference.bytesRead -= earlier.bytesRead
    difference.bytesDecoded -= earlier.bytesDecoded
    difference.cacheHits -= earlier.cacheHits
    difference.cacheMisses -= earlier.cacheMisses
    return difference
  }
}

/// The counts of an open store.
package final class ReadingCounters: Sendable {
  private let asked = Atomic<Int>(0)
  private let skipped = Atomic<Int>(0)
  private let blocks = Atomic<Int>(0)
  private let bytes = Atomic<Int64>(0)
  private let decoded = Atomic<Int64>(0)

  package init() {}

  package func countBlock(stored: Int, raw: Int) {
    blocks.add(1, ordering: .relaxed)
    bytes.add(Int64(stored), ordering: .relaxed)
    decoded.add(Int64(raw), ordering: .relaxed)
  }

  @inline(__always)
  package func countLookup(isInRange: Bool) {
    if isInRange { asked.add(1, ordering: .relaxed) } else { skipped.add(1, ordering: .relaxed) }
  }

  /// The counts, with those of a cache.
  package func statistics(cache: (hits: Int, misses: Int, bytes: Int)?) -> ReadingStatistics {
    var statistics = ReadingStatistics()
    statistics.segmentsAsked = asked.load(ordering: .relaxed)
    statistics.segmentsSkipped = skipped.load(ordering: .relaxed)
    statistics.blocksRead = blocks.load(ordering: .relaxed)
    statistics.bytesRead = bytes.load(ordering: .relaxed)
    statistics.bytesDecoded = decoded.load(ordering: .relaxed)
    if let cache {
      (statistics.cacheHits, statistics.cacheMisses, statistics.cacheBytes) = cache
    }
    return statistics
  }
}
