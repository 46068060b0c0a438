// Owns loading the sorted runs of a batch into the store: partitions decided and encoded on all processors, written in
// key order.
// Invariants: partitions are appended in order whoever finishes first; memory holds as many partitions as threads; on
// failure every thread stops and the error of the first is thrown.
// Does not commit.

import CreditModel
package import SegmentStore
import Synchronization

package final class BatchLoader: @unchecked Sendable {
  // Sendable because mutable state is only touched under `condition`, or before and after the threads run.
  package struct Outcome {
    package var loaded = 0
    package var updated = 0
    package var duplicate = 0
    package var closed: [(sequence: UInt64, raw: String)] = []
    package var superseded: [RowAddress] = []
    /// Of rows that are stored, one list a thread.
    var warnings: [RowWarnings] = []
  }

  /// Rows of a segment at which the next one is started.
  private static let segmentRows = 4_000_000
  /// So many rows ahead the processor is told what will be read.
  private static let prefetchRows = 12
  /// Bytes of the rows of one subject at most: they must fit into memory together.
  private static let subjectBytes = 256 << 20

  private let runs: [any GatheredRun]
  private let ranges: [KeyRange]
  /// Ranges in one partition, which is encoded as a whole.
  private let partitionRanges: Int
  private let partitionCount: Int
  private let identity: RecordIdentity
  private let rows: BatchRows
  private let snapshot: EngineSnapshot
  private let batch: UInt64
  private let makeSegment: () throws -> SegmentWriter
  private let takeSegment: (FinishedSegment) -> Void
  private let makeNameCheck: @Sendable () throws -> NameCheck?
  private let condition = Turnstile()
  private let isStopped = Atomic<Bool>(false)
  private var failure: (any Error)?
  private var writer: SegmentWriter?
  private var segmentRows = 0
  private var outcome = Outcome()

  package init(
    runs: [any GatheredRun], identity: RecordIdentity, rows: BatchRows, snapshot: EngineSnapshot,
    batch: UInt64, partitionRanges: Int,
    makeSegment: @escaping () throws -> SegmentWriter, takeSegment: @escaping (FinishedSegment) -> Void,
    makeNameCheck: @escaping @Sendable () throws -> NameCheck? = { nil }
  ) {
    self.runs = runs
    self.identity = identity
    self.rows = rows
    self.snapshot = snapshot
    self.batch = batch
    self.makeSegment = makeSegment
    self.takeSegment = takeSegment
    self.makeNameCheck = makeNameCheck
    ranges = RunPartitions.ranges(of: runs, bytes: CollectionMemory.rangeBytes)
    self.partitionRanges = partitionRanges
    partitionCount = (ranges.count + partitionRanges - 1) / partitionRanges
  }

  /// Loads everything.
  package func load(
    threads: Int, isCancelled: @Sendable () -> Bool, progress: @Sendable (Double) -> Void
  ) throws -> Outcome {
    let next = Atomic<Int>(0)
    WorkerThreads.run(count: min(threads, partitionCount)) { _ in
      do {
        let encoder = PartitionEncoder(
          schema: identity.schema, batch: rows.texts, keyText: SubjectKey.renderText)
        var existing = try ExistingRows(snapshot, schema: identity.schema)
        var names = try makeNameCheck()
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < partitionCount, !isStopped.load(ordering: .relaxed) else { break }
          if isCancelled() { throw CancellationError() }
          try load(index, encoder, &existing, &names)
          progress(Double(index + 1) / Double(partitionCount))
        }
        if let names { condition.enter { outcome.warnings.append(names.warnings) } }
      } catch {
        condition.enter { if failure == nil { failure = error } }
        isStopped.store(true, ordering: .relaxed)
        condition.abort()
      }
    }
    if let failure { throw failure }
    try finishSegment()
    return outcome
  }

  private func load(
    _ index: Int, _ encoder: PartitionEncoder, _ existing: inout ExistingRows, _ names: inout NameCheck?
  ) throws {
    var memory: [ByteArena] = []
    var decision = PartitionDecision()
    let first = index * partitionRanges
    let partition = ranges[first..<min(ranges.count, first + partitionRanges)]
    // Blocks of spill files lie across the borders of ranges: they are read once for all of them.
    var spilled: [RunEntry] = []
    let whole = KeyRange(lower: ranges[first].lower, upper: partition.last?.upper)
    for run in runs where run.isSpilled { try run.load(whole, into: &spilled, keeping: &memory) }
    spilled.sortRows()
    var taken = 0
    for range in partition {
      var entries: [RunEntry] = []
      while taken < spilled.count, range.contains(spilled[taken].key) {
        entries.append(spilled[taken])
        taken += 1
      }
      for run in runs where !run.isSpilled { try run.load(range, into: &entries, keeping: &memory) }
      entries.sortRows()
      let start = decision.rows.count
      try decide(entries, &existing, &decision)
      try names?.check(decision.rows[start...])
      for position in start..<decision.rows.count {
        let row = decision.rows[position]
        if position &+ Self.prefetchRows < decision.rows.count {
          RunRow.prefetch(decision.rows[position &+ Self.prefetchRows].row)
        }
        try encoder.append(
          coded: RowReference(
            key: row.key, system: RowSystemValues(batch: batch, version: row.version, state: 0),
            payload: RunRow.payload(row.row)), worker: RunRow.worker(row.row))
      }
    }
    let encoded = encoder.finish()
    try condition.wait(for: index) { try self.append(encoded, decision) }
    encoder.recycle(encoded)
    withExtendedLifetime(memory) {}
  }

  private func decide(
    _ entries: [RunEntry], _ existing: inout ExistingRows, _ decision: inout PartitionDecision
  ) throws {
    let decider = VersionDecider(identity, batch: rows)
    decision.rows.reserveCapacity(decision.rows.count + entries.count)
    var start = 0
    while start < entries.count {
      let key = entries[start].key
      var end = start + 1
      var bytes = 0
      while end < entries.count, entries[end].key == key {
        bytes += RunRow.size(entries[end].row)
        end += 1
      }
      for index in start..<end where index &+ Self.prefetchRows < entries.count {
        RunRow.prefetch(entries[index &+ Self.prefetchRows].row)
      }
      guard bytes <= Self.subjectBytes else {
        throw CreditError(
          "limit", "more than \(Self.subjectBytes >> 20) MiB of rows for one subject; split the file")
      }
      let known = try existing.rows(of: key, like: entries[start..<end], identity)
      try decider.decide(entries[start..<end], existing: known, into: &decision)
      start = end
    }
  }

  /// Appends a partition behind the ones before; runs in the order of the partitions.
  private func append(_ partition: EncodedPartition, _ decision: PartitionDecision) throws {
    outcome.loaded += decision.loaded
    outcome.updated += decision.updated
    outcome.duplicate += decision.duplicate
    outcome.superseded += decision.superseded
    for row in decision.closed {
      outcome.closed.append((RunRow.sequence(row), String(decoding: RunRow.raw(row), as: UTF8.self)))
    }
    guard partition.rowCount > 0 else { return }
    if segmentRows >= Self.segmentRows { try finishSegment() }
    let writer: SegmentWriter
    if let current = self.writer {
      writer = current
    } else {
      writer = try makeSegment()
      try writer.begin(
        identity.schema, dictionaries: rows.texts.dictionaries, owner: rows.texts)
      self.writer = writer
    }
    for (position, row) in decision.rows.enumerated() where row.isSuperseded {
      outcome.superseded.append(
        RowAddress(segment: writer.id.rawValue, position: UInt32(segmentRows + position)))
    }
    try writer.append(partition)
    segmentRows += partition.rowCount
  }

  private func finishSegment() throws {
    guard let writer else { return }
    takeSegment(try writer.finish())
    self.writer = nil
    segmentRows = 0
  }
}
