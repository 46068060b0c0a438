"""Segments: footer, datasets, and the subject directory.

Invariants after reading: datasets join and cover all rows, each with columns or as rows in a bundle; keys strictly
ascend over all leaves; runs cover every row exactly once and stand in the order of the rows, so that the rows of a
dataset ascend by key; footer and parents agree with what was found. The key of a row comes from the subject directory
alone, which is read before columns and bundles, since a text may be that of a key. All rows of a history segment are
superseded, the last by the commit with which its entry says that the history ends.
"""

from collections import namedtuple
from blocks import DATASET_DIRECTORY, FENCES, FOOTER, LEAF, NOWHERE, TRAILER_SIZE, Blocks, Location, read_location
from bundle import Bundle
from column_directory import COMMIT, ENGINE_COLUMNS, HISTORY_COLUMNS, SUPERSEDED, ColumnDirectory
from fields import Cursor, FORMAT_VERSION, FormatError, Header, HEADER_SIZE
from leaf import Leaf
from rows import check_engine_columns, check_history, check_order
from subject_texts import SubjectTextDirectory
from text_index import TextIndex
from xxh64 import xxh64

TRAILER_MAGIC = b"CSEND\r\n\x1a"
AS_COLUMNS, AS_ROWS = 0, 1
MULTIPLES_FEATURE, SUBJECT_TEXTS_FEATURE = 1, 2

Dataset = namedtuple("Dataset", "id schema_version first rows column_count order search form place location columns")
Dataset.__doc__ = """`first` is a position in the segment, `order` and `search` ids of columns or 0, `location` the one
of the column directory or, with rows, of the bundle that holds them at `place`; `columns` holds a list of values by
column id."""
Fence = namedtuple("Fence", "first_key subjects location")


class Segment:
  """Attributes: id, file, entry, size, rows, datasets; by position: keys, superseded (a commit)."""

  def __init__(self, path, file, entry, uuid):
    self.file, self.entry, self.id = file, entry, entry.id
    self.superseded = {}
    self.data = path.read_bytes()
    self.size = len(self.data)
    if self.size != entry.length or self.size < HEADER_SIZE + TRAILER_SIZE:
      raise FormatError(f"the file has {self.size} bytes instead of {entry.length}", file, 0)
    header = Header(self.data, file, b"CSSEG", {entry.id}, MULTIPLES_FEATURE | SUBJECT_TEXTS_FEATURE)
    self.has_subject_texts = bool(header.features & SUBJECT_TEXTS_FEATURE)
    header.check(0)
    header.check_store(uuid)
    if header.special != 0:
      raise FormatError("the segment is enciphered", file, 48)
    self.blocks = Blocks(self.data, file, entry.id, has_multiples=bool(header.features & MULTIPLES_FEATURE))
    self.read_footer(self.read_trailer())
    self.blocks.check_cover()
    self.data = self.blocks = self.bundles = None

  def read_trailer(self):
    """The location of the footer."""
    start = self.size - TRAILER_SIZE
    trailer = self.data[start:]
    if xxh64(trailer, self.id) != self.entry.trailer_checksum:
      raise FormatError("the checksum of the trailer is not the one the store holds", self.file, start)
    cursor = Cursor(trailer, self.file, start)
    offset, length, version, checksum = cursor.u64(), cursor.u32(), cursor.u32(), cursor.u64()
    cursor.require(version == FORMAT_VERSION, f"format version {version} in the trailer is not known")
    cursor.require(cursor.take(8) == TRAILER_MAGIC, "the magic of the trailer is wrong")
    return Location(offset, length, checksum)

  def read_footer(self, location):
    cursor, entries, _ = self.blocks.read(location, FOOTER)
    cursor.require(entries == 0, "the footer block names rows")
    self.rows, self.subjects = cursor.u32(), cursor.u32()
    cursor.zero(8)
    bounds = cursor.u128(), cursor.u128()
    directory, fences, index = read_location(cursor), read_location(cursor), read_location(cursor)
    texts = read_location(cursor) if self.has_subject_texts else None
    cursor.end()
    self.read_datasets(directory)
    self.read_subjects(fences, bounds)
    self.subject_texts = SubjectTextDirectory(self.blocks, texts, self.subject_keys).texts if texts else None
    self.read_bundles()
    for dataset in self.datasets:
      self.read_columns(dataset, cursor)
    self.text_index = None if index == NOWHERE else TextIndex(self.blocks, index, self.datasets)
    end = max(self.superseded.values(), default=0)
    cursor.require(end == self.entry.history_end, f"the history ends with commit {end}, not {self.entry.history_end}")

  # Datasets and columns

  def read_datasets(self, location):
    cursor, entries, _ = self.blocks.read(location, DATASET_DIRECTORY)
    cursor.require(cursor.u32() == entries, "the dataset directory disagrees about its entries")
    self.datasets = []
    for _ in range(entries):
      self.datasets.append(self.read_dataset(cursor))
    cursor.end()
    covered = sum(dataset.rows for dataset in self.datasets)
    cursor.require(covered == self.rows, f"datasets cover {covered} of {self.rows} rows")

  def read_dataset(self, cursor):
    id, schema_version, first, rows, columns, order, search, form, place = (cursor.u32() for _ in range(9))
    before = self.datasets[-1] if self.datasets else None
    cursor.require(before is None or before.id < id, "datasets do not ascend")
    cursor.require(first == (before.first + before.rows if before else 0), f"dataset {id} does not join")
    cursor.require(0 < rows <= self.rows - first, f"{rows} rows in dataset {id}")
    cursor.require(form in (AS_COLUMNS, AS_ROWS), f"dataset {id} has the unknown form {form}")
    cursor.require(form == AS_ROWS or place == 0, f"dataset {id} has columns, but in place {place}")
    return Dataset(id, schema_version, first, rows, columns, order, search, form, place, read_location(cursor), {})

  def read_bundles(self):
    """Bundles by their location, each of which may hold several datasets."""
    places = {}
    for dataset in self.datasets:
      if dataset.form == AS_ROWS:
        places.setdefault(dataset.location, []).append(dataset.place)
    self.bundles = {location: Bundle(self.blocks, location, found) for location, found in places.items()}

  def read_columns(self, dataset, cursor):
    keys = self.keys[dataset.first:dataset.first + dataset.rows]
    engine = HISTORY_COLUMNS if self.entry.history_end else ENGINE_COLUMNS
    if dataset.form == AS_ROWS:
      found = self.bundles[dataset.location].chunk(dataset.place, dataset.column_count, keys, engine)
    else:
      found = ColumnDirectory(self.blocks, dataset.location, dataset.column_count, keys, engine,
                              self.subject_texts)
    check_engine_columns(cursor, found.columns, engine, self.entry)
    check_order(cursor, dataset.order, found, keys)
    if SUPERSEDED in engine:
      check_history(cursor, found.columns)
      self.superseded.update(enumerate(found.columns[SUPERSEDED], dataset.first))
    dataset.columns.update(found.columns)

  # Subject directory

  def read_subjects(self, location, bounds):
    cursor, entries, _ = self.blocks.read(location, FENCES)
    cursor.require(cursor.u32() == entries, "the fences disagree about their entries")
    fences = [Fence(cursor.u128(), *read_fence_rest(cursor)) for _ in range(entries)]
    cursor.end()
    self.keys, self.subject_keys = [None] * self.rows, []
    self.next_row = {dataset.id: dataset.first for dataset in self.datasets}
    self.end_row = {dataset.id: dataset.first + dataset.rows for dataset in self.datasets}
    first_key, last_key, subjects = 0, -1, 0
    for number, fence in enumerate(fences):
      keys = self.read_leaf(fence, last_key)
      first_key = keys[0] if number == 0 else first_key
      last_key = keys[-1]
      self.subject_keys += keys
      subjects += len(keys)
    cursor.require(self.next_row == self.end_row, "the runs do not cover all rows")
    cursor.require(subjects == self.subjects, f"{subjects} subjects instead of {self.subjects}")
    expected = (first_key, last_key) if fences else (0, 0)
    cursor.require(bounds == expected, "smallest and largest key of the footer are not those of the leaves")

  def read_leaf(self, fence, last_key):
    cursor, entries, _ = self.blocks.read(fence.location, LEAF)
    cursor.require(entries == fence.subjects, "leaf and fence disagree about the subjects")
    leaf = Leaf(cursor, entries)
    cursor.require(leaf.keys[0] == fence.first_key, "the first key of a leaf is not the one of its fence")
    for key, runs in zip(leaf.keys, leaf.runs):
      cursor.require(last_key < key < 1 << 128, "keys do not ascend")
      last_key = key
      self.place_runs(cursor, key, runs)
    return leaf.keys

  def place_runs(self, cursor, key, runs):
    """Rows are ordered by dataset, then key: each run begins where the last of its dataset ended."""
    for dataset, position, rows in runs:
      cursor.require(dataset in self.next_row, f"a run names dataset {dataset}")
      cursor.require(position == self.next_row[dataset], f"a run of dataset {dataset} begins at {position}")
      end = position + rows
      cursor.require(rows > 0 and end <= self.end_row[dataset], f"a run of dataset {dataset} has {rows} rows")
      self.keys[position:end] = [key] * rows
      self.next_row[dataset] = end

  # What the rest of the reader asks for

  def commit_of(self, position):
    for dataset in self.datasets:
      if position < dataset.first + dataset.rows:
        return dataset.columns[COMMIT][position - dataset.first]
    raise IndexError(position)


def read_fence_rest(cursor):
  subjects = cursor.u32()
  cursor.zero(4)
  return subjects, read_location(cursor)
