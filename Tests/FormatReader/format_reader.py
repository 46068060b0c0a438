"""Independent reader of a store, written from the page on the file format alone.

  python3 format_reader.py STORE              one JSON line for every row, superseded rows too
  python3 format_reader.py STORE --dataset N  rows of one dataset only
  python3 format_reader.py STORE --summary    one JSON object with counts; "rows" includes "memoryRows"

Owns the command line, putting state, segments and journal together, and the output. Invariants: the whole
store is checked before the first row is printed, whatever part of it was asked for; on a violation the only
output is {"error", "file", "offset"} and the exit code is 1. Nothing in the store is ever written.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # The folder of the reader stays as it is.

from column_directory import BATCH, COMMIT, FIRST_FREE_COLUMN, STATE, VERSION
from fields import FormatError
from journal import Journal
from segment import Segment
from state import State


class Store:
  """Attributes: commit, segments (in order), memory (rows), memory_superseded, checked_bytes, discarded."""

  def __init__(self, folder):
    self.folder = folder
    self.state = State(folder)
    self.commit = self.state.commit
    self.checked_bytes, self.discarded = self.state.size, 0
    self.files = segment_files(folder / "seg")
    self.segments, self.by_id = [], {}
    self.memory, self.memory_superseded = [], {}
    for entry in self.state.segments:
      segment = self.add_segment(entry, self.state.file)
      for position, commit in entry.marks:
        mark_segment_row(segment, position, commit, self.state.file, entry.offset)
    self.read_journal()

  def add_segment(self, entry, parent):
    if entry.id in self.by_id:
      raise FormatError(f"segment {entry.id} is added twice", parent, entry.offset)
    if entry.id not in self.files:
      raise FormatError(f"the file of segment {entry.id} is missing", parent, entry.offset)
    path = self.files[entry.id]
    segment = Segment(path, f"seg/{path.name}", entry, self.state.uuid)
    self.segments.append(segment)
    self.by_id[entry.id] = segment
    self.checked_bytes += segment.size
    return segment

  def read_journal(self):
    name = f"journal-{self.state.label}.jnl"
    if not (self.folder / name).exists():
      return
    journal = Journal(self.folder / name, name, self.state)
    for commit in journal.commits:
      self.commit = commit.number
      self.memory += commit.rows
      for entry in commit.segments:
        self.add_segment(entry, name)
      for group in commit.groups:
        self.apply_group(group, name)
    self.checked_bytes += journal.checked_bytes
    self.discarded = journal.discarded

  def apply_group(self, group, file):
    if group.segment != 0 and group.segment not in self.by_id:
      raise FormatError(f"rows of the unknown segment {group.segment} are marked", file, group.offset)
    for position in group.positions:
      if group.segment != 0:
        mark_segment_row(self.by_id[group.segment], position, self.commit, file, group.offset)
      elif position >= len(self.memory):
        raise FormatError(f"row {position} of {len(self.memory)} in memory is marked", file, group.offset)
      else:
        mark(self.memory_superseded, position, self.commit, self.memory[position].commit, file, group.offset)

  def lines(self, only):
    for segment in self.segments:
      yield from segment_lines(segment, only)
    for position, row in enumerate(self.memory):
      if only is None or row.dataset == only:
        yield line(row.dataset, row.key, row.commit, row.batch, row.version, row.state,
                   self.memory_superseded.get(position), row.columns.items())

  def summary(self):
    return {
      "commit": self.commit,
      "segments": len(self.segments),
      "rows": sum(segment.rows for segment in self.segments) + len(self.memory),
      "superseded": sum(len(segment.superseded) for segment in self.segments) + len(self.memory_superseded),
      "memoryRows": len(self.memory),
      "discardedTailBytes": self.discarded,
      "bytesChecked": self.checked_bytes,
    }


def segment_files(folder):
  """Paths by segment id. Files that no state or commit names are left alone."""
  digits = set("0123456789abcdefABCDEF")
  paths = folder.glob("*.seg") if folder.is_dir() else []
  return {int(p.stem, 16): p for p in paths if len(p.stem) >= 12 and set(p.stem) <= digits}


def mark_segment_row(segment, position, commit, file, offset):
  if position >= segment.rows:
    raise FormatError(f"row {position} of {segment.rows} in segment {segment.id} is marked", file, offset)
  mark(segment.superseded, position, commit, segment.commit_of(position), file, offset)


def mark(superseded, position, commit, row_commit, file, offset):
  if position in superseded:
    raise FormatError(f"row {position} is superseded twice", file, offset)
  if commit < row_commit:
    raise FormatError(f"row {position} of commit {row_commit} is superseded by commit {commit}", file, offset)
  superseded[position] = commit


def segment_lines(segment, only):
  for dataset in segment.datasets:
    if only is not None and dataset.id != only:
      continue
    engine = (dataset.columns[id] for id in (COMMIT, BATCH, VERSION, STATE))
    others = [(id, values) for id, values in dataset.columns.items() if id >= FIRST_FREE_COLUMN]
    for index, (commit, batch, version, state) in enumerate(zip(*engine)):
      position = dataset.first + index
      values = ((id, column[index]) for id, column in others if column[index] is not None)
      yield line(dataset.id, segment.keys[position], commit, batch, version, state,
                 segment.superseded.get(position), values)


def line(dataset, key, commit, batch, version, state, superseded, values):
  columns = {str(id): {"hex": value.hex()} if isinstance(value, bytes) else value for id, value in values}
  return {
    "dataset": dataset, "key": f"{key:032x}", "commit": commit, "batch": batch, "version": version,
    "state": state, "superseded": superseded, "columns": columns}


def main():
  parser = argparse.ArgumentParser(description="Checks a store and prints its rows as JSON lines.")
  parser.add_argument("store", type=Path)
  parser.add_argument("--dataset", type=int, metavar="N", help="print rows of this dataset only")
  parser.add_argument("--summary", action="store_true", help="print counts instead of rows")
  arguments = parser.parse_args()
  try:
    store = Store(arguments.store)
  except FormatError as error:
    print(json.dumps({"error": error.message, "file": error.file, "offset": error.offset}))
    return 1
  except OSError as error:
    print(json.dumps({"error": error.strerror, "file": str(error.filename), "offset": 0}))
    return 1
  for entry in [store.summary()] if arguments.summary else store.lines(arguments.dataset):
    sys.stdout.write(json.dumps(entry) + "\n")
  return 0


if __name__ == "__main__":
  sys.exit(main())
