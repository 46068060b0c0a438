"""Decompression of the LZ4 block format.

Owns the block format only, no frames. Invariants: never reads outside the input, never produces more
than the promised length, and gives back exactly that length or raises ValueError.
"""


def extended_length(data, position, length):
  """A length of 15 goes on in the bytes that follow, as long as these are 255."""
  if length != 15:
    return length, position
  while True:
    if position >= len(data):
      raise ValueError("LZ4: a length runs past the input")
    byte = data[position]
    position += 1
    length += byte
    if byte != 255:
      return length, position


def copy_match(output, distance, length):
  """Appends `length` bytes from `distance` back; a match longer than its distance repeats itself."""
  start = len(output) - distance
  if distance >= length:
    output += output[start:start + length]
  else:
    pattern = bytes(output[start:])
    output += (pattern * (length // distance + 1))[:length]


def decompress(data, raw_length):
  data = bytes(data)
  output = bytearray()
  position = 0
  while True:
    if position >= len(data):
      raise ValueError("LZ4: the last sequence is missing")
    token = data[position]
    literals, position = extended_length(data, position + 1, token >> 4)
    if position + literals > len(data) or len(output) + literals > raw_length:
      raise ValueError("LZ4: literals run past the input or the output")
    output += data[position:position + literals]
    position += literals
    if position == len(data):
      break  # The last sequence has literals only.
    if position + 2 > len(data):
      raise ValueError("LZ4: a distance runs past the input")
    distance = data[position] | data[position + 1] << 8
    length, position = extended_length(data, position + 2, token & 15)
    length += 4
    if distance == 0 or distance > len(output):
      raise ValueError("LZ4: a match begins before the output")
    if len(output) + length > raw_length:
      raise ValueError("LZ4: a match runs past the output")
    copy_match(output, distance, length)
  if len(output) != raw_length:
    raise ValueError(f"LZ4: {len(output)} bytes instead of {raw_length}")
  return bytes(output)
