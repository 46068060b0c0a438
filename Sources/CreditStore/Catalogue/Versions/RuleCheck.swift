// Owns counting the records that would break the rules of a version before it is published.
// Invariants: a record is judged by the values it would have under the version; only rules the present version does not have are judged.
// Does not judge the national rules: records satisfied them, or what they say now, when they came.

import CreditModel
import SegmentStore

/// Judges all records of an entry by rules that are new.
struct RuleCheck {
  private static let shownBatches = 10
  private let rules: [EntryRule]
  private let bound: RecordRules
  private let entry: PublishedEntry

  /// `nil` when no rule is new.
  init?(_ old: PublishedEntry, _ new: CatalogueEntry) {
    let known = Set(old.entry.rules ?? [])
    rules = (new.rules ?? []).filter { !known.contains($0) }
    guard !rules.isEmpty else { return nil }
    entry = old.publishing(new)
    // The rules alone: without the items' demands, which are looked at elsewhere.
    var bare = new
    bare.rules = rules
    bound = RecordRules(rulesOf: bare)
  }

  func run(_ snapshot: EngineSnapshot, isCancelled: () -> Bool, into result: inout VersionCheck) throws {
    var records: [String: Int] = [:]
    var batches: [String: Set<UInt64>] = [:]
    let forms = entry.storedForms
    let options = RuleOptions(today: CreditDatabase.today())
    var rows = 0
    try DatasetScan(snapshot, schema: entry.schema).forEach { row in
      rows += 1
      if rows % 4096 == 0, isCancelled() { throw CancellationError() }
      var values = [Value?](repeating: nil, count: forms.count)
      for column in forms.indices {
        if entry.schema.columns[column].type == .text {
          values[column] = try row.text(column).map { .text(String(decoding: $0, as: UTF8.self)) }
        } else {
          values[column] = try row.integer(column).map { forms[column].value($0) }
        }
      }
      let found = bound.evaluate(values, options: options)
      for finding in found.errors + found.warnings {
        records[finding.rule, default: 0] += 1
        if batches[finding.rule, default: []].count < Self.shownBatches {
          batches[finding.rule, default: []].insert(UInt64(bitPattern: try row.system(.batch)))
        }
      }
    }
    for rule in rules {
      guard let count = records[rule.id] else { continue }
      result.findings.append(
        VersionCheck.Finding(
          item: rule.id, problem: .breaksRule, records: count, batches: (batches[rule.id] ?? []).sorted()))
    }
  }
}
