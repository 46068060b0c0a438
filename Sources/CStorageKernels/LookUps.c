// Owns the loops of LookUps.h.
// Invariants: those of the header. Each loop is unrolled, because a look-up is a handful of instructions and waits for none before it: that
// halves its time.

#include "CStorageKernels.h"

#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll_count(8)")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

/// Runs the body for each wanted place.
#define EACH_PLACE(body)                                   \
  if (places == NULL) {                                    \
    UNROLLED for (size_t place = 0; place < count; place++) body \
  } else {                                                 \
    UNROLLED for (size_t index = 0; index < count; index++) { \
      size_t place = places[index];                        \
      body                                                 \
    }                                                      \
  }

uint32_t cstorage_look_up(const uint32_t *restrict table, uint32_t limit, const uint32_t *numbers, const uint16_t *restrict places,
                          size_t count, uint32_t *target) {
  uint32_t largest = 0;
  EACH_PLACE({
    uint32_t number = numbers[place];
    uint32_t entry = table[number < limit ? number : limit];
    target[place] = entry;
    largest = entry > largest ? entry : largest;
  })
  return largest;
}

uint32_t cstorage_look_up_distances(const uint32_t *restrict table, uint32_t limit, int64_t low, const int64_t *restrict numbers,
                                    const uint16_t *restrict places, size_t count, uint32_t *restrict target) {
  uint32_t largest = 0;
  EACH_PLACE({
    uint64_t distance = (uint64_t)numbers[place] - (uint64_t)low;
    uint32_t entry = table[distance < limit ? distance : limit];
    target[place] = entry;
    largest = entry > largest ? entry : largest;
  })
  return largest;
}

uint32_t cstorage_look_up_pairs(const uint32_t *restrict table, size_t side, unsigned shift, const uint32_t *restrict left,
                                const uint32_t *restrict right, const uint16_t *restrict places, size_t count,
                                uint32_t *restrict target) {
  uint32_t largest = 0;
  uint32_t mask = ((uint32_t)1 << shift) - 1;
  EACH_PLACE({
    uint32_t entry = table[((size_t)left[place] * side + right[place]) >> shift];
    largest = entry > largest ? entry : largest;
    // A part of what is unknown would be taken for a number.
    target[place] = entry == cstorage_unknown ? entry : entry + (right[place] & mask);
  })
  return largest;
}

void cstorage_count_groups(const uint32_t *restrict groups, const uint16_t *restrict places, size_t count, uint32_t *restrict counts) {
  EACH_PLACE({ counts[groups[place]]++; })
}

void cstorage_add_to_groups(const uint32_t *restrict groups, const int64_t *restrict values, const uint16_t *restrict places, size_t count,
                            int64_t *restrict sums) {
  EACH_PLACE({ sums[groups[place]] = (int64_t)((uint64_t)sums[groups[place]] + (uint64_t)values[place]); })
}
