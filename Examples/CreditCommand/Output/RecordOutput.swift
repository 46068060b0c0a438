// Owns how one record is printed: the contract's JSON line, or lines for people.
// Invariants: values and key go through the presentation, which masks.

import Console
import CreditApplications
import CreditModel
import CreditStore

/// Prints records.
enum RecordOutput {
  /// - Parameter history: whether it is told if a version is current, and until when it was.
  static func line(_ record: CreditRecord, _ presentation: RecordPresentation, json: Bool, history: Bool) {
    let values = presentation.values(of: record)
    let key = presentation.key(of: record)
    guard json else {
      let until = record.until.map { ", until commit \($0)" } ?? ""
      Terminal.line(
        "\(record.entry.code) \(record.entry.name)  key \(key)  version \(record.version) (\(record.state.name)), "
          + "commit \(record.commit)\(until)")
      for value in values {
        let name = record.entry.itemIndex(value.item).map { record.entry.items[$0].name } ?? value.item
        Terminal.line("    \(name): \(value.value.canonicalText)")
      }
      return
    }
    var members: [(String, JSON)] = [
      ("entry", .string(record.entry.code)), ("key", .string(key)), ("version", .int(record.version)),
      ("state", .string(record.state.name)), ("commit", .unsigned(record.commit)),
    ]
    if history {
      members.append(("current", .bool(record.isCurrent)))
      members.append(("until", record.until.map(JSON.unsigned) ?? .null))
    }
    members.append(("values", .object(values.map { ($0.item, JSON.value($0.value)) })))
    Terminal.line(JSON.object(members).text)
  }

  /// A page of records, and where the next begins.
  static func page(_ page: RecordPage, _ query: RecordQuery, _ presentation: RecordPresentation, json: Bool) {
    for record in page.records { line(record, presentation, json: json, history: false) }
    let next = presentation.cursor(of: page, query)
    if json {
      Terminal.line(
        JSON.object([
          ("next", next.text.map(JSON.string) ?? .null), ("more", .bool(page.next != nil)),
          ("commit", .unsigned(page.commit)),
        ]).text)
    }
    if next.isWithheld {
      Terminal.error(
        "more records follow, but where the page ends holds a personal number: pages behind it need --unmasked --purpose"
      )
    } else if !json {
      Terminal.error(
        next.text.map { "\(page.records.count) records; more with --after \($0)" }
          ?? "\(page.records.count) records, the last of them")
    }
  }
}
