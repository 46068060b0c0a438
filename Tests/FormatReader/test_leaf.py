"""Checks of subject leaves on bytes made by hand; run with python3 -m unittest.

Owns no format knowledge beyond leaves. The leaf it begins with has four subjects and two datasets.
"""

import unittest
from struct import pack
from fields import Cursor, FormatError
from leaf import Leaf
from test_primitives import packed

FIRST = 1 << 124
GOOD = dict(
  subjects=4, datasets=2, exceptions=[(1, 5, 1)], first=FIRST, shift=3, gap_width=4, low_width=8, high_width=2,
  gaps=[1, 15, 2], numbers=[0, 4], firsts=[8, 0], counts=[0, 1, 0, 0], places=[1, 0, 1, 0, 1], rows=[0, 1, 0, 2, 0],
  widths=(1, 1, 2, 3, 5), bases=(1, 3, 7, 2), zeros=(0, 0, 0))
# What a reader must find: keys, and runs of dataset, position and rows.
WIDE = 15 + (2**64 + 5) * 16
KEYS = [FIRST, FIRST + 8, FIRST + 8 * (1 + WIDE), FIRST + 8 * (1 + WIDE + 2)]
RUNS = [[(11, 2, 3)], [(7, 10, 4), (11, 5, 3)], [(7, 14, 5)], [(11, 8, 3)]]


def encode(**changes):
  """The widths and bases of the page in its order. Numbers are as they are stored, without their bases."""
  leaf = GOOD | changes
  places, lows, highs = zip(*leaf["exceptions"]) if leaf["exceptions"] else ((), (), ())
  exceptions = changes.get("exception_count", len(places))
  runs = changes.get("runs", len(leaf["rows"]))
  count_width, place_width, rows_width, number_width, first_width = leaf["widths"]
  zeros = leaf["zeros"]
  widths = [leaf["shift"], leaf["gap_width"], leaf["low_width"], leaf["high_width"], *leaf["widths"], zeros[0]]
  return b"".join([
    pack("<4I", leaf["subjects"], runs, leaf["datasets"], exceptions), leaf["first"].to_bytes(16, "little"),
    bytes(widths), pack("<H5I", zeros[1], *leaf["bases"], zeros[2]),
    packed(leaf["gaps"], leaf["gap_width"]), packed(places, 9),
    packed(lows, leaf["low_width"]), packed(highs, leaf["high_width"]),
    packed(leaf["numbers"], number_width), packed(leaf["firsts"], first_width),
    packed(leaf["counts"], count_width), packed(leaf["places"], place_width), packed(leaf["rows"], rows_width)])


def read(raw, subjects=4):
  leaf = Leaf(Cursor(raw, "", 0), subjects)
  return leaf.keys, leaf.runs


class LeafTests(unittest.TestCase):
  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "03000000 04000000 02000000 01000000"           # subjects, runs, datasets, exceptions
      "0a000000000000000000000000000010"              # first key
      "01 04 08 01 01 01 02 02 04 00 0000"            # shift and widths
      "01000000 02000000 05000000 03000000 00000000"  # bases
      "5300000000000000"                              # gaps 3 and 5
      "0100000000000000"                              # the exception is subject 2
      "0200000000000000 0100000000000000"             # its excess: 2 and 2^64
      "0c00000000000000 9000000000000000"             # datasets 5 and 8, positions 3 and 12
      "0100000000000000"                              # runs of the subjects: 2, 1, 1
      "0200000000000000"                              # runs of datasets 5, 8, 5, 5
      "e100000000000000")                             # of 3, 2, 4 and 5 rows
    keys, runs = read(raw, 3)
    first = (1 << 124) + 10
    self.assertEqual(keys, [first, first + 6, first + 6 + (5 + (2 + 2**64) * 16) * 2])
    self.assertEqual(runs, [[(5, 3, 3), (8, 12, 2)], [(5, 6, 4)], [(5, 10, 5)]])

  def test_encoded(self):
    self.assertEqual(read(encode()), (KEYS, RUNS))

  def test_one_subject(self):
    one = dict.fromkeys(["numbers", "firsts", "counts", "places", "rows"], [0])
    raw = encode(subjects=1, datasets=1, exceptions=[], gaps=[], **one)
    self.assertEqual(read(raw, 1), ([FIRST], [[(7, 2, 3)]]))

  def test_widest_keys(self):
    exceptions = [(0, 0, 2**60 - 1)]
    raw = encode(shift=0, gap_width=0, gaps=[], low_width=0, high_width=60, exceptions=exceptions, first=0)
    self.assertEqual(read(raw)[0], [0] + [2**124 - 2**64] * 3)
    raw = encode(shift=0, gap_width=64, gaps=[2**64 - 1, 1, 1], exceptions=[(0, 3, 0)], first=0)
    self.assertEqual(read(raw)[0][1], 2**66 - 1)

  def test_last_of_many(self):
    gaps = [1] * 511
    raw = encode(
      subjects=512, datasets=1, exceptions=[(510, 1, 0)], gaps=gaps, numbers=[0], firsts=[0], counts=[0] * 512,
      places=[0] * 512, rows=[0] * 512, shift=0, first=0)
    self.assertEqual(read(raw, 512)[0][-2:], [510, 527])

  def test_refuses_leaves(self):
    good = encode()
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-1], "wanted"), (good[:63], "wanted"), (encode(subjects=3), "disagree"),
        (encode(exceptions=[(1, 0, 0)]), "excess 0"), (encode(exceptions=[(3, 1, 0)]), "no gap"),
        (encode(exceptions=[(1, 1, 0), (1, 1, 0)]), "ascend"), (encode(exceptions=[(2, 1, 0), (1, 1, 0)]), "ascend"),
        (encode(exception_count=2**32 - 1), "wanted"), (encode(shift=128), "shifted"),
        (encode(gap_width=65), "above 64"), (encode(low_width=65), "above 64"), (encode(high_width=65), "above 64"),
        (encode(numbers=[4, 0]), "datasets of a leaf"), (encode(numbers=[4, 4]), "datasets of a leaf"),
        (encode(places=[1, 1, 0, 0, 1]), "runs of a subject"), (encode(places=[1, 0, 0, 1, 1]), "runs of a subject"),
        (encode(counts=[0, 2, 1, 1], bases=(0, 3, 7, 2), widths=(2, 1, 2, 3, 5)), "subject has no run"),
        (encode(counts=[0, 1, 0, 1]), "runs of subjects"), (encode(runs=4), "5 runs of subjects in a leaf with 4"),
        (encode(places=[0, 0, 0, 0, 0]), "has no run"), (encode(datasets=0, numbers=[], firsts=[]), "place"),
        (encode(places=[1, 0, 1, 2, 1], widths=(1, 2, 2, 3, 5)), "place"), (encode(zeros=(1, 0, 0)), "must be 0"),
        (encode(zeros=(0, 1, 0)), "must be 0"), (encode(zeros=(0, 0, 1)), "must be 0"),
        (encode(gaps=[1, 15, 2, 1]), "padding"), (encode(widths=(33, 1, 2, 3, 5)), "above 32"),
        (encode(widths=(1, 33, 2, 3, 5)), "above 32"), (encode(widths=(1, 1, 33, 3, 5)), "above 32"),
        (encode(widths=(1, 1, 2, 33, 5)), "above 32"), (encode(widths=(1, 1, 2, 3, 33)), "above 32")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw)


if __name__ == "__main__":
  unittest.main()
