// Owns bringing data in through the platform, and entering the units and accounts that may.
// Invariants: what an account brings in is its unit's; the rules of collection are those of the store.

public import CreditModel
import CreditStore

/// What became of a file (报送回执).
public struct ReportedBatch: Codable, Sendable, Equatable {
  /// Number of the batch.
  public var batch: UInt64
  /// Rows of the file.
  public var reported: Int
  /// New records.
  public var loaded: Int
  /// New versions of records.
  public var updated: Int
  /// Rows that were there already.
  public var duplicate: Int
  /// Rows set aside because a rule failed.
  public var questionable: Int
  /// Rows set aside because nothing in them identifies a subject.
  public var unlinked: Int
}

extension AccessSession {
  /// Takes in a file as a batch of the caller's unit (信用信息报送): JSON or a workbook where its name says so, else CSV.
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - entry: code of the entry.
  ///   - period: label of the period it is for, such as `2026-11`; `nil` = the one its day lies in.
  ///   - resubmits: the batch whose rejects it sends again.
  ///   - channel: how it came.
  /// - Throws: `AccessRefusal`; `CreditError`: what collecting throws, such as `unitNotAllowed`.
  @discardableResult
  public func collect(
    _ path: String, for entry: String, period: String? = nil, resubmits: UInt64? = nil,
    channel: ReportingChannel = .file
  ) throws -> ReportedBatch {
    try perform(.collect) { reading, facts in
      try reading.checkReporting(of: entry)
      var options = CollectionOptions(today: reading.today)
      (options.period, options.resubmits, options.channel) = (period, resubmits, channel)
      let receipt = try platform.database.collectBlocking(
        Self.source(path), for: entry, from: reading.grant.unit, options: options)
      facts.entries = [entry]
      facts.rows = receipt.loaded + receipt.updated
      return ReportedBatch(
        batch: receipt.batch, reported: receipt.reported, loaded: receipt.loaded, updated: receipt.updated,
        duplicate: receipt.duplicate, questionable: receipt.questionable, unlinked: receipt.unlinked)
    }
  }

  private static func source(_ path: String) -> CreditDatabase.Source {
    let name = path.lowercased()
    if name.hasSuffix(".xlsx") { return .xlsx(path) }
    return name.hasSuffix(".json") || name.hasSuffix(".jsonl") ? .json(path) : .csv(path)
  }

  /// Enters units and accounts, or new versions of them (单位与账号登记).
  ///
  /// - Parameters:
  ///   - units: parents may be among them.
  ///   - accounts: their units may be among these.
  /// - Throws: `AccessRefusal`; `CreditError`: what entering them throws.
  public func enter(_ units: [ReportingUnit], _ accounts: [UnitAccount]) throws {
    try perform(.administer) { _, facts in
      try platform.database.publish(units)
      try platform.database.publish(accounts)
      facts.rows = units.count + accounts.count
    }
  }
}
