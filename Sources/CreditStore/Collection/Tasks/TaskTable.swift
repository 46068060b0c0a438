// Owns the rows in which tasks are stored.
// Invariants: a unit, an entry and a cycle have one current row; earlier ones stay readable.
// Does not check what the rows say.

import CreditModel
import SegmentStore

/// The tasks of a store.
struct TaskTable {
  let snapshot: EngineSnapshot

  /// What tells a task from all others.
  static func name(_ task: CollectionTask) -> String { name(task.unit, task.cycle, task.entry) }

  static func name(_ unit: String, _ cycle: ReportingCycle, _ entry: String) -> String {
    "\(unit)|\(cycle.rawValue)|\(entry)"
  }

  /// What tells the batches of a unit to an entry from all others.
  static func name(_ unit: String, _ entry: String) -> String { "\(unit)|\(entry)" }

  func tasks() throws -> [CollectionTask] {
    var tasks: [CollectionTask] = []
    try DatasetScan(snapshot, schema: SystemDatasets.tasks).forEach { row in
      guard let cycle = (try row.string(2)).flatMap(ReportingCycle.init(rawValue:)),
        let from = try row.integer(4).flatMap({ Day(daysSinceEpoch: Int(clamping: $0)) })
      else {
        throw StoreError(.damaged, "a task is incomplete")
      }
      tasks.append(
        CollectionTask(
          unit: try row.string(0) ?? "", entry: try row.string(1) ?? "", cycle: cycle,
          dueDays: Int(clamping: try row.integer(3) ?? 0),
          from: from, until: try row.integer(5).flatMap { Day(daysSinceEpoch: Int(clamping: $0)) }))
    }
    return tasks.sorted {
      [$0.unit, $0.entry, $0.cycle.rawValue].lexicographicallyPrecedes([$1.unit, $1.entry, $1.cycle.rawValue])
    }
  }

  static func put(_ task: CollectionTask, _ transaction: inout WriteTransaction) throws {
    try UnitTable.replace(
      name(task), SystemDatasets.tasks,
      [
        .text(task.unit), .text(task.entry), .text(task.cycle.rawValue), .integer(Int64(task.dueDays)),
        .integer(Int64(task.from.daysSinceEpoch)),
        task.until.map { .integer(Int64($0.daysSinceEpoch)) } ?? .null,
      ], &transaction)
  }
}
