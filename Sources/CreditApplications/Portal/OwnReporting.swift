// Owns what units see of what they reported: their batches, the rows that were set aside, what is due.
// Invariants: a unit sees its own batches and those of units it reaches; rows stand as they were sent, with numbers of people masked unless the role shows them.

public import CreditModel
import CreditStore

/// A row that was set aside, with its reasons (疑问数据、未关联数据).
public struct RejectedRow: Codable, Sendable, Equatable {
  /// Number of the row in its file: records from 1 after the header.
  public var row: Int
  /// `questionable` or `unlinked`.
  public var state: String
  /// Why.
  public var reasons: [RuleFinding]
  /// The row as it was sent: a JSON object of header and cell; `nil` where it is no text or is gone.
  public var raw: String?
}

extension AccessSession {
  /// The batches of the caller's units, by number (批次与回执查询).
  ///
  /// - Parameter entry: only those of an entry.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func batches(entry: String? = nil) throws -> [BatchReport] {
    try perform(.collect) { reading, facts in
      let found = try reading.snapshot.batches(entry: entry).filter { reading.reports($0.unit, $0.entry) }
      facts.rows = found.count
      return found
    }
  }

  /// The rows of a batch that are set aside still (退回数据查询).
  ///
  /// - Parameter batch: its number.
  /// - Throws: `AccessRefusal`; `CreditError`, code `unknownBatch`, also for one of another unit.
  public func rejects(ofBatch batch: UInt64) throws -> [RejectedRow] {
    try perform(.collect) { reading, facts in
      let known = try reading.batch(batch)
      let isUnmasked = reading.roles.allSatisfy { $0.isUnmasked ?? false }
      let presentation =
        isUnmasked
        ? try RecordPresentation.unmasked(purpose: caller.purpose, on: reading.today)
        : RecordPresentation.masked(on: reading.today)
      var raws = RawRowPresentation(presentation, of: try reading.snapshot.entry(known.entry))
      let rows = try reading.snapshot.setAsideRows(ofBatch: batch).map { row in
        let raw: String? =
          if case .object(let json) = row.raw { raws.shown(json) } else { nil }
        return RejectedRow(row: row.row, state: row.state.name, reasons: row.reasons, raw: raw)
      }
      facts.entries = [known.entry]
      facts.rows = rows.count
      return rows
    }
  }

  /// Closes rows of a batch that were sent again in another file, or that nobody will correct (销号).
  ///
  /// - Parameters:
  ///   - batch: its number.
  ///   - rows: numbers of the rows; `nil` means all that are set aside still.
  ///   - reason: why; must not name anybody.
  /// - Returns: how many were closed.
  /// - Throws: `AccessRefusal`, `notCompetent` where it is another unit's that the caller may look at; `CreditError`: `unknownBatch`, also for one of any other
  ///   unit, `unknownRow`, `reasonMissing`.
  @discardableResult
  public func closeRejects(ofBatch batch: UInt64, rows: Set<Int>? = nil, reason: String) throws -> Int {
    try perform(.collect) { reading, facts in
      let known = try reading.batch(batch)
      guard reading.closes(known.unit, known.entry) else {
        throw AccessRefusal(.notCompetent, "a unit closes what it reported itself, or the centre does")
      }
      let closed = try platform.database.closeSetAsideRows(ofBatch: batch, rows: rows, reason: reason).rows
      facts.entries = [known.entry]
      facts.rows = closed
      return closed
    }
  }

  /// What became of the periods of the caller's tasks, the oldest first (征集任务完成情况).
  ///
  /// - Parameter states: only periods that stand so.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func tasks(
    states: Set<TaskStatus.State> = Set(TaskStatus.State.allCases)
  ) throws -> [TaskStatus] {
    try perform(.collect) { reading, facts in
      let found = try reading.snapshot.taskStatuses(on: reading.today, states: states).filter {
        reading.reports($0.unit, $0.task.entry)
      }
      facts.rows = found.count
      return found
    }
  }

  /// Notes that the caller's unit has nothing to report for a period (零报送).
  ///
  /// - Parameters:
  ///   - entry: code of the entry.
  ///   - period: label of the period; `nil` = the oldest that is open.
  /// - Returns: the number of the batch.
  /// - Throws: `AccessRefusal`: `entryNotGranted`, `notCompetent` for whoever has no unit; `CreditError`: what reporting throws.
  @discardableResult
  public func reportNothing(for entry: String, period: String? = nil) throws -> UInt64 {
    try perform(.collect) { reading, facts in
      try reading.checkReporting(of: entry)
      guard let unit = reading.grant.unit else {
        throw AccessRefusal(.notCompetent, "a unit says for itself that it has nothing to report")
      }
      facts.entries = [entry]
      return try platform.database.reportNothing(for: entry, from: unit, period: period)
    }
  }
}

extension AccessReading {
  /// A batch that the caller sees; one that it does not see is none.
  fileprivate func batch(_ number: UInt64) throws -> BatchReport {
    let known = try snapshot.batches().first { $0.batch == number }
    guard let known, reports(known.unit, known.entry) else {
      throw CreditError("unknownBatch", "there is no batch \(number)")
    }
    return known
  }

  /// Whether the caller sees what a unit reported to an entry. Whom a role reaches to read from does not matter here: what was refused is its unit's own
  /// business, that of the units above it, and the centre's.
  fileprivate func reports(_ unit: String?, _ entry: String) -> Bool {
    isAmong(unit, entry) { grant.reach(of: $0) }
  }

  /// Whether the caller says what becomes of rows that a unit reported: who stands above it sees them, and leaves them to it.
  fileprivate func closes(_ unit: String?, _ entry: String) -> Bool {
    isAmong(unit, entry) { _ in grant.ownUnits }
  }

  /// Whether some role is the centre's for a unit and an entry, or has the unit among others.
  private func isAmong(_ unit: String?, _ entry: String, _ units: (AccessRole) -> Set<String>) -> Bool {
    roles.contains { role in
      guard role.entries?.contains(entry) ?? true else { return false }
      if role.audience == .centre { return grant.units(of: role)?.contains(unit ?? "") ?? true }
      return unit.map(units(role).contains) ?? false
    }
  }

  /// Refuses who may not bring data in to an entry.
  func checkReporting(of entry: String) throws(AccessRefusal) {
    guard roles.contains(where: { $0.entries?.contains(entry) ?? true }) else {
      throw AccessRefusal(.entryNotGranted, "no role allows bringing in \(entry)")
    }
  }
}
