#!/usr/bin/env python3
"""Owns the command line and the order of the measurements: CreditStore and its peers, same file, same run.

Called by scripts/bench. measure.py runs and times children, truth.py knows the right answers, own.py measures this
library, roster.py lists the peers, questions.py knows what is asked and compares what is answered, registrations.py
measures real data, report.py and charts.py write the page. A wrong answer of any engine is a failure.
"""
import argparse
import collections
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile

import measure
import questions
import registrations
import report
import roster
from own import Own, ROOT
from truth import Truth

SMOKE_ROWS = 1_000_000  # fewer rows are a smoke test: short rounds, and the page does not replace the published one
THREADS = 2  # of this library and of the peers that can, for questions
ASKED = 3  # runs of a question that count, in every round


@dataclasses.dataclass
class Load:
  """One load of one engine: seconds as the engine's own clock saw them, and what it left behind."""
  seconds: float
  core: float
  memory: float
  bytes: int
  detail: dict


@dataclasses.dataclass
class Results:
  """Everything a run found, for report.py. Engines go by their names in the roster, this library by "own"."""
  rows: int
  runs: int
  peers: list
  skipped: list
  subjects: int = 0
  loads: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
  lookups: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
  commits: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
  questions: dict = dataclasses.field(default_factory=dict)  # {engine: {question: milliseconds of every run}}
  merge_seconds: float = 0
  merged_bytes: int = 0
  is_cold: bool = False  # whether the first look-ups found nothing of the files in memory
  registrations: dict = None


def store_of(folder, peer):
  return os.path.join(folder, f"peer-{peer.name}.db")


def load_own(own, data, truth):
  child, receipt = own.load(data)
  truth.compare_rows("CreditStore", receipt["loaded"])
  return Load(child.seconds, child.core, child.memory, measure.size(own.store), receipt)


def load_peer(folder, peer, data, truth):
  store = store_of(folder, peer)
  remove(store)
  detail, child = measure.run_json([*peer.command, "load", data, store, *peer.options])
  truth.compare_rows(peer.label, detail["rows"])
  return Load(detail["seconds"], child.core, child.memory, detail.get("bytes") or measure.size(store), detail)


def remove(store):
  """Removes a store, be it a folder or a file with others beside it."""
  shutil.rmtree(store, ignore_errors=True)
  for name in (store, store + ".wal", store + "-wal", store + "-shm", store + "-lock"):
    if os.path.isfile(name):
      os.remove(name)


def measure_loads(results, own, folder, data, truth):
  """In turn where it is alternating, after one round that warms and is not counted; the heavy ones once."""
  for run in range(results.runs + 1):
    measured = [("own", lambda: load_own(own, data, truth))]
    measured += [(p.name, lambda p=p: load_peer(folder, p, data, truth)) for p in results.peers if p.alternates]
    for name, call in measured:
      load = call()
      print(f"load, run {run}, {name}: {load.seconds:.2f} s, {load.memory:.0f} MiB", flush=True)
      if run > 0:
        results.loads[name].append(load)
  for peer in results.peers:
    if not peer.alternates:
      load = load_peer(folder, peer, data, truth)
      results.loads[peer.name].append(load)
      print(f"load, once, {peer.name}: {load.seconds:.2f} s, {load.bytes / results.rows:.1f} bytes a row", flush=True)
    if not (peer.looks_up or peer.dialect):
      remove(store_of(folder, peer))


def measure_lookups(results, own, folder, truth):
  """Rounds in turn; this library as loaded first, then merged, as the peers are."""
  answers = os.path.join(folder, "answers.txt")
  results.lookups["own-loaded"] = [own.lookups(truth) for _ in range(results.runs)]
  results.merge_seconds = own.compact(own.store)
  results.merged_bytes = measure.size(own.store)
  own.check_answers(truth)
  for _ in range(results.runs):
    results.lookups["own"].append(own.lookups(truth))
    for peer in results.peers:
      if peer.looks_up:
        results.is_cold = measure.forget_pages()
        found, _ = measure.run_json([*peer.command, "lookup", store_of(folder, peer), truth.path, answers])
        truth.compare_lookups(peer.label, found)
        truth.compare_answers(peer.label, answers)
        results.lookups[peer.name].append(found)
  for name, found in results.lookups.items():
    print(f"look-ups, {name}: {statistics.median(f['recordsP50Microseconds'] for f in found):.1f} µs", flush=True)


def load_for_questions(results, own, folder, data, truth):
  """Loads once what questions are asked of, and merges."""
  load_own(own, data, truth)
  own.compact(own.store)
  results.peers = [peer for peer in results.peers if peer.dialect]
  for peer in results.peers:
    results.loads[peer.name].append(load_peer(folder, peer, data, truth))


def ask(results, name, found, averaged):
  """Keeps the times of one engine's answers; returns the answers in the form in which they are compared."""
  times = results.questions.setdefault(name, collections.defaultdict(list))
  for answer in found:
    times[answer["name"]] += answer["milliseconds"]
  return questions.canonical({answer["name"]: answer["rows"] for answer in found}, averaged)


def measure_questions(results, own, folder, data):
  """Rounds in turn, every engine in a process of its own; all answers are compared with this library's."""
  paths = questions.write(data, folder)
  for run in range(results.runs):
    expected = ask(results, "own", own.ask(paths["own"], ASKED, THREADS), averaged=True)
    alone = ask(results, "own-alone", own.ask(paths["own"], ASKED, 1), averaged=True)
    questions.compare("CreditStore on one thread", alone, expected)
    for peer in results.peers:
      if peer.dialect and not (peer.slow and run > 0):
        found = measure.run_json_lines([*peer.command, "ask", store_of(folder, peer), paths[peer.dialect],
                                        str(1 if peer.slow else ASKED)])
        questions.compare(peer.label, ask(results, peer.name, found, averaged=False), expected)
  for name, times in results.questions.items():
    total = sum(statistics.median(milliseconds) for milliseconds in times.values())
    print(f"questions, {name}: {total:.1f} ms for all", flush=True)


def measure_commits(results, own, folder, seconds):
  """Rounds in turn, each in a fresh store; within them every engine takes turns with raw writes."""
  for _ in range(results.runs):
    results.commits["own"].append(own.commits(seconds))
    for peer in results.peers:
      if peer.commits:
        store = os.path.join(folder, f"commits-{peer.name}.db")
        found, _ = measure.run_json([*peer.command, "commits", store, os.path.join(folder, "raw"), str(seconds)])
        results.commits[peer.name].append(found)
        remove(store)
  for name, found in results.commits.items():
    print(f"commits, {name}: {statistics.median(f['aloneToRaw'] for f in found):.2f} times the disk", flush=True)


def run(arguments, folder):
  peers, skipped = roster.peers()
  for reason in skipped:
    print(f"skipped: {reason}", flush=True)
  own = Own(folder)
  if arguments.data:
    for name in ("peer.csv", "catalogue.json"):
      os.symlink(os.path.abspath(os.path.join(arguments.data, name)), os.path.join(folder, name))
  else:
    own.generate(arguments.rows)
  data = os.path.join(folder, "peer.csv")
  truth = Truth(data, folder)
  results = Results(truth.rows, arguments.runs, peers, skipped, len(truth.subjects))
  if arguments.only == "questions":
    load_for_questions(results, own, folder, data, truth)
    measure_questions(results, own, folder, data)
    return results
  measure_loads(results, own, folder, data, truth)
  measure_lookups(results, own, folder, truth)
  measure_questions(results, own, folder, data)
  measure_commits(results, own, folder, 0.5 if truth.rows >= SMOKE_ROWS else 0.1)
  if registrations.archive():
    results.registrations = registrations.measure_all(own, folder, skipped)
  else:
    print(f"skipped: real registrations, {registrations.VARIABLE} names no folder with {registrations.ARCHIVE}")
  return results


def main():
  parser = argparse.ArgumentParser(description="Measures CreditStore beside its peers.")
  parser.add_argument("--rows", type=int, default=5_000_000)
  parser.add_argument("--runs", type=int, default=5)
  parser.add_argument("--data", help="folder with peer.csv and catalogue.json instead of generated ones")
  parser.add_argument("--output", help="folder of the page (docs/benchmarks; a smoke test: Benchmarks/.build/smoke)")
  parser.add_argument("--only", choices=["questions"],
                      help="measure nothing else; the page then is questions.md, in the folder of smoke tests")
  arguments = parser.parse_args()
  folder = tempfile.mkdtemp(prefix="bench.", dir=os.path.join(ROOT, "Benchmarks/.build"))
  try:
    results = run(arguments, folder)
  except measure.Failure as failure:
    sys.exit(f"failed: {failure}")
  finally:
    shutil.rmtree(folder, ignore_errors=True)
  is_published = results.rows >= SMOKE_ROWS and not arguments.only
  output = arguments.output or os.path.join(ROOT, "docs/benchmarks" if is_published else "Benchmarks/.build/smoke")
  os.makedirs(output, exist_ok=True)
  print(report.write_questions(results, output) if arguments.only else report.write(results, output))


if __name__ == "__main__":
  main()
