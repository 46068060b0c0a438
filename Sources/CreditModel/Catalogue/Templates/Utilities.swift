// Owns the built-in entries of water, power and gas (水电气): what bodies use, and what they owe.
// Invariants: one record per account and bill period; addresses and account numbers are for authorised eyes and masked.

extension CatalogueEntry {
  /// Water (用水).
  public static let waterSupply = utility(
    "XYD", "YSXX", "用水缴费信息", volume: "用水量（吨）",
    """
    YSXX_YSXZ | 用水性质 | code 100 | | 用水类别
    YSXX_CBRQ | 抄表日期 | date | |
    YSXX_SCDS | 上期读数 | decimal 18 3 | | 上次读数
    YSXX_BCDS | 本期读数 | decimal 18 3 | | 本次读数
    """)

  /// Power (用电).
  public static let powerSupply = utility(
    "XYD", "YDXX", "用电缴费信息", volume: "用电量（千瓦时）",
    """
    YDXX_YDLB | 用电类别 | code 100 | |
    YDXX_HTRL | 合同容量（千伏安） | decimal 18 3 | | 合同容量;运行容量
    YDXX_WYYD | 违约用电情况 | text 4000 | | 窃电情况
    """)

  /// Gas (用气).
  public static let gasSupply = utility(
    "XYD", "YQXX", "用气缴费信息", volume: "用气量（立方米）",
    """
    YQXX_YQLB | 用气类别 | code 100 | | 客户类别
    YQXX_ZH | 用气证号 | text 64 | | 燃气证号
    YQXX_BH | 表号 | text 64 | |
    YQXX_SCRQ | 上期抄表日期 | date | |
    YQXX_CBRQ | 本期抄表日期 | date | | 抄表日期
    YQXX_QY2 | 气源 | code 64 | |
    YQXX_SCDS | 上期读数 | decimal 18 3 | | 上次读数
    YQXX_BCDS | 本期读数 | decimal 18 3 | | 本次读数
    """)

  private static func utility(_ kind: String, _ code: String, _ name: String, volume: String, _ items: String)
    -> CatalogueEntry
  {
    let shortVolume = volume.prefix { $0 != "（" }
    var entry = TemplateParts.entry(
      kind, code, name, category: "utility", nature: .neutral, openness: .authorized, sharing: .conditional,
      cycle: "monthly", basis: "国办发〔2021〕52号", key: ["YHBH", "NY", "ZDH"], date: "NY",
      """
      \(code)_MC | 用户名称 | text 200 | required | 单位名称;企业名称;主体名称
      \(code)_SHXYM | 统一社会信用代码 | text 18 | | 信用代码;社会信用代码
      \(code)_ZZJG | 组织机构代码 | text 32 | |
      \(code)_YHBH | 用户编号 | text 64 | required | 户号;用户号
      \(code)_NY | 账单年月 | month | required | 年月;所属年月
      \(code)_ZDH | 账单号 | text 64 | |
      \(code)_DZ | 用户地址 | text 512 | | 地址
      \(items)
      \(code)_YL | \(volume) | decimal 18 3 | | \(shortVolume)
      \(code)_YJ | 应缴金额（元） | decimal 18 2 | | 应缴金额
      \(code)_SJ | 实缴金额（元） | decimal 18 2 | | 实缴金额
      \(code)_ZNJ | 滞纳金（元） | decimal 18 2 | | 滞纳金;违约金
      \(code)_QF | 欠费金额（元） | decimal 18 2 | | 欠费金额
      \(code)_QS | 欠费期数 | integer | |
      \(code)_JFRQ | 缴费日期 | date | |
      \(code)_QY | 所属区域 | text 100 | | 区域
      \(code)_BZ | 备注 | text 4000 | |
      """)
    for id in ["YHBH", "DZ", "ZH", "BH"] {
      entry.items.change("\(code)_\(id)") {
        $0.openness = .authorized
        $0.mask = id == "DZ" ? [6, 0] : [2, 2]
      }
    }
    return entry
  }
}
