// Goal: a report prints what national reports print, item by item.
// Method: the labels of printed national reports (CREDIT_REAL_DATA), section by section, are looked for among the items of the entries that stand in that
// section; those that are missing are written down here, with the reason.

import CreditApplications
import CreditModel
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

  @Test func everyPrintedItemIsThere() throws {
    guard let path = RealData.path("interchange/credit_report_items.tsv", for: "printed report items") else {
      return
    }
    var missing: Set<String> = []
    var count = 0
    for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
      .dropFirst()
    {
      let cells = line.split(separator: "\t").map(String.init)
      let (section, label) = (cells[0], cells[2].trimmingCharacters(in: CharacterSet(charactersIn: ":： ")))
      let categories = Self.sections[section] ?? []
      let items = CatalogueEntry.nationalTemplates.filter { categories.contains($0.category) }.flatMap(
        \.items)
      count += 1
      let wanted = Self.plain(label)
      // Printed labels are cut off at the end of their line.
      let isThere = items.contains { item in
        ([item.name] + item.aliases).contains {
          Self.plain($0).contains(wanted) || wanted.contains(Self.plain($0)) && $0.count > 2
        }
      }
      if !isThere { missing.insert(label) }
    }
    #expect(count == 130)
    #expect(missing.subtracting(Self.known.keys).isEmpty, "\(missing.subtracting(Self.known.keys).sorted())")
    print("\(count) printed items, \(missing.count) labels not among the items: \(missing.sorted())")
  }
}
