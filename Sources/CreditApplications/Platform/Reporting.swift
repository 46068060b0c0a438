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
  /// Takes in a CSV file as a batch of the caller's unit (信用信息报送).
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - entry: code of the entry.
  /// - Throws: `AccessRefusal`; `CreditError`: what collecting throws, such as `unitNotAllowed`.
  @discardableResult
  public func collect(_ path: String, for entry: String) throws -> ReportedBatch {
    try perform(.collect) { reading, facts in
      guard reading.roles.contains(where: { $0.entries?.contains(entry) ?? true }) else {
        throw AccessRefusal(.entryNotGranted, "no role allows bringing in \(entry)")
      }
      let receipt = try platform.database.collectBlocking(.csv(path), for: entry, from: reading.grant.unit)
      facts.entries = [entry]
      facts.rows = receipt.loaded + receipt.updated
      return ReportedBatch(
        batch: receipt.batch, reported: receipt.reported, loaded: receipt.loaded, updated: receipt.updated,
        duplicate: receipt.duplicate, questionable: receipt.questionable, unlinked: receipt.unlinked)
    }
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
