// Owns how long a record of the store is public.
// Invariants: follows from the record, the finding of the organ where there is one, and the rules of the day; nothing is guessed where a date is missing:
// the record is not shown.

import CreditModel
import CreditStore

struct RecordPublicity {
  let rules: PublicationRules
  let mappings: [String: PublicationMapping]
  /// Gives what an organ said about a record.
  let finding: (CreditRecord) throws -> BreachFinding?
  private let memo = Memo()

  init(
    rules: PublicationRules, mappings: [String: PublicationMapping],
    finding: @escaping (CreditRecord) throws -> BreachFinding?
  ) {
    self.rules = rules
    self.mappings = mappings
    self.finding = finding
  }

  /// What many records have in common: their categories, and the rules for their organ.
  private final class Memo {
    private struct Place: Hashable {
      var authority: String?
      var day: Day
    }

    private var tokens: [String: [String]] = [:]
    private var regimes: [Place: PublicationRegime] = [:]

    func categories(_ text: String) -> [String] {
      if let known = tokens[text] { return known }
      let found = CategoryWords.penaltyTokens(text)
      tokens[text] = found.known + found.unknown
      return found.known + found.unknown
    }

    func regime(
      _ rules: PublicationRules, on day: Day, authority: String?
    ) throws(RulesError) -> PublicationRegime {
      let place = Place(authority: authority, day: day)
      if let known = regimes[place] { return known }
      let regime = try rules.regime(on: day, authority: authority)
      regimes[place] = regime
      return regime
    }
  }

  /// Whether and how long a record is public; `nil` where its entry has no rule and it is shown as long as it holds.
  func publication(of record: CreditRecord, on day: Day) throws -> Publication? {
    guard let mapping = mappings[record.entry.code] else { return nil }
    guard let first = Self.day(record[mapping.day]) else {
      return Publication(isShown: false, firstDay: .maximum, lastDay: .minimum, reason: .notYet)
    }
    switch mapping.kind {
    case .asItHolds: return nil
    case .penalty:
      let facts = try facts(of: record, mapping, first)
      var publication: Publication
      do {
        publication = try memo.regime(rules, on: day, authority: facts.authority)
          .publication(of: facts, on: day)
      } catch { throw CreditError(error.code, error.message) }
      if try finding(record)?.isNeverRepaired ?? false { publication.earliestRepair = nil }
      return publication
    case .permit:
      return Publication(
        isShown: first <= day, firstDay: first, lastDay: nil, reason: first <= day ? .shown : .notYet)
    case .list:
      let last = [mapping.lastDay, mapping.otherLastDay].compactMap { item in
        item.flatMap { Self.day(record[$0]) }.flatMap { $0.isOpenEnded ? nil : $0 }
      }.min()
      let isOver = last.map { $0 < day } ?? false
      return Publication(
        isShown: first <= day && !isOver, firstDay: first, lastDay: last,
        reason: first > day ? .notYet : isOver ? .ended : .shown)
    }
  }

  /// Words for records that are for nobody but the subject and those it consents to.
  static let wordsOfClosed = ["3", "不可公开"]

  /// Whether a record says itself that it is not for an audience (公开类型).
  func isClosed(_ record: CreditRecord, to audience: Audience) -> Bool {
    guard let item = mappings[record.entry.code]?.openness else { return false }
    let isPrivate = audience == .subject || audience == .authorized || audience == .centre
    switch record[item]?.canonicalText {
    case "1", "可向社会公开": return false
    case let word? where Self.wordsOfClosed.contains(word): return !isPrivate
    default: return audience == .everybody
    }
  }

  /// What of a penalty its publication follows from.
  func facts(of record: CreditRecord, _ mapping: PublicationMapping, _ day: Day) throws -> PublicationFacts {
    let finding = try finding(record)
    let categories = mapping.categories.flatMap { record[$0]?.canonicalText }.map(memo.categories)
    return PublicationFacts(
      decisionDay: day, categories: categories ?? [],
      authority: mapping.authority.flatMap { record[$0]?.canonicalText },
      isAboutPerson: record.isAboutPerson,
      procedure: finding?.procedure
        ?? mapping.procedure.flatMap { Self.procedure(record[$0]?.canonicalText) },
      breachClass: finding?.breachClass
        ?? mapping.breachClass.flatMap { Self.breachClass(record[$0]?.canonicalText) },
      isShownByDecision: finding?.isShownByDecision ?? false,
      fields: mapping.fields.compactMap { record[$0]?.canonicalText },
      reportedLastDay: mapping.lastDay.flatMap { Self.day(record[$0]) }.flatMap { $0.isOpenEnded ? nil : $0 })
  }

  private static func day(_ value: Value?) -> Day? {
    switch value {
    case .day(let day): day
    case .second(let second): second.day
    default: nil
    }
  }

  private static func procedure(_ text: String?) -> PublicationFacts.Procedure? {
    switch text {
    case "简易程序", "01": .simplified
    case "普通程序", "一般程序", "02": .ordinary
    default: nil
    }
  }

  private static func breachClass(_ text: String?) -> BreachClass? {
    switch text {
    case "轻微": .minor
    case "一般": .general
    case "严重": .serious
    case "特定严重": .speciallySerious
    default: nil
    }
  }
}
