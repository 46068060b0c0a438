// Owns the rules of permits and penalties that look at several items: V01 (conditional), V02, V04 to V11.
// Invariants: bound by item id, so they also apply to a city's own version of the templates; absent items are skipped.
// Does not judge presence of plainly required items or lengths (RecordRules).

/// Rules of the 2018 standard (双公示数据校验).
struct DoublePublicityRules: Sendable {
  private enum Act { case permit, penalty }
  private let act: Act
  private let items: [String: Int]
  private let present: Set<Int>
  private let prefix: String

  /// `nil` where the entry has no party class: it is neither a permit nor a penalty of the standard.
  init?(_ entry: CatalogueEntry, present: Set<Int>) {
    var items: [String: Int] = [:]
    for (index, item) in entry.items.enumerated() { items[item.id] = index }
    if items["XK_XDR_LB"] != nil || items["XK_XKLB"] != nil {
      act = .permit
      prefix = "XK"
    } else if items["CF_XDR_LB"] != nil || items["CF_CFLB"] != nil {
      act = .penalty
      prefix = "CF"
    } else {
      return nil
    }
    self.items = items
    self.present = present
  }

  func evaluate(_ values: [Value?], options: RuleOptions, into result: inout RuleResult) {
    let row = Row(items: items, values: values, present: present)
    checkParty(row, options, &result)
    checkAuthorities(row, options, &result)
    checkDates(row, options, &result)
    if act == .permit { checkPermitCategory(row, &result) } else { checkPenalty(row, options, &result) }
  }

  // MARK: Party

  private func checkParty(_ row: Row, _ options: RuleOptions, _ result: inout RuleResult) {
    let item = prefix + "_XDR_LB"
    guard let text = row.text(item) else { return }
    guard let party = PartyClass(rawValue: text) else {
      result.error(
        "V02", item, "must be one of \(PartyClass.allCases.map(\.rawValue).joined(separator: ", "))")
      return
    }
    let codes = ["SHXYM", "GSZC", "ZZJG", "SWDJ", "SYDW", "SHZZ"].map { prefix + "_XDR_" + $0 }
    let number = prefix + "_XDR_ZJHM"
    let kind = prefix + "_XDR_ZJLX"
    switch party {
    case .naturalPerson:
      for id in [kind, number] where row.isMissing(id) {
        result.error("V04", id, "required for natural persons")
      }
      checkIdentityCard(row, kind: kind, number: number, options, &result)
      for id in codes where row.text(id) != nil {
        result.warning("V05", id, "must be empty for natural persons")
      }
    case .body, .soleTrader:
      for id in [kind, number] where row.text(id) != nil {
        result.warning("V05", id, "must be empty for bodies")
      }
      if party == .body, row.isMissing(prefix + "_FRDB") {
        result.error("V01", prefix + "_FRDB", "required for bodies")
      }
    }
  }

  private func checkIdentityCard(
    _ row: Row, kind: String, number: String, _ options: RuleOptions, _ result: inout RuleResult
  ) {
    guard let text = row.text(number), let type = row.text(kind), DocumentKinds.isIdentityCard(type) else {
      return
    }
    let verdict = Identifier.check(text, as: .citizenIdentityNumber, on: options.today)
    // Masked numbers and stand-ins name nobody: such a row is unlinked, not wrong.
    if !verdict.errors.contains(where: { $0 == .masked || $0 == .placeholder }),
      let reason = verdict.errors.first
    {
      result.error("V04", number, reason.explanation)
    }
  }

  // MARK: Authorities

  private func checkAuthorities(_ row: Row, _ options: RuleOptions, _ result: inout RuleResult) {
    let ids = act == .permit ? ["XK_XKJGDM", "XK_LYDWDM"] : ["CF_CFJGDM", "CF_SJLYDM"]
    for id in ids {
      guard let text = row.text(id) else { continue }
      let verdict = Identifier.check(text, as: .unifiedSocialCreditCode, on: options.today)
      if let reason = verdict.errors.first {
        result.error("V06", id, reason.explanation)
      } else if !["11", "12", "13"].contains(verdict.normalized.prefix(2)) {
        result.warning("V06", id, "an authority's code normally starts with 11, 12 or 13")
      }
    }
  }

  // MARK: Dates

  private func checkDates(_ row: Row, _ options: RuleOptions, _ result: inout RuleResult) {
    let decisionItem = prefix + "_JDRQ"
    let endItem = act == .permit ? "XK_YXQZI" : "CF_YXQ"
    let decision = row.day(decisionItem)
    let end = row.day(endItem)
    if let decision {
      if decision > options.today { result.error("V07", decisionItem, "lies in the future") }
      if decision < Self.foundation { result.error("V07", decisionItem, "lies before 1949-10-01") }
    }
    guard let end, !end.isOpenEnded else { return }
    if let decision, decision > end { result.error("V08", endItem, "the end lies before the decision") }
    if act == .permit, let start = row.day("XK_YXQZ"), start > end {
      result.error("V08", endItem, "the end lies before the start")
    }
  }

  /// 1949-10-01: no decision of a present authority is older.
  private static let foundation = Day(unchecked: -7397)

  // MARK: Categories and amounts

  private func checkPermitCategory(_ row: Row, _ result: inout RuleResult) {
    guard let text = row.text("XK_XKLB") else { return }
    let tokens = CategoryWords.permitTokens(text)
    if !tokens.unknown.isEmpty || tokens.known.isEmpty {
      result.error("V09", "XK_XKLB", "must be 普通, 特许, 认可, 核准, 登记 or 其他 with its text")
    }
  }

  private func checkPenalty(_ row: Row, _ options: RuleOptions, _ result: inout RuleResult) {
    for id in ["CF_NR_FK", "CF_NR_WFFF"] {
      if let amount = row.decimal(id), amount.units < 0 { result.error("V10", id, "must not be negative") }
    }
    guard let text = row.text("CF_CFLB") else { return }
    let tokens = CategoryWords.penaltyTokens(text)
    if !tokens.unknown.isEmpty || tokens.known.isEmpty {
      result.error("V10", "CF_CFLB", "holds a word that is no category of penalty")
    }
    let fined = tokens.known.contains("罚款")
    let confiscated = tokens.known.contains { $0.hasPrefix("没收") }
    let suspended = tokens.known.contains { $0.hasPrefix("暂扣") || $0.hasPrefix("吊销") }
    if options.requiresPenaltyAmounts {
      for (holds, id) in [(fined, "CF_NR_FK"), (confiscated, "CF_NR_WFFF"), (suspended, "CF_NR_ZKDX")]
      where holds && row.isMissing(id) {
        result.error("V10", id, "required by the category of penalty")
      }
    }
    for (holds, id) in [(fined, "CF_NR_FK"), (confiscated, "CF_NR_WFFF")] where !holds {
      if let amount = row.decimal(id), amount.units > 0 {
        result.error("V10", id, "an amount, but the category of penalty does not name it")
      }
    }
    checkUnitSlip(row, &result)
  }

  /// V11: the content says "N元" while the amount, in 万元, is N too: ten thousand times too much.
  private func checkUnitSlip(_ row: Row, _ result: inout RuleResult) {
    guard let content = row.text("CF_NR") else { return }
    for id in ["CF_NR_FK", "CF_NR_WFFF"] {
      guard let amount = row.decimal(id), amount.units > 0 else { continue }
      for number in Self.yuanAmounts(in: content) where number == amount.description {
        result.warning("V11", id, "the content gives the same number in 元; the item is in 万元")
      }
    }
  }

  /// Numbers that stand directly before 元 (but not 万元), without separators and trailing zeros.
  static func yuanAmounts(in text: String) -> [String] {
    var amounts: [String] = []
    var number = ""
    for character in text {
      if character.isASCII, character.isNumber || character == "." {
        number.append(character)
      } else if character == ",", !number.isEmpty {
        continue
      } else {
        if character == "元", let amount = FixedDecimal(number, scale: 6) {
          amounts.append(amount.description)
        }
        number = ""
      }
    }
    return amounts
  }

  /// The values of one row by item id.
  private struct Row {
    let items: [String: Int]
    let values: [Value?]
    let present: Set<Int>

    func value(_ id: String) -> Value? { items[id].flatMap { values[$0] } }
    func text(_ id: String) -> String? { if case .text(let text)? = value(id) { text } else { nil } }
    func day(_ id: String) -> Day? { if case .day(let day)? = value(id) { day } else { nil } }
    func decimal(_ id: String) -> FixedDecimal? {
      if case .decimal(let number)? = value(id) { number } else { nil }
    }
    /// Whether the file has a column for the item but the row no value.
    func isMissing(_ id: String) -> Bool {
      guard let index = items[id], present.contains(index) else { return false }
      return values[index] == nil
    }
  }
}
