// Owns the names and the recognition of what lies in a store's folder.
// Invariants: nothing outside the folder is touched; temporary files are removed by the writer alone.

/// The folder of a store.
package struct StoreFolder: Sendable {
  package let path: String
  package let files: any FileSystem

  package init(path: String, files: any FileSystem) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.files = files
  }

  /// Makes the folders of a new store.
  package func create() throws(StoreError) {
    let isNew = !files.exists(path)
    try files.createDirectory(path)
    for name in ["seg", "tmp"] { try files.createDirectory(path + "/" + name) }
    try files.syncDirectory(path)
    if isNew { try files.syncDirectory(parent) }
  }

  /// The folder the store's folder lies in.
  private var parent: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether the folder holds nothing but what a torn `create` leaves behind.
  ///
  /// - Parameter allowingSegments: also what a first backup that did not end leaves behind: segments beside a note that says so.
  package func isHalfMade(allowingSegments: Bool = false) throws(StoreError) -> Bool {
    let names = try files.list(path)
    let isUnfinished = allowingSegments && names.contains(Self.unfinishedBackup)
    for name in names {
      switch name {
      case "LOCK", "LOCK.holder", Self.lockWanted, "journal-1.jnl": continue
      case Self.unfinishedBackup where isUnfinished: continue
      case "tmp": continue
      case "seg":
        let isEmpty = try files.list(path + "/seg").allSatisfy { isUnfinished && Self.isSegment($0) }
        guard isEmpty else { return false }
      default: return false
      }
    }
    return true
  }

  /// A file that lies there while somebody waits for the writer's lock.
  package static let lockWanted = "LOCK.wanted"

  /// A file that lies in a backup until it was made whole once.
  package static let unfinishedBackup = "backup.unfinished"

  private static func isSegment(_ name: String) -> Bool {
    name.hasSuffix(".seg") && name.utf8.count >= 16
      && name.dropLast(4).utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }
  }

  /// Numbers of files `prefix<number>suffix`, ascending.
  package func numbers(prefix: String, suffix: String) throws(StoreError) -> [UInt64] {
    try files.list(path).compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
      let middle = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard let number = UInt64(middle), number < 1 << 62, String(number) == middle else { return nil }
      return number
    }.sorted()
  }

  /// Number of the highest state.
  package func currentState() throws(StoreError) -> UInt64 {
    guard files.exists(path) else {
      throw StoreError(.notFound, "there is no store; make one first", file: path)
    }
    guard let number = try numbers(prefix: "state-", suffix: ".ckp").last else {
      throw StoreError(.notAStore, "the folder is not a credit store", file: path)
    }
    return number
  }

  /// Removes temporary files, segments nobody names, and every state and journal but those of one number; the writer alone may.
  package func removeUnnamed(segments named: Set<SegmentID>, state: UInt64) throws(StoreError) {
    // What copies a store may leave an empty folder out.
    if !files.exists(path + "/tmp") { try files.createDirectory(path + "/tmp") }
    for name in try files.list(path + "/tmp") { try files.remove(path + "/tmp/" + name) }
    let names = Set(named.map(\.fileName))
    for name in try files.list(path + "/seg") where !names.contains("seg/" + name) {
      try files.remove(path + "/seg/" + name)
    }
    for number in try numbers(prefix: "state-", suffix: ".ckp") where number < state {
      try files.remove(path + "/" + StateFile.fileName(number))
    }
    for number in try numbers(prefix: "journal-", suffix: ".jnl") where number != state {
      try files.remove(path + "/" + JournalFormat.fileName(number))
    }
  }

  /// Bytes of all files of the store.
  package func totalBytes() throws(StoreError) -> Int64 {
    try allFiles().reduce(0) { $0 + ((try? files.size($1)) ?? 0) }
  }

  /// Number of the files of the store.
  package func fileCount() throws(StoreError) -> Int { try allFiles().count }

  private func allFiles() throws(StoreError) -> [String] {
    var paths: [String] = []
    for folder in ["", "/seg", "/tmp"] where files.exists(path + folder) {
      for name in try files.list(path + folder) where name != "seg" && name != "tmp" {
        paths.append(path + folder + "/" + name)
      }
    }
    return paths
  }
}
