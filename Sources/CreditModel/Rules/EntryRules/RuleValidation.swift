// Owns the validation of an entry's rules.
// Invariants: a rule that passes can be bound and evaluated on any row; what a clause compares fits the type of its item.
// Does not judge rows.

extension CatalogueEntry {
  /// Rules an entry may have.
  public static let maximumRules = 1000
  private static let maximumClauses = 64
  private static let maximumValues = 10_000

  /// Checks the rules.
  func validateRules() throws(CatalogueError) {
    guard let rules else { return }
    try rule(rules.count <= Self.maximumRules, "rules", "at most \(Self.maximumRules) rules")
    var seen: Set<String> = []
    for (index, rule) in rules.enumerated() {
      let path = "rules[\(index)]"
      let isPlain = rule.id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      try self.rule(
        (1...64).contains(rule.id.utf8.count) && isPlain, path + ".id", "must be 1 to 64 characters of ASCII")
      let isNational = rule.id.hasPrefix("R-") || rule.id.hasPrefix("V") || rule.id == "TYPE"
      try self.rule(
        !isNational, path + ".id", "TYPE, and ids that begin with V or R-, belong to the national rules")
      try self.rule(seen.insert(rule.id).inserted, path + ".id", "the id stands twice")
      try self.rule(rule.message.utf8.count <= 1024, path + ".message", "at most 1024 bytes")
      try self.rule(!rule.require.isEmpty, path + ".require", "must demand something")
      for (name, clauses) in [("when", rule.when), ("require", rule.require)] {
        try self.rule(
          clauses.count <= Self.maximumClauses, path + "." + name, "at most \(Self.maximumClauses) conditions"
        )
        for (place, clause) in clauses.enumerated() { try validate(clause, at: "\(path).\(name)[\(place)]") }
      }
    }
  }

  private func validate(_ clause: RuleClause, at path: String) throws(CatalogueError) {
    guard let item = items.first(where: { $0.id == clause.item }) else {
      throw CatalogueError(entry: code, path: path + ".item", message: "no such item")
    }
    let other = clause.other.flatMap { id in items.first { $0.id == id } }
    try rule(clause.other == nil || other != nil, path + ".other", "no such item")
    let takesValues = clause.is == .in || clause.is == .notIn
    try rule(
      takesValues == (clause.values != nil), path + ".values", "belongs to in and notIn, which need it")
    switch clause.is {
    case .present, .absent:
      try rule(
        clause.to == nil && clause.other == nil, path + ".to", "\(clause.is.rawValue) compares with nothing")
    case .in, .notIn:
      try rule(
        clause.to == nil && clause.other == nil, path + ".to",
        "\(clause.is.rawValue) compares with its values")
      let values = clause.values ?? []
      try rule(
        (1...Self.maximumValues).contains(values.count), path + ".values",
        "must be 1 to \(Self.maximumValues) values")
      for (index, value) in values.enumerated() {
        try rule(
          EntryRules.value(value, item) != nil, path + ".values[\(index)]", "is no value of the item's type")
      }
    case .matches:
      try rule(item.type.isText, path + ".item", "only texts fit patterns")
      let isPattern = clause.to.map { $0.utf8.count <= 4096 && TextPattern($0) != nil } ?? false
      try rule(isPattern && clause.other == nil, path + ".to", "must be a pattern")
    case .notWrittenInYuan:
      try rule(item.type == .decimal, path + ".item", "must be a decimal")
      try rule(other?.type.isText == true && clause.to == nil, path + ".other", "must be an item with text")
    case .contains:
      try rule(item.type.isText, path + ".item", "only texts contain something")
      try validateComparison(clause, item, other, at: path)
    default: try validateComparison(clause, item, other, at: path)
    }
  }

  private func validateComparison(
    _ clause: RuleClause, _ item: CatalogueItem, _ other: CatalogueItem?, at path: String
  ) throws(CatalogueError) {
    try rule((clause.to == nil) != (clause.other == nil), path + ".to", "needs either to or other")
    if let to = clause.to {
      try rule(EntryRules.value(to, item) != nil, path + ".to", "is no value of the item's type")
    }
    guard let other else { return }
    let isComparable =
      item.type.isText && other.type.isText || item.type == other.type
      || Set([item.type, other.type]).isSubset(of: [.integer, .decimal])
      || Set([item.type, other.type]).isSubset(of: [.date, .timestamp])
    try rule(isComparable, path + ".other", "cannot be compared with the item: their types differ")
  }

  private func rule(
    _ holds: Bool, _ path: @autoclosure () -> String, _ message: @autoclosure () -> String
  ) throws(CatalogueError) {
    guard holds else { throw CatalogueError(entry: code, path: path(), message: message()) }
  }
}
