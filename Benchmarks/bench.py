#!/usr/bin/env python3
"""Measures collection and look-up beside DuckDB on the same file in the same run.

Alternating runs, medians, ratios first; writes docs/benchmarks/collection.md. Called by scripts/bench.
DuckDB (PyPI package duckdb) gets declared types, two threads, a fresh file and a checkpoint at the end; it neither checks
nor orders nor indexes nor removes duplicates, which this library does. Without the package only our side is measured.
"""
import argparse
import collections
import csv
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CREDIT = os.path.join(ROOT, "Examples/.build/release/credit")
LOOKUP = os.path.join(ROOT, "Benchmarks/.build/release/LookupBenchmark")
COLUMNS = ("subject varchar, catalogue varchar, unit varchar, doc_no varchar, event_date date, "
           "received_at timestamp, amount bigint, status smallint, content varchar")
DUCK = """
import duckdb, sys
connection = duckdb.connect(sys.argv[2], config={'threads': 2})
connection.execute("create table t(%s)")
connection.execute("insert into t select * from read_csv(?, header=true)", [sys.argv[1]])
connection.execute("checkpoint")
connection.close()
""" % COLUMNS


def timed(command):
  """Wall seconds and peak resident MiB of a child process, and its standard output."""
  start = time.monotonic()
  process = subprocess.Popen(command, stdout=subprocess.PIPE)
  output = process.stdout.read()
  _, status, usage = os.wait4(process.pid, 0)
  if status:
    sys.exit(f"failed: {' '.join(command)}")
  return time.monotonic() - start, usage.ru_maxrss / 1024, output


def size(path):
  if os.path.isfile(path):
    return os.path.getsize(path)
  return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(path) for f in files)


def ours(folder, data):
  store = os.path.join(folder, "store")
  shutil.rmtree(store, ignore_errors=True)
  subprocess.run([CREDIT, "init", store], check=True, stdout=subprocess.DEVNULL)
  subprocess.run([CREDIT, "catalogue", "import", store, os.path.join(folder, "catalogue.json")], check=True,
                 stdout=subprocess.DEVNULL)
  seconds, memory, output = timed([CREDIT, "collect", store, "--entry", "PEER", "--json", data])
  receipt = json.loads(output)
  assert receipt["loaded"] + receipt["duplicate"] == receipt["reported"], receipt
  return seconds, memory, size(store), receipt["reported"]


def duck(folder, data):
  path = os.path.join(folder, "peer.duckdb")
  for name in (path, path + ".wal"):
    if os.path.exists(name):
      os.remove(name)
  seconds, memory, _ = timed([sys.executable, "-c", DUCK, data, path])
  return seconds, memory, size(path), None


def subjects(data, folder):
  counts = collections.Counter()
  with open(data, encoding="utf-8", newline="") as file:
    for row in csv.reader(file):
      counts[row[0]] += 1
  chosen = [code for code, count in counts.items() if 100 <= count <= 130][:2000]
  path = os.path.join(folder, "subjects.txt")
  with open(path, "w", encoding="utf-8") as file:
    file.write("\n".join(chosen) + "\n")
  return path, len(chosen)


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--rows", type=int, default=5_000_000)
  parser.add_argument("--runs", type=int, default=5)
  parser.add_argument("--data", help="folder with peer.csv and catalogue.json instead of generated ones")
  arguments = parser.parse_args()
  try:
    import duckdb
    peer = f"DuckDB {duckdb.__version__}"
  except ImportError:
    peer = None
    print("the package duckdb is not installed: only this library is measured")
  folder = tempfile.mkdtemp(prefix="credit-bench.")
  try:
    if arguments.data:
      for name in ("peer.csv", "catalogue.json"):
        os.symlink(os.path.abspath(os.path.join(arguments.data, name)), os.path.join(folder, name))
    else:
      subprocess.run([CREDIT, "generate", folder, "--profile", "peer", "--records", str(arguments.rows), "--seed", "7"],
                     check=True)
    data = os.path.join(folder, "peer.csv")
    results = {"CreditStore": [], "peer": []}
    for run in range(arguments.runs + 1):
      for name, measure in (("CreditStore", ours), ("peer", duck)):
        if name == "peer" and not peer:
          continue
        result = measure(folder, data)
        print(f"run {run} {name}: {result[0]:.2f} s, {result[1]:.0f} MiB", flush=True)
        if run > 0:  # the first of each warms the page cache
          results[name].append(result)
    path, count = subjects(data, folder)
    lookup = json.loads(subprocess.run([LOOKUP, os.path.join(folder, "store"), path], check=True,
                                       capture_output=True).stdout)
    report(arguments, peer, results, lookup, count)
  finally:
    shutil.rmtree(folder, ignore_errors=True)


def report(arguments, peer, results, lookup, count):
  rows = results["CreditStore"][0][3]
  lines = ["# Collection and look-up", "",
           f"Made by `scripts/bench {arguments.rows} {arguments.runs}` on {platform.machine()}, "
           f"{os.cpu_count()} processors, {platform.system()} {platform.release()}; medians of {arguments.runs} alternating runs "
           "after one that is not counted.", "",
           "The peer gets declared types, two threads, a fresh file and a checkpoint; it does not check, order, index or remove "
           "duplicates. This library validates every row, sorts by subject, decides duplicates, indexes, and syncs.", "",
           "| | seconds | rows a second | peak MiB | bytes a row |", "|---|---|---|---|---|"]
  medians = {}
  for name, label in (("CreditStore", "CreditStore"), ("peer", peer)):
    if not results[name]:
      continue
    seconds = statistics.median(r[0] for r in results[name])
    medians[name] = seconds
    lines.append(f"| {label} | {seconds:.2f} ({min(r[0] for r in results[name]):.2f} to {max(r[0] for r in results[name]):.2f}) "
                 f"| {rows / seconds:,.0f} | {max(r[1] for r in results[name]):.0f} "
                 f"| {statistics.median(r[2] for r in results[name]) / rows:.1f} |")
  if "peer" in medians:
    ratios = [b[0] / a[0] for a, b in zip(results["CreditStore"], results["peer"])]
    lines += ["", f"**Rate of CreditStore to {peer}: {statistics.median(ratios):.2f}** (pairs: "
              + ", ".join(f"{r:.2f}" for r in ratios) + ")."]
  lines += ["", f"All records of a subject that has 100 to 130 (nine values each), {count} subjects, store open, second pass: "
            f"p50 {lookup['recordsP50Microseconds']:.0f} µs, p99 {lookup['recordsP99Microseconds']:.0f} µs. "
            f"How many records: p50 {lookup['countP50Microseconds']:.1f} µs, p99 {lookup['countP99Microseconds']:.1f} µs. "
            f"Opening: {lookup['openMilliseconds']:.1f} ms.", ""]
  text = "\n".join(lines)
  print(text)
  with open(os.path.join(ROOT, "docs/benchmarks/collection.md"), "w", encoding="utf-8") as file:
    file.write(text)


main()
