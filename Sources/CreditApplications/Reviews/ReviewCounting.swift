// Owns counting what a review hands over about a subject.
// Invariants: counted with the rights of a government unit without any of its own, for the entries of the review's kinds and of registration alone: what the
// unit itself reported, and the centre's wider sight, come into no result. What is hidden and what is not there count alike.

import CreditModel
import CreditStore

/// One subject of a review, as it is kept.
struct ReviewLine: Codable, Equatable {
  var number: Int
  var subject: CreditReview.Subject
  /// What the decision handed over; `nil` before it.
  var decided: ReviewFinding?

  /// The id of its document.
  static func id(_ review: String, _ number: Int) -> String { "\(review)/\(number)" }
}

/// What is found about a subject of a review.
struct ReviewFinding: Codable, Equatable {
  var isFound: Bool
  var isNameKnown: Bool?
  var counts: [ReviewSheet.Count]
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
      session: viewer.session, snapshot: viewer.snapshot,
      grant: AccessGrant(unit: review.unit, roles: [role]), roles: [role],
      configuration: viewer.configuration, day: viewer.today, consent: nil)
    choice = "review|\(review.kinds)"
  }

  func finding(of subject: CreditReview.Subject) throws -> ReviewFinding {
    let identifier = reading.session.identifier(subject.identifier)
    let records = try reading.records(of: identifier, choice: choice) { entry in
      entry.category == Self.registration
        || review.kinds.contains {
          $0.concerns(code: entry.code, category: entry.category, nature: entry.nature)
        }
    }
    let counts = review.kinds.map { kind in
      let taken = records.filter { kind.takes($0) && isInPeriod($0) }
      return ReviewSheet.Count(
        kind: kind.code, records: taken.count, inForce: taken.filter(\.isInForce).count)
    }
    let names = Set(records.compactMap(\.subjectName).map(NormalizedName.init))
    let given = subject.name.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : NormalizedName($0) }
    return ReviewFinding(
      isFound: !records.isEmpty, isNameKnown: names.isEmpty ? nil : given.map(names.contains),
      counts: counts)
  }

  private func isInPeriod(_ record: ShownRecord) -> Bool {
    guard let day = record.day else { return true }
    return review.from ?? .minimum <= day && day <= review.until ?? .maximum
  }
}
