"""Owns the size of a city's sample in ClickHouse in process (PyPI package chdb): a table for each entry of the catalogue; prints JSON.

Usage: city_clickhouse.py FOLDER STORE [CODEC]; FOLDER is that of `credit generate FOLDER --records N --entries M`, CODEC by default ZSTD(3), which is
ClickHouse's own. Types are those of the catalogue: dates, months and times as such, decimals with their scale, LowCardinality for texts of which at most
half and at most 50,000 are different. Tables are ordered by subject and record key; a row that comes again replaces the one before (ReplacingMergeTree), and
every table is merged to one part. Counted are `bytes_on_disk` of the active parts. Rows that break a rule are taken in too: ClickHouse has no rules.
"""
import collections
import csv
import json
import os
import sys
import time

from chdb import session

LOW_CARDINALITY = 50_000


def kind(item):
  """The type of an item and how it is made of a cell; `None` for texts."""
  name = item.get("type", "text")
  if name == "date":
    return "Nullable(Date32)", "toDate32OrNull(replaceAll({0}, '/', '-'))"
  if name == "month":
    return "Nullable(Date32)", "toDate32OrNull(concat({0}, '-01'))"
  if name == "timestamp":
    return "Nullable(DateTime64(0))", "parseDateTime64BestEffortOrNull({0}, 0)"
  if name == "integer":
    return "Nullable(Int64)", "toInt64OrNull({0})"
  if name == "decimal":
    scale = item.get("scale", 2)
    return f"Nullable(Decimal(18, {scale}))", "toDecimal64OrNull({0}, " + str(scale) + ")"
  if name == "boolean":
    return "Nullable(UInt8)", "if({0} = '', null, toUInt8({0} in ('是', 'true', '1')))"
  return None


def load(store, number, entry, files, codec):
  """Loads the files of one entry into a table of its own."""
  items = entry["items"]
  raw = ", ".join(f"c{place} String" for place in range(len(items)))

  def rows(path):
    return f"file('{path}', CSV, '{raw}')"

  settings = " settings input_format_csv_skip_first_lines = 1, max_threads = 2, max_insert_threads = 2"
  texts = [place for place, item in enumerate(items) if kind(item) is None]
  distinct = {}
  if texts:
    asked = ", ".join(f"uniq(c{place})" for place in texts)
    largest = max(files, key=os.path.getsize)
    counts = str(store.query(f"select count(), {asked} from {rows(largest)}" + settings, "TSV")).split()
    total = int(counts[0])
    distinct = {place: int(count) <= min(LOW_CARDINALITY, total // 2) for place, count in zip(texts, counts[1:])}
  columns, values = [], []
  for place, item in enumerate(items):
    made = kind(item)
    if made is None:
      type_name = "LowCardinality(String)" if distinct[place] else "String"
      value = f"c{place}"
    else:
      type_name, value = made[0], made[1].format(f"c{place}")
    columns.append(f"c{place} {type_name} codec({codec})")
    values.append(value)
  place = {item["id"]: index for index, item in enumerate(items)}
  key = list(dict.fromkeys(entry["subject"] + entry.get("recordKey", [])))
  order = ", ".join(f"c{place[item]}" for item in key) or "tuple()"
  store.query(f"create table t{number}({', '.join(columns)}) engine = ReplacingMergeTree order by ({order}) "
              "settings allow_nullable_key = 1")
  for path in files:
    store.query(f"insert into t{number} select {', '.join(values)} from {rows(path)}" + settings)
  store.query(f"optimize table t{number} final")


def main(folder, path, codec="ZSTD(3)"):
  with open(os.path.join(folder, "catalogue.json"), encoding="utf-8") as file:
    entries = json.load(file)
  files = collections.defaultdict(list)
  with open(os.path.join(folder, "files.csv"), encoding="utf-8") as file:
    for row in csv.DictReader(file):
      files[row["entry"]].append(os.path.abspath(os.path.join(folder, row["file"])))
  store = session.Session(path)
  store.query("create database if not exists city engine = Atomic")
  store.query("use city")
  start = time.monotonic()
  for number, entry in enumerate(entries):
    if entry["code"] in files:
      load(store, number, entry, files[entry["code"]], codec)
      print(f"\r{number + 1} of {len(entries)} entries", end="", file=sys.stderr)
  print(file=sys.stderr)
  answer = store.query("select sum(rows), sum(bytes_on_disk), count() from system.parts where database = 'city' and active", "TSV")
  rows, size, parts = [int(number) for number in str(answer).split()]
  store.close()
  print(json.dumps({"codec": codec, "rows": rows, "bytes": size, "bytesPerRow": size / rows, "parts": parts,
                    "seconds": time.monotonic() - start}))


if __name__ == "__main__":
  main(*sys.argv[1:])
