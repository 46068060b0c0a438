// Owns deciding whether a unit may report what it wants to report.
// Invariants: nothing of a file is read before; a unit that nobody entered may report to entries that name no units.
// Does not check rows.

import CreditModel
import SegmentStore

struct ReportingCheck {
  let snapshot: EngineSnapshot

  /// - Parameters:
  ///   - period: the label of the period it is for.
  ///   - resubmits: the batch whose rejects are sent again.
  ///   - day: the day of the report.
  /// - Throws: `CreditError`: `unitNotAllowed`, `unitClosed`, `invalidPeriod`, `unknownBatch`, `otherBatch`.
  func check(
    _ unit: String?, _ entry: CatalogueEntry, period: String?, resubmits: UInt64?, on day: Day
  ) throws {
    let units = UnitRegister(
      try snapshot.mayHaveRows(of: SystemDatasets.units.dataset) ? UnitTable(snapshot: snapshot).units() : [])
    if let unit { try units.check(unit, reportsTo: entry, on: day) }
    if let period { try check(period, unit, entry, units, on: day) }
    guard let resubmits else { return }
    guard let first = try Batches.batch(resubmits, in: snapshot), first.kind == "collect" else {
      throw CreditError("unknownBatch", "there is no batch \(resubmits) to be sent again")
    }
    let sender = first.unit.map { units.present($0, on: day) }
    guard first.entry == entry.code, sender == unit else {
      throw CreditError(
        "otherBatch",
        "batch \(resubmits) is of entry \(first.entry) and of \(first.unit ?? "no unit"): only the same can send it again"
      )
    }
  }

  /// A period must be one there is, and of a unit's tasks where it has some.
  private func check(
    _ period: String, _ unit: String?, _ entry: CatalogueEntry, _ units: UnitRegister, on day: Day
  ) throws {
    guard ReportingCycle.allCases.contains(where: { $0.period(labelled: period) != nil }) else {
      throw CreditError(
        "invalidPeriod", "\(period) is no period; write it as 2026-11-29, 2026-W48, 2026-11, 2026-Q4 or 2026")
    }
    guard let unit, try snapshot.mayHaveRows(of: SystemDatasets.tasks.dataset) else { return }
    let tasks = try TaskTable(snapshot: snapshot).tasks().filter { task in
      task.entry == entry.code && (task.unit == unit || units.present(task.unit, on: day) == unit)
    }
    let isOfOne = tasks.contains { task in
      task.cycle.period(labelled: period).map { $0.last >= task.from && $0.first <= task.until ?? .maximum }
        ?? false
    }
    guard tasks.isEmpty || isOfOne else {
      let cycles = Set(tasks.map(\.cycle.rawValue)).sorted().joined(separator: ", ")
      throw CreditError("invalidPeriod", "\(period) is no period of a task of the unit, which are \(cycles)")
    }
  }
}
