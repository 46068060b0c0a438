"""Owns the measurements of ClickHouse in process (PyPI package chdb): loads, merges, look-ups, questions; prints JSON.

Usage: clickhouse.py load CSV STORE CODEC [plain] | lookup STORE SUBJECTS ANSWERS | ask STORE QUESTIONS RUNS. MergeTree
ordered by subject, one codec for all columns, LowCardinality for the three columns of few values (unless plain), two
threads, merged to one part.
"""
import csv
import io
import json
import os
import time

from chdb import session

import lookups
import questions

COLUMNS = (("subject", "String"), ("catalogue", "LowCardinality(String)"), ("unit", "LowCardinality(String)"),
           ("doc_no", "String"), ("event_date", "Date"), ("received_at", "DateTime('UTC')"), ("amount", "Int64"),
           ("status", "Int8"), ("content", "LowCardinality(String)"))
# The condition cache would answer a filter that was asked before from what it remembers of each granule.
ASKING = " settings max_threads = 2, use_query_condition_cache = 0"


def _open(path):
  store = session.Session(path)
  store.query("create database if not exists bench engine = Atomic")
  store.query("use bench")
  return store


def load(data, path, codec, plain=""):
  start = time.monotonic()
  store = _open(path)
  kinds = [(n, "String" if plain and "String" in t else t) for n, t in COLUMNS]
  columns = ", ".join(f"{name} {kind} codec({codec})" for name, kind in kinds)
  store.query(f"create table t({columns}) engine = MergeTree order by subject")
  structure = ", ".join(f"{name} {kind}" for name, kind in kinds).replace("'", "\\'")
  store.query(f"insert into t select * from file('{os.path.abspath(data)}', CSVWithNames, '{structure}') "
              "settings max_threads = 2, max_insert_threads = 2")
  loaded = time.monotonic()
  store.query("optimize table t final")
  compacted = time.monotonic()
  rows, size = _numbers(store, "select sum(rows), sum(bytes_on_disk) from system.parts where table = 't' and active")
  version = str(store.query("select version()", "TSV")).strip()
  store.close()
  print(json.dumps({"version": version, "rows": rows, "bytes": size, "seconds": loaded - start,
                    "compactSeconds": compacted - loaded}))


def _numbers(store, query):
  return [int(number) for number in str(store.query(query, "TSV")).split()]


def lookup(path, subjects, answers):
  store = _open(path)

  def fields(subject):
    answer = store.query(f"select * from t where subject = '{subject}'", "CSV").bytes().decode()
    return list(csv.reader(io.StringIO(answer)))

  def records(subject):
    return store.query(f"select * from t where subject = '{subject}' settings max_threads = 1", "Native").bytes()

  def count(subject):
    return _numbers(store, f"select count() from t where subject = '{subject}' settings max_threads = 1")[0]

  lookups.measure(subjects, answers, fields, records, count, lambda: store.query("select 1", "Native").bytes())
  store.close()


def ask(path, file, runs):
  store = _open(path)

  def rows(statement):
    answer = store.query(statement + ASKING, "JSONCompactStringsEachRow").bytes()
    return [json.loads(line) for line in answer.splitlines()]

  questions.measure(file, runs, rows, lambda statement, _: lambda: store.query(statement + ASKING, "Native").bytes())
  store.close()


lookups.main({"load": load, "lookup": lookup, "ask": ask})
