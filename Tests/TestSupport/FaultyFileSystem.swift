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
    case createDirectory, list, remove, read, size
  }

  /// What becomes of bytes whose sync fails; systems differ.
  package enum Unsynced: Sendable {
    /// The next sync tries again.
    case kept
    /// They are gone; the next sync says all is well.
    case dropped
    /// They can be read as if all were well, and are never written; the next sync says all is well.
    case neverWritten
  }

  /// How a call fails.
  package struct Failure: Sendable {
    package var code: StoreError.Code
    /// Whether the first half of a failing write reaches the file.
    package var tearsWrites: Bool
    /// What becomes of bytes whose sync fails.
    package var unsynced: Unsynced

    package init(
      _ code: StoreError.Code = .inputOutput, tearsWrites: Bool = false, unsynced: Unsynced = .kept
    ) {
      self.code = code
      self.tearsWrites = tearsWrites
      self.unsynced = unsynced
    }
  }

  private let base: any FileSystem
  private let fault: Mutex<(@Sendable (Call, String) -> Failure?)?>

  /// Puts itself above another file system; nothing fails yet.
  package init(_ base: any FileSystem) {
    self.base = base
    fault = Mutex(nil)
  }

  /// Which calls fail from now on; `nil` for none.
  package func fail(_ body: (@Sendable (Call, String) -> Bool)?) {
    guard let body else { return fail(with: nil) }
    fail(with: { call, path in body(call, path) ? Failure() : nil })
  }

  /// Which calls fail from now on, and how.
  package func fail(with body: (@Sendable (Call, String) -> Failure?)?) { fault.withLock { $0 = body } }

  fileprivate func failure(_ call: Call, _ path: String) -> Failure? {
    fault.withLock { $0 }.flatMap { $0(call, path) }
  }

  fileprivate func check(_ call: Call, _ path: String) throws(StoreError) {
    if let failure = failure(call, path) { throw Self.error(failure, path) }
  }

  fileprivate static func error(_ failure: Failure, _ path: String) -> StoreError {
    StoreError(failure.code, "an error the test asked for", file: path)
  }

  package func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile {
    try check(.open, path)
    return FaultyFile(try base.open(path, writable: writable), self)
  }

  package func create(_ path: String) throws(StoreError) -> any StoreFile {
    try check(.create, path)
    return FaultyFile(try base.create(path), self)
  }

  package func createDirectory(_ path: String) throws(StoreError) {
    try check(.createDirectory, path)
    try base.createDirectory(path)
  }

  package func list(_ path: String) throws(StoreError) -> [String] {
    try check(.list, path)
    return try base.list(path)
  }

  package func exists(_ path: String) -> Bool { base.exists(path) }
  package func size(_ path: String) throws(StoreError) -> Int64 {
    try check(.size, path)
    return try base.size(path)
  }

  package func rename(_ from: String, to: String) throws(StoreError) {
    try check(.rename, from)
    try base.rename(from, to: to)
  }

  package func link(_ from: String, to: String) throws(StoreError) -> Bool {
    try check(.link, from)
    return try base.link(from, to: to)
  }

  package func identity(_ path: String) -> String? {
    failure(.identity, path) != nil ? nil : base.identity(path)
  }

  package func remove(_ path: String) throws(StoreError) {
    try check(.remove, path)
    try base.remove(path)
  }

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
    try files.check(.read, path)
    try base.read(into: buffer, at: offset)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
    if let failure = files.failure(.write, path) {
      if failure.tearsWrites {
        try base.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), at: offset)
      }
      throw FaultyFileSystem.error(failure, path)
    }
    try base.write(bytes, at: offset)
  }

  func truncate(to length: Int64) throws(StoreError) {
    try files.check(.truncate, path)
    try base.truncate(to: length)
  }

  func sync() throws(StoreError) {
    if let failure = files.failure(.sync, path) {
      if failure.unsynced != .kept {
        (base as? any ForgetfulFile)?.forgetUnsynced(isReadable: failure.unsynced == .neverWritten)
      }
      throw FaultyFileSystem.error(failure, path)
    }
    try base.sync()
  }

  func size() throws(StoreError) -> Int64 { try base.size() }
}

/// A file that can lose what was not made durable.
package protocol ForgetfulFile {
  /// Gives up what was not made durable; it may stay readable until the power goes.
  func forgetUnsynced(isReadable: Bool)
}
