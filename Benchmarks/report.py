"""Owns the page: peers.md with its tables, ratios first, and which bars its charts have. It measures nothing.

A ratio is always the peer's cost divided by this library's: above 1, this library needs less.
"""
import datetime
import os
import platform
import statistics

import charts
import registrations
import roster
from charts import Bar

OWN = "**CreditStore**"


def median(values):
  return statistics.median(values)


def ratio(peer, own):
  value = peer / own
  return f"{value:,.0f}" if value >= 20 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def microseconds(value):
  return f"{value / 1000:.1f} ms" if value >= 1000 else f"{value:.0f} µs" if value >= 20 else f"{value:.1f} µs"


def table(head, rows):
  return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows), ""]


def picture(name, text):
  return [f"![{text}]({name}.svg)", ""]


class Page:
  """The parts of the page from the results of one run; best collects the best peer of each part for the summary."""

  def __init__(self, results, output):
    self.results, self.output = results, output
    self.labels = {peer.name: peer.label for peer in results.peers}
    self.best = []

  def chart(self, name, title, note, bars, limit=None):
    charts.write(os.path.join(self.output, name + ".svg"), title, note, bars, limit)

  def remember(self, work, own, own_text, peers):
    """Keeps the best peer (label, cost, text) of a part for the summary."""
    if peers:
      label, cost, text = min(peers, key=lambda peer: peer[1])
      self.best.append([work, f"**{ratio(cost, own)}**", own_text, f"{text} ({label})"])

  def loading(self):
    results, rows = self.results, self.results.rows
    lines, bars, peers = [], [], []
    own = median(load.seconds for load in results.loads["own"])
    for name, loads in sorted(results.loads.items(), key=lambda item: item[0] != "own"):
      merge = median(load.detail.get("compactSeconds", 0) for load in loads)
      seconds = median(load.seconds for load in loads) + merge
      label = OWN if name == "own" else self.labels[name]
      share = "1" if name == "own" else ratio(seconds, own)
      if name != "own" and len(loads) > 1:
        share = ratio(median(b.seconds / a.seconds for a, b in zip(results.loads["own"], loads)), 1)
      spread = f" ({min(l.seconds for l in loads):.2f} to {max(l.seconds for l in loads):.2f})" if len(loads) > 1 else ""
      lines.append([label, share, f"{seconds:.2f}{spread}", f"{merge:.2f}" if merge >= 0.01 else "", f"{rows / seconds:,.0f}",
                    f"{median(l.core for l in loads):.1f}", f"{max(l.memory for l in loads):,.0f}"])
      bars.append(Bar(label.strip("*"), rows / seconds / 1e6, f"{rows / seconds / 1e6:.2f}", name == "own"))
      if name != "own":
        peers.append((label, seconds, f"{seconds:.1f} s"))
    self.remember(f"loading {rows:,} rows", own, f"{own:.1f} s", peers)
    self.chart("load", "Loading a CSV file", f"million rows a second, merging included; {rows:,} rows of nine columns", bars)
    pairs = [f"{b.seconds / a.seconds:.2f}" for a, b in zip(results.loads["own"], results.loads.get("duckdb", []))]
    return ["## Loading", "", *picture("load", "Loading: million rows a second"),
            *table(["", "ratio", "seconds", "of it merging", "rows a second", "core seconds", "peak MiB"], lines),
            f"CreditStore and *DuckDB, as loaded* took turns {results.runs} times after a round that is not counted"
            + (f" (ratios of the pairs: {', '.join(pairs)})" if pairs else "") + "; the others loaded once. Seconds of CreditStore are "
            "those of the whole process, seconds of the peers run from opening to closing, without starting Python. CreditStore "
            "validates every row, sorts by subject, decides duplicates, indexes and syncs; what the peers do is below. Peak memory of "
            "the peers in C includes the mapped file.", ""]

  def sizes(self):
    results, rows = self.results, self.results.rows
    own = results.merged_bytes / rows
    loaded = median(load.bytes for load in results.loads["own"]) / rows
    lines = [[OWN + ", merged", "1", f"{own:.1f}"], [OWN + ", as loaded", ratio(loaded, own), f"{loaded:.1f}"]]
    bars = [Bar("CreditStore, merged", own, f"{own:.1f}", True), Bar("CreditStore, as loaded", loaded, f"{loaded:.1f}", True)]
    peers = sorted(((self.labels[name], loads[0].bytes / rows) for name, loads in results.loads.items() if name != "own"),
                   key=lambda peer: peer[1])
    for label, size in peers:
      lines.append([label, ratio(size, own), f"{size:.1f}"])
      bars.append(Bar(label, size, f"{size:.1f}"))
    self.remember("bytes a row", own, f"{own:.1f}", [(label, size, f"{size:.1f}") for label, size in peers])
    self.chart("size", "Bytes a row", "all files of the closed store; shorter is better", bars, own * 4)
    return ["## Bytes a row", "", *picture("size", "Bytes a row"), *table(["", "ratio", "bytes a row"], lines),
            f"All files of the closed store, divided by its rows. *Merged* is after `credit compact` ({results.merge_seconds:.1f} s "
            "with starting, reading back and proving included).", ""]

  def _lookup_part(self, kind, work, name, title, note):
    results = self.results
    found = {}
    for key, runs in results.lookups.items():
      if f"{kind}P50Microseconds" in runs[0]:
        found[key] = [median(run[f"{kind}P{share}Microseconds"] for run in runs) for share in (50, 99)]
    own = found["own"][0]
    lines = [[OWN + ", merged", "1", *map(microseconds, found["own"])],
             [OWN + ", as loaded", ratio(found["own-loaded"][0], own), *map(microseconds, found["own-loaded"])]]
    bars = [Bar("CreditStore, merged", own, microseconds(own), True)]
    peers = sorted((item for item in found.items() if not item[0].startswith("own")), key=lambda item: item[1][0])
    for key, (p50, p99) in peers:
      lines.append([self.labels[key], ratio(p50, own), microseconds(p50), microseconds(p99)])
      bars.append(Bar(self.labels[key], p50, microseconds(p50)))
    self.remember(work, own, microseconds(own), [(self.labels[k], v[0], microseconds(v[0])) for k, v in peers])
    self.chart(name, title, note, bars, own * 8)
    return [*picture(name, title), *table(["", "ratio of p50", "p50", "p99"], lines)]

  def lookups(self):
    results = self.results
    opening = median(run["openMilliseconds"] for run in results.lookups["own"])
    lines = ["## All records of a subject", "",
             *self._lookup_part("records", "all records of a subject", "lookup", "All records of a subject",
                                "median of a call, 100 to 130 records of nine fields, warm; shorter is better"),
             f"{results.subjects} subjects that have 100 to 130 records, nine values each; store open, one caller, every subject "
             f"asked before; medians of {results.runs} rounds in turn. CreditStore, SQLite, LMDB and RocksDB are called in process "
             "from Swift and C; DuckDB and ClickHouse through Python, which adds some hundred microseconds at most to what they take "
             f"themselves. CreditStore opens the store in {opening:.1f} ms.", "",
             "## How many records a subject has", "",
             *self._lookup_part("count", "how many records a subject has", "count", "How many records a subject has",
                                "median of a call, warm; shorter is better")]
    exists = [(self.labels[name], median(run["existsP50Microseconds"] for run in runs)) for name, runs in results.lookups.items()
              if "existsP50Microseconds" in runs[0]]
    if exists:
      lines += ["Whether a subject exists at all, where that is another question: "
                + ", ".join(f"{label} {microseconds(value)}" for label, value in exists) + ".", ""]
    return lines

  def commits(self):
    results = self.results
    own = results.commits["own"]
    lines = [[OWN, "1", f"{own['aloneToRaw']:.2f}", microseconds(own["aloneMicroseconds"]), microseconds(own["rawMicroseconds"])]]
    bars = [Bar("CreditStore", own["aloneToRaw"], f"{own['aloneToRaw']:.2f}", True)]
    peers = []
    for name, found in results.commits.items():
      if name != "own":
        times = found["aloneToRaw"]
        lines.append([self.labels[name], ratio(times, own["aloneToRaw"]), f"{times:.2f}", microseconds(found["aloneMicroseconds"]),
                      microseconds(found["rawMicroseconds"])])
        bars.append(Bar(self.labels[name], times, f"{times:.2f}"))
        peers.append((self.labels[name], times, f"{times:.2f} × the disk"))
    self.remember("small durable commit, alone", own["aloneToRaw"], f"{own['aloneToRaw']:.2f} × the disk", peers)
    self.chart("commit", "A small durable commit, one caller", "times as long as overwriting 4 KiB and syncing; shorter is better", bars)
    return ["## Small durable commits", "", *picture("commit", "A small durable commit"),
            *table(["", "ratio of times the disk", "times the disk", "a commit", "4 KiB overwritten and synced"], lines),
            "A commit of the peers reads one record, changes its amount and is durable when the call returns; one of CreditStore is a "
            "correction through its public interface: found, checked, the new version and the correction itself written. Stores of "
            "6,400 records, five rounds of raw writes and of commits in turn, medians; the disk is measured anew for each engine, "
            f"because it varies. {own['callers']} callers at once make {own['groupPerSecond']:,.0f} commits a second in CreditStore, "
            f"{own['groupToRawRate']:.1f} times the rate of the disk.", ""]

  def real(self):
    found = self.results.registrations
    if not found:
      return ["## Real registrations", "", f"Not measured: `{registrations.VARIABLE}` names no folder with the data.", ""]
    own = found["own"]["compacted"] / found["own"]["records"]
    loaded = found["own"]["loaded"] / found["own"]["records"]
    lines = [[OWN + ", merged", "1", f"{own:.1f}"], [OWN + ", as collected", ratio(loaded, own), f"{loaded:.1f}"]]
    bars = [Bar("CreditStore, merged", own, f"{own:.1f}", True), Bar("CreditStore, as collected", loaded, f"{loaded:.1f}", True)]
    for label, size in sorted(found["peers"].items(), key=lambda item: item[1]):
      lines.append([label, ratio(size, own), f"{size:.1f}"])
      bars.append(Bar(label, size, f"{size:.1f}"))
    self.remember("bytes a row, real registrations", own, f"{own:.1f}",
                  [(label, size, f"{size:.1f}") for label, size in found["peers"].items()])
    self.chart("registrations", "Bytes a row, real registrations", f"{found['rows']:,} rows of ten columns; shorter is better", bars)
    return ["## Real registrations", "", *picture("registrations", "Bytes a row, real registrations"),
            *table(["", "ratio", "bytes a row"], lines),
            f"{found['rows'] + found['odd']:,} registrations in {found['files']} files ({found['csv'] / found['rows']:.0f} bytes a row as "
            "CSV), ten columns, texts but for one date. CreditStore collects the files one by one, with the empty store's own catalogue "
            f"entry `QYDJ`; it holds {found['own']['records']:,} records, each with its subject indexed, and what it set aside, and reads "
            f"`N/A` as absent. The peers take {found['rows']:,} rows from one file ({found['odd']} without exactly ten fields left out), "
            "ordered by the code. The data is not part of the project.", ""]

  def setup(self):
    results = self.results
    lines = ["## Set-up of the peers", "", "The best one found for each; two processors for all.", ""]
    engines = []
    for peer in results.peers:
      if peer.engine not in engines:
        engines.append(peer.engine)
        version = roster.version(peer, results.loads[peer.name][-1].detail)
        lines.append(f"- **{peer.engine}** {version}: {roster.SETUP[peer.engine]}")
    lines += ["", "The file: `credit generate FOLDER --profile peer --records N --seed 7`, nine columns (subject, catalogue, unit, document "
              "number, date, time, amount, status, content). Answers are compared in the same run with those computed from the file "
              "itself: how many rows every store holds, and for every subject looked up how many records, the sum of the amounts and a "
              "checksum over all nine fields of each (CreditStore: count and sum of every subject of the file, all fields of some "
              "fifty subjects). A difference is a failure.", ""]
    if results.skipped:
      lines += ["Left out on this machine: " + "; ".join(results.skipped) + ".", ""]
    return lines

  def write(self):
    results = self.results
    parts = [*self.loading(), *self.sizes(), *self.lookups(), *self.commits(), *self.real(), *self.setup()]
    head = ["# CreditStore beside its peers", "",
            f"Made by `scripts/bench {results.rows} {results.runs}` on {datetime.date.today():%-d %B %Y}: {processor()}, "
            f"{os.cpu_count()} processors, {platform.system()} {platform.release()}. Every ratio is the peer's cost divided by "
            "CreditStore's: above 1, CreditStore needs less. The machine is shared: ratios count, times vary.", ""]
    if self.best:
      head += [*table(["Work", "ratio to the best peer", "CreditStore", "best peer"], self.best)]
    text = "\n".join(head + parts).rstrip() + "\n"
    path = os.path.join(self.output, "peers.md")
    with open(path, "w", encoding="utf-8") as file:
      file.write(text)
    return f"{text}\nwritten: {os.path.relpath(path)}"


def processor():
  """What the processor calls itself, else its architecture."""
  try:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
      return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
  except (OSError, StopIteration):
    return platform.machine()


def write(results, output):
  """Writes the page and its charts into a folder; returns the page's text."""
  return Page(results, output).write()
