// Goal: a report prints what national reports print, item by item.
// Method: the labels of printed national reports (CREDIT_REAL_DATA), section by section, are looked for in a report about a subject of which every item is
// known; those that are missing are written down here, with the reason.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ReportItemTests {
  /// Labels that stand for something else here.
  private static let known: [String: String] = [
    "许可截止日期": "the label of 2015 for 有效期至", "审核类型": "the label of 2015 for 许可类别",
    "法人身份证号": "never shown: the number of a legal representative",
    "主体身份代码": "not in the template; a city adds it", "设立日期": "stands with the registration",
    "经办人": "a person's name, not shown", "文件依据": "stands with the document number",
    "评定内容": "printed under its name, 评价名称", "法定代表人": "stands with the registration",
    "信用承诺事项": "printed under its name, 承诺事由",
  ]

  private static let sections: [String: [String]] = [
    "1": ["administrative"], "2": ["honour", "evaluation"], "3": ["seriousBreach"],
    "4": ["abnormalOperation"],
    "5": ["commitment"], "6": ["evaluation"],
  ]

  /// Names without what forms differ in: width, brackets, words for one and the same.
  private static func plain(_ text: String) -> String {
    var text = text
    for (word, same) in [
      ("时间", "日期"), ("做出", "作出"), ("履约", "履行"), ("评定", "评价"), ("信息来源", "数据来源"), ("企业名称", "名称"),
      ("单位名称", "名称"), ("机构名称", "名称"), ("纳税人名称", "名称"), ("主体名称", "名称"), ("承诺人名称", "名称"),
      ("失信被执行人姓名/名称", "名称"), ("承诺人代码", "统一社会信用代码"), ("身份证号码/组织机构代码", "组织机构代码"),
      ("有效期限", "有效期至"), ("数据来源单位", "数据来源"), ("认定单位", "承诺数据来源"),
    ] { text = text.replacingOccurrences(of: word, with: same) }
    return String(text.unicodeScalars.filter { !"（）():： 　，、/".unicodeScalars.contains($0) })
  }

  private static let body = PlatformFixture.body

  /// Values that their rules ask for.
  private static let values: [String: String] = [
    "XK_XDR_LB": "法人及非法人组织", "XK_XKLB": "普通", "XK_ZT": "1", "XK_YXQZI": "2030-01-01", "CF_XDR_LB": "法人及非法人组织",
    "CF_CFLB": "罚款", "CF_NR_FK": "0.1", "CF_NR": "罚款一千元", "CF_YXQ": "2030-01-01", "publicationType": "1",
    "subjectCategory": "法人及非法人组织", "fulfillmentStatus": "全部履行", "identify": body,
  ]
  /// Ends of items that stay empty: documents of people, and numbers that only one kind of subject has.
  private static let empty = ["_ZJLX", "_ZJHM", "_GSZC", "_SWDJ", "_SYDW", "_SHZZ", "_WFFF", "_ZKDX"]

  /// A row with a value in every item that may have one.
  private static func row(of entry: CatalogueEntry) -> [String] {
    entry.items.map { item in
      if let value = values[item.id] { return value }
      if empty.contains(where: { item.id.hasSuffix($0) }) { return "" }
      switch item.identifier {
      case .unifiedSocialCreditCode, .taxpayerNumber:
        return entry.subject.contains(item.id) ? body : PlatformFixture.market
      case .organizationCode: return "600037341"
      case nil: break
      default: return item.id.hasSuffix("SHXYM") || item.id == "统一社会信用代码" ? body : ""
      }
      switch item.type {
      case .date: return "2026-01-01"
      case .timestamp: return "2026-01-01T08:00:00"
      case .month: return "2026-01"
      case .integer, .decimal: return "1"
      case .boolean: return "true"
      case .text, .code: return item.options?.first ?? "甲"
      }
    }
  }

  /// The labels of a report about a subject of which every item is known, by the sections of printed reports.
  private static func printed() throws -> [String: [String]] {
    let fixture = try PlatformFixture(on: "2026-02-01")
    try fixture.enterAccounts()
    let wanted = Set(sections.values.flatMap { $0 } + ["registration"])
    for entry in CatalogueEntry.nationalTemplates where wanted.contains(entry.category) {
      guard entry.subjectKinds != ["naturalPerson"] else { continue }
      let receipt = try fixture.collect(
        entry.code, from: PlatformFixture.market, header: entry.items.map(\.id).joined(separator: ","),
        [row(of: entry).joined(separator: ",")])
      #expect(receipt.loaded == 1, "\(entry.code): \(receipt)")
    }
    let report = try fixture.session("centre").report(ReportRequest(subject: body))
    var labels: [String: [String]] = [:]
    for section in report.content.sections {
      for record in section.records {
        let entry = try #require(CatalogueEntry.nationalTemplates.first { $0.code == record.entry })
        for (number, categories) in sections where categories.contains(entry.category) {
          // An item is printed under its name; its aliases are the labels of other years.
          for field in record.fields {
            labels[number, default: []] +=
              [field.name] + (entry.items.first { $0.name == field.name }?.aliases ?? [])
          }
        }
      }
    }
    try fixture.platform.close()
    return labels
  }

  @Test func everyPrintedItemStandsInTheReport() throws {
    guard let path = RealData.path("interchange/credit_report_items.tsv", for: "printed report items") else {
      return
    }
    let printed = try Self.printed()
    var missing: Set<String> = []
    var count = 0
    for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
      .dropFirst()
    {
      let cells = line.split(separator: "\t").map(String.init)
      let (section, label) = (cells[0], cells[2].trimmingCharacters(in: CharacterSet(charactersIn: ":： ")))
      count += 1
      let wanted = Self.plain(label)
      // Printed labels are cut off at the end of their line.
      let isThere = (printed[section] ?? []).contains {
        Self.plain($0).contains(wanted) || wanted.contains(Self.plain($0)) && $0.count > 2
      }
      if !isThere { missing.insert(label) }
    }
    #expect(count == 130)
    #expect(missing.subtracting(Self.known.keys).isEmpty, "\(missing.subtracting(Self.known.keys).sorted())")
    print("\(count) printed items, \(missing.count) labels not in the report: \(missing.sorted())")
  }

  @Test func layoutsAreForTheirKindOfSubject() throws {
    let fixture = try PlatformFixture(on: "2026-05-20")
    try fixture.enterAccounts()
    let person = "130302199001010016"
    try fixture.collectPenalties([
      PlatformFixture.penalty(Self.body, "甲", day: "2026-04-10"),
      PlatformFixture.penalty(person, "乙", day: "2026-04-10"),
    ])
    let centre = try fixture.session("centre")
    func made(_ template: ReportTemplate, _ subject: String) -> String? {
      Outcome.code { try centre.report(ReportRequest(subject: subject, template: template)) }
    }
    for template in ReportTemplate.national {
      let isFor = template.isForPersons
      #expect(made(template, Self.body) == (isFor == true ? "wrongTemplate" : nil), "\(template.id)")
      #expect(made(template, person) == (isFor == false ? "wrongTemplate" : nil), "\(template.id)")
    }
    // A number whose kind does not show may be anybody's.
    #expect(made(.body2022, "护E1234567") == nil && made(.person2022, "护E1234567") == nil)
    let report = try centre.report(ReportRequest(subject: Self.body, template: .body2021))
    let penalty = try #require(report.content.sections[2].records.first)
    // What has no value is printed as such, in the order of printed reports.
    #expect(penalty.fields.map(\.name).prefix(3) == ["行政处罚决定书文号", "处罚类别", "处罚决定日期"])
    #expect(penalty.fields.contains { $0.name.contains("没收") && $0.value == nil })
    try fixture.platform.close()
  }
}
