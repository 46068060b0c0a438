// Owns the built-in entries of administrative acts beyond permits and penalties (with those two: 十公示).
// Invariants: one record per subject, organ and document; the kinds are those 国办发〔2019〕35号 asks to publish.
// Does not hold permits and penalties (DoublePublicity), whose fields a national standard fixes.

extension CatalogueEntry {
  /// Compulsion, confirmation, levy, payment, adjudication, compensation, reward and inspection (行政行为).
  public static let administrativeActs: [CatalogueEntry] = [
    act(
      "K03", "XZQZ", "行政强制", .negative,
      """
      XZQZ_LX | 强制种类 | code 200 | required | 行政强制种类;强制措施种类
      XZQZ_SY | 强制事由 | text 4000 | | 强制理由
      XZQZ_QX | 强制期限 | text 200 | |
      """),
    act(
      "K03", "XZQR", "行政确认", .neutral,
      """
      XZQR_SX | 确认事项 | text 512 | required |
      XZQR_YXQZ | 有效期至 | date | | 确认有效期至
      """),
    act(
      "K03", "XZZS", "行政征收", .neutral,
      """
      XZZS_XM | 征收项目 | text 512 | required | 征收事项
      XZZS_JE | 征收金额（元） | decimal 18 2 | | 征收金额
      XZZS_QX | 缴纳期限 | date | |
      """),
    act(
      "K03", "XZJF", "行政给付", .neutral,
      openness: .government,
      """
      XZJF_XM | 给付项目 | text 512 | required | 给付事项
      XZJF_JE | 给付金额（元） | decimal 18 2 | | 给付金额
      """),
    act(
      "K03", "XZCJ", "行政裁决", .neutral,
      """
      XZCJ_SX | 裁决事项 | text 512 | required |
      XZCJ_DSR | 对方当事人 | text 200 | |
      """),
    act(
      "K03", "XZBC", "行政补偿", .neutral,
      """
      XZBC_SX | 补偿事项 | text 512 | required |
      XZBC_JE | 补偿金额（元） | decimal 18 2 | | 补偿金额
      """),
    act(
      "K03", "XZJL", "行政奖励", .positive,
      """
      XZJL_MCH | 奖励名称 | text 512 | required | 奖励事项
      XZJL_JB | 奖励级别 | code 64 | |
      XZJL_JE | 奖励金额（元） | decimal 18 2 | | 奖励金额
      """),
    act(
      "K03", "XZJC", "行政监督检查", .neutral,
      """
      XZJC_LX | 检查类型 | code 200 | | 检查方式
      XZJC_SX | 检查事项 | text 512 | required |
      XZJC_JL | 检查结果 | text 4000 | required | 检查结论
      """),
  ]

  private static func act(
    _ kind: String, _ code: String, _ name: String, _ nature: Nature, openness: Openness = .public,
    _ items: String
  ) -> CatalogueEntry {
    let short = String(name.dropFirst(2))
    return TemplateParts.entry(
      kind, code, name, category: "administrative", nature: nature, people: true, openness: openness,
      cycle: "daily", basis: "国办发〔2019〕35号", key: ["JGDM", "WSH"], date: "JDRQ",
      TemplateParts.subject(code, people: true) + """
        \(code)_WSH | 决定书文号 | text 256 | required | \(name)决定书文号;文书号;文号
        \(items)
        \(code)_NR | \(short)内容 | text 4096 | | 决定内容
        \(code)_YJ | \(short)依据 | text 4096 | | 法律依据
        \(code)_JDRQ | 决定日期 | date | required | \(name)决定日期;\(short)日期
        \(TemplateParts.organ(code, "实施机关"))
        """)
  }
}
