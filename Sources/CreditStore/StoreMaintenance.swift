// Owns the upkeep of an open credit store: compaction and backup.
// Invariants: reading and writing go on meanwhile; records and their history are the same afterwards; long work runs on threads of its own
// and can be cancelled without harm.

import CreditModel
import Foundation
public import SegmentStore

extension CreditDatabase {
  /// Shows the structures of the store as text, line by line: segments, datasets, columns, encodings, bytes. No value is ever shown.
  ///
  /// - Parameters:
  ///   - detail: how much.
  ///   - line: takes each line.
  public func dump(_ detail: DumpDetail = .columns, line: @escaping (String) -> Void) throws {
    do {
      for entry in detail >= .columns ? try catalogue.list() : [] {
        line("entry \(entry.entry.code) version \(entry.entry.version): dataset \(entry.dataset.rawValue)")
        for (item, column) in zip(entry.entry.items, entry.columnIDs) {
          line("  item \(item.id): column \(column)")
        }
      }
      try engine.dump(detail, line: line)
    } catch { throw CreditError(wrapping: error) }
  }

  /// What reading has cost since the database was opened: blocks, bytes, cache hits. For explanations and metrics.
  public var readingStatistics: ReadingStatistics { engine.readingStatistics }

  /// Why this process does not see the latest commits of a writing one, or why merging in the background fails; `nil` when all is well.
  ///
  /// Reads and commits go on meanwhile, and what failed is tried again. A service shows this to its operators.
  public var backgroundFailure: CreditError? { engine.backgroundFailure.map { CreditError(wrapping: $0) } }

  /// What a compaction did (压缩整理).
  public struct Compaction: Sendable, Equatable {
    /// The last commit.
    public var commit: UInt64
    /// Bytes of all files before.
    public var bytesBefore: Int64
    /// Bytes of all files after.
    public var bytesAfter: Int64
    /// Time it took, in seconds.
    public var seconds: Double
  }

  /// Merges segments, moves superseded versions into history and gives back space.
  ///
  /// Every record, version and past state reads the same afterwards. A store that takes in data also merges by itself, so that
  /// look-ups never have many segments to ask; this call brings everything into the smallest form at once.
  ///
  /// ```swift
  /// let compaction = try await database.compact()
  /// print(compaction.bytesBefore - compaction.bytesAfter)
  /// ```
  /// - Parameters:
  ///   - rewritesEverything: whether what is in its smallest form already is written anew too. Stores that an earlier version of the library compacted
  ///     may take more room than they would now; meanwhile all of the store is there twice.
  ///   - progress: told the share that is done, from another thread.
  /// - Throws: `CreditError`; code `cancelled` when the task was cancelled: nothing changed then.
  @concurrent
  public func compact(
    rewritesEverything: Bool = false, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Compaction {
    try await Cancellation.background { [self] isCancelled in
      do {
        let start = ContinuousClock.now
        let result = try engine.compact(
          rewritesEverything: rewritesEverything, isCancelled: isCancelled, progress: progress)
        return Compaction(
          commit: result.commit, bytesBefore: result.bytesBefore, bytesAfter: result.bytesAfter,
          seconds: (ContinuousClock.now - start) / .seconds(1))
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// Makes a backup (备份) of the last commit, or brings an earlier one up to date.
  ///
  /// A backup is a store: open it read-only to look into it, copy it back to restore it.
  /// - Parameters:
  ///   - path: a folder that does not exist, is empty, or holds an earlier backup of this store.
  ///   - progress: told the share that is done, from another thread.
  /// - Throws: `CreditError`; code `alreadyExists` for a folder with anything else in it.
  @concurrent
  public func backup(
    to path: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> BackupResult {
    try await Cancellation.background { [self] isCancelled in
      do {
        // Noted in full, so that the note means the same to every process.
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        return try engine.backup(to: path, isCancelled: isCancelled, progress: progress)
      } catch { throw CreditError(wrapping: error) }
    }
  }
}
