// Owns opening: the highest state, the journal behind it, and the removal of what no commit names.
// Invariants: reading changes nothing; a reader that meets a checkpoint of the writer tries again; a damaged state or
// journal is reported, never skipped.

package struct Recovery {
  package struct Opened {
    package var state: StoreState
    package var store: StoreIdentifier
    package var view: EngineView
    package var instants: [Int64]
    package var nextSegment: UInt64
    package var contents = JournalContents()
    package var journalFile: (any StoreFile)?
  }

  private let folder: StoreFolder
  private let context: ReadingContext

  package init(folder: StoreFolder, context: ReadingContext) {
    self.folder = folder
    self.context = context
  }

  package func open(isWriter: Bool) throws(StoreError) -> Opened {
    var attempts = 0
    while true {
      let number = try folder.currentState()
      do throws(StoreError) {
        let opened = try open(number, isWriter: isWriter)
        if isWriter { try removeLeftovers(opened) }
        return opened
      } catch {
        // A writer may have made a checkpoint between our looking and our opening, or be in the middle of a frame.
        attempts += 1
        guard !isWriter, attempts < 20 else { throw error }
        if try folder.currentState() == number {
          guard error.code == .damaged, attempts < 3 else { throw error }
          SystemCall.sleep(milliseconds: 2)
        }
      }
    }
  }

  private func open(_ number: UInt64, isWriter: Bool) throws(StoreError) -> Opened {
    let (state, store) = try StateFile.read(number: number, folder: folder.path, files: folder.files)
    var segments: [SegmentView] = []
    for entry in state.segments {
      let reader = try EngineApply.open(entry.reference, folder: folder, store: store, context: context)
      guard entry.marks.allSatisfy({ $0.position < reader.footer.rowCount }) else {
        throw StoreError.damaged(
          "a mark lies outside its segment", file: StateFile.fileName(number), offset: 0)
      }
      segments.append(
        SegmentView(
          reader: reader, addedCommit: entry.addedCommit, lastCommit: entry.lastCommit,
          historyEnd: entry.historyEnd, isCompacted: entry.isCompacted, marks: MarkTable(entry.marks)))
    }
    var view = EngineView(commit: state.commit, segments: segments, memory: MemoryTable())
    var opened = Opened(
      state: state, store: store, view: view, instants: state.instants, nextSegment: state.nextSegment)
    let file: any StoreFile
    do throws(StoreError) {
      file = try folder.files.open(folder.path + "/" + JournalFormat.fileName(number), writable: isWriter)
    } catch {
      // A journal is made before the state it belongs to: without it commits are missing.
      guard error.code == .notFound else { throw error }
      throw StoreError.damaged(
        "the journal of the state is missing", file: JournalFormat.fileName(number), offset: 0)
    }
    let contents = try JournalReader.read(file, number: number, store: store)
    for record in contents.records {
      guard record.commit == view.commit + 1, record.instantMilliseconds >= opened.instants.last ?? .min
      else {
        throw StoreError.damaged(
          "the commits of the journal do not follow", file: JournalFormat.fileName(number), offset: 0)
      }
      let added = try EngineApply.openSegments(
        of: record, finished: [], folder: folder, store: store, context: context)
      guard added.allSatisfy({ view.segment($0.id.rawValue) == nil }) else {
        throw StoreError.damaged("a segment is added twice", file: JournalFormat.fileName(number), offset: 0)
      }
      view = try EngineApply.apply(record, to: view, opened: added)
      opened.instants.append(record.instantMilliseconds)
      for segment in record.segments {
        opened.nextSegment = max(opened.nextSegment, segment.id.rawValue &+ 1)
      }
    }
    opened.view = view
    opened.contents = contents
    opened.journalFile = file
    return opened
  }

  /// Removes temporary files, segments of commits that never came, and states a checkpoint left behind.
  private func removeLeftovers(_ opened: Opened) throws(StoreError) {
    let files = folder.files
    for name in ["seg", "tmp"] { try files.createDirectory(folder.path + "/" + name) }
    // What we found may be whole in memory only: make it durable before anything older goes.
    try files.syncDirectory(folder.path + "/seg")
    try files.syncDirectory(folder.path)
    try folder.removeUnnamed(
      segments: Set(opened.view.segments.map(\.reader.id)), state: opened.state.number)
  }
}
