// Owns the collection of one file from opening it to its receipt.
// Invariants: one file is one commit; until it is made nothing is visible, and a failure or cancellation leaves nothing
// behind; rows keep their file order; the receipt's counters add up or the collection fails.
// Does not run concurrently with other writers while it loads; reading and checking happen before that.

import CreditModel
import Foundation
package import SegmentStore
import Synchronization

package struct Collector {
  private let engine: SegmentEngine
  private let entry: PublishedEntry
  private let unit: String?
  private let options: CollectionOptions
  private let shared: CollectionShared
  private let memory: CollectionMemory
  private let nameRegisters: [PublishedEntry]
  private let progress: @Sendable (CollectionProgress) -> Void

  /// Rows and bytes up to which a batch is kept in the journal instead of a segment.
  private static let journalRows = 4096
  private static let maximumWorkers = 64
  private static let journalBytes = 1 << 20

  package init(
    engine: SegmentEngine, entry: PublishedEntry, unit: String?, options: CollectionOptions,
    shared: CollectionShared, nameRegisters: [PublishedEntry] = [],
    progress: @escaping @Sendable (CollectionProgress) -> Void
  ) {
    self.engine = engine
    self.entry = entry
    self.unit = unit
    self.options = options
    self.shared = shared
    self.nameRegisters = nameRegisters
    self.progress = progress
    memory = CollectionMemory(
      budget: engine.memoryBudgetBytes, workers: min(WorkerThreads.processorCount, Self.maximumWorkers))
  }

  /// What reading a file gave.
  private struct Reading {
    var workers: [CollectionWorker]
    var firstRowOfChunk: [Int]
    var reported: Int
    var layout: String
    var encoding: FileEncoding
    var ignoredColumns: [String]

    /// The number of a row in the file, from 1.
    func number(ofRow sequence: UInt64) -> Int {
      firstRowOfChunk[Int(sequence >> 40)] + Int(sequence & (1 << 40 - 1)) + 1
    }
  }

  /// Takes in the rows of one source as one batch.
  ///
  /// - Parameters:
  ///   - source: where the bytes come from.
  ///   - path: what to call it.
  package func collect(_ source: any ByteSource, path: String) throws -> Receipt {
    let start = ContinuousClock.now
    guard engine.mode.isWritable else { throw StoreError(.readOnly, "the store was opened for reading only") }
    do {
      try check(engine.snapshot())
      let reading = try read(source, path: path)
      var receipt = Receipt(
        file: path, batch: 0, reported: reading.reported, loaded: 0, updated: 0, duplicate: 0,
        questionable: reading.workers.reduce(0) { $0 + $1.questionable },
        unlinked: reading.workers.reduce(0) { $0 + $1.unlinked },
        warnings: reading.workers.reduce(0) { $0 + $1.warnings }, commit: 0, seconds: 0)
      let warnings = RowWarnings.joined(reading.workers.map(\.rowWarnings)) { reading.number(ofRow: $0) }
      receipt.warningRules = warnings.isEmpty ? nil : warnings
      receipt.ignoredColumns = reading.ignoredColumns.isEmpty ? nil : reading.ignoredColumns
      receipt = try engine.write { transaction in
        // Units may have changed while the file was read.
        try check(transaction.snapshot)
        return try load(reading, &transaction, receipt, since: start)
      }.value
      return receipt
    } catch let error as CreditError {
      var error = error
      error.file = error.file ?? path
      throw error
    }
  }

  /// Whether the unit may report what it wants to.
  private func check(_ snapshot: EngineSnapshot) throws {
    try options.admission(snapshot)
    try ReportingCheck(snapshot: snapshot).check(
      unit, entry.entry, period: options.period, resubmits: options.resubmits, on: options.rules.today)
  }

  // MARK: Reading

  private func read(_ bytes: any ByteSource, path: String) throws -> Reading {
    let reader = try ChunkReader(
      bytes, path: path, encoding: options.encoding, chunkBytes: memory.chunkBytes)
    let header = try reader.header()
    let recognition: HeaderRecognition
    do throws(HeaderError) {
      recognition = try HeaderRecognition.recognize(header, for: entry.entry)
    } catch {
      throw CreditError("wrongHeader", error.message, file: path)
    }
    let snapshot = engine.snapshot()
    var plan = ConversionPlan(
      entry: entry, header: header, recognition: recognition, options: options.rules,
      closedKeys: try ClosedRecords.keys(snapshot, dataset: entry.dataset), hashMask: options.hashMask)
    plan.raggedReason = bytes.raggedReason
    let workers = (0..<memory.workers).map { [plan] number in
      CollectionWorker(
        plan, number: number, shared: shared, snapshot: snapshot, memory: memory, spill: spill)
    }
    try run(workers, reader, totalBytes: bytes.totalBytes ?? 0)
    var rows: [Int: Int] = [:]
    for worker in workers { for chunk in worker.rowsOfChunk { rows[chunk.chunk] = chunk.rows } }
    var first: [Int] = []
    var total = 0
    for chunk in 0..<rows.count {
      first.append(total)
      total += rows[chunk] ?? 0
    }
    return Reading(
      workers: workers, firstRowOfChunk: first, reported: total, layout: recognition.layout,
      encoding: reader.encoding, ignoredColumns: recognition.ignoredColumns(of: header))
  }

  /// Lets all workers take chunks in turn until the file ends or somebody fails.
  private func run(_ workers: [CollectionWorker], _ reader: ChunkReader, totalBytes: Int) throws {
    let source = ChunkSource(reader)
    let crew = WorkerCrew(workers)
    let shared = shared
    let maximum = options.maximumRejects
    let progress = progress
    WorkerThreads.run(count: workers.count) { index in
      do {
        while let chunk = try source.next() {
          if shared.isCancelled.load(ordering: .relaxed) { throw CancellationError() }
          try crew.workers[index].process(chunk)
          source.recycle(chunk)
          let setAside = shared.setAside.load(ordering: .relaxed)
          if let maximum, setAside > maximum {
            throw CreditError(
              "tooManyRejects",
              "more than \(maximum) rows would be set aside; nothing was taken in, check the file")
          }
          let fraction = totalBytes > 0 ? min(1, Double(source.bytesRead) / Double(totalBytes)) : 0
          progress(
            CollectionProgress(
              phase: .reading, fraction: fraction, rows: shared.rowsRead.load(ordering: .relaxed),
              setAside: setAside))
        }
        crew.workers[index].finish()
      } catch {
        source.fail(error)
      }
    }
    if let failure = source.failure { throw failure }
  }

  private func spill(_ run: MemoryRun) throws -> any GatheredRun {
    let name = "spill-" + String(UInt64.random(in: 0 ... .max), radix: 16)
    return try SpilledRun.write(
      run, to: engine.folder.path + "/tmp/" + name, files: engine.folder.files,
      blockBytes: memory.spillBlockBytes, writeBytes: memory.spillWriteBytes)
  }

  // MARK: Loading

  private func load(
    _ reading: Reading, _ transaction: inout WriteTransaction, _ start: Receipt,
    since: ContinuousClock.Instant
  ) throws -> Receipt {
    var receipt = start
    receipt.batch = transaction.commit
    receipt.commit = transaction.commit
    let shared = shared
    let progress = progress
    let reported = receipt.reported
    let aside = receipt.questionable + receipt.unlinked
    let columnCount = entry.schema.columns.count
    func texts(_ rowCount: Int) -> BatchTexts {
      BatchTexts(
        pools: reading.workers.map(\.pools), uncoded: Set(reading.workers.flatMap(\.itemsRepeatingKey)),
        columnCount: columnCount, rowCount: rowCount)
    }
    // Rows set aside wait in memory while the others are loaded.
    let waiting = reading.workers.reduce(0) { $0 + $1.setAside.bytesInMemory + $1.rawRows.bytesInMemory }
    let outcome = try load(
      reading.workers.map(\.rows), beside: waiting, identity(), texts, &transaction, nameRegisters
    ) { fraction in
      progress(CollectionProgress(phase: .loading, fraction: fraction, rows: reported, setAside: aside))
    }
    let names = RowWarnings.joined(outcome.warnings) { reading.number(ofRow: $0) }
    if !names.isEmpty { receipt.warningRules = (receipt.warningRules ?? []) + names }
    receipt.loaded = outcome.loaded
    receipt.updated = outcome.updated
    receipt.duplicate = outcome.duplicate
    receipt.questionable += outcome.closed.count
    let late = try lateSetAside(outcome.closed)
    let rows = reading.workers.map(\.setAside) + [late.rows]
    try loadSetAside(rows, reading, &transaction)
    let rawIdentity = RecordIdentity(keyColumns: [], schema: SystemDatasets.rawRows)
    let noTexts = BatchTexts.none(columnCount: SystemDatasets.rawRows.columns.count)
    let rawRows = reading.workers.map(\.rawRows) + [late.rawRows]
    _ = try load(rawRows, beside: 0, rawIdentity, { _ in noTexts }, &transaction, []) { _ in }
    try keepLongIdentifiers(&transaction)
    if shared.isCancelled.load(ordering: .relaxed) { throw CancellationError() }
    guard receipt.isBalanced else {
      throw CreditError("unbalanced", "the counters of the receipt do not add up; nothing was taken in")
    }
    let elapsed = ContinuousClock.now - since
    receipt.seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    try Batches.append(
      Batch(
        kind: "collect", entry: entry.entry.code, unit: unit, file: receipt.file, receipt: receipt,
        reason: nil, entryVersion: entry.entry.version, channel: options.channel, period: options.period,
        resubmits: options.resubmits),
      to: &transaction)
    return receipt
  }

  private func identity() -> RecordIdentity {
    var identity = entry.recordIdentity
    identity.hashMask = options.hashMask
    return identity
  }

  /// Loads sorted rows: few into the journal, many into segments.
  private func load(
    _ stacks: [RunStack], beside waiting: Int, _ identity: RecordIdentity,
    _ texts: (_ rowCount: Int) -> BatchTexts,
    _ transaction: inout WriteTransaction, _ registers: [PublishedEntry],
    progress: @escaping @Sendable (Double) -> Void
  ) throws -> BatchLoader.Outcome {
    let rows = stacks.reduce(0) { $0 + $1.rowCount }
    guard rows > 0 else { return BatchLoader.Outcome() }
    let bytes = stacks.reduce(0) { $0 + $1.bytes }
    if memory.mustSpill(stacks.reduce(waiting) { $0 + $1.bytesInMemory }) {
      for stack in stacks { try stack.spillRest() }
    }
    let runs = stacks.flatMap { $0.takeRuns() }
    let isSmall = rows <= Self.journalRows && bytes <= Self.journalBytes
    // Rows in the journal have no dictionary: nothing is planned for them.
    let batchRows = BatchRows(schema: identity.schema, texts: texts(isSmall ? 0 : rows))
    let (snapshot, batch) = (transaction.snapshot, transaction.commit)
    let names: @Sendable () throws -> NameCheck? = { [entry] in
      registers.isEmpty ? nil : try NameCheck(entry, batchRows, registers: registers, snapshot)
    }
    if isSmall {
      return try JournalLoader(identity: identity, batch: batchRows, makeNameCheck: names)
        .load(runs, &transaction)
    }
    FreedMemory.giveBack()
    defer { FreedMemory.giveBack() }
    let shared = shared
    let outcome = try withSegments(&transaction) { make, take in
      let loader = BatchLoader(
        runs: runs, identity: identity, rows: batchRows, snapshot: snapshot, batch: batch,
        partitionRanges: memory.partitionRanges, makeSegment: make,
        takeSegment: take, makeNameCheck: names)
      return try loader.load(
        threads: memory.loaders, isCancelled: { shared.isCancelled.load(ordering: .relaxed) },
        progress: progress)
    }
    for address in outcome.superseded { transaction.supersede(address) }
    return outcome
  }

  /// Lends a body the making of segments and takes the finished ones into the commit.
  private func withSegments<Result>(
    _ transaction: inout WriteTransaction,
    _ body: (@escaping () throws -> SegmentWriter, @escaping (FinishedSegment) -> Void) throws -> Result
  ) throws -> Result {
    // The closures outlive no thread: the loader has joined all of them when it returns.
    let box = TransactionBox(transaction)
    defer { transaction = box.transaction }
    return try body({ try box.transaction.makeSegment() }, { box.transaction.add($0) })
  }

  private final class TransactionBox {
    var transaction: WriteTransaction
    init(_ transaction: WriteTransaction) { self.transaction = transaction }
  }

  /// Rows for closed records, known only now.
  private func lateSetAside(
    _ closed: [(sequence: UInt64, raw: String)]
  ) throws -> (rows: RunStack, rawRows: RunStack) {
    let rows = RunStack(limit: .max, spill: { $0 })
    let rawRows = RunStack(limit: .max, spill: { $0 })
    let finding = RuleFinding(
      rule: "R-CLOSED", item: "",
      message: "the record is withdrawn or repaired; reinstate or correct it to change it")
    for row in closed {
      guard !row.raw.isEmpty else {
        throw CreditError(
          "conflict",
          "a record was withdrawn while the file was being read; nothing was taken in, collect it again")
      }
      try SetAsideRows.append(
        sequence: row.sequence, state: .questionable, reasons: [finding], form: RawRow.object, raw: row.raw,
        to: rows,
        rawRows: rawRows)
    }
    return (rows, rawRows)
  }

  /// Stores set-aside rows in file order under the batch.
  private func loadSetAside(
    _ stacks: [RunStack], _ reading: Reading, _ transaction: inout WriteTransaction
  ) throws {
    let count = stacks.reduce(0) { $0 + $1.rowCount }
    guard count > 0 else { return }
    let isSmall = count <= Self.journalRows && stacks.reduce(0) { $0 + $1.bytes } <= Self.journalBytes
    let runs = stacks.flatMap { $0.takeRuns() }
    let key = SystemDatasets.key(batch: transaction.commit)
    let batch = transaction.commit
    var writer: SegmentWriter?
    let encoder = PartitionEncoder(schema: SystemDatasets.setAside, keyText: SubjectKey.renderText)
    for range in RunPartitions.ranges(of: runs, bytes: memory.setAsideRangeBytes) {
      var entries: [RunEntry] = []
      var memory: [ByteArena] = []
      for run in runs { try run.load(range, into: &entries, keeping: &memory) }
      entries.sort { $0.sequence < $1.sequence }
      let arena = ByteArena(capacity: 1 << 16)
      var payloads: [(offset: Int, count: Int)] = []
      for entry in entries {
        let payload = SetAsideRows.numbered(
          RunRow.payload(entry.row), row: reading.number(ofRow: entry.sequence))
        if isSmall {
          try transaction.append(SystemDatasets.setAside, key: key, batch: batch, payload: payload)
        } else {
          payloads.append((arena.count, payload.count))
          payload.withUnsafeBytes { arena.append($0) }
        }
      }
      withExtendedLifetime(memory) {}
      guard !isSmall else { continue }
      for payload in payloads {
        try encoder.append(
          RowReference(
            key: key, system: RowSystemValues(batch: batch, state: 0),
            payload: UnsafeRawBufferPointer(start: arena.base + payload.offset, count: payload.count)))
      }
      if writer == nil {
        writer = try transaction.makeSegment()
        try writer?.begin(SystemDatasets.setAside)
      }
      try writer?.append(encoder.finish())
      withExtendedLifetime((memory, arena)) {}
    }
    if let writer { transaction.add(try writer.finish()) }
  }

  private func keepLongIdentifiers(_ transaction: inout WriteTransaction) throws {
    for (key, text) in shared.longIdentifiers.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      try LongIdentifiers.keep(text, of: key, &transaction)
    }
  }
}

/// Chunks for several workers, one at a time.
private final class ChunkSource: @unchecked Sendable {
  // Sendable because the reader is only touched under the lock.
  private let lock = NSLock()
  private let reader: ChunkReader
  private var storedFailure: (any Error)?

  init(_ reader: ChunkReader) { self.reader = reader }

  func next() throws -> SourceChunk? {
    try lock.withLock { storedFailure == nil ? try reader.next() : nil }
  }

  func recycle(_ chunk: SourceChunk) { lock.withLock { reader.recycle(chunk) } }

  func fail(_ error: any Error) { lock.withLock { storedFailure = storedFailure ?? error } }

  var failure: (any Error)? { lock.withLock { storedFailure } }
  var bytesRead: Int { lock.withLock { reader.bytesRead } }
}

/// Workers, each used by the thread with its number.
private final class WorkerCrew: @unchecked Sendable {
  // Sendable because no two threads use the same worker, and nobody else does before they are joined.
  let workers: [CollectionWorker]
  init(_ workers: [CollectionWorker]) { self.workers = workers }
}
