// Owns what can be known of a damaged store before its segments are looked at: its state, and the commits of its journal.
// Invariants: the folder is only read; a journal is mended where the frame behind the damage proves what stood there, and else its commits count up to the
// damage; the state is never guessed at.

/// What a state and the readable part of its journal say of a store.
struct DamagedStore {
  let number: UInt64
  let store: StoreIdentifier
  private(set) var commit: UInt64
  private(set) var nextSegment: UInt64
  private(set) var instants: [Int64]
  private(set) var entries: [SegmentEntry]
  private(set) var memory = MemoryTable()
  /// Why commits behind the last one are lost.
  private(set) var damage: StoreError?
  /// What was damaged and could be mended.
  private(set) var mended: [StoreError] = []
  /// Whether a backup that is further on than the readable part of the journal stands for it.
  private(set) var isOfBackup = false

  init(_ folder: StoreFolder) throws(StoreError) {
    number = try folder.currentState()
    let state: StoreState
    do throws(StoreError) {
      (state, store) = try StateFile.read(number: number, folder: folder.path, files: folder.files)
    } catch {
      throw StoreError(
        .damaged,
        "neither copy of the state can be read (\(error.message)), so that it is not known what belongs to the store; "
          + "copy a backup back", file: error.file, offset: error.offset)
    }
    (commit, nextSegment) = (state.commit, state.nextSegment)
    (instants, entries) = (state.instants, state.segments)
    // A segment that was being written may still lie there; its number must not be given again.
    for name in try folder.files.list(folder.path + "/seg") {
      if let id = UInt64(name.dropLast(4), radix: 16), id < 1 << 60 {
        nextSegment = max(nextSegment, id &+ 1)
      }
    }
    do throws(StoreError) {
      let contents = try journal(in: folder)
      damage = contents.damage
      for record in contents.records { try apply(record) }
    } catch {
      damage =
        error.code == .notFound
        ? StoreError.damaged("the journal is missing", file: JournalFormat.fileName(number), offset: 0)
        : error
    }
  }

  /// Reads the journal, mended as far as it can be.
  private mutating func journal(in folder: StoreFolder) throws(StoreError) -> JournalContents {
    let file = try folder.files.open(
      folder.path + "/" + JournalFormat.fileName(number), writable: false)
    let mending = JournalMending(number: number, store: store)
    var bytes = try JournalReader.bytes(of: file, number: number)
    func read() throws(StoreError) -> JournalContents {
      try JournalReader.read(bytes, number: number, store: store, keepsPrefix: true)
    }
    var contents: JournalContents
    do throws(StoreError) {
      contents = try read()
    } catch {
      // A header that the first frame bears out is not of a later version, whatever its own fields say.
      guard error.code == .damaged || error.code == .newerVersion, let whole = mending.header(of: bytes)
      else { throw error }
      bytes = whole
      contents = try read()
      mended.append(error)
    }
    while let damage = contents.damage, let whole = mending.frame(of: bytes, behind: contents) {
      bytes = whole
      guard let next = try? read(), next.nextFrame > contents.nextFrame else { break }
      contents = next
      mended.append(damage)
    }
    return contents
  }

  /// Applies a commit to what is known of the store, without opening its segments.
  private mutating func apply(_ record: CommitRecord) throws(StoreError) {
    guard record.commit == commit + 1 else {
      throw StoreError.damaged(
        "the commits of the journal do not follow", file: JournalFormat.fileName(number), offset: 0)
    }
    for reference in record.segments {
      entries.append(
        SegmentEntry(
          reference: reference, addedCommit: record.commit, lastCommit: record.commit, marks: []))
      nextSegment = max(nextSegment, reference.id.rawValue &+ 1)
    }
    memory.append(rowsOf: record)
    for mark in record.superseded {
      if mark.segment == 0 {
        _ = memory.marks.insert(mark.position, commit: record.commit)
      } else if let place = entries.firstIndex(where: { $0.reference.id.rawValue == mark.segment }) {
        entries[place].marks.append((mark.position, record.commit))
      }
    }
    commit = record.commit
    instants.append(record.instantMilliseconds)
  }

  /// Goes on from a backup where commits are lost that the backup has.
  mutating func takeCommits(of backup: StoreFolder) {
    guard damage != nil, let other = try? DamagedStore(backup), other.damage == nil, other.store == store,
      other.commit > commit, other.instants.starts(with: instants)
    else { return }
    (commit, instants, entries, memory) = (other.commit, other.instants, other.entries, other.memory)
    nextSegment = max(nextSegment, other.nextSegment)
    isOfBackup = true
  }

  /// Puts other segments in the place of those of the damaged store.
  mutating func take(_ entries: [SegmentEntry]) { self.entries = entries }
}
