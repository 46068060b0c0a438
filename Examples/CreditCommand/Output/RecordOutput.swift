// Owns how one record is printed: the contract's JSON line, or lines for people.
// Invariants: values and key go through the presentation, which masks.

import CreditApplications
import CreditModel
import CreditStore

/// Prints records.
enum RecordOutput {
  /// - Parameter history: whether it is told if a version is current, and until when it was.
  static func line(_ record: CreditRecord, _ presentation: RecordPresentation, json: Bool, history: Bool) {
    let values = presentation.values(of: record)
    let key = presentation.text(record.key)
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
}
