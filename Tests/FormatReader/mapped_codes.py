"""Mapped codes: columns of words whose codes follow from those of another column of words.

Owns maps, encoding 8, and encoding 10, whose texts follow those of the rows' subjects. Invariants: a map says for each entry of the other dictionary which word of its own follows,
if any, and names none that is not there; a row that is neither null nor an exception has a word that follows; the
bounds are those of the codes, whether they follow or are exceptions.
"""

from blocks import MAP
from column_parts import NO_BOUNDS, find_bounds, read_exceptions, read_flags, read_nulls
from dictionary import Dictionary

CODE_WIDTH = 32


class MappedDictionary(Dictionary):
  """Attributes: map, for each entry of the other dictionary the code that follows from it, or None."""

  encoding = 8

  def __init__(self, count):
    super().__init__(0, count)
    self.map = None

  def read_map_block(self, blocks, location, column, others):
    """`others` is the number of entries of the other dictionary."""
    cursor, entries, _ = blocks.read(location, MAP, column)
    cursor.require(entries == others, f"a map of {entries} entries for a dictionary of {others}")
    self.read_map(cursor, others)

  def read_map(self, cursor, others):
    width = cursor.u8()
    cursor.zero(7)
    numbers = cursor.packed(others, width, CODE_WIDTH)
    cursor.end()
    cursor.require(max(numbers) <= self.count, "a map names a code outside the dictionary")
    self.map = [number - 1 if number else None for number in numbers]

  def follow(self, codes):
    """What follows from the codes of the other column; None from a null."""
    return [None if code is None else self.map[code] for code in codes]


class SubjectDictionary(Dictionary):
  """The texts of a column that are not those of their subjects."""

  encoding = 10

  def __init__(self, count):
    super().__init__(0, count)


def read_own_codes(cursor, rows):
  """The nulls of a block that follows something, one truth value a row, and the codes of its exceptions by row."""
  flags, width = read_flags(cursor), cursor.u8()
  cursor.zero(2)
  count = cursor.u32()
  cursor.zero(8)
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  exceptions = read_exceptions(cursor, rows, nulls, count)
  own = dict(zip(exceptions, cursor.packed(count, width, CODE_WIDTH)))
  cursor.end()
  return nulls, own


def read_subject_texts(cursor, rows, source):
  nulls, own = read_own_codes(cursor, rows)
  entries = source.dictionary.entries if own else []
  cursor.require(max(own.values(), default=-1) < len(entries), "the code of an exception lies outside the dictionary")
  values = [None if null else entries[own[row]].text if row in own else text
            for row, (text, null) in enumerate(zip(source.relation, nulls))]
  missing = any(value is None and not null for value, null in zip(values, nulls))
  cursor.require(not missing, "a row follows its subject, which has no text")
  return values, NO_BOUNDS


def read_mapped_codes(cursor, rows, source):
  nulls, own = read_own_codes(cursor, rows)
  entries = source.dictionary.entries
  cursor.require(max(own.values(), default=0) < len(entries), "the code of an exception lies outside the dictionary")
  codes = [None if null else own.get(row, code) for row, (code, null) in enumerate(zip(source.relation, nulls))]
  missing = any(code is None and not null for code, null in zip(codes, nulls))
  cursor.require(not missing, "a row follows another column, which gives it no code")
  return [None if code is None else entries[code].text for code in codes], find_bounds(codes)
