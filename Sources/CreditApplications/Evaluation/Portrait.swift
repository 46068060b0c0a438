// Owns the portrait of a subject: what there is about it, counted and put in order, on one page.
// Invariants: made of what the caller sees; no score.

public import CreditModel
import CreditStore

/// A subject at a glance (主体画像).
public struct Portrait: Codable, Sendable, Equatable {
  /// How many records there are of a category.
  public struct Count: Codable, Sendable, Equatable {
    /// The category.
    public var category: String
    /// What they say of the subject.
    public var nature: CatalogueEntry.Nature
    /// How many.
    public var records: Int
    /// The day of the latest.
    public var latest: Day?
  }

  /// A grade somebody gave the subject.
  public struct Grade: Codable, Sendable, Equatable {
    /// Name of the entry.
    public var name: String
    /// The grade.
    public var grade: String
    /// The day.
    public var day: Day?
  }

  /// An event of the time line.
  public struct Event: Codable, Sendable, Equatable {
    /// The day.
    public var day: Day
    /// Name of the entry.
    public var name: String
    /// What it says of the subject.
    public var nature: CatalogueEntry.Nature
  }

  /// Its name, by the latest registration the caller sees.
  public var name: String?
  /// Identifiers under which records stand, masked where they have to be.
  public var identifiers: [String]
  /// Kind of the subject.
  public var kind: SubjectKind
  /// Its state, as the latest registration says.
  public var state: String?
  /// Words for how it stands: 存续, 守信激励对象, 失信惩戒对象.
  public var labels: [String]
  /// The subject's other identifiers, and others that records name, at most two hundred of these, the latest first.
  public var relations: [SubjectRelation]
  /// How many records there are that were repaired: they stand in no count, and among no events.
  public var repaired: Int
  /// Counts, by category and nature.
  public var counts: [Count]
  /// Grades others gave, the latest first.
  public var grades: [Grade]
  /// The latest events, at most two hundred, the latest first.
  public var events: [Event]
  /// The commit of the store.
  public var commit: UInt64
}

extension Portrait {
  /// The same with citizen identity numbers masked wherever they stand, those of linked people too: for whoever may see them in full and prints it without
  /// having to.
  ///
  /// - Parameter day: today; numbers whose birth date lies behind it are none.
  public func maskingNumbers(on day: Day) -> Portrait {
    var shown = self
    shown.name = name.map { PersonalNumbers.masked($0, on: day) }
    shown.identifiers = identifiers.map { PersonalNumbers.masked($0, on: day) }
    for place in relations.indices {
      shown.relations[place].name = PersonalNumbers.masked(relations[place].name, on: day)
    }
    return shown
  }
}

extension AccessSession {
  private static let maximumEvents = 200

  /// A subject at a glance.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func portrait(of text: String) throws -> Portrait {
    let subject = identifier(text)
    return try perform(.query, about: [subject]) { reading, facts in
      let all = try reading.records(of: subject)
      facts.entries = Set(all.map(\.entry))
      facts.rows = all.count
      let records = all.filter { $0.state != "repaired" }
      let latest = records.sorted { ($0.day ?? .minimum, $0.commit) > ($1.day ?? .minimum, $1.commit) }
      // A person is not called as its company is, nor a company as its owner.
      let own = latest.filter { subject.isCalled(asIn: $0.subjectKind) }
      let registered = own.first { $0.category == "registration" && $0.subjectName != nil }
      var identifiers = [reading.shown(subject)]
      for record in all where !identifiers.contains(record.subject) { identifiers.append(record.subject) }
      return Portrait(
        name: (registered ?? own.first { $0.subjectName != nil })?.subjectName, identifiers: identifiers,
        kind: subject.subjectKind, state: own.first { $0.subjectState != nil }?.subjectState,
        labels: SubjectLabels.labels(of: latest),
        relations: identifiers.dropFirst().map { SubjectRelation(kind: .sameSubject, name: $0) }
          + SubjectRelation.relations(in: latest),
        repaired: all.count - records.count, counts: Self.counts(records), grades: Self.grades(latest),
        events: latest.compactMap { record in
          record.day.map { Portrait.Event(day: $0, name: record.entryName, nature: record.nature) }
        }.prefix(Self.maximumEvents).map { $0 }, commit: reading.snapshot.commit)
    }
  }

  private static func counts(_ records: [ShownRecord]) -> [Portrait.Count] {
    let groups = Dictionary(grouping: records) { "\($0.category)|\($0.nature.rawValue)" }
    return groups.sorted { $0.key < $1.key }.compactMap { _, group in
      group.first.map { any in
        Portrait.Count(
          category: any.category, nature: any.nature, records: group.count,
          latest: group.compactMap(\.day).max())
      }
    }
  }

  private static func grades(_ latest: [ShownRecord]) -> [Portrait.Grade] {
    latest.filter { $0.category == "evaluation" }.compactMap { record in
      record.items.first { $0.name.hasSuffix("等级") }.map {
        Portrait.Grade(name: record.entryName, grade: $0.value, day: record.day)
      }
    }
  }
}
