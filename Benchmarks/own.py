"""Owns the measurements of this library: collecting, merging, look-ups, small commits, questions, by its own programs.

The programs are copied first, so that a build that happens meanwhile changes nothing. It compares its answers with the
truth of the file and knows no peer.
"""
import json
import os
import shutil

import measure
from measure import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = {"credit": "Examples/.build/release/credit", "LookupBenchmark": "Benchmarks/.build/release/LookupBenchmark",
            "CommitBenchmark": "Benchmarks/.build/release/CommitBenchmark",
            "QueryBenchmark": "Benchmarks/.build/release/QueryBenchmark"}
COLUMNS = ("subject", "catalogue", "unit", "doc_no", "event_date", "received_at", "amount", "status", "content")
SUBJECTS_READ_IN_FULL = 50


class Own:
  """The library's programs, and the stores they make below a folder."""

  def __init__(self, folder):
    self.folder = folder
    self.store = os.path.join(folder, "store")
    self.programs = {}
    for name, path in PROGRAMS.items():
      source = os.path.join(ROOT, path)
      if not os.path.exists(source):
        raise Failure(f"{path} is missing: run scripts/bench, which builds it")
      self.programs[name] = shutil.copy(source, os.path.join(folder, name))

  def credit(self, *arguments):
    return measure.run([self.programs["credit"], *arguments])

  def credit_json(self, *arguments):
    return measure.run_json([self.programs["credit"], *arguments, "--json"])

  def generate(self, rows):
    """Writes peer.csv and catalogue.json."""
    self.credit("generate", self.folder, "--profile", "peer", "--records", str(rows), "--seed", "7")

  def load(self, data):
    """A fresh store of the file. Returns what collecting took (the whole process) and the receipt."""
    shutil.rmtree(self.store, ignore_errors=True)
    self.credit("init", self.store)
    self.credit("catalogue", "import", self.store, os.path.join(self.folder, "catalogue.json"))
    receipt, child = self.credit_json("collect", self.store, "--entry", "PEER", data)
    if receipt["loaded"] != receipt["reported"]:
      raise Failure(f"not every row was loaded, the file should hold good rows and none twice: {receipt}")
    return child, receipt

  def compact(self, store):
    """Merges and closes; returns wall seconds of the process."""
    return self.credit_json("compact", store)[1].seconds

  def lookups(self, truth):
    measure.forget_pages()
    result, _ = measure.run_json([self.programs["LookupBenchmark"], self.store, truth.path])
    truth.compare_lookups("CreditStore", result)
    return result

  def check_answers(self, truth):
    """Totals of every subject, and all nine fields of the records of some subjects, through the command."""
    stats, _ = self.credit_json("stats", self.store)
    truth.compare_rows("CreditStore", stats["records"])
    totals = {}
    for line in self.credit("aggregate", self.store, "--entry", "PEER", "--group-by", "subject", "--measure", "count",
                            "--measure", "sum:amount", "--json").output.splitlines():
      group = json.loads(line)
      totals[group["group"]["subject"]] = (group["count"], int(group["sum(amount)"]))
    truth.compare_totals("CreditStore", totals)
    step = max(1, len(truth.subjects) // SUBJECTS_READ_IN_FULL)
    for subject in truth.subjects[::step]:
      rows = []
      for line in self.credit("records", self.store, subject, "--json").output.splitlines():
        values = json.loads(line)["values"]
        values["received_at"] = values["received_at"].replace("T", " ")
        rows.append([str(values.get(column, "")) for column in COLUMNS])
      truth.compare_records("CreditStore", subject, rows)

  def commits(self, seconds):
    """Rounds of raw writes, of one caller, of 32 callers."""
    folder = os.path.join(self.folder, "commits")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return measure.run_json([self.programs["CommitBenchmark"], folder, str(seconds)])[0]

  def ask(self, path, runs, threads):
    """Every question of a file; one object a question, with the times of the runs that count and the rows."""
    return measure.run_json_lines([self.programs["QueryBenchmark"], self.store, path, str(runs), str(threads)])

  def registrations(self, files):
    """A store of real registrations: its bytes as collected and merged, how many rows it was given and holds."""
    store = os.path.join(self.folder, "registrations")
    self.credit("init", store)
    reported = 0
    for line in self.credit("collect", store, "--entry", "QYDJ", "--json", *files).output.splitlines():
      receipt = json.loads(line)
      if "error" in receipt:
        raise Failure(f"a file was refused: {receipt}")
      reported += receipt["reported"]
    loaded = measure.size(store)
    self.compact(store)
    stats, _ = self.credit_json("stats", store)
    return {"reported": reported, "records": stats["records"], "loaded": loaded, "compacted": measure.size(store)}
