// Owns the counters of what units reported, by unit, entry, channel and time, and the rates made of them.
// Invariants: counters are sums of receipts; a row that was set aside and sent or judged again later is reported once, and what became of it counts where
// it was reported first.
// Does not count records: a corrected record is one record and two reports.

public import CreditModel

/// What was reported, of one group (征集统计).
public struct CollectionStatistics: Codable, Sendable, Equatable {
  /// What batches are counted by.
  public enum Group: String, Codable, Sendable, CaseIterable {
    /// The unit that reported.
    case unit
    /// The catalogue entry.
    case entry
    /// How the data came.
    case channel
    /// The division that the unit works for, or else the unit above it (行政区划).
    case region
    /// The period the batch says it is for: with unit and entry, one turn of a collection task (征集任务).
    case period
    /// The day of the commit, in Asia/Shanghai.
    case day
    /// The month of that day.
    case month
    /// The year of that day.
    case year
  }

  /// The values of the groups asked for, in their order; `nil` where a batch has none.
  public var group: [String?]
  /// Batches, those that judged rows again not counted; one that sends rejects again counts beside the first.
  public var batches: Int
  /// Rows reported (上报量).
  public var reported: Int
  /// New records (入库量).
  public var loaded: Int
  /// New versions (更新量).
  public var updated: Int
  /// Rows the store had (重复量).
  public var duplicate: Int
  /// Rows a rule failed for when they came (疑问量).
  public var questionable: Int
  /// Rows that named nobody when they came (未关联量).
  public var unlinked: Int
  /// Rows that still wait.
  public var waiting: Int

  /// New records in a hundred rows, to two places (入库率); `nil` where nothing was reported.
  public var loadingRate: Double? { rate(loaded) }
  /// New versions in a hundred rows (更新率).
  public var updateRate: Double? { rate(updated) }
  /// Rows a rule failed for in a hundred (疑问率).
  public var questionableRate: Double? { rate(questionable) }
  /// Rows that named nobody in a hundred (未关联率).
  public var unlinkedRate: Double? { rate(unlinked) }

  private func rate(_ part: Int) -> Double? { RecordQuality.rate(part, of: reported) }

  fileprivate init(group: [String?]) {
    self.group = group
    (batches, reported, loaded, updated, duplicate) = (0, 0, 0, 0, 0)
    (questionable, unlinked, waiting) = (0, 0, 0)
  }

  /// Adds a batch.
  ///
  /// - Parameter again: how many of its rows were reported before.
  fileprivate mutating func add(_ report: BatchReport, again: Int) {
    loaded += report.loaded
    updated += report.updated
    duplicate += report.duplicate
    waiting += report.openRows
    guard !report.isJudgement else { return }
    batches += 1
    reported += max(0, report.reported - again)
    guard report.resubmits == nil else { return }
    questionable += report.questionable
    unlinked += report.unlinked
  }
}

extension CreditSnapshot {
  /// Counts what units reported.
  ///
  /// ```swift
  /// for row in try snapshot.collectionStatistics(by: [.unit, .month]) { print(row.group, row.reported, row.loadingRate ?? 0) }
  /// ```
  /// - Parameters:
  ///   - groups: what to count by; none gives one row.
  ///   - days: only batches of these days.
  ///   - unit: only those of a unit.
  ///   - entry: only those of an entry.
  /// - Returns: the rows in the order of their groups, `nil` first.
  /// - Throws: `CreditError`, code `damaged`.
  public func collectionStatistics(
    by groups: [CollectionStatistics.Group], days: ClosedRange<Day>? = nil, unit: String? = nil,
    entry: String? = nil
  ) throws -> [CollectionStatistics] {
    let regions = groups.contains(.region) ? try units().divisions : [:]
    var rows: [[String?]: CollectionStatistics] = [:]
    var firstAttempts: [UInt64: BatchReport] = [:]
    /// By first attempt, rows that were set aside and did not come again yet.
    var open: [UInt64: Int] = [:]
    for report in try batches() {
      let first = report.resubmits.flatMap { firstAttempts[$0] } ?? report
      firstAttempts[report.batch] = first
      var again = 0
      if first.batch == report.batch {
        open[report.batch] = report.questionable + report.unlinked
      } else {
        again = min(report.reported, open[first.batch] ?? 0)
        open[first.batch, default: 0] -= again
        // What failed again can be sent once more.
        if !report.isJudgement {
          open[first.batch, default: 0] += min(again, report.questionable + report.unlinked)
        }
      }
      guard days.map({ $0.contains(first.day) }) ?? true, unit.map({ $0 == first.unit }) ?? true,
        entry.map({ $0 == first.entry }) ?? true
      else { continue }
      let key = groups.map { first.value($0, regions) }
      rows[key, default: CollectionStatistics(group: key)].add(report, again: again)
    }
    if groups.isEmpty, rows.isEmpty { return [CollectionStatistics(group: [])] }
    return rows.values.sorted { left, right in
      for (first, second) in zip(left.group, right.group) where first != second {
        guard let first, let second else { return first == nil }
        return first.utf8.lexicographicallyPrecedes(second.utf8)
      }
      return false
    }
  }
}

extension BatchReport {
  fileprivate func value(_ group: CollectionStatistics.Group, _ regions: [String: String]) -> String? {
    switch group {
    case .unit: unit
    case .entry: entry
    case .channel: channel?.rawValue
    case .region: unit.flatMap { regions[$0] }
    case .period: period
    case .day: day.description
    case .month: day.month.description
    case .year: String(day.month.description.prefix(4))
    }
  }
}
