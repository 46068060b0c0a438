"""Primitive fields shared by all files of a store: cursor, packed numbers, common header, FormatError.

Invariants: a Cursor never reads outside its bytes, and every violation is a FormatError that names the
file and the offset in it. Inside a raw block the offset named is the one of the block, because the bytes
may have been compressed.
"""

from struct import Struct, unpack
from xxh64 import xxh64

U16, U32, U64, I64 = Struct("<H"), Struct("<I"), Struct("<Q"), Struct("<q")
WHOLE_WIDTHS = {8: "B", 16: "H", 32: "I", 64: "Q"}
HEADER_SIZE = 64
FORMAT_VERSION = 1


class FormatError(Exception):
  def __init__(self, message, file, offset):
    super().__init__(message)
    self.message, self.file, self.offset = message, file, offset


class Cursor:
  """Reads fields one after the other. `origin` is the offset of the first byte in `file`."""

  def __init__(self, data, file, origin, linear=True):
    self.data, self.file, self.origin, self.linear = memoryview(data), file, origin, linear
    self.position = 0

  @property
  def offset(self):
    return self.origin + self.position if self.linear else self.origin

  def fail(self, message):
    raise FormatError(message, self.file, self.offset)

  def require(self, condition, message):
    if not condition:
      self.fail(message)

  def take(self, size):
    end = self.position + size
    if end > len(self.data):
      self.fail(f"{size} bytes wanted, {len(self.data) - self.position} left")
    piece = self.data[self.position:end]
    self.position = end
    return piece

  def u8(self):
    return self.take(1)[0]

  def u16(self):
    return U16.unpack(self.take(2))[0]

  def u32(self):
    return U32.unpack(self.take(4))[0]

  def u64(self):
    return U64.unpack(self.take(8))[0]

  def i64(self):
    return I64.unpack(self.take(8))[0]

  def u128(self):
    return int.from_bytes(self.take(16), "little")

  def zero(self, size):
    self.require(not any(self.take(size)), "a field that must be 0 is not")

  def varint(self):
    value, shift = 0, 0
    while True:
      byte = self.u8()
      value |= (byte & 127) << shift
      shift += 7
      self.require(value < 1 << 64 and shift <= 70, "a varint is longer than 64 bits")
      if byte < 128:
        return value

  def ascending_varint(self, previous):
    """A position stored as its distance from the one before; `previous` is None for the first."""
    step = self.varint()
    self.require(previous is None or step > 0, "positions do not ascend")
    return step if previous is None else previous + step

  def packed(self, count, width, limit):
    """`count` numbers of `width` bits each, padded with zero bits to a multiple of eight bytes."""
    self.require(width <= limit, f"width {width} of packed numbers is above {limit}")
    if width == 0:
      return [0] * count
    values = unpack_bits(self.take((count * width + 63) // 64 * 8), width)
    self.require(not any(values[count:]), "padding behind packed numbers is not zero")
    del values[count:]
    return values

  def ascending(self, count, width):
    """Packed numbers of which each is above the one before."""
    values = self.packed(count, width, width)
    ascend = all(before < value for before, value in zip(values, values[1:]))
    self.require(ascend, "packed numbers do not ascend")
    return values

  @property
  def at_end(self):
    return self.position == len(self.data)

  def end(self):
    self.require(self.at_end, f"{len(self.data) - self.position} bytes too many")


def unpack_bits(data, width):
  """All numbers of `width` bits in `data`, padding included: eight numbers take `width` bytes."""
  if width in WHOLE_WIDTHS:
    return list(unpack(f"<{len(data) * 8 // width}{WHOLE_WIDTHS[width]}", data))
  mask = (1 << width) - 1
  shifts = range(0, 8 * width, width)
  values = []
  for start in range(0, len(data), width):
    word = int.from_bytes(data[start:start + width], "little")
    values += [word >> shift & mask for shift in shifts]
  return values


class Header:
  """The first 64 bytes of a state, journal or segment, checked. `special` are the bytes 48 to 55, `features` those that a
  reader must know."""

  def __init__(self, data, file, magic, number, known_features=0):
    cursor = Cursor(data[:HEADER_SIZE], file, 0)
    cursor.require(len(data) >= HEADER_SIZE, "the file is shorter than its header")
    cursor.require(cursor.take(8) == magic + b"\r\n\x1a", f"the magic is not {magic.decode()}")
    version = cursor.u16()
    cursor.require(version == FORMAT_VERSION, f"format version {version} is not known")
    cursor.require(cursor.u16() == HEADER_SIZE, "the header size is not 64")
    cursor.u32()  # Compatible features may be ignored.
    self.features = cursor.u32()
    cursor.require(self.features & ~known_features == 0, "the file uses incompatible features that are not known")
    cursor.zero(4)
    self.uuid = bytes(cursor.take(16))
    self.number = cursor.u64()
    cursor.require(self.number in number, f"number {self.number} in the header is not the file's")
    self.special = cursor.u64()
    self.file = file
    self.checksum = cursor.u64()
    self.covered = data[:HEADER_SIZE - 8]

  def check(self, seed):
    if xxh64(self.covered, seed) != self.checksum:
      raise FormatError("the checksum of the header is wrong", self.file, HEADER_SIZE - 8)

  def check_store(self, uuid):
    if self.uuid != uuid:
      raise FormatError("the file belongs to another store", self.file, 24)
