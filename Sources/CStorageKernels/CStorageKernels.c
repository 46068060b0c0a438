// Owns the functions of this module that are not inline.

#define _GNU_SOURCE
#include "CStorageKernels.h"
#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

const void *cstorage_find(const void *bytes, size_t count, const void *part, size_t part_count) {
  return memmem(bytes, count, part, part_count);
}

void cstorage_release_freed_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
