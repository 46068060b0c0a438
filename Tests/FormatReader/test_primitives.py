"""Checks of the parts that have published vectors or can be checked by hand; run with python3 -m unittest.

Owns no format knowledge beyond XXH64, LZ4 blocks and packed numbers, which it makes for other tests too.
"""

import unittest
from fields import Cursor, FormatError, unpack_bits
from lz4block import decompress
from xxh64 import xxh64


def packed(values, width):
  whole = sum(value << width * place for place, value in enumerate(values))
  return whole.to_bytes((len(values) * width + 63) // 64 * 8, "little")


def sanity_buffer(size):
  """The byte generator of the xxHash sanity checks."""
  state, output = 2654435761, bytearray()
  for _ in range(size):
    output.append(state >> 56)
    state = state * 11400714785074694797 % 2**64
  return bytes(output)


class XXH64Tests(unittest.TestCase):
  def test_published_texts(self):
    self.assertEqual(xxh64(b""), 0xEF46DB3751D8E999)
    self.assertEqual(xxh64(b"abc"), 0x44BC2CF5AD770999)
    self.assertEqual(xxh64(b"Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1)

  def test_published_sanity_checks(self):
    prime = 2654435761
    for size, seed, expected in [
        (0, prime, 0xAC75FDA2929B17EF), (1, 0, 0xE934A84ADB052768), (1, prime, 0x5014607643A9B4C3),
        (4, 0, 0x9136A0DCA57457EE), (14, 0, 0x8282DCC4994E35C8), (14, prime, 0xC3BD6BF63DEB6DF0),
        (222, 0, 0xB641AE8CB691C174), (222, prime, 0x20CB8AB7AE10C14A)]:
      with self.subTest(size=size, seed=seed):
        self.assertEqual(xxh64(sanity_buffer(size), seed), expected)

  def test_seed_counts_modulo_64_bits(self):
    self.assertEqual(xxh64(b"abc", 2**64 + 5), xxh64(b"abc", 5))


class LZ4Tests(unittest.TestCase):
  def test_literals_only(self):
    self.assertEqual(decompress(b"\x30abc", 3), b"abc")
    self.assertEqual(decompress(b"\xf0\x05" + b"x" * 20, 20), b"x" * 20)
    self.assertEqual(decompress(b"\xf0\xff\x00" + b"x" * 270, 270), b"x" * 270)

  def test_overlapping_match_repeats(self):
    self.assertEqual(decompress(b"\x32ab1\x03\x00\x50vwxyz", 14), b"ab1ab1ab1vwxyz")
    self.assertEqual(decompress(b"\x1fz\x01\x00\x0a\x50vwxyz", 35), b"z" * 30 + b"vwxyz")

  def test_refuses_broken_input(self):
    for data, length in [
        (b"", 0), (b"\x30ab", 3), (b"\x30abc", 2), (b"\x30abc", 4), (b"\x12a\x00\x00\x10b", 8),
        (b"\x12a\x02\x00\x10b", 8), (b"\x12a\x01", 8), (b"\xf0\xff", 300)]:
      with self.subTest(data=data), self.assertRaises(ValueError):
        decompress(data, length)


class PackedTests(unittest.TestCase):
  def test_every_width(self):
    for width in range(1, 65):
      values = [xxh64(bytes([number, width])) >> (64 - width) for number in range(41)]
      data = packed(values, width)
      self.assertEqual(unpack_bits(data, width)[:len(values)], values)
      self.assertEqual(Cursor(data, "", 0).packed(len(values), width, 64), values)

  def test_padding_must_be_zero(self):
    with self.assertRaises(FormatError):
      Cursor(b"\x00" * 7 + b"\x80", "", 0).packed(3, 5, 64)

  def test_ascending(self):
    self.assertEqual(Cursor(packed([0, 1, 31], 5), "", 0).ascending(3, 5), [0, 1, 31])
    self.assertEqual(Cursor(b"", "", 0).ascending(0, 5), [])
    for values in [(1, 1), (2, 1)]:
      with self.subTest(values=values), self.assertRaises(FormatError):
        Cursor(packed(values, 5), "", 0).ascending(2, 5)


if __name__ == "__main__":
  unittest.main()
