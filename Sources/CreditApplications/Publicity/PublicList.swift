// Owns the public lists of what was decided: permits, penalties, lists of the city, page by page.
// Invariants: as everybody may see them; the mark of a page names a day and a number, never anybody.

import CreditModel
import CreditStore

/// A page of records that are public (公示列表).
public struct PublicPage: Codable, Sendable, Equatable {
  /// Records, the latest first.
  public var records: [ShownRecord]
  /// Where the next page begins; `nil` behind the last one.
  public var next: String?
}

extension AccessSession {
  /// Records of an entry as the caller may see them, the latest first: the double publicity lists of a portal (双公示列表).
  ///
  /// - Parameters:
  ///   - code: the entry; it needs an event date.
  ///   - mark: `next` of the page before.
  ///   - limit: records of a page, 1 to 1,000.
  /// - Throws: `AccessRefusal` with rule `entryNotGranted`; `CreditError`: `unknownEntry`, `invalidCursor`, `noEventDate`.
  public func publicList(_ code: String, after mark: String? = nil, limit: Int = 50) throws -> PublicPage {
    try perform(.query) { all, facts in
      let reading = try all.withoutSubject()
      let found = try PublicListing(reading, code).page(after: mark, limit: max(1, min(limit, 1000)))
      facts.note(found.page.records, found.subjects, for: reading.audience)
      return found.page
    }
  }
}

/// Lists the records of one entry.
private struct PublicListing {
  /// Where a page begins: behind so many records of a day that are shown. What is not shown is not counted, so that a mark tells nothing of it.
  private struct Mark {
    var day: Day
    var passed: Int

    init(day: Day, passed: Int) {
      self.day = day
      self.passed = passed
    }

    init?(_ text: String) {
      let parts = text.split(separator: "+")
      guard parts.count == 2, let day = Day(parts[0]), let passed = Int(parts[1]),
        (0...1_000_000_000).contains(passed)
      else { return nil }
      self.init(day: day, passed: passed)
    }

    var text: String { "\(day)+\(passed)" }
  }

  /// Records looked at for a page, most of them not shown.
  private static let maximumExamined = 200_000

  private let reading: AccessReading
  private let entry: CatalogueEntry
  private let date: CatalogueItem

  init(_ reading: AccessReading, _ code: String) throws {
    self.reading = reading
    guard try reading.visibleCodes(choice: "", where: { _ in true }).contains(code) else {
      throw AccessRefusal(.entryNotGranted, "records of \(code) may not be seen")
    }
    entry = try reading.snapshot.entry(code)
    guard let place = entry.eventDate.flatMap(entry.itemIndex) else {
      throw CreditError("noEventDate", "entry \(code) has no event date to list its records by")
    }
    date = entry.items[place]
  }

  /// Events up to the end of a day.
  private func filter(until day: Day) throws -> Filter {
    switch date.type {
    case .timestamp: return try Filter(parsing: "`\(date.id)` <= \(day)T23:59:59")
    case .month: return try Filter(parsing: "`\(date.id)` <= \(day.month)")
    default: return try Filter(parsing: "`\(date.id)` <= \(day)")
    }
  }

  func page(after mark: String?, limit: Int) throws -> (page: PublicPage, subjects: [Identifier]) {
    var start = Mark(day: reading.today, passed: 0)
    if let mark {
      guard let known = Mark(mark) else { throw CreditError("invalidCursor", "the mark is none of a page") }
      start = known.day <= reading.today ? known : start
    }
    var query = RecordQuery(
      entries: [entry.code], filter: try filter(until: start.day),
      order: [.init(date.id, isDescending: true)], limit: min(RecordQuery.maximumLimit, limit * 2 + 100))
    var records: [ShownRecord] = []
    var subjects: [Identifier] = []
    var place = Mark(day: start.day, passed: 0)
    var examined = 0
    while true {
      let found = try reading.snapshot.records(matching: query)
      for record in found.records {
        guard let day = record.eventDay, let shown = try reading.shown(record) else { continue }
        if day != place.day { place = Mark(day: day, passed: 0) }
        place.passed += 1
        if day == start.day, place.passed <= start.passed { continue }
        records.append(shown)
        subjects.append(record.subject)
        if records.count == limit { return (PublicPage(records: records, next: place.text), subjects) }
      }
      examined += found.records.count
      guard let next = found.next else { return (PublicPage(records: records, next: nil), subjects) }
      if examined >= Self.maximumExamined, !records.isEmpty {
        return (PublicPage(records: records, next: place.text), subjects)
      }
      query.cursor = next
    }
  }
}
