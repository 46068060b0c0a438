"""The column directory of a dataset: its columns, their blocks and their dictionaries.

Invariants: the engine's columns come first, the one of history segments in these only; the blocks of a column
join and cover all rows; the smallest and largest value a directory names are those of the block; only a text
column has a dictionary, and a row of the column uses every entry of it.
"""

from collections import namedtuple
from blocks import COLUMN, COLUMN_DIRECTORY, read_location
from columns import INTEGER, TEXT, Source, read_column_block
from dictionary import MOST_HOLES, Dictionary

COMMIT, BATCH, VERSION, STATE = ENGINE_COLUMNS = (1, 2, 3, 4)
SUPERSEDED = 5
HISTORY_COLUMNS = (*ENGINE_COLUMNS, SUPERSEDED)
FIRST_FREE_COLUMN = 16

BlockEntry = namedtuple("BlockEntry", "first rows location bounds")


class ColumnDirectory:
  """Attributes: columns, a list of values by column id; integers, the ids of those that are no texts. `keys` are
  the subject keys of the dataset's rows, `engine` the ids of the engine's columns."""

  def __init__(self, blocks, location, count, keys, engine):
    self.blocks, self.keys, self.rows, self.engine = blocks, keys, len(keys), engine
    self.columns, self.integers = {}, set()
    cursor, entries, _ = blocks.read(location, COLUMN_DIRECTORY)
    cursor.require(cursor.u32() == entries == count, "directories disagree about the number of columns")
    for place in range(count):
      self.read_column(cursor, place)
    cursor.end()
    cursor.require(count >= len(engine), "columns of the engine are missing")

  def read_column(self, cursor, place):
    id, type, holes = cursor.u32(), cursor.u8(), cursor.u8()
    cursor.zero(2)
    blocks, entries = cursor.u32(), cursor.u32()
    cursor.require(type in (INTEGER, TEXT), f"column {id} has the unknown type {type}")
    engine = place < len(self.engine)
    fits = (id, type) == (self.engine[place], INTEGER) if engine else id >= FIRST_FREE_COLUMN
    cursor.require(fits and id not in self.columns, f"column {id} of type {type} stands in place {place}")
    cursor.require(type == TEXT or entries == 0, f"the integer column {id} has a dictionary")
    cursor.require(holes <= (MOST_HOLES if entries else 0), f"column {id} of {entries} entries has {holes} holes")
    block_entries = [read_block_entry(cursor) for _ in range(blocks)]
    dictionary = self.read_dictionary(cursor, id, holes, entries)
    self.columns[id] = self.read_blocks(cursor, id, type, block_entries, dictionary)
    if type == INTEGER:
      self.integers.add(id)

  def read_dictionary(self, cursor, id, holes, entries):
    """The dictionary of a column, or None."""
    if entries == 0:
      return None
    dictionary = Dictionary(holes, entries)
    locations = [read_location(cursor) for _ in range(dictionary.pages)]
    dictionary.read_pages(self.blocks, locations, id)
    dictionary.check_holes(cursor)
    return dictionary

  def read_blocks(self, cursor, id, type, entries, dictionary):
    values = []
    for entry in entries:
      first, count = entry.first, entry.rows
      cursor.require(first == len(values), f"a block of column {id} does not join")
      cursor.require(0 < count <= self.rows - first, f"a block of column {id} has {count} rows")
      block, rows, encoding = self.blocks.read(entry.location, COLUMN, id)
      block.require(rows == count, f"a block of column {id} disagrees about its rows")
      source = Source(dictionary, self.keys[first:first + count])
      found, bounds = read_column_block(block, type, encoding, count, source)
      disagree = f"smallest and largest of column {id} are {bounds}, not {entry.bounds}"
      block.require(bounds == entry.bounds, disagree)
      values += found
    cursor.require(len(values) == self.rows, f"column {id} has {len(values)} of {self.rows} rows")
    return values


def read_block_entry(cursor):
  first, rows = cursor.u32(), cursor.u32()
  return BlockEntry(first, rows, read_location(cursor), (cursor.i64(), cursor.i64()))
