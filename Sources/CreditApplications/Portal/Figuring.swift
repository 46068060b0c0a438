// Owns counting and adding up records through the rights of a caller.
// Invariants: figures are of the records one role shows: the first of the caller's that may be asked all of it. Where that follows from entry, unit and state
// the store counts; where it is decided record by record, or a condition might find out masked numbers, records are looked at one by one. Both ways give the
// same. Groups and texts are shown as records show them.

import CreditModel
import CreditStore

extension AccessSession {
  /// Counts and adds up records as far as the caller may see them (统计分析).
  ///
  /// - Parameter question: of which records, in which groups, what.
  /// - Returns: the figures of one role.
  /// - Throws: `AccessRefusal`: `entryNotGranted`, `itemNotGranted`, `subjectMissing`; `CreditError`: `invalidFilter`, `invalidMeasure`, `unknownItem`,
  ///   `typeMismatch`, `limit` where records have to be looked at one by one and are more than 200,000.
  public func figures(_ question: FigureQuestion) throws -> Figures {
    try perform(.statistics) { all, facts in
      let figuring = try Figuring(question, try all.withoutSubject())
      let figures = try figuring.figures()
      facts.found = Array(Set(figuring.named))
      facts.entries = Set(question.entries)
      facts.rows = figures.rows.count
      return figures
    }
  }
}

/// Works figures out.
struct Figuring {
  /// Records looked at one by one.
  static let maximumExamined = 200_000

  let question: FigureQuestion
  let groups: [AggregateQuery.Group]
  let measures: [AggregateQuery.Measure]
  /// The reading with the one role.
  let reading: AccessReading
  let rights: QuestionRights

  init(_ question: FigureQuestion, _ all: AccessReading) throws {
    self.question = question
    let groups = try question.groups.map { try AggregateQuery.Group(parsing: $0) }
    let measures = try (question.measures.isEmpty ? ["count"] : question.measures).map {
      try AggregateQuery.Measure(parsing: $0)
    }
    self.groups = groups
    self.measures = measures
    let ordering = measures.filter { $0.function == .min || $0.function == .max }.map(\.item)
    let others = groups.map(\.column) + measures.map(\.item).filter { !$0.isEmpty }
    var refusal: AccessRefusal?
    var found: (AccessReading, QuestionRights)?
    for role in all.roles where found == nil {
      var reading = all
      reading.roles = [role]
      do {
        found = (
          reading,
          try QuestionRights(
            question.entries, condition: question.condition,
            ordering: role.isUnmasked ?? false ? [] : ordering,
            others: others, reading)
        )
      } catch let refused as AccessRefusal {
        refusal = refusal ?? refused
      } catch let error as CreditError where error.code == "unknownItem" && role != all.roles.last {
        // What everybody is told of an item they may not see: another role may.
        continue
      }
    }
    guard let found else {
      throw refusal ?? AccessRefusal(.entryNotGranted, "no role shows these records")
    }
    (reading, rights) = found
  }

  /// - Parameter recordByRecord: whether records are looked at one by one even where the store could count them.
  func figures(recordByRecord: Bool = false) throws -> Figures {
    // Names and types are checked alike, whichever way is taken.
    try reading.snapshot.check(query(rights.filter))
    let rows = try recordByRecord ? tallied() : conditionOfRole().map(counted) ?? tallied()
    return Figures(
      rows: rows.sorted(by: Self.precedes), role: reading.roles[0].id, commit: reading.snapshot.commit)
  }

  /// Groups ascend by what is shown of them, absent values first.
  private static func precedes(_ left: Figures.Row, _ right: Figures.Row) -> Bool {
    for (first, second) in zip(left.group, right.group) where first != second {
      guard let first, let second else { return first == nil }
      return first.utf8.lexicographicallyPrecedes(second.utf8)
    }
    return false
  }

  // MARK: By the store

  /// The condition under which the role sees a record; `nil` where that is decided record by record.
  private func conditionOfRole() throws -> Filter? {
    guard let right = reading.rights().first, !rights.isProbing,
      try !isShielded(from: right.entries.role.audience)
    else { return nil }
    guard right.entries.role.audience == .centre || right.entries.role.audience == .government else {
      return nil
    }
    // An item that is not there, or no text, decides record by record.
    let openness = rights.entries.allSatisfy { entry in
      reading.configuration.mappings[entry.code]?.openness.map { isText($0, entry) } ?? true
    }
    guard openness else { return nil }
    var parts: [Filter] = []
    for entry in rights.entries {
      let conditions = [Self.equals("$entry", [entry.code])] + self.conditions(of: entry, right)
      parts.append(.and(conditions))
    }
    return parts.count == 1 ? parts[0] : .or(parts)
  }

  /// Whether somebody's records may be kept from the audience today: few bodies are reorganised, and whose records they are no condition says.
  private func isShielded(from audience: Audience) throws -> Bool {
    guard audience == .government else { return false }
    return try reading.snapshot.shieldings().contains { shielding in
      shielding.extent == .publicationAndSharing && shielding.isInForce(on: reading.today)
        && rights.entries.contains { shielding.isAbout($0) }
    }
  }

  /// Whether the item that says who may see a record can be asked for.
  private func isText(_ id: String, _ entry: CatalogueEntry) -> Bool {
    entry.itemIndex(id).map { entry.items[$0].type == .text || entry.items[$0].type == .code } ?? false
  }

  /// What a record of an entry has to satisfy to be seen, with all items that are named.
  private func conditions(of entry: CatalogueEntry, _ right: RecordRights.Right) -> [Filter] {
    let (rights, role) = (right.entries, right.entries.role)
    let named = items(of: entry)
    let isOwn = rights.isOwn(entry.units)
    let isOpen =
      rights.withoutOwn.allows(entry) && named.allSatisfy { rights.allows($0, of: entry, isOwn: false) }
    var conditions: [Filter] = []
    let own = Self.equals("$unit", rights.ownUnits.sorted())
    if let units = right.units { conditions.append(Self.equals("$unit", units.sorted())) }
    if !isOpen { conditions.append(own) }
    guard role.audience != .centre else { return conditions }
    var shared: [Filter] = [.not(Self.equals("$state", [RecordState.repaired.name]))]
    if let item = reading.configuration.mappings[entry.code]?.openness {
      shared.append(
        .or([.isNull(.init(item)), .not(Self.equals(item, RecordPublicity.wordsOfClosed))]))
    }
    conditions.append(isOwn ? .or([own, .and(shared)]) : .and(shared))
    return conditions
  }

  private func items(of entry: CatalogueEntry) -> [CatalogueItem] {
    rights.items.compactMap { id in entry.itemIndex(id).map { entry.items[$0] } }
  }

  private static func equals(_ column: String, _ texts: [String]) -> Filter {
    .isIn(.init(column), texts.map { .init(.text($0)) })
  }

  private func counted(_ condition: Filter) throws -> [Figures.Row] {
    let filter = rights.filter.map { .and([condition, $0]) } ?? condition
    return try reading.snapshot.aggregate(query(filter)).rows.map { row in
      shown(row.group.map(Self.text), row.measures.map(Self.text))
    }
  }

  private func query(_ filter: Filter?) -> AggregateQuery {
    AggregateQuery(entries: rights.entries.map(\.code), filter: filter, groups: groups, measures: measures)
  }

  private static func text(_ cell: AggregateResult.Cell) -> String? {
    switch cell {
    case .null: nil
    case .integer(let number): String(number)
    case .text(let text): text
    case .boolean(let flag): flag ? "true" : "false"
    }
  }

  /// A row as the role may see it: numbers of people are masked in groups, and in the least and greatest of texts, as they are in records. Counts and sums
  /// are nobody's number.
  private func shown(_ group: [String?], _ measures: [String?]) -> Figures.Row {
    Figures.Row(
      group: zip(group, groups).map { $1.part == .value ? shown($0) : $0 },
      measures: zip(measures, self.measures).map {
        $1.function == .min || $1.function == .max ? shown($0) : $0
      })
  }

  private func shown(_ text: String?) -> String? {
    guard let text, let role = reading.roles.first, role.isUnmasked != true else { return text }
    return RecordRights.masked(text, nil, role, nil, on: reading.today)
  }

  /// Identifiers the condition names: who they are about stands in the log.
  var named: [Identifier] {
    let items = Set(rights.entries.flatMap(\.subject))
    var found: [Identifier] = []
    rights.filter?.visit { operand, comparison, literals in
      guard comparison == .equal, items.contains(operand.name) else { return }
      for case .text(let text) in literals.map(\.value) {
        found.append(Identifier(detecting: text, on: reading.today))
      }
    }
    return found
  }

  // MARK: Record by record

  private func tallied() throws -> [Figures.Row] {
    var listed = RecordQuestion(question.entries, where: question.condition)
    listed.limit = RecordQuestion.maximumLimit
    let listing = try RecordListing(listed, reading, rights)
    var tally = FigureTally(groups: groups, measures: measures)
    var place = RecordListing.Place()
    var examined = 0
    try listing.walk(from: &place) { found in
      examined += 1
      guard examined <= Self.maximumExamined else {
        throw CreditError(
          "limit",
          "more than \(Self.maximumExamined) records have to be looked at one by one; narrow the question")
      }
      try tally.add(found.record, unit: found.shown.unit)
      return true
    }
    return try tally.rows().map { shown($0.group, $0.measures) }
  }
}
