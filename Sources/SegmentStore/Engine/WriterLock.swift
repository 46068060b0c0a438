// Owns the exclusive right to write a store.
// Invariants: one writer among all processes and within this one; the note beside the lock is for people only and is
// never trusted; the lock ends with its process.

/// How a store is opened.
public enum OpeningMode: Sendable, Equatable {
  /// For reading and writing; waits for another writer up to so many seconds.
  case readWrite(waitSeconds: Double = 0)
  /// For reading, and for writing in turns with other processes: the right to write is taken for a commit, waiting up to so many seconds, and given back
  /// after so many seconds without one, or as soon as another process waits for it.
  case shared(waitSeconds: Double = 30, idleSeconds: Double = 2)
  /// For reading, beside a writer.
  case readOnly
  /// For reading from media nobody writes to; nothing is created in the folder.
  case immutable

  /// Whether commits can be made.
  package var isWritable: Bool {
    switch self {
    case .readWrite, .shared: true
    case .readOnly, .immutable: false
    }
  }

  /// Whether nobody else writes as long as the store is open.
  package var isExclusive: Bool { if case .readWrite = self { true } else { false } }
}

package final class WriterLock: Sendable {
  private static let openStores = Guarded<Set<String>>([])
  private let lock: any FileLock
  private let path: String

  /// Takes the lock or says who has it.
  package init(_ folder: StoreFolder, waitSeconds: Double) throws(StoreError) {
    path = folder.path
    let lockPath = folder.path + "/LOCK"
    var waited = 0.0
    while true {
      let isFirst = Self.openStores.withLock { $0.insert(folder.path).inserted }
      if isFirst {
        do throws(StoreError) {
          if let lock = try folder.files.lock(lockPath) {
            self.lock = lock
            Self.note(folder)
            Self.setWanted(false, folder)
            return
          }
        } catch {
          Self.openStores.withLock { _ = $0.remove(folder.path) }
          throw error
        }
        Self.openStores.withLock { _ = $0.remove(folder.path) }
      }
      guard waited < waitSeconds else {
        if waited > 0 { Self.setWanted(false, folder) }
        let holder = Self.holder(folder)
        throw StoreError(
          .locked,
          "the store is held for writing by \(holder); wait for it with --wait SECONDS or open it read-only",
          file: folder.path)
      }
      Self.setWanted(true, folder)
      SystemCall.sleep(milliseconds: 20)
      waited += 0.02
    }
  }

  /// Gives the lock back.
  package func release() {
    lock.release()
    Self.openStores.withLock { _ = $0.remove(path) }
  }

  // MARK: Notes

  private static func wantedPath(_ folder: StoreFolder) -> String {
    folder.path + "/" + StoreFolder.lockWanted
  }

  /// Whether somebody waits for the lock, or did and died: at most it is given back once too often.
  package static func isWanted(_ folder: StoreFolder) -> Bool { folder.files.exists(wantedPath(folder)) }

  /// Says that somebody waits; whoever gets the lock takes the note away, and those who still wait put it there again.
  private static func setWanted(_ isWanted: Bool, _ folder: StoreFolder) {
    guard Self.isWanted(folder) != isWanted else { return }
    if isWanted {
      _ = try? folder.files.create(wantedPath(folder))
    } else {
      try? folder.files.remove(wantedPath(folder))
    }
  }

  /// Leaves a note who writes, for messages.
  private static func note(_ folder: StoreFolder) {
    let text = "process \(SystemCall.processIdentifier) since \(SystemCall.nowMilliseconds)\n"
    let path = folder.path + "/LOCK.holder"
    try? folder.files.remove(path)
    if let file = try? folder.files.create(path) { try? file.write(Array(text.utf8), at: 0) }
  }

  private static func holder(_ folder: StoreFolder) -> String {
    let path = folder.path + "/LOCK.holder"
    guard let size = try? folder.files.size(path), size < 200,
      let file = try? folder.files.open(path, writable: false),
      let bytes = try? file.read(count: Int(size), at: 0)
    else { return "another process" }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    let now = SystemCall.nowMilliseconds
    guard words.count == 4, let since = Int64(words[3]), (0...now).contains(since) else {
      return "another process"
    }
    let seconds = (now - since) / 1000
    return "process \(words[1]), for \(seconds) seconds"
  }
}
