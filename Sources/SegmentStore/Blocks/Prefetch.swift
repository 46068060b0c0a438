// Owns asking for memory before it is needed.
// Invariants: no effect but on speed.

import CStorageKernels

/// Asks the processor for memory that is needed in a moment: waiting for scattered rows and words one after the other was a
/// quarter of a collection's time.
package enum Prefetch {
  /// Asks for the line of memory at an address, without waiting.
  @inline(__always)
  package static func line(_ address: UnsafeRawPointer) { cstorage_prefetch(address) }
}
