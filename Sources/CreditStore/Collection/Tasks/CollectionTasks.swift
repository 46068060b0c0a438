// Owns entering the tasks of units, and notes that there is nothing to report.
// Invariants: one change is one commit with a note among the batches; a task that is there can be changed and ended whoever its unit is now.
// Does not tell what became of tasks (TaskStatus).

public import CreditModel
import SegmentStore

extension CreditDatabase {
  private static let maximumTasks = 1_000_000

  /// Enters tasks, or new versions of tasks: one for each unit, entry and cycle (征集任务).
  ///
  /// ```swift
  /// try database.publish([CollectionTask(unit: code, entry: "XZCF", cycle: .monthly, dueDays: 10, from: day)])
  /// ```
  /// - Parameter tasks: each once; to end a task, give it a last day.
  /// - Throws: `CreditError`: `invalidTask`, `unknownEntry`, `unitNotAllowed` and `unitClosed` for a unit that may not report to the entry; nothing
  ///   changes then.
  @discardableResult
  public func publish(_ tasks: [CollectionTask]) throws -> RegisterResult {
    do {
      let register = try snapshot().units()
      let tasks = tasks.map { task in
        var task = task
        if register[task.unit] == nil { task.unit = ReportingUnit.writtenCode(task.unit) }
        return task
      }
      if let problem = tasks.lazy.compactMap(\.problem).first { throw CreditError("invalidTask", problem) }
      guard Set(tasks.map(TaskTable.name)).count == tasks.count else {
        throw CreditError("invalidTask", "the same task stands twice")
      }
      for code in Set(tasks.map(\.entry)) { _ = try catalogue.entry(code) }
      return try engine.write { transaction in
        let units = UnitRegister(try UnitTable(snapshot: transaction.snapshot).units())
        let known = try TaskTable(snapshot: transaction.snapshot).tasks()
        let old = Dictionary(known.map { (TaskTable.name($0), $0) }, uniquingKeysWith: { _, last in last })
        // Tasks that are there may be ended, whoever the unit is now.
        let (added, today) = (tasks.filter { old[TaskTable.name($0)] == nil }, Self.today())
        for (code, ofEntry) in Dictionary(grouping: added, by: \.entry) {
          let entry = try catalogue.entry(code, asOf: transaction.snapshot).entry
          for unit in Set(ofEntry.map(\.unit)) { try units.check(unit, reportsTo: entry, on: today) }
        }
        let changed = tasks.filter { old[TaskTable.name($0)] != $0 }
        guard old.count + added.count <= Self.maximumTasks else {
          throw CreditError("limit", "a store has at most \(Self.maximumTasks) tasks")
        }
        for task in changed { try TaskTable.put(task, &transaction) }
        if !changed.isEmpty { try Self.note("tasks", nil, &transaction) }
        return RegisterResult(published: changed.count, unchanged: tasks.count - changed.count)
      }.value
    } catch { throw CreditError(wrapping: error) }
  }

  /// Notes that a unit has nothing to report for a period (零报送): the task of the period is done.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - unit: credit code of the unit.
  ///   - period: label of the period; `nil` = the oldest that is open.
  ///   - channel: how the unit said so.
  /// - Returns: the number of the batch.
  /// - Throws: `CreditError`: `unknownEntry`, `entryNotEffective`, `invalidUnit`, `unitNotAllowed`, `unitClosed`, `invalidPeriod`, and `noTask` where no
  ///   period is named and none is open.
  @discardableResult
  public func reportNothing(
    for code: String, from unit: String, period: String? = nil, channel: ReportingChannel = .manual
  ) throws -> UInt64 {
    do {
      let today = Self.today()
      let entry = try catalogue.entry(code, on: today)
      guard Identifier.check(unit, as: .unifiedSocialCreditCode, on: .epoch).isValid else {
        throw CreditError("invalidUnit", "\(unit) is no valid unified social credit code of a unit")
      }
      if period == nil {
        // Before it is its turn to write: all batches are read for it.
        let snapshot = snapshot()
        try ReportingCheck(snapshot: snapshot.engine).check(
          unit, entry.entry, period: nil, resubmits: nil, on: today)
        try checkIsAsked(unit, code, in: snapshot, on: today)
      }
      let (_, commit) = try engine.write { transaction in
        let check = ReportingCheck(snapshot: transaction.snapshot)
        try check.check(unit, entry.entry, period: period, resubmits: nil, on: today)
        try Batches.append(
          Batch(
            kind: "nothing", entry: code, unit: unit, file: nil, receipt: nil, reason: nil, channel: channel,
            period: period), to: &transaction)
      }
      guard let commit else { throw CreditError("failed", "the report was not noted") }
      return commit
    } catch { throw CreditError(wrapping: error) }
  }
}

extension CreditDatabase {
  /// Refuses to note that there is nothing, without saying when, where no period is open: it would count for none.
  private func checkIsAsked(
    _ unit: String, _ entry: String, in snapshot: CreditSnapshot, on today: Day
  ) throws {
    let unit = ReportingUnit.writtenCode(unit)
    guard try snapshot.taskStatuses(on: today, unit: unit, entry: entry, states: [.open]).isEmpty else {
      return
    }
    throw CreditError(
      "noTask",
      "no period of a task of unit \(unit) for entry \(entry) is open; name the period, also one that is overdue"
    )
  }
}

extension CreditSnapshot {
  /// All tasks, by unit, entry and cycle.
  public func tasks() throws -> [CollectionTask] {
    do { return try TaskTable(snapshot: engine).tasks() } catch { throw CreditError(wrapping: error) }
  }
}
