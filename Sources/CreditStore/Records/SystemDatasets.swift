// Owns the store's own tables: catalogue, batches, rows set aside, raw rows, long identifiers, units, accounts, tasks, exchange, documents, the log.
// Invariants: they are ordinary datasets of the engine, so they share its commits, checksums and snapshots; numbers and
// column ids never change. Datasets of entries are numbered from `firstEntry`.

package import CreditModel
package import SegmentStore

package enum SystemDatasets {
  package static let firstEntry: UInt32 = 100

  private static func schema(
    _ number: UInt32, version: UInt32 = 1, _ types: [ColumnType], order: Int? = nil
  ) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: number), version: version,
      columns: types.enumerated().map { ColumnSchema(id: 16 + UInt32($0), type: $1) }, orderColumn: order)
  }

  /// Catalogue entries: code, version, dataset, JSON, column ids as JSON, next free column id; since version 2 also what is searched, so that no JSON
  /// has to be read for it: the summary with marks between its fields, and ids, names and aliases of all items.
  package static let catalogue = schema(
    1, version: 2, [.text, .integer, .integer, .text, .text, .integer, .text, .text])
  /// Batches, keyed by their commit: kind, entry, unit, file, JSON of the receipt, reason; since version 2 the version of the entry; since version 3
  /// channel, period, the batch it sends again, and the counters of the receipt: reported, loaded, updated, duplicate, questionable, unlinked.
  package static let batches = schema(
    2, version: 3,
    [
      .text, .text, .text, .text, .text, .text, .integer, .text, .text, .integer, .integer, .integer,
      .integer,
      .integer, .integer, .integer,
    ])
  /// Rows set aside, keyed by batch: row, state (1 questionable, 2 unlinked), reasons as JSON, key of the raw row.
  package static let setAside = schema(3, [.integer, .integer, .text, .text], order: 0)
  /// Raw rows, keyed by 124 bits of their SHA-256: form (0 JSON object, 1 Base64, 2 beginning of a huge row), text.
  package static let rawRows = schema(4, [.integer, .text])
  /// Identifiers longer than a key can hold, by their key: the text.
  package static let longIdentifiers = schema(5, [.text])
  /// Versions of entries that wait for a decision, keyed by entry: code, version, state, JSON, by whom, note, decided by whom, reason.
  package static let reviews = schema(6, [.text, .integer, .integer, .text, .text, .text, .text, .text])

  /// Links between subjects, each under both its ends: kind and text of the other end, number of the link, evidence, note, first day, by whom, text of
  /// this end.
  package static let links = schema(
    7, [.integer, .text, .integer, .text, .text, .integer, .text, .text])

  /// Units, keyed by code: code, name, parent, division, successor, first day, note.
  package static let units = schema(8, [.text, .text, .text, .text, .text, .integer, .text])
  /// Accounts, keyed by id: id, unit, name, whether it is active.
  package static let accounts = schema(9, [.text, .text, .text, .integer])
  /// Collection tasks, keyed by unit, entry and cycle: these, days to the deadline, first day, last day.
  package static let tasks = schema(10, [.text, .text, .text, .integer, .integer, .integer])

  /// Routes, keyed by code: code, JSON.
  package static let exchangeRoutes = schema(11, [.text, .text])
  /// Packages, keyed by route: route, number, JSON.
  package static let exchangePackages = schema(12, [.text, .integer, .text])
  /// Lines of receipts, keyed by route and package: these, number of the change, state, code, message.
  package static let exchangeLines = schema(13, [.text, .text, .text, .text, .text])
  /// Packages that came in, keyed by sender, route and number: sender and route, number, JSON; and keyed by sender and route the number of the last.
  package static let exchangeReceived = schema(14, [.text, .integer, .text])

  /// Documents of the applications, keyed by kind and id: these, JSON.
  package static let documents = schema(15, [.text, .text, .text])
  /// Documents that concern a subject, keyed by it: kind, id.
  package static let subjectDocuments = schema(16, [.text, .text])
  /// Who looked at what, keyed by the hash of the subject: instant, file, number of the line, place of the subject in it, account, unit, roles, portal,
  /// terminal, action, purpose, case, entries, rows, consent, outcome, hash of the subject.
  package static let accessLog = schema(
    17,
    [
      .integer, .text, .integer, .integer, .text, .text, .text, .text, .text, .text, .text, .text, .text,
      .integer, .text, .text, .text,
    ], order: 0)

  /// What people call the tables, by number.
  package static let names: [UInt32: String] = [
    1: "$catalogue", 2: "$batches", 3: "$setAside", 4: "$rawRows", 5: "$longIdentifiers",
    6: "$reviews", 7: "$links", 8: "$units", 9: "$accounts", 10: "$tasks", 11: "$exchangeRoutes",
    12: "$exchangePackages",
    13: "$exchangeLines", 14: "$exchangeReceived", 15: "$documents", 16: "$subjectDocuments",
    17: "$accessLog",
  ]

  /// The key of a batch.
  package static func key(batch: UInt64) -> UInt128 { UInt128(batch) }

  /// A key of the system family from a digest of 32 bytes.
  package static func key(digest: [UInt8]) -> UInt128 {
    digest.prefix(16).reduce(0) { $0 << 8 | UInt128($1) } & (UInt128(1) << 124 - 1)
  }

  /// The key under which the links of a subject stand: the table has its own, so that a link makes nobody a subject.
  package static func key(linksOf subject: UInt128) -> UInt128 { key(digest: SHA256.hash(bytes(subject))) }

  /// The key under which the documents of a subject stand; another one than that of its links.
  package static func key(documentsOf subject: UInt128) -> UInt128 {
    key(digest: SHA256.hash(bytes(subject) + [1]))
  }

  /// The key of a document.
  package static func key(document kind: String, _ id: String) -> UInt128 { key(named: kind + "\u{0}" + id) }

  private static func bytes(_ key: UInt128) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: key >> UInt128(120 - 8 * $0)) }
  }

  /// The key of a catalogue entry.
  package static func key(entryCode: String) -> UInt128 { key(named: entryCode) }

  /// The key of what has a name: a unit, an account, a task.
  package static func key(named name: String) -> UInt128 { key(digest: SHA256.hash(name.utf8)) }
}

extension SubjectKey {
  /// 128 bits of the SHA-256 of a text, for keys of long identifiers.
  package static func digest(_ text: String) -> UInt128 {
    SHA256.hash(text.utf8).prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
  }
}

extension RowPayload.Cell {
  package static func text(_ string: String) -> RowPayload.Cell { .text(Array(string.utf8)) }

  package var string: String? {
    if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
  }
  package var number: Int64? { if case .integer(let value) = self { value } else { nil } }
}

extension ScanRow {
  /// The text of a column of the scan, or `nil`.
  package func string(_ column: Int) throws(StoreError) -> String? {
    try text(column).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension StoredRow {
  /// The values of the row, or damage.
  package func cells(_ schema: DatasetSchema) throws(StoreError) -> [RowPayload.Cell] {
    guard let cells = payload.withUnsafeBytes({ RowPayload.decode($0, schema) }) else {
      throw StoreError(.damaged, "a row does not fit its schema")
    }
    return cells
  }
}
