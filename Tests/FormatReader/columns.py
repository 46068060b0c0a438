"""Column blocks: from raw bytes to values.

Owns which encoding fits which column, encodings 2 to 5 of texts, and values that are left out because they repeat. Invariants: a block gives one value a row, None
for a null, an integer that fits an i64 or bytes for a text; beside them the bounds a directory should name, those of
integers or codes; every raw byte is accounted for; a column with a dictionary has blocks of the encoding that goes
with it only, and no other column has one.
"""

from itertools import accumulate

from blocks import REPEATS
from column_parts import INTEGER, NO_BOUNDS, TEXT, Source, find_bounds, read_flags, read_nulls, split_texts
from dictionary import Dictionary
from integers import finish, read_integers, read_multiples, read_patched_integers
from mapped_codes import MappedDictionary, SubjectDictionary, read_mapped_codes, read_subject_texts
from phrases import PhraseDictionary, read_phrases
from subject_keys import key_text


def read_plain_texts(cursor, rows, _):
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
  return values, NO_BOUNDS


def read_dictionary(cursor, rows, _):
  flags, index_width, length_width = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.zero(1)
  count, total, base = cursor.u32(), cursor.u32(), cursor.u32()
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  indexes = cursor.packed(rows, index_width, 32)
  lengths = [base + extra for extra in cursor.packed(count, length_width, 32)]
  entries = split_texts(cursor, lengths, total)
  used = [index for index, null in zip(indexes, nulls) if not null]
  cursor.require(not used or max(used) < count, "an index lies outside the dictionary")
  return [None if null else entries[index] for index, null in zip(indexes, nulls)], NO_BOUNDS


def read_coded_texts(cursor, rows, source):
  flags, width, holes = read_flags(cursor), cursor.u8(), cursor.u8()
  cursor.require(holes == source.dictionary.holes, f"{holes} numbers a row, not the holes of the column")
  cursor.zero(1)
  base = cursor.u32()
  cursor.zero(8)
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  differences = cursor.packed(rows, width, 32)
  codes = [None if null else base + difference for difference, null in zip(differences, nulls)]
  numbers = list(zip(*(read_numbers(cursor, rows) for _ in range(holes)))) or [()] * rows
  cursor.end()
  bounds = find_bounds(codes)
  # A dictionary is never empty, so the bounds of nothing but nulls lie inside too.
  cursor.require(bounds[1] < len(source.dictionary.entries), "a code lies outside the dictionary")
  nulls_empty = not any(any(row) for code, row in zip(codes, numbers) if code is None)
  cursor.require(nulls_empty, "a number of a null is not 0")
  values = [None if code is None else source.dictionary.text(cursor, code, row)
            for code, row in zip(codes, numbers)]
  source.dictionary.row_codes += codes
  return values, bounds


def read_numbers(cursor, rows):
  """One number of every row of coded texts."""
  width = cursor.u8()
  cursor.zero(7)
  base = cursor.u64()
  return [base + difference for difference in cursor.packed(rows, width, 64)]


def read_key_texts(cursor, rows, source):
  flags = read_flags(cursor)
  cursor.zero(15)
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  cursor.end()
  try:
    values = [None if null else key_text(key) for key, null in zip(source.keys, nulls)]
  except ValueError as error:
    cursor.fail(str(error))
  missing = any(value is None and not null for value, null in zip(values, nulls))
  cursor.require(not missing, "a row has the text of its key, which has none")
  return values, NO_BOUNDS


def read_repeated(cursor, rows, read, source):
  """A block that leaves out values that are those of the row before: one bit a row stands behind the values."""
  size = (rows + 63) // 64 * 8
  cursor.require(len(cursor.data) >= size, "a block ends before the bits of its rows")
  bits = type(cursor)(cursor.data[len(cursor.data) - size:], cursor.file, cursor.origin, linear=False).packed(rows, 1, 1)
  cursor.require(bits[0] == 1, "the first row has no value of its own")
  cursor.data = cursor.data[:len(cursor.data) - size]
  # Coded texts note the code of each value, for columns that are mapped from them.
  noted = source.dictionary.row_codes if read is read_coded_texts else []
  known = len(noted)
  values, bounds = read(cursor, sum(bits), source._replace(relation=None))
  places = [place - 1 for place in accumulate(bits)]
  codes = noted[known:]
  noted[known:] = [codes[place] for place in places] if codes else []
  values = [values[place] for place in places]
  return (values, bounds) if source.relation is None else finish(values, source.relation)


READERS = {
  INTEGER: {1: read_integers, 7: read_patched_integers, 9: read_multiples},
  TEXT: {2: read_plain_texts, 3: read_dictionary, 4: read_coded_texts, 5: read_key_texts, 6: read_phrases,
         8: read_mapped_codes, 10: read_subject_texts}}
DICTIONARY_ENCODINGS = tuple(
  kind.encoding for kind in (Dictionary, PhraseDictionary, MappedDictionary, SubjectDictionary))


def read_column_block(cursor, type, encoding, rows, source):
  """The values of the rows, and the bounds the directory should name."""
  repeats, encoding = encoding & REPEATS, encoding & ~REPEATS
  cursor.require(encoding in READERS[type], f"encoding {encoding} does not fit column type {type}")
  cursor.require(not repeats or encoding not in (5, 8, 10), f"encoding {encoding} does not leave out repeated values")
  wanted = source.dictionary.encoding if source.dictionary else None
  found = encoding if encoding in DICTIONARY_ENCODINGS else None
  cursor.require(found == wanted, f"encoding {encoding} does not fit the dictionary of the column, or its lack")
  if repeats:
    return read_repeated(cursor, rows, READERS[type][encoding], source)
  return READERS[type][encoding](cursor, rows, source)
