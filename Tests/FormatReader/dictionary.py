"""The dictionary of a text column: its pages, and the templates among its entries.

Owns the pages of both forms, and the entries of form 0. Invariants: every page but the last is full, and together
they hold as many entries as the directory names; words strictly ascend over all pages; a template has as many hole
bytes as it has holes; the column's holes are the most any entry has. A template is filled only with numbers that its
digits can hold.
"""

import re
from collections import namedtuple
from blocks import DICTIONARY_PAGE
from column_parts import split_texts

PAGE_ENTRIES = 512
HAS_TEMPLATES = 1
MOST_HOLES = 4
HOLE = re.compile(rb"[\x01-\x12]")

Entry = namedtuple("Entry", "text limits pattern")
Entry.__doc__ = "`limits` are what the number of each hole must stay below; `pattern` is what % fills."


class Dictionary:
  """Attributes: holes, entries; encoding, that of all blocks of the column; row_codes, the codes of the rows read so
  far (None for a null), which coded texts add for a column that is mapped from this one."""

  encoding = 4

  def __init__(self, holes, count):
    self.holes, self.count, self.entries = holes, count, []
    self.row_codes, self.last = [], None

  def read_pages(self, blocks, locations, column):
    for location in locations:
      cursor, entries, _ = blocks.read(location, DICTIONARY_PAGE, column)
      expected = min(PAGE_ENTRIES, self.count - len(self.entries))
      cursor.require(entries == expected, f"{entries} entries instead of {expected} in a dictionary page")
      self.read_page(cursor, entries)

  def read_page(self, cursor, count):
    flags, width = cursor.u8(), cursor.u8()
    expected = HAS_TEMPLATES if self.holes else 0
    cursor.require(flags == expected, f"flags {flags} of a dictionary page in a column of {self.holes} holes")
    cursor.zero(2)
    base, total = cursor.u32(), cursor.u32()
    cursor.zero(4)
    lengths = [base + extra for extra in cursor.packed(count, width, 32)]
    holes = cursor.packed(count, 8, 8) if flags & HAS_TEMPLATES else [0] * count
    for entry in zip(split_texts(cursor, lengths, total), holes):
      self.add_entry(cursor, *entry)

  def add_entry(self, cursor, text, holes):
    cursor.require(self.last is None or self.last < (text, holes), "entries of a dictionary do not ascend")
    self.entries.append(self.make_entry(cursor, text, holes))
    self.last = text, holes

  def make_entry(self, cursor, text, holes):
    if holes == 0:
      return Entry(text, (), None)
    cursor.require(holes <= self.holes, f"an entry has {holes} holes, its column {self.holes}")
    digits = [hole[0] for hole in HOLE.findall(text)]
    cursor.require(len(digits) == holes, f"a template of {holes} holes has {len(digits)} bytes for them")
    pattern = HOLE.sub(lambda hole: b"%%0%dd" % hole[0][0], text.replace(b"%", b"%%"))
    return Entry(text, tuple(10 ** count for count in digits), pattern)

  def check_holes(self, cursor):
    most = max((len(entry.limits) for entry in self.entries), default=0)
    cursor.require(most == self.holes, f"the entries of a column of {self.holes} holes have at most {most}")

  def text(self, cursor, code, numbers):
    """The text of a row. `numbers` are as many as the column has holes."""
    entry = self.entries[code]
    used = len(entry.limits)
    cursor.require(not any(numbers[used:]), "a number that the text of a row does not use is not 0")
    if used == 0:
      return entry.text
    fits = all(number < limit for number, limit in zip(numbers, entry.limits))
    cursor.require(fits, f"the numbers {numbers[:used]} do not fit the digits of their template")
    return entry.pattern % numbers[:used]
