// Owns the built-in entries of lists, honours, evaluations, commitments, contracts and compliance: what others think of a subject.
// Invariants: an entry that has a field standard keeps its ids (信用承诺); the others follow the conventions of TemplateParts.
// Does not hold the serious-breach lists (SeriousBreach).

extension CatalogueEntry {
  /// Membership of abnormal-operation lists (经营异常名录).
  public static let abnormalOperationList = TemplateParts.entry(
    "K05", "JYYC", "经营（活动）异常名录", category: "abnormalOperation", nature: .negative, openness: .public,
    cycle: "daily", basis: "企业信息公示暂行条例", key: ["JGDM", "WSH", "LRRQ"], date: "LRRQ",
    TemplateParts.subject("JYYC") + """
      JYYC_MD | 名录名称 | text 200 | | 名单名称
      JYYC_WSH | 列入决定文书号 | text 256 | | 列入文号
      JYYC_LRYY | 列入原因 | text 4000 | required | 列入事由;列入经营异常名录原因;列入经营异常名录原因类型名称
      JYYC_LRRQ | 列入日期 | date | required | 列入时间
      JYYC_YCYY | 移出原因 | text 4000 | | 移出事由;移出经营异常名录原因
      JYYC_YCRQ | 移出日期 | date | | 移出时间
      JYYC_YCJG | 移出决定机关 | text 200 | | 移出决定机构
      \(TemplateParts.organ("JYYC", "列入决定机关"))
      """)

  /// Red lists and honours (诚实守信相关荣誉).
  public static let honour = TemplateParts.entry(
    "K11", "SXRY", "诚实守信相关荣誉", category: "honour", nature: .positive, people: true, openness: .public,
    cycle: "irregular", basis: "全国公共信用信息基础目录", key: ["JGDM", "RYMC", "RQ"], date: "RQ",
    TemplateParts.subject("SXRY", people: true) + """
      SXRY_RYMC | 荣誉名称 | text 200 | required | 红名单名称;守信激励名单名称
      SXRY_DJ | 荣誉等级 | code 64 | |
      SXRY_ND | 评定年度 | text 4 | | 评价年度
      SXRY_WSH | 认定文书号 | text 256 | | 文号
      SXRY_SY | 荣誉事由 | text 4000 | |
      SXRY_RQ | 认定日期 | date | required | 授予日期
      SXRY_YXQ | 有效期至 | date | |
      \(TemplateParts.organ("SXRY", "认定机关"))
      """)

  /// Results of credit evaluation, those of industries too (信用评价结果).
  public static let creditEvaluation = TemplateParts.entry(
    "K09", "XYPJ", "信用评价结果", category: "evaluation", nature: .neutral, people: true, cycle: "yearly",
    basis: "GB/T 45255-2025", key: ["JGDM", "PJMC", "ND"], date: "RQ",
    TemplateParts.subject("XYPJ", people: true) + """
      XYPJ_PJMC | 评价名称 | text 200 | required |
      XYPJ_ND | 评价年度 | text 9 | required | 评定年度;年度
      XYPJ_DJ | 评价等级 | code 64 | required | 信用等级
      XYPJ_FS | 评价得分 | decimal 9 4 | | 得分
      XYPJ_RQ | 评价日期 | date | required | 评定日期
      XYPJ_YXQ | 有效期至 | date | |
      \(TemplateParts.organ("XYPJ", "评价机关"))
      """)

  /// Performance of contracts with public bodies (合同履行).
  public static let contractPerformance = TemplateParts.entry(
    "K07", "HTLX", "合同履行信息", category: "contract", nature: .neutral, cycle: "monthly",
    basis: "全国公共信用信息基础目录", key: ["JGDM", "HTBH"], date: "RQ",
    TemplateParts.subject("HTLX") + """
      HTLX_HTBH | 合同编号 | text 256 | required |
      HTLX_HTMC | 合同名称 | text 512 | required |
      HTLX_LX | 合同类型 | code 100 | | 合同类别
      HTLX_DF | 合同对方 | text 200 | | 甲方名称
      HTLX_JE | 合同金额（元） | decimal 18 2 | | 合同金额
      HTLX_QDRQ | 签订日期 | date | |
      HTLX_LXQX | 履行期限 | date | |
      HTLX_ZT | 履行状态 | code 64 | required | 履约状态
      HTLX_WYQK | 违约情况 | text 4000 | |
      HTLX_RQ | 认定日期 | date | required | 履行状态认定日期
      \(TemplateParts.organ("HTLX", "认定机关"))
      """)

  /// Compliance with laws and regulations (遵守法律法规情况).
  public static let compliance = TemplateParts.entry(
    "K10", "ZSFL", "遵守法律法规情况", category: "compliance", nature: .neutral, people: true, cycle: "irregular",
    basis: "全国公共信用信息基础目录", key: ["JGDM", "SX", "RQ"], date: "RQ",
    TemplateParts.subject("ZSFL", people: true) + """
      ZSFL_SX | 事项 | text 512 | required | 事项名称
      ZSFL_QK | 遵守情况 | text 4000 | required |
      ZSFL_YJ | 法律依据 | text 4096 | |
      ZSFL_RQ | 认定日期 | date | required |
      \(TemplateParts.organ("ZSFL", "认定机关"))
      """)

  /// What a subject tells of itself (自愿提供的信用信息).
  public static let volunteered = TemplateParts.entry(
    "K13", "ZYTG", "经营主体自愿提供的信用信息", category: "volunteered", nature: .neutral, people: true,
    openness: .authorized, sharing: .conditional, cycle: "irregular", basis: "全国公共信用信息基础目录",
    key: ["XM", "RQ"], date: "RQ",
    TemplateParts.subject("ZYTG", people: true) + """
      ZYTG_XM | 信息项目 | text 512 | required |
      ZYTG_NR | 信息内容 | text 4096 | required |
      ZYTG_CL | 证明材料 | text 512 | |
      ZYTG_RQ | 提供日期 | date | required |
      ZYTG_YXQ | 有效期至 | date | |
      ZYTG_BZ | 备注 | text 4000 | |
      """)

  /// Titles and occupational qualifications of people (职称和职业资格).
  public static let occupationalQualification = TemplateParts.entry(
    "K04", "ZCZY", "职称和职业资格", category: "qualification", nature: .neutral, people: true, onlyPeople: true,
    openness: .authorized, cycle: "monthly", basis: "全国公共信用信息基础目录", key: ["ZSBH"], date: "RQ",
    """
    ZCZY_MC | 姓名 | text 200 | required |
    ZCZY_ZJLX | 证件类型 | code 64 | |
    ZCZY_ZJHM | 证件号码 | text 64 | | 身份证号;身份证号码;公民身份号码
    ZCZY_ZSBH | 证书编号 | text 256 | required |
    ZCZY_ZGMC | 资格名称 | text 200 | required | 职称名称;职业资格名称
    ZCZY_JB | 资格级别 | code 64 | | 职称级别
    ZCZY_RQ | 取得日期 | date | required | 发证日期
    ZCZY_YXQ | 有效期至 | date | |
    \(TemplateParts.organ("ZCZY", "发证机关"))
    """)

  /// Warnings alone: platforms number their commitments in ways of their own, and what became of a breach may be known later.
  private static let commitmentRules: [EntryRule] = {
    let isUnkept = RuleClause("fulfillmentStatus", .in, values: ["部分履行", "全部未履行"])
    func isRequired(_ id: String, _ item: String, _ message: String) -> EntryRule {
      EntryRule(
        id: id, severity: .warning, when: [isUnkept], require: [RuleClause(item, .present)], message: message)
    }
    return [
      EntryRule(
        id: "XYCN-1", severity: .warning, require: [RuleClause("code", .matches, to: "[0-9]{20}")],
        message: "the code of a commitment is a division, a date and six digits"),
      isRequired(
        "XYCN-2", "unperformedCommitmentContent", "what was not kept is required unless all of it was"),
      isRequired(
        "XYCN-3", "liabilityBreachCommitmentContent",
        "what became of the breach is required unless all of it was kept"),
    ]
  }()

  /// Credit commitments and how they are kept (信用承诺), with the items of their field standard.
  public static let creditCommitment: CatalogueEntry = {
    var items = ItemTable.items(
      """
      code | 承诺编码 | text 20 | required |
      subjectName | 承诺人名称 | text 200 | required | 主体名称
      subjectCategory | 承诺人类别 | code 64 | required |
      identify | 承诺人代码 | text 18 | required | 统一社会信用代码;证件号码
      commitmentTypeId | 承诺类型 | code 64 | required |
      reason | 承诺事由 | text 512 | required |
      content | 承诺内容 | text 4000 | required |
      liabilityBreachCommitment | 违诺责任 | text 4000 | required |
      commitmentDate | 承诺作出日期 | date | required | 承诺日期
      commitmentValidity | 承诺有效期 | date | |
      fulfillmentStatus | 承诺履行状态 | code 64 | required | 履行状态
      unperformedCommitmentContent | 未履行的承诺内容 | text 4000 | |
      liabilityBreachCommitmentContent | 违诺责任追究内容 | text 4000 | |
      fulfillmentStatusDate | 履行状态认定日期 | date | |
      acceptanceConfirmUnit | 认定单位 | text 200 | |
      acceptanceConfirmUnitIdentify | 认定单位统一社会信用代码 | text 18 | |
      acceptanceUnit | 承诺受理单位 | text 200 | required | 受理单位
      acceptanceUnitIdentify | 承诺受理单位统一社会信用代码 | text 18 | required | 受理单位统一社会信用代码
      publicationType | 公开类型 | code 64 | required |
      remarks | 备注 | text 512 | |
      """)
    items.change("identify") {
      $0.identifier = .any
      $0.openness = .authorized
      $0.mask = [6, 4]
    }
    items.change("subjectCategory") { $0.options = ["法人及非法人组织", "自然人", "个体工商户"] }
    // By their names, or the numbers that systems use.
    items.change("commitmentTypeId") {
      $0.options = ["审批替代型", "容缺受理型", "证明事项型", "信用修复型", "行业自律型", "主动型", "其他"] + (0...6).map(String.init)
    }
    items.change("publicationType") { $0.options = ["可向社会公开", "特定范围内公开", "不可公开", "1", "2", "3"] }
    items.change("fulfillmentStatus") { $0.options = ["全部履行", "部分履行", "全部未履行"] }
    for unit in ["acceptanceConfirmUnitIdentify", "acceptanceUnitIdentify"] {
      items.change(unit) { $0.identifier = .unifiedSocialCreditCode }
    }
    return CatalogueEntry(
      code: "K08-XYCN", name: "信用承诺及履行情况", category: "commitment", nature: .neutral,
      subjectKinds: TemplateParts.everybody, openness: .government, updateCycle: "daily",
      basis: "国办发〔2019〕35号", subject: ["identify"], subjectName: "subjectName", recordKey: ["code"],
      eventDate: "commitmentDate", items: items
    ).with(\.level, .national).with(\.rules, commitmentRules)
  }()
}
