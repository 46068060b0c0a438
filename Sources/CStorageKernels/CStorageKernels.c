// Owns the functions of this module that are not inline.

#define _GNU_SOURCE
#include "CStorageKernels.h"
#include <string.h>

const void *cstorage_find(const void *bytes, size_t count, const void *part, size_t part_count) {
  return memmem(bytes, count, part, part_count);
}
