"""XXH64, the frozen 64-bit xxHash.

Owns the hash and nothing else. Invariants: every intermediate value is kept below 2^64; a seed may be
any integer and counts modulo 2^64; `data` may be bytes, bytearray or a memoryview of bytes.
"""

from struct import Struct

MASK = 0xFFFFFFFFFFFFFFFF
P1 = 0x9E3779B185EBCA87
P2 = 0xC2B2AE3D27D4EB4F
P3 = 0x165667B19E3779F9
P4 = 0x85EBCA77C2B2AE63
P5 = 0x27D4EB2F165667C5
STRIPE = Struct("<4Q")
LANE = Struct("<Q")


def rotate(value, bits):
  return (value << bits | value >> (64 - bits)) & MASK


def merge_lane(accumulator, word):
  """One word into one accumulator: the step shared by stripes and the tail."""
  return rotate((accumulator + word * P2) & MASK, 31) * P1 & MASK


def consume_stripes(stripes, seed):
  """The four accumulators over all whole stripes of 32 bytes, joined into one value. The hot loop."""
  a, b, c, d = (seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK
  for w, x, y, z in STRIPE.iter_unpack(stripes):
    a = (a + w * P2) & MASK
    a = ((a << 31 | a >> 33) & MASK) * P1 & MASK
    b = (b + x * P2) & MASK
    b = ((b << 31 | b >> 33) & MASK) * P1 & MASK
    c = (c + y * P2) & MASK
    c = ((c << 31 | c >> 33) & MASK) * P1 & MASK
    d = (d + z * P2) & MASK
    d = ((d << 31 | d >> 33) & MASK) * P1 & MASK
  joined = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) & MASK
  for lane in (a, b, c, d):
    joined = ((joined ^ merge_lane(0, lane)) * P1 + P4) & MASK
  return joined


def xxh64(data, seed=0):
  seed &= MASK
  view = memoryview(data)
  size = len(view)
  position = size & ~31
  value = consume_stripes(view[:position], seed) if position else (seed + P5) & MASK
  value = (value + size) & MASK
  while position + 8 <= size:
    value = (rotate(value ^ merge_lane(0, LANE.unpack_from(view, position)[0]), 27) * P1 + P4) & MASK
    position += 8
  if position + 4 <= size:
    word = int.from_bytes(view[position:position + 4], "little")
    value = (rotate(value ^ (word * P1 & MASK), 23) * P2 + P3) & MASK
    position += 4
  for byte in view[position:]:
    value = rotate(value ^ (byte * P5 & MASK), 11) * P1 & MASK
  value = (value ^ value >> 33) * P2 & MASK
  value = (value ^ value >> 29) * P3 & MASK
  return value ^ value >> 32
