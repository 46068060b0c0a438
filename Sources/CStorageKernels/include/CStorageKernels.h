// Owns what Swift cannot say: telling the processor which memory is needed soon, and two functions of the C library that Swift's module
// of it leaves out: searching bytes, and giving freed memory back. Loops over packed numbers are in BitUnpacking.h,
// those of look-ups in LookUps.h.
// Invariants: a hint has no effect but on speed, and any address is allowed; a search reads only the bytes it is given.

#ifndef CSTORAGEKERNELS_H
#define CSTORAGEKERNELS_H

#include "BitUnpacking.h"
#include "LookUps.h"
#include <stddef.h>

/// First place of some bytes in others, or NULL; `part_count` is not 0.
const void *_Nullable cstorage_find(const void *_Nonnull bytes, size_t count, const void *_Nonnull part, size_t part_count);

/// Gives memory that was freed back to the system, where the C library can.
void cstorage_release_freed_memory(void);

/// Asks for the cache line at an address, which may be any, without waiting for it.
static inline void cstorage_prefetch(const void *_Nullable address) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(address, 0, 3);
#else
  (void)address;
#endif
}

#endif
