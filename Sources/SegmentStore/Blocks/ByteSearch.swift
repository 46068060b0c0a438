// Owns finding bytes in other bytes.
// Invariants: reads only what it is given. Marked kernel.

import CStorageKernels

/// Searches for bytes.
package enum ByteSearch {
  /// Whether some bytes stand in others; no bytes stand everywhere.
  @inline(__always)
  package static func contains(_ bytes: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
    guard let wanted = part.baseAddress, part.count > 0 else { return true }
    guard let base = bytes.baseAddress, bytes.count >= part.count else { return false }
    return cstorage_find(base, bytes.count, wanted, part.count) != nil
  }
}
