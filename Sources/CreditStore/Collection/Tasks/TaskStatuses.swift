// Owns what became of each period of the tasks of units.
// Invariants: a batch counts for one period of a task: the one it names, or else the oldest that had begun on its day, was not past its deadline and had
// nothing yet, or else the one its day lies in; one that sends rejects again counts where the first attempt does, and one that says nothing new where the
// one before does while that is open. An empty file is no report. What a unit had to report goes on with the unit that took over its work, from that day on.
// Does not remind anybody: it tells what is overdue.

public import CreditModel

extension CreditSnapshot {
  /// What became of the periods of tasks, by task, oldest period first.
  ///
  /// - Parameters:
  ///   - day: the day on which one asks: later batches do not count, periods that begin later are not there yet.
  ///   - earliest: periods due before this day are left out; by default those of the last 400 days are given.
  ///   - unit: only periods of a unit's tasks, and those it reports for another whose work it took over.
  ///   - entry: only tasks of an entry.
  ///   - states: only periods that stand so.
  /// - Throws: `CreditError`: `limit` for more than a million periods, `damaged`.
  public func taskStatuses(
    on day: Day, dueFrom earliest: Day? = nil, unit: String? = nil, entry: String? = nil,
    states: Set<TaskStatus.State> = Set(TaskStatus.State.allCases)
  ) throws -> [TaskStatus] {
    do {
      let earliest = earliest ?? Day(daysSinceEpoch: Int(day.daysSinceEpoch) - 400) ?? .minimum
      let all = try tasks().filter { task in entry.map { $0 == task.entry } ?? true }
      let units = try units(withPastOf: Set(all.map(\.unit)))
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
  ///   - earliest: as for ``taskStatuses(on:dueFrom:unit:entry:states:)``.
  public func overdueTasks(on day: Day, dueFrom earliest: Day? = nil) throws -> [TaskStatus] {
    try taskStatuses(on: day, dueFrom: earliest, states: [.overdue])
  }
}

/// The batches of one task by the periods they count for.
private struct TaskBatches {
  private let task: CollectionTask
  private var byPeriod: [String: [BatchReport]] = [:]
  private var periodOfBatch: [UInt64: String] = [:]
  /// The last period that some batch counted for without naming it.
  private var last: String?

  /// - Parameter reports: those of the unit and entry, by number.
  init(_ task: CollectionTask, _ reports: [BatchReport]) {
    self.task = task
    for report in reports where !report.isEmptyFile {
      let label: String?
      if let first = report.resubmits.flatMap({ periodOfBatch[$0] }) {
        label = first
      } else if let named = report.period {
        // Of another cycle, it is for another task.
        label = task.cycle.period(labelled: named)?.label
      } else {
        label = period(of: report)
        last = label
      }
      guard let label else { continue }
      byPeriod[label, default: []].append(report)
      periodOfBatch[report.batch] = label
    }
  }

  /// The period a batch counts for that names none.
  private func period(of report: BatchReport) -> String? {
    let day = report.day
    // A file that is sent twice is no report about the next period.
    if report.reported > 0, report.reported == report.duplicate, let last,
      let period = task.cycle.period(labelled: last), day <= task.due(of: period)
    {
      return last
    }
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
