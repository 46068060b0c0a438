// Owns taking numbers of a fixed count of bits out of their packing, many at once, and telling which of them lie in a range.
// Invariants: bits are packed least significant first; 16 bytes behind the packed ones may be read; targets have room for `count` values.
// The wide loops give what the plain ones give, and are taken where the processor has AVX2 and BMI2.

#ifndef CSTORAGEKERNELS_BITUNPACKING_H
#define CSTORAGEKERNELS_BITUNPACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bits of a number that `cstorage_unpack32` and `cstorage_packed_in_range` can take out.
enum { cstorage_narrow_bits = 25 };
/// Bits of a number that `cstorage_unpack64` can take out.
enum { cstorage_wide_bits = 57 };

/// Writes `base` plus each of `count` numbers from the number `first` on; `width` is 1 to `cstorage_narrow_bits`.
void cstorage_unpack32(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint32_t base,
                       uint32_t *_Nonnull target);

/// The same in 64 bits; `width` is 1 to `cstorage_wide_bits`.
void cstorage_unpack64(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint64_t base,
                       uint64_t *_Nonnull target);

/// The sum of `count` numbers from the number `first` on; `width` is 1 to `cstorage_narrow_bits`, `count` at most 2^32.
uint64_t cstorage_packed_sum(const void *_Nonnull packed, size_t first, size_t count, unsigned width);

/// Writes one bit for each number: whether it lies in `low ... low + span`, or outside of that. Bits behind the last are 0; `bits` has room
/// for `(count + 63) / 64` words. `width` is 1 to `cstorage_narrow_bits`.
void cstorage_packed_in_range(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint32_t low,
                              uint32_t span, bool outside, uint64_t *_Nonnull bits);

/// The same for numbers that are not packed; `low` and `low + span` are compared as the bits of signed numbers are: by distance.
void cstorage_in_range(const int64_t *_Nonnull values, size_t count, int64_t low, uint64_t span, bool outside,
                       uint64_t *_Nonnull bits);

/// Writes one bit for each byte: whether it has a value.
void cstorage_equal_bytes(const uint8_t *_Nonnull bytes, size_t count, uint8_t wanted, uint64_t *_Nonnull bits);

/// Spreads bits of values over rows: `rows` has a 1 where a row has a value of its own, and each row gets the bit of its own value or of the
/// last one before it; the first value is that of the row `first` or of one before it. `first` and `count` count rows; `bits` has room for
/// `(count + 63) / 64` words, bits behind the last are 0.
void cstorage_spread_bits(const void *_Nonnull rows, size_t first, size_t count, const uint64_t *_Nonnull values,
                          uint64_t *_Nonnull bits);

/// For each number, behind how many of its last decimal digits some digits end first, or 255 where they do not end behind fewer than `places`.
/// `wanted` is the number with these digits, `digits` how many there are, 1 to 9.
void cstorage_find_digits(const int64_t *_Nonnull numbers, size_t count, uint64_t wanted, unsigned digits, unsigned places,
                          uint8_t *_Nonnull found);

/// How many bits of some words are 1.
size_t cstorage_count_bits(const uint64_t *_Nonnull bits, size_t words);

/// Writes the numbers of the bits that are 1, ascending, and returns how many; `count` bits, at most 65,536.
size_t cstorage_places(const uint64_t *_Nonnull bits, size_t count, uint16_t *_Nonnull places);

/// The plain loops alone, for tests that compare.
void cstorage_plain_unpack32(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint32_t base,
                             uint32_t *_Nonnull target);
void cstorage_plain_unpack64(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint64_t base,
                             uint64_t *_Nonnull target);
uint64_t cstorage_plain_packed_sum(const void *_Nonnull packed, size_t first, size_t count, unsigned width);
void cstorage_plain_packed_in_range(const void *_Nonnull packed, size_t first, size_t count, unsigned width, uint32_t low,
                                    uint32_t span, bool outside, uint64_t *_Nonnull bits);
void cstorage_plain_in_range(const int64_t *_Nonnull values, size_t count, int64_t low, uint64_t span, bool outside,
                             uint64_t *_Nonnull bits);
void cstorage_plain_equal_bytes(const uint8_t *_Nonnull bytes, size_t count, uint8_t wanted, uint64_t *_Nonnull bits);
size_t cstorage_plain_count_bits(const uint64_t *_Nonnull bits, size_t words);
void cstorage_plain_spread_bits(const void *_Nonnull rows, size_t first, size_t count, const uint64_t *_Nonnull values,
                                uint64_t *_Nonnull bits);
void cstorage_plain_find_digits(const int64_t *_Nonnull numbers, size_t count, uint64_t wanted, unsigned digits,
                                unsigned places, uint8_t *_Nonnull found);

#endif
