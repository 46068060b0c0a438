// Owns the built-in entries of the 2018 standard for administrative permits and penalties (双公示).
// Invariants: item ids, names and order as in the annex of 发改办财金〔2018〕424号 as public systems implement it.
// Does not hold the rules over several items (see Rules) or the older layouts (see Headers).

extension CatalogueEntry {
  /// Administrative permits, 2018 standard (行政许可), for bodies and natural persons.
  ///
  /// Lengths marked as reconstructed in the sources are generous defaults; publish a version of your own to narrow them.
  public static let administrativePermit2018: CatalogueEntry = {
    var items = ItemTable.items(
      """
      XK_XDR_MC | 行政相对人名称 | text 200 | required | 企业名称;企业或单位名称;机构名称
      XK_XDR_LB | 行政相对人类别 | code 100 | required |
      XK_XDR_SHXYM | 行政相对人代码_1(统一社会信用代码) | text 18 | | 行政相对人统一社会信用代码;统一社会信用代码;行政相对人代码_1;行政相对人代码_3(统一社会信用代码);统一信用代码;社会诚信代码;信用代码或识别号;统一社会信用代码.纳税人识别号;统一社会信用代码/工商注册
      XK_XDR_GSZC | 行政相对人代码_2(工商注册号) | text 50 | | 工商注册号;行政相对人代码_2(工商登记码);行政相对人代码_3(工商登记码);工商登记码;营业执照注册号;营业执照号码
      XK_XDR_ZZJG | 行政相对人代码_3(组织机构代码) | text 32 | | 组织机构代码;组织结构代码;行政相对人代码_2(组织机构代码)
      XK_XDR_SWDJ | 行政相对人代码_4(税务登记号) | text 32 | | 税务登记号;行政相对人代码_4(税务登记号);纳税人识别号;纳税识别号
      XK_XDR_SYDW | 行政相对人代码_5(事业单位证书号) | text 120 | | 事业单位证书号
      XK_XDR_SHZZ | 行政相对人代码_6(社会组织登记证号) | text 50 | | 社会组织登记证号
      XK_FRDB | 法定代表人 | text 80 | | XK_FDDB;XK_FR;法定代表人姓名;法定代表人(负责人);法定代表人或者负责人姓名;法人姓名;法人代表姓名;企业法人姓名
      XK_FR_ZJLX | 法定代表人证件类型 | code 64 | |
      XK_FR_ZJHM | 法定代表人证件号码 | text 64 | | XK_FR_SFZH;法定代表人身份证号;法定代表人身份证号码;法定代表人或者负责人证件号码
      XK_XDR_ZJLX | 证件类型 | code 64 | |
      XK_XDR_ZJHM | 证件号码 | text 64 | |
      XK_XKWS | 行政许可决定文书名称 | text 512 | required |
      XK_WSH | 行政许可决定文书号 | text 256 | required | 行政许可决定书文号
      XK_XKLB | 许可类别 | text 256 | required |
      XK_XKZS | 许可证书名称 | text 256 | |
      XK_XKBH | 许可编号 | text 256 | |
      XK_NR | 许可内容 | text 4096 | required |
      XK_JDRQ | 许可决定日期 | date | required |
      XK_YXQZ | 有效期自 | date | required |
      XK_YXQZI | 有效期至 | date | required |
      XK_XKJG | 许可机关 | text 200 | required |
      XK_XKJGDM | 许可机关统一社会信用代码 | text 18 | required |
      XK_ZT | 当前状态 | code 4 | required |
      XK_LYDW | 数据来源单位 | text 200 | required |
      XK_LYDWDM | 数据来源单位统一社会信用代码 | text 18 | required |
      BZ | 备注 | text 4000 | |
      """)
    identify(&items, prefix: "XK", authorities: ["XK_XKJGDM", "XK_LYDWDM"])
    return CatalogueEntry(
      code: "XZXK", name: "行政许可", category: "administrative", nature: .neutral, subjectKinds: partyKinds,
      openness: .public, updateCycle: "daily", basis: "发改办财金〔2018〕424号",
      subject: subjectItems(prefix: "XK"), subjectName: "XK_XDR_MC", recordKey: ["XK_XKJGDM", "XK_WSH"],
      eventDate: "XK_JDRQ", items: items
    ).with(\.level, .national)
  }()

  /// Administrative penalties, 2018 standard (行政处罚), for bodies and natural persons.
  public static let administrativePenalty2018: CatalogueEntry = {
    var items = ItemTable.items(
      """
      CF_XDR_MC | 行政相对人名称 | text 200 | required | 企业名称;企业或单位名称;机构名称;违法企业名称或违法自然人姓名;纳税人名称(姓名)
      CF_XDR_LB | 行政相对人类别 | code 100 | required |
      CF_XDR_SHXYM | 行政相对人代码_1(统一社会信用代码) | text 18 | | 行政相对人统一社会信用代码;统一社会信用代码;行政相对人代码_1;行政相对人代码_3(统一社会信用代码);统一信用代码;社会诚信代码;信用代码或识别号;统一社会信用代码.纳税人识别号;统一社会信用代码/工商注册
      CF_XDR_GSZC | 行政相对人代码_2(工商注册号) | text 50 | | 工商注册号;行政相对人代码_3(工商登记码);工商登记码;营业执照注册号;营业执照号码
      CF_XDR_ZZJG | 行政相对人代码_3(组织机构代码) | text 32 | | 组织机构代码;组织结构代码;行政相对人代码_2(组织机构代码)
      CF_XDR_SWDJ | 行政相对人代码_4(税务登记号) | text 32 | | 税务登记号;纳税人识别号;纳税识别号
      CF_XDR_SYDW | 行政相对人代码_5(事业单位证书号) | text 120 | | 事业单位证书号
      CF_XDR_SHZZ | 行政相对人代码_6(社会组织登记证号) | text 64 | | 社会组织登记证号
      CF_FRDB | 法定代表人 | text 80 | | 法定代表人姓名;法定代表人(负责人);法定代表人或者负责人姓名;法人姓名;法人代表姓名;企业法人姓名
      CF_FR_ZJLX | 法定代表人证件类型 | code 64 | |
      CF_FR_ZJHM | 法定代表人证件号码 | text 64 | | CF_FR_SFZH;法定代表人身份证号;法定代表人身份证号码;法定代表人或者负责人证件号码
      CF_XDR_ZJLX | 证件类型 | code 64 | |
      CF_XDR_ZJHM | 证件号码 | text 64 | |
      CF_WSH | 行政处罚决定书文号 | text 256 | required | 行政处罚决定文书号;文书字轨
      CF_WFXW | 违法行为类型 | text 2000 | required |
      CF_SY | 违法事实 | text 5000 | required | 主要违法事实;处罚事由
      CF_YJ | 处罚依据 | text 4096 | required |
      CF_CFLB | 处罚类别 | text 256 | required |
      CF_NR | 处罚内容 | text 4096 | required |
      CF_NR_FK | 罚款金额(万元) | decimal 18 6 | | 处罚金额(万元)
      CF_NR_WFFF | 没收违法所得、没收非法财物的金额(万元) | decimal 18 6 | | 没收违法所得、没收非法财务的金额(万元)
      CF_NR_ZKDX | 暂扣或吊销证照名称及编号 | text 200 | |
      CF_JDRQ | 处罚决定日期 | date | required |
      CF_YXQ | 处罚有效期 | date | required |
      CF_GSJZQ | 公示截止期 | date | |
      CF_CFJG | 处罚机关 | text 200 | required | CF_XKJG;作出处罚决定的部门;处罚部门
      CF_CFJGDM | 处罚机关统一社会信用代码 | text 18 | required |
      CF_SJLY | 数据来源单位 | text 200 | required |
      CF_SJLYDM | 数据来源单位统一社会信用代码 | text 18 | required |
      BZ | 备注 | text 4000 | |
      """)
    identify(&items, prefix: "CF", authorities: ["CF_CFJGDM", "CF_SJLYDM"])
    return CatalogueEntry(
      code: "XZCF", name: "行政处罚", category: "administrative", nature: .negative, subjectKinds: partyKinds,
      openness: .public, updateCycle: "daily", basis: "发改办财金〔2018〕424号",
      subject: subjectItems(prefix: "CF"), subjectName: "CF_XDR_MC", recordKey: ["CF_CFJGDM", "CF_WSH"],
      eventDate: "CF_JDRQ", items: items
    ).with(\.level, .national)
  }()

  private static let partyKinds = ["legalPerson", "soleTrader", "otherOrganization", "naturalPerson"]

  /// Credit code first, then the numbers that lead to a body, then the person's document.
  private static func subjectItems(prefix: String) -> [String] {
    ["SHXYM", "ZZJG", "GSZC", "SWDJ", "SYDW", "SHZZ", "ZJHM"].map { "\(prefix)_XDR_\($0)" }
  }

  private static func identify(_ items: inout [CatalogueItem], prefix: String, authorities: [String]) {
    items.change("\(prefix)_XDR_SHXYM") { $0.identifier = .unifiedSocialCreditCode }
    items.change("\(prefix)_XDR_GSZC") { $0.identifier = .businessRegistrationNumber }
    items.change("\(prefix)_XDR_ZZJG") { $0.identifier = .organizationCode }
    items.change("\(prefix)_XDR_SWDJ") { $0.identifier = .taxpayerNumber }
    items.change("\(prefix)_XDR_SYDW") { $0.identifier = .document }
    items.change("\(prefix)_XDR_SHZZ") { $0.identifier = .document }
    for (number, kind) in [("XDR_ZJHM", "XDR_ZJLX"), ("FR_ZJHM", "FR_ZJLX")] {
      items.change("\(prefix)_\(number)") {
        $0.identifier = .any
        $0.identifierKindFrom = "\(prefix)_\(kind)"
        $0.openness = .authorized
        $0.mask = [6, 4]
      }
    }
    for authority in authorities { items.change(authority) { $0.identifier = .unifiedSocialCreditCode } }
  }
}
