// Owns looking for records by what they say, through the rights of a caller, page by page or all of them.
// Invariants: a record is found only by what it shows the caller; the mark of a page is a number of records that were shown; nothing is given out before it
// is logged. Pages are of the store as it is when each is asked for.

import CreditModel
import CreditStore

extension AccessSession {
  /// Records of entries that match a condition, a page of them (组合查询).
  ///
  /// - Parameters:
  ///   - question: which records.
  ///   - mark: `next` of the page before. Pages reach up to 10,000 records; ``forEachPage(of:_:)`` gives all. A page has no more records than the role may ask
  ///     about subjects at once.
  /// - Throws: `AccessRefusal`: `entryNotGranted`, `itemNotGranted`, `subjectMissing`; `CreditError`: `invalidFilter`, `unknownItem`, `typeMismatch`,
  ///   `limit`, `invalidCursor`.
  public func records(matching question: RecordQuestion, after mark: String? = nil) throws -> RecordAnswer {
    try perform(.query) { all, facts in
      let listing = try RecordListing(question, try all.withoutSubject())
      let (answer, subjects) = try listing.page(after: mark)
      facts.note(answer.records, subjects, for: all.audience)
      return answer
    }
  }

  /// Gives all records that match, in pieces: for statistics and exports. Each piece is logged before it is given out. The pieces are of the store as it was
  /// when the first was read; what changed since is left out, but for the centre.
  ///
  /// - Parameters:
  ///   - question: which records; `limit` is the size of a piece.
  ///   - body: takes a piece, and says whether it wants another.
  /// - Throws: as ``records(matching:after:)``, `tooManySubjects` for a role that may ask about fewer subjects than a piece has, and what the body throws.
  public func forEachPage(of question: RecordQuestion, _ body: ([ShownRecord]) throws -> Bool) throws {
    var place = RecordListing.Place()
    repeat {
      let records = try perform(.query) { all, facts in
        let reading = try all.withoutSubject()
        guard reading.maximumSubjects >= AccessReading.maximumSubjects else {
          throw AccessRefusal(
            .tooManySubjects, "the role may ask about \(reading.maximumSubjects) subjects at once")
        }
        let listing = try RecordListing(question, reading)
        let piece = try listing.piece(from: &place)
        facts.note(piece.map(\.shown), piece.map(\.subject), for: all.audience)
        return piece.map(\.shown)
      }
      if !records.isEmpty, try !body(records) { return }
    } while !place.isAtEnd
  }
}

extension AccessSession.Facts {
  /// Notes records that are shown. What everybody may see is not noted by subject.
  mutating func note(_ records: [ShownRecord], _ subjects: [Identifier], for audience: Audience) {
    entries.formUnion(records.map(\.entry))
    rows += records.count
    if audience != .everybody { found = Array(Set(subjects)) }
  }
}

/// Looks for records.
struct RecordListing {
  /// How far a listing came.
  struct Place {
    fileprivate var cursor: String?
    /// The commit of the first piece.
    fileprivate var commit: UInt64?
    var isAtEnd = false
  }

  /// A record that was found.
  struct Found {
    var record: CreditRecord
    var shown: ShownRecord
    var subject: Identifier { record.subject }
  }

  /// Records up to which pages reach.
  static let maximumPassed = 10_000
  /// Records of the store looked at for a page: most of them may not be for the caller.
  private static let maximumExamined = 1_000_000
  /// Records read at once at most.
  private static let maximumPiece = 2000

  private let reading: AccessReading
  private let question: RecordQuestion
  let rights: QuestionRights
  private let query: RecordQuery

  /// - Parameter known: the rights, where they were checked already.
  init(_ question: RecordQuestion, _ reading: AccessReading, _ known: QuestionRights? = nil) throws {
    guard (1...RecordQuestion.maximumLimit).contains(question.limit) else {
      throw CreditError("limit", "a page has 1 to \(RecordQuestion.maximumLimit) records")
    }
    let order = try question.order.map { try RecordQuery.Order(parsing: $0) }
    self.reading = reading
    self.question = question
    rights =
      try known
      ?? QuestionRights(
        question.entries, condition: question.condition, ordering: order.map(\.column), reading)
    query = RecordQuery(
      entries: rights.entries.map(\.code), filter: rights.filter, order: order,
      limit: min(Self.maximumPiece, question.limit * 2 + 100))
  }

  /// The page behind a mark.
  func page(after mark: String?) throws -> (answer: RecordAnswer, subjects: [Identifier]) {
    var passed = 0
    if let mark {
      guard let number = Int(mark), (1...Self.maximumPassed).contains(number) else {
        throw CreditError(
          "invalidCursor", "the mark is none of a page; pages reach up to \(Self.maximumPassed) records")
      }
      passed = number
    }
    var found: [Found] = []
    let wanted = min(passed + min(question.limit, reading.maximumSubjects), Self.maximumPassed)
    var place = Place()
    try walk(from: &place) { one in
      found.append(one)
      return found.count <= wanted
    }
    let page = found.prefix(wanted).dropFirst(passed)
    let hasMore = found.count > wanted && wanted < Self.maximumPassed
    return (
      RecordAnswer(records: page.map(\.shown), next: hasMore ? String(wanted) : nil), page.map(\.subject)
    )
  }

  /// The next piece of all records, at least as long as a page where there are so many.
  func piece(from place: inout Place) throws -> [Found] {
    var found: [Found] = []
    try walk(from: &place) { one in
      found.append(one)
      return true
    } until: {
      found.count >= question.limit
    }
    return found
  }

  /// Whether a record is as it was when the first piece was read.
  private func isStillSo(_ record: CreditRecord, _ place: Place) throws -> Bool {
    guard let commit = place.commit, commit < reading.snapshot.commit, reading.audience != .centre else {
      return true
    }
    let present = try AccessReading.record(
      record.entry.code, of: record.subject, key: record.key, in: reading.snapshot)
    return present?.commit == record.commit
  }

  /// Gives the records that the caller may find, in order.
  ///
  /// - Parameters:
  ///   - body: takes a record, and says whether it wants another.
  ///   - isEnough: asked behind what was read at once; the next walk goes on there.
  func walk(
    from place: inout Place, _ body: (Found) throws -> Bool, until isEnough: () -> Bool = { false }
  ) throws {
    var query = query
    var examined = 0
    repeat {
      query.cursor = place.cursor
      let page = try reading.snapshot.records(matching: query)
      for record in page.records {
        guard try isStillSo(record, place), let shown = try reading.shown(record),
          rights.mayFind(shown, record),
          !question.isInForceOnly || shown.isInForce && record.state != .repaired
        else { continue }
        guard try body(Found(record: record, shown: shown)) else { return }
      }
      (place.cursor, place.commit) = (page.next, page.commit)
      place.isAtEnd = page.next == nil
      examined += page.records.count
      guard examined < Self.maximumExamined || page.next == nil else {
        throw CreditError(
          "limit", "more than \(Self.maximumExamined) records were looked at; narrow the condition")
      }
    } while !place.isAtEnd && !isEnough()
  }
}
