"""Checks of blocks that leave out repeated values, on bytes made by hand; run with python3 -m unittest.

Owns no format knowledge beyond the bits behind the values.
"""

import unittest
from struct import pack
from columns import INTEGER, Source, read_column_block
from fields import Cursor, FormatError
from test_primitives import packed


def repeated(values, bits, width=8, base=0):
  return pack("<BBHIq", 0, width, 0, 0, base) + packed(values, width) + pack("<Q", bits)


def read(raw, rows, encoding=65, offsets=None):
  return read_column_block(Cursor(raw, "", 0), INTEGER, encoding, rows, Source(None, [0] * rows, offsets))


class RepeatedTests(unittest.TestCase):
  def test_values_come_back(self):
    self.assertEqual(read(repeated([3, 9, 4], 0b010011), 6), ([3, 9, 9, 9, 4, 4], (3, 9)))

  def test_differences_repeat_in_relative_columns(self):
    self.assertEqual(read(repeated([3], 0b1), 3, offsets=[10, 20, 30]), ([13, 23, 33], (13, 33)))

  def test_damage(self):
    for raw, rows, encoding in [
      (repeated([3, 9], 0b110), 3, 65),      # the first row has no value
      (repeated([3, 9], 0b1011), 3, 65),     # a bit behind the last row
      (repeated([3, 9, 1], 0b011), 3, 65),   # a value too many
      (repeated([3], 0b1)[:7], 3, 65),       # too short for its bits
    ]:
      with self.assertRaises(FormatError):
        read(raw, rows, encoding)


if __name__ == "__main__":
  unittest.main()
