"""Checks of phrase dictionaries, their codes and the blocks of texts put together from them, on bytes made by hand;
run with python3 -m unittest.

Owns no format knowledge beyond dictionaries of form 1 and encoding 6. Codes are written as texts of 0 and 1.
"""

import unittest
from random import Random
from struct import pack
from columns import TEXT, Source, read_column_block
from dictionary import Dictionary
from fields import Cursor, FormatError
from phrases import PhraseCodes, PhraseDictionary, read_codes
from test_primitives import packed
from test_texts import page

# One code of one bit, none of two, two of three, three of four; 1111 is no code. The second entry ends a text.
PHRASES, COUNTS, END = [b"no", b"", b"A", b"1", b"2", b"yes"], [1, 0, 2, 3], 1
CODES = {b"no": "0", b"": "100", b"A": "101", b"1": "1100", b"2": "1101", b"yes": "1110"}


def dictionary(phrases=PHRASES, counts=COUNTS, end=END):
  cursor = Cursor(pack("<II", end, len(counts)) + pack(f"<{len(counts)}I", *counts), "", 0)
  found = PhraseDictionary(*read_codes(cursor, len(phrases)))
  cursor.end()
  found.read_page(Cursor(page([(phrase, 0) for phrase in phrases], 0), "", 0), len(phrases))
  return found


def stream_bytes(bits):
  bits += "0" * (-len(bits) % 64)
  return int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def encode(rows, codes=CODES):
  """The bits of each group. A row is a list of phrases without the end, or None."""
  row_bits = ["" if row is None else "".join(codes[phrase] for phrase in [*row, b""]) for row in rows]
  return ["".join(row_bits[start:start + 16]) for start in range(0, len(rows), 16)]


def block(groups, nulls=(), base=0, width=16, stream=None, total=None, flags=None, zeros=(0, 0)):
  """`nulls` are as many as the rows, or none at all."""
  stream = stream_bytes("".join(groups)) if stream is None else stream
  flags = (1 if nulls else 0) if flags is None else flags
  head = pack("<BBHIII", flags, width, zeros[0], base, len(stream) if total is None else total, zeros[1])
  sizes = packed([len(group) - base for group in groups], width)
  return head + packed(nulls, 1) + sizes + stream


def read(raw, rows, found=None, encoding=6):
  source = Source(found or dictionary(), [0] * rows)
  return read_column_block(Cursor(raw, "", 0), TEXT, encoding, rows, source)


class CodeTests(unittest.TestCase):
  def codes(self, *counts):
    return PhraseCodes(Cursor(b"", "", 0), counts)

  def test_codes_are_canonical(self):
    codes = self.codes(*COUNTS)
    for number, (phrase, code) in enumerate(CODES.items()):
      for filling in "01":
        with self.subTest(code=code, filling=filling):
          self.assertEqual(codes.find(int(code.ljust(24, filling), 2)), (number, len(code)))
    self.assertIsNone(codes.find(0b1111 << 20))
    self.assertIsNone(codes.find(2**24 - 1))

  def test_longest_codes(self):
    codes = self.codes(*[1] * 23, 2)
    self.assertEqual(codes.find(2**24 - 1), (24, 24))
    self.assertEqual(codes.find(2**24 - 2), (23, 24))
    self.assertEqual(codes.find(2**24 - 3), (22, 23))
    self.assertEqual(self.codes(0, 0, 8).find(5 << 21), (5, 3))

  def test_refuses_codes(self):
    for counts in [(3,), (2, 1), (1, 3), (0, 5), (1, 1, 3), (2, 0, 1)]:
      with self.subTest(counts=counts), self.assertRaisesRegex(FormatError, "reach"):
        self.codes(*counts)


class DictionaryTests(unittest.TestCase):
  def test_entries(self):
    self.assertEqual(dictionary().entries, PHRASES)
    self.assertEqual(dictionary([b""], [1], 0).entries, [b""])
    self.assertEqual(dictionary([b"b", b"", b"a", b"b"], [1, 0, 3], 1).entries, [b"b", b"", b"a", b"b"])

  def test_entries_may_have_bytes_of_holes(self):
    self.assertEqual(dictionary([b"", b"\x01"], [2], 0).entries, [b"", b"\x01"])

  def test_refuses_dictionaries(self):
    for phrases, counts, end, message in [
        ([b"no", b"A", b"", b"1", b"2", b"yes"], COUNTS, 2, "do not ascend"),
        ([b"no", b"", b"A", b"2", b"1", b"yes"], COUNTS, 1, "do not ascend"),
        ([b"no", b"", b"A", b"1"], [0, 3, 1], 1, "do not ascend"),
        ([b"no", b"", b"A", b"1", b"1", b"yes"], COUNTS, 1, "do not ascend"),
        ([b"no", b"", b"A", b"1", b"2", b"yes"], COUNTS, 2, "ends a text"),
        ([b"no", b"A", b"B", b"1", b"2", b"yes"], COUNTS, 2, "ends a text"),
        ([b"", b"A", b"B", b"", b"2", b"yes"], COUNTS, 0, "ends a text"),
        (PHRASES, COUNTS, 6, "should have no bytes"), (PHRASES, [1, 0, 2, 2], END, "5 codes for 6"),
        (PHRASES, [1, 0, 2, 4], END, "7 codes for 6"), (PHRASES, [*COUNTS, 0], END, "no code has"),
        (PHRASES, [], END, "longest code"), (PHRASES, [0] * 24 + [6], END, "longest code")]:
      with self.subTest(phrases=phrases, counts=counts), self.assertRaisesRegex(FormatError, message):
        dictionary(phrases, counts, end)

  def test_order_goes_on_over_pages(self):
    first = page([(phrase, 0) for phrase in [b"", *(b"%03d" % number for number in range(511))]], 0)

    def read_both(last):
      found = PhraseDictionary(PhraseCodes(Cursor(b"", "", 0), [0] * 9 + [513]), 0)
      found.read_page(Cursor(first, "", 0), 512)
      found.read_page(Cursor(page([(last, 0)], 0), "", 0), 1)
      return found.entries[-1]
    self.assertEqual(read_both(b"511"), b"511")
    with self.assertRaisesRegex(FormatError, "do not ascend"):
      read_both(b"510")

  def test_has_no_templates(self):
    found = PhraseDictionary(PhraseCodes(Cursor(b"", "", 0), [2]), 0)
    with self.assertRaisesRegex(FormatError, "flags 1"):
      found.read_page(Cursor(page([(b"", 0), (b"\x01", 1)], 1), "", 0), 2)


class BlockTests(unittest.TestCase):
  def test_bytes_of_the_page(self):
    raw = bytes.fromhex(
      "01 08 0000 0a000000 08000000 00000000"  # nulls, sizes of 8 bits from 10 on, a stream of 8 bytes
      "0200000000000000"                        # row 1 is null
      "0400000000000000"                        # one group of 14 bits
      "bd10000000000000")                       # 101 1110 100, 0 100, then zeros
    self.assertEqual(read(raw, 3), ([b"Ayes", None, b"no"], (0, 0)))

  def test_groups(self):
    rows = [[b"A", b"1"], None, [], [b"yes", b"no", b"2"]] * 9
    expected = [None if row is None else b"".join(row) for row in rows]
    nulls = [row is None for row in rows]
    groups = encode(rows)
    for base in (0, min(map(len, groups))):
      with self.subTest(base=base):
        self.assertEqual(read(block(groups, nulls, base), 36), (expected, (0, 0)))
    self.assertEqual(len(groups), 3)

  def test_rows_without_bits(self):
    self.assertEqual(read(block([""] * 2, [1] * 17, width=0), 17), ([None] * 17, (0, 0)))

  def test_stream_of_whole_words(self):
    bits = "0" * 61 + "100"
    self.assertEqual(read(block([bits], stream=int(bits, 2).to_bytes(8, "big")), 1)[0], [b"no" * 61])
    self.assertEqual(read(block(["100"], width=2), 1), ([b""], (0, 0)))

  def test_random_dictionaries(self):
    random = Random(7)
    for _ in range(20):
      phrases, counts, codes = random_dictionary(random)
      found = dictionary(phrases, counts, phrases.index(b""))
      words = [phrase for phrase in phrases if phrase]
      rows = [None if random.random() < 0.1 else random.choices(words, k=random.randrange(6)) for _ in range(100)]
      expected = [None if row is None else b"".join(row) for row in rows]
      raw = block(encode(rows, codes), [row is None for row in rows])
      self.assertEqual(read(raw, 100, found), (expected, (0, 0)))

  def test_refuses_blocks(self):
    groups = encode([[b"A"]] * 16 + [[b"yes"]])
    good = block(groups)
    self.assertEqual(read(good, 17)[0], [b"A"] * 16 + [b"yes"])
    bits = "".join(groups)
    moved = [bits[:97], bits[97:]]
    for raw, message in [
        (good + bytes(8), "too many"), (good[:-8], "wanted"), (good[:-1], "wanted"),
        (block(groups, stream=stream_bytes(bits) + bytes(8)), "stream of 24"),
        (block(groups, stream=stream_bytes(bits)[:8]), "stream of 8"),
        (block(groups, total=15), "stream of 15"),
        (block(groups, stream=stream_bytes(bits)[:-1] + b"\1"), "bits behind"),
        (block(groups, stream=stream_bytes(bits + "1")), "bits behind"),
        (block([groups[0][:-1], groups[1]], stream=stream_bytes(bits)), "behind its group"),
        (block([groups[0][:-1], groups[1] + "0"], stream=stream_bytes(bits)), "behind its group"),
        (block(moved, stream=stream_bytes(bits)), "take fewer bits"),
        (block([groups[0], groups[1] + "0"]), "take fewer bits"),
        (block([groups[0], groups[1][:-3]]), "behind its group|no code"),
        (block([groups[0], "1111" + "101"]), "no code"), (block(groups, flags=2), "unknown flags"),
        (block(groups, zeros=(1, 0)), "must be 0"), (block(groups, zeros=(0, 1)), "must be 0"),
        (block(groups, [0] * 16 + [1]), "take fewer bits"), (block(groups, width=33), "above 32"),
        (block(groups[:1]), "behind its group"), (block([*groups, "100"]), "padding")]:
      with self.subTest(raw=raw.hex()), self.assertRaisesRegex(FormatError, message):
        read(raw, 17)

  def test_refuses_columns(self):
    words = Dictionary(0, 1)
    words.read_page(Cursor(page([(b"a", 0)], 0), "", 0), 1)
    good = block(["100"])
    for found, encoding in [(words, 6), (dictionary(), 4), (dictionary(), 2), (dictionary(), 5), (words, 3)]:
      with self.subTest(encoding=encoding), self.assertRaisesRegex(FormatError, "dictionary of the column"):
        read(good, 1, found, encoding)
    for encoding in (4, 6):
      with self.subTest(encoding=encoding), self.assertRaisesRegex(FormatError, "or its lack"):
        read_column_block(Cursor(good, "", 0), TEXT, encoding, 1, Source(None, [0]))


def random_dictionary(random):
  """Phrases, entries of each length, and the code of each phrase, one bit pattern being none."""
  codes = {"0", "1"}
  for _ in range(60):
    parent = random.choice(sorted(codes))
    if len(parent) < 24:
      codes = codes - {parent} | {parent + "0", parent + "1"}
  lengths = sorted(map(len, codes))[:-1]
  counts = [lengths.count(length) for length in range(1, max(lengths) + 1)]
  texts = random.sample([bytes([number]) * (number % 5 + 1) for number in range(1, 256)], len(lengths) - 1) + [b""]
  random.shuffle(texts)
  phrases, start = [], 0
  for count in counts:
    phrases += sorted(texts[start:start + count])
    start += count
  return phrases, counts, assign_codes(phrases, lengths)


def assign_codes(phrases, lengths):
  """Each code is the one before plus 1, lengthened by zeros."""
  codes, code = {}, ""
  for phrase, length in zip(phrases, lengths):
    code = bin(int(code, 2) + 1)[2:].zfill(len(code)).ljust(length, "0") if code else "0" * length
    codes[phrase] = code
  return codes


if __name__ == "__main__":
  unittest.main()
