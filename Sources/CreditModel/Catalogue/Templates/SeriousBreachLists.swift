// Owns the built-in entries of single lists of serious breach, and of the customs' certified enterprises, with the items that national reports print of them.
// Invariants: they follow the conventions of TemplateParts; a list that has no entry of its own goes into the general one (SeriousBreach).

extension CatalogueEntry {
  /// Lists of serious breach of trust that national reports print item by item, and certified enterprises.
  public static let reportedLists: [CatalogueEntry] = [
    list(
      "SXBZ", "失信被执行人名单", people: true, key: ["AH"], date: "FBRQ",
      """
      SXBZ_FY | 执行法院 | text 200 | required |
      SXBZ_SF | 省份 | text 64 | |
      SXBZ_YJWH | 执行依据文号 | text 256 | |
      SXBZ_LARQ | 立案时间 | date | | 立案日期
      SXBZ_AH | 案号 | text 256 | required |
      SXBZ_YJDW | 做出执行依据单位 | text 200 | | 作出执行依据单位
      SXBZ_YW | 生效法律文书确定的义务 | text 4096 | |
      SXBZ_LXQK | 被执行人的履行情况 | text 512 | |
      SXBZ_QX | 失信被执行人行为具体情形 | text 4000 | |
      SXBZ_FBRQ | 发布时间 | date | required | 发布日期
      SXBZ_YLX | 已履行部分 | text 4000 | |
      SXBZ_WLX | 未履行部分 | text 4000 | |
      """),
    list(
      "ZDSS", "重大税收违法失信主体名单", people: true, key: ["SBQ", "XZ"], date: "RQ",
      """
      ZDSS_FRDB | 法定代表人或负责人姓名 | text 80 | |
      ZDSS_NSRSBH | 纳税人识别号 | text 20 | |
      ZDSS_SBQ | 案件上报期 | text 32 | required |
      ZDSS_DZ | 注册地址 | text 512 | |
      ZDSS_CWFZ | 负有直接责任的财务负责人姓名 | text 80 | |
      ZDSS_ZJJG | 负有直接责任的中介机构信息 | text 512 | |
      ZDSS_XZ | 案件性质 | text 256 | required |
      ZDSS_SS | 主要违法事实 | text 4096 | |
      ZDSS_YJ | 相关法律依据及税务处理处罚情况 | text 4096 | |
      ZDSS_RQ | 公布日期 | date | required | 列入日期
      """),
    list(
      "ZFCG", "政府采购严重违法失信行为记录名单", people: true, key: ["RQ", "QX"], date: "RQ",
      """
      ZFCG_DZ | 企业地址 | text 512 | | 注册地址
      ZFCG_QX | 不良行为的具体情形 | text 4000 | required |
      ZFCG_YJ | 处罚依据 | text 4096 | |
      ZFCG_CFJG | 处罚结果 | text 4096 | |
      ZFCG_RQ | 记录日期 | date | required | 处罚日期
      ZFCG_DD | 登记地点 | text 256 | |
      ZFCG_JZRQ | 处罚截止日期 | date | |
      """),
    list(
      "AQSC", "安全生产严重失信主体名单", key: ["LY", "RQ"], date: "RQ",
      """
      AQSC_FZR | 主要负责人 | text 80 | |
      AQSC_DZ | 注册地址 | text 512 | |
      AQSC_JK | 失信行为简况 | text 4096 | |
      AQSC_BSJG | 信息报送机关 | text 200 | |
      AQSC_LY | 纳入理由 | text 4000 | required |
      AQSC_RQ | 列入日期 | date | required | 纳入日期
      """),
    list(
      "CXCZ", "严重违法失信超限超载运输名单", people: true, key: ["PC", "CPH"], date: "RKSJ",
      """
      CXCZ_RKSJ | 入库时间 | date | required |
      CXCZ_CPH | 车牌号 | text 32 | required |
      CXCZ_YYZ | 营运证号 | text 64 | |
      CXCZ_DLYSZ | 道路运输证号 | text 64 | |
      CXCZ_PC | 批次 | text 64 | required |
      CXCZ_XW | 失信行为 | text 4000 | |
      CXCZ_FRXM | 法人姓名 | text 80 | |
      """),
    TemplateParts.entry(
      "K11", "HGRZ", "海关认证企业", category: "honour", nature: .positive, openness: .public, cycle: "irregular",
      basis: "海关注册登记和备案企业信用管理办法", key: ["ZCBM", "RDRQ"], date: "RDRQ",
      TemplateParts.subject("HGRZ") + """
        HGRZ_ZCBM | 海关注册编码 | text 32 | required |
        HGRZ_ZCDZ | 注册地址 | text 512 | |
        HGRZ_ZZ | 企业资质 | text 128 | |
        HGRZ_ND | 年度 | text 9 | |
        HGRZ_SCRQ | 首次注册日期 | date | |
        HGRZ_DJ | 信用等级 | code 64 | required |
        HGRZ_RDRQ | 等级认定时间 | date | required |
        HGRZ_ZX | 注销标志 | code 16 | |
        \(TemplateParts.organ("HGRZ", "认定机关"))
        """),
  ]

  private static func list(
    _ prefix: String, _ name: String, people: Bool = false, key: [String], date: String, _ table: String
  ) -> CatalogueEntry {
    TemplateParts.entry(
      "K06", prefix, name, category: "seriousBreach", nature: .negative, people: people, openness: .public,
      cycle: "daily", basis: "国办发〔2020〕49号", key: key, date: date,
      TemplateParts.subject(prefix, people: people) + table + """

        \(prefix)_YCRQ | 移出日期 | date | | 移出时间
        \(TemplateParts.organ(prefix, "列入机关"))
        """
    ).with(\.invalidIdentifier, .warn)
  }
}
