// Owns the units as of one commit, as a tree: who belongs to whom, who took over whose work, and who may report what.
// Invariants: parents and successors are units of the register and make no cycle; every unit stands once.
// Does not change units (UnitChanges).

public import CreditModel
import SegmentStore

/// The units of a store (单位目录).
///
/// ```swift
/// let units = try snapshot.units()
/// for unit in units.roots { print(unit.name, units.children(of: unit.code).count) }
/// ```
public struct UnitRegister: Sendable {
  /// A time in which another unit did the work of one that does it itself again.
  struct Takeover: Sendable, Equatable {
    var successor: String
    var first: Day
    /// The day on which it ended.
    var end: Day
  }

  private let byCode: [String: ReportingUnit]
  private let childCodes: [String: [String]]
  /// By code of the unit that was taken over.
  private let former: [String: [Takeover]]
  /// All units, by code.
  public let all: [ReportingUnit]

  init(_ units: [ReportingUnit], former: [String: [Takeover]] = [:]) {
    self.former = former
    all = units.sorted { $0.code.utf8.lexicographicallyPrecedes($1.code.utf8) }
    byCode = Dictionary(units.map { ($0.code, $0) }, uniquingKeysWith: { _, last in last })
    childCodes = Dictionary(grouping: all.filter { $0.parent != nil }, by: { $0.parent ?? "" })
      .mapValues { $0.map(\.code) }
  }

  /// The unit with a code, or `nil`.
  public subscript(code: String) -> ReportingUnit? { byCode[code] }

  /// Units that belong to no other.
  public var roots: [ReportingUnit] { all.filter { $0.parent == nil } }

  /// Units that belong to one directly, by code.
  public func children(of code: String) -> [ReportingUnit] {
    (childCodes[code] ?? []).compactMap { byCode[$0] }
  }

  /// A unit and all that belong to it, directly or not.
  public func subtree(of code: String) -> [ReportingUnit] {
    var found: [ReportingUnit] = []
    var waiting = [code]
    while let next = waiting.popLast() {
      guard let unit = byCode[next] else { continue }
      found.append(unit)
      waiting += (childCodes[next] ?? []).reversed()
    }
    return found
  }

  /// The unit that does the work of one on a day: that itself, or the last of those that took over by then; a code that is no unit stands for itself.
  ///
  /// Of a unit that works itself again since, as the register is now: it does its work on every day.
  public func present(_ code: String, on day: Day) -> String {
    walk(from: code) { unit in
      if let successor = unit.successor, unit.since ?? .minimum <= day { return successor }
      return former[unit.code]?.last { $0.first <= day && day < $0.end }?.successor
    }.last ?? code
  }

  /// The units above one, the nearest first.
  public func ancestors(of code: String) -> [ReportingUnit] {
    walk(from: code) { $0.parent }.dropFirst().compactMap { byCode[$0] }
  }

  /// The divisions that units work for, by their codes: their own, or that of the nearest unit above them that has one.
  var divisions: [String: String] {
    var found: [String: String] = [:]
    for unit in all {
      found[unit.code] = unit.division ?? ancestors(of: unit.code).lazy.compactMap(\.division).first
    }
    return found
  }

  /// A unit and those that one comes to from it, one after the other.
  private func walk(from code: String, _ next: (ReportingUnit) -> String?) -> [String] {
    var path = [code]
    while let unit = byCode[path[path.count - 1]], let following = next(unit), path.count <= byCode.count {
      path.append(following)
    }
    return path
  }

  /// Whether a unit may report to an entry on a day: to one that names no units, any; else those it names, those that took over their work, and units
  /// that belong to one of these.
  public func mayReport(_ code: String, to entry: CatalogueEntry, on day: Day) -> Bool {
    guard !entry.units.isEmpty else { return true }
    let named = Set(entry.units)
    // A unit stands for itself and, where it ended, for the one that goes on.
    let above = walk(from: code) { $0.parent }.flatMap { [$0, present($0, on: day)] }
    if above.contains(where: named.contains) { return true }
    let successors = Set(entry.units.map { present($0, on: day) })
    return above.contains(where: successors.contains)
  }

  /// What is wrong with the tree, or `nil`.
  var problem: (code: String, message: String)? {
    for unit in all {
      for (word, code) in [("parent", unit.parent), ("successor", unit.successor)] {
        if let code, byCode[code] == nil {
          return ("unknownUnit", "the \(word) \(code) of unit \(unit.code) is no unit of the register")
        }
      }
    }
    for (word, next) in [("parents", \ReportingUnit.parent), ("successors", \ReportingUnit.successor)] {
      if let code = firstInCycle(next) { return ("unitCycle", "the \(word) of unit \(code) lead back to it") }
    }
    return nil
  }

  /// A unit that one comes back to, or `nil`; each unit is passed once.
  private func firstInCycle(_ next: KeyPath<ReportingUnit, String?>) -> String? {
    /// The number of the walk that passed a unit.
    var passed: [String: Int] = [:]
    for (number, unit) in all.enumerated() {
      var code = unit.code
      while passed[code] == nil {
        passed[code] = number
        guard let following = byCode[code]?[keyPath: next] else { break }
        code = following
        if passed[code] == number { return code }
      }
    }
    return nil
  }
}

extension UnitRegister {
  /// - Throws: `CreditError`: `unitClosed` when another took over its work, `unitNotAllowed` when the entry is not its own.
  func check(_ code: String, reportsTo entry: CatalogueEntry, on day: Day) throws(CreditError) {
    let successor = present(code, on: day)
    guard successor == code else {
      throw CreditError("unitClosed", "unit \(code) reports no more: \(successor) took over its work")
    }
    guard mayReport(code, to: entry, on: day) else {
      throw CreditError(
        "unitNotAllowed",
        "unit \(code) may not report to \(entry.code), whose units are \(entry.units.prefix(5).joined(separator: ", "))"
      )
    }
  }
}

extension CreditSnapshot {
  /// The units.
  ///
  /// - Throws: `CreditError`, code `damaged`.
  public func units() throws -> UnitRegister {
    do { return UnitRegister(try UnitTable(snapshot: engine).units()) } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// The units, which know of some who did their work on days of the past, also where they do it themselves again since.
  func units(withPastOf codes: Set<String>) throws -> UnitRegister {
    let table = UnitTable(snapshot: engine)
    return UnitRegister(try table.units(), former: try table.formerTakeovers(of: codes))
  }

  /// Every version of a unit, oldest first: former names and parents, and since when (单位沿革).
  ///
  /// - Parameter code: its credit code.
  /// - Throws: `CreditError`, code `unknownUnit`.
  public func unitHistory(_ code: String) throws -> [UnitVersion] {
    do {
      let versions = try UnitTable(snapshot: engine).history(of: code)
      guard !versions.isEmpty else { throw CreditError("unknownUnit", "there is no unit \(code)") }
      return versions
    } catch { throw CreditError(wrapping: error) }
  }

  /// All accounts, by id.
  ///
  /// - Parameter unit: only those of this unit.
  public func accounts(of unit: String? = nil) throws -> [UnitAccount] {
    do {
      return try UnitTable(snapshot: engine).accounts().filter { account in
        unit.map { $0 == account.unit } ?? true
      }
    } catch { throw CreditError(wrapping: error) }
  }
}
