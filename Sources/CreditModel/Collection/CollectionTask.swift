// Owns what a unit has to report, how often and by when.
// Invariants: a task is one unit, one entry and one cycle.
// Does not know what was reported (CreditStore).

/// That a unit reports the records of an entry, again and again (征集任务).
///
/// ```swift
/// let task = CollectionTask(unit: "11130300000000019B", entry: "XZCF", cycle: .monthly, dueDays: 10, from: day)
/// ```
public struct CollectionTask: Codable, Sendable, Equatable {
  /// Credit code of the unit.
  public var unit: String
  /// Code of the catalogue entry.
  public var entry: String
  /// How often.
  public var cycle: ReportingCycle
  /// Calendar days after the end of a period by which its data must be there, 0 to 366.
  public var dueDays: Int
  /// The first day of the task: the period it lies in is the first to be reported.
  public var from: Day
  /// The last day of the task; `nil` = until further notice.
  public var until: Day?

  /// Makes a task.
  public init(
    unit: String, entry: String, cycle: ReportingCycle, dueDays: Int, from: Day, until: Day? = nil
  ) {
    self.unit = unit
    self.entry = entry
    self.cycle = cycle
    self.dueDays = dueDays
    self.from = from
    self.until = until
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if !Identifier.check(unit, as: .unifiedSocialCreditCode, on: .epoch).isValid {
      return "\(unit) is no valid unified social credit code of a unit"
    }
    if !(0...366).contains(dueDays) { return "the deadline of a task is 0 to 366 days after its period" }
    if let until, until < from { return "the task ends before it begins" }
    return nil
  }

  /// The last day on which the data of a period is in time.
  public func due(of period: ReportingPeriod) -> Day {
    Day(daysSinceEpoch: Int(period.last.daysSinceEpoch) + max(0, min(dueDays, 4_000_000))) ?? .maximum
  }

  /// The periods of the task that have begun by a day and whose deadline is not before another one, oldest first.
  ///
  /// - Parameters:
  ///   - earliest: periods due before this day are left out.
  ///   - day: the last day on which a period may begin.
  ///   - limit: periods at most.
  public func periods(dueFrom earliest: Day, begunBy day: Day, limit: Int) -> [ReportingPeriod] {
    let longest = max(0, min(dueDays, 4_000_000)) + cycle.maximumDays
    let start = max(from, Day(daysSinceEpoch: Int(earliest.daysSinceEpoch) - longest) ?? .minimum)
    var periods: [ReportingPeriod] = []
    var next = cycle.period(of: start)
    while let period = next, period.first <= min(day, until ?? .maximum), periods.count < limit {
      if due(of: period) >= earliest { periods.append(period) }
      next = cycle.period(after: period)
    }
    return periods
  }
}

/// How the data of a batch came (报送渠道), the five that running platforms count apart.
public enum ReportingChannel: String, Codable, Sendable, CaseIterable {
  /// Typed into a form (手工填报).
  case manual
  /// A file that was uploaded (文件上报).
  case file
  /// Read from a unit's database (数据库).
  case database
  /// Fetched from a front-end machine (前置机).
  case frontEndMachine
  /// Handed over by an interface (接口).
  case interface
}
