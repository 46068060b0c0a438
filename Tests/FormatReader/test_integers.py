"""Checks of integer blocks, plain, patched, of multiples and relative, on bytes made by hand; run with python3 -m unittest.

Owns no format knowledge beyond encodings 1, 7 and 9.
"""

import unittest
from struct import pack
from columns import INTEGER, TEXT, Source, read_column_block
from fields import Cursor, FormatError
from test_primitives import packed

TOP = 2**63 - 1


def patched(lows, width, exceptions=(), high_width=8, base=0, nulls=0, flags=None, count=None, zero=0):
  """`exceptions` are pairs of row and high part."""
  rows, highs = [row for row, _ in exceptions], [high for _, high in exceptions]
  count = len(rows) if count is None else count
  head = pack("<BBBBIq", bool(nulls) if flags is None else flags, width, high_width, zero, count, base)
  bitmap = pack("<Q", nulls) if nulls else b""
  return head + bitmap + packed(lows, width) + packed(rows, 13) + packed(highs, high_width)


def read(raw, rows, encoding=7, type=INTEGER, offsets=None):
  return read_column_block(Cursor(raw, "", 0), type, encoding, rows, Source(None, [0] * rows, offsets))


class PatchedTests(unittest.TestCase):
  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "01 04 03 00 02000000 f6ffffffffffffff"  # nulls, widths 4 and 3, 2 exceptions, base -10
      "0400000000000000"                        # row 2 is null
      "21f0050000000000"                        # 1, 2, 0, 15, 5
      "0160000000000000"                        # rows 1 and 3: 1 + 3 × 2^13
      "2900000000000000")                       # 1 and 5: 1 + 5 × 2^3
    self.assertEqual(read(raw, 5), ([-9, 8, None, 85, -5], (-9, 85)))

  def test_widths(self):
    self.assertEqual(read(patched([], 0, high_width=0, base=7), 3), ([7, 7, 7], (7, 7)))
    self.assertEqual(read(patched([], 0, [(2, 9)], base=7), 3), ([7, 7, 16], (7, 16)))
    self.assertEqual(read(patched([1, 2**63 - 1], 63, [(1, 1)], 1, -5), 2), ([-4, -6], (-6, -4)))
    self.assertEqual(read(patched([0, 3], 2, [(0, 2**62 - 1)], 64), 2), ([-4, 3], (-4, 3)))
    self.assertEqual(read(patched([0] * 8192, 1, [(8191, 1)]), 8192)[0][-1], 2)

  def test_counts_modulo_64_bits(self):
    self.assertEqual(read(patched([1, 0], 1, base=TOP), 2), ([-TOP - 1, TOP], (-TOP - 1, TOP)))

  def test_nulls_only(self):
    self.assertEqual(read(patched([0, 0], 3, nulls=3, base=9), 2), ([None, None], (0, 0)))

  def test_refuses_blocks(self):
    good = patched([1, 2, 3], 2, [(1, 1)])
    self.assertEqual(read(good, 3), ([1, 6, 3], (1, 6)))
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-1], "wanted"), (good[:-8], "wanted"), (good[:15], "wanted"),
        (patched([1, 2, 3], 2, [(1, 0)]), "high part 0"), (patched([1, 2, 3], 2, [(1, 0)], 0), "high part 0"),
        (patched([1, 2, 3], 2, [(3, 1)]), "outside"), (patched([1, 2, 3], 2, [(1, 1), (1, 1)]), "ascend"),
        (patched([1, 2, 3], 2, [(2, 1), (1, 1)]), "ascend"), (patched([1, 2, 3], 64), "above 63"),
        (patched([1, 2, 3], 2, [(1, 1)], 65), "above 64"), (patched([1, 2, 3], 2, zero=1), "must be 0"),
        (patched([1, 2, 3], 2, flags=2), "unknown flags"), (patched([1, 2, 3], 2, nulls=4), "low part"),
        (patched([1, 2, 0], 2, [(2, 1)], nulls=4), "is an exception"), (patched([1, 2, 3], 2, count=1), "wanted"),
        (patched([1, 2, 3, 1], 2), "padding"), (patched([1, 2, 3], 2, count=2**32 - 1), "wanted"),
        (patched([1, 2, 3], 2, nulls=8), "padding")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw, 3)

  def test_is_no_text(self):
    with self.assertRaisesRegex(FormatError, "does not fit"):
      read(patched([1], 2), 1, type=TEXT)


def multiples(quotients, width, factor=100, remainders=(), remainder_width=7, base=0, nulls=0, marks=None):
  """`remainders` are pairs of row and remainder."""
  rows = [row for row, _ in remainders]
  head = pack("<BBBBIq", bool(nulls), width, remainder_width if remainders else 0, 0, factor, base)
  bitmap = pack("<Q", nulls) if nulls else b""
  tail = b""
  if remainders:
    marks = sum(1 << row for row in rows) if marks is None else marks
    tail = pack("<Q", marks) + packed([number for _, number in remainders], remainder_width)
  return head + bitmap + packed(quotients, width) + tail


class MultiplesTests(unittest.TestCase):
  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "01 04 07 00 64000000 f6ffffffffffffff"  # nulls, widths 4 and 7, factor 100, base -10
      "0400000000000000"                        # row 2 is null
      "21f0050000000000"                        # 1, 2, 0, 15, 5
      "0a00000000000000"                        # rows 1 and 3
      "8531000000000000")                       # 5 and 99: 5 + 99 × 2^7
    self.assertEqual(read(raw, 5, 9), ([-900, -795, None, 599, -500], (-900, 599)))

  def test_without_remainders(self):
    self.assertEqual(read(multiples([], 0, base=7), 3, 9), ([700] * 3, (700, 700)))
    self.assertEqual(read(multiples([0, 3], 2, 86400, base=-1), 2, 9), ([-86400, 172800], (-86400, 172800)))

  def test_counts_modulo_64_bits(self):
    self.assertEqual(read(multiples([0], 0, 2, [(0, 1)], 1, base=-2**62 * 2), 1, 9)[0], [1])

  def test_offsets_are_added(self):
    self.assertEqual(read(multiples([1, 2], 2), 2, 9, offsets=[5, 6])[0], [105, 206])

  def test_refuses_blocks(self):
    good = multiples([1, 2, 3], 2, 100, [(1, 7)])
    self.assertEqual(read(good, 3, 9), ([100, 207, 300], (100, 300)))
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-1], "wanted"), (good[:-8], "wanted"),
        (multiples([1, 2, 3], 2, 1), "below 2"), (multiples([1, 2, 3], 2, 100, [(1, 0)]), "remainder is 0"),
        (multiples([1, 2, 3], 2, 100, [(1, 100)]), "not less"), (multiples([1, 2, 3], 2, 100, [(1, 5)], 33), "above 32"),
        (multiples([1, 2, 3], 2, nulls=4), "a quotient"), (multiples([1, 2, 0], 2, 100, [(2, 5)], nulls=4), "a remainder"),
        (multiples([1, 2, 3], 2, 100, [(1, 5)], marks=0), "no value"),
        (multiples([1, 2, 3], 2, 100, [(1, 5)], marks=8), "padding")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw, 3, 9)


class RelativeTests(unittest.TestCase):
  def plain(self, differences, base, nulls=0):
    return pack("<BBHIqQ", 1, 64, 0, 0, base, nulls) + pack(f"<{len(differences)}Q", *differences)

  def test_offsets_are_added(self):
    raw = self.plain([0, 1, 2], -1, nulls=2)
    self.assertEqual(read(raw, 3, 1, offsets=[10, 20, 30]), ([9, None, 31], (9, 31)))
    raw = patched([0, 1, 2], 2, [(2, 1)], base=-1)
    self.assertEqual(read(raw, 3, offsets=[10, 20, 0]), ([9, 20, 5], (5, 20)))

  def test_values_count_modulo_64_bits(self):
    self.assertEqual(read(self.plain([0], -5), 1, 1, offsets=[-TOP]), ([TOP - 3], (TOP - 3, TOP - 3)))
    self.assertEqual(read(self.plain([0], 5), 1, 1, offsets=[(2**32 - 1) * TOP])[0], [5 - (2**32 - 1) + 2**63])

  def test_refuses_what_is_no_i64(self):
    with self.assertRaisesRegex(FormatError, "i64"):
      read(self.plain([1], TOP), 1, 1)


if __name__ == "__main__":
  unittest.main()
