// Owns the loops of BitUnpacking.h: plain ones, which also finish what the wide ones leave over, and those for AVX2 and BMI2.
// Invariants: numbers of a group of eight begin at the same bit of a byte in every group, because eight numbers take whole bytes: what
// bytes to gather and how far to shift is worked out once a call.

#include "CStorageKernels.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx2,bmi2,popcnt")))
#endif

// MARK: Plain

static inline uint64_t number_at(const uint8_t *packed, size_t index, unsigned width) {
  size_t bit = index * width;
  uint64_t word;
  memcpy(&word, packed + (bit >> 3), sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word >> (bit & 7) & (((uint64_t)1 << width) - 1);
}

void cstorage_plain_unpack32(const void *packed, size_t first, size_t count, unsigned width, uint32_t base, uint32_t *target) {
  for (size_t place = 0; place < count; place++) target[place] = base + (uint32_t)number_at(packed, first + place, width);
}

void cstorage_plain_unpack64(const void *packed, size_t first, size_t count, unsigned width, uint64_t base, uint64_t *target) {
  for (size_t place = 0; place < count; place++) target[place] = base + number_at(packed, first + place, width);
}

uint64_t cstorage_plain_packed_sum(const void *packed, size_t first, size_t count, unsigned width) {
  uint64_t sum = 0;
  for (size_t place = 0; place < count; place++) sum += number_at(packed, first + place, width);
  return sum;
}

/// Sets the bits from `start` on; the word that `start` lies in has the bits before it.
#define EACH_BIT(start, condition)                                     \
  do {                                                                 \
    for (size_t place = (start); place < count; place++) {             \
      if ((place & 63) == 0) bits[place >> 6] = 0;                     \
      bits[place >> 6] |= (uint64_t)((condition) ? 1 : 0) << (place & 63); \
    }                                                                  \
  } while (0)

static inline void packed_in_range_from(size_t start, const uint8_t *packed, size_t first, size_t count, unsigned width,
                                        uint32_t low, uint32_t span, bool outside, uint64_t *bits) {
  EACH_BIT(start, ((uint32_t)number_at(packed, first + place, width) - low <= span) != outside);
}

static inline void in_range_from(size_t start, const int64_t *values, size_t count, int64_t low, uint64_t span, bool outside,
                                 uint64_t *bits) {
  EACH_BIT(start, ((uint64_t)values[place] - (uint64_t)low <= span) != outside);
}

static inline void equal_bytes_from(size_t start, const uint8_t *bytes, size_t count, uint8_t wanted, uint64_t *bits) {
  EACH_BIT(start, bytes[place] == wanted);
}

void cstorage_plain_packed_in_range(const void *packed, size_t first, size_t count, unsigned width, uint32_t low, uint32_t span,
                                    bool outside, uint64_t *bits) {
  packed_in_range_from(0, packed, first, count, width, low, span, outside, bits);
}

void cstorage_plain_in_range(const int64_t *values, size_t count, int64_t low, uint64_t span, bool outside, uint64_t *bits) {
  in_range_from(0, values, count, low, span, outside, bits);
}

void cstorage_plain_equal_bytes(const uint8_t *bytes, size_t count, uint8_t wanted, uint64_t *bits) {
  equal_bytes_from(0, bytes, count, wanted, bits);
}

static inline uint64_t word_at(const uint8_t *bytes, size_t number) {
  uint64_t word;
  memcpy(&word, bytes + 8 * number, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

void cstorage_plain_spread_bits(const void *rows, size_t first, size_t count, const uint64_t *values, uint64_t *bits) {
  size_t value = 0;
  for (size_t place = 0; place < count; place++) {
    size_t row = first + place;
    if (place > 0) value += word_at(rows, row >> 6) >> (row & 63) & 1;
    if ((place & 63) == 0) bits[place >> 6] = 0;
    bits[place >> 6] |= (values[value >> 6] >> (value & 63) & 1) << (place & 63);
  }
}

static uint64_t power_of_ten(unsigned exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

void cstorage_plain_find_digits(const int64_t *numbers, size_t count, uint64_t wanted, unsigned digits, unsigned places,
                                uint8_t *found) {
  uint64_t power = power_of_ten(digits);
  for (size_t index = 0; index < count; index++) {
    uint64_t rest = (uint64_t)numbers[index];
    found[index] = 255;
    for (unsigned place = 0; place < places; place++, rest /= 10) {
      if (rest % power != wanted) continue;
      found[index] = (uint8_t)place;
      break;
    }
  }
}

size_t cstorage_plain_count_bits(const uint64_t *bits, size_t words) {
  size_t count = 0;
  for (size_t word = 0; word < words; word++) count += (size_t)__builtin_popcountll(bits[word]);
  return count;
}

size_t cstorage_places(const uint64_t *bits, size_t count, uint16_t *places) {
  size_t found = 0;
  for (size_t start = 0; start < count; start += 64) {
    uint64_t word = bits[start >> 6];
    if (word == ~(uint64_t)0) {
      for (unsigned bit = 0; bit < 64; bit++) places[found + bit] = (uint16_t)(start + bit);
      found += 64;
      continue;
    }
    while (word != 0) {
      places[found++] = (uint16_t)(start + (unsigned)__builtin_ctzll(word));
      word &= word - 1;
    }
  }
  return found;
}

// MARK: Wide

#if defined(WIDE)

/// How eight numbers of up to 25 bits come out of 32 bytes: four of each half.
typedef struct {
  __m256i bytes;   // which bytes each number is gathered from
  __m256i shifts;  // how many bits of these are those of numbers before
  __m256i mask;
  size_t second;   // where the second half begins behind the first
} Narrow;

WIDE static inline Narrow narrow(unsigned start, unsigned width) {
  uint8_t bytes[32];
  uint32_t shifts[8];
  unsigned second = start + 4 * width;
  for (unsigned number = 0; number < 8; number++) {
    unsigned bit = number < 4 ? start + number * width : (second & 7) + (number - 4) * width;
    shifts[number] = bit & 7;
    for (unsigned byte = 0; byte < 4; byte++) bytes[4 * number + byte] = (uint8_t)((bit >> 3) + byte);
  }
  return (Narrow){_mm256_loadu_si256((const __m256i *)bytes), _mm256_loadu_si256((const __m256i *)shifts),
                  _mm256_set1_epi32((int)(((uint32_t)1 << width) - 1)), second >> 3};
}

WIDE static inline __m256i eight(const uint8_t *from, Narrow way) {
  __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)from)),
                                          _mm_loadu_si128((const __m128i *)(from + way.second)), 1);
  return _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(bytes, way.bytes), way.shifts), way.mask);
}

WIDE static void wide_unpack32(const uint8_t *packed, size_t first, size_t count, unsigned width, uint32_t base,
                               uint32_t *target) {
  size_t bit = first * width, place = 0;
  const uint8_t *from = packed + (bit >> 3);
  Narrow way = narrow(bit & 7, width);
  __m256i smallest = _mm256_set1_epi32((int)base);
  for (; place + 8 <= count; place += 8, from += width) {
    _mm256_storeu_si256((__m256i *)(target + place), _mm256_add_epi32(eight(from, way), smallest));
  }
  cstorage_plain_unpack32(packed, first + place, count - place, width, base, target + place);
}

WIDE static void wide_unpack64_narrow(const uint8_t *packed, size_t first, size_t count, unsigned width, uint64_t base,
                                      uint64_t *target) {
  size_t bit = first * width, place = 0;
  const uint8_t *from = packed + (bit >> 3);
  Narrow way = narrow(bit & 7, width);
  __m256i smallest = _mm256_set1_epi64x((long long)base);
  for (; place + 8 <= count; place += 8, from += width) {
    __m256i numbers = eight(from, way);
    __m256i low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(numbers));
    __m256i high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(numbers, 1));
    _mm256_storeu_si256((__m256i *)(target + place), _mm256_add_epi64(low, smallest));
    _mm256_storeu_si256((__m256i *)(target + place + 4), _mm256_add_epi64(high, smallest));
  }
  cstorage_plain_unpack64(packed, first + place, count - place, width, base, target + place);
}

/// Eight numbers of up to 57 bits: two of each 16 bytes.
WIDE static void wide_unpack64(const uint8_t *packed, size_t first, size_t count, unsigned width, uint64_t base,
                               uint64_t *target) {
  size_t bit = first * width, place = 0;
  const uint8_t *from = packed + (bit >> 3);
  uint8_t bytes[64];
  uint64_t shifts[8];
  size_t starts[4];
  for (unsigned pair = 0; pair < 4; pair++) {
    unsigned begin = (bit & 7) + 2 * pair * width;
    starts[pair] = begin >> 3;
    for (unsigned number = 0; number < 2; number++) {
      unsigned inside = (begin & 7) + number * width;
      shifts[2 * pair + number] = inside & 7;
      for (unsigned byte = 0; byte < 8; byte++) bytes[16 * pair + 8 * number + byte] = (uint8_t)((inside >> 3) + byte);
    }
  }
  __m256i bytes_low = _mm256_loadu_si256((const __m256i *)bytes), bytes_high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
  __m256i shifts_low = _mm256_loadu_si256((const __m256i *)shifts), shifts_high = _mm256_loadu_si256((const __m256i *)(shifts + 4));
  __m256i mask = _mm256_set1_epi64x((long long)(((uint64_t)1 << width) - 1));
  __m256i smallest = _mm256_set1_epi64x((long long)base);
#define PAIR(number) _mm_loadu_si128((const __m128i *)(from + starts[number]))
  for (; place + 8 <= count; place += 8, from += width) {
    __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(PAIR(0)), PAIR(1), 1);
    __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(PAIR(2)), PAIR(3), 1);
    low = _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(low, bytes_low), shifts_low), mask);
    high = _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(high, bytes_high), shifts_high), mask);
    _mm256_storeu_si256((__m256i *)(target + place), _mm256_add_epi64(low, smallest));
    _mm256_storeu_si256((__m256i *)(target + place + 4), _mm256_add_epi64(high, smallest));
  }
#undef PAIR
  cstorage_plain_unpack64(packed, first + place, count - place, width, base, target + place);
}

WIDE static uint64_t wide_packed_sum(const uint8_t *packed, size_t first, size_t count, unsigned width) {
  size_t bit = first * width, place = 0;
  const uint8_t *from = packed + (bit >> 3);
  Narrow way = narrow(bit & 7, width);
  __m256i low = _mm256_setzero_si256(), high = low, even = _mm256_set1_epi64x(0xFFFFFFFF);
  while (place + 8 <= count) {
    // 128 numbers of 25 bits add up to 32 bits at most.
    size_t groups = (count - place) / 8;
    if (groups > 128) groups = 128;
    __m256i sums = _mm256_setzero_si256();
    for (size_t group = 0; group < groups; group++, from += width) sums = _mm256_add_epi32(sums, eight(from, way));
    low = _mm256_add_epi64(low, _mm256_and_si256(sums, even));
    high = _mm256_add_epi64(high, _mm256_srli_epi64(sums, 32));
    place += 8 * groups;
  }
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i *)parts, _mm256_add_epi64(low, high));
  return parts[0] + parts[1] + parts[2] + parts[3] + cstorage_plain_packed_sum(packed, first + place, count - place, width);
}

WIDE static void wide_packed_in_range(const uint8_t *packed, size_t first, size_t count, unsigned width, uint32_t low,
                                      uint32_t span, bool outside, uint64_t *bits) {
  size_t bit = first * width, place = 0;
  const uint8_t *from = packed + (bit >> 3);
  Narrow way = narrow(bit & 7, width);
  __m256i smallest = _mm256_set1_epi32((int)low), distance = _mm256_set1_epi32((int)span);
  // Packing four results works on halves of 128 bits; this puts the quarters of eight numbers back in order.
  __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  uint64_t flip = outside ? ~(uint64_t)0 : 0;
  for (; place + 64 <= count; place += 64) {
    uint64_t word = 0;
    for (unsigned half = 0; half < 64; half += 32) {
      __m256i inside[4];
      for (unsigned group = 0; group < 4; group++, from += width) {
        __m256i away = _mm256_sub_epi32(eight(from, way), smallest);
        inside[group] = _mm256_cmpeq_epi32(_mm256_min_epu32(away, distance), away);
      }
      __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(inside[0], inside[1]), _mm256_packs_epi32(inside[2], inside[3]));
      word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_permutevar8x32_epi32(bytes, order)) << half;
    }
    bits[place >> 6] = word ^ flip;
  }
  packed_in_range_from(place, packed, first, count, width, low, span, outside, bits);
}

WIDE static size_t wide_count_bits(const uint64_t *bits, size_t words) {
  size_t count = 0;
  for (size_t word = 0; word < words; word++) count += (size_t)_mm_popcnt_u64(bits[word]);
  return count;
}

WIDE static void wide_in_range(const int64_t *values, size_t count, int64_t low, uint64_t span, bool outside, uint64_t *bits) {
  __m256i smallest = _mm256_set1_epi64x(low), sign = _mm256_set1_epi64x((long long)((uint64_t)1 << 63));
  __m256i distance = _mm256_xor_si256(_mm256_set1_epi64x((long long)span), sign);
  uint64_t flip = outside ? 0 : ~(uint64_t)0;
  size_t place = 0;
  for (; place + 64 <= count; place += 64) {
    uint64_t word = 0;
    for (unsigned group = 0; group < 64; group += 4) {
      __m256i away = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(values + place + group)), smallest);
      __m256i beyond = _mm256_cmpgt_epi64(_mm256_xor_si256(away, sign), distance);
      word |= (uint64_t)(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(beyond)) << group;
    }
    bits[place >> 6] = word ^ flip;
  }
  in_range_from(place, values, count, low, span, outside, bits);
}

WIDE static void wide_equal_bytes(const uint8_t *bytes, size_t count, uint8_t wanted, uint64_t *bits) {
  __m256i same = _mm256_set1_epi8((char)wanted);
  size_t place = 0;
  for (; place + 64 <= count; place += 64) {
    __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(bytes + place)), same);
    __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(bytes + place + 32)), same);
    bits[place >> 6] = (uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
  }
  equal_bytes_from(place, bytes, count, wanted, bits);
}

/// Bits of 64 rows from any row on; nothing is read behind the word of the last of `count` rows.
static inline uint64_t rows_at(const uint8_t *rows, size_t row, size_t count) {
  size_t shift = row & 63;
  uint64_t word = word_at(rows, row >> 6) >> shift;
  if (shift != 0 && count > 64 - shift) word |= word_at(rows, (row >> 6) + 1) << (64 - shift);
  return word;
}

/// Bits of 64 values from any value on; nothing is read behind the word of the last of `count` values.
static inline uint64_t values_at(const uint64_t *values, size_t value, size_t count) {
  size_t shift = value & 63;
  uint64_t word = values[value >> 6] >> shift;
  if (shift != 0 && count > 64 - shift) word |= values[(value >> 6) + 1] << (64 - shift);
  return word;
}

WIDE static void wide_spread_bits(const uint8_t *rows, size_t first, size_t count, const uint64_t *values, uint64_t *bits) {
  size_t value = 0;
  uint64_t before = values[0] & 1;
  for (size_t place = 0; place < count; place += 64) {
    size_t left = count - place;
    uint64_t own = rows_at(rows, first + place, left);
    if (left < 64) own &= ((uint64_t)1 << left) - 1;
    if (place == 0) own |= 1;
    size_t fresh = (size_t)__builtin_popcountll(own);
    // Where a row's value differs from that of the row before it, the bits change: they are the parity of the changes so far.
    uint64_t next = fresh > 0 ? values_at(values, value, fresh) : 0;
    uint64_t changes = _pdep_u64(next ^ (next << 1 | before), own);
    changes ^= changes << 1;
    changes ^= changes << 2;
    changes ^= changes << 4;
    changes ^= changes << 8;
    changes ^= changes << 16;
    changes ^= changes << 32;
    uint64_t word = changes ^ (before ? ~(uint64_t)0 : 0);
    before = word >> 63;
    bits[place >> 6] = left < 64 ? word & (((uint64_t)1 << left) - 1) : word;
    value += fresh;
  }
}

WIDE static void wide_find_digits(const int64_t *numbers, size_t count, uint64_t wanted, unsigned digits, unsigned places,
                                  uint8_t *found) {
  // Numbers below 2^32 are exact in doubles, and so is their division by a power of ten: with half of one added, a quotient lies at least
  // half a step away from the next whole number, and rounding moves it by less than a millionth of a step.
  uint64_t power = power_of_ten(digits);
  __m256d half = _mm256_set1_pd(0.5), tenth = _mm256_set1_pd(0.1), inverse = _mm256_set1_pd(1.0 / (double)power);
  __m256d step = _mm256_set1_pd((double)power), goal = _mm256_set1_pd((double)wanted);
  __m256i magic = _mm256_castpd_si256(_mm256_set1_pd(4503599627370496.0));  // 2^52: its low bits hold a whole number
  size_t index = 0;
  for (; index + 4 <= count; index += 4) {
    __m256i whole = _mm256_loadu_si256((const __m256i *)(numbers + index));
    __m256i high = _mm256_srli_epi64(whole, 32);
    if (!_mm256_testz_si256(high, high)) {
      cstorage_plain_find_digits(numbers + index, 4, wanted, digits, places, found + index);
      continue;
    }
    __m256d rest = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(whole, magic)), _mm256_castsi256_pd(magic));
    uint32_t first = 0xFFFFFFFF;
    for (unsigned place = 0; place < places; place++) {
      __m256d shifted = _mm256_add_pd(rest, half);
      __m256d quotient = _mm256_floor_pd(_mm256_mul_pd(shifted, inverse));
      __m256d remainder = _mm256_sub_pd(rest, _mm256_mul_pd(quotient, step));
      int hits = _mm256_movemask_pd(_mm256_cmp_pd(remainder, goal, _CMP_EQ_OQ));
      if (hits != 0) {
        for (unsigned lane = 0; lane < 4; lane++) {
          if ((hits >> lane & 1) && (first >> 8 * lane & 0xFF) == 0xFF) {
            first = (first & ~((uint32_t)0xFF << 8 * lane)) | place << 8 * lane;
          }
        }
      }
      rest = _mm256_floor_pd(_mm256_mul_pd(shifted, tenth));
    }
    memcpy(found + index, &first, sizeof first);
  }
  cstorage_plain_find_digits(numbers + index, count - index, wanted, digits, places, found + index);
}

#define CHOOSE(wide, plain) \
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) { wide; } else { plain; }

#else
#define CHOOSE(wide, plain) plain;
#endif

// MARK: Choice

void cstorage_unpack32(const void *packed, size_t first, size_t count, unsigned width, uint32_t base, uint32_t *target) {
  CHOOSE(wide_unpack32(packed, first, count, width, base, target),
         cstorage_plain_unpack32(packed, first, count, width, base, target))
}

void cstorage_unpack64(const void *packed, size_t first, size_t count, unsigned width, uint64_t base, uint64_t *target) {
  CHOOSE(if (width <= cstorage_narrow_bits) wide_unpack64_narrow(packed, first, count, width, base, target);
         else wide_unpack64(packed, first, count, width, base, target),
         cstorage_plain_unpack64(packed, first, count, width, base, target))
}

uint64_t cstorage_packed_sum(const void *packed, size_t first, size_t count, unsigned width) {
  CHOOSE(return wide_packed_sum(packed, first, count, width), return cstorage_plain_packed_sum(packed, first, count, width))
}

void cstorage_packed_in_range(const void *packed, size_t first, size_t count, unsigned width, uint32_t low, uint32_t span,
                              bool outside, uint64_t *bits) {
  CHOOSE(wide_packed_in_range(packed, first, count, width, low, span, outside, bits),
         cstorage_plain_packed_in_range(packed, first, count, width, low, span, outside, bits))
}

void cstorage_in_range(const int64_t *values, size_t count, int64_t low, uint64_t span, bool outside, uint64_t *bits) {
  CHOOSE(wide_in_range(values, count, low, span, outside, bits),
         cstorage_plain_in_range(values, count, low, span, outside, bits))
}

void cstorage_equal_bytes(const uint8_t *bytes, size_t count, uint8_t wanted, uint64_t *bits) {
  CHOOSE(wide_equal_bytes(bytes, count, wanted, bits), cstorage_plain_equal_bytes(bytes, count, wanted, bits))
}

void cstorage_spread_bits(const void *rows, size_t first, size_t count, const uint64_t *values, uint64_t *bits) {
  CHOOSE(wide_spread_bits(rows, first, count, values, bits), cstorage_plain_spread_bits(rows, first, count, values, bits))
}

void cstorage_find_digits(const int64_t *numbers, size_t count, uint64_t wanted, unsigned digits, unsigned places,
                          uint8_t *found) {
  CHOOSE(wide_find_digits(numbers, count, wanted, digits, places, found),
         cstorage_plain_find_digits(numbers, count, wanted, digits, places, found))
}

size_t cstorage_count_bits(const uint64_t *bits, size_t words) {
  CHOOSE(return wide_count_bits(bits, words), return cstorage_plain_count_bits(bits, words))
}
