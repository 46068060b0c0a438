// Owns a filter bound to the items of a query, ready to run.
// Invariants: types were checked before the first row; evaluation is three-valued (`nil` = unknown) and never traps.

import CreditModel
import SegmentStore

/// A filter whose operands are columns and whose literals are stored values.
indirect enum BoundFilter {
  case and([BoundFilter])
  case or([BoundFilter])
  case not(BoundFilter)
  case compare(QueryColumn, Filter.Comparison, QueryValue)
  /// A number compared with a decimal literal of more places than the column has: both at the literal's scale.
  case scaled(QueryColumn, Filter.Comparison, factor: Int64, units: Int64)
  case isIn(QueryColumn, [BoundFilter])
  case isNull(QueryColumn)

  /// Checks names and types.
  init(_ filter: Filter, _ items: inout QueryItems) throws(CreditError) {
    switch filter {
    case .and(let parts): self = .and(try Self.bind(parts, &items))
    case .or(let parts): self = .or(try Self.bind(parts, &items))
    case .not(let inner): self = .not(try BoundFilter(inner, &items))
    case .isNull(let operand): self = .isNull(try items.column(operand.name, at: operand.offset))
    case .isIn(let operand, let literals):
      let column = try items.column(operand.name, at: operand.offset)
      var parts: [BoundFilter] = []
      for literal in literals { parts.append(try Self.comparison(column, .equal, literal, items)) }
      self = .isIn(column, parts)
    case .compare(let operand, let comparison, let literal):
      let column = try items.column(operand.name, at: operand.offset)
      self = try Self.comparison(column, comparison, literal, items)
    }
  }

  private static func bind(_ parts: [Filter], _ items: inout QueryItems) throws(CreditError) -> [BoundFilter]
  {
    var bound: [BoundFilter] = []
    for part in parts { bound.append(try BoundFilter(part, &items)) }
    return bound
  }

  private static func comparison(
    _ column: QueryColumn, _ comparison: Filter.Comparison, _ literal: Filter.Literal, _ items: QueryItems
  ) throws(CreditError) -> BoundFilter {
    let type = items.type(column)
    if comparison == .contains || comparison == .startsWith, !type.isText {
      throw .filter("only texts can be searched; the item is a \(type.rawValue)", at: literal.offset)
    }
    switch (type, literal.value) {
    case (.text, .text(let text)), (.code, .text(let text)):
      return .compare(column, comparison, .text(Array(text.utf8)))
    case (.date, .day), (.month, .month), (.timestamp, .second), (.boolean, .boolean), (.integer, .integer):
      return .compare(column, comparison, literal.value.stored.map(QueryValue.number) ?? .null)
    case (.timestamp, .day(let day)):
      return .compare(column, comparison, .number(Int64(day.daysSinceEpoch) * 86_400))
    case (.integer, .decimal(let number)): return try scaled(column, comparison, number, 0, literal.offset)
    case (.decimal, .integer(let number)):
      return try scaled(
        column, comparison, FixedDecimal(units: number, scale: 0), scale(column, items), literal.offset)
    case (.decimal, .decimal(let number)):
      return try scaled(column, comparison, number, scale(column, items), literal.offset)
    default:
      throw .filter("a \(type.rawValue) cannot be compared with this literal", at: literal.offset)
    }
  }

  private static func scale(_ column: QueryColumn, _ items: QueryItems) -> Int {
    if case .item(let position) = column { items.items[position].scale } else { 0 }
  }

  /// Brings literal and column to one scale.
  private static func scaled(
    _ column: QueryColumn, _ comparison: Filter.Comparison, _ literal: FixedDecimal, _ scale: Int,
    _ offset: Int
  ) throws(CreditError) -> BoundFilter {
    var units = literal.units
    var factor: Int64 = 1
    for _ in 0..<max(0, scale - literal.scale) {
      let (product, overflow) = units.multipliedReportingOverflow(by: 10)
      guard !overflow else { throw .filter("the number is out of range for the item", at: offset) }
      units = product
    }
    for _ in 0..<max(0, literal.scale - scale) { factor *= 10 }
    return factor == 1
      ? .compare(column, comparison, .number(units))
      : .scaled(column, comparison, factor: factor, units: units)
  }

  /// Whether the row satisfies the filter; `nil` when that is unknown.
  func evaluate(_ query: inout QueryRow, _ row: inout ScanRow) throws -> Bool? {
    switch self {
    case .and(let parts):
      var isUnknown = false
      for part in parts {
        switch try part.evaluate(&query, &row) {
        case false?: return false
        case nil: isUnknown = true
        case true?: break
        }
      }
      return isUnknown ? nil : true
    case .or(let parts):
      var isUnknown = false
      for part in parts {
        switch try part.evaluate(&query, &row) {
        case true?: return true
        case nil: isUnknown = true
        case false?: break
        }
      }
      return isUnknown ? nil : false
    case .not(let inner): return try inner.evaluate(&query, &row).map { !$0 }
    case .isNull(let column): return try query.value(column, &row) == .null
    case .isIn(let column, let parts):
      if try query.value(column, &row) == .null { return nil }
      for part in parts where try part.evaluate(&query, &row) == true { return true }
      return false
    case .compare(let column, let comparison, let literal):
      return Self.holds(try query.value(column, &row), comparison, literal)
    case .scaled(let column, let comparison, let factor, let units):
      guard case .number(let value) = try query.value(column, &row) else { return nil }
      let wide = Int128(value) * Int128(factor)
      return Self.holds(wide < Int128(units) ? -1 : wide > Int128(units) ? 1 : 0, comparison)
    }
  }

  private static func holds(_ value: QueryValue, _ comparison: Filter.Comparison, _ literal: QueryValue)
    -> Bool?
  {
    switch (value, literal) {
    case (.number(let value), .number(let literal)):
      return holds(value < literal ? -1 : value > literal ? 1 : 0, comparison)
    case (.text(let value), .text(let literal)):
      switch comparison {
      case .contains: return contains(value, literal)
      case .startsWith: return value.starts(with: literal)
      default:
        if value == literal { return holds(0, comparison) }
        return holds(value.lexicographicallyPrecedes(literal) ? -1 : 1, comparison)
      }
    default: return nil
    }
  }

  private static func holds(_ order: Int, _ comparison: Filter.Comparison) -> Bool {
    switch comparison {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    case .contains, .startsWith: false
    }
  }

  private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    guard text.count >= part.count else { return false }
    for start in 0...(text.count - part.count) where text[start] == first {
      if text[start..<start + part.count].elementsEqual(part) { return true }
    }
    return false
  }
}
