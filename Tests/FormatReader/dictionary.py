"""Dictionary pages of a column, templates, and the texts of subject keys.

Invariants: entries ascend strictly by (bytes, holes) over all pages; a template has as many hole bytes as it names;
no entry has more holes than its column.
"""

from itertools import accumulate

PAGE_ENTRIES = 512
MAXIMUM_HOLES = 4
LARGEST_HOLE = 0x12
TEMPLATES = 1
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def page_count(entries):
  return -(-entries // PAGE_ENTRIES)


def read_page(cursor, count, has_templates):
  """A list of (bytes, holes)."""
  flags, width = cursor.u8(), cursor.u8()
  cursor.require(flags == (TEMPLATES if has_templates else 0), f"flags {flags} of a dictionary page")
  cursor.zero(2)
  base, total = cursor.u32(), cursor.u32()
  cursor.zero(4)
  lengths = [base + extra for extra in cursor.packed(count, width, 32)]
  holes = [0] * count
  if has_templates:
    holes = list(cursor.take(count))
    cursor.zero(-count % 8)
  ends = list(accumulate(lengths, initial=0))
  cursor.require(ends[-1] == total, f"entries of {ends[-1]} bytes instead of {total}")
  data = bytes(cursor.take(total))
  cursor.end()
  entries = [(data[start:end], hole) for start, end, hole in zip(ends, ends[1:], holes)]
  for text, hole in entries:
    found = sum(1 <= byte <= LARGEST_HOLE for byte in text)
    cursor.require(hole == 0 or found == hole, f"a template with {found} holes names {hole}")
  return entries


def check_order(cursor, entries, holes):
  cursor.require(all(a < b for a, b in zip(entries, entries[1:])), "a dictionary is out of order")
  cursor.require(max((hole for _, hole in entries), default=0) == holes, "the holes of a column are not its entries' most")


def fill(entry, numbers):
  """The text of an entry with its numbers; None if a number does not fit its hole or is left over."""
  template, holes = entry
  if any(numbers[holes:]):
    return None
  if holes == 0:
    return template
  text, waiting = bytearray(), iter(numbers)
  for byte in template:
    if 1 <= byte <= LARGEST_HOLE:
      digits = b"%0*d" % (byte, next(waiting))
      if len(digits) != byte:
        return None
      text += digits
    else:
      text.append(byte)
  return bytes(text)


def key_text(key):
  """The text of a subject key, or None for families without one."""
  family, body = key >> 124, key & ((1 << 124) - 1)
  if 1 <= family <= 5:
    symbols = [body >> (118 - 6 * place) & 63 for place in range(20)]
    return "".join(DIGITS[symbol - 1] for symbol in symbols[:(symbols + [0]).index(0)]).encode()
  if family == 6:
    return (body >> 4).to_bytes(15, "big")[:body & 15]
  return None
