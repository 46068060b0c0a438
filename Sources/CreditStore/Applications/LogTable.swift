// Owns the rows in which the access log is kept in the store, once a process's file was folded into it.
// Invariants: a line has a row for each of its subjects, under the hash of that subject, and one row where it has none; rows are never changed.
// Does not know what the words mean, and does not check chains.

import SegmentStore

/// A line of the access log about one subject.
package struct LogRow: Sendable, Equatable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  package var instant: Int64
  /// The file it was written to.
  package var file: String
  /// Number of the line in the file.
  package var sequence: Int
  /// Number of the subject in the line, from 0.
  package var place: Int
  package var account: String?
  package var unit: String?
  /// Joined by blanks.
  package var roles: String
  package var portal: String
  package var terminal: String?
  package var action: String
  package var purpose: String
  package var caseNumber: String?
  /// Joined by blanks.
  package var entries: String
  package var rows: Int
  package var consent: String?
  package var outcome: String
  /// Hash of the subject; `nil` where the line has none.
  package var subject: String?

  package init(
    instant: Int64, file: String, sequence: Int, place: Int, account: String?, unit: String?, roles: String,
    portal: String, terminal: String?, action: String, purpose: String, caseNumber: String?, entries: String,
    rows: Int, consent: String?, outcome: String, subject: String?
  ) {
    self.instant = instant
    self.file = file
    self.sequence = sequence
    self.place = place
    self.account = account
    self.unit = unit
    self.roles = roles
    self.portal = portal
    self.terminal = terminal
    self.action = action
    self.purpose = purpose
    self.caseNumber = caseNumber
    self.entries = entries
    self.rows = rows
    self.consent = consent
    self.outcome = outcome
    self.subject = subject
  }
}

enum LogTable {
  private static let schema = SystemDatasets.accessLog

  private static func key(_ subject: String?) -> UInt128 {
    guard let subject, let bytes = ContentDigest.bytes(hex: subject), bytes.count >= 16 else {
      return SystemDatasets.key(named: "log")
    }
    return SystemDatasets.key(digest: bytes)
  }

  static func append(_ row: LogRow, to transaction: inout WriteTransaction) throws {
    func cell(_ text: String?) -> RowPayload.Cell { text.map { .text($0) } ?? .null }
    try transaction.append(
      schema, key: key(row.subject), batch: transaction.commit,
      payload: RowPayload.encode([
        .integer(row.instant), .text(row.file), .integer(Int64(row.sequence)), .integer(Int64(row.place)),
        cell(row.account), cell(row.unit), .text(row.roles), .text(row.portal), cell(row.terminal),
        .text(row.action), .text(row.purpose), cell(row.caseNumber), .text(row.entries),
        .integer(Int64(row.rows)), cell(row.consent), .text(row.outcome), cell(row.subject),
      ]))
  }

  /// Lines about a subject, oldest first.
  static func rows(of subject: String, in snapshot: EngineSnapshot) throws -> [LogRow] {
    guard try snapshot.mayHaveRows(of: schema.dataset) else { return [] }
    return try snapshot.currentRows(of: key(subject), schema: schema).map { row in
      let cells = try row.cells(schema)
      return try Self.row({ cells[$0].string }, { cells[$0].number })
    }.filter { $0.subject == subject }.sorted {
      ($0.instant, $0.file, $0.sequence) < ($1.instant, $1.file, $1.sequence)
    }
  }

  static func forEach(in snapshot: EngineSnapshot, _ body: (LogRow) throws -> Void) throws {
    guard try snapshot.mayHaveRows(of: schema.dataset) else { return }
    try DatasetScan(snapshot, schema: schema).forEach { row in
      var texts: [String?] = []
      var numbers: [Int64?] = []
      for (place, column) in schema.columns.enumerated() {
        texts.append(column.type == .text ? try row.string(place) : nil)
        numbers.append(column.type == .integer ? try row.integer(place) : nil)
      }
      try body(try Self.row({ texts[$0] }, { numbers[$0] }))
    }
  }

  private static func row(_ text: (Int) -> String?, _ number: (Int) -> Int64?) throws(StoreError) -> LogRow {
    guard let instant = number(0), let file = text(1), let sequence = number(2), let place = number(3),
      let portal = text(7), let action = text(9), let purpose = text(10), let outcome = text(15)
    else { throw StoreError(.damaged, "a line of the access log is incomplete") }
    return LogRow(
      instant: instant, file: file, sequence: Int(clamping: sequence), place: Int(clamping: place),
      account: text(4), unit: text(5), roles: text(6) ?? "", portal: portal, terminal: text(8),
      action: action, purpose: purpose, caseNumber: text(11), entries: text(12) ?? "",
      rows: Int(clamping: number(13) ?? 0), consent: text(14), outcome: outcome, subject: text(16))
  }
}

extension CreditSnapshot {
  /// Lines of the access log about a subject, by the hash under which it stands there, oldest first.
  package func logRows(of subject: String) throws -> [LogRow] {
    do { return try LogTable.rows(of: subject, in: engine) } catch { throw CreditError(wrapping: error) }
  }

  /// Visits the rows of the access log, in no order.
  package func forEachLogRow(_ body: (LogRow) throws -> Void) throws {
    do { try LogTable.forEach(in: engine, body) } catch { throw CreditError(wrapping: error) }
  }
}
