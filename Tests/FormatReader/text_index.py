"""The index of a segment's texts: its directory, the sorted texts of its parts, and the lists of pairs.

Invariants: lengths, blocks and pages are as many as the texts demand; texts ascend by (bytes in number, bytes); each has a row of a
dataset that the index covers; the first text of a block is the one its parent names. The lists are not taken at their word: pairs are
gathered from the texts anew, and each list must hold exactly the groups in which one of its pairs stands.
"""

from blocks import POSTINGS, SORTED_TEXTS, TEXT_INDEX, read_location

BLOCK_TEXTS, GROUP_TEXTS, PAGE_BUCKETS, LONGEST_TEXT = 256, 8, 256, 4096
MASK = (1 << 64) - 1


class TextIndex:
  """Attributes: form (its version), columns by dataset, parts: lists of (text, row)."""

  def __init__(self, blocks, location, datasets):
    self.blocks, self.datasets = blocks, datasets
    cursor, entries, _ = blocks.read(location, TEXT_INDEX)
    self.form, columns, parts = cursor.u32(), cursor.u32(), cursor.u32()
    cursor.zero(4)
    cursor.require(parts == entries, "the directory of an index disagrees about its parts")
    pairs = [(cursor.u32(), cursor.u32()) for _ in range(columns)]
    cursor.require(pairs == sorted(set(pairs)), "the columns of an index do not ascend")
    self.columns = dict(pairs)
    self.parts = [self.read_part(cursor) for _ in range(parts)]
    cursor.end()

  def read_part(self, cursor):
    texts, bits, lengths, blocks, pages = (cursor.u32() for _ in range(5))
    cursor.zero(4)
    cursor.require(texts > 0 and blocks == -(-texts // BLOCK_TEXTS), f"{blocks} blocks for {texts} texts")
    cursor.require(8 <= bits <= 20 and pages == 2 ** bits // PAGE_BUCKETS, f"{pages} pages for {bits} bits")
    runs = [(cursor.u32(), cursor.u32()) for _ in range(lengths)]
    fences = []
    for _ in range(blocks):
      location = read_location(cursor)
      fences.append((location, cursor.take(cursor.u32())))
    found = []
    for location, first in fences:
      rows = self.read_texts(location, min(BLOCK_TEXTS, texts - len(found)))
      cursor.require(rows[0][0] == first, "the first text of a block is not the one its parent names")
      found += rows
    order = [(len(text), text) for text, _ in found]
    cursor.require(order == sorted(order), "the texts of an index do not ascend")
    starts = [(len(text), place) for place, (text, _) in enumerate(found)
              if place == 0 or len(text) != len(found[place - 1][0])]
    cursor.require(runs == starts, "the lengths of an index are not those of its texts")
    self.check_lists(cursor, [read_location(cursor) for _ in range(pages)], found, bits)
    return found

  def read_texts(self, location, expected):
    cursor, count, _ = self.blocks.read(location, SORTED_TEXTS)
    cursor.require(count == expected, f"{count} texts instead of {expected} in a block")
    width = cursor.u8()
    cursor.zero(1)
    runs, rest = cursor.u16(), cursor.u32()
    starts = [(cursor.u16(), cursor.u16()) for _ in range(runs)]
    shared = cursor.take(count)
    cursor.zero(-(8 + 4 * runs + count) % 8)
    rows = cursor.packed(count, width, 32)
    bytes_ = cursor.take(rest)
    cursor.end()
    ends = [first for first, _ in starts[1:]] + [count]
    lengths = [length for (first, length), end in zip(starts, ends) for _ in range(first, end)]
    cursor.require(len(lengths) == count and starts[0][0] == 0, "the runs of equal length do not join")
    texts, place = [], 0
    for number, (length, common) in enumerate(zip(lengths, shared)):
      cursor.require(number % GROUP_TEXTS or common == 0, "the first text of a group shares bytes")
      end = place + length - common
      text = (texts[-1][:common] if common else b"") + bytes_[place:end]
      cursor.require(0 < len(text) == length <= LONGEST_TEXT, "a text has a wrong length")
      texts.append(text)
      place = end
    cursor.require(place == rest, "the rests of texts do not add up")
    for row in rows:
      cursor.require(any(d.first <= row < d.first + d.rows for d in self.datasets if d.search),
                     f"row {row} of an index belongs to no dataset that is searched")
    return list(zip(texts, rows))

  def check_lists(self, cursor, locations, texts, bits):
    groups = -(-len(texts) // GROUP_TEXTS)
    lists = {}
    for place, (text, _) in enumerate(texts):
      for bucket in buckets(text, bits):
        lists.setdefault(bucket, set()).add(place // GROUP_TEXTS)
    for number, location in enumerate(locations):
      page, count, _ = self.blocks.read(location, POSTINGS)
      page.require(count == PAGE_BUCKETS, f"{count} buckets in a page")
      widths = page.u8(), page.u8()
      page.zero(2)
      total = page.u32()
      counts, lengths = (page.packed(PAGE_BUCKETS, width, 32) for width in widths)
      page.require(sum(lengths) == total, "the lengths of lists do not add up")
      for bucket, (size, length) in enumerate(zip(counts, lengths), number * PAGE_BUCKETS):
        found = rice(page, page.take(length), size, groups)
        page.require(found == sorted(lists.get(bucket, ())), f"list {bucket} is not that of its pairs")
      page.end()


def buckets(text, bits):
  """The bucket of each two characters beside each other."""
  found, before, place = [], None, 0
  while place < len(text):
    lead = text[place]
    length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    character = int.from_bytes(text[place:place + length], "big")
    if before is not None:
      mixed = (before << 32 | character) * 0x9E3779B97F4A7C15 & MASK
      found.append(((mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9 & MASK) >> 64 - bits)
    before = character
    place += length
  return found


def rice(cursor, data, count, groups):
  """The groups of a list, from differences less 1 in Rice code."""
  bits = [byte >> place & 1 for byte in data for place in range(8)]
  shift = max(0, (groups // max(1, count)).bit_length() - 1)
  found, place, following = [], 0, 0
  for _ in range(count):
    upper = 0
    while place < len(bits) and bits[place] == 0:
      upper, place = upper + 1, place + 1
    lower = bits[place + 1:place + 1 + shift]
    cursor.require(place < len(bits) and len(lower) == shift, "a list ends too early")
    following += upper << shift | sum(bit << power for power, bit in enumerate(lower))
    found.append(following)
    following += 1
    place += 1 + shift
  cursor.require(len(bits) - place < 8 and not any(bits[place:]), "bytes behind a list")
  return found
