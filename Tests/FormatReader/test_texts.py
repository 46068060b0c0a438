"""Checks of dictionaries, coded texts and key texts on bytes made by hand; run with python3 -m unittest.

Owns no format knowledge beyond dictionary pages, encodings 4 and 5, and the texts of keys.
"""

import unittest
from struct import pack
from columns import TEXT, Source, read_column_block
from dictionary import Dictionary
from fields import Cursor, FormatError
from subject_keys import key_text

ENTRIES = [(b"100%", 0), (b"No \x02/\x04.", 2), (b"\x12", 0), (b"\x12", 1)]


def padded(data):
  return bytes(data) + bytes(-len(data) % 8)


def page(entries, holes):
  """Lengths and holes take eight bits each."""
  texts = b"".join(text for text, _ in entries)
  lengths = padded([len(text) for text, _ in entries])
  counts = padded([count for _, count in entries]) if holes else b""
  return pack("<BBHIII", bool(holes), 8, 0, 0, len(texts), 0) + lengths + counts + texts


def dictionary(entries, holes):
  found = Dictionary(holes, len(entries))
  cursor = Cursor(page(entries, holes), "", 0)
  found.read_page(cursor, len(entries))
  found.check_holes(cursor)
  return found


def coded(codes, numbers, nulls=0, base=0):
  flags = 1 if nulls else 0
  bitmap = padded([nulls]) if nulls else b""
  stretches = b"".join(pack("<BxxxxxxxQ", 64, 0) + pack(f"<{len(part)}Q", *part) for part in numbers)
  return pack("<BBBBIQ", flags, 8, len(numbers), 0, base, 0) + bitmap + padded(codes) + stretches


def read_coded(found, codes, numbers, **rest):
  source = Source(found, [0] * len(codes))
  return read_column_block(Cursor(coded(codes, numbers, **rest), "", 0), TEXT, 4, len(codes), source)


class DictionaryTests(unittest.TestCase):
  def test_templates_are_filled(self):
    found = dictionary(sorted(ENTRIES), 2)
    numbers = [[0, 0, 0, 7, 0], [0, 0, 0, 12, 0]]
    values, bounds = read_coded(found, [0, 1, 2, 3, 0], numbers, nulls=16)
    self.assertEqual(values, [b"\x12", b"0" * 18, b"100%", b"No 07/0012.", None])
    self.assertEqual(bounds, (0, 3))

  def test_base_counts(self):
    self.assertEqual(read_coded(dictionary(sorted(ENTRIES), 2), [0], [[0], [0]], base=2), ([b"100%"], (2, 2)))

  def test_refuses_rows(self):
    found = dictionary(sorted(ENTRIES), 2)
    for codes, numbers, nulls in [
        ([3], [[100], [0]], 0), ([3], [[0], [10000]], 0), ([1], [[1], [1]], 0), ([2], [[1], [0]], 0),
        ([1], [[10 ** 18], [0]], 0), ([4], [[0], [0]], 0), ([0], [[0]], 0), ([0], [[1], [0]], 1)]:
      with self.subTest(codes=codes, numbers=numbers), self.assertRaises(FormatError):
        read_coded(found, codes, numbers, nulls=nulls)

  def test_refuses_dictionaries(self):
    for entries, holes in [
        ([(b"b", 0), (b"a", 0)], 0), ([(b"a", 0), (b"a", 0)], 0), ([(b"\x01", 1), (b"\x01", 0)], 1),
        ([(b"a", 1)], 1), ([(b"\x01\x02", 1)], 1), ([(b"\x13", 1)], 1), ([(b"\x01", 1)], 2),
        ([(b"\x01\x01", 2)], 1), ([(b"a", 0)], 1)]:
      with self.subTest(entries=entries, holes=holes), self.assertRaises(FormatError):
        dictionary(entries, holes)


class KeyTests(unittest.TestCase):
  def code(self, family, text, rest=0):
    digits = [int(character, 36) + 1 for character in text] + [0] * (20 - len(text))
    return family << 124 | sum(digit << 118 - 6 * place for place, digit in enumerate(digits)) | rest

  def short(self, text, size, rest=b""):
    return 6 << 124 | int.from_bytes((text + rest).ljust(15, b"\0"), "big") << 4 | size

  def test_texts(self):
    self.assertEqual(key_text(self.code(1, "91130306ECB3U8J02P")), b"91130306ECB3U8J02P")
    self.assertEqual(key_text(self.code(5, "0" * 20)), b"0" * 20)
    self.assertEqual(key_text(self.short("中a".encode(), 4)), "中a".encode())
    self.assertEqual(key_text(self.short(b"x" * 15, 15)), b"x" * 15)
    self.assertEqual([key_text(family << 124) for family in (0, 7, 8, 15)], [None] * 4)

  def test_refuses_keys(self):
    for key in [self.code(1, "9", 1), self.code(2, "9") | 1 << 10, 3 << 124 | 37 << 118,
                self.short(b"abc", 2), self.short(b"\xff", 1)]:
      with self.subTest(key=f"{key:032x}"), self.assertRaises(ValueError):
        key_text(key)

  def test_key_block(self):
    def read(keys, nulls):
      bitmap = padded([nulls]) if nulls else b""
      cursor = Cursor(bytes([bool(nulls)]) + bytes(15) + bitmap, "", 0)
      return read_column_block(cursor, TEXT, 5, len(keys), Source(None, keys))
    self.assertEqual(read([self.code(1, "9"), 0], 2), ([b"9", None], (0, 0)))
    with self.assertRaises(FormatError):
      read([self.code(1, "9"), 0], 0)


if __name__ == "__main__":
  unittest.main()
