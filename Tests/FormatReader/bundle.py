"""Bundles: small chunks as rows, several in one block.

Invariants: the chunks that the dataset directory names in a bundle are all it has and cover its bytes, each up to
where the next one begins; a chunk has the columns the directory counts, the engine's included; only a row whose key
has a text refers to it.
"""

from blocks import BUNDLE
from column_directory import FIRST_FREE_COLUMN
from columns import INTEGER, TEXT
from fields import Cursor
from subject_keys import key_text


class Bundle:
  def __init__(self, blocks, location, places):
    """`places` are those of all chunks that the directory says are here."""
    cursor, chunks, _ = blocks.read(location, BUNDLE)
    self.file, self.origin, self.data = cursor.file, cursor.origin, cursor.data
    cursor.require(chunks == len(places), f"a bundle of {chunks} chunks, of which {len(places)} are named")
    starts = sorted(places)
    cursor.require(starts[0] == 0, "the first chunk of a bundle does not begin it")
    self.ends = dict(zip(starts, [*starts[1:], len(self.data)]))
    empty = any(start >= end for start, end in self.ends.items()) or len(self.ends) < len(starts)
    cursor.require(not empty, "a chunk of a bundle has no bytes")

  def chunk(self, place, count, keys, engine):
    cursor = Cursor(self.data[place:self.ends[place]], self.file, self.origin, linear=False)
    return Chunk(cursor, count, keys, engine)


class Chunk:
  """Attributes as those of a column directory: columns, a list of values by column id; integers, the ids of those
  that are no texts. `count` are all columns, `keys` the subject keys of the rows, `engine` the engine's columns."""

  def __init__(self, cursor, count, keys, engine):
    self.columns, self.integers, self.engine = {id: [] for id in engine}, set(engine), engine
    found = cursor.u32()
    expected = f"a chunk of {found} columns beside {len(engine)} of the engine, not of {count} together"
    cursor.require(found + len(engine) == count, expected)
    self.types = [self.read_column(cursor) for _ in range(found)]
    for key in keys:
      self.read_row(cursor, key)
    cursor.end()

  def read_column(self, cursor):
    id, type = cursor.u32(), cursor.u32()
    cursor.require(type in (INTEGER, TEXT), f"column {id} has the unknown type {type}")
    cursor.require(id >= FIRST_FREE_COLUMN and id not in self.columns, f"column {id} stands in a chunk")
    self.columns[id] = []
    if type == INTEGER:
      self.integers.add(id)
    return id, type

  def read_row(self, cursor, key):
    for id in self.engine:
      self.columns[id].append(cursor.varint())
    bitmap = int.from_bytes(cursor.take((len(self.types) + 7) // 8), "little")
    for place, (id, type) in enumerate(self.types):
      missing = bitmap >> place & 1
      self.columns[id].append(None if missing else read_value(cursor, type, key))


def read_value(cursor, type, key):
  number = cursor.varint()
  if type == INTEGER:
    return number >> 1 ^ -(number & 1)
  return bytes(cursor.take(number - 1)) if number > 0 else text_of_key(cursor, key)


def text_of_key(cursor, key):
  try:
    text = key_text(key)
  except ValueError as error:
    cursor.fail(str(error))
  cursor.require(text is not None, "a row has the text of its key, which has none")
  return text
