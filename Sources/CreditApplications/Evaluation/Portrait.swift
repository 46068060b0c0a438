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
  /// Counts, by category and nature.
  public var counts: [Count]
  /// Grades others gave, the latest first.
  public var grades: [Grade]
  /// The latest events, at most two hundred, the latest first.
  public var events: [Event]
  /// The commit of the store.
  public var commit: UInt64
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
      let records = try reading.records(of: subject)
      facts.entries = Set(records.map(\.entry))
      facts.rows = records.count
      let latest = records.sorted { ($0.day ?? .minimum, $0.commit) > ($1.day ?? .minimum, $1.commit) }
      let registered = latest.first { $0.category == "registration" && $0.subjectName != nil }
      var identifiers = [reading.shown(subject)]
      for record in records where !identifiers.contains(record.subject) { identifiers.append(record.subject) }
      return Portrait(
        name: (registered ?? latest.first { $0.subjectName != nil })?.subjectName, identifiers: identifiers,
        kind: subject.subjectKind, state: latest.first { $0.subjectState != nil }?.subjectState,
        labels: SubjectLabels.labels(of: latest),
        relations: identifiers.dropFirst().map { SubjectRelation(kind: .sameSubject, name: $0) }
          + SubjectRelation.relations(in: latest),
        counts: Self.counts(records), grades: Self.grades(latest),
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
