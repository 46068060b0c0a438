"""Owns the measurements of DuckDB (PyPI package duckdb): loading, look-ups, questions; prints JSON.

Usage: duck.py load CSV STORE [ordered] | lookup STORE SUBJECTS ANSWERS | ask STORE QUESTIONS RUNS. Declared types, two
threads, a fresh file, a checkpoint at the end. No index: it makes look-ups in an ordered table slower (twice the time).
"""
import importlib.util
import json
import time

import duckdb

import lookups
import questions

COLUMNS = ("subject varchar, catalogue varchar, unit varchar, doc_no varchar, event_date date, "
           "received_at timestamp, amount bigint, status smallint, content varchar")


def load(data, path, order=""):
  start = time.monotonic()
  connection = duckdb.connect(path, config={"threads": 2})
  connection.execute(f"create table t({COLUMNS})")
  clause = " order by subject" if order == "ordered" else ""
  connection.execute("insert into t select * from read_csv(?, header=true)" + clause, [data])
  connection.execute("checkpoint")
  rows = connection.execute("select count(*) from t").fetchone()[0]
  connection.close()
  print(json.dumps({"version": duckdb.__version__, "rows": rows, "seconds": time.monotonic() - start}))


def lookup(path, subjects, answers):
  connection = duckdb.connect(path, config={"threads": 2}, read_only=True)
  connection.execute("prepare records as select * from t where subject = $1")
  connection.execute("prepare number as select count(*) from t where subject = $1")

  def records(subject):
    return connection.execute(f"execute records('{subject}')").fetchall()

  def count(subject):
    return connection.execute(f"execute number('{subject}')").fetchone()[0]

  connection.execute("prepare nothing as select 1")
  lookups.measure(subjects, answers, lambda subject: [list(map(str, row)) for row in records(subject)], records, count,
                  lambda: connection.execute("execute nothing").fetchall())
  connection.close()


def ask(path, file, runs):
  """An answer of many rows is fetched as an Arrow table, one row as a tuple: the quickest ways found.

  Tuples for 400,000 rows make the whole question take three times as long, arrays of NumPy 1.6 times.
  """
  connection = duckdb.connect(path, config={"threads": 2}, read_only=True)
  has_arrow = importlib.util.find_spec("pyarrow") is not None

  def rows(statement):
    answer = connection.execute(statement).fetchall()
    return [[None if value is None else str(value) for value in row] for row in answer]

  def prepare(statement, count):
    if count > 1 and has_arrow:
      return lambda: connection.sql(statement).to_arrow_table()
    return lambda: connection.execute(statement).fetchall()

  questions.measure(file, runs, rows, prepare)
  connection.close()


lookups.main({"load": load, "lookup": lookup, "ask": ask})
