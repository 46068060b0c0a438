// Owns every system call of the engine.
// Invariants: interrupted calls are repeated, short reads and writes continued, zero progress is an error; files are
// 0600 in folders 0700; descriptors 0 to 2 are never used for data; a failed sync is never retried.
// Does not interpret contents.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The operating system's files.
package struct PosixFileSystem: FileSystem {
  package init() {}

  package func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile {
    try PosixFile(path: path, flags: writable ? O_RDWR : O_RDONLY)
  }

  package func create(_ path: String) throws(StoreError) -> any StoreFile {
    try PosixFile(path: path, flags: O_RDWR | O_CREAT | O_EXCL)
  }

  package func createDirectory(_ path: String) throws(StoreError) {
    guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
    throw SystemCall.error("make the folder", path)
  }

  package func list(_ path: String) throws(StoreError) -> [String] {
    guard let directory = opendir(path) else { throw SystemCall.error("list", path) }
    defer { closedir(directory) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        guard errno == 0 else { throw SystemCall.error("list", path) }
        break
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  package func size(_ path: String) throws(StoreError) -> Int64 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemCall.error("look at", path) }
    return Int64(status.st_size)
  }

  package func rename(_ from: String, to: String) throws(StoreError) {
    #if canImport(Glibc)
    let result = Glibc.rename(from, to)
    #else
    let result = Darwin.rename(from, to)
    #endif
    guard result == 0 else { throw SystemCall.error("rename", from) }
  }

  package func link(_ from: String, to: String) throws(StoreError) -> Bool {
    #if canImport(Glibc)
    let result = Glibc.link(from, to)
    #else
    let result = Darwin.link(from, to)
    #endif
    if result == 0 { return true }
    let cannot: Set<Int32> = [EXDEV, EPERM, EMLINK, ENOTSUP, EACCES]
    guard cannot.contains(errno) else { throw SystemCall.error("link", from) }
    return false
  }

  package func identity(_ path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? "\(status.st_dev) \(status.st_ino)" : nil
  }

  package func remove(_ path: String) throws(StoreError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw SystemCall.error("remove", path)
  }

  package func syncDirectory(_ path: String) throws(StoreError) {
    let descriptor = try SystemCall.open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemCall.error("sync the folder", path) }
  }

  package func lock(_ path: String) throws(StoreError) -> (any FileLock)? {
    let descriptor = try SystemCall.open(path, O_RDWR | O_CREAT)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      let isHeld = errno == EWOULDBLOCK
      let error = SystemCall.error("lock", path)
      close(descriptor)
      if isHeld { return nil }
      throw error
    }
    return PosixLock(descriptor: descriptor)
  }
}

/// One open file.
package final class PosixFile: StoreFile {
  private let descriptor: Int32
  package let path: String

  init(path: String, flags: Int32) throws(StoreError) {
    self.path = path
    descriptor = try SystemCall.open(path, flags)
  }

  deinit { close(descriptor) }

  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemCall.error("read", path)
      }
      guard count > 0 else {
        throw StoreError.damaged("the file ends too early", file: path, offset: offset + Int64(done))
      }
      done += count
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemCall.error("write", path)
      }
      guard count > 0 else { throw StoreError(.inputOutput, "writing makes no progress", file: path) }
      done += count
    }
  }

  package func truncate(to length: Int64) throws(StoreError) {
    while ftruncate(descriptor, off_t(length)) != 0 {
      guard errno == EINTR else { throw SystemCall.error("cut", path) }
    }
  }

  package func sync() throws(StoreError) {
    #if canImport(Glibc)
    let result = fdatasync(descriptor)
    #else
    let result = fcntl(descriptor, F_FULLFSYNC)
    #endif
    guard result == 0 else { throw SystemCall.error("sync", path) }
  }

  package func size() throws(StoreError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemCall.error("look at", path) }
    return Int64(status.st_size)
  }
}

/// A file read from front to back: also pipes and devices.
package final class SequentialFile {
  private let descriptor: Int32
  private let path: String

  /// Opens a file for reading.
  package init(path: String) throws(StoreError) {
    self.path = path
    descriptor = try SystemCall.open(path, O_RDONLY)
    #if canImport(Glibc)
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    #endif
  }

  deinit { close(descriptor) }

  /// Reads some bytes; 0 at the end.
  package func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    while true {
      #if canImport(Glibc)
      let result = Glibc.read(descriptor, target, count)
      #else
      let result = Darwin.read(descriptor, target, count)
      #endif
      if result >= 0 { return result }
      guard errno == EINTR else { throw SystemCall.error("read", path) }
    }
  }
}

private final class PosixLock: FileLock {
  private let descriptor: Int32
  init(descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }
  func release() { flock(descriptor, LOCK_UN) }
}

/// Opening and errors, shared by the types above.
enum SystemCall {
  static func open(_ path: String, _ flags: Int32) throws(StoreError) -> Int32 {
    while true {
      #if canImport(Glibc)
      let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
      #else
      let descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o600)
      #endif
      if descriptor > 2 { return descriptor }
      if descriptor >= 0 {
        // A process without standard streams would print into the store: move the file above them.
        let moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        close(descriptor)
        if moved > 2 { return moved }
      } else if errno == EINTR {
        continue
      }
      throw error("open", path)
    }
  }

  /// The error of the call that just failed.
  static func error(_ action: String, _ path: String) -> StoreError {
    let number = errno
    let code: StoreError.Code =
      switch number {
      case ENOSPC, EDQUOT: .diskFull
      case ENOENT: .notFound
      case EACCES, EPERM, EROFS: .permission
      case EEXIST: .alreadyExists
      default: .inputOutput
      }
    return StoreError(code, "cannot \(action): \(String(cString: strerror(number)))", file: path)
  }

  /// This process and the machine's clock, for the note beside the lock.
  static var processIdentifier: Int32 { getpid() }

  /// Milliseconds since 1970-01-01T00:00:00Z.
  static var nowMilliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Fills bytes with randomness of the system.
  static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// Sleeps without burning the processor.
  static func sleep(milliseconds: Int) { usleep(UInt32(max(0, milliseconds)) * 1000) }
}
