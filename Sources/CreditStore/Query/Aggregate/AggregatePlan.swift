// Owns what an aggregate query means for the entries it asks: its columns and their types.
// Invariants: names and types are checked before the first row is read.
// Does not read values.

import CreditModel

/// An aggregate query bound to entries.
struct AggregatePlan {
  let query: AggregateQuery
  let rows: QueryRows
  let groups: [(column: QueryColumn, part: AggregateQuery.Group.Part)]
  /// The column of a count is `nil`.
  let measures: [(function: AggregateQuery.Measure.Function, column: QueryColumn?)]
  /// What has to be gathered for them: a sum and an average of one item share a place.
  let gathered: [(function: AggregateQuery.Measure.Function, column: QueryColumn?)]
  /// For each measure its place in `gathered`.
  let places: [Int]

  var items: QueryItems { rows.items }

  init(_ query: AggregateQuery, entries: [PublishedEntry]) throws(CreditError) {
    self.query = query
    var rows = try QueryRows(entries, filter: query.filter)
    var groups: [(QueryColumn, AggregateQuery.Group.Part)] = []
    for group in query.groups {
      let column = try rows.items.column(group.column)
      if group.part != .value {
        let type = rows.items.type(column)
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
      let column = try rows.items.column(measure.item)
      let type = rows.items.type(column)
      if measure.function == .sum || measure.function == .avg, type != .integer, type != .decimal {
        throw CreditError(
          "typeMismatch", "\(measure.label) needs a number, not a \(type.rawValue)", item: measure.item)
      }
      measures.append((measure.function, column))
    }
    self.rows = rows
    self.groups = groups
    self.measures = measures
    var gathered: [(function: AggregateQuery.Measure.Function, column: QueryColumn?)] = []
    places = measures.map { function, column in
      let needed = function == .avg ? .sum : function
      if let place = gathered.firstIndex(where: { $0.function == needed && $0.column == column }) {
        return place
      }
      gathered.append((needed, column))
      return gathered.count - 1
    }
    self.gathered = gathered
  }
}
