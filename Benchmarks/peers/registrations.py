"""Owns what real registrations take in other stores: ClickHouse, DuckDB, Parquet; prints rows and bytes as JSON.

Usage: registrations.py clickhouse CSV FOLDER CODEC | duckdb CSV FOLDER | parquet CSV FOLDER. The file has a header
of ten Chinese names; all columns are texts but the date of registration; every store is ordered by the code. Nothing
is timed.
"""
import json
import os

import lookups

CODE, DATE = "统一社会信用代码", "注册日期"
FEW_VALUES = ("企业类型", "所在省份", "地区")


def _columns(data):
  with open(data, encoding="utf-8") as file:
    return [name.strip('"') for name in file.readline().rstrip("\r\n").split(",")]


def _print(rows, size):
  print(json.dumps({"rows": rows, "bytes": size}))


def clickhouse(data, folder, codec):
  from chdb import session
  store = session.Session(folder)
  store.query("create database bench engine = Atomic")
  store.query("use bench")
  kinds = {name: "Date32" if name == DATE else "LowCardinality(String)" if name in FEW_VALUES else "String"
           for name in _columns(data)}
  columns = ", ".join(f"`{name}` {kind} codec({codec})" for name, kind in kinds.items())
  structure = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
  store.query(f"create table t({columns}) engine = MergeTree order by `{CODE}`")
  store.query(f"insert into t select * from file('{os.path.abspath(data)}', CSVWithNames, '{structure}')")
  store.query("optimize table t final")
  answer = store.query("select sum(rows), sum(bytes_on_disk) from system.parts where table = 't' and active", "TSV")
  _print(*map(int, str(answer).split()))
  store.close()


def duckdb(data, folder):
  import duckdb as engine
  os.makedirs(folder)
  path = os.path.join(folder, "registrations.duckdb")
  connection = engine.connect(path, config={"threads": 2})
  kinds = ", ".join(f"'{name}': '{'DATE' if name == DATE else 'VARCHAR'}'" for name in _columns(data))
  source = f"read_csv(?, header=true, columns={{{kinds}}})"
  connection.execute(f'create table t as select * from {source} order by "{CODE}"', [data])
  connection.execute("checkpoint")
  rows = connection.execute("select count(*) from t").fetchone()[0]
  connection.close()
  _print(rows, os.path.getsize(path))


def parquet(data, folder):
  import pyarrow
  from pyarrow import csv, parquet as format
  os.makedirs(folder)
  path = os.path.join(folder, "registrations.parquet")
  kinds = {name: pyarrow.date32() if name == DATE else pyarrow.string() for name in _columns(data)}
  table = csv.read_csv(data, convert_options=csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
                       parse_options=csv.ParseOptions(newlines_in_values=True))
  format.write_table(table.sort_by(CODE), path, compression="zstd", compression_level=3)
  _print(table.num_rows, os.path.getsize(path))


lookups.main({"clickhouse": clickhouse, "duckdb": duckdb, "parquet": parquet})
