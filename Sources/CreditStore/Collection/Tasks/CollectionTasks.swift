// Owns the tasks of units, and what became of each of their periods.
// Invariants: a batch counts for one period of a task: the one it names, or else the oldest that had begun on its day, was not past its deadline and had
// nothing yet, or else the one its day lies in; one that sends rejects again counts where the first attempt does. What a unit had to report goes on with
// the unit that took over its work, from that day on.
// Does not remind anybody: it tells what is overdue.

public import CreditModel
import Foundation
import SegmentStore

/// What became of one period of a task (任务完成情况).
public struct TaskStatus: Codable, Sendable, Equatable {
  /// How a period stands.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Something was reported in time.
    case done
    /// Something was reported, after the deadline (逾期完成).
    case late
    /// Nothing yet, and there is time (待报送).
    case open
    /// Nothing, and the deadline is over (逾期未报).
    case overdue
  }

  /// The task.
  public var task: CollectionTask
  /// The unit that does its work now.
  public var unit: String
  /// The period.
  public var period: String
  /// The last day on which it is in time.
  public var due: Day
  /// How it stands.
  public var state: State
  /// The batches that count for it.
  public var batches: [UInt64]
  /// Rows reported in them.
  public var reported: Int
  /// Rows of them that still wait to be corrected, linked or judged again, and were not sent again.
  public var waiting: Int
}

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
  /// - Throws: `CreditError`: `unknownEntry`, `entryNotEffective`, `invalidUnit`, `unitNotAllowed`, `unitClosed`, `invalidPeriod`.
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
  /// All tasks, by unit, entry and cycle.
  public func tasks() throws -> [CollectionTask] {
    do { return try TaskTable(snapshot: engine).tasks() } catch { throw CreditError(wrapping: error) }
  }

  /// What became of the periods of tasks, by task, oldest period first.
  ///
  /// - Parameters:
  ///   - day: the day on which one asks: later batches do not count, periods that begin later are not there yet.
  ///   - earliest: periods due before this day are left out.
  ///   - unit: only periods of a unit's tasks, and those it reports for another whose work it took over.
  ///   - entry: only tasks of an entry.
  ///   - states: only periods that stand so.
  /// - Throws: `CreditError`: `limit` for more than a million periods, `damaged`.
  public func taskStatuses(
    on day: Day, dueFrom earliest: Day, unit: String? = nil, entry: String? = nil,
    states: Set<TaskStatus.State> = Set(TaskStatus.State.allCases)
  ) throws -> [TaskStatus] {
    do {
      let units = try units()
      let all = try tasks().filter { task in entry.map { $0 == task.entry } ?? true }
      let named = Dictionary(all.map { (TaskTable.name($0), $0) }, uniquingKeysWith: { first, _ in first })
      let reports = try batches(entry: entry).filter { !$0.isJudgement && $0.day <= day }
      let ofUnit = Dictionary(grouping: reports) { TaskTable.name($0.unit ?? "", $0.entry) }
      var statuses: [TaskStatus] = []
      var visited = 0
      for task in all {
        var assigned: [String: TaskBatches] = [:]
        for period in task.periods(dueFrom: earliest, begunBy: day, limit: Self.maximumPeriods + 1) {
          visited += 1
          guard visited <= Self.maximumPeriods else {
            throw CreditError(
              "limit", "more than a million periods; ask for an entry, or for those due later")
          }
          // Who does the work when the period ends reports it; where that unit has the same task, it is its own.
          let responsible = units.present(task.unit, on: period.last)
          if let unit, unit != responsible, unit != task.unit { continue }
          if responsible != task.unit, let own = named[TaskTable.name(responsible, task.cycle, task.entry)],
            own.from <= period.last, own.until ?? .maximum >= period.first
          {
            continue
          }
          let batches =
            assigned[responsible]
            ?? TaskBatches(task, ofUnit[TaskTable.name(responsible, task.entry)] ?? [])
          assigned[responsible] = batches
          let status = batches.status(of: period, unit: responsible, on: day)
          if states.contains(status.state) { statuses.append(status) }
        }
      }
      return statuses
    } catch { throw CreditError(wrapping: error) }
  }

  private static var maximumPeriods: Int { 1_000_000 }

  /// Periods whose deadline is over and for which nothing was reported (逾期未报): whom to remind.
  ///
  /// - Parameters:
  ///   - day: the day on which one asks.
  ///   - earliest: periods due before this day are left out; by default those of the last 400 days are given.
  public func overdueTasks(on day: Day, dueFrom earliest: Day? = nil) throws -> [TaskStatus] {
    let start = earliest ?? Day(daysSinceEpoch: Int(day.daysSinceEpoch) - 400) ?? .minimum
    return try taskStatuses(on: day, dueFrom: start, states: [.overdue])
  }
}

/// The batches of one task by the periods they count for.
private struct TaskBatches {
  private let task: CollectionTask
  private var byPeriod: [String: [BatchReport]] = [:]
  private var periodOfBatch: [UInt64: String] = [:]

  /// - Parameter reports: those of the unit and entry, by number.
  init(_ task: CollectionTask, _ reports: [BatchReport]) {
    self.task = task
    for report in reports {
      let label: String?
      if let first = report.resubmits.flatMap({ periodOfBatch[$0] }) {
        label = first
      } else if let named = report.period {
        // Of another cycle, it is for another task.
        label = task.cycle.period(labelled: named)?.label
      } else {
        label = period(of: report.day)
      }
      guard let label else { continue }
      byPeriod[label, default: []].append(report)
      periodOfBatch[report.batch] = label
    }
  }

  /// The period a batch of a day counts for that names none.
  private func period(of day: Day) -> String? {
    let open = task.periods(dueFrom: day, begunBy: day, limit: 1000).first { byPeriod[$0.label] == nil }
    return open?.label ?? task.cycle.period(of: day)?.label
  }

  func status(of period: ReportingPeriod, unit: String, on day: Day) -> TaskStatus {
    let batches = byPeriod[period.label] ?? []
    let due = task.due(of: period)
    let state: TaskStatus.State
    if let first = batches.first {
      state = first.day <= due ? .done : .late
    } else {
      state = day <= due ? .open : .overdue
    }
    return TaskStatus(
      task: task, unit: unit, period: period.label, due: due, state: state, batches: batches.map(\.batch),
      reported: batches.reduce(0) { $0 + $1.reported }, waiting: batches.reduce(0) { $0 + $1.openRows })
  }
}

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
