// Owns making a whole store out of a damaged one: in another folder, from what can be read and from a backup.
// Invariants: the damaged store is only read; the repaired one is named by its state last, and opened and checked before the repair is called
// done; whatever is not in it is in the report. Of a store whose commits are lost and a backup that has more of them, the backup is taken.
// Does not know what rows mean.

package struct StoreRepair {
  private let source: StoreFolder
  private let target: StoreFolder
  private let backup: StoreFolder?
  private let options: EngineOptions
  private let progress: (Double) -> Void

  private var files: any FileSystem { target.files }

  package init(
    source: StoreFolder, target: StoreFolder, backup: StoreFolder?, options: EngineOptions,
    progress: @escaping (Double) -> Void
  ) {
    self.source = source
    self.target = target
    self.backup = backup
    self.options = options
    self.progress = progress
  }

  package func run() throws(StoreError) -> RepairReport {
    let isFree = files.exists(target.path) ? try files.list(target.path).isEmpty : true
    guard isFree else {
      throw StoreError(.alreadyExists, "the folder is not empty; choose another one", file: target.path)
    }
    // Nobody shall write while the store is read; one on a read-only disk cannot be written to anyway.
    var lock: WriterLock?
    do throws(StoreError) {
      lock = try WriterLock(source, waitSeconds: 0)
    } catch {
      if error.code == .locked { throw error }
    }
    defer { lock?.release() }
    var found = try DamagedStore(source)
    if let backup { found.takeCommits(of: backup) }
    try target.create()
    let own = try WriterLock(target, waitSeconds: 0)
    defer { own.release() }
    var report = RepairReport(
      commit: found.commit, losesCommits: found.damage != nil, segmentsWhole: 0, segmentsFromBackup: 0,
      segmentsRebuilt: 0, segmentsLost: 0, rows: 0, faults: [], losses: [])
    for fault in found.mended { note(fault, in: "", &report) }
    if let damage = found.damage {
      note(damage, in: "", &report)
      let loss = LostCommits(source, found, readingContext()).loss()
      if let loss { report.losses.append(loss) }
      report.losesCommits = loss != nil
    }
    let environment = StoreEnvironment(
      folder: target, identifier: found.store,
      context: ReadingContext(
        cache: BlockCache(budget: options.memoryBudgetBytes / 4), keyText: options.keyText,
        searchForm: options.searchForm),
      options: options, nextSegment: found.nextSegment)
    var entries: [SegmentEntry] = []
    for (index, entry) in found.entries.enumerated() {
      if let kept = try take(entry, of: found, environment, &report) { entries.append(kept) }
      progress(Double(index + 1) / Double(found.entries.count + 1))
    }
    if found.memory.count > 0 {
      let view = try MemoryFlush.write(
        found.memory, asOf: found.commit, as: environment.takeSegmentID(), in: environment)
      entries.append(SegmentEntry(view))
      report.rows += found.memory.count
    }
    found.take(entries)
    try files.syncDirectory(target.path + "/seg")
    try name(found, nextSegment: environment.nextSegmentNumber)
    try check(found)
    try takeNotes(found)
    progress(1)
    return report
  }

  // MARK: Segments

  private func note(_ error: StoreError, in file: String, _ report: inout RepairReport) {
    let prefix = source.path + "/"
    let name = error.file.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 } ?? file
    report.faults.append(StoreFault(file: name, offset: error.offset ?? 0, what: error.message))
  }

  private func readingContext() -> ReadingContext {
    ReadingContext(
      cache: BlockCache(budget: 16 << 20), keyText: options.keyText, searchForm: options.searchForm)
  }

  /// Puts a segment, or what can be had of it, into the repaired store.
  private func take(
    _ entry: SegmentEntry, of found: DamagedStore, _ environment: StoreEnvironment,
    _ report: inout RepairReport
  ) throws(StoreError) -> SegmentEntry? {
    let name = entry.reference.id.fileName
    let context = readingContext()
    if found.isOfBackup, let rows = try takeFromBackup(entry, of: found, context) {
      report.segmentsFromBackup += 1
      report.rows += rows
      return sorted(entry)
    }
    var reader: SegmentReader?
    do throws(StoreError) {
      let opened = try EngineApply.open(
        entry.reference, folder: source, store: found.store, context: context)
      reader = opened
      let faults = opened.faults()
      guard !faults.isEmpty else {
        try copy(opened, from: source)
        report.segmentsWhole += 1
        report.rows += Int(opened.footer.rowCount)
        return sorted(entry)
      }
      for fault in faults { note(fault, in: name, &report) }
    } catch {
      // Writing failed, not reading.
      guard reader == nil else { throw error }
      note(error, in: name, &report)
      let path = source.path + "/" + name
      if let file = try? source.files.open(path, writable: false) {
        let id = entry.reference.id
        reader = (try? SegmentReader.salvaging(id, of: found.store, file: file, context: context)) ?? nil
      }
    }
    if let rows = try takeFromBackup(entry, of: found, context) {
      report.segmentsFromBackup += 1
      report.rows += rows
      return sorted(entry)
    }
    guard let reader else {
      report.segmentsLost += 1
      report.losses.append(
        RepairReport.Loss(
          file: name, dataset: nil, rows: nil, batches: [], firstCommit: entry.addedCommit,
          lastCommit: entry.lastCommit))
      return nil
    }
    return try salvage(entry, reader, environment, &report)
  }

  private func sorted(_ entry: SegmentEntry) -> SegmentEntry {
    var entry = entry
    entry.marks.sort { $0.position < $1.position }
    return entry
  }

  /// Links or copies a segment that was found whole.
  private func copy(_ segment: SegmentReader, from folder: StoreFolder) throws(StoreError) {
    let name = segment.id.fileName
    if try files.link(folder.path + "/" + name, to: target.path + "/" + name) { return }
    try segment.copy(to: target.path + "/" + name, files: files)
  }

  /// Rows of the segment where the backup has the very same one, and whole.
  private func takeFromBackup(
    _ entry: SegmentEntry, of found: DamagedStore, _ context: ReadingContext
  ) throws(StoreError) -> Int? {
    guard let backup else { return nil }
    let reader: SegmentReader
    do throws(StoreError) {
      reader = try EngineApply.open(entry.reference, folder: backup, store: found.store, context: context)
    } catch {
      return nil
    }
    guard reader.faults().isEmpty else { return nil }
    try copy(reader, from: backup)
    return Int(reader.footer.rowCount)
  }

  private func salvage(
    _ entry: SegmentEntry, _ reader: SegmentReader, _ environment: StoreEnvironment,
    _ report: inout RepairReport
  ) throws(StoreError) -> SegmentEntry? {
    let view = SegmentView(
      reader: reader, addedCommit: entry.addedCommit, lastCommit: entry.lastCommit,
      historyEnd: entry.historyEnd, marks: MarkTable(entry.marks))
    var salvage = SegmentSalvage(view, keyText: options.keyText) { () throws(StoreError) in
      try SegmentWriter(
        id: environment.takeSegmentID(), store: environment.identifier, folder: target.path, files: files)
    }
    let outcome = try salvage.run()
    report.losses += outcome.losses
    report.rows += outcome.rows
    guard let segment = outcome.segment else {
      report.segmentsLost += 1
      return nil
    }
    report.segmentsRebuilt += 1
    return SegmentEntry(
      reference: SegmentReference(id: segment.id, fileLength: segment.fileLength, checksum: segment.checksum),
      addedCommit: outcome.firstCommit, lastCommit: outcome.lastCommit, marks: outcome.marks)
  }

  // MARK: The repaired store

  private func name(_ found: DamagedStore, nextSegment: UInt64) throws(StoreError) {
    let state = StoreState(
      number: found.number + 1, commit: found.commit, nextSegment: nextSegment, instants: found.instants,
      segments: found.entries)
    _ = try Journal(creating: state.number, store: found.store, folder: target.path, files: files)
    try StateFile.write(state, store: found.store, folder: target.path, files: files)
  }

  /// Takes over what the store knew of its backups; the damaged store and the backup given are copies of it from now on, too.
  private func takeNotes(_ found: DamagedStore) throws(StoreError) {
    let notes = KnownBackups(target)
    for backup in (try? KnownBackups(source).all()) ?? [] where backup.path != target.path {
      try notes.note(backup)
    }
    let now = SystemCall.nowMilliseconds
    try notes.note(KnownBackup(path: source.path, commit: found.commit, instantMilliseconds: now))
    if let backup { try notes.announce(backup.path) }
  }

  private func check(_ found: DamagedStore) throws(StoreError) {
    let engine = try SegmentEngine(opening: target.path, mode: .readOnly, options: options, files: files)
    guard engine.snapshot().commit == found.commit else {
      throw StoreError(
        .damaged, "the repaired store does not stand at commit \(found.commit)", file: target.path)
    }
    if let fault = engine.verify().first {
      throw StoreError.damaged(
        "the repaired store is not whole: \(fault.what)", file: fault.file, offset: fault.offset)
    }
  }
}

extension SegmentEngine {
  /// Makes a whole store out of a damaged one.
  ///
  /// Segments that are whole are hard-linked or copied; of damaged ones the backup's copy is taken where it has the very same file, or else every row
  /// that can be read. The damaged store is not changed.
  /// - Parameters:
  ///   - source: the damaged store; nobody may have it open for writing.
  ///   - target: a folder that does not exist or is empty.
  ///   - backup: a backup of the store, of any commit.
  ///   - options: the memory budget, and how keys are rendered.
  ///   - progress: told the share that is done.
  /// - Throws: `StoreError`; `damaged` where the state itself cannot be read, `locked` while somebody writes.
  public static func repair(
    _ source: String, into target: String, backup: String? = nil, options: EngineOptions = .init(),
    progress: @escaping (Double) -> Void = { _ in }
  ) throws(StoreError) -> RepairReport {
    try repair(
      source, into: target, backup: backup, options: options, files: PosixFileSystem(), progress: progress)
  }

  package static func repair(
    _ source: String, into target: String, backup: String?, options: EngineOptions, files: any FileSystem,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws(StoreError) -> RepairReport {
    try StoreRepair(
      source: StoreFolder(path: source, files: files), target: StoreFolder(path: target, files: files),
      backup: backup.map { StoreFolder(path: $0, files: files) }, options: options, progress: progress
    ).run()
  }
}
