// Owns the built-in entries of intellectual property (知识产权): patents, trade marks, software, pledges.
// Invariants: one record per holder and number.

extension CatalogueEntry {
  /// Patents (专利).
  public static let patent = property(
    "K12", "ZLXX", "专利信息", key: ["SQH"], date: "SQRQ",
    """
    ZLXX_ZLMC | 专利名称 | text 512 | required |
    ZLXX_LX | 专利类型 | code 64 | required |
    ZLXX_SQH | 申请号 | text 64 | required | 专利号
    ZLXX_SQRQ | 申请日 | date | required | 申请日期
    ZLXX_GGH | 公开（公告）号 | text 64 | | 公告号
    ZLXX_GGRQ | 公开（公告）日 | date | | 公告日
    ZLXX_ZT | 法律状态 | code 64 | |
    """)

  /// Trade marks (商标).
  public static let trademark = property(
    "K12", "SBXX", "商标信息", key: ["ZCH", "LB"], date: "RQ",
    """
    SBXX_SBMC | 商标名称 | text 200 | required |
    SBXX_ZCH | 注册号 | text 64 | required | 申请/注册号
    SBXX_LB | 国际分类 | code 64 | | 类别
    SBXX_ZT | 商标状态 | code 64 | |
    SBXX_RQ | 注册日期 | date | |
    SBXX_SQRQ | 申请日期 | date | |
    SBXX_YXQ | 专用权期限至 | date | |
    """)

  /// Copyright of software (计算机软件著作权).
  public static let softwareCopyright = property(
    "K12", "RJZZ", "计算机软件著作权", key: ["DJH"], date: "RQ",
    """
    RJZZ_RJMC | 软件名称 | text 512 | required | 软件全称
    RJZZ_BB | 版本号 | text 64 | |
    RJZZ_DJH | 登记号 | text 64 | required |
    RJZZ_RQ | 登记日期 | date | required | 登记批准日期
    """)

  /// Pledges of intellectual property (知识产权出质).
  public static let intellectualPropertyPledge = property(
    "K12", "ZSCZ", "知识产权出质登记", nature: .neutral, key: ["DJBH"], date: "RQ",
    """
    ZSCZ_DJBH | 知识产权登记证号 | text 128 | required | 登记证号
    ZSCZ_ZCMC | 名称 | text 512 | |
    ZSCZ_ZL | 种类 | code 64 | required |
    ZSCZ_CZR | 出质人名称 | text 200 | required | 出质人
    ZSCZ_ZQR | 质权人名称 | text 200 | required | 质权人
    ZSCZ_RQ | 质权登记日期 | date | required | 登记日期
    ZSCZ_ZT | 状态 | code 64 | |
    """)

  private static func property(
    _ kind: String, _ code: String, _ name: String, nature: Nature = .positive, key: [String], date: String,
    _ items: String
  ) -> CatalogueEntry {
    TemplateParts.entry(
      kind, code, name, category: "intellectualProperty", nature: nature, people: true, openness: .public,
      cycle: "monthly", basis: "全国公共信用信息基础目录（2024年版）", key: key, date: date,
      """
      \(code)_MC | 权利人名称 | text 200 | required | 主体名称;企业名称;商标权人;著作权人;专利权人
      \(code)_SHXYM | 统一社会信用代码 | text 18 | | 信用代码;社会信用代码
      \(code)_ZZJG | 组织机构代码 | text 32 | |
      \(code)_ZJLX | 证件类型 | code 64 | |
      \(code)_ZJHM | 证件号码 | text 64 | | 身份证号;身份证号码
      \(items)
      \(code)_BZ | 备注 | text 4000 | |
      """)
  }
}
