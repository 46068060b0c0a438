// Owns what Swift cannot say and measurement asked for: telling the processor which memory is needed soon.
// Invariants: no effect but on speed; any address is allowed.

#ifndef CSTORAGEKERNELS_H
#define CSTORAGEKERNELS_H

/// Asks for the cache line at an address, which may be any, without waiting for it.
static inline void cstorage_prefetch(const void *_Nullable address) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(address, 0, 3);
#else
  (void)address;
#endif
}

#endif
