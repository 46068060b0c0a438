// Owns what units did about measures.
// Invariants: what was done is told once and stays.
// Does not lift measures (MeasureLifting).

public import CreditModel
import CreditStore

/// That a unit took a measure (联合奖惩反馈).
public struct MeasureFeedback: Codable, Sendable, Equatable {
  /// What it is called; unique.
  public var id: String
  /// Against or for whom.
  public var subject: Identifier
  /// Code of the measure.
  public var measure: String
  /// Id of the memorandum.
  public var memorandum: String
  /// Code of the entry whose record brought it about.
  public var entry: String
  /// The record key.
  public var key: String
  /// What was done, and in which matter.
  public var result: String
  /// Credit code of the unit.
  public var unit: String?
  /// The account.
  public var account: String?
  /// The day.
  public var day: Day
  /// The day on which it was lifted.
  public var liftedOn: Day?
  /// Why it was lifted: `repaired`, `withdrawn`, `ended`, `corrected`, `memorandumEnded`, `measureEnded`.
  public var liftedBecause: String?
  /// The day on which there was ground for it again, since its record is shown again.
  public var dueAgainOn: Day?
  /// When it was lifted and due again, each time.
  public var steps: [CaseStep]?

  /// Whether it is to be taken, as far as is known.
  var isInForce: Bool { liftedOn == nil || dueAgainOn != nil }
}

/// How often a measure was taken (奖惩措施统计).
public struct MeasureUse: Codable, Sendable, Equatable {
  /// Code of the measure.
  public var measure: String
  /// Credit code of the unit.
  public var unit: String?
  /// How often it was taken.
  public var taken: Int
  /// How often it was lifted again.
  public var lifted: Int
}

extension AccessSession {
  /// Tells that the caller's unit took a measure.
  ///
  /// - Parameters:
  ///   - id: what the feedback is called, unique.
  ///   - text: an identifier of the subject.
  ///   - due: the measure, as a check gave it.
  ///   - membership: the membership that brought it about.
  ///   - result: what was done.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownRecord` where the caller does not see the record key, `alreadyExists`, `reasonMissing`
  ///   without a result.
  public func report(
    _ id: String, of text: String, _ due: CounterCheck.Due, because membership: CounterCheck.Membership,
    result: String
  ) throws {
    let subject = identifier(text)
    try perform(.measure, about: [subject]) { reading, facts in
      guard !result.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "say what was done")
      }
      guard let key = membership.key else {
        throw CreditError("unknownRecord", "the membership has no record key that may be seen")
      }
      _ = try reading.record(membership.entry, of: subject, key: key)
      let feedback = MeasureFeedback(
        id: id, subject: subject, measure: due.measure, memorandum: due.memorandum, entry: membership.entry,
        key: key, result: result, unit: reading.grant.unit, account: caller.account ?? keeper,
        day: reading.today)
      _ = try platform.database.change("feedback") { snapshot, changes in
        guard try snapshot.document(DocumentKind.feedback, id) == nil else {
          throw CreditError("alreadyExists", "there is a feedback \(id) already")
        }
        try changes.put(DocumentKind.feedback, id, feedback, subjects: [subject])
      }
      (facts.entries, facts.rows) = ([membership.entry], 1)
    }
  }

  /// How often measures were taken and lifted, by measure and unit.
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func measureUse() throws -> [MeasureUse] {
    try perform(.statistics) { all, facts in
      let reading = try all.ofUnits()
      struct Place: Hashable {
        var measure: String
        var unit: String?
      }
      var uses: [Place: MeasureUse] = [:]
      for feedback in try reading.feedbacks() where reading.reaches(feedback.unit) {
        let place = Place(measure: feedback.measure, unit: feedback.unit)
        var use =
          uses[place] ?? MeasureUse(measure: feedback.measure, unit: feedback.unit, taken: 0, lifted: 0)
        use.taken += 1
        if !feedback.isInForce { use.lifted += 1 }
        uses[place] = use
      }
      facts.rows = uses.count
      return uses.values.sorted { ($0.measure, $0.unit ?? "") < ($1.measure, $1.unit ?? "") }
    }
  }

  /// Enters measures, memoranda, or new versions of them (措施清单与备忘录维护). A version counts from its first day on; until then the one before does.
  ///
  /// - Parameters:
  ///   - measures: measures.
  ///   - memoranda: memoranda; their measures must be known or among these.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownMeasure`, `unknownEntry`, `unknownItem`.
  public func publish(_ measures: [Measure], _ memoranda: [Memorandum]) throws {
    try set("measures") { snapshot, changes in
      let entered = try snapshot.documents([DocumentKind.measure]).map { try $0.decoded(as: Measure.self) }
      var known = Set((entered + measures).map(\.code))
      known.formUnion(Measure.national.map(\.code))
      for measure in measures {
        try changes.put(DocumentKind.measure, "\(measure.code)|\(measure.from)", measure)
      }
      for memorandum in memoranda {
        if let missing = memorandum.measures.first(where: { !known.contains($0) }) {
          throw CreditError(
            "unknownMeasure", "memorandum \(memorandum.id) names measure \(missing), which is none")
        }
        for trigger in memorandum.triggers {
          let entry = try snapshot.entry(trigger.entry)
          if let item = trigger.item, entry.itemIndex(item) == nil {
            throw CreditError("unknownItem", "entry \(trigger.entry) has no item \(item)", item: item)
          }
        }
        try changes.put(DocumentKind.memorandum, "\(memorandum.id)|\(memorandum.from)", memorandum)
      }
    }
  }
}
