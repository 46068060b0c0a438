// Owns running a question on the threads of the machine.
// Invariants: each part is walked once, by one thread; the first error ends all threads.
// Does not know what is done with the rows.

import CreditModel
import SegmentStore
import Synchronization

/// What one thread makes of the rows it gets.
protocol QueryWorker: AnyObject, SendableMetatype {
  /// Looks at the rows of a vector; returns whether more of this part are of interest.
  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool
  /// Whether the number of rows of an entry is all it asks for.
  var mayCountRows: Bool { get }
  /// Adds rows of which only the number and the entry are known.
  func add(rowCount: Int, _ context: QueryContext) throws
  /// What its filter left out.
  var skipped: SkippedRows { get }
}

extension QueryWorker {
  var mayCountRows: Bool { false }
  func add(rowCount: Int, _ context: QueryContext) throws {}
}

/// Runs a question.
struct QueryRun {
  /// Parts whose directories are asked by one thread: more are asked by all.
  private static let partsOfOneLook = 64

  let rows: QueryRows
  let snapshot: EngineSnapshot
  let options: QueryExecution
  var isCancelled: @Sendable () -> Bool = { false }
  /// Entry and subject before which no row is of interest.
  var start: (entry: String, key: UInt128)?
  /// All versions that came behind this commit are wanted, instead of what is current.
  var versionsAfter: UInt64?

  /// What all threads read.
  private struct Shared<Worker: QueryWorker>: @unchecked Sendable {
    // Sendable because nothing of it is changed while the threads run.
    let run: QueryRun
    let parts: [QueryRows.Part]
    let threads: Int
    /// Works on the calling thread, which has the last number.
    let first: Worker
    let makeWorker: (_ threads: Int) -> Worker
  }

  /// One thread's findings, handed over when it is done.
  private struct Outcome<Worker: QueryWorker>: @unchecked Sendable {
    // Sendable because its thread has ended before anybody reads it.
    var worker: Worker
  }

  /// Gives all rows to workers, one for each thread; there is always one.
  func gather<Worker: QueryWorker>(
    _ makeWorker: @escaping (_ threads: Int) -> Worker
  ) throws -> (workers: [Worker], explanation: QueryExplanation) {
    let all = try rows.parts(snapshot, options, from: start, versionsAfter: versionsAfter)
    let total = all.reduce(0) { $0 + $1.rows.rowCount }
    let first = makeWorker(threadCount(for: all))
    let firsts = FirstCommits(snapshot)
    // What directories tell is told at once: a thread would not have begun by then.
    let parts = first.mayCountRows && all.count <= Self.partsOfOneLook ? try count(all, first, firsts) : all
    let threads = threadCount(for: parts)
    let next = Atomic<Int>(0)
    let outcomes = Guarded<[Result<Outcome<Worker>, any Error>]>([])
    let shared = Shared(run: self, parts: parts, threads: threads, first: first, makeWorker: makeWorker)
    WorkerThreads.run(count: threads) { index in
      let outcome = Result { () throws -> Outcome<Worker> in
        do {
          let worker = index == shared.threads - 1 ? shared.first : shared.makeWorker(shared.threads)
          try shared.run.walk(shared.parts, worker, firsts, next)
          return Outcome(worker: worker)
        } catch {
          // The others need not go on.
          next.store(shared.parts.count, ordering: .relaxed)
          throw error
        }
      }
      outcomes.withLock { $0.append(outcome) }
    }
    let workers = try outcomes.withLock { try $0.map { try $0.get().worker } }
    return (
      workers,
      QueryExplanation(
        parts: all.count, threads: threads, rowsOfParts: total,
        rowsSkippedByZoneMap: workers.reduce(0) { $0 + $1.skipped.byZoneMap },
        rowsSkippedByDictionary: workers.reduce(0) { $0 + $1.skipped.byDictionary },
        partsFoundBySubject: all.count { $0.rows.isNarrowed })
    )
  }

  /// A thread of its own pays where there is work for it: waking one up may take longer than a small question.
  private func threadCount(for parts: [QueryRows.Part]) -> Int {
    let total = parts.reduce(0) { $0 + $1.rows.rowCount }
    let worthwhile = min(WorkerThreads.processorCount, 1 + total / QueryExecution.rowsOfThread)
    return max(1, min(options.threads > 0 ? options.threads : worthwhile, parts.count))
  }

  /// Adds the parts whose number of rows their directories tell; gives those that have to be walked.
  private func count<Worker: QueryWorker>(_ parts: [QueryRows.Part], _ worker: Worker, _ firsts: FirstCommits)
    throws
    -> [QueryRows.Part]
  {
    try parts.filter { part in
      guard
        let count = try part.scan.knownRowCount(
          of: part.rows, without: Int64(RecordState.withdrawn.rawValue))
      else { return true }
      try worker.add(rowCount: count, QueryContext(entry: part.entry, snapshot: snapshot, firsts: firsts))
      return false
    }
  }

  private func walk(
    _ parts: [QueryRows.Part], _ worker: some QueryWorker, _ firsts: FirstCommits,
    _ next: borrowing Atomic<Int>
  ) throws {
    var vector = RowVector()
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < parts.count else { return }
      if isCancelled() { throw CancellationError() }
      let part = parts[index]
      let context = QueryContext(entry: part.entry, snapshot: snapshot, firsts: firsts)
      if worker.mayCountRows,
        let count = try part.scan.knownRowCount(
          of: part.rows, without: Int64(RecordState.withdrawn.rawValue))
      {
        try worker.add(rowCount: count, context)
        continue
      }
      try part.scan.forEachVector(of: part.rows, in: &vector) {
        if isCancelled() { throw CancellationError() }
        return try worker.add(&$0, context)
      }
    }
  }
}

extension RowVector {
  /// Takes withdrawn records out of the selection.
  mutating func dropWithdrawn() throws(StoreError) {
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    if let bounds = bounds(SystemColumn.state), !bounds.contains(withdrawn) { return }
    try keepSystem(.state, in: withdrawn...withdrawn, isOutside: true)
  }
}

extension CreditSnapshot {
  /// The entries a question asks: those named, or all that have records.
  func entries(_ codes: [String]) throws -> [PublishedEntry] {
    let catalogue = database.catalogue
    guard codes.isEmpty else { return try Set(codes).sorted().map { try catalogue.entry($0, asOf: engine) } }
    return try catalogue.entries(of: Set(engine.allDatasets()), asOf: engine)
  }

  /// Binds a question to its entries. Of tens of thousands of entries those without records need not be read, unless only they have an item
  /// that the question names.
  func binding<Bound>(_ codes: [String], _ bind: ([PublishedEntry]) throws -> Bound) throws -> Bound {
    do {
      return try bind(entries(codes))
    } catch let error as CreditError where error.code == "unknownItem" && codes.isEmpty {
      let catalogue = database.catalogue
      return try bind(catalogue.entries(of: Set(catalogue.codes(asOf: engine).map(\.dataset)), asOf: engine))
    }
  }
}
