"""Checks of column directories on bytes made by hand: forms of dictionaries, relative columns, tables of code
lengths; run with python3 -m unittest.

Owns a directory of one dataset with three rows and blocks of two; columns behind the engine's are up to the test.
"""

import unittest
from struct import pack, unpack
from blocks import COLUMN, COLUMN_DIRECTORY, DICTIONARY_PAGE, TRAILER_SIZE, Blocks, Location
from column_directory import ENGINE_COLUMNS, ColumnDirectory
from fields import FormatError
from test_history import ID, Writer
from test_phrases import COUNTS, END, PHRASES, block, encode
from test_texts import coded, page

KEYS = [1 << 124] * 3
TABLE = pack("<6I", END, 4, *COUNTS)


class DirectoryWriter(Writer):
  def entry(self, id, type, parts, bounds, encoding, form=0, holes=0, entries=0, relation=(0, 0), rest=b"", zero=0):
    """`parts` are the raw blocks, of two rows and of one; `rest` is what follows their entries."""
    head = pack("<I4B4I", id, type, holes, form, zero, len(parts), entries, *relation)
    first = 0
    for raw, (smallest, largest), rows in zip(parts, bounds, (2, 1)):
      location = self.block(COLUMN, rows, raw, id, encoding)
      head += pack("<II", first, rows) + location + pack("<qq", smallest, largest)
      first += rows
    return head + rest

  def integers(self, id, stored, bounds, **rest):
    """`stored` are differences to the column this one is relative to, or values."""
    return self.entry(id, 1, [integers(stored[:2]), integers(stored[2:])], bounds, 1, **rest)

  def phrases(self, rows, table, entries=6, phrases=PHRASES, **rest):
    location = self.block(DICTIONARY_PAGE, len(phrases), page([(phrase, 0) for phrase in phrases], 0), 20)
    parts = [block(encode(part), [row is None for row in part]) for part in (rows[:2], rows[2:])]
    rest = {"encoding": 6, "form": 1, "entries": entries, "rest": location + table} | rest
    return self.entry(20, 2, parts, [(0, 0)] * 2, **rest)

  def read(self, *entries):
    engine = [self.integers(id, [0] * 3, [(0, 0)] * 2) for id in ENGINE_COLUMNS]
    count = len(engine) + len(entries)
    raw = pack("<I", count) + b"".join([*engine, *entries])
    offset, length, _, checksum = unpack("<QIIQ", self.block(COLUMN_DIRECTORY, count, raw))
    blocks = Blocks(self.data + bytes(TRAILER_SIZE), "", ID)
    directory = ColumnDirectory(blocks, Location(offset, length, checksum), count, KEYS, ENGINE_COLUMNS)
    blocks.check_cover()
    return directory


def integers(stored):
  nulls = sum(1 << place for place, number in enumerate(stored) if number is None)
  return pack("<BBHIqQ", 1, 64, 0, 0, -2**63, nulls) + pack(
    f"<{len(stored)}Q", *((number or 0) + 2**63 for number in stored))


class RelativeTests(unittest.TestCase):
  def other(self, writer, **rest):
    return writer.integers(16, [100, None, -3], [(100, 100), (-3, -3)], **rest)

  def test_values(self):
    writer = DirectoryWriter()
    relative = writer.integers(17, [1, 2, None], [(2, 701), (0, 0)], relation=(16, 7))
    self.assertEqual(writer.read(self.other(writer), relative).columns[17], [701, 2, None])

  def test_blocks_follow_the_other_column(self):
    writer = DirectoryWriter()
    factor = 2**32 - 1
    first, last = 100 * factor, 5 - 3 * factor
    relative = writer.integers(17, [0, 0, 5], [(0, first), (last, last)], relation=(16, factor))
    self.assertEqual(writer.read(self.other(writer), relative).columns[17], [first, 0, last])

  def test_values_count_modulo_64_bits(self):
    writer = DirectoryWriter()
    other = writer.integers(16, [2**62, 2**62, 0], [(2**62, 2**62), (0, 0)])
    relative = writer.integers(17, [0, -1, 0], [(-2**63, 2**63 - 1), (0, 0)], relation=(16, 2))
    self.assertEqual(writer.read(other, relative).columns[17], [-2**63, 2**63 - 1, 0])

  def test_engine_columns_count(self):
    writer = DirectoryWriter()
    relative = writer.integers(17, [3, 4, 5], [(3, 4), (5, 5)], relation=(2, 9))
    self.assertEqual(writer.read(relative).columns[17], [3, 4, 5])

  def test_refuses_columns(self):
    bounds = [(1, 1), (1, 1)]
    for message, make in [
        ("factor 3", lambda w: [w.integers(17, [1] * 3, bounds, relation=(0, 3))]),
        ("relative to 18", lambda w: [
          w.integers(17, [1] * 3, bounds, relation=(18, 1)), w.integers(18, [1] * 3, bounds)]),
        ("relative to 17", lambda w: [w.integers(17, [1] * 3, bounds, relation=(17, 1))]),
        ("relative to 17", lambda w: [
          w.integers(17, [1] * 3, bounds, relation=(2, 1)), w.integers(18, [1] * 3, bounds, relation=(17, 1))]),
        ("relative to 20", lambda w: [
          w.phrases([[]] * 3, TABLE), w.integers(21, [1] * 3, bounds, relation=(20, 1))]),
        ("column 20 has no dictionary of words", lambda w: [w.phrases([[]] * 3, TABLE, relation=(1, 1))]),
        ("smallest and largest", lambda w: [
          self.other(w), w.integers(17, [1, 2, 3], [(1, 2), (3, 3)], relation=(16, 1))])]:
      writer = DirectoryWriter()
      with self.subTest(message=message), self.assertRaisesRegex(FormatError, message):
        writer.read(*make(writer))


class PhraseTests(unittest.TestCase):
  rows = [[b"A", b"yes"], None, [b"no"]]

  def test_texts(self):
    writer = DirectoryWriter()
    self.assertEqual(writer.read(writer.phrases(self.rows, TABLE)).columns[20], [b"Ayes", None, b"no"])

  def test_refuses_columns(self):
    for table, rest, message in [
        (pack("<6I", 0, 4, *COUNTS), {}, "ends a text"), (pack("<6I", 6, 4, *COUNTS), {}, "should have no bytes"),
        (pack("<2I", END, 0), {}, "longest code"), (pack("<27I", END, 25, *[0] * 24, 6), {}, "longest code"),
        (pack("<7I", END, 5, *COUNTS, 0), {}, "no code has"), (pack("<5I", END, 3, 0, 0, 7), {}, "7 codes for 6"),
        (pack("<3I", END, 1, 6), {}, "reach"), (TABLE + bytes(4), {}, "too many"), (TABLE[:-4], {}, "wanted"),
        (TABLE, {"form": 2}, "form 2"), (TABLE, {"holes": 1}, "has 1 holes"),
        (TABLE, {"zero": 1}, "must be 0"), (TABLE, {"encoding": 2}, "dictionary of the column"),
        (TABLE, {"phrases": PHRASES[:5]}, "5 entries instead of 6"),
        (TABLE, {"entries": 0}, "form 1"), (b"", {"form": 0, "phrases": sorted(PHRASES)}, "fit the dictionary")]:
      writer = DirectoryWriter()
      with self.subTest(table=table.hex(), rest=rest), self.assertRaisesRegex(FormatError, message):
        writer.read(writer.phrases(self.rows, table, **rest))

  def test_words_are_still_read(self):
    def read_words(table):
      writer = DirectoryWriter()
      location = writer.block(DICTIONARY_PAGE, 2, page([(b"a", 0), (b"b", 0)], 0), 20)
      parts = [coded([1, 0], []), coded([1], [])]
      return writer.read(writer.entry(20, 2, parts, [(0, 1), (1, 1)], 4, entries=2, rest=location + table))
    self.assertEqual(read_words(b"").columns[20], [b"b", b"a", b"b"])
    with self.assertRaisesRegex(FormatError, "too many"):
      read_words(TABLE)


if __name__ == "__main__":
  unittest.main()
