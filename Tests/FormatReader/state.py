"""The state file: what a store consists of at one commit.

Owns finding the highest state of a folder and reading one of its two copies. Invariants: the body has exactly the
length its header names, one instant stands for every commit, marks ascend within a segment, and a history
segment has none. Whether marks lie within their segment, and whether its history ends where the entry says, is
known, and checked, only once the segment is read.
"""

import re
from collections import namedtuple
from fields import Cursor, FormatError, Header, HEADER_SIZE
from xxh64 import xxh64

STATE_NAME = re.compile(r"state-([0-9A-Fa-f]+)\.ckp")

COMPACTED = 1

SegmentEntry = namedtuple(
  "SegmentEntry", "id length trailer_checksum first_commit last_commit history_end flags marks offset")
SegmentEntry.__doc__ = """What a state or a commit says of a segment. `history_end` is 0 unless it is a history
segment; `marks` are pairs of position and superseding commit; `offset` is where the entry stands in its own file."""


class State:
  """Attributes: label (the number as written in the file name), uuid, number, commit, instants, segments."""

  def __init__(self, folder):
    name, self.label = highest_state(folder)
    data = (folder / name).read_bytes()
    # The page leaves the number base of the name open: decimal and hexadecimal are both taken.
    readings = {int(self.label, 16)} | ({int(self.label)} if self.label.isdecimal() else set())
    self.file, self.size = name, len(data)
    half = len(data) // 2
    try:
      self.read_copy(data[:half], readings)
    except FormatError:
      # The second copy is there for this; what is wrong with the first is told where the second is no better.
      self.read_copy(data[half:], readings)

  def read_copy(self, data, readings):
    header = Header(data, self.file, b"CSSTA", readings)
    body = data[HEADER_SIZE:]
    if len(body) != header.special:
      raise FormatError(f"the body has {len(body)} bytes instead of {header.special}", self.file, 48)
    header.check(xxh64(body))
    self.uuid, self.number = header.uuid, header.number
    self.read_body(Cursor(body, self.file, HEADER_SIZE))

  def read_body(self, cursor):
    self.commit, self.next_segment = cursor.u64(), cursor.u64()
    count = cursor.u32()
    cursor.require(count == self.commit, f"{count} instants for {self.commit} commits")
    self.last_instant = None
    for _ in range(count):
      instant = cursor.i64()
      cursor.require(self.last_instant is None or instant >= self.last_instant, "an instant decreases")
      self.last_instant = instant
    self.segments = [self.read_segment(cursor) for _ in range(cursor.u32())]
    cursor.end()
    cursor.require(len({s.id for s in self.segments}) == len(self.segments), "a segment is listed twice")

  def read_segment(self, cursor):
    offset = cursor.offset
    id, length, checksum, first, last = (cursor.u64() for _ in range(5))
    cursor.require(0 < id < self.next_segment, f"segment id {id} is 0 or not below the next id")
    in_range = 1 <= first <= last <= self.commit
    cursor.require(in_range, f"commits {first} to {last} of a segment are out of range")
    history_end, flags = cursor.u64(), cursor.u32()
    cursor.require(history_end <= self.commit, f"the history of a segment ends with commit {history_end}")
    cursor.require(flags & ~COMPACTED == 0, f"unknown flags {flags} of a segment")
    marks = self.read_marks(cursor)
    cursor.require(history_end == 0 or not marks, f"the history segment {id} has marks")
    return SegmentEntry(id, length, checksum, first, last, history_end, flags, marks, offset)

  def read_marks(self, cursor):
    marks, position = [], None
    for _ in range(cursor.u32()):
      position = cursor.ascending_varint(position)
      marks.append((position, cursor.varint()))
      cursor.require(1 <= marks[-1][1] <= self.commit, f"a mark names commit {marks[-1][1]}")
    return marks


def highest_state(folder):
  """File name and number text. Digits compare the same way in both number bases, so 16 serves for both."""
  found = [match for match in map(STATE_NAME.fullmatch, (p.name for p in folder.iterdir())) if match]
  if not found:
    raise FormatError("the folder holds no state", ".", 0)
  best = max(found, key=lambda match: int(match[1], 16))
  return best[0], best[1]
