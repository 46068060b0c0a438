// Owns the seam between the engine and the operating system.
// Invariants: the engine reaches files only through these protocols, so that tests can put another disk under it.
// Does not buffer, cache or retry beyond what a system call demands.

/// The file operations the engine needs; `PosixFileSystem` is the real one.
package protocol FileSystem: Sendable {
  /// Opens an existing file.
  func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile
  /// Creates a file that must not exist yet, readable by its owner alone.
  func create(_ path: String) throws(StoreError) -> any StoreFile
  /// Creates a folder, accessible to its owner alone; an existing one is fine.
  func createDirectory(_ path: String) throws(StoreError)
  /// Names in a folder, sorted; an absent folder is an error.
  func list(_ path: String) throws(StoreError) -> [String]
  /// Whether a file or folder exists.
  func exists(_ path: String) -> Bool
  /// Length of a file in bytes.
  func size(_ path: String) throws(StoreError) -> Int64
  /// Gives a file another name in the same file system, replacing nothing of value.
  func rename(_ from: String, to: String) throws(StoreError)
  /// Gives a file a second name; false where the file system cannot, and it has to be copied.
  func link(_ from: String, to: String) throws(StoreError) -> Bool
  /// What tells two names of the same file or folder apart from two files; `nil` for an absent one.
  func identity(_ path: String) -> String?
  /// Removes a file; an absent one is fine.
  func remove(_ path: String) throws(StoreError)
  /// Makes creations, renames and removals in a folder durable.
  func syncDirectory(_ path: String) throws(StoreError)
  /// Takes the exclusive lock on a file, creating it if needed; `nil` when somebody else holds it.
  func lock(_ path: String) throws(StoreError) -> (any FileLock)?
}

/// An open file, addressed by offset.
package protocol StoreFile: AnyObject, Sendable {
  /// Fills the buffer from an offset; reading past the end is damage.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError)
  /// Writes all bytes at an offset.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError)
  /// Cuts the file to a length; durable with the next sync.
  func truncate(to length: Int64) throws(StoreError)
  /// Makes contents and length durable. After an error the file must not be trusted any more.
  func sync() throws(StoreError)
  /// Length in bytes.
  func size() throws(StoreError) -> Int64
  /// Path it was opened with, for messages.
  var path: String { get }
}

/// A lock that ends when it is released or its process dies.
package protocol FileLock: AnyObject, Sendable {
  /// Gives the lock back.
  func release()
}

extension StoreFile {
  /// Reads a range into fresh bytes.
  package func read(count: Int, at offset: Int64) throws(StoreError) -> [UInt8] {
    var failure: StoreError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(StoreError) {
        try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes bytes of an array.
  package func write(_ bytes: [UInt8], at offset: Int64) throws(StoreError) {
    var failure: StoreError?
    bytes.withUnsafeBytes { buffer in
      do throws(StoreError) { try write(buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
