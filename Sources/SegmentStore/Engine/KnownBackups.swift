// Owns what a store knows of the backups made of it: one small file each, in the folder of the store.
// Invariants: a note says where a backup lies and at which commit it stood when it was last brought up to date; it is there before the backup
// is, with commit 0 as long as nothing is known; a note is replaced as a whole; nothing else depends on notes.
// Does not look whether a backup still exists.

/// A backup that was made of a store (备份登记).
public struct KnownBackup: Codable, Sendable, Equatable {
  /// The folder.
  public var path: String
  /// The commit the backup stands at; 0 for one that was begun and of whose end the store does not know.
  public var commit: UInt64
  /// When it was made or brought up to date, in milliseconds since 1970 UTC.
  public var instantMilliseconds: Int64

  /// Makes a note.
  public init(path: String, commit: UInt64, instantMilliseconds: Int64) {
    self.path = path
    self.commit = commit
    self.instantMilliseconds = instantMilliseconds
  }
}

package struct KnownBackups {
  private static let prefix = "backup-"
  private static let suffix = ".note"
  /// Longer notes are not read.
  private static let maximumBytes: Int64 = 8192

  private let folder: StoreFolder

  package init(_ folder: StoreFolder) { self.folder = folder }

  /// Notes a backup that is about to be made, unless it is known: a purge that ends before the backup must know of it.
  package func announce(_ path: String) throws(StoreError) {
    guard try !all().contains(where: { $0.path == path }) else { return }
    try note(KnownBackup(path: path, commit: 0, instantMilliseconds: SystemCall.nowMilliseconds))
  }

  /// Notes a backup in place of an earlier note of the same folder.
  package func note(_ backup: KnownBackup) throws(StoreError) {
    let digits = String(XXHash64.hash(Array(backup.path.utf8)), radix: 16)
    let name = Self.prefix + String(repeating: "0", count: 16 - digits.count) + digits + Self.suffix
    let text = "\(backup.commit) \(backup.instantMilliseconds) \(backup.path)\n"
    let temporary = folder.path + "/tmp/" + name + "-" + String(UInt64.random(in: 0 ... .max), radix: 16)
    for attempt in 1... {
      do throws(StoreError) {
        let file = try folder.files.create(temporary)
        try file.write(Array(text.utf8), at: 0)
        try file.sync()
        try folder.files.rename(temporary, to: folder.path + "/" + name)
        break
      } catch {
        // A writer that opens the store meanwhile removes what it finds in the folder of temporary files.
        guard error.code == .notFound, attempt < 3 else {
          try? folder.files.remove(temporary)
          throw error
        }
      }
    }
    try folder.files.syncDirectory(folder.path)
  }

  /// All notes, the oldest first.
  package func all() throws(StoreError) -> [KnownBackup] {
    var backups: [KnownBackup] = []
    for name in try folder.files.list(folder.path)
    where name.hasPrefix(Self.prefix) && name.hasSuffix(Self.suffix) {
      let path = folder.path + "/" + name
      guard let size = try? folder.files.size(path), size <= Self.maximumBytes,
        let file = try? folder.files.open(path, writable: false),
        let bytes = try? file.read(count: Int(size), at: 0), bytes.last == 0x0A
      else { continue }
      let words = String(decoding: bytes.dropLast(), as: UTF8.self)
        .split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      guard words.count == 3, let commit = UInt64(words[0]), let instant = Int64(words[1]) else { continue }
      backups.append(KnownBackup(path: String(words[2]), commit: commit, instantMilliseconds: instant))
    }
    return backups.sorted { ($0.instantMilliseconds, $0.path) < ($1.instantMilliseconds, $1.path) }
  }
}

extension SegmentEngine {
  /// The backups that were made of this store, as far as it knows, the oldest first.
  public func knownBackups() throws(StoreError) -> [KnownBackup] { try KnownBackups(folder).all() }
}
