// Owns evaluating a subject by a model.
// Invariants: a score follows from the records the caller sees, names the records it counts, and can be worked out again from them; what is repaired or
// withdrawn does not count; it is never part of a credit report.

public import CreditModel
import CreditStore

/// What a model makes of a subject (信用评价结果及说明).
public struct Evaluation: Codable, Sendable, Equatable {
  /// What one indicator contributed.
  public struct Line: Codable, Sendable, Equatable {
    /// Id of the indicator.
    public var indicator: String
    /// Its name.
    public var name: String
    /// Records that count, by entry, key and day.
    public var records: [Source]
    /// Points they give, after the limit.
    public var points: Int
  }

  /// A record that counts.
  public struct Source: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// The record key; `nil` where it may not be seen.
    public var key: String?
    /// The day of the event.
    public var day: Day?
    /// Commit of the version.
    public var commit: UInt64
  }

  /// Id of the model.
  public var model: String
  /// Its version.
  public var version: Int
  /// Points everybody begins with.
  public var basePoints: Int
  /// What each indicator contributed, in the order of the model.
  public var lines: [Line]
  /// All points.
  public var points: Int
  /// The grade.
  public var grade: String
  /// The day it was made for.
  public var day: Day
  /// The commit of the store.
  public var commit: UInt64
}

extension AccessSession {
  /// Evaluates a subject (信用评价).
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - model: the model.
  ///   - commit: the commit as of which the store is looked at; `nil` = now.
  ///   - day: the day for which months are counted; `nil` = today.
  /// - Throws: `AccessRefusal`, `actionNotGranted` for another commit or day to others than the subject and the centre; `CreditError`: `invalidModel`,
  ///   `unknownEntry`.
  public func evaluate(
    _ text: String, by model: IndicatorModel, asOf commit: UInt64? = nil, on day: Day? = nil
  ) throws -> Evaluation {
    let subject = identifier(text)
    return try perform(.screen, about: [subject], asOf: commit) { all, facts in
      if let problem = model.problem { throw CreditError("invalidModel", problem) }
      try model.check(in: all.present)
      var reading = all
      if commit != nil || day ?? all.today != all.today {
        // What was so may have been repaired, corrected or closed since.
        reading = try all.limited(
          to: { $0.audience == .centre || $0.audience == .subject },
          or: AccessRefusal(
            .actionNotGranted, "the past is evaluated for the subject itself and by the centre"))
        reading = reading.on(day ?? all.today)
      }
      let records = try reading.records(of: subject).filter { record in
        // Who left a list has left it.
        record.state != "repaired"
          && (record.isInForce || reading.configuration.mappings[record.entry]?.kind != .list)
      }
      let lines = model.indicators.map { Self.line($0, records, on: reading.today) }
      let points = lines.reduce(model.basePoints) { $0 + $1.points }
      facts.entries = Set(lines.flatMap(\.records).map(\.entry))
      facts.rows = lines.reduce(0) { $0 + $1.records.count }
      return Evaluation(
        model: model.id, version: model.version, basePoints: model.basePoints, lines: lines, points: points,
        grade: model.grade(of: points), day: reading.today, commit: reading.snapshot.commit)
    }
  }

  private static func line(
    _ indicator: IndicatorModel.Indicator, _ records: [ShownRecord], on day: Day
  ) -> Evaluation.Line {
    let first = indicator.months.map { day.adding(months: -$0) }
    let counted = records.filter { record in
      guard indicator.entry.map({ $0 == record.entry }) ?? (indicator.category == record.category) else {
        return false
      }
      if let first {
        // What has no date is not known to lie within the months.
        guard let event = record.day, event > first, event <= day else { return false }
      }
      guard let item = indicator.item else { return true }
      guard let value = record[item] else { return false }
      return indicator.words.isEmpty || indicator.words.contains { value.contains($0) }
    }
    let (sum, isOver) = counted.count.multipliedReportingOverflow(by: indicator.points)
    let limit = indicator.maximumPoints
    let points = isOver ? (indicator.points < 0 ? -limit : limit) : max(-limit, min(limit, sum))
    return Evaluation.Line(
      indicator: indicator.id, name: indicator.name,
      records: counted.map { .init(entry: $0.entry, key: $0.key, day: $0.day, commit: $0.commit) },
      points: points)
  }
}
