// Owns the way from a figure of quality to the records behind it.
// Invariants: the filter finds exactly the records that the figure did not count as good, so that what is listed adds up to what is measured.
// Does not list (RecordQuery does, in pages).

public import CreditModel
import SegmentStore

/// What is wrong with records that a figure of quality leaves out (质量问题).
public enum QualityProblem: String, Codable, Sendable, CaseIterable {
  /// A value is missing that should be there.
  case incomplete
  /// It came too late after its event.
  case late
}

extension CreditSnapshot {
  /// Days with commits at most: ten years.
  private static let maximumDays = 4000

  /// The filter that finds the records behind a figure (质量明细).
  ///
  /// ```swift
  /// let late = try snapshot.filter(for: .late, inRecordsOf: "XZCF", unit: "11130300000000019B")
  /// for record in try snapshot.records(matching: RecordQuery(entries: ["XZCF"], filter: late)).records { print(record.key) }
  /// ```
  /// - Parameters:
  ///   - problem: what is wrong.
  ///   - code: the entry that was measured.
  ///   - unitCode: the unit that was measured; `nil` for records that name none.
  ///   - days: the days that were measured.
  ///   - timely: as it was measured.
  /// - Returns: the filter; one that finds nothing where nothing can be wrong.
  /// - Throws: `CreditError`: `unknownEntry`, `calendarMissing`, `limit` for more than 4,000 days with commits.
  public func filter(
    for problem: QualityProblem, inRecordsOf code: String, unit unitCode: String?,
    days: ClosedRange<Day>? = nil, timely: TimelyLimit = .calendarDays(7)
  ) throws -> Filter {
    do {
      guard let entry = try entries([code]).first?.entry else {
        throw CreditError("unknownEntry", "no catalogue entry \(code)")
      }
      let unit = Filter.Operand("$unit")
      var conditions: [Filter] = [
        unitCode.map { .compare(unit, .equal, .init(.text($0))) } ?? .isNull(unit)
      ]
      switch problem {
      case .incomplete:
        if let days { conditions.append(Self.any(try commits(on: days).map(\.filter))) }
        conditions.append(Self.any(entry.expectedItems.map { .isNull(.init($0.id)) }))
      case .late: conditions.append(try lateRecords(entry, days ?? .minimum ... .maximum, timely))
      }
      return .and(conditions)
    } catch { throw CreditError(wrapping: error) }
  }

  private func lateRecords(
    _ entry: CatalogueEntry, _ days: ClosedRange<Day>, _ timely: TimelyLimit
  ) throws -> Filter {
    let event = entry.eventDate.flatMap(entry.itemIndex).map { entry.items[$0] }
    guard let event, event.type == .date || event.type == .timestamp else { return Self.any([]) }
    let deadlines = Deadlines(timely)
    return Self.any(
      try commits(on: days).map { commits in
        let first = Day(daysSinceEpoch: try deadlines.firstEvent(forRecordsOf: commits.day)) ?? .minimum
        let bound: Value =
          event.type == .date
          ? .day(first) : .second(Second(stored: Int64(first.daysSinceEpoch) * 86_400))
        return .and([commits.filter, .compare(.init(event.id), .less, .init(bound))])
      })
  }

  /// One of the conditions must hold; of none, nothing passes.
  private static func any(_ conditions: [Filter]) -> Filter {
    conditions.isEmpty ? .compare(.init("$batch"), .less, .init(.integer(0))) : .or(conditions)
  }

  /// Commits of one day.
  private struct DayCommits {
    var day: Int
    var commits: ClosedRange<UInt64>

    /// What came in them first.
    var filter: Filter {
      let received = Filter.Operand("$received")
      return .and([
        .compare(received, .greaterOrEqual, .init(.integer(Int64(clamping: commits.lowerBound)))),
        .compare(received, .lessOrEqual, .init(.integer(Int64(clamping: commits.upperBound)))),
      ])
    }
  }

  /// The commits of this snapshot, day by day in Asia/Shanghai.
  private func commits(on days: ClosedRange<Day>) throws -> [DayCommits] {
    guard commit > 0, let start = database.engine.instant(of: 1) ?? database.engine.instant(of: commit),
      let end = database.engine.instant(of: commit)
    else { return [] }
    var found: [DayCommits] = []
    let first = Swift.max(Day(millisecondsSinceEpoch: start), days.lowerBound)
    let last = Swift.min(Day(millisecondsSinceEpoch: end), days.upperBound)
    guard first <= last else { return [] }
    for day in Int(first.daysSinceEpoch)...Int(last.daysSinceEpoch) {
      // The last millisecond of a day in UTC+8.
      func lastCommit(_ day: Int) -> UInt64 {
        Swift.min(
          commit, database.engine.commit(notLaterThan: Int64(day + 1) * 86_400_000 - 8 * 3_600_000 - 1))
      }
      let (before, through) = (lastCommit(day - 1), lastCommit(day))
      guard through > before else { continue }
      guard found.count < Self.maximumDays else {
        throw CreditError("limit", "more than \(Self.maximumDays) days with commits; ask for some of them")
      }
      found.append(DayCommits(day: day, commits: before + 1...through))
    }
    return found
  }
}
