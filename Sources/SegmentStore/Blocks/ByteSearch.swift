// Owns finding bytes in other bytes, and their order.
// Invariants: reads only what it is given. Marked kernel.

import CStorageKernels
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Searches for bytes.
package enum ByteSearch {
  /// Whether some bytes stand in others; no bytes stand everywhere.
  @inline(__always)
  package static func contains(_ bytes: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
    place(of: part, in: bytes) != nil
  }

  /// Where some bytes stand first in others; no bytes stand at the start.
  @inline(__always)
  package static func place(of part: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let wanted = part.baseAddress, part.count > 0 else { return 0 }
    guard let base = bytes.baseAddress, bytes.count >= part.count else { return nil }
    return cstorage_find(base, bytes.count, wanted, part.count).map { UnsafeRawPointer($0) - base }
  }

  /// Whether bytes are the same as others.
  package static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && order(left, right) == 0
  }

  /// Below 0 when bytes come before others, 0 when they are equal; the shorter of two that begin alike comes first.
  package static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = min(left.count, right.count)
    if let first = left.baseAddress, let second = right.baseAddress, common > 0 {
      let order = memcmp(first, second, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }
}
