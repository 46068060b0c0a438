// Owns the points a unit gets for what it reported.
// Invariants: every point is explained by the figure it is made of; what points there are is data, and a figure nobody has is no point lost.
// Does not measure (RecordQuality, CollectionStatistics, tasks) and does not decide what a city counts.

public import CreditModel

/// What a unit gets points for (考核指标).
public struct ScorecardRule: Codable, Sendable, Equatable {
  /// The figure that is looked at.
  public enum Figure: String, Codable, Sendable, CaseIterable {
    /// Rows loaded, updated or known already, in a hundred reported (有效入库率).
    case effectiveLoading
    /// Values there are, in a hundred there should be (完整率).
    case completeness
    /// Rows no rule failed for, in a hundred reported (准确率).
    case accuracy
    /// Records that came in time, in a hundred dated ones (及时率).
    case timeliness
    /// Periods of tasks done in time, in a hundred that are due (任务完成率).
    case tasks
    /// Batches from a database, a front-end machine or an interface, in a hundred (自动报送率).
    case automaticChannel
  }

  /// The figure.
  public var figure: Figure
  /// Points at most.
  public var points: Double
  /// From this share on, in a hundred, there are all points; below, the share of the points.
  public var fullFrom: Double

  /// Makes a rule.
  public init(_ figure: Figure, points: Double, fullFrom: Double = 95) {
    self.figure = figure
    self.points = points
    self.fullFrom = fullFrom
  }

  /// What a city may begin with: after the yearly assessment one city publishes, of which these figures can be read from the store.
  public static let usual: [ScorecardRule] = [
    ScorecardRule(.automaticChannel, points: 2, fullFrom: 50), ScorecardRule(.timeliness, points: 6),
    ScorecardRule(.effectiveLoading, points: 6), ScorecardRule(.completeness, points: 3),
    ScorecardRule(.accuracy, points: 3), ScorecardRule(.tasks, points: 5),
  ]
}

/// The points of one unit (单位考核).
public struct UnitScorecard: Codable, Sendable, Equatable {
  /// One line: a figure, and its points.
  public struct Line: Codable, Sendable, Equatable {
    /// The rule.
    public var rule: ScorecardRule
    /// The figure, in a hundred; `nil` where there is nothing to measure, which takes no points.
    public var share: Double?
    /// The points, to two places.
    public var points: Double?
  }

  /// Credit code of the unit.
  public var unit: String
  /// Rows it reported.
  public var reported: Int
  /// The lines, in the order of the rules.
  public var lines: [Line]
  /// All points.
  public var points: Double { Self.round(lines.reduce(0) { $0 + ($1.points ?? 0) }) }
  /// The most there could be: those of lines with something to measure.
  public var possible: Double { Self.round(lines.reduce(0) { $0 + ($1.points == nil ? 0 : $1.rule.points) }) }

  fileprivate static func round(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}

extension CreditSnapshot {
  /// The points of units for what they reported in some days, by unit.
  ///
  /// ```swift
  /// let cards = try snapshot.scorecards(days: firstDay...lastDay, on: today)
  /// ```
  /// - Parameters:
  ///   - days: days of the commits that count, and of the deadlines of tasks.
  ///   - day: the day on which one asks: deadlines behind it do not count yet.
  ///   - rules: what there are points for.
  ///   - timely: how soon after an event a record is in time.
  /// - Throws: `CreditError`: `calendarMissing`, `damaged`.
  public func scorecards(
    days: ClosedRange<Day>, on day: Day, rules: [ScorecardRule] = ScorecardRule.usual,
    timely: TimelyLimit = .calendarDays(7)
  ) throws -> [UnitScorecard] {
    let statistics = try collectionStatistics(by: [.unit, .channel], days: days)
    let quality = Dictionary(
      grouping: try recordQuality(days: days, timely: timely), by: { $0.unit ?? "" })
    let tasks = Dictionary(
      grouping: try taskStatuses(on: day, dueFrom: days.lowerBound).filter {
        $0.due <= min(day, days.upperBound)
      },
      by: \.unit)
    let byUnit = Dictionary(grouping: statistics, by: { $0.group[0] ?? "" })
    let units = Set(byUnit.keys).union(quality.keys).union(tasks.keys).subtracting([""])
    return units.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { unit in
      let figures = UnitFigures(byUnit[unit] ?? [], quality[unit] ?? [], tasks[unit] ?? [])
      return UnitScorecard(unit: unit, reported: figures.reported, lines: rules.map(figures.line))
    }
  }
}

/// What is known of one unit.
private struct UnitFigures {
  private let statistics: [CollectionStatistics]
  private let quality: [RecordQuality]
  private let tasks: [TaskStatus]

  init(_ statistics: [CollectionStatistics], _ quality: [RecordQuality], _ tasks: [TaskStatus]) {
    self.statistics = statistics
    self.quality = quality
    self.tasks = tasks
  }

  var reported: Int { sum(\.reported) }

  private func sum(_ figure: KeyPath<CollectionStatistics, Int>) -> Int {
    statistics.reduce(0) { $0 + $1[keyPath: figure] }
  }

  private func sum(_ figure: KeyPath<RecordQuality, Int>) -> Int {
    quality.reduce(0) { $0 + $1[keyPath: figure] }
  }

  private func share(_ figure: ScorecardRule.Figure) -> Double? {
    switch figure {
    case .effectiveLoading:
      RecordQuality.rate(min(reported, sum(\.loaded) + sum(\.updated) + sum(\.duplicate)), of: reported)
    case .completeness: RecordQuality.rate(sum(\.presentValues), of: sum(\.expectedValues))
    case .accuracy: RecordQuality.rate(reported - sum(\.questionable), of: reported)
    case .timeliness: RecordQuality.rate(sum(\.timelyRecords), of: sum(\.datedRecords))
    case .tasks: RecordQuality.rate(tasks.count { $0.state == .done }, of: tasks.count)
    case .automaticChannel:
      RecordQuality.rate(
        statistics.filter { row in
          let channel = row.group[1].flatMap(ReportingChannel.init(rawValue:))
          return channel == .database || channel == .frontEndMachine || channel == .interface
        }.reduce(0) { $0 + $1.batches }, of: sum(\.batches))
    }
  }

  func line(_ rule: ScorecardRule) -> UnitScorecard.Line {
    let share = share(rule.figure)
    let points = share.map { share in
      share >= rule.fullFrom ? rule.points : UnitScorecard.round(rule.points * share / 100)
    }
    return UnitScorecard.Line(rule: rule, share: share, points: points)
  }
}
