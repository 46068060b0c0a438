// Owns asking for reviews, deciding about them, and their results.
// Invariants: a unit sees its own requests, the centre all; a request that is none of the caller's is answered like one that is not there. Every subject of a
// review stands in the log: when it was asked about, when it was decided about, and whenever the result was looked at.

import CreditModel
import CreditStore

extension AccessSession {
  /// Asks the centre to review subjects (信用审查申请).
  ///
  /// ```swift
  /// try session.requestReview(
  ///   "SC2026-017", ReviewRequest(
  ///     title: "2026 年度文明单位评选", purpose: "评先评优", kinds: ["penalty", "seriousBreach"],
  ///     subjects: [.init("91130302MA0000015N", name: "某公司")]))
  /// ```
  /// - Parameters:
  ///   - id: number of the request, unique, 1 to 200 bytes.
  ///   - request: whom, which kinds of information, of which period.
  /// - Returns: the review; it waits for the decision of the centre.
  /// - Throws: `AccessRefusal`: `actionNotGranted`, `tooManySubjects`; `CreditError`: `invalidReview`, `unknownKind`, `invalidPeriod`, `alreadyExists`.
  @discardableResult
  public func requestReview(_ id: String, _ request: ReviewRequest) throws -> CreditReview {
    let subjects = request.subjects.map { identifier($0.identifier) }
    return try perform(.review, about: subjects) { all, facts in
      let reading = try all.ofUnits()
      if let problem = Self.problem(id, request) { throw CreditError("invalidReview", problem) }
      guard request.from ?? .minimum <= request.until ?? .maximum else {
        throw CreditError("invalidPeriod", "the first day of the period is behind the last")
      }
      let known = reading.configuration.reviewKinds
      let kinds = try request.kinds.map { code in
        guard let kind = known.first(where: { $0.code == code }) else {
          throw CreditError(
            "unknownKind", "there is no kind \(code); there are \(known.map(\.code).joined(separator: ", "))")
        }
        return kind
      }
      let review = CreditReview(
        id: id, title: request.title, purpose: request.purpose, unit: reading.grant.unit, kinds: kinds,
        from: request.from, until: request.until, subjectCount: subjects.count, grantedEntries: [],
        state: .pending, steps: [step("submitted", reading, nil)])
      _ = try platform.database.change("review") { snapshot, changes in
        guard try snapshot.document(DocumentKind.review, id) == nil else {
          throw CreditError("alreadyExists", "there is a review \(id) already")
        }
        try changes.put(DocumentKind.review, id, review)
        for (place, subject) in request.subjects.enumerated() {
          let line = ReviewLine(number: place + 1, subject: subject, decided: nil)
          try changes.put(
            DocumentKind.reviewLine, ReviewLine.id(id, line.number), line, subjects: [subjects[place]])
        }
      }
      facts.rows = subjects.count
      return review
    }
  }

  private static func problem(_ id: String, _ request: ReviewRequest) -> String? {
    if !(1...200).contains(id.utf8.count) { return "the number of a review has 1 to 200 bytes" }
    for (name, text) in [("title", request.title), ("purpose", request.purpose)]
    where text.allSatisfy(\.isWhitespace) || text.utf8.count > 1500 {
      return "a review has a \(name), of at most 1500 bytes"
    }
    if request.kinds.isEmpty || Set(request.kinds).count != request.kinds.count {
      return "name kinds of information, each once"
    }
    if !(1...CreditReview.maximumSubjects).contains(request.subjects.count) {
      return "a review has 1 to \(CreditReview.maximumSubjects) subjects"
    }
    for (place, subject) in request.subjects.enumerated() {
      if subject.identifier.allSatisfy(\.isWhitespace) { return "subject \(place + 1) has no identifier" }
      if subject.name?.utf8.count ?? 0 > 1500 { return "the name of subject \(place + 1) is too long" }
    }
    return nil
  }

  /// Takes a request back that nobody has decided about yet (撤回).
  ///
  /// - Parameter id: number of the request.
  /// - Throws: `AccessRefusal`, `wrongState`; `CreditError`: `unknownCase`.
  @discardableResult
  public func retractReview(_ id: String) throws -> CreditReview {
    try perform(.review) { all, facts in
      let reading = try all.ofUnits()
      facts.rows = 1
      return try platform.database.changeRefusably("review") { snapshot, changes in
        var review = try review(id, reading.at(snapshot))
        guard review.state == .pending else {
          throw AccessRefusal(.wrongState, "the review is \(review.state.rawValue)")
        }
        review.state = .retracted
        review.steps.append(step("retracted", reading, nil))
        try changes.put(DocumentKind.review, id, review)
        return review
      }
    }
  }

  /// Passes a request, or refuses it (信用审查审核); only the centre does.
  ///
  /// What it passes is counted at once, as of the store it was decided on, and kept: what changes afterwards is told with the result.
  /// - Parameters:
  ///   - id: number of the request.
  ///   - isPassed: whether the unit gets the result.
  ///   - note: why; needed to refuse.
  ///   - grantedEntries: codes of entries shared on conditions whose conditions are met here (有条件共享授权).
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `unknownEntry`, `reasonMissing`.
  @discardableResult
  public func decideReview(
    _ id: String, isPassed: Bool, note: String? = nil, grantedEntries: [String] = []
  ) throws -> CreditReview {
    try perform(.decide) { all, facts in
      let reading = try all.limited(
        to: { $0.audience == .centre && $0.scope == .all },
        or: AccessRefusal(.notCompetent, "the centre decides about reviews"))
      guard isPassed || !(note ?? "").allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "say why it is refused")
      }
      for code in grantedEntries { _ = try reading.snapshot.entry(code) }
      var review = try review(id, reading)
      guard review.state == .pending else {
        throw AccessRefusal(.wrongState, "the review is \(review.state.rawValue)")
      }
      review.state = isPassed ? .passed : .refused
      review.until = review.until ?? (isPassed ? reading.today : nil)
      review.grantedEntries = isPassed ? grantedEntries.sorted() : []
      review.steps.append(step(review.state.rawValue, reading, note))
      // Counted before the commit: nobody else waits for it.
      let lines = isPassed ? try counted(review, reading) : []
      try platform.database.changeRefusably("review") { snapshot, changes in
        guard try self.review(id, reading.at(snapshot)).state == .pending else {
          throw AccessRefusal(.wrongState, "somebody decided about the review meanwhile")
        }
        try changes.put(DocumentKind.review, id, review)
        for line in lines {
          // A purge may have taken it out meanwhile.
          let name = ReviewLine.id(id, line.number)
          guard try snapshot.document(DocumentKind.reviewLine, name) != nil else { continue }
          try changes.put(DocumentKind.reviewLine, name, line)
        }
      }
      facts.found = lines.map { identifier($0.subject.identifier) }
      facts.rows = lines.reduce(0) { $0 + ($1.decided?.counts.map(\.records).reduce(0, +) ?? 0) }
      return review
    }
  }

  /// Requests for reviews, those waiting longest first: a unit's own, for the centre all.
  ///
  /// - Parameter state: those in this state alone; `nil` = all.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func reviews(_ state: CreditReview.State? = nil) throws -> [CreditReview] {
    try perform(.review) { all, facts in
      let reading = try all.ofUnits()
      let found = try reading.snapshot.documents([DocumentKind.review]).sorted { $0.commit < $1.commit }
        .map { try $0.decoded(as: CreditReview.self) }
        .filter { reading.mayFollow($0) && state ?? $0.state == $0.state }
      facts.rows = found.count
      return found
    }
  }

  /// The result of a review that was passed (信用审查结果).
  ///
  /// - Parameter id: number of the request.
  /// - Throws: `AccessRefusal`, `wrongState` where it is not passed; `CreditError`: `unknownCase`.
  public func reviewSheet(_ id: String) throws -> ReviewSheet {
    try perform(.review) { all, facts in
      let reading = try all.ofUnits()
      let review = try review(id, reading)
      guard review.state == .passed, let decision = review.steps.last else {
        throw AccessRefusal(.wrongState, "the review is \(review.state.rawValue): there is no result")
      }
      let isCentre = reading.roles.contains { $0.audience == .centre }
      let counting = ReviewCounting(review, for: reading)
      var sheet = ReviewSheet(
        review: review,
        unitName: try review.unit.flatMap { try platform.register(reading.snapshot).units[$0]?.name },
        decidedOn: decision.day, lines: [], subjectsWithRecords: [:], commit: reading.snapshot.commit)
      for line in try lines(of: review, reading) {
        let subject = identifier(line.subject.identifier)
        let finding = try counting.finding(of: line.subject)
        let isChanged = line.decided.map { $0 != finding } ?? true
        sheet.lines.append(
          .init(
            number: line.number, subject: reading.shown(subject), name: line.subject.name,
            isValid: Identifier.check(line.subject.identifier, as: nil, on: reading.today).isValid,
            isFound: finding.isFound, isNameKnown: finding.isNameKnown, counts: finding.counts,
            isChanged: isChanged, decidedCounts: isChanged && isCentre ? line.decided?.counts : nil))
        for count in finding.counts where count.records > 0 {
          sheet.subjectsWithRecords[count.kind, default: 0] += 1
        }
        facts.found.append(subject)
        facts.rows += finding.counts.map(\.records).reduce(0, +)
      }
      return sheet
    }
  }

  /// A review the caller has to do with.
  private func review(_ id: String, _ reading: AccessReading) throws -> CreditReview {
    let found = try reading.snapshot.document(DocumentKind.review, id)?.decoded(as: CreditReview.self)
    guard let found, reading.mayFollow(found) else {
      throw CreditError("unknownCase", "there is no review \(id)")
    }
    return found
  }

  private func lines(of review: CreditReview, _ reading: AccessReading) throws -> [ReviewLine] {
    guard review.subjectCount > 0 else { return [] }
    return try (1...review.subjectCount).compactMap { number in
      try reading.snapshot.document(DocumentKind.reviewLine, ReviewLine.id(review.id, number))?
        .decoded(as: ReviewLine.self)
    }
  }

  private func counted(_ review: CreditReview, _ reading: AccessReading) throws -> [ReviewLine] {
    let counting = ReviewCounting(review, for: reading)
    return try lines(of: review, reading).map { line in
      var line = line
      line.decided = try counting.finding(of: line.subject)
      return line
    }
  }
}

extension AccessReading {
  /// Whether a review is one of the caller's unit, or the caller is the centre.
  fileprivate func mayFollow(_ review: CreditReview) -> Bool {
    if let unit = review.unit, grant.ownUnits.contains(unit) { return true }
    return roles.contains { $0.audience == .centre && $0.scope == .all }
  }
}

extension AccessSession {
  /// Sets kinds of information that reviews count: the city's own, or in the place of national ones (审查信息种类维护).
  ///
  /// - Parameter kinds: each once; a kind takes the place of the one with its code, also in the list of ``ReviewKind/national``.
  /// - Throws: `AccessRefusal`; `CreditError`, code `invalidKind`.
  public func publish(_ kinds: [ReviewKind]) throws {
    try set("reviewKinds") { _, changes in
      if let problem = kinds.lazy.compactMap(\.problem).first { throw CreditError("invalidKind", problem) }
      for kind in kinds { try changes.put(DocumentKind.reviewKind, kind.code, kind) }
    }
  }
}
