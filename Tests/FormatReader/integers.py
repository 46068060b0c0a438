"""Column blocks of integers: packed differences, patched integers, multiples, and what a relative column adds.

Owns encodings 1, 7 and 9. Invariants: a value fits an i64, by itself or because it counts modulo 2^64; an exception has
a high part; the bounds are those of the values, not those of the differences a relative column stores.
"""

from column_parts import find_bounds, read_exceptions, read_flags, read_nulls

I64_MAX = (1 << 63) - 1
MOST_LOW_WIDTH = 63


def as_i64(number):
  """The i64 that is the same modulo 2^64."""
  return (number + (1 << 63) & (1 << 64) - 1) - (1 << 63)


def read_integers(cursor, rows, source):
  flags, width = read_flags(cursor), cursor.u8()
  cursor.zero(6)
  base = cursor.i64()
  nulls = read_nulls(cursor, rows, flags)
  numbers = [base + difference for difference in cursor.packed(rows, width, 64)]
  cursor.end()
  if nulls:
    numbers = [None if null else number for number, null in zip(numbers, nulls)]
  cursor.require(find_bounds(numbers)[1] <= I64_MAX, "an integer does not fit an i64")
  return finish(numbers, source.relation)


def read_patched_integers(cursor, rows, source):
  flags, width, high_width = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.zero(1)
  count, base = cursor.u32(), cursor.i64()
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  parts = cursor.packed(rows, width, MOST_LOW_WIDTH)
  exceptions = read_exceptions(cursor, rows, nulls, count)
  highs = cursor.packed(count, high_width, 64)
  cursor.end()
  cursor.require(0 not in highs, "an exception has the high part 0")
  cursor.require(not any(null and part for part, null in zip(parts, nulls)), "a null has a low part")
  for row, high in zip(exceptions, highs):
    parts[row] += high << width
  return finish([None if null else as_i64(base + part) for part, null in zip(parts, nulls)], source.relation)


def read_multiples(cursor, rows, source):
  flags, width, remainder_width = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.zero(1)
  factor, base = cursor.u32(), cursor.i64()
  cursor.require(factor >= 2, "a factor below 2")
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  quotients = cursor.packed(rows, width, 64)
  cursor.require(not any(null and part for part, null in zip(quotients, nulls)), "a null has a quotient")
  remainders = [0] * rows
  if remainder_width:
    marks = cursor.packed(rows, 1, 1)
    cursor.require(any(marks), "no value has a remainder, and yet they have a width")
    cursor.require(not any(null and mark for mark, null in zip(marks, nulls)), "a null has a remainder")
    parts = iter(cursor.packed(sum(marks), remainder_width, 32))
    remainders = [next(parts) if mark else 0 for mark in marks]
    good = all(not mark or 0 < part < factor for mark, part in zip(marks, remainders))
    cursor.require(good, "a remainder is 0, or not less than the factor")
  cursor.end()
  values = [None if null else as_i64((base + quotient) * factor + remainder)
            for quotient, remainder, null in zip(quotients, remainders, nulls)]
  return finish(values, source.relation)


def finish(numbers, offsets):
  """The values and their bounds. Numbers of a relative column become values by their offsets."""
  if offsets is not None:
    numbers = [None if number is None else as_i64(number + offset) for number, offset in zip(numbers, offsets)]
  return numbers, find_bounds(numbers)
