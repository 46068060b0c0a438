// Owns how a collection shares out the memory it may use.
// Invariants: the parts of reading, and those of loading, stay within the budget together; whatever the budget, each part is large
// enough to work with, so that very small budgets make a collection slower and never fail it.
// Does not count: blocks of the cache have their own share, taken from the same budget by whoever reads.

/// Shares of a memory budget, in bytes.
package struct CollectionMemory: Sendable {
  /// Rows sorted and decided at once: small enough for the processor's cache.
  package static let rangeBytes = 3 << 19
  /// Ranges in one partition where memory allows; blocks end with their partition, so more make them fuller.
  private static let maximumPartitionRanges = 12
  /// What a byte of rows takes while its partition is decided and encoded: the row, its entries, what is decided and encoded of it. Measured at
  /// its worst moment on rows of 166 bytes.
  private static let loadingFactor = 6

  /// Memory without which a worker could not hold a chunk and its rows.
  private static let leastWorkerBytes = 6 << 20

  package let budget: Int
  /// Threads that read.
  package let workers: Int

  package init(budget: Int, workers: Int) {
    self.budget = max(16 << 20, budget)
    self.workers = max(1, min(workers, self.budget / Self.leastWorkerBytes))
  }

  /// Bytes of one chunk of the file; there are two more than workers.
  package var chunkBytes: Int { min(4 << 20, max(256 << 10, budget / 128)) }
  private var workerBytes: Int { budget * 4 / 5 / workers }
  /// Rows one worker holds before it spills them.
  package var rowBytes: Int { workerBytes * 13 / 16 }
  /// Rows set aside that one worker holds, and as many raw rows.
  package var setAsideBytes: Int { workerBytes / 16 }
  /// Rows set aside that are numbered and stored at once, by one thread.
  package var setAsideRangeBytes: Int { max(1 << 20, min(16 << 20, budget / 16)) }
  /// Texts one worker keeps once each.
  package var poolBytes: Int { workerBytes / 8 }
  /// Threads that load: as many as can have a range in memory each.
  package var loaders: Int { min(workers, max(1, budget / (Self.rangeBytes * Self.loadingFactor))) }
  /// Ranges of rows that one of them loads at once.
  package var partitionRanges: Int {
    let room = budget / loaders / Self.loadingFactor
    return min(Self.maximumPartitionRanges, max(1, room / Self.rangeBytes))
  }
  /// Bytes of a block of a spill file; a partition reads those at its borders again.
  package var spillBlockBytes: Int { budget >= 256 << 20 ? 128 << 10 : 32 << 10 }
  /// Bytes gathered before they are written to a spill file.
  package var spillWriteBytes: Int { min(4 << 20, max(256 << 10, budget / 128)) }

  /// Whether rows still in memory must be spilled before partitions are loaded beside them.
  package func mustSpill(_ bytesInMemory: Int) -> Bool {
    let loading = loaders * partitionRanges * Self.rangeBytes * Self.loadingFactor
    return bytesInMemory + loading + workers * poolBytes > budget
  }
}
