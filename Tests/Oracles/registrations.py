#!/usr/bin/env python3
"""Oracle for collecting enterprise registrations (entry QYDJ) into an empty store.

    registrations.py [--encoding utf-8|gb18030] [--json] [--values FILE] [--marker TEXT …]
                     [--warn stored|taken] DIR_OR_FILES …

Reads the CSV files in the order given (a directory: its *.csv files, sorted by path), each file
one batch, and prints the receipt that the specification demands for it. It shares nothing with
the library it judges but the specification. Invariants, asserted for every file:

* reported = loaded + updated + duplicate + questionable + unlinked
* warnings <= loaded + updated + duplicate

Semantics:

* Entry: the ten Chinese columns are the items, text but for 注册日期 (a date); the subject is
  统一社会信用代码, the record key [企业名称], a failing identifier only warns.
* Canonical value: outer blanks (Unicode white space) trimmed, missing markers absent (compared
  exactly, before any other rule), dates as yyyy-mm-dd, text otherwise as sent.
* Identity: (subject, key). A row equal to ANY earlier version of its record is a duplicate, a
  different one updates; file order decides, inside a file as between files.
* Questionable: ragged, NUL, undecodable bytes, over 16 MiB, an unterminated quote at the end, a
  date that does not convert, an absent key, a subject over 256 bytes.
* Unlinked, when not questionable: subject absent, masked (holds *) or a zero placeholder.
* Warnings count the rows not set aside whose identifier fails in check or form; `--warn stored`
  leaves the duplicates among them out.
* Blank lines (empty or white space only) are not rows. A file without the ten columns, an empty
  one, or one undecodable in its first MiB is a file error: nothing of it is taken in.
"""

import argparse
import codecs
import csv
import datetime
import hashlib
import io
import itertools
import json
import os
import re
import sys

from codes import identify, normalize, real_date

ITEMS = ["企业名称", "统一社会信用代码", "注册日期", "企业类型", "法人代表",
         "注册资金", "经营范围", "所在省份", "地区", "注册地址"]
NAME, CODE, DATE = 0, 1, 2
SENTINEL_DATES = {"1900-01-01", "1899-12-31", "9999-09-09"}
MARKERS = {"", "无", "暂无", "/", "-", "\\N", "null", "*"} | SENTINEL_DATES
COUNTERS = ["reported", "loaded", "updated", "duplicate", "questionable", "unlinked", "warnings"]

MEBIBYTE = 1 << 20
UNDECODABLE = "\udcff"              # stands for a byte that does not decode; never in real text
END = "\udcfeEND OF FILE"           # a last line that only an unterminated quote can swallow
codecs.register_error("mark", lambda error: (UNDECODABLE, error.end))
csv.field_size_limit(sys.maxsize)


class FileError(Exception):
    pass


# Canonical values

DATE_FORMS = re.compile("(?:([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/)([0-9]{1,2})"
                        "|([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"
                        "|([0-9]{4})([0-9]{2})([0-9]{2}))(?:[ T]00:00(?::00(?:\\.0+)?)?)?")


def canonical_date(text):
    """yyyy-mm-dd, or None where the text is no date."""
    match = DATE_FORMS.fullmatch(text)
    if match:
        day = real_date(*(part for part in match.groups() if part is not None))
    elif re.fullmatch("[0-9]{5}", text):                    # a spreadsheet's serial
        day = datetime.date(1899, 12, 30) + datetime.timedelta(days=int(text))
    elif re.fullmatch("[0-9]{12,13}", text):                # epoch milliseconds, Asia/Shanghai
        seconds = int(text) // 1000 + 8 * 3600
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=seconds // 86400)
    else:
        day = None
    return day and day.isoformat()


def canonical(cell, markers):
    text = cell.strip()
    return None if text in markers or (text and not text.strip("0")) else text


def record_key(name):
    return name.replace("\\", "\\\\").replace("|", "\\|")


# The store and its batches

class Store:
    def __init__(self, markers, warn_duplicates):
        self.markers = markers
        self.warn_duplicates = warn_duplicates
        self.records = {}           # (subject, key): [digests of all versions, current values]

    def collect(self, rows):
        """Takes one batch in and gives its receipt."""
        receipt = dict.fromkeys(COUNTERS, 0)
        for cells in rows:
            outcome, passes = self.judge(cells)
            receipt["reported"] += 1
            receipt[outcome] += 1
            if not passes and (outcome != "duplicate" or self.warn_duplicates):
                receipt["warnings"] += 1
        assert receipt["reported"] == sum(receipt[name] for name in COUNTERS[1:6])
        assert receipt["warnings"] <= sum(receipt[name] for name in COUNTERS[1:4])
        return receipt

    def judge(self, cells):
        """(outcome, identifier passes) of one row; cells None = the row itself is damaged."""
        if cells is None:
            return "questionable", True
        values = [canonical(cell, self.markers) for cell in cells]
        if values[DATE] is not None:
            values[DATE] = canonical_date(values[DATE])
            if values[DATE] is None:
                return "questionable", True
            if values[DATE] in SENTINEL_DATES:
                values[DATE] = None
        if values[NAME] is None or len((values[CODE] or "").encode()) > 256:
            return "questionable", True
        if values[CODE] is None or re.fullmatch("0+X?|.*[*].*", normalize(values[CODE])):
            return "unlinked", True
        subject, passes = identify(values[CODE])
        return self.store((subject, record_key(values[NAME])), values), passes

    def store(self, identity, values):
        digest = hashlib.sha256(json.dumps(values).encode()).digest()
        record = self.records.get(identity)
        if record is None:
            self.records[identity] = [{digest}, values]
            return "loaded"
        if digest in record[0]:
            return "duplicate"
        record[0].add(digest)
        record[1] = values
        return "updated"

    def current(self):
        """The current records, ascending by the bytes of subject and key."""
        for identity in sorted(self.records, key=lambda pair: tuple(t.encode() for t in pair)):
            versions, values = self.records[identity]
            present = {item: v for item, v in zip(ITEMS, values) if v is not None}
            yield {"subject": identity[0], "key": identity[1], "version": len(versions),
                   "values": present}


def read_rows(path, encoding):
    """A list of rows, each the ten cells in the order of ITEMS, or None for a damaged row."""
    with open(path, "rb") as file:
        data = file.read().removeprefix(codecs.BOM_UTF8 if encoding == "utf-8" else b"")
    try:
        head = codecs.getincrementaldecoder(encoding)()
        head.decode(data[:MEBIBYTE], final=len(data) <= MEBIBYTE)
    except UnicodeDecodeError as error:
        raise FileError(f"not {encoding}: {error.reason} at byte {error.start}") from None
    lines = io.StringIO(data.decode(encoding, errors="mark"), newline="")
    records = csv.reader(itertools.chain(lines, [END]))
    records = (r for r in records if r and not (len(r) == 1 and r[0].isspace()))
    header = [name.strip() for name in next(records)]
    if header == [END]:
        raise FileError("empty")
    if any(header.count(item) != 1 for item in ITEMS):
        raise FileError("wrong header")
    places = [header.index(item) for item in ITEMS]
    rows = []
    for record in records:
        if record == [END]:
            break
        whole = ",".join(record)
        size = len(whole.encode("utf-8", errors="replace"))
        unterminated = END in whole
        if unterminated and size > MEBIBYTE:
            raise FileError("an unterminated quote swallowed more than 1 MiB")
        damaged = (unterminated or len(record) != len(header) or "\0" in whole
                   or UNDECODABLE in whole or size > 16 * MEBIBYTE)
        rows.append(None if damaged else [record[place] for place in places])
    return rows


def expand(paths):
    for path in paths:
        if os.path.isdir(path):
            found = (os.path.join(folder, name) for folder, _, names in os.walk(path)
                     for name in names if name.endswith(".csv"))
            yield from sorted(found)
        else:
            yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", metavar="DIR_OR_FILES")
    parser.add_argument("--encoding", choices=["utf-8", "gb18030"], default="utf-8")
    parser.add_argument("--json", action="store_true", help="one JSON object a file")
    parser.add_argument("--values", metavar="FILE", help="write the current records, JSON lines")
    parser.add_argument("--marker", action="append", default=[], metavar="TEXT",
                        help="one more missing marker, such as N/A")
    parser.add_argument("--warn", choices=["taken", "stored"], default="taken")
    options = parser.parse_args()

    store = Store(MARKERS | set(options.marker), options.warn == "taken")
    total = dict.fromkeys(COUNTERS, 0)
    failed = False
    if not options.json:
        print("\t".join(COUNTERS + ["file"]))
    for path in expand(options.paths):
        try:
            receipt = store.collect(read_rows(path, options.encoding))
        except (OSError, FileError) as error:
            failed = True
            answer = {"file": path, "error": {"message": str(error)}}
            print(json.dumps(answer, ensure_ascii=False) if options.json
                  else f"error: {error}\t{path}")
            continue
        total = {name: total[name] + receipt[name] for name in COUNTERS}
        print(json.dumps({"file": path} | receipt, ensure_ascii=False) if options.json
              else "\t".join([str(receipt[name]) for name in COUNTERS] + [path]))
    if not options.json:
        print("\t".join([str(total[name]) for name in COUNTERS] + ["TOTAL"]))
    if options.values:
        with open(options.values, "w", encoding="utf-8", newline="\n") as output:
            for record in store.current():
                output.write(json.dumps(record, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
