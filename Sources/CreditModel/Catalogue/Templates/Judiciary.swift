// Owns the built-in entries of court judgments and enforcement (司法裁判及执行信息).
// Invariants: one record per subject and case.
// Does not hold the list of court defaulters as a serious-breach list (SeriousBreach).

extension CatalogueEntry {
  /// Enforcement by courts (法院执行).
  public static let courtEnforcement = TemplateParts.entry(
    "K02", "FYZX", "法院执行信息", category: "judiciary", nature: .negative, people: true, cycle: "daily",
    basis: "全国公共信用信息基础目录", key: ["AH"], date: "LARQ",
    TemplateParts.subject("FYZX", people: true) + """
      FYZX_AH | 执行案号 | text 256 | required | 案号
      FYZX_YJWH | 执行依据文号 | text 256 | |
      FYZX_YJDW | 作出执行依据单位 | text 200 | | 做出执行依据单位
      FYZX_YW | 生效法律文书确定的义务 | text 4096 | |
      FYZX_BD | 执行标的（元） | decimal 18 2 | | 执行标的
      FYZX_WLX | 未履行金额（元） | decimal 18 2 | | 未履行金额
      FYZX_LXQK | 被执行人的履行情况 | text 512 | | 履行情况
      FYZX_SXQX | 失信被执行人行为具体情形 | text 4000 | | 失信被执行人具体情形
      FYZX_LARQ | 立案日期 | date | required | 立案时间
      FYZX_FBRQ | 发布日期 | date | | 发布时间
      FYZX_JARQ | 结案日期 | date | |
      \(TemplateParts.organ("FYZX", "执行法院"))
      """)

  /// Judgments (司法裁判).
  public static let courtJudgment = TemplateParts.entry(
    "K02", "FYCP", "司法裁判信息", category: "judiciary", nature: .neutral, people: true, cycle: "daily",
    basis: "全国公共信用信息基础目录", key: ["AH", "WSLX"], date: "CPRQ",
    TemplateParts.subject("FYCP", people: true) + """
      FYCP_AH | 案号 | text 256 | required |
      FYCP_WSLX | 文书类型 | code 64 | required |
      FYCP_AY | 案由 | text 512 | |
      FYCP_DW | 诉讼地位 | code 64 | |
      FYCP_JG | 审理法院 | text 200 | required | 裁判法院
      FYCP_JGXX | 裁判结果 | text 4096 | |
      FYCP_CPRQ | 裁判日期 | date | required |
      FYCP_SXRQ | 生效日期 | date | |
      FYCP_BZ | 备注 | text 4000 | |
      """)
}
