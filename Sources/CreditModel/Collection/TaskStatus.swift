// Owns what became of one period of a task.
// Invariants: a period is in one state.
// Does not work it out (CreditStore).

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

  package init(
    task: CollectionTask, unit: String, period: String, due: Day, state: State, batches: [UInt64],
    reported: Int, waiting: Int
  ) {
    self.task = task
    self.unit = unit
    self.period = period
    self.due = due
    self.state = state
    self.batches = batches
    self.reported = reported
    self.waiting = waiting
  }
}
