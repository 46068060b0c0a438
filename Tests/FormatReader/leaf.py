"""Subject leaves: from raw bytes to keys and runs.

Invariants: every exception is that of a gap and has an excess; the datasets of a leaf ascend and each has a run;
every subject has a run, and its runs ascend by dataset; the first run of a dataset begins at the position the leaf
names, each further one where the last one ended. That keys ascend over all leaves, and that runs cover the rows of
the segment, is checked where leaves are put together.
"""

SUBJECT_WIDTH = 9


class Leaf:
  """Attributes: keys; runs, for each key a list of dataset, position in the segment, and rows."""

  def __init__(self, cursor, subjects):
    """`subjects` are as many as the parent and the block's header say."""
    cursor.require(0 < subjects == cursor.u32(), "leaf and fence disagree about the subjects")
    runs, datasets, exceptions = (cursor.u32() for _ in range(3))
    first_key = cursor.u128()
    shift, *key_widths = cursor.take(4)
    widths = cursor.take(5)
    cursor.zero(3)
    bases = [cursor.u32() for _ in range(4)]
    cursor.zero(4)
    cursor.require(shift < 128, f"keys are shifted by {shift}")
    self.keys = read_keys(cursor, subjects, first_key, shift, key_widths, exceptions)
    self.read_runs(cursor, runs, datasets, widths, bases)

  def read_runs(self, cursor, runs, datasets, widths, bases):
    count_width, place_width, rows_width, number_width, first_width = widths
    count_base, rows_base, number_base, first_base = bases

    def numbers(count, width, base):
      return [base + extra for extra in cursor.packed(count, width, 32)]

    ids, positions = numbers(datasets, number_width, number_base), numbers(datasets, first_width, first_base)
    counts = numbers(len(self.keys), count_width, count_base)
    cursor.require(0 not in counts, "a subject has no run")
    cursor.require(sum(counts) == runs, f"{sum(counts)} runs of subjects in a leaf with {runs}")
    places, rows = cursor.packed(runs, place_width, 32), numbers(runs, rows_width, rows_base)
    cursor.end()
    ascending = all(before < id for before, id in zip(ids, ids[1:]))
    cursor.require(ascending, "the datasets of a leaf do not ascend")
    cursor.require(max(places, default=0) < datasets, "a run names a place without a dataset")
    cursor.require(len(set(places)) == datasets, "a dataset of a leaf has no run")
    all_runs = join_runs(places, rows, ids, positions)
    self.runs = [[next(all_runs) for _ in range(count)] for count in counts]
    ascending = all(before[0] < run[0] for found in self.runs for before, run in zip(found, found[1:]))
    cursor.require(ascending, "runs of a subject do not ascend by dataset")


def read_keys(cursor, subjects, first_key, shift, widths, exceptions):
  gap_width, low_width, high_width = widths
  gaps = cursor.packed(subjects - 1, gap_width, 64)
  places = cursor.ascending(exceptions, SUBJECT_WIDTH)
  lows, highs = cursor.packed(exceptions, low_width, 64), cursor.packed(exceptions, high_width, 64)
  cursor.require(not places or places[-1] < len(gaps), "an exception has no gap")
  for place, low, high in zip(places, lows, highs):
    excess = high << 64 | low
    cursor.require(excess > 0, "an exception has the excess 0")
    gaps[place] += excess << gap_width
  keys = [first_key]
  for gap in gaps:
    keys.append(keys[-1] + (gap << shift))
  return keys


def join_runs(places, rows, ids, positions):
  next_positions = list(positions)
  for place, count in zip(places, rows):
    yield ids[place], next_positions[place], count
    next_positions[place] += count
