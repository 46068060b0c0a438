"""The column directory of a dataset: its columns, their blocks and their dictionaries.

Invariants: the engine's columns come first, the one of history segments in these only; the blocks of a column
join and cover all rows; the smallest and largest value a directory names are those of the block; only a text
column has a dictionary, only one of words has holes, only one of phrases has codes; an integer column is relative only
to an integer column before it that is not; a text column is mapped only from a column of words before it that is not, or
follows the texts of subjects, which the segment has.
"""

from collections import namedtuple
from blocks import COLUMN, COLUMN_DIRECTORY, read_location
from columns import INTEGER, TEXT, Source, read_column_block
from dictionary import MOST_HOLES, PAGE_ENTRIES, Dictionary
from mapped_codes import MappedDictionary, SubjectDictionary
from phrases import PhraseDictionary, read_codes

COMMIT, BATCH, VERSION, STATE = ENGINE_COLUMNS = (1, 2, 3, 4)
SUPERSEDED = 5
HISTORY_COLUMNS = (*ENGINE_COLUMNS, SUPERSEDED)
SUBJECTS = range(6, 16)
FIRST_FREE_COLUMN = 16
WORDS, PHRASES = 0, 1

BlockEntry = namedtuple("BlockEntry", "first rows location bounds")
Head = namedtuple("Head", "id type holes form blocks entries other factor")
Head.__doc__ = """`blocks` and `entries` are numbers of them, `other` the id of the column this one is relative to or
mapped from, or 0."""
Column = namedtuple("Column", "id type dictionary relation")
Column.__doc__ = """`relation` is that of a `Source`, for all rows."""


class ColumnDirectory:
  """Attributes: columns, a list of values by column id; integers, the ids of those that are no texts; relative, those
  of relative ones among them; words, the dictionaries of columns of words that are not mapped, by column id. `keys` are
  the subject keys of the dataset's rows, `engine` the ids of the engine's columns, `subject_texts` by column
  the texts of the segment's subjects by key, or None."""

  def __init__(self, blocks, location, count, keys, engine, subject_texts=None):
    self.subject_texts = subject_texts
    self.blocks, self.keys, self.rows, self.engine = blocks, keys, len(keys), engine
    self.columns, self.integers, self.relative, self.words = {}, set(), set(), {}
    cursor, entries, _ = blocks.read(location, COLUMN_DIRECTORY)
    agree = cursor.u32() == entries and (entries > 0 if count is None else entries == count)
    cursor.require(agree, "directories disagree about the number of columns")
    for place in range(entries):
      self.read_column(cursor, place)
    cursor.end()
    cursor.require(entries >= len(engine), "columns of the engine are missing")

  def read_column(self, cursor, place):
    head = self.read_head(cursor, place)
    self.check_relation(cursor, head)
    block_entries = [read_block_entry(cursor) for _ in range(head.blocks)]
    dictionary = self.read_dictionary(cursor, head)
    column = Column(head.id, head.type, dictionary, self.find_relation(head, dictionary))
    self.columns[head.id] = self.read_blocks(cursor, column, block_entries)
    if head.type == INTEGER:
      self.integers.add(head.id)
      if head.other:
        self.relative.add(head.id)
    elif head.entries and head.form == WORDS and not head.other:
      self.words[head.id] = dictionary

  def read_head(self, cursor, place):
    id, type, holes, form = cursor.u32(), cursor.u8(), cursor.u8(), cursor.u8()
    cursor.zero(1)
    blocks, entries, other, factor = (cursor.u32() for _ in range(4))
    cursor.require(type in (INTEGER, TEXT), f"column {id} has the unknown type {type}")
    fits = self.is_expected(id, type, place)
    cursor.require(fits and id not in self.columns, f"column {id} of type {type} stands in place {place}")
    cursor.require(type == TEXT or entries == 0, f"the integer column {id} has a dictionary")
    known = form in (WORDS, PHRASES) if entries else form == WORDS
    cursor.require(known, f"the dictionary of column {id} with {entries} entries has form {form}")
    most_holes = MOST_HOLES if entries and form == WORDS else 0
    cursor.require(holes <= most_holes, f"column {id} of {entries} entries and form {form} has {holes} holes")
    return Head(id, type, holes, form, blocks, entries, other, factor)

  def is_expected(self, id, type, place):
    engine = place < len(self.engine)
    return (id, type) == (self.engine[place], INTEGER) if engine else id >= FIRST_FREE_COLUMN

  def check_relation(self, cursor, head):
    id, other, factor = head.id, head.other, head.factor
    if other == 0:
      cursor.require(factor == 0, f"column {id} is not relative but has the factor {factor}")
    elif head.type == TEXT and other in SUBJECTS:
      words = head.form == WORDS and head.holes == 0 and factor == 1
      cursor.require(words, f"column {id} follows the texts of subjects, but with phrases, templates or the factor {factor}")
      cursor.require(other in (self.subject_texts or {}), f"column {id} follows texts of subjects that are not there")
    elif head.type == TEXT:
      words = head.entries > 0 and head.form == WORDS and head.holes == 0
      cursor.require(words, f"the mapped column {id} has no dictionary of words without templates")
      cursor.require(factor == 1, f"the mapped column {id} has the factor {factor}")
      unknown = f"column {id} is mapped from {other}, which is no earlier, plain column of words"
      cursor.require(other in self.words, unknown)
    else:
      known = other in self.integers and other not in self.relative
      cursor.require(known, f"column {id} is relative to {other}, which is no earlier, plain integer column")

  def find_relation(self, head, dictionary):
    if head.other == 0:
      return None
    if head.type == TEXT and head.other in SUBJECTS:
      return [self.subject_texts[head.other][key] for key in self.keys]
    if head.type == TEXT:
      return dictionary.follow(self.words[head.other].row_codes)
    return [head.factor * (value or 0) for value in self.columns[head.other]]

  def read_dictionary(self, cursor, head):
    """The dictionary of a column, with its map if it is mapped, or None."""
    if head.entries == 0:
      return SubjectDictionary(0) if head.type == TEXT and head.other in SUBJECTS else None
    locations = [read_location(cursor) for _ in range(-(-head.entries // PAGE_ENTRIES))]
    if head.form == PHRASES:
      dictionary = PhraseDictionary(*read_codes(cursor, head.entries))
      dictionary.read_pages(self.blocks, locations, head.id)
    elif head.other in SUBJECTS:
      dictionary = SubjectDictionary(head.entries)
      dictionary.read_pages(self.blocks, locations, head.id)
    elif head.other:
      dictionary = MappedDictionary(head.entries)
      dictionary.read_pages(self.blocks, locations, head.id)
      dictionary.read_map_block(self.blocks, read_location(cursor), head.id, self.words[head.other].count)
    else:
      dictionary = Dictionary(head.holes, head.entries)
      dictionary.read_pages(self.blocks, locations, head.id)
      dictionary.check_holes(cursor)
    return dictionary

  def read_blocks(self, cursor, column, entries):
    id, values = column.id, []
    for entry in entries:
      first, count = entry.first, entry.rows
      end = first + count
      cursor.require(first == len(values), f"a block of column {id} does not join")
      cursor.require(0 < count <= self.rows - first, f"a block of column {id} has {count} rows")
      block, rows, encoding = self.blocks.read(entry.location, COLUMN, id)
      block.require(rows == count, f"a block of column {id} disagrees about its rows")
      relation = None if column.relation is None else column.relation[first:end]
      source = Source(column.dictionary, self.keys[first:end], relation)
      found, bounds = read_column_block(block, column.type, encoding, count, source)
      disagree = f"smallest and largest of column {id} are {bounds}, not {entry.bounds}"
      block.require(bounds == entry.bounds, disagree)
      values += found
    cursor.require(len(values) == self.rows, f"column {id} has {len(values)} of {self.rows} rows")
    return values


def read_block_entry(cursor):
  first, rows = cursor.u32(), cursor.u32()
  return BlockEntry(first, rows, read_location(cursor), (cursor.i64(), cursor.i64()))
