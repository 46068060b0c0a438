// Owns watching subjects: keeping lists, and telling what happened since.
// Invariants: events are told again until they are confirmed, so that none is lost between a service and the store; they come from the feed of changes, through
// the rights of the account. What became hidden is told as such only to whoever saw it before, by what it may see of the entry.

import CreditModel
import CreditStore
import Foundation

extension AccessSession {
  /// Begins to watch subjects, or changes a list (主体监测订阅).
  ///
  /// - Parameter list: from now on; a list that is there keeps its place in the events.
  /// - Throws: `AccessRefusal`, `notCompetent` for another account's list; `CreditError`: `invalidList`.
  public func watch(_ list: WatchList) throws {
    try perform(.screen, about: list.subjects) { reading, facts in
      guard (1...100).contains(list.id.utf8.count),
        (1...WatchList.maximumSubjects).contains(list.subjects.count)
      else { throw CreditError("invalidList", "a list has an id of 1 to 100 bytes and 1 to 10000 subjects") }
      var list = list
      // From a file they come as they are written.
      list.subjects = list.subjects.map { Identifier($0.text, as: $0.kind) }
      _ = try platform.database.changeRefusably("watch") { snapshot, changes in
        let known = try self.list(list.id, snapshot, reading)
        let account = known.map(\.account) ?? (caller.account ?? keeper)
        try changes.put(DocumentKind.watch, list.id, OwnedList(list: list, account: account))
        if known == nil {
          let place = WatchPlace(token: try reading.snapshot.changeToken(), number: 0, day: reading.today)
          try changes.put(DocumentKind.watchPlace, list.id, place)
        }
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
    try perform(.screen) { all, facts in
      guard let list = try list(id, all.snapshot, all)?.list else {
        throw CreditError("unknownList", "there is no list \(id)")
      }
      let reading = try all.limited(
        to: { $0.maximumSubjects ?? AccessReading.maximumSubjects >= list.subjects.count },
        or: AccessRefusal(.tooManySubjects, "the list has more subjects than a role allows at once"))
      let place = try place(id, reading.snapshot)
      let page = try reading.snapshot.changes(since: place.token, limit: max(1, min(limit, 10_000)))
      var watched: [Identifier: Identifier] = [:]
      for subject in list.subjects {
        for one in try reading.snapshot.ownIdentifiers(of: subject) + [subject]
        where one.isOfPerson == subject.isOfPerson { watched[one] = subject }
      }
      var events: [SubjectEvent] = []
      var left = place.left ?? []
      for record in page.changes {
        guard let subject = watched[record.subject], let event = try event(record, subject, reading) else {
          continue
        }
        if event.kind == .listLeft, let day = place.day, day < reading.today,
          left.count < WatchPlace.maximumLeft
        {
          left.append(Self.name(record))
        }
        if list.events.isEmpty || list.events.contains(event.kind) { events.append(event) }
      }
      let ended = page.hasMore ? [] : try ended(list, since: place, left, reading)
      events += ended.map(\.event).filter { list.events.isEmpty || list.events.contains($0.kind) }
      let reached = WatchPlace(
        token: page.changes.isEmpty ? place.token : page.next, number: place.number,
        day: page.hasMore ? place.day : reading.today, left: page.hasMore && !left.isEmpty ? left : nil)
      let number: Int
      if events.isEmpty, place.told == nil {
        // There is nothing to confirm.
        if reached != place { try move(id, from: place, to: reached) }
        number = place.number
      } else {
        number = try tell(id, events, through: reached, from: place)
      }
      facts.rows = events.count
      facts.entries = Set(events.map(\.entry))
      let told = (page.changes + ended.map(\.record)).map(\.subject)
      facts.found = Array(Set(told.filter { watched[$0] != nil }))
      return SubjectEvents(events: events, number: number, hasMore: page.hasMore)
    }
  }

  /// What ended by itself on the days behind those that were told, each once: not what a change just told, nor what two linked identifiers have in common.
  private func ended(
    _ list: WatchList, since place: WatchPlace, _ left: [String], _ reading: AccessReading
  ) throws -> [DatedEvents.Found] {
    guard let first = place.day, first < reading.today else { return [] }
    let dated = DatedEvents(reading: reading, first: first, last: reading.today)
    var seen = Set(left)
    return try list.subjects.flatMap { try dated.events(of: $0) }.filter {
      seen.insert(Self.name($0.record)).inserted
    }
  }

  /// What tells a version from all others, and does not say whose it is.
  private static func name(_ record: CreditRecord) -> String {
    let name = [
      record.entry.code, record.subject.kind.rawValue, record.subject.text, record.key, String(record.commit),
    ].joined(separator: "|")
    return String(ContentDigest.hex(ContentDigest.sha256(name.utf8)).prefix(16))
  }

  /// Goes on behind what told nothing, so that it is looked at once.
  private func move(_ id: String, from start: WatchPlace, to reached: WatchPlace) throws {
    try platform.database.change("watch") { snapshot, changes in
      guard try place(id, snapshot) == start else { return }
      try changes.put(DocumentKind.watchPlace, id, reached)
    }
  }

  /// Notes up to where events were told; gives their number. The same events have the same number.
  private func tell(
    _ id: String, _ events: [SubjectEvent], through reached: WatchPlace, from start: WatchPlace
  ) throws -> Int {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let digest = ContentDigest.hex(ContentDigest.sha256(Array(try encoder.encode(events))))
    if start.told != nil, start.toldEvents == digest, start.toldDay == reached.day { return start.number }
    return try platform.database.changeRefusably("watch") { snapshot, changes in
      var place = try place(id, snapshot)
      guard place.token == start.token else {
        throw AccessRefusal(.wrongState, "another process confirmed events of the list meanwhile; ask again")
      }
      (place.told, place.toldDay, place.toldEvents) = (reached.token, reached.day, digest)
      place.toldLeft = reached.left
      place.number += 1
      try changes.put(DocumentKind.watchPlace, id, place)
      return place.number
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
        guard try list(id, snapshot, reading) != nil else {
          throw CreditError("unknownList", "there is no list \(id)")
        }
        var place = try place(id, snapshot)
        guard place.number == number else {
          throw AccessRefusal(.wrongState, "these are not the events that were told last")
        }
        // Confirmed already: the answer was lost.
        guard let told = place.told else { return }
        (place.token, place.told) = (told, nil)
        (place.day, place.toldDay, place.toldEvents) = (place.toldDay ?? place.day, nil, nil)
        (place.left, place.toldLeft) = (place.toldLeft, nil)
        try changes.put(DocumentKind.watchPlace, id, place)
      }
    }
  }

  private func list(_ id: String, _ snapshot: CreditSnapshot, _ reading: AccessReading) throws -> OwnedList? {
    let document = try snapshot.document(DocumentKind.watch, id)
    guard let owned = try document?.decoded(as: OwnedList.self) else { return nil }
    guard owned.account == caller.account ?? keeper || reading.audience == .centre else {
      throw AccessRefusal(.notCompetent, "the list is another account's")
    }
    return owned
  }

  private func place(_ id: String, _ snapshot: CreditSnapshot) throws -> WatchPlace {
    guard let document = try snapshot.document(DocumentKind.watchPlace, id) else {
      throw CreditError("unknownList", "there is no list \(id)")
    }
    return try document.decoded(as: WatchPlace.self)
  }

  /// The event a change is, as far as the caller may hear of it.
  private func event(
    _ record: CreditRecord, _ subject: Identifier, _ reading: AccessReading
  ) throws -> SubjectEvent? {
    guard try reading.hears(of: record) else { return nil }
    // What the version said then may have been wrong, or be closed by now.
    let present =
      record.until == nil
      ? record
      : try AccessReading.record(record.entry.code, of: record.subject, key: record.key, in: reading.snapshot)
    let shown = try present.flatMap { try reading.shown($0) }
    return SubjectEvent(
      kind: try Self.kind(record, reading), subject: reading.shown(subject), entry: record.entry.code,
      name: record.entry.name, day: shown?.day, commit: record.commit, record: shown)
  }

  private static func kind(_ record: CreditRecord, _ reading: AccessReading) throws -> SubjectEvent.Kind {
    switch record.state {
    case .corrected: return .corrected
    case .withdrawn: return .withdrawn
    case .repaired: return .repaired
    case .reinstated: return .reinstated
    case .loaded: break
    }
    let publication = try? reading.publicity { _ in nil }.publication(of: record, on: reading.today)
    if publication?.reason == .ended { return .listLeft }
    if record.version > 1 { return .updated }
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
