"""Column blocks: from raw bytes to values.

Owns the five encodings. Invariants: a block gives one value a row, None for a null, an integer that fits
an i64, bytes for a text, KEY for a text that is its row's key; every raw byte is accounted for.
"""

from itertools import accumulate
from dictionary import fill

INTEGER, TEXT = 1, 2
HAS_NULLS = 1
KEY = object()
I64_MIN, I64_MAX = -1 << 63, (1 << 63) - 1


def read_flags(cursor):
  flags = cursor.u8()
  cursor.require(flags & ~HAS_NULLS == 0, f"unknown flags {flags} in a column block")
  return flags


def read_nulls(cursor, rows, flags):
  """One truth value a row, or None if the block has no nulls."""
  return cursor.packed(rows, 1, 1) if flags & HAS_NULLS else None


def read_integers(cursor, rows):
  flags, width = read_flags(cursor), cursor.u8()
  cursor.zero(6)
  base = cursor.i64()
  nulls = read_nulls(cursor, rows, flags)
  values = [base + difference for difference in cursor.packed(rows, width, 64)]
  cursor.end()
  if nulls:
    values = [None if null else value for value, null in zip(values, nulls)]
  highest = max((value for value in values if value is not None), default=0)
  cursor.require(highest <= I64_MAX, "an integer does not fit an i64")
  return values


def split_texts(cursor, lengths, total):
  """The texts of the given lengths, which must fill `total` bytes up to the end of the block."""
  ends = list(accumulate(lengths, initial=0))
  cursor.require(ends[-1] == total, f"texts of {ends[-1]} bytes instead of {total}")
  texts = bytes(cursor.take(total))
  cursor.end()
  return [texts[start:end] for start, end in zip(ends, ends[1:])]


def read_plain_texts(cursor, rows):
  flags, width = read_flags(cursor), cursor.u8()
  cursor.zero(2)
  base, total = cursor.u32(), cursor.u32()
  cursor.zero(4)
  nulls = read_nulls(cursor, rows, flags)
  lengths = [base + extra for extra in cursor.packed(rows, width, 32)]
  values = split_texts(cursor, lengths, total)
  if nulls:
    cursor.require(not any(null and value for value, null in zip(values, nulls)), "a null has a length")
    values = [None if null else value for value, null in zip(values, nulls)]
  return values


def read_dictionary(cursor, rows):
  flags, index_width, length_width = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.zero(1)
  count, total, base = cursor.u32(), cursor.u32(), cursor.u32()
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  indexes = cursor.packed(rows, index_width, 32)
  lengths = [base + extra for extra in cursor.packed(count, length_width, 32)]
  entries = split_texts(cursor, lengths, total)
  used = [index for index, null in zip(indexes, nulls) if not null]
  cursor.require(not used or max(used) < count, "an index lies outside the dictionary")
  return [None if null else entries[index] for index, null in zip(indexes, nulls)]


def read_keys(cursor, rows):
  flags = read_flags(cursor)
  cursor.zero(15)
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  cursor.end()
  return [None if null else KEY for null in nulls]


def read_codes(cursor, rows, dictionary, holes):
  """The texts, and the codes of those that are not null."""
  flags, width, count = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.zero(1)
  base = cursor.u32()
  cursor.zero(8)
  cursor.require(count == holes, f"{count} numbers a row in a column with {holes} holes")
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  codes = [base + extra for extra in cursor.packed(rows, width, 32)]
  numbers = [read_numbers(cursor, rows) for _ in range(count)]
  cursor.end()
  used = [code for code, null in zip(codes, nulls) if not null]
  cursor.require(not used or max(used) < len(dictionary), "a code lies outside the dictionary")
  values = []
  for row, null in enumerate(nulls):
    mine = [stretch[row] for stretch in numbers]
    cursor.require(not null or not any(mine), "a null has a number")
    values.append(None if null else fill(dictionary[codes[row]], mine))
    cursor.require(null or values[-1] is not None, "a number does not fit its template")
  return values, used


def read_numbers(cursor, rows):
  width = cursor.u8()
  cursor.zero(7)
  base = cursor.u64()
  return [base + extra for extra in cursor.packed(rows, width, 64)]


READERS = {INTEGER: {1: read_integers}, TEXT: {2: read_plain_texts, 3: read_dictionary, 5: read_keys}}


def read_column_block(cursor, type, encoding, rows, dictionary, holes):
  """The values, and the numbers whose bounds the directory names."""
  if type == TEXT and encoding == 4:
    return read_codes(cursor, rows, dictionary, holes)
  cursor.require(encoding in READERS[type], f"encoding {encoding} does not fit column type {type}")
  values = READERS[type][encoding](cursor, rows)
  return values, [value for value in values if value is not None] if type == INTEGER else []
