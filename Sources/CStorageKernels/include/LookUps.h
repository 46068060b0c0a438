// Owns looking many numbers up in tables that fit the caches: codes by their dictionary, days by their distance, pairs by both sides.
// Invariants: no place outside a table is read, whatever the numbers are (pairs and groups excepted, see there); `places` names the numbers that are wanted, or is NULL
// for all of them, and what belongs to others is left as it was; only `cstorage_look_up` may write over the numbers it reads.
// Look-ups return the largest entry they found, 0 for none: `cstorage_unknown` says that some are to be worked out.

#ifndef CSTORAGEKERNELS_LOOKUPS_H
#define CSTORAGEKERNELS_LOOKUPS_H

#include <stddef.h>
#include <stdint.h>

/// The entry of what a table does not know.
#define cstorage_unknown UINT32_MAX

/// Writes the entry of each number; all from `limit` on have the entry at `limit`, which there is.
uint32_t cstorage_look_up(const uint32_t *_Nonnull table, uint32_t limit, const uint32_t *_Nonnull numbers,
                          const uint16_t *_Nullable places, size_t count, uint32_t *_Nonnull target);

/// The same by the distance of each number from `low`, round the ends of 64 bits.
uint32_t cstorage_look_up_distances(const uint32_t *_Nonnull table, uint32_t limit, int64_t low, const int64_t *_Nonnull numbers,
                                    const uint16_t *_Nullable places, size_t count, uint32_t *_Nonnull target);

/// Writes the numbers of pairs, `cstorage_unknown` for those that have none. The entry of a pair is that of `(left * side + right) >> shift`, and its number
/// the entry plus the last `shift` bits of `right`; the table has that place for all numbers given.
uint32_t cstorage_look_up_pairs(const uint32_t *_Nonnull table, size_t side, unsigned shift, const uint32_t *_Nonnull left,
                                const uint32_t *_Nonnull right, const uint16_t *_Nullable places, size_t count,
                                uint32_t *_Nonnull target);

/// Adds 1 to the count of each group; there is one for each number given.
void cstorage_count_groups(const uint32_t *_Nonnull groups, const uint16_t *_Nullable places, size_t count, uint32_t *_Nonnull counts);

/// Adds each value to the sum of its group, round the ends of 64 bits; there is one for each number given.
void cstorage_add_to_groups(const uint32_t *_Nonnull groups, const int64_t *_Nonnull values, const uint16_t *_Nullable places, size_t count,
                            int64_t *_Nonnull sums);

#endif
