"""Owns the prose of the page that depends on no figure: what was measured and the set-up of each peer."""

HEAD = (
  "Figures are CreditStore's own, then **ratios: the peer's cost divided by CreditStore's. Above 1, CreditStore "
  "needs less.** Of each engine the variant that is best at the work. On a machine with other work ratios count and "
  "times vary; a disk that answers in milliseconds hides what a small commit costs beside it.")

LOADING = (
  "Seconds of CreditStore are those of the whole process; seconds of the peers run from opening to closing, without "
  "starting Python. CreditStore validates every row, sorts by subject, decides duplicates, indexes and syncs; what "
  "the peers do is said below. Peak memory of the peers in C includes the mapped file.")

LOOKUPS = (
  "CreditStore, SQLite, LMDB and RocksDB are called in process, from Swift and C; DuckDB and ClickHouse through "
  "Python.")

QUESTIONS = (
  "Ratios are of CreditStore with two threads. Every engine is asked in a process of its own, store open, each "
  "question once before; CreditStore, merged, through its public interface. SQLite, which works on one thread, is "
  "asked in one round, with one run that counts, because it takes seconds. The whole answer is fetched within the "
  "time: CreditStore's is columns whose texts become strings when somebody looks at them, the peers' as said below. Different values are counted in SQL over "
  "`select distinct`, as quick as `count(distinct …)` in DuckDB and SQLite and quicker in ClickHouse. For an average "
  "the peers are asked for the count; the average is made of sum and count afterwards. The document number, the "
  "codes and the subject asked for are those of the file's first rows.")

COMMITS = (
  "A commit of the peers reads one record, changes its amount and is durable when the call returns; one of "
  "CreditStore is a correction through its public interface: found, checked, the new version and the correction "
  "itself written. Stores of 6,400 records; rounds of raw writes and of commits in turn, medians; the disk is "
  "measured anew beside each engine, because it varies.")

REGISTRATIONS = (
  "CreditStore collects the files one by one under the entry `QYDJ` that every store is born with, indexes each "
  "record's subject, keeps what it sets aside, and reads `N/A` as absent. The peers take one file with all rows, "
  "ordered by the code. The data is not part of the project.")

ANSWERS = (
  "The file is that of `credit generate FOLDER --profile peer --records N --seed 7`: nine columns (subject, "
  "catalogue, unit, document number, date, time, amount, status, content). Answers are compared in the same run "
  "with those computed from the file itself: how many rows every store holds, and for every subject looked up how "
  "many records, the sum of the amounts, and a checksum over all nine fields of each record (CreditStore: count and "
  "sum of every subject of the file, all fields of some fifty subjects). Answers to questions are compared whole, row "
  "by row, with CreditStore's with two threads: dates and numbers as texts, averages of exact sums and counts rounded "
  "half up to four places. A difference is a failure.")

SETUP = {
  "DuckDB": (
    "declared types, two threads, a fresh file, a checkpoint at the end. As loaded it keeps the order of the "
    "file; the ordered table is made by `insert … order by subject`. It neither checks nor indexes nor "
    "removes duplicates. Look-ups are prepared statements through Python (rows become Python values), without "
    "an index: an index makes them slower. Questions go to the ordered table; an answer of many rows is fetched as an "
    "Arrow table, one row as a tuple of Python, the quickest ways found; a month is a number made of year and month, "
    "quicker than a text or a date."),
  "ClickHouse": (
    "in process (chdb), MergeTree ordered by subject, two threads, the codec named for every column, "
    "`optimize table final` to one part, the sum of `bytes_on_disk` of the active parts; LowCardinality for "
    "catalogue, unit and content, except where it says plain texts. Its default codec is ZSTD(3). Nothing is "
    "synced. Look-ups are queries on one thread through Python whose answers stay bytes in the format Native; "
    "so are questions, with two threads and without the query condition cache, which would answer a filter that was "
    "asked before from what it remembers of the first time."),
  "SQLite": (
    "in C: one table `without rowid`, primary key (subject, n), integers for dates, timestamps and numbers, a "
    "log written ahead, `synchronous=full`, a cache of 1 GiB and a mapped file; prepared statements; the load "
    "is one transaction of rows sorted beforehand in memory (the sort is counted) and ends with a checkpoint. "
    "A look-up reads all nine columns and copies the texts out. *How many* is `count(*)` over the subject's "
    "rows. Questions are prepared statements with the same pragmas, without further indexes; values are copied out."),
  "LMDB": (
    "in C: key subject and number, value the bytes of the row (numbers in binary), and a second tree from "
    "subject to count; rows sorted beforehand in memory (counted) and appended, one sync at the end. A "
    "look-up takes the rows apart and copies the texts out. It checks no sums when it reads and does not "
    "compress."),
  "RocksDB": (
    "in C: the same keys and values, LZ4, blocks of 16 KiB, Bloom filters on the subject, a cache of 1 GiB; "
    "sorted beforehand (counted), written in batches without a log, flushed, then compacted. A look-up is a "
    "scan of the subject's prefix that takes the rows apart and copies the texts out."),
}
