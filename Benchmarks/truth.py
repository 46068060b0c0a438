"""Owns what the right answers are: it reads them off the CSV file itself and compares every engine's answers with them.

Per looked-up subject: how many records, the sum of the amounts, and the sum of the CRC-32 of every record written as
CSV without quotes, so that each byte of each of the nine fields counts. It measures nothing.
"""
import collections
import csv
import os
import zlib

from measure import Failure

AMOUNT = 6
FEWEST, MOST, SUBJECTS = 100, 130, 2000


def checksum(rows):
  """The sum of the CRC-32 of the rows (lists of texts), the same in any order."""
  return sum(zlib.crc32(",".join(row).encode()) for row in rows)


class Truth:
  """The rows of a file, its totals by subject, and the subjects to look up with their answers."""

  def __init__(self, data, folder):
    self.counts = collections.Counter()
    self.sums = collections.Counter()
    for row in self._rows(data):
      self.counts[row[0]] += 1
      self.sums[row[0]] += int(row[AMOUNT])
    self.rows = sum(self.counts.values())
    self.subjects = [subject for subject, count in self.counts.items() if FEWEST <= count <= MOST][:SUBJECTS]
    if not self.subjects:
      raise Failure(f"the file has no subject with {FEWEST} to {MOST} records; 200,000 rows are enough")
    chosen = collections.defaultdict(list)
    wanted = set(self.subjects)
    for row in self._rows(data):
      if row[0] in wanted:
        chosen[row[0]].append(row)
    self.checksums = {subject: checksum(rows) for subject, rows in chosen.items()}
    self.records = sum(self.counts[subject] for subject in self.subjects)
    self.path = os.path.join(folder, "subjects.txt")
    with open(self.path, "w", encoding="utf-8") as file:
      file.write("\n".join(self.subjects) + "\n")

  @staticmethod
  def _rows(data):
    with open(data, encoding="utf-8", newline="") as file:
      reader = csv.reader(file)
      next(reader)
      yield from reader

  def compare_rows(self, name, rows):
    """A store must hold as many rows as the file."""
    if rows != self.rows:
      raise Failure(f"{name} holds {rows} rows, the file {self.rows}")

  def compare_lookups(self, name, result):
    """The totals a measurement of look-ups reports."""
    expected = {"subjects": len(self.subjects), "records": self.records, "countTotal": self.records,
                "existsTotal": len(self.subjects)}
    for key, value in expected.items():
      if key in result and result[key] != value:
        raise Failure(f"{name}: {key} is {result[key]}, by the file it is {value}")

  def compare_answers(self, name, path):
    """The file of answers a peer wrote: subject, count, sum, checksum, separated by tabs."""
    with open(path, encoding="utf-8") as file:
      answers = {fields[0]: tuple(map(int, fields[1:])) for fields in (line.split("\t") for line in file)}
    for subject in self.subjects:
      expected = (self.counts[subject], self.sums[subject], self.checksums[subject])
      if answers.get(subject) != expected:
        raise Failure(f"{name}: {subject} has {answers.get(subject)}, by the file {expected}")

  def compare_totals(self, name, totals):
    """Count and sum of every subject of the file: a dictionary of pairs."""
    expected = {subject: (count, self.sums[subject]) for subject, count in self.counts.items()}
    if totals != expected:
      wrong = next(s for s in {**expected, **totals} if totals.get(s) != expected.get(s))
      raise Failure(f"{name}: {wrong} has {totals.get(wrong)}, by the file {expected.get(wrong)}")

  def compare_records(self, name, subject, rows):
    """The rows of one subject, as lists of nine texts."""
    if len(rows) != self.counts[subject] or checksum(rows) != self.checksums[subject]:
      raise Failure(f"{name}: the {len(rows)} records of {subject} are not those of the file ({self.counts[subject]})")
