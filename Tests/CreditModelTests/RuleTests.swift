// Goal: every rule V01 to V12 holds on both sides of its boundary.
// Method: a good row of each template, changed in one place.

import CreditModel
import TestSupport
import Testing

@Suite struct RuleTests {
  private static let today = Day("2024-06-01") ?? .epoch
  private static let penalty = [
    "CF_XDR_MC": "甲公司", "CF_XDR_LB": "法人及非法人组织", "CF_XDR_SHXYM": "91130302MA0000015N", "CF_FRDB": "张三",
    "CF_WSH": "罚1号", "CF_WFXW": "违法", "CF_SY": "事实", "CF_YJ": "依据", "CF_CFLB": "罚款", "CF_NR": "罚款2000元",
    "CF_NR_FK": "0.2", "CF_JDRQ": "2024-01-10", "CF_YXQ": "2025-01-10", "CF_CFJG": "某局",
    "CF_CFJGDM": "11130300000000019B", "CF_SJLY": "某局", "CF_SJLYDM": "11130300000000019B",
  ]
  private static let permit = [
    "XK_XDR_MC": "甲公司", "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": "91130302MA0000015N", "XK_FRDB": "张三",
    "XK_XKWS": "决定书", "XK_WSH": "许1号", "XK_XKLB": "普通", "XK_NR": "内容", "XK_JDRQ": "2024-01-10",
    "XK_YXQZ": "2024-01-10", "XK_YXQZI": "2099-12-31", "XK_XKJG": "某局", "XK_XKJGDM": "11130300000000019B",
    "XK_ZT": "1",
    "XK_LYDW": "某局", "XK_LYDWDM": "11130300000000019B",
  ]

  /// Ids of rules that fail, and of those that warn.
  private func evaluate(_ base: [String: String], _ changes: [String: String]) throws -> (
    errors: [String], warnings: [String]
  ) {
    let entry = base["CF_WSH"] != nil ? CatalogueEntry.administrativePenalty2018 : .administrativePermit2018
    let row = base.merging(changes) { $1 }
    let rules = RecordRules(entry, present: Set(entry.items.indices))
    let values = try entry.items.map { try $0.value(reading: row[$0.id] ?? "") }
    var errors = rules.requiredItems.filter { values[$0] == nil }.map { rules.missing($0).rule }
    let result = rules.evaluate(values, options: RuleOptions(today: Self.today))
    errors += result.errors.map(\.rule)
    return (errors, result.warnings.map(\.rule))
  }

  @Test func goodRowsPass() throws {
    for base in [Self.penalty, Self.permit] {
      let result = try evaluate(base, [:])
      #expect(result.errors.isEmpty && result.warnings.isEmpty, "\(result)")
    }
    let person = [
      "CF_XDR_LB": "自然人", "CF_XDR_SHXYM": "", "CF_FRDB": "", "CF_XDR_ZJLX": "身份证",
      "CF_XDR_ZJHM": "130302199001010016",
    ]
    #expect(try evaluate(Self.penalty, person).errors.isEmpty)
  }

  @Test(arguments: [
    (["CF_WSH": ""], "V01"), (["CF_FRDB": ""], "V01"), (["CF_XDR_LB": "企业"], "V02"),
    (["CF_XDR_LB": "自然人", "CF_XDR_SHXYM": ""], "V04"),
    (["CF_XDR_LB": "自然人", "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": "130302199002290013"], "V04"),
    (["CF_CFJGDM": "11130300000000019A"], "V06"), (["CF_SJLYDM": "00000000000000000X"], "V06"),
    (["CF_JDRQ": "2024-06-02"], "V07"), (["CF_JDRQ": "1949-09-30"], "V07"), (["CF_YXQ": "2024-01-09"], "V08"),
    (["CF_CFLB": "罚金"], "V10"), (["CF_NR_FK": "-0.1"], "V10"), (["CF_NR_FK": ""], "V10"),
    (["CF_CFLB": "没收违法所得", "CF_NR_FK": ""], "V10"), (["CF_CFLB": "其他"], "V10"), (["CF_CFLB": "警告"], "V10"),
    (["CF_NR_WFFF": "1"], "V10"),
  ])
  func penaltiesFail(changes: [String: String], rule: String) throws {
    #expect(try evaluate(Self.penalty, changes).errors.contains(rule))
  }

  @Test(arguments: [
    ["CF_JDRQ": "2024-06-01", "CF_YXQ": "2024-06-01"], ["CF_JDRQ": "1949-10-01"], ["CF_YXQ": "2024-01-10"],
    ["CF_YXQ": "2099-12-31"], ["CF_CFLB": "罚款；警告"], ["CF_CFLB": "罚款;没收违法所得、没收非法财物", "CF_NR_WFFF": "1"],
    ["CF_CFLB": "罚款;其他-责令改正"], ["CF_CFLB": "通报批评", "CF_NR_FK": ""], ["CF_NR_FK": "0"],
  ])
  func penaltiesPass(changes: [String: String]) throws {
    #expect(try evaluate(Self.penalty, changes).errors.isEmpty)
  }

  @Test(arguments: [
    (["XK_XKLB": "随便"], "V09"), (["XK_XKLB": "其他"], "V09"),
    (["XK_YXQZ": "2024-02-01", "XK_YXQZI": "2024-01-31"], "V08"),
    (["XK_YXQZI": "2024-01-09"], "V08"),
  ])
  func permitsFail(changes: [String: String], rule: String) throws {
    #expect(try evaluate(Self.permit, changes).errors.contains(rule))
  }

  @Test(arguments: [
    ["XK_XKLB": "其他-备案"], ["XK_XKLB": "核准"], ["XK_YXQZ": "2003-01-01", "XK_YXQZI": "2053-01-01"],
    ["XK_YXQZI": "2024-01-10"],
  ])
  func permitsPass(changes: [String: String]) throws {
    #expect(try evaluate(Self.permit, changes).errors.isEmpty)
  }

  @Test func warningsDoNotSetAside() throws {
    for (changes, rule) in [
      (["CF_XDR_ZJHM": "130302199001010016"], "V05"), (["CF_CFJGDM": "91130302MA0000015N"], "V06"),
      (["CF_NR": "罚款2000元", "CF_NR_FK": "2000"], "V11"),
    ] {
      let result = try evaluate(Self.penalty, changes)
      #expect(result.warnings.contains(rule) && result.errors.isEmpty, "\(rule): \(result)")
    }
    #expect(try evaluate(Self.penalty, ["CF_NR": "罚款2000万元", "CF_NR_FK": "2000"]).warnings.isEmpty)
  }
}
