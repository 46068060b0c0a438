// Owns the measures of the national list, as far as they are known: defaults that a city replaces by the edition in force.
// Invariants: the list of 2021 opens with limits on access to markets and trades; the other names were not seen in its text.

import CreditModel

extension Measure {
  /// Fourteen measures in three groups (失信惩戒措施基础清单).
  public static let national: [Measure] = {
    let groups: [(String, [String])] = [
      (
        "由公共管理机构依法依规实施的减损信用主体权益或增加其义务的措施",
        ["限制市场或行业准入", "限制任职", "限制消费", "限制出境", "限制升学复学"]
      ),
      (
        "由公共管理机构根据履职需要实施的相关管理措施",
        ["限制申请财政性资金项目", "限制参加评先评优", "限制享受优惠政策和便利措施", "纳入重点监管范围", "共享公示失信信息"]
      ),
      ("由公共管理机构以外的组织自主实施的措施", ["纳入市场化征信或评级报告", "从严审慎授信", "限制参与市场合作", "行业协会自律惩戒"]),
    ]
    let from = Day(year: 2021, month: 12, day: 16) ?? .epoch
    var measures: [Measure] = []
    for (group, names) in groups {
      for name in names {
        let number = measures.count + 1
        measures.append(
          Measure(
            code: "M\(number < 10 ? "0" : "")\(number)", name: name, group: group, basis: "全国失信惩戒措施基础清单",
            edition: "2021", from: from))
      }
    }
    return measures
  }()
}
