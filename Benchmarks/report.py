"""Owns the page, peers.md (or questions.md alone): its tables, ratios first, and the bars of its charts. It measures
nothing.

A ratio is always the peer's cost divided by this library's: above 1, this library needs less. words.py holds the prose
that depends on no figure, tables.py the look of numbers.
"""
import datetime
import os
import platform

import charts
import questions
import registrations
import roster
import words
from charts import Bar
from tables import OWN, median, microseconds, paragraph, picture, ratio, table


class Page:
  """The parts of the page from the results of one run, and the summary that grows while they are written."""

  def __init__(self, results, output):
    self.results, self.output = results, output
    self.labels = {peer.name: peer.label for peer in results.peers}
    self.engines = list(dict.fromkeys(peer.engine for peer in results.peers))
    self.summary = []

  def chart(self, name, title, note, bars, limit=None):
    charts.write(os.path.join(self.output, name + ".svg"), title, note, bars, limit)

  def remember(self, work, own, text, costs):
    """A row of the summary: costs by label; each engine with the variant that is best at this work."""
    cells = []
    for engine in self.engines:
      found = [cost for label, cost in costs.items() if label.split(",")[0] == engine]
      cells.append(ratio(min(found), own) if found else "")
    self.summary.append([work, text, *cells])

  def loading(self):
    results, rows = self.results, self.results.rows
    own = median(load.seconds for load in results.loads["own"])
    lines, bars, costs = [], [], {}
    for name, loads in sorted(results.loads.items(), key=lambda item: item[0] != "own"):
      merge = median(load.detail.get("compactSeconds", 0) for load in loads)
      seconds = median(load.seconds for load in loads) + merge
      cost = seconds
      if len(loads) == results.runs > 1:  # taken in turn: the median of the pairs
        cost = own * median(peer.seconds / load.seconds for load, peer in zip(results.loads["own"], loads))
      times = sorted(load.seconds for load in loads)
      spread = f" ({times[0]:.2f} to {times[-1]:.2f})" if len(loads) > 1 else ""
      lines.append([OWN if name == "own" else self.labels[name], "1" if name == "own" else ratio(cost, own),
                    f"{seconds:.2f}{spread}", f"{merge:.2f}" if merge >= 0.01 else "", f"{rows / seconds:,.0f}",
                    f"{median(load.core for load in loads):.1f}", f"{max(load.memory for load in loads):,.0f}"])
      bars.append(Bar(self.labels.get(name, "CreditStore"), rows / seconds / 1e6, f"{rows / seconds / 1e6:.2f} M/s",
                      name == "own"))
      if name != "own":
        costs[self.labels[name]] = cost
    self.remember(f"loading {rows:,} rows", own, f"{own:.2f} s", costs)
    bars[1:] = sorted(bars[1:], key=lambda bar: -bar.value)
    self.chart("load", "Loading a CSV file", "million rows a second, merging of the peers included; longer is better",
               bars)
    pairs = [peer.seconds / load.seconds for load, peer in zip(results.loads["own"], results.loads.get("duckdb", []))]
    turns = f"CreditStore and *DuckDB, as loaded* took turns, {results.runs} rounds after one that is not counted"
    if pairs:
      turns += f" (ratios of the pairs: {', '.join(f'{pair:.2f}' for pair in pairs)})"
    return ["## Loading", "", *picture("load", "Loading: million rows a second"),
            *table(["", "ratio", "seconds", "of it merging", "rows a second", "core seconds", "peak MiB"], lines),
            *paragraph(turns + "; the others loaded once.", words.LOADING)]

  def _sizes(self, work, name, note, owns, peers, limit=None):
    """Table and chart of bytes a row; owns are pairs of label and size, the first of them counts."""
    own = owns[0][1]
    lines, bars = [], []
    for label, size in [*owns, *sorted(peers.items(), key=lambda peer: peer[1])]:
      mine = label.startswith("CreditStore")
      lines.append([label.replace("CreditStore", OWN), "1" if size == own else ratio(size, own), f"{size:.1f}"])
      bars.append(Bar(label, size, f"{size:.1f} B", mine))
    self.remember(work, own, f"{own:.1f}", peers)
    self.chart(name, work[0].upper() + work[1:], note + "; shorter is better", bars, limit)
    return [*picture(name, work[0].upper() + work[1:]), *table(["", "ratio", "bytes a row"], lines)]

  def sizes(self):
    results, rows = self.results, self.results.rows
    loaded = median(load.bytes for load in results.loads["own"]) / rows
    merged = results.merged_bytes / rows
    peers = {self.labels[name]: loads[0].bytes / rows for name, loads in results.loads.items() if name != "own"}
    owns = [("CreditStore, merged", merged), ("CreditStore, as loaded", loaded)]
    return ["## Bytes a row", "",
            *self._sizes("bytes a row", "size", "all files of the closed store by its rows", owns, peers, merged * 4),
            *paragraph("All files of the closed store, divided by its rows. *Merged* is after `credit compact`",
                       f"({results.merge_seconds:.1f} s with starting, reading back and proving).")]

  def _lookup_part(self, kind, work, name, note):
    found = {key: [median(run[f"{kind}P{share}Microseconds"] for run in runs) for share in (50, 99)]
             for key, runs in self.results.lookups.items() if f"{kind}P50Microseconds" in runs[0]}
    own = found["own"][0]
    lines = [[OWN + ", merged", "1", *map(microseconds, found["own"])],
             [OWN + ", as loaded", ratio(found["own-loaded"][0], own), *map(microseconds, found["own-loaded"])]]
    bars = [Bar("CreditStore, merged", own, microseconds(own), True)]
    peers = {self.labels[key]: times for key, times in found.items() if key in self.labels}
    for label, (p50, p99) in sorted(peers.items(), key=lambda peer: peer[1]):
      lines.append([label, ratio(p50, own), microseconds(p50), microseconds(p99)])
      bars.append(Bar(label, p50, microseconds(p50)))
    self.remember(work, own, microseconds(own), {label: times[0] for label, times in peers.items()})
    self.chart(name, work[0].upper() + work[1:], note + "; shorter is better", bars, own * 8)
    return [*picture(name, work[0].upper() + work[1:]), *table(["", "ratio of p50", "p50", "p99"], lines)]

  def _quick_answers(self, key):
    """One time of every peer that reports it, as a list in words."""
    times = {}
    for name, runs in self.results.lookups.items():
      if key in runs[0]:
        times[self.labels[name]] = median(run[key] for run in runs)
    return ", ".join(f"{label} {microseconds(value)}" for label, value in times.items())

  def lookups(self):
    results = self.results
    opening = median(run["openMilliseconds"] for run in results.lookups["own"])
    lines = ["## All records of a subject", "",
             *self._lookup_part("records", "all records of a subject", "lookup",
                                "median of a call, 100 to 130 records of nine fields, warm"),
             *paragraph(f"{results.subjects:,} subjects that have 100 to 130 records, nine values each; store open,",
                        f"one caller, every subject asked before; medians of {results.runs} rounds in turn.",
                        words.LOOKUPS, f"CreditStore opens the store in {opening:.1f} ms.")]
    nothing = self._quick_answers("nothingP50Microseconds")
    if nothing:
      lines += paragraph(f"A statement that asks for nothing takes through Python: {nothing}.")
    state = ("after the system was made to forget what it kept of the files" if results.is_cold
             else "with the files still in the system's memory, which it may not be made to forget here")
    lines += ["## All records of a subject that nobody asked for before", "",
              *self._lookup_part("first", "all records of a subject, cold", "cold", "median of a call, cold"),
              *paragraph(f"The same subjects in the first pass of a fresh process, {state}: what one subject needs may have been",
                         "read for one before it.")]
    lines += ["## How many records a subject has", "",
              *self._lookup_part("count", "how many records a subject has", "count", "median of a call, warm")]
    exists = self._quick_answers("existsP50Microseconds")
    if exists:
      lines += paragraph(f"Whether a subject exists at all, where that is another question: {exists}.")
    return lines

  def questions(self):
    """A question a row: this library with all threads and with one, and each engine's best variant by the former."""
    results = self.results
    times = {name: {question: median(runs) for question, runs in found.items()}
             for name, found in results.questions.items()}
    asked = [peer for peer in results.peers if peer.name in times]
    engines = list(dict.fromkeys(peer.engine for peer in asked))
    lines, bars = [], []
    for question in questions.QUESTIONS:
      own = times["own"][question.name]
      costs = {peer.label: times[peer.name][question.name] for peer in asked}
      best = {engine: min(times[peer.name][question.name] for peer in asked if peer.engine == engine)
              for engine in engines}
      lines.append([question.label, microseconds(own * 1e3), microseconds(times["own-alone"][question.name] * 1e3),
                    *(ratio(cost, own) for cost in best.values())])
      if question.summary:
        self.remember(question.label, own, microseconds(own * 1e3), costs)
      if best:
        engine = min(best, key=best.get)
        bars.append(Bar(question.label, best[engine] / own, f"{ratio(best[engine], own)} {engine}",
                        best[engine] >= own))
    if bars:
      charts.write_ratios(os.path.join(self.output, "questions.svg"), "Questions",
                          "time of the quickest peer divided by CreditStore's, logarithmic; to the right CreditStore is "
                          "quicker", bars)
    shown = picture("questions", "Questions: time of the quickest peer divided by CreditStore's") if bars else []
    return ["## Questions", "", *shown,
            *table(["", OWN, "on one thread", *engines], lines),
            *paragraph(f"Over {results.rows:,} rows; medians of {len(results.questions['own']['count'])} runs in",
                       f"{results.runs} rounds in turn. {words.QUESTIONS}")]

  def commits(self):
    found = {name: {key: median(run[key] for run in runs) for key in runs[0]}
             for name, runs in self.results.commits.items()}
    own = found.pop("own")

    def cells(result):
      return [f"{result['aloneToRaw']:.2f}", microseconds(result["aloneMicroseconds"]),
              microseconds(result["rawMicroseconds"])]

    lines = [[OWN, "1", *cells(own)]]
    bars = [Bar("CreditStore", own["aloneToRaw"], f"{own['aloneToRaw']:.2f} ×", True)]
    for name, result in sorted(found.items(), key=lambda item: item[1]["aloneToRaw"]):
      times = result["aloneToRaw"]
      lines.append([self.labels[name], ratio(times, own["aloneToRaw"]), *cells(result)])
      bars.append(Bar(self.labels[name], times, f"{times:.2f} ×"))
    self.remember("small durable commit, one caller", own["aloneToRaw"], f"{own['aloneToRaw']:.2f} × the disk",
                  {self.labels[name]: result["aloneToRaw"] for name, result in found.items()})
    self.chart("commit", "A small durable commit, one caller",
               "times as long as overwriting 4 KiB and syncing; shorter is better", bars)
    return ["## Small durable commits", "", *picture("commit", "A small durable commit"),
            *table(["", "ratio of times the disk", "times the disk", "a commit", "4 KiB written and synced"], lines),
            *paragraph(words.COMMITS, f"{own['callers']:.0f} callers at once make {own['groupPerSecond']:,.0f} commits",
                       f"a second in CreditStore, {own['groupToRawRate']:.1f} times the rate of the disk.")]

  def real(self):
    found = self.results.registrations
    if not found:
      return ["## Real registrations", "",
              *paragraph(f"Not measured: `{registrations.VARIABLE}` names no folder with the data.")]
    own = found["own"]
    owns = [("CreditStore, merged", own["compacted"] / own["records"]),
            ("CreditStore, as collected", own["loaded"] / own["records"])]
    return ["## Real registrations", "",
            *self._sizes("bytes a row, real registrations", "registrations",
                         f"{found['rows']:,} rows of ten columns", owns, found["peers"]),
            *paragraph(f"{found['rows'] + found['odd']:,} registrations in {found['files']} files",
                       f"({found['csv'] / found['rows']:.0f} bytes a row as CSV), ten columns, texts but for one date.",
                       f"{words.REGISTRATIONS} CreditStore holds {own['records']:,} records; the peers take",
                       f"{found['rows']:,} rows ({found['odd']} without exactly ten fields left out).")]

  def setup(self):
    results = self.results
    lines = ["## Set-up of the peers", "", "The best one found for each; two processors for all.", ""]
    for engine in self.engines:
      peer = next(peer for peer in results.peers if peer.engine == engine)
      version = roster.version(peer, results.loads[peer.name][-1].detail)
      lines.append(f"- **{engine}** {version}: {words.SETUP[engine]}")
    lines += ["", *paragraph(words.ANSWERS)]
    if results.skipped:
      lines += paragraph("Left out on this machine: " + "; ".join(results.skipped) + ".")
    return lines

  def write(self):
    parts = [*self.loading(), *self.sizes(), *self.lookups(), *self.questions(), *self.commits(), *self.real(),
             *self.setup()]
    head = ["# CreditStore beside its peers", "", *self._made("", words.HEAD),
            *table(["Work", "CreditStore", *self.engines], self.summary)]
    return self._write("peers.md", head + parts)

  def write_questions(self):
    head = ["# Questions to CreditStore and its peers", "", *self._made("--only questions ", words.HEAD)]
    return self._write("questions.md", [*head, *self.questions(), *self.setup()])

  def _made(self, options, *sentences):
    results = self.results
    return paragraph(f"Made by `scripts/bench {options}{results.rows} {results.runs}` on",
                     f"{datetime.date.today():%-d %B %Y}: {processor()}, {os.cpu_count()} processors,",
                     f"{platform.system()} {platform.release()}.", *sentences)

  def _write(self, name, lines):
    text = "\n".join(lines).rstrip() + "\n"
    path = os.path.join(self.output, name)
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


def write_questions(results, output):
  """Writes a page of the questions alone, with their chart; returns its text."""
  return Page(results, output).write_questions()
