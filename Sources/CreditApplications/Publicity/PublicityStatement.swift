// Owns how units keep the double publicity: in time, complete, nothing held back.
// Invariants: rates are parts of figures that are shown beside them; what nobody said a unit produced gives no rate of concealment.

public import CreditModel
import CreditStore

/// How many decisions a unit made in a month, as an inspection found (应报数量核查).
public struct ProducedDecisions: Codable, Sendable, Equatable {
  /// Credit code of the unit.
  public var unit: String
  /// Code of the entry.
  public var entry: String
  /// The month of the decisions.
  public var month: Month
  /// How many.
  public var decisions: Int

  /// Makes a finding.
  public init(unit: String, entry: String, month: Month, decisions: Int) {
    self.unit = unit
    self.entry = entry
    self.month = month
    self.decisions = decisions
  }
}

/// The double publicity of a unit in a month (双公示月度情况).
public struct PublicityStatement: Codable, Sendable, Equatable {
  /// Code of the entry.
  public var entry: String
  /// Credit code of the unit; `nil` for records that name none.
  public var unit: String?
  /// The month.
  public var month: Month?
  /// Rows it reported in the month.
  public var reported: Int
  /// Of these, rows that are records now: loaded, updated or there already.
  public var taken: Int
  /// Records that came in the month and are still current.
  public var records: Int
  /// Of these, records with a day of the decision.
  public var dated: Int
  /// Of these, records that came within the working days that the rules of the month give.
  public var timely: Int
  /// The longer limit that the rules of the unit's own kind give beside it, in working days; `nil` where they give none.
  public var secondLimitWorkingDays: Int?
  /// Dated records that came within that limit.
  public var timelyBySecondLimit: Int?
  /// Decisions of the month that an inspection found; `nil` where there was none.
  public var produced: Int?
  /// Decisions of the month that were reported, whenever.
  public var disclosed: Int

  /// Writes the figures and the rates that follow from them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(entry, forKey: .entry)
    try container.encodeIfPresent(unit, forKey: .unit)
    try container.encodeIfPresent(month, forKey: .month)
    for (key, count) in [
      (CodingKeys.reported, reported), (.taken, taken), (.records, records), (.dated, dated),
      (.timely, timely), (.disclosed, disclosed),
    ] {
      try container.encode(count, forKey: key)
    }
    try container.encodeIfPresent(produced, forKey: .produced)
    try container.encodeIfPresent(secondLimitWorkingDays, forKey: .secondLimitWorkingDays)
    try container.encodeIfPresent(timelyBySecondLimit, forKey: .timelyBySecondLimit)
    var rates = encoder.container(keyedBy: RateKeys.self)
    try rates.encodeIfPresent(complianceRate, forKey: .complianceRate)
    try rates.encodeIfPresent(timelyRate, forKey: .timelyRate)
    try rates.encodeIfPresent(secondTimelyRate, forKey: .secondTimelyRate)
    try rates.encodeIfPresent(concealmentRate, forKey: .concealmentRate)
  }

  private enum CodingKeys: String, CodingKey {
    case entry, unit, month, reported, taken, records, dated, timely, secondLimitWorkingDays,
      timelyBySecondLimit
    case produced, disclosed
  }

  private enum RateKeys: String, CodingKey {
    case complianceRate, timelyRate, secondTimelyRate, concealmentRate
  }

  /// Rows in a hundred that satisfy the rules (合规率).
  public var complianceRate: Double? { Self.rate(taken, reported, 100) }
  /// Records in a hundred that came in time (及时率).
  public var timelyRate: Double? { Self.rate(timely, dated, 100) }
  /// Records in a hundred that came within the longer limit.
  public var secondTimelyRate: Double? { timelyBySecondLimit.flatMap { Self.rate($0, dated, 100) } }
  /// Decisions in a thousand that were held back (瞒报率).
  public var concealmentRate: Double? {
    produced.flatMap { Self.rate(max(0, $0 - disclosed), $0, 1000) }
  }

  private static func rate(_ part: Int, _ whole: Int, _ of: Double) -> Double? {
    whole > 0 ? (Double(part) * of * 100 / Double(whole)).rounded() / 100 : nil
  }
}

extension AccessSession {
  /// Notes what inspections found units to have produced.
  ///
  /// - Parameter decisions: for each unit, entry and month once; they take the place of what was noted before.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func note(_ decisions: [ProducedDecisions]) throws {
    try perform(.decide) { reading, facts in
      guard reading.audience == .centre else {
        throw AccessRefusal(.notCompetent, "what units produced is noted by the centre")
      }
      _ = try reading.platform.database.change("produced") { _, changes in
        for one in decisions {
          guard one.decisions >= 0 else {
            throw CreditError("invalidValue", "a number of decisions is negative")
          }
          try changes.put(DocumentKind.produced, "\(one.month)|\(one.unit)|\(one.entry)", one)
        }
      }
      facts.rows = decisions.count
    }
  }

  /// The monthly statement of the double publicity (双公示月报).
  ///
  /// How many working days a decision has is what the rules for organs in general say on the last day of the month; where those of the unit's own kind give a
  /// longer limit (market regulators: 20), it is measured beside the other.
  ///
  /// - Parameters:
  ///   - month: the month.
  ///   - entries: codes of the entries.
  /// - Returns: by entry, then unit.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownEntry`, `calendarMissing` where the calendar lacks a year, `rulesMissing` where no deadlines are
  ///   known for the month.
  public func publicityStatement(
    of month: Month, entries: [String] = ["XZXK", "XZCF"]
  ) throws -> [PublicityStatement] {
    try perform(.statistics) { all, facts in
      let reading = try all.ofUnits()
      let seen = try reading.visibleCodes(choice: "") { _ in true }
      if let hidden = entries.first(where: { !seen.contains($0) }) {
        throw AccessRefusal(.entryNotGranted, "no role shows figures of \(hidden)")
      }
      let statements = try reading.statements(of: month, entries)
      facts.entries = Set(entries)
      facts.rows = statements.count
      return statements
    }
  }

  /// Says how grave a decision is, with the evidence for it (失信程度认定).
  ///
  /// - Parameters:
  ///   - finding: what the organ says.
  ///   - text: an identifier of the subject.
  /// - Throws: `AccessRefusal` with rule `notCompetent`; `CreditError`: `unknownRecord`, `reasonMissing`.
  public func note(_ finding: BreachFinding, of text: String) throws {
    let subject = identifier(text)
    try perform(.decide, about: [subject]) { reading, facts in
      guard !finding.evidence.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "say what the class rests on")
      }
      let record = try reading.record(finding.entry, of: subject, key: finding.key)
      let unit = try reading.snapshot.unit(of: record)
      guard reading.isCompetent(for: unit, entry: finding.entry) else {
        throw AccessRefusal(
          .notCompetent, "the unit that made the decision says how grave it is, or the centre")
      }
      _ = try platform.database.change("breachFinding") { _, changes in
        let id = ContentDigest.hex(
          ContentDigest.sha256(
            "\(record.subject.kind.rawValue)|\(record.subject.text)|\(finding.entry)|\(finding.key)".utf8))
        var finding = finding
        finding.subject = record.subject
        finding.unit = reading.grant.unit ?? finding.unit
        try changes.put(DocumentKind.breachFinding, id, finding, subjects: [record.subject, subject])
      }
      (facts.entries, facts.rows) = ([finding.entry], 1)
    }
  }
}

extension AccessReading {
  fileprivate func statements(of month: Month, _ entries: [String]) throws -> [PublicityStatement] {
    guard let first = Day(year: month.year, month: month.month, day: 1) else {
      throw CreditError("invalidValue", "there is no such month")
    }
    let last = Day(daysSinceEpoch: Int(first.adding(months: 1).daysSinceEpoch) - 1) ?? first
    struct Place: Hashable {
      var entry: String
      var unit: String?
    }
    var statements: [Place: PublicityStatement] = [:]
    func change(_ entry: String, _ unit: String?, _ body: (inout PublicityStatement) -> Void) {
      let place = Place(entry: entry, unit: unit)
      var statement =
        statements[place]
        ?? PublicityStatement(
          entry: entry, unit: unit, month: month, reported: 0, taken: 0, records: 0, dated: 0, timely: 0,
          disclosed: 0)
      body(&statement)
      statements[place] = statement
    }
    let deadlines = try configuration.deadlines.deadlines(on: last)
    let limit = TimelyLimit.workingDays(deadlines.publicityWorkingDays, configuration.calendar)
    for quality in try snapshot.recordQuality(of: entries, days: first...last, timely: limit) {
      change(quality.entry, quality.unit) {
        ($0.records, $0.dated, $0.timely) = (quality.records, quality.datedRecords, quality.timelyRecords)
      }
    }
    let seconds = try secondLimits(of: Set(statements.keys.compactMap(\.unit)), on: last)
    for days in Set(seconds.values) {
      let limit = TimelyLimit.workingDays(days, configuration.calendar)
      for quality in try snapshot.recordQuality(of: entries, days: first...last, timely: limit)
      where quality.unit.map({ seconds[$0] == days }) ?? false {
        change(quality.entry, quality.unit) {
          ($0.secondLimitWorkingDays, $0.timelyBySecondLimit) = (days, quality.timelyRecords)
        }
      }
    }
    for entry in entries {
      for row in try snapshot.collectionStatistics(by: [.unit], days: first...last, entry: entry) {
        change(entry, row.group.first ?? nil) {
          $0.reported = row.reported
          $0.taken = row.loaded + row.updated + row.duplicate
        }
      }
      if let date = try snapshot.entry(entry).eventDate {
        let question = AggregateQuery(
          entries: [entry], filter: try Filter(parsing: "`\(date)` >= \(first) and `\(date)` <= \(last)"),
          groups: [try .init(parsing: "$unit")], measures: [.count])
        for row in try snapshot.aggregate(question).rows {
          let unit: String? = if case .text(let text)? = row.group.first { text } else { nil }
          if case .integer(let count)? = row.measures.first {
            change(entry, unit) { $0.disclosed = Int(clamping: count) }
          }
        }
      }
    }
    for document in try snapshot.documents([DocumentKind.produced]) {
      let produced = try document.decoded(as: ProducedDecisions.self)
      guard produced.month == month, entries.contains(produced.entry) else { continue }
      change(produced.entry, produced.unit) { $0.produced = produced.decisions }
    }
    return statements.values.filter { row in
      roles.contains { grant.units(of: $0)?.contains(row.unit ?? "") ?? true }
    }
    .sorted { ($0.entry, $0.unit ?? "") < ($1.entry, $1.unit ?? "") }
  }

  /// The longer limits that rules give some of the units, by what they are called.
  private func secondLimits(of units: Set<String>, on day: Day) throws -> [String: Int] {
    let register = try snapshot.units()
    var limits: [String: Int] = [:]
    for unit in units {
      guard let name = register[unit]?.name else { continue }
      limits[unit] = try configuration.deadlines.deadlines(on: day, authority: name)
        .secondPublicityWorkingDays
    }
    return limits
  }
}
