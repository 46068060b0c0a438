"""Checks of state entries, history segments, order columns and frames of commits on bytes made by hand; run with
python3 -m unittest.

Owns the smallest segment that shows them: one dataset of one subject, every column one block of 64-bit integers.
"""

import unittest
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from blocks import BLOCK_HEADER, COLUMN, COLUMN_DIRECTORY, DATASET_DIRECTORY, FENCES, FOOTER, LEAF, SEED_FACTOR
from fields import Cursor, FormatError
from format_reader import mark_segment_row, segment_lines
from journal import Journal
from segment import TRAILER_MAGIC, Segment
from state import SegmentEntry, State
from xxh64 import xxh64

KEY, ID, UUID = 1 << 124, 7, bytes(range(16))


class Writer:
  def __init__(self):
    header = pack("<8sHHIII16sQQ", b"CSSEG\r\n\x1a", 1, 64, 0, 0, 0, UUID, ID, 0)
    self.data = header + pack("<Q", xxh64(header))

  def block(self, kind, rows, raw, column=0, encoding=0):
    """Its location."""
    offset = len(self.data)
    head = BLOCK_HEADER.pack(0xB10C, kind, 0, encoding, 0, 0, rows, len(raw), len(raw), column, 0)[:-8]
    seed = (ID * SEED_FACTOR & 2**64 - 1) ^ offset
    checksum = xxh64(head, xxh64(raw, seed))
    self.data += head + pack("<Q", checksum) + raw
    return pack("<QIIQ", offset, 32 + len(raw), 0, checksum)

  def column(self, id, values):
    """Its entry in the column directory. A null is None."""
    present = [value for value in values if value is not None]
    nulls = sum(1 << place for place, value in enumerate(values) if value is None)
    raw = pack("<BBHIqQ", 1, 64, 0, 0, 0, nulls) + pack(f"<{len(values)}Q", *(value or 0 for value in values))
    location = self.block(COLUMN, len(values), raw, id, 1)
    bounds = pack("<qq", min(present), max(present))
    return pack("<I4B6I", id, 1, 0, 0, 0, 1, 0, 0, 0, 0, len(values)) + location + bounds

  def finish(self, columns, order):
    rows = len(columns[1])
    entries = b"".join(self.column(id, values) for id, values in columns.items())
    directory = self.block(COLUMN_DIRECTORY, len(columns), pack("<I", len(columns)) + entries)
    datasets = self.block(DATASET_DIRECTORY, 1, pack("<10I", 1, 3, 1, 0, rows, len(columns), order, 0, 0, 0) + directory)
    key = KEY.to_bytes(16, "little")
    leaf = self.block(LEAF, 1, pack("<4I", 1, 1, 1, 0) + key + bytes(12) + pack("<5I", 1, rows, 3, 0, 0))
    fences = self.block(FENCES, 1, pack("<I", 1) + key + pack("<II", 1, 0) + leaf)
    footer = self.block(FOOTER, 0, pack("<IIQ", rows, 1, 0) + key + key + datasets + fences + bytes(24))
    trailer = footer[:12] + pack("<I", 1) + footer[16:] + TRAILER_MAGIC
    self.data += trailer
    return xxh64(trailer, ID)


def segment(history_end, superseded=None, values=(None, 5, 5), order=16):
  columns = {1: [0, 3, 2], 2: [0] * 3, 3: [0] * 3, 4: [0] * 3}
  if superseded:
    columns[5] = superseded
  writer = Writer()
  checksum = writer.finish(columns | {16: list(values)}, order)
  entry = SegmentEntry(ID, len(writer.data), checksum, 2, 3, history_end, 1, [], 0)
  with TemporaryDirectory() as folder:
    path = Path(folder) / "segment"
    path.write_bytes(writer.data)
    return Segment(path, "", entry, UUID)


class SegmentTests(unittest.TestCase):
  def test_history_supersedes_all_rows(self):
    found = segment(6, [2, 6, 4])
    self.assertEqual(found.superseded, {0: 2, 1: 6, 2: 4})
    lines = [(line["commit"], line["superseded"], line["columns"]) for line in segment_lines(found, None)]
    self.assertEqual(lines, [(2, 2, {}), (3, 6, {"16": 5}), (2, 4, {"16": 5})])
    with self.assertRaises(FormatError):
      mark_segment_row(found, 0, 6, "", 0)

  def test_other_segments_have_none(self):
    self.assertEqual(segment(0).superseded, {})
    self.assertEqual(segment(0, values=(5, None, 4), order=0).superseded, {})

  def test_refuses_history(self):
    for end, superseded, message in [
        (0, [2, 6, 4], "stands in place"), (6, None, "stands in place"), (5, [2, 6, 4], "history ends"),
        (7, [2, 6, 4], "history ends"), (6, [1, 6, 4], "of commit 2 is superseded"),
        (6, [0, 6, 4], "is not superseded"), (6, [None, 6, 4], "has nulls")]:
      with self.subTest(end=end, superseded=superseded), self.assertRaisesRegex(FormatError, message):
        segment(end, superseded)

  def test_refuses_orders(self):
    for values, order, message in [
        ((5, None, 5), 16, "ascend"), ((None, 5, 4), 16, "ascend"), ((1, 2, 3), 17, "no integer column")]:
      with self.subTest(values=values, order=order), self.assertRaisesRegex(FormatError, message):
        segment(0, values=values, order=order)


class StateTests(unittest.TestCase):
  def read(self, history_end, flags, marks=b""):
    state = State.__new__(State)
    state.commit, state.next_segment = 9, ID + 1
    fields = pack("<6QII", ID, 0, 0, 2, 3, history_end, flags, len(marks) // 2)
    return state.read_segment(Cursor(fields + marks, "", 0))

  def test_entries(self):
    self.assertEqual(self.read(9, 1)[5:8], (9, 1, []))
    self.assertEqual(self.read(0, 0, b"\x04\x09")[5:8], (0, 0, [(4, 9)]))

  def test_refuses_entries(self):
    for fields in [(10, 1), (9, 1, b"\x04\x09"), (0, 2)]:
      with self.subTest(fields=fields), self.assertRaises(FormatError):
        self.read(*fields)


class FrameTests(unittest.TestCase):
  def read(self, body):
    journal = Journal.__new__(Journal)
    journal.commits, journal.last_commit, journal.last_instant = [], 4, None
    journal.read_commits(Cursor(body, "", 0))
    return [commit.number for commit in journal.commits]

  def test_commits_share_a_frame(self):
    commits = [pack("<Qq4I", number, 1000, 0, 0, 0, 0) for number in (5, 6, 7)]
    self.assertEqual(self.read(commits[0]), [5])
    self.assertEqual(self.read(b"".join(commits)), [5, 6, 7])
    for body in [b"", commits[1], commits[0] + commits[2], commits[0] + b"\0"]:
      with self.subTest(body=body), self.assertRaises(FormatError):
        self.read(body)


if __name__ == "__main__":
  unittest.main()
