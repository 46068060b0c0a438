"""Owns the measurement on real registrations: unpacks the archive, has every store take the same rows, sizes them all.

The data is not part of the project: the environment variable CREDIT_REAL_DATA names the folder that holds it.
"""
import csv
import glob
import os
import shutil
import tarfile

import measure
import roster
from measure import Failure

VARIABLE = "CREDIT_REAL_DATA"
ARCHIVE = "enterprise-registration/give/csv_xizang_qinghai_sichuan.tar.xz"
COLUMNS = 10
PEERS = (("chdb", "ClickHouse, ZSTD(3)", "clickhouse", "ZSTD(3)"),
         ("chdb", "ClickHouse, LZ4HC(9)", "clickhouse", "LZ4HC(9)"),
         ("chdb", "ClickHouse, LZ4", "clickhouse", "LZ4"), ("pyarrow", "Parquet, Zstd(3)", "parquet"),
         ("duckdb", "DuckDB, ordered", "duckdb"))


def archive():
  """The path of the archive, or None where the data is not there."""
  folder = os.environ.get(VARIABLE)
  path = os.path.join(folder, ARCHIVE) if folder else None
  return path if path and os.path.exists(path) else None


def _one_file(files, path):
  """Writes the rows of all files to one, every field quoted; rows without exactly ten fields are left out, counted."""
  kept, odd = 0, 0
  with open(path, "w", encoding="utf-8", newline="") as output:
    writer = csv.writer(output, quoting=csv.QUOTE_ALL)
    for number, name in enumerate(files):
      with open(name, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        if number == 0:
          writer.writerow(header)
        for row in reader:
          if len(row) == COLUMNS:
            writer.writerow(row)
            kept += 1
          else:
            odd += 1
  return kept, odd


def measure_all(own, folder, skipped):
  """What every store takes: {"own": …, "rows": …, "odd": …, "csv": bytes, "peers": {label: bytes a row}}."""
  unpacked = os.path.join(folder, "real")
  with tarfile.open(archive()) as tar:
    tar.extractall(unpacked, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
  files = sorted(glob.glob(os.path.join(unpacked, "**/*.csv"), recursive=True))
  data = os.path.join(folder, "registrations.csv")
  kept, odd = _one_file(files, data)
  result = {"own": own.registrations(files), "rows": kept, "odd": odd, "files": len(files), "peers": {},
            "csv": sum(os.path.getsize(name) for name in files)}
  if result["own"]["reported"] != kept + odd:
    raise Failure(f"CreditStore was given {result['own']['reported']} rows, the files hold {kept + odd}")
  for package, label, *arguments in PEERS:
    if not roster.has_package(package, skipped, label + " (registrations)"):
      continue
    store = os.path.join(folder, "registrations.peer")
    answer, _ = measure.run_json([*roster.program("registrations"), arguments[0], data, store, *arguments[1:]])
    if answer["rows"] != kept:
      raise Failure(f"{label} holds {answer['rows']} registrations of {kept}")
    result["peers"][label] = answer["bytes"] / kept
    print(f"registrations, {label}: {result['peers'][label]:.1f} bytes a row", flush=True)
    shutil.rmtree(store)
  return result
