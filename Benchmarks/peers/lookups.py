"""Owns how peers that are reached from Python measure look-ups and write their answers; the counterpart of measure.c.

The first pass over the subjects is timed as what one takes that nobody asked for before, and writes the answers; the
second warms, the third is timed call by call. Knows no store.
"""
import json
import sys
import time
import zlib

AMOUNT = 6


def _quantile(times, share):
  return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _timed(subjects, call):
  for subject in subjects:
    call(subject)
  times = []
  for subject in subjects:
    start = time.perf_counter()
    call(subject)
    times.append((time.perf_counter() - start) * 1e6)
  return _quantile(times, 0.5), _quantile(times, 0.99)


def measure(subjects_path, answers_path, fields, records, count, nothing):
  """Measures records(subject) and count(subject), and nothing(), a statement that asks for nothing.

  fields(subject) gives the same rows as lists of nine texts, for the answers.
  """
  with open(subjects_path, encoding="utf-8") as file:
    subjects = file.read().split()
  found, counted, first = 0, 0, []
  with open(answers_path, "w", encoding="utf-8") as answers:
    for subject in subjects:
      start = time.perf_counter()
      records(subject)
      first.append((time.perf_counter() - start) * 1e6)
      rows = fields(subject)
      total = sum(int(row[AMOUNT]) for row in rows)
      answers.write(f"{subject}\t{len(rows)}\t{total}\t{sum(zlib.crc32(','.join(row).encode()) for row in rows)}\n")
      found += len(rows)
      counted += count(subject)
  result = {"subjects": len(subjects), "records": found, "countTotal": counted,
            "firstP50Microseconds": _quantile(first, 0.5), "firstP99Microseconds": _quantile(first, 0.99)}
  for name, call in (("records", records), ("count", count), ("nothing", lambda _: nothing())):
    result[f"{name}P50Microseconds"], result[f"{name}P99Microseconds"] = _timed(subjects, call)
  print(json.dumps(result))


def main(verbs):
  """Calls the verb of the command line with the arguments behind it."""
  if len(sys.argv) < 2 or sys.argv[1] not in verbs:
    sys.exit(f"usage: {sys.argv[0]} {'|'.join(verbs)} ARGUMENTS")
  verbs[sys.argv[1]](*sys.argv[2:])
