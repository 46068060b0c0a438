"""Owns the list of peers: their programs and variants (words.py says their set-up). Compiles those written in C.

What is missing on this machine is left out and named. It installs nothing (scripts/bench does) and measures nothing.
"""
import dataclasses
import importlib.util
import os
import re
import subprocess
import sys

from measure import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
NATIVE = {"sqlite": ("sqlite3.h", "sqlite3"), "lmdb": ("lmdb.h", "lmdb"), "rocksdb": ("rocksdb/c.h", "rocksdb")}
PREFIXES = [prefix for prefix in ("/opt/homebrew", "/usr/local") if os.path.isdir(prefix)]


@dataclasses.dataclass(frozen=True)
class Peer:
  """One engine in one variant: a program with the verbs load, lookup, commits and ask."""
  name: str
  engine: str
  label: str
  command: tuple
  options: tuple = ()
  alternates: bool = False  # loaded in turn with this library, run by run; else once
  looks_up: bool = False
  commits: bool = False
  dialect: str = ""  # that of questions.py in which it is asked; none where it answers no questions
  slow: bool = False  # asked in one round, with one run that counts: it takes seconds


def _has_header(header):
  probe = subprocess.run(["cc", *[f"-I{p}/include" for p in PREFIXES], "-fsyntax-only", "-x", "c", "-"],
                         input=f"#include <{header}>\n", text=True, capture_output=True)
  return probe.returncode == 0


def _compile(name, library):
  folder = os.path.join(HERE, ".build/peers")
  os.makedirs(folder, exist_ok=True)
  program = os.path.join(folder, name)
  sources = [os.path.join(HERE, "peers", file + ".c") for file in (name, "rows", "measure", "questions")]
  paths = [f"{flag}{p}/{d}" for p in PREFIXES for flag, d in (("-I", "include"), ("-L", "lib"))]
  done = subprocess.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", *sources, *paths, f"-l{library}", "-o", program])
  if done.returncode:
    raise Failure(f"peers/{name}.c does not compile")
  return program


def _native(skipped):
  peers = []
  labels = {"sqlite": "SQLite", "lmdb": "LMDB", "rocksdb": "RocksDB"}
  for name, (header, library) in NATIVE.items():
    if _has_header(header):
      peers.append(Peer(name, labels[name], labels[name], (_compile(name, library),), looks_up=True, commits=True,
                        dialect="sqlite" if name == "sqlite" else "", slow=name == "sqlite"))
    else:
      skipped.append(f"{labels[name]}: no {header}")
  return peers


def program(name):
  """The command of a peer written in Python."""
  return (sys.executable, os.path.join(HERE, "peers", name + ".py"))


def has_package(name, skipped, label):
  """Whether a Python package is there; what is not goes to the list of what was skipped."""
  if importlib.util.find_spec(name):
    return True
  skipped.append(f"{label}: no Python package {name}")
  return False


def peers():
  """All peers this machine can run, and what it cannot."""
  skipped, found = [], []
  if has_package("duckdb", skipped, "DuckDB"):
    found += [Peer("duckdb", "DuckDB", "DuckDB, as loaded", program("duck"), alternates=True),
              Peer("duckdb-ordered", "DuckDB", "DuckDB, ordered", program("duck"), ("ordered",), looks_up=True,
                   dialect="duckdb")]
  if has_package("chdb", skipped, "ClickHouse"):
    command = program("clickhouse")
    found += [Peer("clickhouse-zstd", "ClickHouse", "ClickHouse, ZSTD(3)", command, ("ZSTD(3)",), looks_up=True,
                   dialect="clickhouse"),
              Peer("clickhouse-lz4hc", "ClickHouse", "ClickHouse, LZ4HC(9)", command, ("LZ4HC(9)",)),
              Peer("clickhouse-lz4", "ClickHouse", "ClickHouse, LZ4", command, ("LZ4",), looks_up=True,
                   dialect="clickhouse"),
              Peer("clickhouse-plain", "ClickHouse", "ClickHouse, ZSTD(3), plain texts", command, ("ZSTD(3)", "plain"))]
  return found + _native(skipped), skipped


def version(peer, loaded):
  """The version of an engine: as its load reports it, or as the header of RocksDB says."""
  if "version" in loaded:
    return loaded["version"]
  for folder in ("/usr/include", *[p + "/include" for p in PREFIXES]):
    path = os.path.join(folder, "rocksdb/version.h")
    if peer.engine == "RocksDB" and os.path.exists(path):
      with open(path, encoding="utf-8") as file:
        return ".".join(re.findall(r"^#define ROCKSDB_(?:MAJOR|MINOR|PATCH) (\d+)", file.read(), re.M))
  return ""
