// Owns repairing a damaged credit store: what the engine brings back, told in entries and batches.
// Invariants: the damaged store is not changed; what is lost is told by entry, with the batches that bring it back when collected again.

import Foundation
import CreditModel
public import SegmentStore

/// What a repair of a credit store did (修复结果).
public struct StoreRepairResult: Sendable {
  /// What the engine did.
  public var report: RepairReport
  /// Codes of entries, and names of the store's own tables, by the dataset that losses name.
  public var datasetNames: [UInt32: String]
  /// Files of the batches that losses name, as far as the repaired store knows them.
  public var batchFiles: [UInt64: String]
}

extension CreditDatabase {
  /// Makes a whole store out of a damaged one, in another folder.
  ///
  /// Whole segments are taken over, damaged ones come from a backup that has the very same file, and of the rest every row that can be read. Nothing is
  /// changed in the damaged store. Collect the files of the batches that are named again; withdraw nothing that is missing: a record whose newest
  /// version is lost is not shown at all.
  ///
  /// ```swift
  /// let result = try await CreditDatabase.repair("/var/lib/credit", into: "/var/lib/credit-repaired", backup: "/backup/credit")
  /// if !result.report.isComplete { print(result.report.losses) }
  /// ```
  /// - Parameters:
  ///   - source: the damaged store; nobody may have it open for writing.
  ///   - target: a folder that does not exist or is empty.
  ///   - backup: a backup of the store, of any age.
  ///   - progress: told the share that is done, from another thread.
  /// - Throws: `CreditError`: `damaged` where the state of the store cannot be read, `locked`, `alreadyExists`.
  @concurrent
  public static func repair(
    _ source: String, into target: String, backup: String? = nil,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> StoreRepairResult {
    try await WorkerThreads.perform {
      do {
        var options = EngineOptions(keyText: SubjectKey.renderText)
        options.searchForm = .names
        // In full, so that what is noted of them means the same to every process.
        func full(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        let report = try SegmentEngine.repair(
          full(source), into: full(target), backup: backup.map(full), options: options, progress: progress)
        return try named(report, in: target)
      } catch { throw CreditError(wrapping: error) }
    }
  }

  private static func named(_ found: RepairReport, in target: String) throws -> StoreRepairResult {
    var report = found
    let database = try CreditDatabase(opening: target, mode: .readOnly)
    let snapshot = database.snapshot().engine
    var names = SystemDatasets.names
    for entry in (try? database.catalogue.codes(asOf: snapshot)) ?? [] {
      names[entry.dataset.rawValue] = entry.code
    }
    // Where the rows themselves do not say it any more, every batch of their entry and commits may have brought them.
    let batches = (try? database.snapshot().batches()) ?? []
    for (place, loss) in report.losses.enumerated() where loss.batches.isEmpty {
      let entry = loss.dataset.flatMap { names[$0] }
      report.losses[place].batches =
        batches.filter { batch in
          (loss.firstCommit...max(loss.firstCommit, loss.lastCommit)).contains(batch.batch)
            && (loss.dataset == nil || batch.entry == entry)
        }.map(\.batch).sorted()
    }
    var files: [UInt64: String] = [:]
    for batch in Set(report.losses.flatMap(\.batches)) {
      files[batch] = (try? Batches.batch(batch, in: snapshot))??.file
    }
    return StoreRepairResult(report: report, datasetNames: names, batchFiles: files)
  }
}
