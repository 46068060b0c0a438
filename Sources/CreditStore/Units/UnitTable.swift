// Owns the rows in which units and accounts are stored.
// Invariants: a unit or account has one current row; earlier ones stay readable.
// Does not check what the rows say.

public import CreditModel
import SegmentStore

/// A version of a unit.
public struct UnitVersion: Sendable, Equatable {
  /// The unit as it was from this commit on.
  public var unit: ReportingUnit
  /// Why it changed.
  public var note: String?
  /// The commit that made the version.
  public var commit: UInt64
  /// The commit that replaced it; `nil` for the current one.
  public var until: UInt64?
}

struct UnitTable {
  let snapshot: EngineSnapshot

  /// All units.
  func units() throws -> [ReportingUnit] {
    var units: [ReportingUnit] = []
    try DatasetScan(snapshot, schema: SystemDatasets.units).forEach { row in
      units.append(
        try Self.unit(
          code: row.string(0), name: row.string(1), parent: row.string(2), division: row.string(3),
          successor: row.string(4),
          since: row.integer(5)))
    }
    return units
  }

  /// Every version of a unit, oldest first.
  func history(of code: String) throws -> [UnitVersion] {
    let schema = SystemDatasets.units
    return try snapshot.rows(of: SystemDatasets.key(named: code), schema: schema).map { row in
      let cells = try row.cells(schema)
      return UnitVersion(
        unit: try Self.unit(
          code: cells[0].string, name: cells[1].string, parent: cells[2].string, division: cells[3].string,
          successor: cells[4].string, since: cells[5].number),
        note: cells[6].string, commit: row.system.commit, until: row.superseded)
    }.filter { $0.unit.code == code }.sorted { $0.commit < $1.commit }
  }

  /// When others did the work of units that did it themselves again afterwards.
  func formerTakeovers(of codes: Set<String>) throws -> [String: [UnitRegister.Takeover]] {
    var former: [String: [UnitRegister.Takeover]] = [:]
    for code in codes {
      let versions = try history(of: code).map(\.unit)
      let takeovers = zip(versions, versions.dropFirst()).compactMap { version, next in
        version.successor == next.successor
          ? nil
          : version.successor.map {
            UnitRegister.Takeover(
              successor: $0, first: version.since ?? .minimum, end: next.since ?? .minimum)
          }
      }
      if !takeovers.isEmpty { former[code] = takeovers }
    }
    return former
  }

  private static func unit(
    code: String?, name: String?, parent: String?, division: String?, successor: String?, since: Int64?
  ) throws(StoreError) -> ReportingUnit {
    guard let code, let name else { throw StoreError(.damaged, "a unit is incomplete") }
    return ReportingUnit(
      code: code, name: name, parent: parent, division: division, successor: successor,
      since: since.flatMap { Day(daysSinceEpoch: Int(clamping: $0)) })
  }

  /// All accounts, by id.
  func accounts() throws -> [UnitAccount] {
    var accounts: [UnitAccount] = []
    try DatasetScan(snapshot, schema: SystemDatasets.accounts).forEach { row in
      guard let id = try row.string(0), let unit = try row.string(1) else {
        throw StoreError(.damaged, "an account is incomplete")
      }
      accounts.append(
        UnitAccount(id: id, unit: unit, name: try row.string(2), isActive: try row.integer(3) == 1))
    }
    return accounts.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  // MARK: Writing

  /// Puts a unit in the place of its current version.
  static func put(_ unit: ReportingUnit, note: String?, _ transaction: inout WriteTransaction) throws {
    func cell(_ text: String?) -> RowPayload.Cell { text.map { .text($0) } ?? .null }
    try replace(
      unit.code, SystemDatasets.units,
      [
        .text(unit.code), .text(unit.name), cell(unit.parent), cell(unit.division), cell(unit.successor),
        unit.since.map { .integer(Int64($0.daysSinceEpoch)) } ?? .null, cell(note),
      ], &transaction)
  }

  /// Puts an account in the place of its current version.
  static func put(_ account: UnitAccount, _ transaction: inout WriteTransaction) throws {
    try replace(
      account.id, SystemDatasets.accounts,
      [
        .text(account.id), .text(account.unit), account.name.map { .text($0) } ?? .null,
        .integer(account.isActive ? 1 : 0),
      ], &transaction)
  }

  /// Puts a row in the place of the current one with the same name, which its first cell or its key tells.
  static func replace(
    _ name: String, _ schema: DatasetSchema, _ cells: [RowPayload.Cell], _ transaction: inout WriteTransaction
  ) throws {
    let key = SystemDatasets.key(named: name)
    for row in try transaction.snapshot.currentRows(of: key, schema: schema)
    where try row.cells(schema)[0].string == cells[0].string { transaction.supersede(row.address) }
    try transaction.append(schema, key: key, batch: transaction.commit, payload: RowPayload.encode(cells))
  }
}
