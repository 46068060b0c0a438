// Owns the grammar of filters.
// Invariants: `or` binds less than `and`, `and` less than `not`, `not` less than a comparison; nesting is bounded, so no
// text can exhaust the stack; every error names its offset.

import CreditModel

extension Filter {
  /// The deepest nesting of brackets and `not`.
  public static let maximumDepth = 200

  /// Reads the text form of a filter.
  ///
  /// - Throws: `CreditError` with code `invalidFilter` and the offset in bytes.
  public init(parsing text: String) throws(CreditError) {
    var lexer = try FilterLexer(text)
    var parser = FilterParser(tokens: try lexer.tokens())
    self = try parser.parse()
  }
}

private struct FilterParser {
  private let tokens: [(token: FilterToken, offset: Int)]
  private var index = 0
  private var depth = 0

  init(tokens: [(token: FilterToken, offset: Int)]) { self.tokens = tokens }

  private var token: FilterToken { tokens[index].token }
  private var offset: Int { tokens[index].offset }

  mutating func parse() throws(CreditError) -> Filter {
    let filter = try disjunction()
    guard token == .end else { throw .filter("expected 'and', 'or' or the end", at: offset) }
    return filter
  }

  private mutating func take(_ expected: FilterToken) -> Bool {
    guard token == expected else { return false }
    index += 1
    return true
  }

  private mutating func disjunction() throws(CreditError) -> Filter {
    var parts = [try conjunction()]
    while take(.keyword("or")) { parts.append(try conjunction()) }
    return parts.count == 1 ? parts[0] : .or(parts)
  }

  private mutating func conjunction() throws(CreditError) -> Filter {
    var parts = [try negation()]
    while take(.keyword("and")) { parts.append(try negation()) }
    return parts.count == 1 ? parts[0] : .and(parts)
  }

  private mutating func negation() throws(CreditError) -> Filter {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Filter.maximumDepth else {
      throw .filter("nested deeper than \(Filter.maximumDepth) levels", at: offset)
    }
    if take(.keyword("not")) { return .not(try negation()) }
    if take(.symbol("(")) {
      let inner = try disjunction()
      guard take(.symbol(")")) else { throw .filter("expected ')'", at: offset) }
      return inner
    }
    return try comparison()
  }

  private mutating func comparison() throws(CreditError) -> Filter {
    guard case .name(let name) = token else { throw .filter("expected the id of an item", at: offset) }
    let operand = Filter.Operand(name, offset: offset)
    index += 1
    switch token {
    case .keyword("is"):
      index += 1
      let isNegated = take(.keyword("not"))
      guard take(.keyword("null")) else { throw .filter("expected 'null' or 'not null'", at: offset) }
      return isNegated ? .not(.isNull(operand)) : .isNull(operand)
    case .keyword("in"):
      index += 1
      return .isIn(operand, try list())
    case .keyword("contains"):
      index += 1
      return .compare(operand, .contains, try literal())
    case .keyword("startswith"):
      index += 1
      return .compare(operand, .startsWith, try literal())
    case .symbol(let symbol):
      guard let comparison = Filter.Comparison(rawValue: symbol) else {
        throw .filter("expected a comparison", at: offset)
      }
      index += 1
      return .compare(operand, comparison, try literal())
    default: throw .filter("expected a comparison such as '=', 'contains', 'in' or 'is null'", at: offset)
    }
  }

  private mutating func list() throws(CreditError) -> [Filter.Literal] {
    guard take(.symbol("(")) else { throw .filter("expected '('", at: offset) }
    var literals = [try literal()]
    while take(.symbol(",")) { literals.append(try literal()) }
    guard take(.symbol(")")) else { throw .filter("expected ',' or ')'", at: offset) }
    return literals
  }

  private mutating func literal() throws(CreditError) -> Filter.Literal {
    guard case .literal(let value) = token else {
      throw .filter("expected a number, a date, true, false or a text in single quotes", at: offset)
    }
    defer { index += 1 }
    return Filter.Literal(value, offset: offset)
  }
}
