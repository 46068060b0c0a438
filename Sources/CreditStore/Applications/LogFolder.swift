// Owns the folder in which processes keep their logs until they are folded into the store.
// Invariants: 0700, files 0600; a file whose lock can be had belongs to no process any more.
// Does not know what files say.

package import SegmentStore

/// A folder of log files.
package struct LogFolder: Sendable {
  package let path: String
  private let files: any FileSystem

  package init(path: String, files: any FileSystem = PosixFileSystem()) {
    self.path = path
    self.files = files
  }

  /// Makes the folder unless it is there.
  package func create() throws(CreditError) {
    do {
      guard !files.exists(path) else { return }
      try files.createDirectory(path)
    } catch { throw CreditError(wrapping: error) }
  }

  /// Makes a file in it.
  package func make(_ name: String) throws(CreditError) -> LogFile {
    try create()
    let file = try LogFile(path: path + "/" + name, files: files)
    do { try files.syncDirectory(path) } catch { throw CreditError(wrapping: error) }
    return file
  }

  /// Names of the files with an ending, by name.
  package func names(ending: String) throws(CreditError) -> [String] {
    do {
      return files.exists(path) ? try files.list(path).filter { $0.hasSuffix(ending) }.sorted() : []
    } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// Bytes of a file.
  package func read(_ name: String) throws(CreditError) -> [UInt8] {
    do {
      let file = try files.open(path + "/" + name, writable: false)
      return try file.read(count: Int(clamping: try file.size()), at: 0)
    } catch { throw CreditError(wrapping: error) }
  }

  /// Bytes of a file; `nil` where it is gone.
  package func readIfThere(_ name: String) throws(CreditError) -> [UInt8]? {
    do { return try read(name) } catch {
      if files.exists(path + "/" + name) { throw error }
      return nil
    }
  }

  /// Does something with a file that no process writes any more; `nil` where one does.
  package func withAbandoned<Result>(
    _ name: String, _ body: () throws(CreditError) -> Result
  ) throws(CreditError) -> Result? {
    let lock: (any FileLock)?
    do { lock = try files.lock(path + "/" + name) } catch { throw CreditError(wrapping: error) }
    guard let lock else { return nil }
    defer { lock.release() }
    return try body()
  }

  /// Removes a file.
  package func remove(_ name: String) throws(CreditError) {
    do {
      try files.remove(path + "/" + name)
      try files.syncDirectory(path)
    } catch { throw CreditError(wrapping: error) }
  }
}
