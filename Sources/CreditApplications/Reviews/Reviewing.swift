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
  /// - Throws: `AccessRefusal`: `actionNotGranted`, `tooManySubjects`; `CreditError`: `invalidReview`, also where a text names somebody's number; `unknownKind`,
  ///   `unknownUnit`, `invalidPeriod`, `alreadyExists`.
  @discardableResult
  public func requestReview(_ id: String, _ request: ReviewRequest) throws -> CreditReview {
    let subjects = request.subjects.map { identifier($0.identifier) }
    return try perform(.review, about: distinct(request.subjects)) { all, facts in
      let reading = try all.ofUnits()
      if let problem = problem(id, request) { throw CreditError("invalidReview", problem) }
      guard request.from ?? .minimum <= request.until ?? .maximum else {
        throw CreditError("invalidPeriod", "the first day of the period is behind the last")
      }
      if let unit = reading.grant.unit, try platform.register(reading.snapshot).units[unit] == nil {
        throw CreditError("unknownUnit", "there is no unit \(unit); enter it first")
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

  private func problem(_ id: String, _ request: ReviewRequest) -> String? {
    if !(1...200).contains(id.utf8.count) || id.allSatisfy(\.isWhitespace) {
      return "the number of a review has 1 to 200 bytes"
    }
    for (name, text) in [("title", request.title), ("purpose", request.purpose)]
    where text.allSatisfy(\.isWhitespace) || text.utf8.count > 1500 {
      return "a review has a \(name), of at most 1500 bytes"
    }
    // These stay when somebody is taken out of the store, and are shown as they are.
    if [id, request.title, request.purpose].contains(where: namesSomebody) {
      return "number, title and purpose of a review name nobody by number"
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
      if subject.name.map(namesSomebody) ?? false {
        return "the name of subject \(place + 1) holds an identity number; the identifier comes first"
      }
    }
    return nil
  }

  /// Takes a request back that nobody has decided about yet (撤回); the unit does that asked, the centre refuses instead.
  ///
  /// - Parameter id: number of the request.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`.
  @discardableResult
  public func retractReview(_ id: String) throws -> CreditReview {
    try perform(.review) { all, facts in
      let reading = try all.ofUnits()
      let asked = try review(id, reading)
      facts.rows = 1
      facts.found = distinct(try lines(of: asked, reading).map(\.subject))
      guard asked.unit == nil || reading.isOwn(asked) else {
        throw AccessRefusal(.notCompetent, "the unit that asked takes a review back; refuse it instead")
      }
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
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState`; `CreditError`: `unknownCase`, `unknownEntry`, `reasonMissing`, `invalidReview` for a note that
  ///   names somebody's number, `invalidPeriod` where the period has not begun.
  @discardableResult
  public func decideReview(
    _ id: String, isPassed: Bool, note: String? = nil, grantedEntries: [String] = []
  ) throws -> CreditReview {
    try perform(.decide) { reading, facts in
      guard reading.isWholeCentre else {
        throw AccessRefusal(.notCompetent, "the centre decides about reviews")
      }
      guard isPassed || !(note ?? "").allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "say why it is refused")
      }
      if note.map(namesSomebody) ?? false {
        throw CreditError("invalidReview", "the note of a review names nobody by number")
      }
      for code in grantedEntries { _ = try reading.snapshot.entry(code) }
      var review = try review(id, reading)
      guard review.state == .pending else {
        throw AccessRefusal(.wrongState, "the review is \(review.state.rawValue)")
      }
      review.state = isPassed ? .passed : .refused
      // What is yet to come is not counted.
      if isPassed { review.until = min(reading.today, review.until ?? .maximum) }
      guard !isPassed || review.from ?? .minimum <= review.until ?? .maximum else {
        throw CreditError("invalidPeriod", "the period of the review has not begun")
      }
      review.grantedEntries = isPassed ? grantedEntries.sorted() : []
      review.steps.append(step(review.state.rawValue, reading, note))
      // Counted before the commit: nobody else waits for it.
      var lines = try lines(of: review, reading)
      facts.found = distinct(lines.map(\.subject))
      if isPassed { try count(&lines, review, reading, &facts) }
      let decided = review
      try platform.database.changeRefusably("review") { snapshot, changes in
        guard try self.review(id, reading.at(snapshot)).state == .pending else {
          throw AccessRefusal(.wrongState, "somebody decided about the review meanwhile")
        }
        try changes.put(DocumentKind.review, id, decided)
        for line in lines where isPassed {
          // A purge may have taken it out meanwhile.
          let name = ReviewLine.id(id, line.number)
          guard try snapshot.document(DocumentKind.reviewLine, name) != nil else { continue }
          try changes.put(DocumentKind.reviewLine, name, line)
        }
      }
      return review
    }
  }

  private func count(
    _ lines: inout [ReviewLine], _ review: CreditReview, _ reading: AccessReading, _ facts: inout Facts
  ) throws {
    let findings = try ReviewCounting(review, for: reading).findings(of: lines.map(\.subject))
    for (place, finding) in findings.enumerated() {
      lines[place].decided = finding.counts
      facts.entries.formUnion(finding.entries)
      facts.rows += finding.counts.map(\.records).reduce(0, +)
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

  /// Who is to be reviewed, for whoever decides about it and for the unit that asked (审查名单). Nothing is counted.
  ///
  /// - Parameter id: number of the request.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownCase`.
  public func reviewSubjects(_ id: String) throws -> [ReviewSheet.Subject] {
    try perform(.review) { all, facts in
      let reading = try all.ofUnits()
      let lines = try lines(of: try review(id, reading), reading)
      facts.found = distinct(lines.map(\.subject))
      facts.rows = lines.count
      return lines.map { shown($0, reading) }
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
      var sheet = ReviewSheet(
        review: review,
        unitName: try review.unit.flatMap { try platform.register(reading.snapshot).units[$0]?.name },
        decidedOn: decision.day, lines: [], subjectsWithRecords: [:], commit: reading.snapshot.commit)
      let lines = try lines(of: review, reading)
      facts.found = distinct(lines.map(\.subject))
      let findings = try ReviewCounting(review, for: reading).findings(of: lines.map(\.subject))
      var counted: [String: Set<Identifier>] = [:]
      for (line, finding) in zip(lines, findings) {
        let isChanged = line.decided.map { $0.map(\.records) != finding.counts.map(\.records) } ?? true
        let about = shown(line, reading)
        sheet.lines.append(
          .init(
            number: about.number, subject: about.subject, name: about.name,
            // A number that stands in a record is right as it is: passports have no check character.
            isValid: about.isValid || finding.isFound,
            isFound: finding.isFound, isNameKnown: finding.isNameKnown, counts: finding.counts,
            isChanged: reading.isWholeCentre ? isChanged : nil,
            decidedCounts: isChanged && reading.isWholeCentre ? line.decided : nil))
        for count in finding.counts where count.records > 0 {
          counted[count.kind, default: []].insert(finding.identifier)
        }
        // Found under another kind than its form suggests.
        if finding.identifier != identifier(line.subject.identifier) {
          facts.found.append(finding.identifier)
        }
        facts.entries.formUnion(finding.entries)
        facts.rows += finding.counts.map(\.records).reduce(0, +)
      }
      sheet.subjectsWithRecords = counted.mapValues(\.count)
      return sheet
    }
  }

  private func shown(_ line: ReviewLine, _ reading: AccessReading) -> ReviewSheet.Subject {
    ReviewSheet.Subject(
      number: line.number, subject: identifier(line.subject.identifier).masked, name: line.subject.name,
      isValid: Identifier.check(line.subject.identifier, on: reading.today).isValid
        || DocumentKinds.isTravelDocument(line.subject.identifier, on: reading.today))
  }

  /// Subjects as identifiers, each once.
  private func distinct(_ subjects: [CreditReview.Subject]) -> [Identifier] {
    var seen: Set<Identifier> = []
    return subjects.map { identifier($0.identifier) }.filter { seen.insert($0).inserted }
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
}

extension AccessReading {
  /// Whether a review is one of the caller's unit.
  fileprivate func isOwn(_ review: CreditReview) -> Bool {
    review.unit.map { grant.ownUnits.contains($0) || grant.unit == $0 } ?? false
  }

  /// Whether the caller has to do with a review.
  fileprivate func mayFollow(_ review: CreditReview) -> Bool { isOwn(review) || isWholeCentre }
}

extension AccessSession {
  /// Sets kinds of information that reviews count: the city's own, or in the place of national ones (审查信息种类维护).
  ///
  /// - Parameter kinds: each once; a kind takes the place of the one with its code, also in the list of ``ReviewKind/national``.
  /// - Throws: `AccessRefusal`; `CreditError`: `invalidKind`, `unknownCategory`, `unknownEntry`, `unknownItem`.
  public func publish(_ kinds: [ReviewKind]) throws {
    try set("reviewKinds") { snapshot, changes in
      if let problem = kinds.lazy.compactMap(\.problem).first { throw CreditError("invalidKind", problem) }
      var seen: Set<String> = []
      let categories = Set(try platform.database.catalogue.summaries(asOf: snapshot).map(\.category))
      for kind in kinds {
        guard seen.insert(kind.code).inserted else {
          throw CreditError("invalidKind", "kind \(kind.code) is there twice")
        }
        if let missing = kind.categories?.first(where: { !categories.contains($0) }) {
          throw CreditError("unknownCategory", "no entry has the category \(missing)")
        }
        for source in kind.sources ?? [] {
          let entry = try snapshot.entry(source.entry)
          if let item = source.item, entry.itemIndex(item) == nil {
            throw CreditError("unknownItem", "entry \(source.entry) has no item \(item)", item: item)
          }
        }
        try changes.put(DocumentKind.reviewKind, kind.code, kind)
      }
    }
  }
}
