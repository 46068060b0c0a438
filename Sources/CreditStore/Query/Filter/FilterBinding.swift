// Owns binding a filter to the items of a query.
// Invariants: types were checked before the first row; literals are at the scale of their column.
// Does not look at rows: FilterEvaluation does.

import CreditModel

/// A filter whose operands are columns and whose literals are stored values.
indirect enum BoundFilter {
  case and([BoundFilter])
  case or([BoundFilter])
  case not(BoundFilter)
  case numbers(QueryColumn, NumberCondition)
  case texts(QueryColumn, TextCondition)
  case isNull(QueryColumn)

  /// The parts that must all hold.
  var conjuncts: [BoundFilter] { if case .and(let parts) = self { parts } else { [self] } }

  /// Checks names and types.
  ///
  /// - Parameter depth: how deep the filter stands in others; filters built by hand have the limit of those that were parsed.
  init(_ filter: Filter, _ items: inout QueryItems, depth: Int = 0) throws(CreditError) {
    guard depth <= 2 * Filter.maximumDepth else {
      throw CreditError("invalidFilter", "the filter is nested more than \(Filter.maximumDepth) deep")
    }
    switch filter {
    case .and(let parts): self = .and(try Self.bind(parts, &items, depth + 1))
    case .or(let parts): self = .or(Self.joined(try Self.bind(parts, &items, depth + 1)))
    case .not(let inner): self = .not(try BoundFilter(inner, &items, depth: depth + 1))
    case .isNull(let operand): self = .isNull(try items.column(operand.name, at: operand.offset))
    case .isIn(let operand, let literals):
      let column = try items.column(operand.name, at: operand.offset)
      self = try Self.membership(column, literals, items)
    case .compare(let operand, let comparison, let literal):
      let column = try items.column(operand.name, at: operand.offset)
      switch try Self.bound(column, comparison, literal, items) {
      case .text(let text): self = .texts(column, TextCondition(comparison, text))
      case .number(let number): self = .numbers(column, NumberCondition(comparison, number))
      case .fraction(let units, let factor):
        self = .numbers(column, NumberCondition(comparison, units: units, factor: factor))
      }
    }
  }

  /// A literal as a column's values can be compared with it.
  private enum BoundLiteral {
    case text([UInt8])
    case number(Int64)
    /// `units / factor`, where the column has fewer places than the literal.
    case fraction(units: Int64, factor: Int64)
  }

  private static func membership(
    _ column: QueryColumn, _ literals: [Filter.Literal], _ items: QueryItems
  ) throws(CreditError) -> BoundFilter {
    var texts: [[UInt8]] = []
    var numbers: [Int64] = []
    for literal in literals {
      switch try bound(column, .equal, literal, items) {
      case .text(let text): texts.append(text)
      case .number(let number): numbers.append(number)
      case .fraction(let units, let factor): if units % factor == 0 { numbers.append(units / factor) }
      }
    }
    return items.type(column).isText
      ? .texts(column, TextCondition(isIn: texts)) : .numbers(column, .isIn(Set(numbers).sorted()))
  }

  private static func bind(
    _ parts: [Filter], _ items: inout QueryItems, _ depth: Int
  ) throws(CreditError) -> [BoundFilter] {
    var bound: [BoundFilter] = []
    for part in parts { bound.append(try BoundFilter(part, &items, depth: depth)) }
    return bound
  }

  /// Makes one list of the texts that a column may equal: thousands of them shall cost as much as one.
  private static func joined(_ parts: [BoundFilter]) -> [BoundFilter] {
    var lists: [QueryColumn: [[UInt8]]] = [:]
    var rest: [BoundFilter] = []
    for part in parts {
      if case .texts(let column, let condition) = part, let texts = condition.wantedTexts {
        lists[column, default: []] += texts
      } else {
        rest.append(part)
      }
    }
    return rest + lists.map { .texts($0.key, TextCondition(isIn: $0.value)) }
  }

  private static func bound(
    _ column: QueryColumn, _ comparison: Filter.Comparison, _ literal: Filter.Literal, _ items: QueryItems
  ) throws(CreditError) -> BoundLiteral {
    let type = items.type(column)
    if comparison == .contains || comparison == .startsWith, !type.isText {
      throw .filter("only texts can be searched; the item is a \(type.rawValue)", at: literal.offset)
    }
    switch (type, literal.value) {
    case (.text, .text(let text)), (.code, .text(let text)): return .text(Array(text.utf8))
    case (.date, .day), (.month, .month), (.timestamp, .second), (.boolean, .boolean), (.integer, .integer):
      return .number(literal.value.stored ?? 0)
    case (.timestamp, .day(let day)): return .number(Int64(day.daysSinceEpoch) * 86_400)
    case (.integer, .decimal(let number)): return try scaled(number, 0, literal.offset)
    case (.decimal, .integer(let number)):
      return try scaled(FixedDecimal(units: number, scale: 0), scale(column, items), literal.offset)
    case (.decimal, .decimal(let number)): return try scaled(number, scale(column, items), literal.offset)
    default:
      throw .filter("a \(type.rawValue) cannot be compared with this literal", at: literal.offset)
    }
  }

  private static func scale(_ column: QueryColumn, _ items: QueryItems) -> Int {
    if case .item(let position) = column { items.items[position].scale } else { 0 }
  }

  /// Brings literal and column to one scale.
  private static func scaled(
    _ literal: FixedDecimal, _ scale: Int, _ offset: Int
  ) throws(CreditError) -> BoundLiteral {
    var units = literal.units
    var factor: Int64 = 1
    for _ in 0..<max(0, scale - literal.scale) {
      let (product, overflow) = units.multipliedReportingOverflow(by: 10)
      guard !overflow else { throw .filter("the number is out of range for the item", at: offset) }
      units = product
    }
    for _ in 0..<max(0, literal.scale - scale) { factor *= 10 }
    return factor == 1 ? .number(units) : .fraction(units: units, factor: factor)
  }
}
