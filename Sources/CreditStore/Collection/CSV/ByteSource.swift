// Owns where the bytes of a batch come from: a file, or whoever hands them over piece by piece.
// Invariants: bytes come in order, each once; 0 read means the end. Not thread-safe: callers take turns.
// Does not look into them.

package import CreditModel
import Foundation
package import SegmentStore

/// Bytes to be read from first to last.
package protocol ByteSource: AnyObject {
  /// All bytes there are, where that is known before.
  var totalBytes: Int? { get }
  /// What is wrong with a row that does not fit its header, where it was no CSV text to begin with.
  var raggedReason: RuleFinding? { get }

  /// Reads 1 to `count` bytes; 0 at the end.
  func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int
}

extension ByteSource {
  package var raggedReason: RuleFinding? { nil }
}

/// The bytes of a file.
package final class FileBytes: ByteSource {
  private let file: SequentialFile
  package let totalBytes: Int?

  /// - Throws: `CreditError`, code `unreadable`, for anything but a file that can be read.
  package init(path: String) throws {
    try Self.checkIsFile(path)
    do throws(StoreError) {
      file = try SequentialFile(path: path)
    } catch {
      throw CreditError("unreadable", error.message, file: path)
    }
    totalBytes = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
  }

  /// Says what is wrong with a path that names no file.
  static func checkIsFile(_ path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw CreditError("unreadable", "the file does not exist", file: path)
    }
    guard !isDirectory.boolValue else { throw CreditError("unreadable", "a folder is no file", file: path) }
  }

  package func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    try file.read(into: target, count: count)
  }
}

/// Bytes that somebody hands over piece by piece.
package final class HandedBytes: ByteSource {
  private let next: () throws -> [UInt8]?
  private var piece: [UInt8] = []
  private var position = 0
  private var isOver = false
  package let totalBytes: Int?

  package init(totalBytes: Int?, _ next: @escaping () throws -> [UInt8]?) {
    self.totalBytes = totalBytes
    self.next = next
  }

  package func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    while position == piece.count {
      // Whoever said that there is no more is not asked again.
      guard !isOver else { return 0 }
      do {
        guard let following = try next() else {
          isOver = true
          return 0
        }
        piece = following
        position = 0
      } catch { throw StoreError(.inputOutput, "whoever hands over the bytes failed: \(error)") }
    }
    let taken = min(count, piece.count - position)
    piece.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { target.copyMemory(from: base + position, byteCount: taken) }
    }
    position += taken
    return taken
  }
}
