"""Owns the questions: their names for people, their form for CreditStore and in SQL, and the one form of their answers.

It writes the files the engines are asked from and compares answers. It runs no engine and measures nothing.

Where an average is asked for, SQL has the count of the values: the average is made here from the exact sum and count
(integers), rounded half up to four places as CreditStore does, because engines round averages in different ways.
"""
import csv
import dataclasses
import datetime
import itertools
import json
import os

from measure import Failure

CODES = 3  # codes of the catalogue in the question that names some
FIRST_DAY = datetime.date(2021, 1, 1)
DIALECTS = {
  "duckdb": {"day": f"date '{FIRST_DAY}'", "month": "year(event_date) * 100 + month(event_date)", "find": "contains"},
  "clickhouse": {"day": f"date '{FIRST_DAY}'", "month": "toStartOfMonth(event_date)", "find": "position"},
  "sqlite": {"day": str((FIRST_DAY - datetime.date(1970, 1, 1)).days),
             "month": "strftime('%Y%m', event_date * 86400, 'unixepoch')", "find": "instr"},
}


@dataclasses.dataclass(frozen=True)
class Question:
  """One question. Texts in braces are filled in: values of the file, and what the dialects of SQL write differently."""
  name: str
  label: str
  sql: str
  where: str = ""
  groups: tuple = ()
  measures: tuple = ("count",)
  summary: bool = False  # whether it has a row in the summary of the page


QUESTIONS = (
  Question("count", "count of all", "select count(*) from t"),
  Question("catalogue", "count by catalogue", "select catalogue, count(*) from t group by catalogue",
           groups=("catalogue",), summary=True),
  Question("unit-month", "count and sum by unit and month",
           "select unit, {month}, count(*), sum(amount) from t group by 1, 2",
           groups=("unit", "month(event_date)"), measures=("count", "sum:amount"), summary=True),
  Question("filter", "filter on two columns", "select count(*) from t where event_date >= {day} and status = 1",
           where=f"event_date >= {FIRST_DAY} and status = 1", summary=True),
  Question("substring-content", "substring in content", "select count(*) from t where {find}(content, '责令改正')",
           where="content contains '责令改正'", summary=True),
  Question("substring-document", "substring in document number", "select count(*) from t where {find}(doc_no, '12345')",
           where="doc_no contains '12345'", summary=True),
  Question("document", "one document number", "select count(*) from t where doc_no = {document}",
           where="doc_no = {document}"),
  Question("codes", "three codes of the catalogue", "select count(*) from t where catalogue in ({codes})",
           where="catalogue in ({codes})"),
  Question("distinct-subjects", "distinct subjects", "select count(*) from (select distinct subject from t)",
           measures=("distinct:subject",), summary=True),
  Question("distinct-documents", "distinct document numbers", "select count(*) from (select distinct doc_no from t)",
           measures=("distinct:doc_no",)),
  Question("amounts", "sum, average, least, most",
           "select sum(amount), count(amount), min(amount), max(amount) from t",
           measures=("sum:amount", "avg:amount", "min:amount", "max:amount")),
  Question("subjects", "count by subject", "select subject, count(*) from t group by subject", groups=("subject",)),
  Question("subject", "count of one subject", "select count(*) from t where subject = {subject}",
           where="subject = {subject}"),
)


def _quoted(text):
  return "'" + text.replace("'", "''") + "'"


def _values(data):
  """Values of the first row of the file, and its first codes that differ, as literals."""
  with open(data, encoding="utf-8", newline="") as file:
    rows = csv.DictReader(file)
    first = next(rows)
    codes = {first["catalogue"]: None}
    while len(codes) < CODES and (row := next(rows, None)):
      codes[row["catalogue"]] = None
  return {"subject": _quoted(first["subject"]), "document": _quoted(first["doc_no"]),
          "codes": ", ".join(map(_quoted, codes))}


def write(data, folder):
  """Writes one file of all questions for CreditStore and one a dialect. Returns {"own" or dialect: path}.

  CreditStore's is a JSON array; a dialect's has one question a line, its name, a tab, its SQL.
  """
  values = _values(data)
  own = [{"name": q.name, "groups": q.groups, "measures": q.measures,
          **({"where": q.where.format(**values)} if q.where else {})} for q in QUESTIONS]
  texts = {"own": json.dumps(own, ensure_ascii=False)}
  for dialect, words in DIALECTS.items():
    texts[dialect] = "".join(f"{q.name}\t{q.sql.format(**values, **words)}\n" for q in QUESTIONS)
  paths = {}
  for name, text in texts.items():
    paths[name] = os.path.join(folder, f"questions-{name}.txt")
    with open(paths[name], "w", encoding="utf-8") as file:
      file.write(text)
  return paths


def _average(total, count):
  """An average of integers with four places, rounded half up."""
  scaled = (2 * total * 10_000 + count) // (2 * count)
  return f"{'-' if scaled < 0 else ''}{abs(scaled) // 10_000}.{abs(scaled) % 10_000:04d}"


def _month(text):
  digits = text.replace("-", "")
  return f"{digits[:4]}-{digits[4:6]}"


def _canonical(question, row, averaged):
  """One row as texts: months as 2021-01, averages made from sum and count unless they are averages already."""
  texts = ["null" if value is None else str(value) for value in row]
  for place, group in enumerate(question.groups):
    if group.startswith("month("):
      texts[place] = _month(texts[place])
  measures = texts[len(question.groups):]
  for place, measure in enumerate(question.measures):
    function, _, item = measure.partition(":")
    if function == "avg" and not averaged:
      total = measures[question.measures.index(f"sum:{item}")]
      texts[len(question.groups) + place] = _average(int(total), int(measures[place]))
  return texts


def canonical(found, averaged):
  """The answers of one engine, {question: rows}, in the form in which they are compared: sorted rows of texts.

  averaged says whether the engine gives averages itself, or their counts.
  """
  return {question.name: sorted(_canonical(question, row, averaged) for row in found[question.name])
          for question in QUESTIONS}


def compare(engine, found, expected):
  """Both as canonical() gives them; expected are CreditStore's."""
  for question in QUESTIONS:
    pairs = itertools.zip_longest(found[question.name], expected[question.name])
    for number, (row, own) in enumerate(pairs, 1):
      if row != own:
        raise Failure(f"{engine}, question {question.name} ({question.label}): row {number} of the sorted answer is "
                      f"{row}, CreditStore has {own}")
