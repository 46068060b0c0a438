// Goal: rules of an entry judge rows as they say, on both sides of each boundary, and what cannot be judged is refused before it is published.
// Method: an entry with one item of each type and one rule at a time; patterns beside Foundation's regular expressions on random texts.

@testable import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct EntryRuleTests {
  private static let items = [
    CatalogueItem(id: "KIND", type: .code), CatalogueItem(id: "TEXT", type: .text),
    CatalogueItem(id: "FROM", type: .date),
    CatalogueItem(id: "TO", type: .date), CatalogueItem(id: "AT", type: .timestamp),
    CatalogueItem(id: "AMOUNT", type: .decimal, scale: 6),
    CatalogueItem(id: "COUNT", type: .integer), CatalogueItem(id: "MONTH", type: .month),
    CatalogueItem(id: "FLAG", type: .boolean),
    CatalogueItem(id: "S", type: .text),
  ]

  private static func entry(_ rules: [EntryRule]?) -> CatalogueEntry {
    CatalogueEntry(code: "T", name: "T", subject: ["S"], items: items).with(\.rules, rules)
  }

  /// Ids of rules that a row breaks.
  private static func broken(_ rules: [EntryRule], _ row: [String: String], present: Set<Int>? = nil) throws
    -> [String]
  {
    let entry = entry(rules)
    try entry.validate()
    let bound = RecordRules(entry, present: present ?? Set(entry.items.indices))
    #expect(bound.needsValues)
    let values = try entry.items.map { try $0.value(reading: row[$0.id] ?? "") }
    let result = bound.evaluate(values, options: RuleOptions(today: Day("2024-06-01") ?? .epoch))
    return result.errors.map(\.rule) + result.warnings.map { "warning " + $0.rule }
  }

  private static func holds(_ clause: RuleClause, _ row: [String: String]) throws -> Bool {
    try broken([EntryRule(id: "X", require: [clause], message: "m")], row).isEmpty
  }

  @Test func eachRelationHasTwoSides() throws {
    let cases: [(RuleClause, good: [String: String], bad: [String: String])] = [
      (RuleClause("TEXT", .present), ["TEXT": "a"], [:]),
      (RuleClause("TEXT", .absent), [:], ["TEXT": "a"]),
      (RuleClause("TEXT", .equal, to: "甲"), ["TEXT": "甲"], ["TEXT": "乙"]),
      // Texts are their bytes: a letter with its accent is not the letter and the accent.
      (RuleClause("TEXT", .notEqual, to: "e\u{301}"), ["TEXT": "\u{E9}"], ["TEXT": "e\u{301}"]),
      (RuleClause("AMOUNT", .atMost, to: "100"), ["AMOUNT": "100"], ["AMOUNT": "100.000001"]),
      (RuleClause("AMOUNT", .less, to: "100"), ["AMOUNT": "99.999999"], ["AMOUNT": "100"]),
      (RuleClause("COUNT", .atLeast, to: "-3"), ["COUNT": "-3"], ["COUNT": "-4"]),
      (
        RuleClause("COUNT", .greater, other: "AMOUNT"), ["COUNT": "2", "AMOUNT": "1.9"],
        ["COUNT": "2", "AMOUNT": "2"]
      ),
      (
        RuleClause("FROM", .atMost, other: "TO"), ["FROM": "2024-01-01", "TO": "2024-01-01"],
        ["FROM": "2024-01-02", "TO": "2024-01-01"]
      ),
      (
        RuleClause("FROM", .atMost, other: "AT"), ["FROM": "2024-01-01", "AT": "2024-01-01 08:00:00"],
        ["FROM": "2024-01-02", "AT": "2024-01-01 23:59:59"]
      ),
      (RuleClause("MONTH", .less, to: "2024-02"), ["MONTH": "2024-01"], ["MONTH": "2024-02"]),
      (RuleClause("FLAG", .equal, to: "true"), ["FLAG": "true"], ["FLAG": "false"]),
      (RuleClause("KIND", .in, values: ["A", "B"]), ["KIND": "B"], ["KIND": "C"]),
      (RuleClause("KIND", .notIn, values: ["A", "B"]), ["KIND": "C"], ["KIND": "A"]),
      (RuleClause("COUNT", .in, values: ["1", "2"]), ["COUNT": "2"], ["COUNT": "3"]),
      (RuleClause("TEXT", .contains, to: "许可"), ["TEXT": "准予许可"], ["TEXT": "准予"]),
      (
        RuleClause("TEXT", .contains, other: "KIND"), ["TEXT": "甲A乙", "KIND": "A"],
        ["TEXT": "甲乙", "KIND": "A"]
      ),
      (RuleClause("TEXT", .matches, to: #"冀[A-Z][A-Z0-9]{5}"#), ["TEXT": "冀C12345"], ["TEXT": "冀C1234"]),
      (
        RuleClause("AMOUNT", .notWrittenInYuan, other: "TEXT"), ["AMOUNT": "0.3", "TEXT": "罚款3000元"],
        ["AMOUNT": "3000", "TEXT": "罚款3,000元"]
      ),
    ]
    for (clause, good, bad) in cases {
      #expect(try Self.holds(clause, good), "\(clause) should hold for \(good)")
      #expect(try !Self.holds(clause, bad), "\(clause) should not hold for \(bad)")
    }
    #expect(Set(cases.map(\.0.is)) == Set(RuleClause.Relation.allCases))
  }

  /// The search for a part of a text, beside every place looked at.
  @Test func partsAreFoundWhereverTheyStand() throws {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<3000 {
      func word(_ most: Int) -> String {
        String(
          (0..<Int.random(in: 1...most, using: &random)).map { _ in "ab甲".randomElement(using: &random) ?? "a"
          })
      }
      let (text, part) = (word(12), word(4))
      let expected = Array(text).indices.contains { Array(text)[$0...].starts(with: Array(part)) }
      #expect(
        try Self.holds(RuleClause("TEXT", .contains, to: part), ["TEXT": text]) == expected,
        "\(part) in \(text)")
    }
    let long = String(repeating: "a", count: 3_000_000)
    #expect(
      try !Self.holds(
        RuleClause("TEXT", .contains, other: "S"), ["TEXT": long, "S": long.dropLast(1_000_000) + "b"]))
  }

  /// What is absent breaks nothing but `present`, and makes no rule apply.
  @Test func absentValuesAreUnknown() throws {
    for relation in [RuleClause.Relation.equal, .notEqual, .less, .atMost, .greater, .atLeast] {
      #expect(try Self.holds(RuleClause("AMOUNT", relation, to: "5"), [:]))
      #expect(try Self.holds(RuleClause("AMOUNT", relation, other: "COUNT"), ["AMOUNT": "1"]))
      let rule = EntryRule(
        id: "X", when: [RuleClause("AMOUNT", relation, to: "5")], require: [RuleClause("TEXT", .present)],
        message: "")
      #expect(try Self.broken([rule], [:]).isEmpty)
    }
  }

  @Test func rulesApplyWhenTheyShould() throws {
    let rules = [
      EntryRule(
        id: "R1", when: [RuleClause("KIND", .equal, to: "其他"), RuleClause("COUNT", .greater, to: "1")],
        require: [RuleClause("TEXT", .present), RuleClause("FROM", .present)], message: "m"),
      EntryRule(
        id: "R2", severity: .warning, require: [RuleClause("AMOUNT", .atMost, to: "500")], message: "m"),
    ]
    #expect(try Self.broken(rules, ["KIND": "其他", "COUNT": "2", "TEXT": "a", "FROM": "2024-01-01"]).isEmpty)
    #expect(
      try Self.broken(rules, ["KIND": "其他", "COUNT": "2", "TEXT": "a", "AMOUNT": "501"]) == [
        "R1", "warning R2",
      ])
    #expect(try Self.broken(rules, ["KIND": "其他", "COUNT": "1"]).isEmpty)
    // An item the file has no column for is not demanded of it.
    let text = try #require(Self.entry(nil).itemIndex("TEXT"))
    let columns = Set(Self.items.indices).subtracting([text])
    #expect(
      try Self.broken(rules, ["KIND": "其他", "COUNT": "2", "FROM": "2024-01-01"], present: columns).isEmpty)
  }

  @Test func whatCannotBeJudgedIsRefused() throws {
    let wrong: [(EntryRule, String)] = [
      (EntryRule(id: "V01", require: [RuleClause("TEXT", .present)], message: ""), "rules[0].id"),
      (EntryRule(id: "R-X", require: [RuleClause("TEXT", .present)], message: ""), "rules[0].id"),
      (EntryRule(id: "甲", require: [RuleClause("TEXT", .present)], message: ""), "rules[0].id"),
      (EntryRule(id: "X", require: [], message: ""), "rules[0].require"),
      (EntryRule(id: "X", require: [RuleClause("NONE", .present)], message: ""), "rules[0].require[0].item"),
      (
        EntryRule(id: "X", require: [RuleClause("TEXT", .present, to: "a")], message: ""),
        "rules[0].require[0].to"
      ),
      (
        EntryRule(id: "X", require: [RuleClause("FROM", .less, to: "soon")], message: ""),
        "rules[0].require[0].to"
      ),
      (EntryRule(id: "X", require: [RuleClause("FROM", .less)], message: ""), "rules[0].require[0].to"),
      (
        EntryRule(id: "X", require: [RuleClause("FROM", .less, to: "2024-01-01", other: "TO")], message: ""),
        "rules[0].require[0].to"
      ),
      (
        EntryRule(id: "X", require: [RuleClause("FROM", .less, other: "COUNT")], message: ""),
        "rules[0].require[0].other"
      ),
      (EntryRule(id: "X", require: [RuleClause("KIND", .in)], message: ""), "rules[0].require[0].values"),
      (
        EntryRule(id: "X", require: [RuleClause("COUNT", .in, values: ["many"])], message: ""),
        "rules[0].require[0].values[0]"
      ),
      (
        EntryRule(id: "X", require: [RuleClause("TEXT", .matches, to: "(a")], message: ""),
        "rules[0].require[0].to"
      ),
      (
        EntryRule(id: "X", require: [RuleClause("COUNT", .matches, to: "a")], message: ""),
        "rules[0].require[0].item"
      ),
      (
        EntryRule(id: "X", require: [RuleClause("AMOUNT", .notWrittenInYuan, other: "COUNT")], message: ""),
        "rules[0].require[0].other"
      ),
      (
        EntryRule(
          id: "X", when: [RuleClause("NONE", .absent)], require: [RuleClause("TEXT", .present)], message: ""),
        "rules[0].when[0].item"
      ),
    ]
    for (rule, path) in wrong {
      let error = #expect(throws: CatalogueError.self) { try Self.entry([rule]).validate() }
      #expect(error?.path == path, "\(rule)")
    }
    let rule = EntryRule(id: "X", require: [RuleClause("TEXT", .present)], message: "")
    #expect(throws: CatalogueError.self) { try Self.entry([rule, rule]).validate() }
  }

  @Test func rulesSurviveJSON() throws {
    let rules = [
      EntryRule(
        id: "R1", when: [RuleClause("KIND", .in, values: ["其他", "\"引号\""])],
        require: [RuleClause("FROM", .atMost, other: "TO"), RuleClause("TEXT", .matches, to: #"\d{4}"#)],
        message: "起止日期\n颠倒"),
      EntryRule(id: "R2", severity: .warning, require: [RuleClause("AMOUNT", .less, to: "1")], message: ""),
    ]
    let entry = Self.entry(rules)
    #expect(try CatalogueEntry.decode(json: entry.encodedJSON()) == [entry])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    #expect(try encoder.encode(entry) == entry.encodedJSON())
    let short =
      #"{"code":"T","name":"T","subject":["S"],"items":[{"id":"S"}],"rules":[{"id":"A","require":[{"item":"S","is":"present"}]}]}"#
    let read = try #require(try CatalogueEntry.decode(json: Data(short.utf8)).first?.rules?.first)
    #expect(read.severity == .error && read.when.isEmpty && read.message.isEmpty)
    #expect(CatalogueDifference(from: Self.entry(nil), to: entry).changes.map(\.path) == ["rules"])
  }

  // MARK: Patterns

  @Test(arguments: [UInt64(1), 2, 3]) func patternsAgreeWithFoundation(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let alphabet = ["a", "b", "0", "7", "甲", "乙", "-"]
    func atom(_ depth: Int) -> String {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: return "."
      case 1: return #"\d"#
      case 2: return "[a乙-甲]"
      case 3: return "[^b0-5]"
      case 4 where depth > 0: return "(" + pattern(depth - 1) + "|" + pattern(depth - 1) + ")"
      default:
        let letter = alphabet[Int.random(in: 0..<alphabet.count - 1, using: &random)]
        return letter
      }
    }
    func pattern(_ depth: Int) -> String {
      (0..<Int.random(in: 1...4, using: &random)).map { _ in
        atom(depth)
          + (["", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,}"].randomElement(using: &random) ?? "")
      }.joined()
    }
    var fits = 0
    for _ in 0..<400 {
      let text = pattern(2)
      let own = try #require(TextPattern(text), "\(text)")
      let oracle = try NSRegularExpression(
        pattern: "^(?:" + text + ")\\z", options: [.dotMatchesLineSeparators])
      for _ in 0..<40 {
        let subject = (0..<Int.random(in: 0...7, using: &random)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        }
        .joined()
        let whole = NSRange(subject.startIndex..., in: subject)
        let expected = oracle.firstMatch(in: subject, range: whole) != nil
        if expected { fits += 1 }
        #expect(own.matches(subject) == expected, "\(text) on \(subject)")
      }
    }
    #expect(fits > 100)
  }

  @Test func patternsThatAreNoneAreRefusedAndHostileOnesAreQuick() throws {
    for pattern in [
      "(", ")", "[", "[]", "a{2", "a{3,2}", "*", "a|*", #"\w"#, "a{99999}",
      String(repeating: "(", count: 100) + String(repeating: ")", count: 100), "^a", "[b-a]",
    ] {
      #expect(TextPattern(pattern) == nil, "\(pattern)")
    }
    // Parts that take nothing, repeated: laying them out would never end.
    for pattern in [
      "(){99999}{99999}{99999}", "((((){9999}){9999}){9999}){9999}", "((a{0}){9999}){9999}", "a??", "a*+",
      #"[\w]"#, #"[a\s]"#, String(repeating: "a", count: 4097),
    ] {
      #expect(TextPattern(pattern) == nil, "\(pattern.prefix(40))")
    }
    #expect(TextPattern("(){3}")?.matches("") == true && TextPattern(#"[\]\-]+"#)?.matches("]-") == true)
    // What takes a backtracking matcher ages.
    let hostile = try #require(TextPattern("(a*)*b"))
    #expect(!hostile.matches(String(repeating: "a", count: 20_000)))
    #expect(TextPattern("((a{60}){60}){60}") == nil)
  }
}
