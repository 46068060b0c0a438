// Owns merging in an open store: when, one at a time, and the exchange of inputs for outputs.
// Invariants: readers and the writer go on while segments are merged; what is superseded meanwhile is superseded in the outputs too; an
// output is named only after it was read back and proven; a merge that fails or is cancelled leaves the store as it was.
// Does not choose what to merge (CompactionPolicy) and does not merge (SegmentMerge).

import Synchronization

/// What a compaction did.
public struct CompactionResult: Sendable, Equatable {
  /// The last commit the store had when it ended.
  public var commit: UInt64
  /// Bytes of all files before, without space that the journal keeps in reserve while the store is open.
  public var bytesBefore: Int64
  /// The same after.
  public var bytesAfter: Int64
  /// Segments read.
  public var segmentsMerged: Int
  /// Segments written.
  public var segmentsWritten: Int
}

package final class Compactor: Sendable {
  private let environment: StoreEnvironment
  private let published: PublishedState
  private let writer: StoreWriter
  /// One merge at a time.
  private let turn = Guarded<Void>(())
  private let isStopped = Atomic<Bool>(false)
  private let isRunning = Atomic<Bool>(false)
  /// The thread that merges, so that a commit it makes itself, from a progress report, does not wait for it.
  private let mergingThread = Atomic<UInt>(0)
  /// Callers that wait for their turn: a merge in their way is not slowed.
  private let waiting = Atomic<Int>(0)
  /// After a failed merge: the height from which on, and the time in milliseconds after which, it is tried again.
  private let retryHeight = Atomic<Int>(0)
  private let retryTime = Atomic<Int64>(0)
  private let lastFailure = Guarded<StoreError?>(nil)

  private static let maximumThreads = 8
  /// Rows from which on several threads merge, and memory that each must have.
  private static let parallelRows = 1 << 20
  private static let threadBytes = 192 << 20
  /// Segments a large store is merged into, about, and rows of one at most.
  private static let finalSegments = 16
  private static let largestSegmentRows = 64_000_000
  /// Bytes that the directory of a dataset's columns takes for a block, about; all of them have to fit one.
  private static let directoryBytesPerBlock = 64
  /// Height at which commits wait for merges.
  private static let waitingHeight = 12
  /// Height at which commits are refused, because merging fails.
  private static let refusingHeight = 32

  package init(_ environment: StoreEnvironment, published: PublishedState, writer: StoreWriter) {
    self.environment = environment
    self.published = published
    self.writer = writer
  }

  /// Cancels a running merge and waits for it to end.
  ///
  /// - Throws: `StoreError` when asked for from inside the report of a merge, which cannot end before its report returns.
  package func stop() throws(StoreError) {
    guard !isMergingHere else {
      throw StoreError(.invalidArgument, "a store cannot be closed from inside the report of its own merge")
    }
    isStopped.store(true, ordering: .releasing)
    turn.withLock { _ in }
  }

  private var isMergingHere: Bool { mergingThread.load(ordering: .relaxed) == WorkerThreads.current }

  /// Whether a merge runs in the background.
  package var isBusy: Bool { isRunning.load(ordering: .acquiring) }

  /// Why the last automatic merge failed, if it did.
  package var failure: StoreError? { lastFailure.withLock { $0 } }

  // MARK: Automatic merges

  /// Starts merging in the background when the policy finds something to do.
  package func startIfNeeded() {
    guard environment.options.compactsAutomatically, isDue,
      !isRunning.exchange(true, ordering: .acquiringAndReleasing)
    else { return }
    let started = WorkerThreads.detach { [self] in
      runJobs()
      isRunning.store(false, ordering: .releasing)
      // A commit may have come between the last look and the end.
      startIfNeeded()
    }
    if !started { isRunning.store(false, ordering: .releasing) }
  }

  private var isDue: Bool {
    let list = published.view.list
    let mayTry =
      SystemCall.nowMilliseconds >= retryTime.load(ordering: .relaxed)
      || list.height >= retryHeight.load(ordering: .relaxed)
    guard !isStopped.load(ordering: .acquiring), mayTry else { return false }
    return CompactionPolicy.job(list.segments.map(SegmentShape.init)) != nil
  }

  private func runJobs() {
    do throws(StoreError) {
      while isDue,
        try merge(
          isCancelled: { false }, progress: { _ in }, choosing: { Self.job($0, CompactionPolicy.job) })
          != nil
      {}
    } catch {
      // Commits go on; it is tried again when more segments wait, or after a while.
      guard error.code != .cancelled else { return }
      // Where commits are refused, only time helps: each try may cost as much as a merge.
      retryHeight.store(published.view.list.height + 2, ordering: .relaxed)
      retryTime.store(
        SystemCall.nowMilliseconds + environment.options.mergeRetryMilliseconds, ordering: .relaxed)
      lastFailure.withLock { $0 = error }
      environment.options.onEvent?(.mergeFailed(error))
    }
  }

  /// Makes a caller that is about to commit wait while too many segments wait to be merged.
  package func holdBack() throws(StoreError) {
    guard environment.options.compactsAutomatically, published.view.list.height >= Self.waitingHeight else {
      return
    }
    if isDue, !isMergingHere { runJobs() }
    guard published.view.list.height < Self.refusingHeight else {
      let reason = failure.map { ": \($0)" } ?? ""
      throw StoreError(
        .limit, "\(Self.refusingHeight) layers of segments wait to be merged and merging fails\(reason)")
    }
  }

  // MARK: Merging

  /// Merges everything that is not in its final form, or all there is.
  package func compact(
    rewritesEverything: Bool = false, isCancelled: @escaping () -> Bool, progress: @escaping (Double) -> Void
  ) throws(StoreError) -> CompactionResult {
    guard !isMergingHere else {
      throw StoreError(.invalidArgument, "a merge was asked for from inside a merge's own report")
    }
    let before = try totalBytes()
    let merged = try merge(isCancelled: isCancelled, progress: progress) {
      Self.job(
        $0, rewritesEverything ? CompactionPolicy.everything : CompactionPolicy.whole, isThorough: true)
    }
    return CompactionResult(
      commit: published.view.commit, bytesBefore: before, bytesAfter: try totalBytes(),
      segmentsMerged: merged?.inputs ?? 0, segmentsWritten: merged?.outputs ?? 0)
  }

  /// Bytes of all files without the reserve of the journal, which closing gives back.
  private func totalBytes() throws(StoreError) -> Int64 {
    try environment.folder.totalBytes() - writer.reservedBytes
  }

  /// What to merge.
  private struct Job {
    var inputs: [SegmentView]
    var dropped = DroppedRows.none
    /// Whether the files of the inputs must be gone before it counts as done.
    var isPurge = false
    var isThorough: Bool

    /// Rows of the inputs.
    var rows: Int { inputs.reduce(0) { $0 + Int($1.reader.footer.rowCount) } }
  }

  private static func job(
    _ view: EngineView, _ choose: ([SegmentShape]) -> [Int]?, isThorough: Bool = false
  ) -> Job? {
    choose(view.segments.map(SegmentShape.init)).map { chosen in
      Job(inputs: chosen.map { view.segments[$0] }, isThorough: isThorough)
    }
  }

  /// Takes rows out of the store for good: every segment that has them, or may still know their words, is written anew without them.
  ///
  /// - Parameter choose: what to take out of the store as it stands; `nil` = nothing. Nobody merges meanwhile.
  /// - Returns: what it did; `nil` when nothing was chosen.
  package func purge(
    isCancelled: @escaping () -> Bool, progress: @escaping (Double) -> Void,
    choosing choose: (EngineSnapshot) throws(StoreError) -> PurgeSelection?
  ) throws(StoreError) -> PurgeResult? {
    guard !isMergingHere else {
      throw StoreError(.invalidArgument, "a purge was asked for from inside a merge's own report")
    }
    var dropped = 0
    let merged = try merge(isCancelled: isCancelled, progress: progress) {
      (view) throws(StoreError) -> Job? in
      guard let selection = try choose(EngineSnapshot(view: view, commit: view.commit)) else { return nil }
      dropped = selection.rows.count
      return Job(
        inputs: try selection.inputs(of: view), dropped: selection.rows, isPurge: true, isThorough: true)
    }
    return merged.map { PurgeResult(rows: dropped, segmentsRead: $0.inputs, segmentsWritten: $0.outputs) }
  }

  private func merge(
    isCancelled: @escaping () -> Bool, progress: @escaping (Double) -> Void,
    choosing choose: (EngineView) throws(StoreError) -> Job?
  ) throws(StoreError) -> (inputs: Int, outputs: Int)? {
    waiting.add(1, ordering: .relaxed)
    let result = turn.withLock { _ -> Result<(inputs: Int, outputs: Int)?, StoreError> in
      waiting.subtract(1, ordering: .relaxed)
      mergingThread.store(WorkerThreads.current, ordering: .relaxed)
      defer { mergingThread.store(0, ordering: .relaxed) }
      do throws(StoreError) {
        // The end may have come while this waited for its turn.
        guard !isStopped.load(ordering: .acquiring) else {
          throw StoreError(.cancelled, "the store is being closed")
        }
        let view = try writer.flush()
        guard var job = try choose(view) else { return .success(nil) }
        job.inputs.sort { ($0.addedCommit, $0.reader.id) < ($1.addedCommit, $1.reader.id) }
        let merged = try merge(job, asOf: view.commit, isCancelled, progress)
        if job.isPurge { try writer.removeUnnamed() }
        return .success(merged)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Rows of an output: what is meant to stay stands in few segments, however large the store, because each has a directory of every dataset.
  private func segmentRows(for job: Job) throws(StoreError) -> Int {
    let least = environment.options.segmentRows
    let rows = job.rows
    guard job.isThorough, rows / Self.finalSegments > least else { return least }
    var columns = 1
    for input in job.inputs {
      for chunk in try input.reader.datasetChunks() { columns = max(columns, Int(chunk.columnCount)) }
    }
    let blocks = BlockHeader.maximumLength / (columns * Self.directoryBytesPerBlock)
    return max(
      least, min(rows / Self.finalSegments, Self.largestSegmentRows, blocks * ColumnBlockLimits.rows))
  }

  private func merge(
    _ job: Job, asOf commit: UInt64, _ isCancelled: @escaping () -> Bool,
    _ progress: @escaping (Double) -> Void
  ) throws(StoreError) -> (inputs: Int, outputs: Int) {
    let folder = environment.folder
    let inputs = job.inputs
    let clock = EventClock()
    // Merges of the background are the ones that are not thorough.
    var pace = MergePace(
      bytesPerSecond: job.isThorough ? nil : environment.options.mergeBytesPerSecond)
    let merge = SegmentMerge(
      inputs, asOf: commit, dropping: job.dropped,
      in: SegmentMerge.Surroundings(
        files: folder.files, folder: folder.path, store: environment.identifier,
        keyText: environment.context.keyText, memoryBytes: environment.options.memoryBudgetBytes / 2,
        segmentRows: try segmentRows(for: job), searchForm: environment.context.searchForm,
        indexedRows: environment.options.indexedRows, indexPartBytes: environment.options.indexPartBytes,
        isThorough: job.isThorough, threads: threads(for: job),
        nextID: { [environment] () throws(StoreError) in environment.takeSegmentID() },
        pace: { [self] (bytes) throws(StoreError) in
          try pace.wrote(bytes) {
            published.view.list.height >= Self.waitingHeight || waiting.load(ordering: .relaxed) > 0
          } check: { () throws(StoreError) in
            if isStopped.load(ordering: .relaxed) || isCancelled() {
              throw StoreError(.cancelled, "the merge was cancelled; nothing changed")
            }
          }
        }))
    let outputs = try merge.run(progress: progress)
    do throws(StoreError) {
      var views: [SegmentView] = []
      for output in outputs { views.append(try open(output, isFinal: job.isThorough)) }
      let relocation = MarkRelocation(
        inputs: inputs, outputs: views.filter { !$0.isHistory }, asOf: commit, dropped: job.dropped)
      try writer.replace(inputs, with: views) { () throws(StoreError) in
        try relocation.apply(relocation.lateMarks)
      }
      retryHeight.store(0, ordering: .relaxed)
      retryTime.store(0, ordering: .relaxed)
      lastFailure.withLock { $0 = nil }
      environment.options.onEvent?(
        .merged(
          segments: inputs.count, into: outputs.count,
          bytesWritten: outputs.reduce(0) { $0 + $1.segment.fileLength }, seconds: clock.seconds,
          isBackground: !job.isThorough))
      return (inputs.count, outputs.count)
    } catch {
      // A state that was begun may name them: then nothing is removed, and the next writer decides.
      if writer.isUsable {
        for output in outputs { try? folder.files.remove(folder.path + "/" + output.segment.id.fileName) }
      }
      throw error
    }
  }

  /// Threads that merge: one in the background, beside which others work; more where somebody waits for much, as long as each has the memory for outputs of
  /// the usual size, so that they hardly depend on processors.
  private func threads(for job: Job) -> Int {
    guard job.isThorough else { return 1 }
    if let threads = environment.options.mergeThreads { return max(1, threads) }
    guard job.rows >= Self.parallelRows else { return 1 }
    let room = environment.options.memoryBudgetBytes / 2 / Self.threadBytes
    return max(1, min(WorkerThreads.processorCount, Self.maximumThreads, room))
  }

  private func open(_ output: SegmentMerge.Output, isFinal: Bool) throws(StoreError) -> SegmentView {
    let reference = SegmentReference(
      id: output.segment.id, fileLength: output.segment.fileLength, checksum: output.segment.checksum)
    let reader = try EngineApply.open(
      reference, output.segment, folder: environment.folder, store: environment.identifier,
      context: environment.context)
    return SegmentView(
      reader: reader, addedCommit: output.commits.first, lastCommit: output.commits.last,
      historyEnd: output.commits.historyEnd, isCompacted: isFinal)
  }
}

extension SegmentEngine {
  /// Merges all segments into their final form and moves superseded rows into history; gives back the space.
  ///
  /// Readers and writers go on meanwhile. Nothing is lost when it is cancelled or the process dies.
  /// - Parameters:
  ///   - rewritesEverything: whether segments that are in their final form are written anew too: those that an earlier version of the library wrote may
  ///     take more room than those of this one. Needs room for all of the store once more.
  ///   - isCancelled: asked often; the merge stops when it says so.
  ///   - progress: told the share that is done.
  /// - Throws: `StoreError`, code `cancelled` when cancelled, `readOnly` for a store that is not open for writing.
  @discardableResult
  public func compact(
    rewritesEverything: Bool = false, isCancelled: @escaping () -> Bool = { false },
    progress: @escaping (Double) -> Void = { _ in }
  ) throws(StoreError) -> CompactionResult {
    defer { FreedMemory.giveBack() }
    return try writing { (session) throws(StoreError) in
      try session.compactor.compact(
        rewritesEverything: rewritesEverything, isCancelled: isCancelled, progress: progress)
    }
  }
}
