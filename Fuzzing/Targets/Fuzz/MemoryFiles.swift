// Owns a disk that is a table of byte arrays: for reading hostile files, and for throwing away what is written.
// Invariants: used by one thread at a time.
// Does not lose anything: that is the simulated disk of the tests.

import SegmentStore

/// A file of such a disk.
final class MemoryFile: StoreFile, @unchecked Sendable {
  let path: String
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8], path: String = "fuzz") {
    self.bytes = bytes
    self.path = path
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) {
    guard offset >= 0, offset <= Int64(bytes.count - buffer.count) else {
      throw StoreError.damaged("the file ends", file: path, offset: offset)
    }
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count]))
    }
  }

  func write(_ new: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
    let end = Int(offset) + new.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    for (place, byte) in new.enumerated() { bytes[Int(offset) + place] = byte }
  }

  func truncate(to length: Int64) throws(StoreError) { bytes.removeLast(bytes.count - Int(length)) }
  func sync() throws(StoreError) {}
  func size() throws(StoreError) -> Int64 { Int64(bytes.count) }
}

/// The disk.
final class MemoryFiles: FileSystem, @unchecked Sendable {
  private final class Lock: FileLock { func release() {} }
  private var files: [String: MemoryFile]

  /// A disk with some files on it.
  init(_ files: [String: MemoryFile] = [:]) { self.files = files }

  private func file(_ path: String) throws(StoreError) -> MemoryFile {
    guard let file = files[path] else { throw StoreError(.notFound, "no such file", file: path) }
    return file
  }

  func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile { try file(path) }
  func create(_ path: String) throws(StoreError) -> any StoreFile {
    let file = MemoryFile([], path: path)
    files[path] = file
    return file
  }
  func createDirectory(_ path: String) throws(StoreError) {}
  func list(_ path: String) throws(StoreError) -> [String] {
    files.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }.sorted()
  }
  func exists(_ path: String) -> Bool { files[path] != nil }
  func size(_ path: String) throws(StoreError) -> Int64 { try file(path).size() }
  func rename(_ from: String, to: String) throws(StoreError) {
    files[to] = try file(from)
    files[from] = nil
  }
  func link(_ from: String, to: String) throws(StoreError) -> Bool { false }
  func identity(_ path: String) -> String? { files[path].map { "\(ObjectIdentifier($0))" } }
  func remove(_ path: String) throws(StoreError) { files[path] = nil }
  func syncDirectory(_ path: String) throws(StoreError) {}
  func lock(_ path: String) throws(StoreError) -> (any FileLock)? { Lock() }
}
