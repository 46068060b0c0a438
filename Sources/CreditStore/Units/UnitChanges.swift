// Owns entering, renaming, moving and merging units, and entering accounts.
// Invariants: one change is one commit with a note among the batches; after it the tree is sound, or nothing changed; nothing is forgotten: earlier
// versions stay readable.
// Does not check who may change units (CreditApplications).

public import CreditModel
import SegmentStore

/// What entering units or accounts did.
public struct RegisterResult: Codable, Sendable, Equatable {
  /// New or changed.
  public var published: Int
  /// There already, word for word.
  public var unchanged: Int

  /// Makes a result.
  public init(published: Int, unchanged: Int) {
    self.published = published
    self.unchanged = unchanged
  }
}

extension CreditDatabase {
  /// Most units or accounts of one store: ten times those of a province.
  private static let maximumUnits = 100_000

  /// Enters units, or new versions of units: renamed, moved in the tree (单位登记、更名).
  ///
  /// ```swift
  /// try database.publish([ReportingUnit(code: code, name: "行政审批局", since: day)], reason: "机构改革")
  /// ```
  /// A unit whose work another took over stays so: entering it again without a successor does not undo that, ``restoreUnit(_:since:reason:)`` does.
  ///
  /// - Parameters:
  ///   - units: each once; parents may be among them or in the register already.
  ///   - reason: why, kept with each version.
  /// - Throws: `CreditError`: `invalidUnit`, `unknownUnit` for a parent or successor that is no unit, `unitCycle`, `unitClosed` for another
  ///   successor than the one there is, `limit`; nothing changes then.
  @discardableResult
  public func publish(_ units: [ReportingUnit], reason: String? = nil) throws -> RegisterResult {
    do {
      let register = try snapshot().units()
      // A unit that was entered otherwise stays what it is.
      let units = units.map { register[$0.code] == nil ? $0.written : $0 }
      if let problem = units.lazy.compactMap(\.problem).first { throw CreditError("invalidUnit", problem) }
      guard Set(units.map(\.code)).count == units.count else {
        throw CreditError("invalidUnit", "the same unit stands twice; enter its versions one after the other")
      }
      return try engine.write { transaction in
        let known = try UnitTable(snapshot: transaction.snapshot).units()
        let old = Dictionary(known.map { ($0.code, $0) }, uniquingKeysWith: { _, last in last })
        guard Set(old.keys).union(units.map(\.code)).count <= Self.maximumUnits else {
          throw CreditError("limit", "a register has at most \(Self.maximumUnits) units")
        }
        let changed = try units.map { try Self.keepingSuccessor($0, of: old[$0.code]) }
          .filter { old[$0.code] != $0 }
        let all = UnitRegister(
          Array(old.merging(changed.map { ($0.code, $0) }, uniquingKeysWith: { _, new in new }).values))
        if let problem = all.problem { throw CreditError(problem.code, problem.message) }
        for unit in changed { try UnitTable.put(unit, note: reason, &transaction) }
        if !changed.isEmpty { try Self.note("units", reason, &transaction) }
        return RegisterResult(published: changed.count, unchanged: units.count - changed.count)
      }.value
    } catch { throw CreditError(wrapping: error) }
  }

  /// A version of a unit with the successor it has.
  private static func keepingSuccessor(
    _ unit: ReportingUnit, of old: ReportingUnit?
  ) throws(CreditError) -> ReportingUnit {
    guard let old, let successor = old.successor else { return unit }
    var kept = unit
    if unit.successor == nil { (kept.successor, kept.since) = (successor, old.since) }
    guard kept.successor == successor else {
      throw CreditError(
        "unitClosed", "\(successor) took over the work of unit \(unit.code) already; restore it first")
    }
    return kept
  }

  /// Says that another unit took over the work of one (单位合并、撤并): from that day on its tasks and entries are the other's, its history stays its own.
  ///
  /// - Parameters:
  ///   - code: the unit that ends.
  ///   - successor: the unit that goes on.
  ///   - day: the first day on which that holds.
  ///   - reason: why.
  /// - Returns: the commit.
  /// - Throws: `CreditError`: `unknownUnit`, `unitCycle`, `reasonMissing`, `unitClosed` when it ended already.
  @discardableResult
  public func mergeUnit(_ code: String, into successor: String, since day: Day, reason: String) throws
    -> UInt64
  {
    do {
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "merging units needs a reason")
      }
      let (_, commit) = try engine.write { transaction in
        var units = try UnitTable(snapshot: transaction.snapshot).units()
        guard let place = units.firstIndex(where: { $0.code == code }) else {
          throw CreditError("unknownUnit", "there is no unit \(code)")
        }
        guard units.contains(where: { $0.code == successor }) else {
          throw CreditError("unknownUnit", "there is no unit \(successor)")
        }
        if let other = units[place].successor {
          throw CreditError("unitClosed", "\(other) took over the work of unit \(code) already")
        }
        units[place].successor = successor
        units[place].since = day
        if let problem = UnitRegister(units).problem { throw CreditError(problem.code, problem.message) }
        try UnitTable.put(units[place], note: reason, &transaction)
        try Self.note("units", reason, &transaction)
      }
      guard let commit else { throw CreditError("failed", "the units were not merged") }
      return commit
    } catch { throw CreditError(wrapping: error) }
  }

  /// Takes back that another unit took over the work of one (恢复单位).
  ///
  /// - Parameters:
  ///   - code: the unit.
  ///   - day: the first day on which it works itself again.
  ///   - reason: why.
  /// - Returns: the commit.
  /// - Throws: `CreditError`: `unknownUnit`, `reasonMissing`, `notMerged`.
  @discardableResult
  public func restoreUnit(_ code: String, since day: Day, reason: String) throws -> UInt64 {
    do {
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "restoring a unit needs a reason")
      }
      let (_, commit) = try engine.write { transaction in
        let units = try UnitTable(snapshot: transaction.snapshot).units()
        guard var unit = units.first(where: { $0.code == code }) else {
          throw CreditError("unknownUnit", "there is no unit \(code)")
        }
        guard unit.successor != nil else { throw CreditError("notMerged", "unit \(code) works itself") }
        (unit.successor, unit.since) = (nil, day)
        try UnitTable.put(unit, note: reason, &transaction)
        try Self.note("units", reason, &transaction)
      }
      guard let commit else { throw CreditError("failed", "the unit was not restored") }
      return commit
    } catch { throw CreditError(wrapping: error) }
  }

  /// Enters accounts, or new versions of accounts (账号登记).
  ///
  /// - Parameter accounts: each once; their units must be in the register.
  /// - Throws: `CreditError`: `invalidAccount`, `unknownUnit`, `limit`; nothing changes then.
  @discardableResult
  public func publish(_ accounts: [UnitAccount]) throws -> RegisterResult {
    do {
      guard Set(accounts.map(\.id)).count == accounts.count,
        accounts.allSatisfy({ (1...200).contains($0.id.utf8.count) })
      else {
        throw CreditError("invalidAccount", "an account stands twice, or its id does not have 1 to 200 bytes")
      }
      return try engine.write { transaction in
        let table = UnitTable(snapshot: transaction.snapshot)
        let units = Set(try table.units().map(\.code))
        if let lost = accounts.first(where: { !units.contains($0.unit) }) {
          throw CreditError(
            "unknownUnit", "account \(lost.id) belongs to \(lost.unit), which is no unit of the register")
        }
        let known = try table.accounts()
        let old = Dictionary(known.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
        let changed = accounts.filter { old[$0.id] != $0 }
        guard Set(known.map(\.id)).union(changed.map(\.id)).count <= Self.maximumUnits else {
          throw CreditError("limit", "a register has at most \(Self.maximumUnits) accounts")
        }
        for account in changed { try UnitTable.put(account, &transaction) }
        if !changed.isEmpty { try Self.note("accounts", nil, &transaction) }
        return RegisterResult(published: changed.count, unchanged: accounts.count - changed.count)
      }.value
    } catch { throw CreditError(wrapping: error) }
  }

  static func note(_ kind: String, _ reason: String?, _ transaction: inout WriteTransaction) throws {
    try Batches.append(
      Batch(kind: kind, entry: "", unit: nil, file: nil, receipt: nil, reason: reason), to: &transaction)
  }
}
