"""Phrases: the dictionaries texts are put together from, their prefix codes, and the blocks of such texts.

Owns dictionaries of form 1 and encoding 6. Invariants: codes are canonical and every entry has one; entries ascend
among those of one code length; exactly one has no bytes, and it ends every text; the rows of a group take exactly the
bits of the group; bits behind the last group are 0 and no more than the padding.
"""

from bisect import bisect_right
from itertools import accumulate
from column_parts import NO_BOUNDS, read_flags, read_nulls
from dictionary import Dictionary

LONGEST_CODE = 24
GROUP_ROWS = 16
# The bytes that hold a code of any length, whatever bit of the first one it begins with.
WINDOW_SIZE = 4


class PhraseCodes:
  """Attributes: count (of entries); starts, the numbers of the entries with which a new code length begins."""

  def __init__(self, cursor, counts):
    """`counts` are the entries of each code length, from 1 on."""
    self.limits, self.distances = [], []
    self.starts, self.count, first = set(), 0, 0
    for length, count in enumerate(counts, 1):
      cursor.require(first + count <= 1 << length, f"codes of {length} bits reach 2^{length}")
      self.limits.append(first + count << LONGEST_CODE - length)
      self.distances.append(self.count - first)
      self.starts.add(self.count)
      self.count += count
      first = (first + count) * 2

  def find(self, window):
    """Entry and length of the code that the `LONGEST_CODE` bits of the window begin with; None if none does."""
    place = bisect_right(self.limits, window)
    if place == len(self.limits):
      return None
    length = place + 1
    return (window >> LONGEST_CODE - length) + self.distances[place], length


def read_codes(cursor, entries):
  """The codes and the number of the entry without bytes, from the end of a column's entry in the directory."""
  end, longest = cursor.u32(), cursor.u32()
  cursor.require(end < entries, f"entry {end} of {entries} phrases should have no bytes")
  cursor.require(1 <= longest <= LONGEST_CODE, f"the longest code of a dictionary has {longest} bits")
  counts = [cursor.u32() for _ in range(longest)]
  cursor.require(counts[-1] > 0, f"no code has the {longest} bits of the longest one")
  codes = PhraseCodes(cursor, counts)
  cursor.require(codes.count == entries, f"{codes.count} codes for {entries} phrases")
  return codes, end


class PhraseDictionary(Dictionary):
  """Its entries are bytes. `end` is the number of the one without any."""

  encoding = 6

  def __init__(self, codes, end):
    super().__init__(0, codes.count)
    self.codes, self.end = codes, end

  def add_entry(self, cursor, text, _):
    number = len(self.entries)
    ascends = number in self.codes.starts or self.entries[-1] < text
    cursor.require(ascends, "phrases with codes of one length do not ascend")
    wrong = f"phrase {number} has {len(text)} bytes, where phrase {self.end} ends a text"
    cursor.require((number == self.end) == (text == b""), wrong)
    self.entries.append(text)


def read_phrases(cursor, rows, source):
  flags, width = read_flags(cursor), cursor.u8()
  cursor.zero(2)
  base, total = cursor.u32(), cursor.u32()
  cursor.zero(4)
  nulls = read_nulls(cursor, rows, flags) or [0] * rows
  sizes = [base + extra for extra in cursor.packed(-(-rows // GROUP_ROWS), width, 32)]
  stream = Stream(cursor, total, sum(sizes), source.dictionary)
  cursor.end()
  values = []
  for end, start in zip(accumulate(sizes), range(0, rows, GROUP_ROWS)):
    values += [None if null else stream.text(cursor, end) for null in nulls[start:start + GROUP_ROWS]]
    cursor.require(stream.position == end, "the rows of a group take fewer bits than the group has")
  return values, NO_BOUNDS


class Stream:
  """Attributes: position (a bit)."""

  def __init__(self, cursor, total, bits, dictionary):
    cursor.require(total == (bits + 63) // 64 * 8, f"a stream of {total} bytes for {bits} bits")
    self.data = bytes(cursor.take(total)) + bytes(WINDOW_SIZE)
    rest = int.from_bytes(self.data[bits // 8:], "big") & (1 << 8 * (total + WINDOW_SIZE) - bits) - 1
    cursor.require(rest == 0, "bits behind the last group are not 0")
    self.codes, self.entries, self.end = dictionary.codes, dictionary.entries, dictionary.end
    self.position = 0

  def text(self, cursor, limit):
    """The text of the next row, whose group ends at the bit `limit`."""
    phrases = []
    while True:
      found = self.codes.find(self.window())
      cursor.require(found is not None, "bits of a text are no code")
      entry, length = found
      self.position += length
      cursor.require(self.position <= limit, "a text goes on behind its group")
      if entry == self.end:
        return b"".join(phrases)
      phrases.append(self.entries[entry])

  def window(self):
    """The next `LONGEST_CODE` bits."""
    place, bit = divmod(self.position, 8)
    word = int.from_bytes(self.data[place:place + WINDOW_SIZE], "big")
    return word >> 8 * WINDOW_SIZE - LONGEST_CODE - bit & (1 << LONGEST_CODE) - 1
