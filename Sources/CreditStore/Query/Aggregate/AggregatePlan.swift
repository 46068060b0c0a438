// Owns what an aggregate query means for the entries it asks: its columns, their types, and the rows to look at.
// Invariants: names and types are checked before the first row is read.
// Does not read values.

import CreditModel
import SegmentStore

/// An aggregate query bound to entries.
struct AggregatePlan {
  let query: AggregateQuery
  let entries: [PublishedEntry]
  let items: QueryItems
  let filter: BoundFilter?
  let groups: [(column: QueryColumn, part: AggregateQuery.Group.Part)]
  /// The column of a count is `nil`.
  let measures: [(function: AggregateQuery.Measure.Function, column: QueryColumn?)]

  init(_ query: AggregateQuery, entries: [PublishedEntry]) throws(CreditError) {
    self.query = query
    self.entries = entries
    var items = QueryItems(entries)
    if let filter = query.filter { self.filter = try BoundFilter(filter, &items) } else { filter = nil }
    var groups: [(QueryColumn, AggregateQuery.Group.Part)] = []
    for group in query.groups {
      let column = try items.column(group.column)
      if group.part != .value {
        let type = items.type(column)
        guard type == .date || type == .timestamp || (type == .month && group.part != .month) else {
          throw CreditError(
            "typeMismatch", "\(group.label) needs a date or timestamp, \(group.column) is a \(type.rawValue)",
            item: group.column)
        }
      }
      groups.append((column, group.part))
    }
    var measures: [(AggregateQuery.Measure.Function, QueryColumn?)] = []
    for measure in query.measures {
      guard measure.function != .count else {
        measures.append((.count, nil))
        continue
      }
      let column = try items.column(measure.item)
      let type = items.type(column)
      if measure.function == .sum || measure.function == .avg, type != .integer, type != .decimal {
        throw CreditError(
          "typeMismatch", "\(measure.label) needs a number, not a \(type.rawValue)", item: measure.item)
      }
      measures.append((measure.function, column))
    }
    self.items = items
    self.groups = groups
    self.measures = measures
  }

  // MARK: Rows

  /// Rows of one entry that are walked together.
  struct Part {
    var entry: Int
    var rows: VectorScan.Part
  }

  /// The scan of an entry.
  func scan(_ entry: Int, _ snapshot: EngineSnapshot) -> VectorScan {
    VectorScan(snapshot, schema: items.schema(of: entries[entry]))
  }

  /// The rows to look at, in parts.
  func parts(_ snapshot: EngineSnapshot, _ options: QueryExecution) throws -> [Part] {
    let wanted = options.usesSubjects ? wantedSubjects() : []
    var parts: [Part] = []
    for entry in entries.indices {
      let schema = items.schema(of: entries[entry])
      let scan = VectorScan(snapshot, schema: schema)
      let found = try scan.parts(rows: options.rowsOfPart) { (segment, chunk) throws(StoreError) in
        for (item, keys) in wanted where try VectorScan.isKeyText(schema.columns[item], segment, chunk) {
          return try VectorScan.rows(of: keys, segment, chunk)
        }
        return nil
      }
      parts += found.map { Part(entry: entry, rows: $0) }
    }
    return parts
  }

  /// Items that must have one of a few texts, and the keys that have these texts: where the texts of an item are those of the rows' keys,
  /// the subject directory finds the rows.
  private func wantedSubjects() -> [(item: Int, keys: [UInt128])] {
    let parts: [BoundFilter]
    switch filter {
    case .and(let all)?: parts = all
    case let one?: parts = [one]
    case nil: parts = []
    }
    return parts.compactMap { part in
      guard case .texts(.item(let item), let condition) = part, let texts = condition.wantedTexts else {
        return nil
      }
      return (item, Set(texts.flatMap(Self.keys)).sorted())
    }
  }

  /// The keys whose text is this, one for each kind of identifier that can have it.
  private static func keys(_ text: [UInt8]) -> [UInt128] {
    let text = String(decoding: text, as: UTF8.self)
    return IdentifierKind.allCases.compactMap { kind in
      guard let key = SubjectKey(Identifier(text, as: kind), digest: { _ in 0 }), !key.needsFullText,
        let rendered = key.text, rendered.utf8.elementsEqual(text.utf8)
      else { return nil }
      return key.rawValue
    }
  }
}
