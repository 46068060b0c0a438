// Owns counting what a review hands over about a subject.
// Invariants: counted with the rights of a government unit without any of its own, for the entries of the review's kinds and of registration alone: what the
// unit itself reported, and the centre's wider sight, come into no result. Nothing is told of records outside the kinds and the period: what is hidden, what
// is outside and what is not there are alike.

import CreditModel
import CreditStore

/// One subject of a review, as it is kept.
struct ReviewLine: Codable, Equatable {
  var number: Int
  var subject: CreditReview.Subject
  /// What the decision handed over; `nil` before it.
  var decided: [ReviewSheet.Count]?

  /// The id of its document.
  static func id(_ review: String, _ number: Int) -> String { "\(review)/\(number)" }
}

/// What is found about a subject of a review.
struct ReviewFinding {
  var identifier: Identifier
  var isFound: Bool
  var isNameKnown: Bool?
  var counts: [ReviewSheet.Count]
  /// Codes of the entries of which something was counted.
  var entries: Set<String>
}

/// Counting for one review.
struct ReviewCounting {
  private static let registration = "registration"

  private let review: CreditReview
  private let reading: AccessReading
  private let choice: String

  /// - Parameter viewer: the reading of whoever decides or looks; its rights are put aside, its snapshot and day are kept.
  init(_ review: CreditReview, for viewer: AccessReading) {
    self.review = review
    let role = AccessRole(
      id: "$review", name: "信用审查", audience: .government, actions: [.review], scope: .all,
      conditionalEntries: review.grantedEntries)
    reading = AccessReading(
      session: viewer.session, snapshot: viewer.snapshot, present: viewer.present,
      grant: AccessGrant(unit: review.unit, roles: [role]), roles: [role],
      configuration: viewer.configuration, day: viewer.today, consent: nil)
    choice = "review|\(review.kinds)"
  }

  /// What is found about subjects, in their order. A number may stand under another kind than its form suggests.
  func findings(of subjects: [CreditReview.Subject]) throws -> [ReviewFinding] {
    let selection = try reading.visible(choice: choice, where: isWanted)
    let screened = try reading.snapshot.screen(subjects.map(\.identifier), among: selection)
    return try zip(subjects, screened).map { subject, screening in
      let identifier = screening.identifier ?? reading.session.identifier(subject.identifier)
      // Of whom nothing can be shown no record is read.
      return try finding(of: subject, identifier, screening.isFound ? records(of: identifier) : [])
    }
  }

  private func isWanted(_ entry: CatalogueSummary) -> Bool {
    entry.category == Self.registration
      || review.kinds.contains {
        $0.concerns(code: entry.code, category: entry.category, nature: entry.nature)
      }
  }

  private func records(of identifier: Identifier) throws -> [ShownRecord] {
    try reading.records(of: identifier, choice: choice, where: isWanted)
  }

  private func finding(
    of subject: CreditReview.Subject, _ identifier: Identifier, _ all: [ShownRecord]
  ) throws -> ReviewFinding {
    let period = EventPeriod(
      first: review.from, last: review.until, mappings: reading.configuration.mappings)
    let inPeriod = all.filter(period.takes)
    var told = all.filter { $0.category == Self.registration }
    var entries: Set<String> = []
    let counts = review.kinds.map { kind in
      let taken = inPeriod.filter(kind.takes)
      told += taken
      entries.formUnion(taken.map(\.entry))
      return ReviewSheet.Count(
        kind: kind.code, records: taken.count, inForce: taken.filter(\.isInForce).count,
        disputed: taken.filter(\.isDisputed).count)
    }
    let names = Set(told.compactMap(Self.name(in:)).map(NormalizedName.init))
    let given = subject.name.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : NormalizedName($0) }
    return ReviewFinding(
      identifier: identifier, isFound: !told.isEmpty,
      isNameKnown: names.isEmpty ? nil : given.map(names.contains), counts: counts, entries: entries)
  }

  /// The name a record gives its subject, where it is shown in full.
  private static func name(in record: ShownRecord) -> String? {
    record.subjectName.flatMap { name in
      record.items.contains { $0.isMasked && $0.value == name } ? nil : name
    }
  }
}
