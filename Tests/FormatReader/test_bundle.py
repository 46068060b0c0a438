"""Checks of bundles, and of segments whose datasets stand in them, on bytes made by hand; run with
python3 -m unittest.

Owns segments of two subjects, in a leaf each, and three datasets: the first has rows of both subjects, the second of
the first, the third of the second.
"""

import unittest
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from blocks import BUNDLE, COLUMN_DIRECTORY, DATASET_DIRECTORY, FENCES, FOOTER, LEAF
from bundle import Chunk
from fields import Cursor, FormatError
from format_reader import segment_lines
from segment import TRAILER_MAGIC, Segment
from state import SegmentEntry
from test_history import ID, UUID, Writer
from test_primitives import packed
from xxh64 import xxh64

CODE_KEY = 1 << 124 | 1 << 118  # The text of this key is 0.
KEYS = [CODE_KEY, CODE_KEY + (1 << 118)]
ENGINE, HISTORY = (1, 2, 3, 4), (1, 2, 3, 4, 5)


def varint(value):
  data = b""
  while value >= 128:
    data += bytes([value & 127 | 128])
    value >>= 7
  return data + bytes([value])


def zigzag(value):
  return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def text(value):
  return varint(len(value) + 1) + value


def row(engine, nulls, *values, size=1):
  """`values` are bytes already, without those of nulls."""
  return b"".join(map(varint, engine)) + nulls.to_bytes(size, "little") + b"".join(values)


def chunk(columns, *rows):
  return pack("<I", len(columns)) + b"".join(pack("<II", *column) for column in columns) + b"".join(rows)


def read(raw, columns, keys, engine=ENGINE):
  return Chunk(Cursor(raw, "", 0), columns, keys, engine)


class ChunkTests(unittest.TestCase):
  columns = [(16, 1), (17, 2)]

  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "02000000 10000000 01000000 11000000 02000000"      # two columns: 16 of integers, 17 of texts
      "00 ffffffffffffffffff01 03 04 00 05 03 6162"        # -3 and ab
      "02 ac02 00 00 01 00"                                # no integer, the text of the key
      "00 00 00 00 02 ffffffffffffffffff01"                # the smallest i64, no text
      "00 00 00 00 00 00 01")                              # 0 and the text without bytes
    found = read(raw, 6, [CODE_KEY] * 4)
    self.assertEqual(found.columns, {
      1: [0, 2, 0, 0], 2: [2**64 - 1, 300, 0, 0], 3: [3, 0, 0, 0], 4: [4, 0, 0, 0],
      16: [-3, None, -2**63, 0], 17: [b"ab", b"0", None, b""]})
    self.assertEqual(found.integers, {1, 2, 3, 4, 16})

  def test_integers(self):
    values = [0, -1, 1, 63, -64, 64, 2**63 - 1, -2**63]
    raw = chunk([(16, 1)], *(row([0] * 4, 0, zigzag(value)) for value in values))
    self.assertEqual(read(raw, 5, [0] * 8).columns[16], values)

  def test_history_has_five_engine_columns(self):
    raw = chunk([(16, 2)], row([1, 2, 3, 4, 500], 0, text(b"x" * 200)))
    self.assertEqual(read(raw, 6, [0], HISTORY).columns, {1: [1], 2: [2], 3: [3], 4: [4], 5: [500], 16: [b"x" * 200]})

  def test_no_columns_but_the_engines(self):
    self.assertEqual(read(chunk([], row([1, 2, 3, 4], 0, size=0)), 4, [0]).columns, {1: [1], 2: [2], 3: [3], 4: [4]})

  def test_more_columns_than_a_byte_has_bits(self):
    columns = [(16 + place, 1) for place in range(9)]
    raw = chunk(columns, row([0] * 4, 0b011111111, zigzag(7), size=2))
    self.assertEqual(list(read(raw, 13, [0]).columns.values())[-2:], [[None], [7]])

  def test_refuses_chunks(self):
    values = row([0] * 4, 0, zigzag(1), text(b"a"))
    good = chunk(self.columns, values)
    self.assertEqual(read(good, 6, [0]).columns[17], [b"a"])
    key_text = chunk(self.columns, row([0] * 4, 0, zigzag(1), b"\0"))
    for raw, message in [
        (good + b"\0", "too many"), (good[:-1], "wanted"), (good[:4], "wanted"), (chunk(self.columns), "wanted"),
        (chunk(self.columns[:1], values), "1 columns beside 4"), (key_text, "has none"),
        (chunk([(16, 1), (16, 2)], values), "column 16"), (chunk([(15, 1), (17, 2)], values), "column 15"),
        (chunk([(4, 1), (17, 2)], values), "column 4"), (chunk([(16, 3), (17, 2)], values), "unknown type"),
        (chunk([(16, 0), (17, 2)], values), "unknown type"),
        (chunk(self.columns, row([0] * 4, 0, b"\xff" * 10 + b"\1", text(b""))), "64 bits"),
        (chunk(self.columns, row([0] * 4, 0, b"\xff" * 9 + b"\2", text(b""))), "64 bits"),
        (chunk(self.columns, row([0, 2**64, 0, 0], 0, zigzag(1), text(b""))), "64 bits"),
        (chunk(self.columns, row([0] * 4, 0, zigzag(1), varint(3), b"a")), "wanted")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw, 6, [0])
    with self.assertRaisesRegex(FormatError, "no code"):
      read(key_text, 6, [CODE_KEY | 1])
    for columns, engine in [(5, ENGINE), (7, ENGINE), (6, HISTORY)]:
      with self.subTest(columns=columns), self.assertRaisesRegex(FormatError, "columns beside"):
        read(good, columns, [0], engine)


# For each leaf its key, and dataset, first position and rows of its runs; behind them may stand a wrong fence.
LEAVES = [(KEYS[0], [(1, 0, 2), (2, 3, 1)]), (KEYS[1], [(1, 2, 1), (3, 4, 1)])]
# Dataset, schema version, first row, rows, columns, order column.
DATASETS = [(1, 9, 0, 3, 5, 16), (2, 9, 3, 1, 4, 0), (3, 9, 4, 1, 5, 0)]


def fence_of(key, subjects=1, rest=0):
  return key.to_bytes(16, "little") + pack("<II", subjects, rest)


class SegmentWriter(Writer):
  def leaf(self, key, runs):
    ids, firsts, rows = zip(*runs)
    head = pack("<4I", 1, len(runs), len(runs), 0) + key.to_bytes(16, "little")
    widths = bytes([0, 0, 0, 0, 0, 8, 8, 8, 8, 0, 0, 0]) + pack("<5I", len(runs), 0, 0, 0, 0)
    parts = [ids, firsts, range(len(runs)), rows]
    return self.block(LEAF, 1, head + widths + b"".join(packed(part, 8) for part in parts))

  def finish(self, entries, leaves):
    """`entries` are those of the dataset directory."""
    datasets = self.block(DATASET_DIRECTORY, len(entries), pack("<I", len(entries)) + b"".join(entries))
    keys = [key.to_bytes(16, "little") for key, *_ in leaves]
    fences = [(rest[0] if rest else fence_of(key)) + self.leaf(key, runs) for key, runs, *rest in leaves]
    fences = self.block(FENCES, len(fences), pack("<I", len(fences)) + b"".join(fences))
    footer = pack("<IIQ", 5, len(leaves), 0) + keys[0] + keys[-1] + datasets + fences + bytes(24)
    location = self.block(FOOTER, 0, footer)
    trailer = location[:12] + pack("<I", 1) + location[16:] + TRAILER_MAGIC
    self.data += trailer
    return xxh64(trailer, ID)


def chunks(history=False, order=(None, 5, -1), commit=0):
  """The chunks of the three datasets."""
  end = [3] if history else []
  engine = [commit, 8, 7, 6, *end]
  first = [row(engine, value is None, *([] if value is None else [zigzag(value)])) for value in order]
  return [chunk([(16, 1)], *first), chunk([], row(engine, 0, size=0)), chunk([(17, 2)], row(engine, 0, b"\0"))]


def bundle_of(parts, order=(0, 1, 2)):
  """The raw bundle, and the place of each part."""
  raw, places = b"", {}
  for part in order:
    places[part] = len(raw)
    raw += parts[part]
  return raw, [places[part] for part in range(len(parts))]


def segment(make, history_end=0, leaves=LEAVES, datasets=DATASETS):
  """`make` gives form, place and location of each dataset, given the writer."""
  writer = SegmentWriter()
  entries = [pack("<9I", *dataset, 0, form, place) + location
             for dataset, (form, place, location) in zip(datasets, make(writer))]
  entry = SegmentEntry(ID, 0, writer.finish(entries, leaves), 2, 3, history_end, 1, [], 0)
  with TemporaryDirectory() as folder:
    path = Path(folder) / "segment"
    path.write_bytes(writer.data)
    return Segment(path, "seg", entry._replace(length=len(writer.data)), UUID)


def in_one_bundle(parts, order=(0, 1, 2), count=3, raw=None, places=None):
  def make(writer):
    found, found_places = bundle_of(parts, order)
    location = writer.block(BUNDLE, count, found if raw is None else raw)
    return [(1, place, location) for place in (places or found_places)]
  return make


class SegmentTests(unittest.TestCase):
  expected = [
    (1, KEYS[0], {}), (1, KEYS[0], {"16": 5}), (1, KEYS[1], {"16": -1}), (2, KEYS[0], {}),
    (3, KEYS[1], {"17": {"hex": b"1".hex()}})]

  def check(self, found, superseded=None):
    lines = list(segment_lines(found, None))
    self.assertEqual([(line["dataset"], int(line["key"], 16), line["columns"]) for line in lines], self.expected)
    for line in lines:
      engine = [line[name] for name in ("commit", "batch", "version", "state", "superseded")]
      self.assertEqual(engine, [2, 8, 7, 6, superseded])

  def test_one_bundle(self):
    self.check(segment(in_one_bundle(chunks())))

  def test_chunks_stand_in_any_order(self):
    self.check(segment(in_one_bundle(chunks(), order=(2, 0, 1))))

  def test_two_bundles_and_columns(self):
    def make(writer):
      first, _, last = chunks()
      columns = b"".join(writer.column(id, [value]) for id, value in zip(ENGINE, (0, 8, 7, 6)))
      directory = writer.block(COLUMN_DIRECTORY, 4, pack("<I", 4) + columns)
      return [(1, 0, writer.block(BUNDLE, 1, first)), (0, 0, directory), (1, 0, writer.block(BUNDLE, 1, last))]
    self.check(segment(make))

  def test_history(self):
    datasets = [(*dataset[:4], dataset[4] + 1, dataset[5]) for dataset in DATASETS]
    self.check(segment(in_one_bundle(chunks(history=True)), 3, datasets=datasets), 3)
    for end, parts in [(0, chunks(history=True)), (3, chunks()), (2, chunks(history=True))]:
      with self.subTest(end=end), self.assertRaises(FormatError):
        segment(in_one_bundle(parts), end, datasets=datasets)

  def test_refuses_bundles(self):
    parts = chunks()
    raw, places = bundle_of(parts)
    for message, make in [
        ("2 chunks, of which 3", in_one_bundle(parts, count=2)), ("4 chunks", in_one_bundle(parts, count=4)),
        ("does not begin", in_one_bundle(parts, raw=b"\0" + raw, places=[place + 1 for place in places])),
        ("no bytes", in_one_bundle(parts, places=[0, places[1], places[1]])),
        ("no bytes", in_one_bundle(parts, places=[0, places[1], len(raw)])),
        ("no bytes", in_one_bundle(parts, places=[0, places[1], 2**32 - 1])),
        ("wanted|too many", in_one_bundle(parts, places=[0, places[1] + 1, places[2]])),
        ("too many", in_one_bundle(parts, raw=raw + b"\0")),
        ("beside|wanted", in_one_bundle(parts, places=[places[1], 0, places[2]])),
        ("do not ascend", in_one_bundle(chunks(order=(6, 5, -1)))),
        ("not of its segment", in_one_bundle(chunks(commit=4))),
        ("kind 8 stands where 3", lambda w: [(0, 0, location) for _, _, location in in_one_bundle(parts)(w)]),
        ("but in place", lambda w: [(0, place + 1, location) for _, place, location in in_one_bundle(parts)(w)]),
        ("unknown form 2", lambda w: [(2, place, location) for _, place, location in in_one_bundle(parts)(w)]),
        ("kind 3 stands where 8", lambda w: [(1, 0, w.block(COLUMN_DIRECTORY, 1, raw))] * 3),
        ("of which 2 are named", lambda w: [
          (1, place, location[:-1] + bytes([location[-1] ^ number // 2]))
          for number, (_, place, location) in enumerate(in_one_bundle(parts)(w))])]:
      with self.subTest(message=message), self.assertRaisesRegex(FormatError, message):
        segment(make)

  def test_refuses_bundles_of_two_locations(self):
    """Counts fit, but parents disagree about the checksum."""
    def make(writer):
      parts = chunks()
      location = writer.block(BUNDLE, 1, parts[0] + parts[1])
      wrong = location[:-1] + bytes([location[-1] ^ 1])
      return [(1, 0, location), (1, 0, wrong), (1, 0, writer.block(BUNDLE, 1, parts[2]))]
    with self.assertRaisesRegex(FormatError, "two parents"):
      segment(make)

  def test_errors_name_the_bundle(self):
    parts = chunks()
    with self.assertRaises(FormatError) as context:
      segment(in_one_bundle([*parts[:2], parts[2] + b"\0"]))
    self.assertEqual((context.exception.file, context.exception.offset), ("seg", 64))

  def test_refuses_leaves(self):
    for message, first, second in [
        ("begins at 1", [(1, 0, 2), (2, 3, 1)], [(1, 1, 1), (3, 4, 1)]),
        ("begins at 4", [(1, 0, 2), (2, 4, 1)], [(1, 2, 1), (3, 4, 1)]),
        ("names dataset 4", [(1, 0, 2), (2, 3, 1)], [(1, 2, 1), (4, 4, 1)]),
        ("has 0 rows", [(1, 0, 2), (2, 3, 0)], [(1, 2, 1), (3, 4, 1)]),
        ("has 2 rows", [(1, 0, 2), (2, 3, 1)], [(1, 2, 2), (3, 4, 1)]),
        ("do not cover", [(1, 0, 2), (2, 3, 1)], [(1, 2, 1)])]:
      with self.subTest(message=message), self.assertRaisesRegex(FormatError, message):
        segment(in_one_bundle(chunks()), leaves=[(KEYS[0], first), (KEYS[1], second)])
    (first_key, first), (second_key, second) = LEAVES
    for message, leaves in [
        ("keys do not ascend", [(second_key, first), (first_key, second)]),
        ("keys do not ascend", [(first_key, first), (first_key, second)]),
        ("disagree about the subjects", [(first_key, first, fence_of(first_key, 2)), LEAVES[1]]),
        ("must be 0", [LEAVES[0], (second_key, second, fence_of(second_key, rest=1))]),
        ("one of its fence", [LEAVES[0], (second_key, second, fence_of(second_key + 1))])]:
      with self.subTest(leaves=leaves), self.assertRaisesRegex(FormatError, message):
        segment(in_one_bundle(chunks()), leaves=leaves)


if __name__ == "__main__":
  unittest.main()
