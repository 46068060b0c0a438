// Owns the built-in entry of serious-breach lists.
// Invariants: one record per subject, list and deciding document.

extension CatalogueEntry {
  /// Membership of a list of serious breach of trust (严重失信主体名单).
  public static let seriousBreachList: CatalogueEntry = {
    var items = ItemTable.items(
      """
      YZSX_MC | 失信主体名称 | text 200 | required | 主体名称;企业名称;失信被执行人姓名/名称;姓名;违法企业名称或违法自然人姓名
      YZSX_LB | 主体类别 | code 100 | |
      YZSX_SHXYM | 统一社会信用代码 | text 64 | | 统一信用代码;社会信用代码;信用代码或识别号;统一社会信用代码/工商注册
      YZSX_ZZJG | 组织机构代码 | text 32 | | 组织结构代码
      YZSX_GSZC | 工商注册号 | text 50 | | 营业执照注册号;工商登记码
      YZSX_ZJLX | 证件类型 | code 64 | |
      YZSX_ZJHM | 证件号码 | text 64 | | 身份证号;身份证号码;身份证件号码
      YZSX_FRDB | 法定代表人 | text 80 | | 法定代表人姓名;法人姓名;法人代表姓名;企业法人姓名;法定代表人(负责人)
      YZSX_MD | 名单名称 | text 200 | required | 名单类型;黑名单名称
      YZSX_SY | 列入事由 | text 4000 | | 列入原因;失信行为具体情形;失信被执行人行为具体情形
      YZSX_YJ | 列入依据 | text 4000 | |
      YZSX_WSH | 列入决定文书号 | text 256 | | 案号;执行案号;决定文书号
      YZSX_RQ | 列入日期 | date | required | 发布时间;列入时间
      YZSX_JG | 列入机关 | text 200 | | 认定机关;列入决定机关名称;列入决定机构;执行法院
      YZSX_JGDM | 列入机关统一社会信用代码 | text 18 | |
      YZSX_YCRQ | 移出日期 | date | | 移出时间
      YZSX_YCSY | 移出事由 | text 4000 | | 移出原因
      BZ | 备注 | text 4000 | |
      """)
    items.change("YZSX_SHXYM") { $0.identifier = .any }
    items.change("YZSX_ZZJG") { $0.identifier = .organizationCode }
    items.change("YZSX_GSZC") { $0.identifier = .businessRegistrationNumber }
    items.change("YZSX_ZJHM") {
      $0.identifier = .any
      $0.identifierKindFrom = "YZSX_ZJLX"
      $0.openness = .authorized
      $0.mask = [6, 4]
    }
    return CatalogueEntry(
      code: "YZSX", name: "严重失信主体名单", category: "seriousBreach", nature: .negative,
      subjectKinds: ["legalPerson", "soleTrader", "otherOrganization", "naturalPerson"], openness: .public,
      updateCycle: "daily", basis: "国办发〔2020〕49号",
      subject: ["YZSX_SHXYM", "YZSX_ZZJG", "YZSX_GSZC", "YZSX_ZJHM"], subjectName: "YZSX_MC",
      recordKey: ["YZSX_MD", "YZSX_WSH"], eventDate: "YZSX_RQ", invalidIdentifier: .warn, items: items
    ).with(\.level, .national)
  }()
}
