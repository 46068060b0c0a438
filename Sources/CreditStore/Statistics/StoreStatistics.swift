// Owns the counts of a store and its verification, as people ask for them.
// Invariants: counts are exact as of one snapshot; verification reads every byte again.

import CreditModel
public import SegmentStore

/// Sizes and counts of a store (统计).
public struct StoreStatistics: Sendable {
  /// Current records that are not withdrawn.
  public var records = 0
  /// All versions of all records.
  public var versions = 0
  /// Distinct subjects with records.
  public var subjects = 0
  /// Catalogue entries published.
  public var entries = 0
  /// Rows kept aside as questionable.
  public var questionable = 0
  /// Rows kept aside as unlinked.
  public var unlinked = 0
  /// Segments.
  public var segments = 0
  /// Bytes of all files.
  public var bytes: Int64 = 0
  /// Bytes of files with current records; the rest of `bytes` is history, journal and state.
  public var currentBytes: Int64 = 0
  /// Bytes of files with superseded versions only.
  public var historyBytes: Int64 = 0
  /// Bytes that superseded versions take among current ones, until a compaction moves them.
  public var supersededBytes: Int64 = 0
  /// Bytes of files without a name that older snapshots of this process still read.
  public var pinnedBytes: Int64 = 0
  /// Bytes that the indexes of names take of the files with records.
  public var nameIndexBytes: Int64 = 0
  /// Names in these indexes: a subject counts once for each of its names in a file, now and then twice.
  public var indexedNames = 0
  /// The last commit.
  public var commit: UInt64 = 0
  /// Bytes of all files for each current record; 0 without records.
  public var bytesPerRecord: Double { records > 0 ? Double(bytes) / Double(records) : 0 }
}

/// What verification found.
public struct VerificationResult: Sendable {
  /// All faults.
  public var faults: [StoreFault]
  /// Rows of segments and journal that were read.
  public var recordsChecked: Int
  /// Bytes of an unfinished commit discarded when the store was opened.
  public var discardedTailBytes: Int
  /// Whether there is no fault.
  public var isSound: Bool { faults.isEmpty }

  /// The result for a store whose damage keeps it from opening.
  public init(openingFault error: CreditError) {
    faults = [StoreFault(file: error.file ?? "", offset: error.offset ?? 0, what: error.message)]
    recordsChecked = 0
    discardedTailBytes = 0
  }

  init(faults: [StoreFault], recordsChecked: Int, discardedTailBytes: Int) {
    self.faults = faults
    self.recordsChecked = recordsChecked
    self.discardedTailBytes = discardedTailBytes
  }
}

extension CreditDatabase {
  /// Counts the store as it stands.
  public func statistics() throws -> StoreStatistics {
    do {
      let snapshot = engine.snapshot()
      let figures = try engine.statistics()
      var result = StoreStatistics()
      result.segments = figures.segments
      result.bytes = figures.bytes
      result.currentBytes = figures.currentBytes
      result.historyBytes = figures.historyBytes
      result.supersededBytes = figures.supersededBytes
      result.pinnedBytes = figures.pinnedBytes
      (result.nameIndexBytes, result.indexedNames) = try engine.textIndexFigures()
      result.commit = snapshot.commit
      result.entries = try catalogue.codes(asOf: snapshot).count
      for dataset in try snapshot.allDatasets() where dataset.rawValue >= SystemDatasets.firstEntry {
        let counts = try RowCounter(snapshot).count(dataset)
        result.versions += counts.versions
        result.records += counts.current
      }
      result.subjects = try SubjectCounter(snapshot).count { $0 >> 124 != 0 }
      let states = DatasetSchema(
        dataset: SystemDatasets.setAside.dataset, version: 1, columns: [SystemDatasets.setAside.columns[1]])
      try DatasetScan(snapshot, schema: states).forEach { row in
        if try row.integer(0) == SetAsideState.questionable.rawValue {
          result.questionable += 1
        } else {
          result.unlinked += 1
        }
      }
      return result
    } catch { throw CreditError(wrapping: error) }
  }

  /// Checks every byte and every invariant.
  ///
  /// - Parameters:
  ///   - quick: headers, directories and references only.
  ///   - progress: told the share that is done.
  public func verify(quick: Bool = false, progress: (Double) -> Void = { _ in }) throws -> VerificationResult
  {
    do {
      let figures = try engine.statistics()
      var faults = engine.verify(quick: quick) { progress(Double($0) / Double(max(1, $1))) }
      if faults.isEmpty, !quick { faults = try RecordInvariants(engine.snapshot(), database: self).faults() }
      return VerificationResult(
        faults: faults, recordsChecked: figures.rows, discardedTailBytes: discardedTailBytes)
    } catch { throw CreditError(wrapping: error) }
  }
}

extension CreditDatabase {
  /// Current records that are not withdrawn, by code of the entry; entries without records are left out.
  public func recordCounts() throws -> [String: Int] {
    do {
      let snapshot = engine.snapshot()
      let datasets = Set(try snapshot.allDatasets())
      var counts: [String: Int] = [:]
      for entry in try catalogue.codes(asOf: snapshot) where datasets.contains(entry.dataset) {
        counts[entry.code] = try RowCounter(snapshot).count(entry.dataset).current
      }
      return counts
    } catch { throw CreditError(wrapping: error) }
  }
}
