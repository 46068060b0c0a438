"""Checks of mapped columns, their maps and the blocks of their codes, and of columns that follow the texts of subjects, on bytes made by hand; run with
python3 -m unittest.

Owns no format knowledge beyond maps and encodings 8 and 10. In directories column 30 is the other one, of three words or
templates, and column 31 the mapped one, of two words.
"""

import unittest
from struct import pack
from blocks import DICTIONARY_PAGE, MAP
from columns import INTEGER, TEXT, Source, read_column_block
from dictionary import Dictionary
from fields import Cursor, FormatError
from mapped_codes import MappedDictionary, SubjectDictionary
from test_column_directory import TABLE, DirectoryWriter
from test_primitives import packed
from test_texts import coded, page

OWN = [(b"east", 0), (b"west", 0)]
OTHER = [(b"1", 0), (b"2", 0), (b"3", 0)]
NUMBERS = [2, 0, 1]  # West from 1, nothing from 2, east from 3.
MAPPED_FROM_30 = (30, 1)


def map_bytes(numbers, width=8, zeros=bytes(7)):
  return bytes([width]) + zeros + packed(numbers, width)


def mapped(exceptions=(), nulls=0, width=8, flags=None, count=None, zeros=(0, 0)):
  """`exceptions` are pairs of row and code."""
  rows, codes = [row for row, _ in exceptions], [code for _, code in exceptions]
  head = pack("<BBHIQ", bool(nulls) if flags is None else flags, width, zeros[0],
              len(rows) if count is None else count, zeros[1])
  return head + (pack("<Q", nulls) if nulls else b"") + packed(rows, 13) + packed(codes, width)


def dictionary(numbers=NUMBERS, entries=OWN):
  found = MappedDictionary(len(entries))
  found.read_page(Cursor(page(entries, 0), "", 0), len(entries))
  found.read_map(Cursor(map_bytes(numbers), "", 0), len(numbers))
  return found


def read(raw, other_codes, found=None, encoding=8, type=TEXT):
  found = found or dictionary()
  source = Source(found, [0] * len(other_codes), found.follow(other_codes))
  return read_column_block(Cursor(raw, "", 0), type, encoding, len(other_codes), source)


class MapTests(unittest.TestCase):
  def read(self, raw, others=3):
    found = MappedDictionary(2)
    found.read_map(Cursor(raw, "", 0), others)
    return found.map

  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "02 00000000000000"  # width 2
      "1200000000000000")  # 2, 0, 1
    self.assertEqual(self.read(raw), [1, None, 0])

  def test_widths(self):
    self.assertEqual(self.read(map_bytes([0] * 3, 0)), [None] * 3)
    self.assertEqual(self.read(map_bytes([1] * 70, 1), 70), [0] * 70)
    self.assertEqual(self.read(map_bytes([2, 1, 0], 32)), [1, 0, None])

  def test_refuses_maps(self):
    good = map_bytes(NUMBERS)
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-1], "wanted"), (good[:-8], "wanted"), (good[:5], "wanted"),
        (b"", "wanted"), (map_bytes([2, 0, 3]), "outside the dictionary"), (map_bytes(NUMBERS, 33), "above 32"),
        (map_bytes([*NUMBERS, 1]), "padding"), (map_bytes(NUMBERS, zeros=bytes(6) + b"\1"), "must be 0"),
        (map_bytes([2**32 - 1, 0, 0], 32), "outside the dictionary")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        self.read(raw)


class BlockTests(unittest.TestCase):
  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "01 01 0000 02000000 0000000000000000"  # nulls, codes of 1 bit, 2 exceptions
      "0200000000000000"                        # row 1 is null
      "0380000000000000"                        # rows 3 and 4: 3 + 4 × 2^13
      "0200000000000000")                       # 0 and 1
    self.assertEqual(read(raw, [0, 2, 2, None, 1]), ([b"west", None, b"east", b"east", b"west"], (0, 1)))

  def test_rows_follow(self):
    self.assertEqual(read(mapped(), [0, 2, 0]), ([b"west", b"east", b"west"], (0, 1)))
    self.assertEqual(read(mapped(width=0), [0, 0]), ([b"west"] * 2, (1, 1)))

  def test_exceptions(self):
    self.assertEqual(read(mapped([(0, 1), (1, 0)]), [1, None]), ([b"west", b"east"], (0, 1)))
    self.assertEqual(read(mapped([(1, 0), (2, 0)], width=0), [0] * 3)[0], [b"west", b"east", b"east"])
    self.assertEqual(read(mapped([(0, 1)]), [0]), ([b"west"], (1, 1)))
    self.assertEqual(read(mapped([(8191, 1)], width=32), [2] * 8192)[0][-2:], [b"east", b"west"])

  def test_nulls(self):
    self.assertEqual(read(mapped(nulls=7), [0, 1, None]), ([None] * 3, (0, 0)))
    self.assertEqual(read(mapped([(2, 1)], nulls=3), [0, None, 2]), ([None, None, b"west"], (1, 1)))

  def test_refuses_blocks(self):
    codes = [0, 2, 1]
    good = mapped([(2, 1)])
    self.assertEqual(read(good, codes)[0], [b"west", b"east", b"west"])
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-1], "wanted"), (good[:-8], "wanted"), (good[:15], "wanted"),
        (b"", "wanted"), (mapped(), "gives it no code"), (mapped([(1, 0)]), "gives it no code"),
        (mapped([(2, 2)]), "outside the dictionary"), (mapped([(2, 2**32 - 1)], width=32), "outside the dictionary"),
        (mapped([(2, 1), (3, 0)]), "outside the block"), (mapped([(2, 1), (2, 1)]), "ascend"),
        (mapped([(2, 1), (0, 1)]), "ascend"), (mapped([(2, 1)], nulls=4), "is an exception"),
        (mapped([(2, 1)], nulls=8), "padding"), (mapped([(2, 1)], width=33), "above 32"),
        (mapped([(2, 1)], flags=2), "unknown flags"), (mapped([(2, 1)], nulls=1, flags=0), "too many"),
        (mapped([(2, 1)], count=0), "too many"), (mapped([(1, 1), (2, 1)], count=1), "padding"),
        (mapped([(2, 1)], count=2**32 - 1), "wanted"), (mapped([(2, 1)], zeros=(1, 0)), "must be 0"),
        (mapped([(2, 1)], zeros=(0, 1)), "must be 0"), (mapped([(2, 1)], zeros=(0, 1 << 63)), "must be 0")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw, codes)

  def test_refuses_rows_without_other_value(self):
    with self.assertRaisesRegex(FormatError, "gives it no code"):
      read(mapped(), [0, None])
    with self.assertRaisesRegex(FormatError, "gives it no code"):
      read(mapped(nulls=1), [None, 1])

  def test_refuses_columns(self):
    words = Dictionary(0, 2)
    words.read_page(Cursor(page(OWN, 0), "", 0), 2)
    for found, encoding in [(words, 8), (None, 8), (dictionary(), 4), (dictionary(), 6), (dictionary(), 2)]:
      with self.subTest(encoding=encoding), self.assertRaisesRegex(FormatError, "dictionary of the column"):
        read_column_block(Cursor(mapped(), "", 0), TEXT, encoding, 1, Source(found, [0], [0]))
    with self.assertRaisesRegex(FormatError, "does not fit column type"):
      read(mapped(), [0], type=INTEGER)


class MappedWriter(DirectoryWriter):
  def words(self, id, parts, bounds, entries, holes=0, **rest):
    location = self.block(DICTIONARY_PAGE, len(entries), page(entries, holes), id)
    rest = {"encoding": 4, "entries": len(entries), "holes": holes, "rest": location} | rest
    return self.entry(id, 2, parts, bounds, **rest)

  def other(self, id=30, parts=None, bounds=((0, 2), (1, 1)), **rest):
    """By default 1, 3, 2."""
    return self.words(id, parts or [coded([0, 2], []), coded([1], [])], bounds, OTHER, **rest)

  def map(self, raw=map_bytes(NUMBERS), entries=3, column=31, kind=MAP, encoding=0):
    return self.block(kind, entries, raw, column, encoding)

  def mapped(self, map=None, id=31, parts=None, bounds=((0, 1), (1, 1)), order=lambda page, map: page + map, **rest):
    """By default west, east, west, of which the last is an exception. `map` is a location."""
    location = self.block(DICTIONARY_PAGE, len(OWN), page(OWN, 0), id)
    tail = order(location, self.map(column=id) if map is None else map)
    rest = {"encoding": 8, "entries": len(OWN), "relation": MAPPED_FROM_30, "rest": tail} | rest
    return self.entry(id, 2, parts or [mapped(), mapped([(0, 1)])], bounds, **rest)


class DirectoryTests(unittest.TestCase):
  def test_values(self):
    writer = MappedWriter()
    found = writer.read(writer.other(), writer.mapped()).columns
    self.assertEqual((found[30], found[31]), ([b"1", b"3", b"2"], [b"west", b"east", b"west"]))

  def test_codes_follow_over_blocks(self):
    writer = MappedWriter()
    other = writer.other(parts=[coded([0, 2], [], nulls=2), coded([2], [])], bounds=[(0, 0), (2, 2)])
    parts = [mapped(nulls=2), mapped()]
    found = writer.read(other, writer.mapped(parts=parts, bounds=[(1, 1), (0, 0)])).columns
    self.assertEqual((found[30], found[31]), ([b"1", None, b"3"], [b"west", None, b"east"]))

  def test_other_column_may_have_templates(self):
    writer = MappedWriter()
    entries = [(b"\x02", 1), (b"a\x01", 1), (b"b", 0)]
    other = writer.words(30, [coded([0, 2], [[7, 0]]), coded([0], [[8]])], [(0, 2), (0, 0)], entries, 1)
    found = writer.read(other, writer.mapped(parts=[mapped()] * 2)).columns
    self.assertEqual((found[30], found[31]), ([b"07", b"b", b"08"], [b"west", b"east", b"west"]))

  def test_other_column_may_be_used_again_and_stand_apart(self):
    writer = MappedWriter()
    between = writer.integers(40, [1, 2, 3], [(1, 2), (3, 3)])
    found = writer.read(writer.other(), writer.mapped(), between, writer.mapped(id=32)).columns
    self.assertEqual(found[31], found[32])

  def test_map_follows_all_dictionary_pages(self):
    writer = MappedWriter()
    texts = [(b"%03d" % number, 0) for number in range(513)]
    pages = [writer.block(DICTIONARY_PAGE, len(part), page(part, 0), 31) for part in (texts[:512], texts[512:])]
    tail = b"".join(pages) + writer.map(map_bytes([513, 0, 1], 10))
    column = writer.entry(31, 2, [mapped()] * 2, [(0, 512), (512, 512)], 8, entries=513, relation=(30, 1), rest=tail)
    other = writer.other(parts=[coded([0, 2], []), coded([0], [])], bounds=[(0, 2), (0, 0)])
    self.assertEqual(writer.read(other, column).columns[31], [b"512", b"000", b"512"])

  def test_refuses_columns(self):
    for message, make in [
        ("factor 0", lambda w: [w.other(), w.mapped(relation=(30, 0))]),
        ("factor 2", lambda w: [w.other(), w.mapped(relation=(30, 2))]),
        ("mapped from 32", lambda w: [w.mapped(relation=(32, 1)), w.other(32)]),
        ("mapped from 31", lambda w: [w.other(), w.mapped(relation=(31, 1))]),
        ("mapped from 31", lambda w: [w.other(), w.mapped(), w.mapped(id=32, relation=(31, 1))]),
        ("mapped from 1,", lambda w: [w.other(), w.mapped(relation=(1, 1))]),
        ("mapped from 20", lambda w: [w.phrases([[]] * 3, TABLE), w.mapped(relation=(20, 1))]),
        ("mapped from 21", lambda w: [
          w.entry(21, 2, [bytes(16)] * 2, [(0, 0)] * 2, 2), w.mapped(relation=(21, 1))]),
        ("mapped column 31 has no dictionary", lambda w: [w.other(), w.mapped(entries=0)]),
        ("mapped column 31 has no dictionary", lambda w: [w.other(), w.mapped(holes=1)]),
        ("mapped column 31 has no dictionary", lambda w: [w.other(), w.mapped(form=1)]),
        ("encoding 4 does not fit", lambda w: [
          w.other(), w.mapped(encoding=4, parts=[coded([1, 0], []), coded([1], [])])]),
        ("encoding 8 does not fit", lambda w: [w.other(encoding=8, parts=[mapped()] * 2)]),
        ("encoding 8 does not fit", lambda w: [w.other(), w.mapped(relation=(0, 0), order=lambda page, map: page)]),
        ("smallest and largest", lambda w: [w.other(), w.mapped(bounds=[(0, 1), (0, 1)])]),
        ("smallest and largest", lambda w: [w.other(), w.mapped(bounds=[(0, 0), (0, 0)])]),
        ("gives it no code", lambda w: [w.other(), w.mapped(parts=[mapped()] * 2)]),
        ("gives it no code", lambda w: [
          w.other(parts=[coded([0, 2], [], nulls=2), coded([1], [])], bounds=[(0, 0), (1, 1)]), w.mapped()])]:
      self.refuses(message, make)

  def test_refuses_maps(self):
    for message, make in [
        ("2 entries for a dictionary of 3", lambda w: w.map(map_bytes([2, 0]), entries=2)),
        ("4 entries for a dictionary of 3", lambda w: w.map(map_bytes([2, 0, 1, 0]), entries=4)),
        ("block of column 30 stands where 31", lambda w: w.map(column=30)),
        ("block of column 0 stands where 31", lambda w: w.map(column=0)),
        ("kind 7 stands where 9", lambda w: w.map(kind=DICTIONARY_PAGE)),
        ("encoding 8 in a block that is no column block", lambda w: w.map(encoding=8)),
        ("outside the dictionary", lambda w: w.map(map_bytes([3, 0, 1])))]:
      self.refuses(message, lambda w, make=make: [w.other(), w.mapped(make(w))])

  def test_refuses_entries_in_other_order_or_number(self):
    for message, order in [
        ("kind 9 stands where 7", lambda page, map: map + page), ("wanted", lambda page, map: page),
        ("too many", lambda page, map: page + map + bytes(24)), ("two parents", lambda page, map: page + page)]:
      self.refuses(message, lambda w, order=order: [w.other(), w.mapped(order=order)])

  def test_refuses_a_map_without_relation(self):
    def unmapped(writer):
      return writer.mapped(relation=(0, 0), encoding=4, parts=[coded([1, 0], []), coded([1], [])])
    self.refuses("too many", lambda w: [w.other(), unmapped(w)])

  def test_refuses_a_map_with_two_parents(self):
    def two(writer):
      location = writer.map()
      return [writer.other(), writer.mapped(location), writer.mapped(location, 32)]
    self.refuses("two parents", two)

  def refuses(self, message, make):
    writer = MappedWriter()
    with self.subTest(message=message), self.assertRaisesRegex(FormatError, message):
      writer.read(*make(writer))


def following(rows, nulls=0, exceptions=(), width=3, flags=None, zero=0):
  """`exceptions` are pairs of row and code."""
  head = pack("<BBHIQ", bool(nulls) if flags is None else flags, width, zero, len(exceptions), 0)
  bitmap = pack("<Q", nulls) if nulls else b""
  return head + bitmap + packed([row for row, _ in exceptions], 13) + packed([code for _, code in exceptions], width)


class SubjectTextTests(unittest.TestCase):
  def read(self, raw, rows, texts, words=()):
    dictionary = SubjectDictionary(len(words))
    if words:
      dictionary.read_page(Cursor(page([(word, 0) for word in words], 0), "", 0), len(words))
    return read_column_block(Cursor(raw, "", 0), TEXT, 10, rows, Source(dictionary, [0] * rows, texts))

  def test_rows_follow_but_for_exceptions(self):
    raw = following(4, nulls=2, exceptions=[(0, 1), (3, 0)])
    self.assertEqual(self.read(raw, 4, [b"a", b"b", b"c", None], [b"x", b"y"]), ([b"y", None, b"c", b"x"], (0, 0)))
    self.assertEqual(self.read(following(2, width=0), 2, [b"a", b""]), ([b"a", b""], (0, 0)))

  def test_refuses_blocks(self):
    for raw, texts, message in [
        (following(2), [b"a", None], "no text"), (following(2, exceptions=[(1, 2)]), [b"a", None], "outside"),
        (following(2, exceptions=[(2, 0)]), [b"a", b"b"], "outside"),
        (following(2, nulls=2, exceptions=[(1, 0)]), [b"a", b"b"], "is an exception"),
        (following(2, flags=2), [b"a", b"b"], "unknown flags"), (following(2, zero=1), [b"a", b"b"], "must be 0"),
        (following(2) + bytes(8), [b"a", b"b"], "too many")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        self.read(raw, 2, texts, [b"x", b"y"])


if __name__ == "__main__":
  unittest.main()
