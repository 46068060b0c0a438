// Owns a file system that fails calls on demand: what is under it may be the real one or a simulated disk.
// Invariants: a call that fails changes nothing below; all others pass through.
// Does not choose which calls fail: the test does.

package import SegmentStore
import Synchronization

/// Fails the calls a test asks for.
package final class FaultyFileSystem: FileSystem {
  /// The calls that can fail.
  package enum Call: Sendable {
    case open, create, write, sync, rename, link, identity, syncDirectory, truncate
  }

  private let base: any FileSystem
  private let fault: Mutex<(@Sendable (Call, String) -> Bool)?>

  /// Puts itself above another file system; nothing fails yet.
  package init(_ base: any FileSystem) {
    self.base = base
    fault = Mutex(nil)
  }

  /// Which calls fail from now on; `nil` for none.
  package func fail(_ body: (@Sendable (Call, String) -> Bool)?) { fault.withLock { $0 = body } }

  fileprivate func isFailing(_ call: Call, _ path: String) -> Bool {
    fault.withLock { $0 }.map { $0(call, path) } ?? false
  }

  fileprivate func check(_ call: Call, _ path: String) throws(StoreError) {
    if isFailing(call, path) { throw StoreError(.inputOutput, "an error the test asked for", file: path) }
  }

  package func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile {
    try check(.open, path)
    return FaultyFile(try base.open(path, writable: writable), self)
  }

  package func create(_ path: String) throws(StoreError) -> any StoreFile {
    try check(.create, path)
    return FaultyFile(try base.create(path), self)
  }

  package func createDirectory(_ path: String) throws(StoreError) { try base.createDirectory(path) }
  package func list(_ path: String) throws(StoreError) -> [String] { try base.list(path) }
  package func exists(_ path: String) -> Bool { base.exists(path) }
  package func size(_ path: String) throws(StoreError) -> Int64 { try base.size(path) }

  package func rename(_ from: String, to: String) throws(StoreError) {
    try check(.rename, from)
    try base.rename(from, to: to)
  }

  package func link(_ from: String, to: String) throws(StoreError) -> Bool {
    try check(.link, from)
    return try base.link(from, to: to)
  }

  package func identity(_ path: String) -> String? {
    isFailing(.identity, path) ? nil : base.identity(path)
  }

  package func remove(_ path: String) throws(StoreError) { try base.remove(path) }

  package func syncDirectory(_ path: String) throws(StoreError) {
    try check(.syncDirectory, path)
    try base.syncDirectory(path)
  }

  package func lock(_ path: String) throws(StoreError) -> (any FileLock)? { try base.lock(path) }
}

private final class FaultyFile: StoreFile {
  private let base: any StoreFile
  private let files: FaultyFileSystem

  init(_ base: any StoreFile, _ files: FaultyFileSystem) {
    self.base = base
    self.files = files
  }

  var path: String { base.path }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) {
    try base.read(into: buffer, at: offset)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
    try files.check(.write, path)
    try base.write(bytes, at: offset)
  }

  func truncate(to length: Int64) throws(StoreError) {
    try files.check(.truncate, path)
    try base.truncate(to: length)
  }

  func sync() throws(StoreError) {
    try files.check(.sync, path)
    try base.sync()
  }

  func size() throws(StoreError) -> Int64 { try base.size() }
}
