// Owns judging rows by the rules of their entry.
// Invariants: rules are bound to places once; values are compared as the item's type has them, texts by bytes; an absent value makes a comparison unknown, which
// neither makes a rule apply nor breaks one; items the file has no column for are not demanded.
// Does not know files.

/// The rules of one entry, bound to its items.
struct EntryRules: Sendable {
  private struct Clause: Sendable {
    var relation: RuleClause.Relation
    var item: Int
    var other: Int?
    var values: Set<Value> = []
    var value: Value?
    var pattern: TextPattern?
  }

  private struct Bound: Sendable {
    var rule: EntryRule
    var when: [Clause]
    var require: [Clause]
  }

  private let rules: [Bound]
  private let items: [CatalogueItem]
  private let present: Set<Int>

  /// `nil` for an entry without rules.
  init?(_ entry: CatalogueEntry, present: Set<Int>) {
    guard let rules = entry.rules, !rules.isEmpty else { return nil }
    items = entry.items
    self.present = present
    // An entry that was validated has no clause that cannot be bound.
    self.rules = rules.map { rule in
      Bound(
        rule: rule, when: rule.when.compactMap { Self.bind($0, entry) },
        require: rule.require.compactMap { Self.bind($0, entry) })
    }
  }

  private static func bind(_ clause: RuleClause, _ entry: CatalogueEntry) -> Clause? {
    guard let place = entry.itemIndex(clause.item) else { return nil }
    let item = entry.items[place]
    var bound = Clause(relation: clause.is, item: place, other: clause.other.flatMap(entry.itemIndex))
    if clause.is == .matches {
      bound.pattern = clause.to.flatMap(TextPattern.init)
    } else {
      bound.value = clause.to.flatMap { Self.value($0, item) }
    }
    for text in clause.values ?? [] { if let value = Self.value(text, item) { bound.values.insert(value) } }
    return bound
  }

  /// What a clause compares with, read as a cell of the item; its length does not matter.
  static func value(_ text: String, _ item: CatalogueItem) -> Value? {
    var item = item
    item.length = nil
    return (try? item.value(reading: text)) ?? nil
  }

  func evaluate(_ values: [Value?], into result: inout RuleResult) {
    for bound in rules where bound.when.allSatisfy({ holds($0, values) == true }) {
      guard let broken = bound.require.first(where: { holds($0, values) == false }) else { continue }
      let finding = RuleFinding(rule: bound.rule.id, item: items[broken.item].id, message: bound.rule.message)
      switch bound.rule.severity {
      case .error: result.errors.append(finding)
      case .warning: result.warnings.append(finding)
      }
    }
  }

  /// Whether a clause holds; `nil` = unknown.
  private func holds(_ clause: Clause, _ values: [Value?]) -> Bool? {
    let value = values[clause.item]
    switch clause.relation {
    case .present: return present.contains(clause.item) ? value != nil : nil
    case .absent: return present.contains(clause.item) ? value == nil : nil
    case .matches:
      guard case .text(let text)? = value, let pattern = clause.pattern else { return nil }
      return pattern.matches(text)
    case .in: return value.map { clause.values.contains($0) }
    case .notIn: return value.map { !clause.values.contains($0) }
    case .contains:
      guard case .text(let text)? = value, case .text(let part)? = other(clause, values) else { return nil }
      return Self.contains(text, part)
    case .notWrittenInYuan:
      guard case .decimal(let amount)? = value, amount.units > 0,
        case .text(let text)? = clause.other.flatMap({ values[$0] })
      else { return nil }
      return !DoublePublicityRules.yuanAmounts(in: text).contains(amount.description)
    default:
      guard let value, let other = other(clause, values) else { return nil }
      return Self.compare(value, clause.relation, other)
    }
  }

  private func other(_ clause: Clause, _ values: [Value?]) -> Value? {
    clause.other.flatMap { values[$0] } ?? clause.value
  }

  private static func compare(_ left: Value, _ relation: RuleClause.Relation, _ right: Value) -> Bool? {
    guard let order = order(left, right) else { return nil }
    switch relation {
    case .equal: return order == 0
    case .notEqual: return order != 0
    case .less: return order < 0
    case .atMost: return order <= 0
    case .greater: return order > 0
    case .atLeast: return order >= 0
    default: return nil
    }
  }

  /// The order of two values; `nil` where they have none.
  static func order(_ left: Value, _ right: Value) -> Int? {
    switch (left, right) {
    case (.text(let left), .text(let right)):
      if left.utf8.elementsEqual(right.utf8) { return 0 }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    case (.decimal(let left), .decimal(let right)): return sign(units(left), units(right))
    case (.decimal(let left), .integer(let right)): return sign(units(left), units(right, scale: 0))
    case (.integer(let left), .decimal(let right)): return sign(units(left, scale: 0), units(right))
    case (.day(let left), .second(let right)): return sign(left, right.day)
    case (.second(let left), .day(let right)): return sign(left.day, right)
    case (.text, _), (_, .text), (.decimal, _), (_, .decimal): return nil
    default:
      guard left.isSameKind(as: right), let left = left.stored, let right = right.stored else { return nil }
      return left < right ? -1 : left > right ? 1 : 0
    }
  }

  private static func sign<Ordered: Comparable>(_ left: Ordered, _ right: Ordered) -> Int {
    left < right ? -1 : left > right ? 1 : 0
  }

  /// A number in units of the eighteenth place, the last any decimal has; 64 bits times ten to the eighteenth fit 128 bits.
  private static func units(_ number: Int64, scale: Int) -> Int128 {
    var units = Int128(number)
    for _ in 0..<max(0, 18 - scale) { units *= 10 }
    return units
  }

  private static func units(_ number: FixedDecimal) -> Int128 { units(number.units, scale: number.scale) }

  private static func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard !part.isEmpty else { return true }
    guard text.count >= part.count else { return false }
    // Both may be long, and units write them: the way of Knuth, Morris and Pratt takes no longer than both together.
    var borders = [0]
    var length = 0
    for byte in part.dropFirst() {
      while length > 0, part[length] != byte { length = borders[length - 1] }
      if part[length] == byte { length += 1 }
      borders.append(length)
    }
    length = 0
    for byte in text {
      while length > 0, part[length] != byte { length = borders[length - 1] }
      if part[length] == byte { length += 1 }
      if length == part.count { return true }
    }
    return false
  }
}

extension Value {
  /// Whether both are of one type.
  fileprivate func isSameKind(as other: Value) -> Bool {
    switch (self, other) {
    case (.text, .text), (.integer, .integer), (.decimal, .decimal), (.day, .day), (.second, .second),
      (.month, .month), (.boolean, .boolean):
      true
    default: false
    }
  }
}
