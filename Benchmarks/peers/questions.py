"""Owns how peers that are reached from Python measure questions and print answers; the counterpart of questions.c.

The file has one question a line: its name, a tab, its SQL. One JSON object a question is printed. Knows no store.
"""
import json
import time


def measure(path, runs, rows, prepare):
  """Asks every question of a file.

  rows(statement) gives the answer as lists of texts. prepare(statement, rows) gives a call that fetches an answer of so
  many rows whole; its first run is not counted.
  """
  with open(path, encoding="utf-8") as file:
    questions = [line.rstrip("\n").split("\t", 1) for line in file]
  for name, statement in questions:
    answer = rows(statement)
    call = prepare(statement, len(answer))
    call()
    times = []
    for _ in range(int(runs)):
      start = time.perf_counter()
      call()
      times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"name": name, "milliseconds": times, "rows": answer}, ensure_ascii=False))
