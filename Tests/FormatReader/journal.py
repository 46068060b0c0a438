"""The journal: frames, their chain, and the commits in them.

Invariants: a frame counts only if its checksum holds, it carries the salt, has the next number and is
linked to the frame before. What follows the first frame that does not count is discarded, unless a valid
frame lies there that should have counted: then the journal is damaged. A frame of commits holds at least one, and
nothing else. Commits follow each other without gaps and never go back in time.
"""

from collections import namedtuple
from columns import INTEGER, TEXT
from fields import Cursor, FormatError, Header, HEADER_SIZE, I64, U32, U64
from state import SegmentEntry
from xxh64 import xxh64

FRAME_MAGIC = U32.pack(0xF4A3E001)
FRAME_SIZE = 48
COMMITS, CLOSE = 1, 2

Frame = namedtuple("Frame", "offset kind number previous checksum body end")
Schema = namedtuple("Schema", "dataset version order search columns")
Row = namedtuple("Row", "dataset key commit batch version state columns")
Group = namedtuple("Group", "segment positions offset")
Commit = namedtuple("Commit", "number rows segments groups")


class Journal:
  """Attributes: commits in order, checked_bytes (header and frames), discarded (bytes of a torn tail)."""

  def __init__(self, path, name, state):
    self.name, self.data = name, path.read_bytes()
    header = Header(self.data, name, b"CSJNL", {state.number})
    header.check(0)
    header.check_store(state.uuid)
    self.salt = header.special
    self.commits = []
    self.last_commit, self.last_instant = state.commit, state.last_instant
    self.read_frames(xxh64(self.data[:HEADER_SIZE]))

  def read_frames(self, previous):
    offset, number = HEADER_SIZE, 1
    while True:
      frame = self.frame_at(offset)
      if frame is None or frame.number != number or frame.previous != previous:
        break
      self.read_frame(frame)
      offset, number, previous = frame.end, number + 1, frame.checksum
    self.check_tail(offset, number)
    self.checked_bytes = min(offset, len(self.data))
    self.discarded = len(self.data[offset:].rstrip(b"\0"))

  def frame_at(self, offset):
    """The valid frame with the right salt at `offset`, or None."""
    data = self.data
    if offset + FRAME_SIZE > len(data) or data[offset:offset + 4] != FRAME_MAGIC:
      return None
    salt, number, previous = (U64.unpack_from(data, offset + at)[0] for at in (8, 16, 24))
    kind, length = U32.unpack_from(data, offset + 4)[0], U32.unpack_from(data, offset + 32)[0]
    checksum = U64.unpack_from(data, offset + 40)[0]
    body = data[offset + FRAME_SIZE:offset + FRAME_SIZE + length]
    if salt != self.salt or len(body) != length:
      return None
    if xxh64(data[offset:offset + 40], xxh64(body, salt ^ offset)) != checksum:
      return None
    return Frame(offset, kind, number, previous, checksum, body, offset + FRAME_SIZE + (length + 7) // 8 * 8)

  def check_tail(self, offset, number):
    """Fails if a frame that should have counted lies where reading stopped, or behind."""
    at = self.data.find(FRAME_MAGIC, offset)
    while at >= 0:
      frame = self.frame_at(at) if at % 8 == 0 else None
      if frame is not None and frame.number >= number:
        raise FormatError(f"the journal is damaged: frame {frame.number} lies behind the end", self.name, at)
      at = self.data.find(FRAME_MAGIC, at + 1)

  def read_frame(self, frame):
    padding = self.data[frame.offset + FRAME_SIZE + len(frame.body):frame.end]
    if any(padding) or any(self.data[frame.offset + 36:frame.offset + 40]):
      raise FormatError("reserved bytes or padding of a frame are not zero", self.name, frame.offset)
    if frame.kind == COMMITS:
      self.read_commits(Cursor(frame.body, self.name, frame.offset + FRAME_SIZE))
    elif frame.kind != CLOSE:
      raise FormatError(f"a frame has the unknown kind {frame.kind}", self.name, frame.offset + 4)

  def read_commits(self, cursor):
    cursor.require(not cursor.at_end, "a frame of commits has none")
    while not cursor.at_end:
      self.commits.append(self.read_commit(cursor))

  def read_commit(self, cursor):
    number, instant = cursor.u64(), cursor.i64()
    cursor.require(number == self.last_commit + 1, f"commit {number} follows commit {self.last_commit}")
    cursor.require(self.last_instant is None or instant >= self.last_instant, "an instant decreases")
    self.last_commit, self.last_instant = number, instant
    schemas = [read_schema(cursor) for _ in range(cursor.u32())]
    rows = [read_row(cursor, schemas, number) for _ in range(cursor.u32())]
    segments = [read_added_segment(cursor, number) for _ in range(cursor.u32())]
    groups = [read_group(cursor) for _ in range(cursor.u32())]
    return Commit(number, rows, segments, groups)


def read_schema(cursor):
  dataset, version, order, search = cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()
  columns = [(cursor.u32(), cursor.u32()) for _ in range(cursor.u32())]
  cursor.require(order <= len(columns), f"order column {order} of {len(columns)}")
  cursor.require(all(type in (INTEGER, TEXT) for _, type in columns), "a column has an unknown type")
  cursor.require(all(id >= 16 for id, _ in columns), "a schema has a column id below 16")
  cursor.require(len({id for id, _ in columns}) == len(columns), "a schema has a column twice")
  cursor.require(search <= len(columns), f"search column {search} of {len(columns)}")
  return Schema(dataset, version, order, search, columns)


def read_row(cursor, schemas, commit):
  index = cursor.u32()
  cursor.require(index < len(schemas), f"schema {index} of {len(schemas)}")
  key, batch, version, state = cursor.u128(), cursor.u64(), cursor.u32(), cursor.u32()
  length = cursor.u32()
  origin = cursor.offset
  payload = Cursor(cursor.take(length), cursor.file, origin)
  columns = read_payload(payload, schemas[index].columns)
  return Row(schemas[index].dataset, key, commit, batch, version, state, columns)


def read_payload(cursor, schema_columns):
  """The values by column id; columns without a value are left out."""
  bitmap = int.from_bytes(cursor.take((len(schema_columns) + 7) // 8), "little")
  columns = {}
  for place, (id, type) in enumerate(schema_columns):
    if bitmap >> place & 1:
      continue
    columns[id] = I64.unpack(cursor.take(8))[0] if type == INTEGER else bytes(cursor.take(cursor.varint()))
  cursor.end()
  return columns


def read_added_segment(cursor, commit):
  """A segment added by a commit has no row of any other commit, and is no history segment."""
  offset = cursor.offset
  id, length, checksum = cursor.u64(), cursor.u64(), cursor.u64()
  cursor.require(id > 0, "a segment has the id 0")
  return SegmentEntry(id, length, checksum, commit, commit, 0, 0, [], offset)


def read_group(cursor):
  offset, segment, positions, position = cursor.offset, cursor.u64(), [], None
  for _ in range(cursor.u32()):
    position = cursor.ascending_varint(position)
    positions.append(position)
  return Group(segment, positions, offset)
