// Owns the built-in entries of tax, social insurance and housing fund: what subjects pay, month by month (信易贷).
// Invariants: monthly facts are keyed by subject and period; amounts in yuan with two decimals; nothing here is public.
// Does not hold the grades the tax authority gives as an evaluation of its own kind: they are in `taxGrade`.

extension CatalogueEntry {
  /// Sales and taxes of a taxpayer in a period (纳税汇总).
  public static let taxSummary = payments(
    "XYD", "NSHZ", "纳税汇总信息", basis: taxBasis, key: ["SSQ"], date: "SSQ",
    """
    NSHZ_NSRSBH | 纳税人识别号 | text 32 | | 税务登记号
    NSHZ_SSQ | 统计所属期 | month | required | 统计期;所属期
    NSHZ_XSSR | 销售收入（元） | decimal 18 2 | | 销售收入
    NSHZ_MSXS | 免税销售额（元） | decimal 18 2 | | 免税销售额
    NSHZ_SJZE | 税金总额（元） | decimal 18 2 | | 税金总额;纳税总额
    NSHZ_WHJS | 文化事业建设费（元） | decimal 18 2 | | 文化事业建设费
    NSHZ_DZ | 地址 | text 512 | |
    """)

  /// Single payments of tax (缴税明细).
  public static let taxPayment = payments(
    "XYD", "NSMX", "缴税明细信息", basis: taxBasis, key: ["PZHM", "ZSPM", "SSQZ"], date: "RKRQ",
    """
    NSMX_NSRSBH | 纳税人识别号 | text 32 | | 税务登记号
    NSMX_PZHM | 票证号码 | text 128 | required | 凭证号码
    NSMX_ZSPM | 征收品目 | text 200 | required |
    NSMX_SZ | 税种 | code 100 | | 征收项目
    NSMX_SSQQ | 税款所属期起 | date | |
    NSMX_SSQZ | 税款所属期止 | date | |
    NSMX_JE | 实缴金额（元） | decimal 18 2 | required | 实缴金额
    NSMX_RKRQ | 入库日期 | date | required |
    NSMX_SWJG | 税务机关 | text 200 | |
    """)

  /// Arrears of tax (欠税公告).
  public static let taxArrears = payments(
    "XYD", "QSGG", "欠税信息", nature: .negative, openness: .public, basis: taxBasis, key: ["SZ", "GGRQ"],
    date: "GGRQ",
    """
    QSGG_NSRSBH | 纳税人识别号 | text 32 | | 税务登记号
    QSGG_SZ | 欠税税种 | code 100 | required | 税种
    QSGG_YE | 欠税余额（元） | decimal 18 2 | required | 欠税余额;欠税金额（元）;欠税金额
    QSGG_DQ | 当期新发生欠税金额（元） | decimal 18 2 | | 当期新发生欠税金额;其中：当期新发生欠税金额;当期所发生的欠税余额（元）;当期新发生的欠税金额
    QSGG_LX | 纳税人类型 | code 64 | | 企业或个人
    QSGG_DZ | 经营地点 | text 512 | | 地址
    QSGG_GGRQ | 公告日期 | date | required | 发布日期
    QSGG_GGDW | 公告单位 | text 200 | | 发布单位
    """)

  /// Grades of taxpayers (纳税信用等级).
  public static let taxGrade = payments(
    "K09", "NSDJ", "纳税信用等级", category: "evaluation", openness: .public, cycle: "yearly", basis: taxBasis,
    key: ["ND"],
    date: "PJRQ",
    """
    NSDJ_NSRSBH | 纳税人识别号 | text 32 | | 税务登记号
    NSDJ_ND | 评价年度 | text 4 | required | 年度
    NSDJ_DJ | 纳税信用等级 | code 8 | required | 评价等级
    NSDJ_FS | 评价得分 | decimal 9 4 | | 得分
    NSDJ_PJRQ | 评价日期 | date | required |
    NSDJ_YXQQ | 有效期自 | date | |
    NSDJ_YXQ | 有效期至 | date | |
    NSDJ_PJDW | 评价单位 | text 200 | |
    """)

  /// Taxpayers that cannot be found (非正常户).
  public static let abnormalTaxpayer = payments(
    "K05", "FZCH", "税务非正常户", category: "abnormalOperation", nature: .negative, openness: .public,
    basis: taxBasis,
    key: ["RDRQ"], date: "RDRQ",
    """
    FZCH_NSRSBH | 纳税人识别号 | text 32 | | 税务登记号
    FZCH_FRDB | 法定代表人 | text 80 | | 法定代表人姓名
    FZCH_RDRQ | 认定日期 | date | required | 非正常户认定日期
    FZCH_JCRQ | 解除日期 | date | |
    FZCH_RDDW | 认定单位 | text 200 | |
    """)

  /// Insured persons of a unit in a month (社会保险参保).
  public static let socialInsurance = payments(
    "XYD", "SBCB", "社会保险单位参保信息", category: "socialInsurance", basis: "社会保险法", key: ["DWBH", "NY"], date: "NY",
    """
    SBCB_DWBH | 单位编号 | text 64 | required | 单位ID;社保登记号
    SBCB_NY | 应收年月 | month | required | 费款所属期
    SBCB_RS | 参保人数 | integer | required | 职工人数
    SBCB_YLRS | 养老保险参保人数 | integer | |
    SBCB_YBRS | 医疗保险参保人数 | integer | |
    SBCB_SYRS | 失业保险参保人数 | integer | |
    SBCB_GSRS | 工伤保险参保人数 | integer | |
    SBCB_SHRS | 生育保险参保人数 | integer | |
    SBCB_DWXZ | 单位性质 | code 100 | |
    SBCB_HY | 所属行业 | code 100 | |
    SBCB_JJXZ | 经济性质 | code 100 | |
    SBCB_CBRQ | 参保日期 | date | |
    SBCB_ZHJF | 最后缴费年月 | month | |
    SBCB_JD | 所属街道 | text 200 | |
    SBCB_QX | 所属区县 | text 100 | |
    SBCB_ZT | 参保状态 | code 64 | |
    """)

  /// Payments of social insurance (社会保险缴费).
  public static let socialInsurancePayment = payments(
    "XYD", "SBJF", "社会保险缴费信息", category: "socialInsurance", basis: "社会保险法", key: ["XH", "PM"], date: "RKRQ",
    """
    SBJF_NSRSBH | 纳税人识别号 | text 32 | |
    SBJF_XH | 缴费序号 | text 128 | required | 序号
    SBJF_PM | 征收品目代码 | code 64 | required |
    SBJF_SZ | 税种 | code 100 | | 险种
    SBJF_SSQQ | 费款所属期起 | date | |
    SBJF_SSQZ | 费款所属期止 | date | |
    SBJF_JE | 实缴金额（元） | decimal 18 2 | required | 实缴金额
    SBJF_RKRQ | 入库日期 | date | required |
    """)

  /// Deposits of a unit with the housing fund in a month (住房公积金单位缴存).
  public static let housingFund = payments(
    "XYD", "GJJD", "住房公积金单位缴存信息", category: "housingFund", basis: "住房公积金管理条例", key: ["DWZH", "NY"],
    date: "NY",
    """
    GJJD_DWZH | 单位账号 | text 64 | required | 单位公积金账号
    GJJD_NY | 缴存年月 | month | required | 缴交年月
    GJJD_JE | 缴存金额（元） | decimal 18 2 | required | 缴存金额
    GJJD_RS | 缴存人数 | integer | | 人数
    GJJD_RQ | 缴存日期 | date | |
    GJJD_ZXDM | 中心代码 | code 64 | |
    """)

  /// Accounts of people with the housing fund (住房公积金个人账户).
  public static let housingFundAccount = TemplateParts.entry(
    "XYD", "GJJG", "住房公积金个人账户信息", category: "housingFund", nature: .neutral, people: true, onlyPeople: true,
    openness: .authorized, sharing: .conditional, cycle: "monthly", basis: "住房公积金管理条例", key: ["GRZH"],
    date: "KHRQ",
    """
    GJJG_MC | 姓名 | text 200 | required |
    GJJG_ZJLX | 证件类型 | code 64 | |
    GJJG_ZJHM | 证件号码 | text 64 | | 身份证号;身份证号码;公民身份号码
    GJJG_GRZH | 个人账号 | text 64 | required | 个人公积金账号
    GJJG_YE | 账户余额（元） | decimal 18 2 | | 余额
    GJJG_JS | 缴存基数（元） | decimal 18 2 | | 缴存基数
    GJJG_BL | 缴存比例（%） | decimal 9 4 | | 缴存比例
    GJJG_YJE | 月缴存额（元） | decimal 18 2 | | 月缴存额
    GJJG_ZT | 账户状态 | code 64 | |
    GJJG_KHRQ | 开户日期 | date | |
    GJJG_XHRQ | 销户日期 | date | |
    GJJG_DWMC | 所在单位 | text 200 | | 单位名称
    GJJG_DWDM | 所在单位统一社会信用代码 | text 18 | |
    """)

  private static let taxBasis = "税收征收管理法"

  /// A body's monthly or single facts, for eyes with an authorisation unless said otherwise.
  private static func payments(
    _ kind: String, _ code: String, _ name: String, category: String = "tax", nature: Nature = .neutral,
    openness: Openness = .authorized, cycle: String = "monthly", basis: String, key: [String], date: String,
    _ items: String
  ) -> CatalogueEntry {
    TemplateParts.entry(
      kind, code, name, category: category, nature: nature, openness: openness,
      sharing: openness == .authorized ? .conditional : .unconditional, cycle: cycle, basis: basis, key: key,
      date: date,
      """
      \(code)_MC | 单位名称 | text 200 | required | 企业名称;纳税人名称;主体名称
      \(code)_SHXYM | 统一社会信用代码 | text 18 | | 信用代码;社会信用代码
      \(code)_ZZJG | 组织机构代码 | text 32 | |
      \(items)
      \(code)_BZ | 备注 | text 4000 | |
      """)
  }
}
