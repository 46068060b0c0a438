// Owns the built-in layouts: the national ones of 2021 and 2022, and the report in place of certificates of no violation.
// Invariants: titles and order as printed on national reports.

import CreditModel

extension ReportTemplate {
  /// Bodies, layout of 2022, printed as V2.0.
  public static let body2022 = ReportTemplate(
    id: "body2022", version: "V2.0", title: "公共信用信息报告（法人和非法人组织）", isForPersons: false,
    sections: sections2022(qualifications: false), advice: advice)

  /// Natural persons, layout of 2022.
  public static let person2022 = ReportTemplate(
    id: "person2022", version: "V2.0", title: "公共信用信息报告（自然人）", isForPersons: true,
    sections: sections2022(qualifications: true), advice: advice)

  /// Bodies, layout of 2021.
  public static let body2021 = ReportTemplate(
    id: "body2021", version: "V1.0", title: "公共信用信息报告", isForPersons: false, sections: sections2021,
    advice: advice)

  /// Natural persons, layout of 2021.
  public static let person2021 = ReportTemplate(
    id: "person2021", version: "V1.0", title: "公共信用信息报告（自然人）", isForPersons: true, sections: sections2021,
    advice: advice)

  /// What stands in for certificates of no violation, field by field (无违法违规证明版).
  public static let noViolation = ReportTemplate(
    id: "noViolation", version: "V1.0", title: "专项信用报告（无违法违规证明版）", isForPersons: nil, printsScope: true,
    sections: zip(fields, 1...).map { field, number in
      Section(
        numerals[number - 1], field.title,
        categories: ["administrative", "seriousBreach", "abnormalOperation", "tax"], entries: field.entries,
        authorityWords: field.words, natures: [.negative])
    } + [
      Section(
        numerals[fields.count], "司法领域", categories: ["judiciary", "seriousBreach"],
        entries: CatalogueEntry.nationalTemplates.filter { $0.category == "judiciary" }.map(\.code)
          + ["K06-SXBZ"], authorityWords: ["法院", "检察院", "司法", "被执行人"], natures: [.negative]),
      Section(
        numerals[fields.count + 1], "其他领域",
        categories: ["administrative", "seriousBreach", "abnormalOperation", "tax"],
        natures: [.negative], takesOthers: true),
    ], leftOutCategories: [])

  /// All built-in layouts.
  public static let national = [body2022, person2022, body2021, person2021, noViolation]

  private static let advice = ["请依法诚信经营，按期履行法定义务；如对本报告内容有异议，可向信用服务机构或数据来源单位提出。"]

  private static let numerals = [
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四",
  ]

  /// Fields with the words that organs and lists of it have in their names, and the entries that belong to it whoever reports them.
  private static let fields: [(title: String, words: [String], entries: [String])] = [
    ("市场监管领域", ["市场监督", "市场监管", "工商行政"], []), ("税务领域", ["税务", "税收"], ["XYD-QSGG", "K05-FZCH", "K06-ZDSS"]),
    ("人力资源和社会保障领域", ["人力资源", "社会保险", "劳动", "拖欠农民工"], []), ("生态环境领域", ["生态环境", "环境保护"], []),
    ("安全生产领域", ["应急管理", "安全生产"], ["K06-AQSC"]), ("消防救援领域", ["消防"], []),
    ("住房和城乡建设领域", ["住房和城乡建设", "住房公积金", "城乡建设"], []), ("交通运输领域", ["交通", "超限超载"], ["K06-CXCZ"]),
    ("海关领域", ["海关"], []),
  ]

  private static let sections2021: [Section] = [
    .init("一", "基础信息", categories: ["registration"], columns: columns, printsAddedItems: true),
    .init("二", "行政许可信息", entries: ["XZXK"], columns: columns, printsAddedItems: true),
    .init("三", "行政处罚信息", entries: ["XZCF"], columns: columns, printsAddedItems: true),
    .init("四", "守信激励信息", categories: ["honour"], columns: columns, printsAddedItems: true),
    .init("五", "失信惩戒信息", categories: ["seriousBreach"], columns: columns, printsAddedItems: true),
    .init("六", "重点关注信息", categories: ["abnormalOperation"], columns: columns, printsAddedItems: true),
    .init("七", "资质/资格信息", categories: ["qualification"], columns: columns, printsAddedItems: true),
    .init("八", "风险提示信息", categories: ["judiciary"], columns: columns, printsAddedItems: true),
    .init(
      "九", "其他信息", categories: ["administrative", "evaluation", "commitment", "contract", "compliance"],
      takesOthers: true, columns: columns, printsAddedItems: true),
    .init("十", "综合信用状况分析", isSummary: true),
    .init("十一", "信用状况提升建议"),
    .init("十二", "地方补充内容", isLocal: true),
  ]

  private static func sections2022(qualifications: Bool) -> [Section] {
    var sections: [(String, [String])] = [
      ("登记注册基础信息", ["registration"]), ("行政管理信息", ["administrative"]), ("诚实守信相关荣誉信息", ["honour"]),
      ("严重失信主体名单信息", ["seriousBreach"]), ("经营（活动）异常名录（状态）信息", ["abnormalOperation"]),
      ("信用承诺信息", ["commitment"]), ("信用评价信息", ["evaluation"]), ("司法判决及执行信息", ["judiciary"]),
    ]
    if qualifications { sections.append(("职称和职业资格信息", ["qualification"])) }
    var all = zip(sections, numerals).map { section, number in
      Section(
        number, section.0, categories: section.1, columns: columns, printsAddedItems: true)
    }
    all.append(
      Section(numerals[all.count], "其他信息", takesOthers: true, columns: columns, printsAddedItems: true))
    all.append(Section(numerals[all.count], "信用状况提升建议"))
    all.append(Section(numerals[all.count], "地方补充内容", isLocal: true))
    return all
  }
}
