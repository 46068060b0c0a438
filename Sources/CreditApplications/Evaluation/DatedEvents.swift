// Owns the events of watched subjects that no commit brings: memberships and publications that end on their day.
// Invariants: each is told once, on the first day on which it is over by the rules of that day, as far as the caller may hear of its record.

import CreditModel
import CreditStore

/// Finds what ended by itself.
struct DatedEvents {
  /// A record something ended for, and the event.
  struct Found {
    var record: CreditRecord
    var event: SubjectEvent
  }

  let reading: AccessReading
  /// The day up to which was told.
  let first: Day
  let last: Day

  /// The events of a subject, with their records.
  func events(of subject: Identifier) throws -> [Found] {
    let kinds = reading.configuration.mappings
    let mapped = Set(kinds.values.filter { $0.kind != .asItHolds }.map(\.entry))
    let selection = try reading.snapshot.narrowed(try reading.visible(), to: mapped)
    let links = LinkReach(from: subject, reading.snapshot)
    let records = try reading.snapshot.records(of: subject, among: selection).filter {
      try $0.state != .repaired && $0.subject.isOfPerson == subject.isOfPerson
        && links.leads(to: $0.subject, reading.roles)
    }
    guard !records.isEmpty else { return [] }
    let marks = try CaseMarks(of: subject, reading.snapshot)
    let publicity = reading.publicity { marks.finding(of: $0) }
    return try records.compactMap { record in
      // Where rules of a day are not known nothing is told.
      guard let before = try? publicity.publication(of: record, on: first), !Self.isOver(before),
        before.reason != .notYet, let now = try? publicity.publication(of: record, on: last),
        Self.isOver(now),
        try reading.on(first).hears(of: record), reading.isUnshielded(record, marks)
      else { return nil }
      let shown = try reading.shown(record, asked: subject)
      let isList = kinds[record.entry.code]?.kind == .list
      return Found(
        record: record,
        event: SubjectEvent(
          kind: isList ? .listLeft : .publicationEnded, subject: reading.shown(subject),
          entry: record.entry.code, name: record.entry.name, day: now.lastDay, commit: record.commit,
          record: shown))
    }
  }

  private static func isOver(_ publication: Publication) -> Bool {
    publication.reason == .ended || publication.reason == .maximumReached
  }
}
