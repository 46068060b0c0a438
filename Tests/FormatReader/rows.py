"""The rows of a dataset: what its columns must hold together.

Owns the meaning of the engine's columns and the order of rows. Invariants: no column of the engine has nulls; a row
belongs to a commit of its segment; the rows of a subject ascend by the order column, those without a value first;
a row of a history segment is not superseded before the commit it belongs to.
"""

from column_directory import BATCH, COMMIT, STATE, SUPERSEDED, VERSION


def check_engine_columns(cursor, columns, engine, entry):
  """Replaces commits that are not named and makes batches unsigned. `engine` are ids, `entry` the segment's."""
  for id in engine:
    cursor.require(None not in columns[id], f"column {id} of the engine has nulls")
  first, last = entry.first_commit, entry.last_commit
  named = [commit or first for commit in columns[COMMIT]]
  cursor.require(first <= min(named) and max(named) <= last, "a row names a commit not of its segment")
  columns[COMMIT] = named
  columns[BATCH] = [batch & 0xFFFFFFFFFFFFFFFF for batch in columns[BATCH]]
  for id in (VERSION, STATE):
    cursor.require(0 <= min(columns[id]) and max(columns[id]) < 1 << 32, f"column {id} is no u32")


def check_history(cursor, columns):
  """Expects checked engine columns, whose commits are never 0."""
  cursor.require(min(columns[SUPERSEDED]) > 0, "a row of a history segment is not superseded")
  for commit, superseded in zip(columns[COMMIT], columns[SUPERSEDED]):
    cursor.require(commit <= superseded, f"a row of commit {commit} is superseded by commit {superseded}")


def check_order(cursor, order, directory, keys):
  """`order` is the id of the order column, or 0; `directory` is a column directory or a chunk of a bundle; the rows
  are known to ascend by `keys`."""
  if order == 0:
    return
  cursor.require(order in directory.integers, f"the order column {order} is no integer column of the dataset")
  ranks = [(key, value is not None, value or 0) for key, value in zip(keys, directory.columns[order])]
  ascending = all(before <= rank for before, rank in zip(ranks, ranks[1:]))
  cursor.require(ascending, f"the rows of a subject do not ascend by column {order}")
