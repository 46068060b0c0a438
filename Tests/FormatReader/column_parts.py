"""What the encodings of column blocks share: flags, nulls, exceptions, bounds, and texts one behind the other.

Invariants: flags that are not known are refused; an exception is a row of the block and no null; texts fill exactly
the bytes named for them, up to the end of the block.
"""

from collections import namedtuple
from itertools import accumulate

INTEGER, TEXT = 1, 2
HAS_NULLS = 1
NO_BOUNDS = (0, 0)
ROW_WIDTH = 13

Source = namedtuple("Source", "dictionary keys relation", defaults=[None])
Source.__doc__ = """What values are made of: the dictionary of the column or None, the subject keys of the block's
rows, and what each row takes from the column this one is relative to, or None without one. A relative integer column
adds it to its number; for a mapped column it is the code that follows, or None for a row where none does."""


def read_flags(cursor):
  flags = cursor.u8()
  cursor.require(flags & ~HAS_NULLS == 0, f"unknown flags {flags} in a column block")
  return flags


def read_nulls(cursor, rows, flags):
  """One truth value a row, or None if the block has no nulls."""
  return cursor.packed(rows, 1, 1) if flags & HAS_NULLS else None


def read_exceptions(cursor, rows, nulls, count):
  """The rows of the exceptions. `nulls` is one truth value a row."""
  exceptions = cursor.ascending(count, ROW_WIDTH)
  cursor.require(not exceptions or exceptions[-1] < rows, "an exception lies outside the block")
  cursor.require(not any(nulls[row] for row in exceptions), "a null is an exception")
  return exceptions


def find_bounds(numbers):
  """Smallest and largest of the numbers that are not None."""
  present = [number for number in numbers if number is not None]
  return (min(present), max(present)) if present else NO_BOUNDS


def split_texts(cursor, lengths, total):
  """The texts of the given lengths, which must fill `total` bytes up to the end of the block."""
  ends = list(accumulate(lengths, initial=0))
  cursor.require(ends[-1] == total, f"texts of {ends[-1]} bytes instead of {total}")
  texts = bytes(cursor.take(total))
  cursor.end()
  return [texts[start:end] for start, end in zip(ends, ends[1:])]
