// Owns how the cells of one item are filled.
// Invariants: chosen once for an item, by its id, name and type; cells hold no commas, quotes or line ends, and satisfy the national rules.

import CreditModel

/// How the cells of an item come about.
enum ItemFiller {
  /// The subject's name; its credit code or, for persons, nothing; its identity number or, for bodies, nothing.
  case subjectName, creditCode, identityNumber
  case documentKind, partyClass
  /// The organisation code inside the credit code, for so many of 100 bodies.
  case organizationCode(share: Int)
  case taxNumber(share: Int)
  case unitName, unitCode
  case account, documentNumber(style: Int)
  case eventDate, dateBefore(days: Int), dateFrom, dateAfter(days: Int), timestamp
  case month, year
  case amount(places: Int, mean: Double), ratio, integer(bound: Int), boolean, score
  case word(pool: [[UInt8]]), text(pool: [[UInt8]])
  case person, phone, address, district, law
  case permitCategory, penaltyCategory, penaltyContent, fine, confiscation, one
  case nothing

  /// Bytes to begin a pool with.
  private static let semicolon = Array("；".utf8)

  /// A few words of codes.
  static func words(_ random: inout SeededRandom) -> ItemFiller {
    let count = 2 + random.skewed(22, exponent: 1.6)
    return .word(pool: (0..<count).map { _ in random.pick(Words.codes) })
  }

  /// Stock texts: the longer the entry, the more of them.
  static func texts(rows: Int, _ random: inout SeededRandom) -> ItemFiller {
    let count = max(1, min(4 + random.below(400), rows))
    return .text(
      pool: (0..<count).map { _ in
        var text = random.pick(Words.phrases)
        for _ in 0..<random.skewed(4, exponent: 1.5) { text += semicolon + random.pick(Words.phrases) }
        return text
      })
  }

  /// The filler of an item.
  static func choose(_ item: CatalogueItem, of entry: CatalogueEntry, rows: Int, _ random: inout SeededRandom)
    -> ItemFiller
  {
    if let special = special(item, of: entry) { return special }
    if let options = item.options, !options.isEmpty {
      return .word(pool: options.filter { !$0.contains(",") }.map { Array($0.utf8) })
    }
    switch item.type {
    case .date: return date(item, of: entry, &random)
    case .timestamp: return .timestamp
    case .month: return .month
    case .boolean: return .boolean
    case .integer: return item.name.contains("年度") ? .year : .integer(bound: 3 + random.below(900))
    case .decimal: return decimal(item, &random)
    case .code: return code(item, &random)
    case .text: return text(item, of: entry, rows: rows, &random)
    }
  }

  private static func special(_ item: CatalogueItem, of entry: CatalogueEntry) -> ItemFiller? {
    if item.id == entry.subjectName { return .subjectName }
    switch item.id {
    case "XK_XKLB": return .permitCategory
    case "CF_CFLB": return .penaltyCategory
    case "CF_NR": return .penaltyContent
    case "CF_NR_FK": return .fine
    case "CF_NR_WFFF": return .confiscation
    case "CF_NR_ZKDX": return .nothing
    case "XK_ZT": return .one
    case "XK_XKJGDM", "XK_LYDWDM", "CF_CFJGDM", "CF_SJLYDM": return .unitCode
    default: break
    }
    let isSubject = entry.subject.contains(item.id)
    switch item.identifier {
    case .unifiedSocialCreditCode where isSubject: return .creditCode
    case .unifiedSocialCreditCode: return .unitCode
    case .organizationCode: return .organizationCode(share: 12)
    case .taxpayerNumber: return .taxNumber(share: 60)
    case .citizenIdentityNumber where isSubject: return .identityNumber
    case .any where isSubject && item.id.hasSuffix("ZJHM"): return .identityNumber
    case .any where isSubject: return .creditCode
    case .businessRegistrationNumber, .document, .any, .citizenIdentityNumber: return .nothing
    case nil: break
    }
    if item.id == "identify" || entry.subject == [item.id] { return .creditCode }
    if item.id.hasSuffix("_LB"), item.name.contains("相对人类别") || item.name.contains("主体类别") { return .partyClass }
    if item.id.hasSuffix("_ZJLX") { return item.id.contains("_FR_") ? .nothing : .documentKind }
    return nil
  }

  private static func date(_ item: CatalogueItem, of entry: CatalogueEntry, _ random: inout SeededRandom) -> ItemFiller {
    if item.id == entry.eventDate { return .eventDate }
    let name = item.name
    if ["至", "止", "截止", "下次", "结束", "到期", "有效期"].contains(where: { name.hasSuffix($0) || name.contains($0) && !name.hasSuffix("自") }) {
      return .dateAfter(days: random.pick([30, 365, 1095, 1826]))
    }
    if name.hasSuffix("自") || name.hasSuffix("起") || name.contains("开始") { return .dateFrom }
    return .dateBefore(days: 1 + random.below(60))
  }

  private static func decimal(_ item: CatalogueItem, _ random: inout SeededRandom) -> ItemFiller {
    if item.name.contains("比例") || item.name.contains("率") || item.name.contains("%") { return .ratio }
    if item.name.contains("分") && !item.name.contains("元") { return .score }
    let places = min(item.scale, item.name.contains("元") ? 2 : item.scale)
    return .amount(places: places, mean: item.name.contains("万元") ? 4 : 3 + 4 * random.unit())
  }

  private static func code(_ item: CatalogueItem, _ random: inout SeededRandom) -> ItemFiller {
    if item.name.contains("年度") { return .year }
    if item.name.contains("区县") { return .district }
    return words(&random)
  }

  private static func text(
    _ item: CatalogueItem, of entry: CatalogueEntry, rows: Int, _ random: inout SeededRandom
  ) -> ItemFiller {
    let name = item.name
    func has(_ words: [String]) -> Bool { words.contains { name.contains($0) } }
    func ends(_ words: [String]) -> Bool { words.contains { name.hasSuffix($0) } }
    if ends(["用户编号", "单位账号", "个人账号", "单位编号", "表号", "户号"]) { return .account }
    if ends(["文号", "文书号", "案号"]) { return .documentNumber(style: random.below(2)) }
    if ends(["号", "编号", "号码", "承诺编码", "编码"]) { return .documentNumber(style: 2 + random.below(2)) }
    if has(["代表", "负责人", "经办人", "姓名", "执行人", "债权人", "债务人"]) { return .person }
    if has(["电话"]) { return .phone }
    if has(["地址", "坐落", "住所", "地点"]) { return .address }
    if has(["区县", "区域", "地区"]) { return .district }
    if has(["依据"]) { return .law }
    if has(["统一社会信用代码", "机关代码", "单位代码"]) { return .unitCode }
    if ends(["机关", "机构", "单位", "部门", "法院", "中心"]) { return .unitName }
    if has(["年度"]) { return .year }
    return (item.length ?? 0) <= 64 ? words(&random) : texts(rows: rows, &random)
  }
}
