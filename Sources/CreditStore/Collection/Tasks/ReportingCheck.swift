// Owns deciding whether a unit may report what it wants to report.
// Invariants: nothing of a file is read before; a unit that nobody entered may report to entries that name no units.
// Does not check rows.

import CreditModel
import SegmentStore

struct ReportingCheck {
  let snapshot: EngineSnapshot

  /// - Throws: `CreditError`: `unitNotAllowed`, `unitClosed`, `invalidPeriod`, `unknownBatch`, `otherBatch`.
  func check(_ unit: String?, _ entry: CatalogueEntry, _ options: CollectionOptions) throws {
    let units = UnitRegister(try hasUnits ? UnitTable(snapshot: snapshot).units() : [])
    if let unit { try units.check(unit, reportsTo: entry) }
    try Self.check(period: options.period)
    guard let number = options.resubmits else { return }
    guard let first = try Batches.batch(number, in: snapshot), first.kind == "collect" else {
      throw CreditError("unknownBatch", "there is no batch \(number) to be sent again")
    }
    guard first.entry == entry.code, first.unit.map(units.present) == unit.map(units.present) else {
      throw CreditError(
        "otherBatch",
        "batch \(number) is of entry \(first.entry) and of \(first.unit ?? "no unit"): only the same can send it again"
      )
    }
  }

  /// - Throws: `CreditError`, code `invalidPeriod` for a label of no cycle.
  static func check(period label: String?) throws(CreditError) {
    guard let label, !ReportingCycle.allCases.contains(where: { $0.period(labelled: label) != nil }) else {
      return
    }
    throw CreditError(
      "invalidPeriod", "\(label) is no period; write it as 2026-11-29, 2026-W48, 2026-11, 2026-Q4 or 2026")
  }

  /// Whether the store has units as far as its files tell.
  private var hasUnits: Bool {
    get throws {
      let dataset = SystemDatasets.units.dataset
      if snapshot.view.memory.rowCount(of: dataset, asOf: snapshot.commit) > 0 { return true }
      return try snapshot.view.list.hasRows(of: dataset)
    }
  }
}
