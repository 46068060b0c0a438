// Owns watching subjects: keeping lists, and telling what happened since.
// Invariants: events are told again until they are confirmed, so that none is lost between a service and the store; they come from the feed of changes, through
// the rights of the account. What became hidden is told as such only to whoever saw it before, by what it may see of the entry.

import CreditModel
import CreditStore

extension AccessSession {
  /// Begins to watch subjects, or changes a list (主体监测订阅).
  ///
  /// - Parameter list: from now on; a list that is there keeps its place in the events.
  /// - Throws: `AccessRefusal`, `notCompetent` for another account's list; `CreditError`: `invalidList`.
  public func watch(_ list: WatchList) throws {
    try perform(.screen) { reading, facts in
      guard (1...100).contains(list.id.utf8.count),
        (1...WatchList.maximumSubjects).contains(list.subjects.count)
      else { throw CreditError("invalidList", "a list has an id of 1 to 100 bytes and 1 to 10000 subjects") }
      _ = try platform.database.changeRefusably("watch") { snapshot, changes in
        var state =
          try state(list.id, snapshot, reading)
          ?? WatchState(
            list: list, account: caller.account ?? keeper, token: try reading.snapshot.changeToken(),
            number: 0)
        state.list = list
        try changes.put(DocumentKind.watch, list.id, state)
      }
      facts.rows = list.subjects.count
    }
  }

  /// What happened to the subjects of a list since the events that were confirmed last (监测预警).
  ///
  /// - Parameters:
  ///   - id: of the list.
  ///   - limit: changes of the store looked at, at most 10,000.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownList`, `invalidToken` where the store was put back to an earlier state.
  public func events(of id: String, limit: Int = 10_000) throws -> SubjectEvents {
    try perform(.screen) { reading, facts in
      guard let state = try state(id, reading.snapshot, reading) else {
        throw CreditError("unknownList", "there is no list \(id)")
      }
      let page = try reading.snapshot.changes(since: state.token, limit: max(1, min(limit, 10_000)))
      let watched = Dictionary(
        state.list.subjects.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
      var events: [SubjectEvent] = []
      for record in page.changes {
        guard let subject = watched[record.subject], let event = try event(record, subject, reading) else {
          continue
        }
        if state.list.events.isEmpty || state.list.events.contains(event.kind) { events.append(event) }
      }
      let number =
        page.changes.isEmpty ? state.number : try tell(id, through: page.next, from: state.token, reading)
      facts.rows = events.count
      facts.entries = Set(events.map(\.entry))
      facts.found = Array(Set(page.changes.map(\.subject).filter { watched[$0] != nil }))
      return SubjectEvents(events: events, number: number, hasMore: page.hasMore)
    }
  }

  /// Notes up to where events were told; gives their number.
  private func tell(_ id: String, through token: String, from start: String, _ reading: AccessReading) throws
    -> Int
  {
    try platform.database.changeRefusably("watch") { snapshot, changes in
      guard var state = try state(id, snapshot, reading), state.token == start else {
        throw AccessRefusal(.wrongState, "another process confirmed events of the list meanwhile; ask again")
      }
      (state.told, state.number) = (token, state.number + 1)
      try changes.put(DocumentKind.watch, id, state)
      return state.number
    }
  }

  /// Confirms that events were taken in: the next ones follow them.
  ///
  /// - Parameters:
  ///   - number: of the events.
  ///   - id: of the list.
  /// - Throws: `AccessRefusal` with rule `wrongState` for other events than those told last; `CreditError`, code `unknownList`.
  public func confirmEvents(_ number: Int, of id: String) throws {
    try perform(.screen) { reading, _ in
      _ = try platform.database.changeRefusably("watch") { snapshot, changes in
        guard var state = try state(id, snapshot, reading) else {
          throw CreditError("unknownList", "there is no list \(id)")
        }
        guard state.number == number, let told = state.told else {
          throw AccessRefusal(.wrongState, "these are not the events that were told last")
        }
        (state.token, state.told) = (told, nil)
        try changes.put(DocumentKind.watch, id, state)
      }
    }
  }

  private func state(_ id: String, _ snapshot: CreditSnapshot, _ reading: AccessReading) throws -> WatchState?
  {
    guard let state = try snapshot.document(DocumentKind.watch, id)?.decoded(as: WatchState.self) else {
      return nil
    }
    guard state.account == caller.account ?? keeper || reading.audience == .centre else {
      throw AccessRefusal(.notCompetent, "the list is another account's")
    }
    return state
  }

  /// The event a change is, as far as the caller may see it.
  private func event(_ record: CreditRecord, _ subject: Identifier, _ reading: AccessReading) throws
    -> SubjectEvent?
  {
    let isClosing = record.state == .withdrawn || record.state == .repaired
    let shown = try reading.shown(record)
    guard shown != nil || isClosing && reading.sees(record.entry, of: record.subject) else { return nil }
    return SubjectEvent(
      kind: Self.kind(record), subject: reading.shown(subject), entry: record.entry.code,
      name: record.entry.name,
      day: shown?.day, commit: record.commit, record: shown)
  }

  private static func kind(_ record: CreditRecord) -> SubjectEvent.Kind {
    switch record.state {
    case .corrected: return .corrected
    case .withdrawn: return .withdrawn
    case .repaired: return .repaired
    case .reinstated: return .reinstated
    case .loaded: break
    }
    switch record.entry.category {
    case "registration": return .registration
    case "seriousBreach": return .listEntered
    case "abnormalOperation": return .abnormal
    case "judiciary": return .judgment
    case "honour": return .honour
    case "evaluation": return .evaluated
    case "commitment": return .commitment
    case "administrative":
      return record.entry.code == "XZXK" ? .permit : record.entry.nature == .negative ? .penalty : .other
    default: return .other
    }
  }
}
