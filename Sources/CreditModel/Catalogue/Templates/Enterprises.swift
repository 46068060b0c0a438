// Owns the built-in entries of what enterprises have and do: annual reports, equity, guarantees, real estate, titles, warehousing and logistics.
// Invariants: amounts say their unit in their name; what is given for financing alone is for authorised eyes.
// Does not hold intellectual property or what enterprises pay.

extension CatalogueEntry {
  /// Annual reports (企业年报).
  public static let annualReport = TemplateParts.entry(
    "K01", "QYNB", "企业年度报告", category: "registration", nature: .neutral, cycle: "yearly",
    basis: "企业信息公示暂行条例", key: ["ND"], date: "RQ",
    TemplateParts.subject("QYNB") + """
      QYNB_ND | 报告年度 | text 4 | required | 年报年度
      QYNB_RQ | 报送日期 | date | | 公示日期
      QYNB_ZCZE | 资产总额（万元） | decimal 18 6 | | 资产总额
      QYNB_FZZE | 负债总额（万元） | decimal 18 6 | | 负债总额
      QYNB_SYZQY | 所有者权益合计（万元） | decimal 18 6 | | 所有者权益合计
      QYNB_YYZSR | 营业总收入（万元） | decimal 18 6 | | 营业总收入
      QYNB_ZYSR | 主营业务收入（万元） | decimal 18 6 | | 主营业务收入
      QYNB_LRZE | 利润总额（万元） | decimal 18 6 | | 利润总额
      QYNB_JLR | 净利润（万元） | decimal 18 6 | | 净利润
      QYNB_NSZE | 纳税总额（万元） | decimal 18 6 | | 纳税总额
      QYNB_RS | 从业人数 | integer | |
      QYNB_GS | 企业选择公示的项目 | text 512 | |
      QYNB_BZ | 备注 | text 4000 | |
      """)

  /// Pledges of equity (股权出质).
  public static let equityPledge = TemplateParts.entry(
    "K01", "GQCZ", "股权出质登记", category: "registration", nature: .neutral, openness: .public, cycle: "daily",
    basis: "企业信息公示暂行条例", key: ["DJBH"], date: "DJRQ",
    TemplateParts.subject("GQCZ") + """
      GQCZ_DJBH | 登记编号 | text 128 | required |
      GQCZ_CZR | 出质人 | text 200 | required |
      GQCZ_ZQR | 质权人 | text 200 | required |
      GQCZ_SL | 出质股权数额（万元） | decimal 18 6 | | 出质股权数额
      GQCZ_DJRQ | 登记日期 | date | required | 股权出质设立登记日期
      GQCZ_ZT | 状态 | code 64 | |
      GQCZ_ZXRQ | 注销日期 | date | |
      \(TemplateParts.organ("GQCZ", "登记机关"))
      """)

  /// Guarantees given (对外担保).
  public static let guarantee = TemplateParts.entry(
    "XYD", "DWDB", "对外提供保证担保", category: "financing", nature: .neutral, openness: .authorized,
    sharing: .conditional, cycle: "yearly", basis: "企业信息公示暂行条例", key: ["ZQR", "ZWR", "QXQ"], date: "QXQ",
    TemplateParts.subject("DWDB") + """
      DWDB_ZQR | 债权人 | text 200 | required |
      DWDB_ZWR | 债务人 | text 200 | required |
      DWDB_ZL | 主债权种类 | code 100 | |
      DWDB_SE | 主债权数额（万元） | decimal 18 6 | | 主债权数额
      DWDB_QXQ | 履行债务的期限自 | date | |
      DWDB_QXZ | 履行债务的期限至 | date | |
      DWDB_BZQJ | 保证的期间 | text 200 | |
      DWDB_BZFS | 保证的方式 | code 100 | |
      DWDB_BZ | 备注 | text 4000 | |
      """)

  /// Real estate (不动产登记).
  public static let realEstate: CatalogueEntry = {
    var entry = TemplateParts.entry(
      "XYD", "BDCQ", "不动产登记信息", category: "financing", nature: .neutral, people: true, openness: .authorized,
      sharing: .conditional, cycle: "monthly", basis: "国办发〔2021〕52号", key: ["ZSH", "DYH"], date: "DJRQ",
      TemplateParts.subject("BDCQ", people: true) + """
        BDCQ_ZSH | 不动产权证号 | text 256 | required | 权证号
        BDCQ_GYFS | 共有方式 | code 64 | |
        BDCQ_ZL | 坐落 | text 512 | |
        BDCQ_DYH | 不动产单元号 | text 64 | |
        BDCQ_QLLX | 权利类型 | code 100 | |
        BDCQ_QLXZ | 权利性质 | code 100 | |
        BDCQ_YT | 用途 | code 100 | |
        BDCQ_MJ | 面积（平方米） | decimal 18 4 | | 面积
        BDCQ_SYQX | 使用期限 | text 200 | |
        BDCQ_ZT | 状态 | code 64 | |
        BDCQ_DJRQ | 登记日期 | date | | 登记时间
        BDCQ_BZ | 备注 | text 4000 | |
        """)
    for id in ["BDCQ_ZSH", "BDCQ_ZL", "BDCQ_DYH"] {
      entry.items.change(id) { ($0.openness, $0.mask) = (.authorized, [6, 2]) }
    }
    return entry
  }()

  /// Titles of science and technology enterprises (科技型企业).
  public static let technologyEnterprise = TemplateParts.entry(
    "K04", "KJQY", "科技型企业认定", category: "qualification", nature: .positive, openness: .public,
    cycle: "yearly",
    basis: "国办发〔2024〕15号", key: ["ZSBH"], date: "RQ",
    TemplateParts.subject("KJQY") + """
      KJQY_CH | 称号名称 | text 200 | required | 认定类型
      KJQY_ZSBH | 证书编号 | text 128 | required | 高新技术企业证书编号
      KJQY_RQ | 发证日期 | date | required | 认定日期
      KJQY_YXQ | 有效期至 | date | |
      KJQY_WJ | 认定依据 | text 512 | |
      \(TemplateParts.organ("KJQY", "认定机关"))
      """)

  /// Warehousing: goods, receipts, pledges (仓储).
  public static let warehousing = TemplateParts.entry(
    "XYD", "CCXX", "仓储信息", category: "logistics", nature: .neutral, openness: .authorized,
    sharing: .conditional,
    cycle: "daily", basis: "国办发〔2021〕52号", key: ["CDBH"], date: "RKRQ",
    TemplateParts.subject("CCXX") + """
      CCXX_CK | 仓库名称 | text 200 | required |
      CCXX_CKDZ | 仓库地址 | text 512 | |
      CCXX_CDBH | 仓单编号 | text 128 | required |
      CCXX_HW | 货物名称 | text 200 | required |
      CCXX_SL | 数量 | decimal 18 4 | |
      CCXX_DW | 计量单位 | code 32 | |
      CCXX_HZ | 货值（元） | decimal 18 2 | | 货值
      CCXX_RKRQ | 入库日期 | date | required |
      CCXX_CKRQ | 出库日期 | date | |
      CCXX_ZYZT | 质押状态 | code 64 | |
      CCXX_BZ | 备注 | text 4000 | |
      """)

  /// Ratings of logistics enterprises (物流企业评级).
  public static let logisticsRating = TemplateParts.entry(
    "K09", "WLPJ", "物流企业评级", category: "logistics", nature: .neutral, cycle: "yearly",
    basis: "国办发〔2021〕52号", key: ["PJMC", "RQ"], date: "RQ",
    TemplateParts.subject("WLPJ") + """
      WLPJ_PJMC | 评价名称 | text 200 | required |
      WLPJ_JG2 | 评价结果 | code 64 | required | 评价等级
      WLPJ_RQ | 评价日期 | date | required |
      WLPJ_YXQ | 有效期至 | date | |
      \(TemplateParts.organ("WLPJ", "评价机关"))
      """)
}
