// Owns merging segments into new ones: current rows apart from history, split by ranges of subjects.
// Invariants: inputs are only read; every output is durable, read back and proven to hold the rows of its range, less those that shall be dropped, before the next
// range begins; when anything fails, or the caller cancels, every output is removed again.
// Does not choose inputs and does not name outputs in the store.

/// Merges segments.
package struct SegmentMerge {
  /// A finished segment of a merge.
  package struct Output {
    package var segment: FinishedSegment
    package var commits: MergedCommits
  }

  /// What a merge needs of its store.
  package struct Surroundings {
    package var files: any FileSystem
    package var folder: String
    package var store: StoreIdentifier
    package var keyText: KeyText
    /// Bytes of memory the merge may use.
    package var memoryBytes: Int
    /// Rows of an output at most.
    package var segmentRows: Int
    /// The form texts are indexed in; `nil` = not at all.
    package var searchForm: SearchForm?
    /// Rows of the inputs from which on texts are indexed.
    package var indexedRows: Int
    /// Bytes of memory of a part of an index; `nil` = a share of the memory.
    package var indexPartBytes: Int?
    /// Whether the outputs are meant to stay: then more time is spent on making them small.
    package var isThorough: Bool
    /// Threads that write outputs at the same time; each has its share of the memory.
    package var threads: Int
    /// A number no other segment of the store ever has.
    package var nextID: () throws(StoreError) -> SegmentID
    /// Called often with the bytes written since, by the calling thread alone; throws to stop.
    package var pace: (Int) throws(StoreError) -> Void

    package init(
      files: any FileSystem, folder: String, store: StoreIdentifier, keyText: @escaping KeyText,
      memoryBytes: Int, segmentRows: Int, searchForm: SearchForm? = nil, indexedRows: Int = 0,
      indexPartBytes: Int? = nil,
      isThorough: Bool = true, threads: Int = 1,
      nextID: @escaping () throws(StoreError) -> SegmentID,
      pace: @escaping (Int) throws(StoreError) -> Void
    ) {
      self.files = files
      self.folder = folder
      self.store = store
      self.keyText = keyText
      self.memoryBytes = memoryBytes
      self.segmentRows = segmentRows
      self.searchForm = searchForm
      self.indexedRows = indexedRows
      self.indexPartBytes = indexPartBytes
      self.isThorough = isThorough
      self.threads = max(1, threads)
      self.nextID = nextID
      self.pace = pace
    }
  }

  /// Bytes of memory that planning takes for each row (its place, and the commit that superseded it) and for each subject (its runs).
  private static let bytesPerRow = 16.0
  private static let bytesPerSubject = 48.0
  /// Leaves of the subject directory that make more of an output than this are split subject by subject.
  private static let fineShare = 0.05

  private let inputs: [SegmentView]
  private let commit: UInt64
  private let dropped: DroppedRows
  private var surroundings: Surroundings
  /// Whether the texts of the outputs are indexed.
  private let isIndexed: Bool
  /// What one output learns about texts serves the next.
  private let memo: PhraseMemo

  /// - Parameters:
  ///   - inputs: what to merge, in the order in which rows with nothing else between them shall stand.
  ///   - commit: marks newer than this are not seen.
  ///   - dropped: rows of the inputs that shall be in no output.
  package init(
    _ inputs: [SegmentView], asOf commit: UInt64, dropping dropped: DroppedRows = .none,
    in surroundings: Surroundings
  ) {
    // The blocks of a merge are read once: they shall not push out what readers use.
    let context = ReadingContext(
      cache: BlockCache(budget: surroundings.memoryBytes / 4), keyText: surroundings.keyText)
    self.inputs = inputs.map { $0.reading(through: context) }
    self.commit = commit
    self.dropped = dropped
    self.surroundings = surroundings
    self.surroundings.memoryBytes /= surroundings.threads
    memo = PhraseMemo(byteLimit: surroundings.memoryBytes / 16)
    isIndexed = inputs.reduce(0) { $0 + Int($1.reader.footer.rowCount) } >= surroundings.indexedRows
  }

  /// Writes the outputs.
  ///
  /// - Parameter progress: told the share that is done, on the calling thread.
  package func run(progress: (Double) -> Void = { _ in }) throws(StoreError) -> [Output] {
    let ranges = try keyRanges()
    let work = Guarded(Work(outputs: Array(repeating: [], count: ranges.count)))
    let threads = min(surroundings.threads, ranges.count)
    // Invariant: what the closures reach outlives `run`, and all of it is read only, guarded, or touched by the calling thread alone.
    nonisolated(unsafe) let (merge, report) = (self, progress)
    if threads == 1 {
      takeRanges(ranges, work, isCaller: true, progress)
    } else {
      // The calling thread asks whether to stop and tells how far it is; the others work.
      WorkerThreads.run(count: threads + 1) { index in
        if index < threads {
          merge.takeRanges(ranges, work, isCaller: false) { _ in }
        } else {
          merge.watch(ranges.count, work, report)
        }
      }
    }
    let result = work.withLock { $0 }
    guard let failure = result.failure else { return result.outputs.flatMap { $0 } }
    for output in result.outputs.flatMap({ $0 }) {
      try? surroundings.files.remove(surroundings.folder + "/" + output.segment.id.fileName)
    }
    throw failure
  }

  /// What the threads of a merge share.
  private struct Work: Sendable {
    var outputs: [[Output]]
    var next = 0
    var done = 0
    var failure: StoreError?
  }

  private static let watchMilliseconds = 20

  /// Waits until all ranges are merged or some thread failed.
  private func watch(_ count: Int, _ work: Guarded<Work>, _ progress: (Double) -> Void) {
    var told = 0
    while true {
      let (done, isOver) = work.withLock { ($0.done, $0.done == count || $0.failure != nil) }
      if done > told {
        told = done
        progress(Double(done) / Double(count))
      }
      guard !isOver else { return }
      do throws(StoreError) {
        try surroundings.pace(0)
      } catch {
        return work.withLock { if $0.failure == nil { $0.failure = error } }
      }
      SystemCall.sleep(milliseconds: Self.watchMilliseconds)
    }
  }

  /// Merges one range after the other until none is left or some thread fails.
  private func takeRanges(
    _ ranges: [ClosedRange<UInt128>], _ work: Guarded<Work>, isCaller: Bool, _ progress: (Double) -> Void
  ) {
    var merge = self
    let pace = surroundings.pace
    merge.surroundings.pace = { (bytes) throws(StoreError) in
      // Another thread failed: its error is the one that counts.
      if work.withLock({ $0.failure != nil }) { throw StoreError(.cancelled, "the merge was given up") }
      if isCaller { try pace(bytes) }
    }
    while true {
      let taken = work.withLock { work -> Int? in
        guard work.failure == nil, work.next < ranges.count else { return nil }
        work.next += 1
        return work.next - 1
      }
      guard let taken else { break }
      var outputs: [Output] = []
      do throws(StoreError) {
        try merge.merge(ranges[taken], into: &outputs)
      } catch {
        work.withLock { if $0.failure == nil { $0.failure = error } }
      }
      let finished = outputs
      let done = work.withLock { work -> Int in
        work.outputs[taken] = finished
        work.done += 1
        return work.done
      }
      if isCaller { progress(Double(done) / Double(ranges.count)) }
    }
  }

  /// Ranges of subjects with about so many rows as an output may have, and as can be planned in memory.
  private func keyRanges() throws(StoreError) -> [ClosedRange<UInt128>] {
    // Everything in parts of one output.
    let wholeRows = Double(max(1, surroundings.segmentRows))
    let wholeBytes = Double(max(1 << 20, surroundings.memoryBytes / 2))
    var leaves: [(key: UInt128, share: Double)] = []
    func share(subjects: Double, rows: Double) -> Double {
      let bytes = rows * Self.bytesPerRow + subjects * Self.bytesPerSubject
      return max(rows / wholeRows, bytes / wholeBytes)
    }
    for input in inputs {
      let footer = input.reader.footer
      let mean = Double(footer.rowCount) / Double(max(1, footer.subjectCount))
      for fence in try input.reader.subjectTree().fences {
        let subjects = Double(fence.subjects)
        let estimate = share(subjects: subjects, rows: subjects * mean)
        guard estimate > Self.fineShare else {
          leaves.append((fence.firstKey, estimate))
          continue
        }
        let leaf = try input.reader.leaf(fence)
        for subject in 0..<leaf.subjectCount {
          let rows = leaf.runs(subject).reduce(0) { $0 + Double($1.count) }
          leaves.append((leaf.key(subject), share(subjects: 1, rows: rows)))
        }
      }
    }
    leaves.sort { $0.key < $1.key }
    // Parts of equal size, so that the last is not a remnant.
    let total = leaves.reduce(0) { $0 + $1.share }
    let part = total / total.rounded(.up)
    var ranges: [ClosedRange<UInt128>] = []
    var start: UInt128 = 0
    var taken = 0.0
    for leaf in leaves {
      if taken + leaf.share > part * 1.001, leaf.key > start, taken > 0 {
        ranges.append(start...leaf.key - 1)
        start = leaf.key
        taken = 0
      }
      taken += leaf.share
    }
    ranges.append(start...UInt128.max)
    return ranges
  }

  private func merge(_ keys: ClosedRange<UInt128>, into outputs: inout [Output]) throws(StoreError) {
    var lists: [SubjectLists] = []
    for input in inputs { lists.append(try SubjectLists(input.reader, keys: keys)) }
    let datasets = Set(lists.flatMap(\.byDataset.keys)).sorted()
    guard !datasets.isEmpty else { return }
    // Bytes of memory for the index of each; superseded rows are fewer.
    let followsSubjects = surroundings.isThorough ? try hasSharedTexts(datasets) : false
    var current = Sink(
      indexBytes: surroundings.indexPartBytes ?? surroundings.memoryBytes / 2,
      followsSubjects: followsSubjects)
    var history = Sink(
      indexBytes: surroundings.indexPartBytes ?? surroundings.memoryBytes / 8,
      followsSubjects: followsSubjects)
    for dataset in datasets {
      try surroundings.pace(0)
      var plan = try plan(dataset, lists)
      let schema = try schema(plan.sources)
      let encoder = MergeEncoder(
        schema: schema, keyText: surroundings.keyText, poolBytes: surroundings.memoryBytes / 4,
        isThorough: surroundings.isThorough, memo: memo,
        pace: surroundings.pace)
      if !plan.current.rows.isEmpty {
        try encoder.write(
          plan.current, from: plan.sources, to: try writer(&current), commits: &current.commits)
      }
      if !plan.history.rows.isEmpty {
        try encoder.write(
          plan.history, from: plan.sources, to: try writer(&history), commits: &history.commits)
      }
      for index in lists.indices { lists[index].forget(dataset) }
      plan = MergePlan([])
    }
    let first = outputs.count
    for sink in [current, history] {
      guard let writer = sink.writer else { continue }
      let finished = try writer.finish { (id, count, text) throws(StoreError) in
        let sample = try TextSample(rowCount: count, byteLimit: Self.subjectSampleBytes) {
          (place) throws(StoreError) in text(place)
        }
        return sample.book(
          words: nil, memo: memo,
          column: PhraseMemo.Column(dataset: DatasetID(rawValue: 0), id: id))
      }
      outputs.append(Output(segment: finished, commits: sink.commits))
    }
    try prove(outputs[first...], keys)
  }

  /// Bytes of outputs that are kept in memory while they are proven.
  private static let provingBytes = 64 << 20
  /// Bytes of texts of subjects that phrases are learned from.
  private static let subjectSampleBytes = 1 << 20

  /// Whether texts of subjects may stand in more than one dataset.
  private func hasSharedTexts(_ datasets: [DatasetID]) throws(StoreError) -> Bool {
    var found = 0
    for dataset in datasets {
      for input in inputs {
        guard let chunk = try input.reader.chunk(of: dataset), chunk.searchColumn != 0 else { continue }
        found += 1
        break
      }
      if found == 2 { return true }
    }
    return false
  }

  private struct Sink {
    /// Bytes of memory of a part of its index.
    let indexBytes: Int
    let followsSubjects: Bool
    var writer: SegmentWriter?
    var commits = MergedCommits()
  }

  private func writer(_ sink: inout Sink) throws(StoreError) -> SegmentWriter {
    if let writer = sink.writer { return writer }
    let index = surroundings.searchForm.flatMap { form in
      isIndexed ? TextIndexBuilder(form: form, budgetBytes: sink.indexBytes) : nil
    }
    let writer = try SegmentWriter(
      id: try surroundings.nextID(), store: surroundings.store, folder: surroundings.folder,
      files: surroundings.files, compression: .hard, index: index,
      subjectTexts: sink.followsSubjects
        ? SubjectTextTables(byteLimit: max(1 << 20, surroundings.memoryBytes / 8)) : nil)
    sink.writer = writer
    return writer
  }

  private func plan(_ dataset: DatasetID, _ lists: [SubjectLists]) throws(StoreError) -> MergePlan {
    var sources: [MergeSource] = []
    var runs: [[SubjectLists.Run]] = []
    for (input, list) in zip(inputs, lists) {
      guard let found = list.byDataset[dataset] else { continue }
      guard let source = try MergeSource(input, dataset: dataset, asOf: commit, dropped: dropped) else {
        throw StoreError.damaged(
          "a subject names a dataset that is not there", file: input.reader.id.fileName, offset: 0)
      }
      sources.append(source)
      runs.append(found)
    }
    var plan = MergePlan(sources)
    try plan.addAll(runs)
    return plan
  }

  /// The newest schema among the sources with the columns the others have beside it.
  private func schema(_ sources: [MergeSource]) throws(StoreError) -> DatasetSchema {
    let schemas = sources.map(\.schema)
    guard var schema = schemas.max(by: { $0.version < $1.version }) else {
      throw StoreError(.invalidArgument, "nothing to merge")
    }
    for other in schemas {
      for column in other.columns where !schema.columns.contains(column) {
        guard !schema.columns.contains(where: { $0.id == column.id }) else {
          throw StoreError(.damaged, "column \(column.id) has another type in another segment")
        }
        schema.columns.append(column)
      }
    }
    guard schema.columns.count <= DatasetSchema.maximumColumns else {
      throw StoreError(.limit, "the versions of a dataset have more than 4096 columns together")
    }
    return schema
  }

  /// Reads inputs and outputs again and compares their rows.
  private func prove(_ outputs: ArraySlice<Output>, _ keys: ClosedRange<UInt128>) throws(StoreError) {
    var expected = RowDigest()
    for input in inputs {
      try expected.add(input, keys: keys, asOf: commit, without: dropped, pace: surroundings.pace)
    }
    var found = RowDigest()
    // Texts of subjects are found through the directory of subjects, anew for each dataset.
    let budget = max(1 << 20, min(Self.provingBytes, surroundings.memoryBytes / 8))
    let context = ReadingContext(cache: BlockCache(budget: budget), keyText: surroundings.keyText)
    for output in outputs {
      let path = surroundings.folder + "/" + output.segment.id.fileName
      let reader = try SegmentReader(
        output.segment, file: try surroundings.files.open(path, writable: false), store: surroundings.store,
        context: context)
      let view = SegmentView(
        reader: reader, addedCommit: output.commits.first, lastCommit: output.commits.last,
        historyEnd: output.commits.historyEnd)
      try found.add(view, keys: 0...UInt128.max, asOf: commit, pace: surroundings.pace)
    }
    guard found == expected else {
      throw StoreError(
        .damaged,
        "a merge would have changed rows (\(expected.rows) before, \(found.rows) after); it was given up")
    }
  }
}
