"""Blocks of a segment: found through a location, checked, decompressed, and accounted for.

Invariants: a block is read only through the location its parent holds, and once only; both checksums agree with
the bytes; and after `check_cover` every byte between header and trailer belongs to exactly one block.
"""

from collections import namedtuple
from struct import Struct
from fields import Cursor, FormatError, HEADER_SIZE
from lz4block import decompress
from xxh64 import xxh64

(COLUMN, LEAF, COLUMN_DIRECTORY, FENCES, DATASET_DIRECTORY, FOOTER, DICTIONARY_PAGE, BUNDLE, MAP, TEXT_INDEX, SORTED_TEXTS,
 POSTINGS) = range(1, 13)
BLOCK_MAGIC = 0xB10C
BLOCK_HEADER = Struct("<HBBBBHIIIIQ")
TRAILER_SIZE = 32
REPEATS, MULTIPLES = 0x40, 9
SEED_FACTOR = 0x9E3779B97F4A7C15

Location = namedtuple("Location", "offset length checksum")
NOWHERE = Location(0, 0, 0)


def read_location(cursor):
  offset, length = cursor.u64(), cursor.u32()
  cursor.zero(4)
  return Location(offset, length, cursor.u64())


class Blocks:
  def __init__(self, data, file, segment_id, has_multiples=False):
    self.data, self.file, self.has_multiples = data, file, has_multiples
    self.seed = segment_id * SEED_FACTOR & 0xFFFFFFFFFFFFFFFF
    self.end = len(data) - TRAILER_SIZE
    self.lengths = {}

  def read(self, location, kind, column=0):
    """A cursor over the raw bytes, the number of rows in the header, and the encoding."""
    offset, length, promised = location

    def require(condition, message):
      if not condition:
        raise FormatError(message, self.file, offset)

    require(length >= BLOCK_HEADER.size, f"a block of {length} bytes is shorter than its header")
    require(HEADER_SIZE <= offset and offset + length <= self.end, "a block lies outside the segment")
    require(offset not in self.lengths, "a block has two parents")
    self.lengths[offset] = length
    (magic, found_kind, codec, encoding, flags, key, rows, stored_length, raw_length, found_column,
     checksum) = BLOCK_HEADER.unpack_from(self.data, offset)
    require(magic == BLOCK_MAGIC, "the magic of a block is wrong")
    require(stored_length == length - BLOCK_HEADER.size, "block and parent disagree about the length")
    require(checksum == promised, "block and parent disagree about the checksum")
    stored = self.data[offset + BLOCK_HEADER.size:offset + length]
    head = self.data[offset:offset + BLOCK_HEADER.size - 8]
    require(xxh64(head, xxh64(stored, self.seed ^ offset)) == checksum, "the checksum of a block is wrong")
    require(found_kind == kind, f"a block of kind {found_kind} stands where {kind} should")
    require(found_column == column, f"a block of column {found_column} stands where {column} should")
    require(kind == COLUMN or encoding == 0, f"encoding {encoding} in a block that is no column block")
    require(encoding & ~REPEATS != MULTIPLES or self.has_multiples, "multiples in a segment that does not say it has them")
    require(flags == 0 and key == 0, "flags or key id of a block are not 0")
    require(codec in (0, 1), f"codec {codec} is not known")
    return self.cursor(offset, codec, stored, raw_length), rows, encoding

  def cursor(self, offset, codec, stored, raw_length):
    if codec == 0 and len(stored) != raw_length:
      raise FormatError("stored and raw length differ without a codec", self.file, offset)
    try:
      raw = decompress(stored, raw_length) if codec == 1 else stored
    except ValueError as error:
      raise FormatError(str(error), self.file, offset) from None
    return Cursor(raw, self.file, offset, linear=False)

  def check_cover(self):
    position = HEADER_SIZE
    for offset, length in sorted(self.lengths.items()):
      if offset != position:
        what = "overlaps the one before" if offset < position else "leaves a gap before it"
        raise FormatError(f"a block {what}", self.file, min(offset, position))
      position = offset + length
    if position != self.end:
      raise FormatError("the bytes before the trailer belong to no block", self.file, position)
