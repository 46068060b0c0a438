// Owns giving memory that was freed back to the system.
// Invariants: changes nothing that anybody holds.
// Does not free: whoever calls it has let go of the memory before.

import CStorageKernels

/// Memory that was freed and that the allocator keeps for its threads.
///
/// Each thread frees into a heap of its own. Memory a thread of the last phase let go is not there for the threads of the
/// next one: without giving it back a load would take its budget twice.
package enum FreedMemory {
  package static func giveBack() { cstorage_release_freed_memory() }
}
