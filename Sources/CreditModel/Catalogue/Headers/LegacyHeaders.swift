// Owns the header sets of the 2015 layout and of one provincial layout of permits and penalties, as data.
// Invariants: pairs of header (code or Chinese name) and item id of the 2018 standard; `+` appends.
// Source: column lists of public systems that implement the layouts; see docs/sources.md.

/// Header sets that differ from the entry's own.
enum LegacyHeaders {
  /// Headers of the status in the 2015 layout: 0 normal, 1 withdrawn, 2 objection, 3 other. In that of 2018, 1 is a permit in force.
  static let status2015: Set<String> = ["XK_ZT", "CF_ZT", "当前状态"]

  /// Items that the 2015 layout fills from a column of resident identity numbers (居民身份证号).
  static let identityCards2015 = ["XK_XDR_ZJHM", "CF_XDR_ZJHM"]

  static let permit2015: [(String, String)] = [
    ("XK_XDR", "XK_XDR_MC"), ("行政相对人名称", "XK_XDR_MC"), ("XK_XDR_SHXYM", "XK_XDR_SHXYM"),
    ("行政相对人代码_1(统一社会信用代码)", "XK_XDR_SHXYM"), ("XK_XDR_ZDM", "XK_XDR_ZZJG"),
    ("行政相对人代码_2(组织机构代码)", "XK_XDR_ZZJG"), ("XK_XDR_GSDJ", "XK_XDR_GSZC"),
    ("行政相对人代码_3(工商登记码)", "XK_XDR_GSZC"), ("XK_XDR_SWDJ", "XK_XDR_SWDJ"),
    ("行政相对人代码_4(税务登记号)", "XK_XDR_SWDJ"), ("XK_XDR_SFZ", "XK_XDR_ZJHM"),
    ("行政相对人代码_5(居民身份证号)", "XK_XDR_ZJHM"), ("行政相对人代码-5(居民身份证号)", "XK_XDR_ZJHM"),
    ("XK_FR", "XK_FRDB"), ("法定代表人姓名", "XK_FRDB"), ("XK_XMMC", "XK_XKWS"), ("项目名称", "XK_XKWS"),
    ("XK_WSH", "XK_WSH"), ("行政许可决定书文号", "XK_WSH"), ("XK_SPLB", "XK_XKLB"), ("审批类别", "XK_XKLB"),
    ("XK_NR", "XK_NR"), ("许可内容", "XK_NR"), ("XK_JDRQ", "XK_JDRQ"), ("许可决定日期", "XK_JDRQ"),
    ("XK_JZQ", "XK_YXQZI"), ("许可截止期", "XK_YXQZI"), ("XK_XZJG", "XK_XKJG"), ("许可机关", "XK_XKJG"),
    ("XK_ZT", "XK_ZT"), ("当前状态", "XK_ZT"), ("BZ", "BZ"), ("备注", "BZ"),
  ]

  static let penalty2015: [(String, String)] = [
    ("CF_XDR_MC", "CF_XDR_MC"), ("行政相对人名称", "CF_XDR_MC"), ("CF_XDR_SHXYM", "CF_XDR_SHXYM"),
    ("行政相对人代码_1(统一社会信用代码)", "CF_XDR_SHXYM"), ("CF_XDR_ZDM", "CF_XDR_ZZJG"),
    ("行政相对人代码_2(组织机构代码)", "CF_XDR_ZZJG"), ("CF_XDR_GSDJ", "CF_XDR_GSZC"),
    ("行政相对人代码_3(工商登记码)", "CF_XDR_GSZC"), ("CF_XDR_SWDJ", "CF_XDR_SWDJ"),
    ("行政相对人代码_4(税务登记号)", "CF_XDR_SWDJ"), ("CF_XDR_SFZ", "CF_XDR_ZJHM"),
    ("行政相对人代码_5(居民身份证号)", "CF_XDR_ZJHM"), ("行政相对人代码-5(居民身份证号)", "CF_XDR_ZJHM"),
    ("CF_FR", "CF_FRDB"), ("法定代表人姓名", "CF_FRDB"), ("CF_WSH", "CF_WSH"),
    ("行政处罚决定书文号", "CF_WSH"), ("CF_CFMC", "CF_WFXW"), ("CF_AJMC", "CF_WFXW"), ("处罚名称", "CF_WFXW"),
    ("案件名称", "CF_WFXW"), ("CF_CFLB1", "CF_CFLB"), ("处罚类别1", "CF_CFLB"),
    ("CF_CFLB2", "+CF_CFLB"), ("处罚类别2", "+CF_CFLB"), ("CF_SY", "CF_SY"),
    ("处罚事由", "CF_SY"), ("CF_YJ", "CF_YJ"), ("处罚依据", "CF_YJ"), ("CF_JG", "CF_NR"), ("处罚结果", "CF_NR"),
    ("CF_JDRQ", "CF_JDRQ"), ("处罚决定日期", "CF_JDRQ"), ("CF_JZRQ", "CF_YXQ"), ("处罚截止日期", "CF_YXQ"),
    ("处罚生效期止", "CF_YXQ"), ("CF_XZJG", "CF_CFJG"), ("处罚机关", "CF_CFJG"), ("BZ", "BZ"), ("备注", "BZ"),
  ]

  static let permitProvincial: [(String, String)] = [
    ("XK_XDR", "XK_XDR_MC"), ("XK_XDR_SHXYM", "XK_XDR_SHXYM"), ("XK_XDR_GSDJ", "XK_XDR_GSZC"),
    ("XK_XDR_ZDM", "XK_XDR_ZZJG"), ("XK_XDR_SWDJ", "XK_XDR_SWDJ"), ("XK_XDR_SYDW", "XK_XDR_SYDW"),
    ("XK_XDR_SHZJDJZH", "XK_XDR_SHZZ"), ("XK_FR", "XK_FRDB"), ("XK_FRSFZ", "XK_FR_ZJHM"),
    ("XK_ZJLX", "XK_XDR_ZJLX"), ("XK_ZJHM", "XK_XDR_ZJHM"), ("XK_JDSMC", "XK_XKWS"), ("XK_WSH", "XK_WSH"),
    ("XK_SPLB", "XK_XKLB"), ("XK_ZSMC", "XK_XKZS"), ("XK_BH", "XK_XKBH"), ("XK_NR", "XK_NR"),
    ("XK_JDRQ", "XK_JDRQ"), ("XK_YXQQ", "XK_YXQZ"), ("XK_YXQZ", "XK_YXQZI"), ("XK_XZJG", "XK_XKJG"),
    ("XK_JGTYSHXY", "XK_XKJGDM"), ("XK_ZT", "XK_ZT"), ("XK_SJLYDW", "XK_LYDW"), ("XK_LYTYSHXYM", "XK_LYDWDM"),
    ("BZ", "BZ"),
  ]

  static let penaltyProvincial: [(String, String)] = [
    ("CF_XDR", "CF_XDR_MC"), ("CF_XDR_SHXYM", "CF_XDR_SHXYM"), ("CF_XDR_GSDJ", "CF_XDR_GSZC"),
    ("CF_XDR_ZDM", "CF_XDR_ZZJG"), ("CF_XDR_SWDJ", "CF_XDR_SWDJ"), ("CF_XDR_SYDW", "CF_XDR_SYDW"),
    ("CF_XDR_SHZJDJZH", "CF_XDR_SHZZ"), ("CF_FR", "CF_FRDB"), ("CF_FRSFZ", "CF_FR_ZJHM"),
    ("CF_XDR_ZJLX", "CF_XDR_ZJLX"), ("CF_XDR_ZJHM", "CF_XDR_ZJHM"), ("CF_WSH", "CF_WSH"),
    ("CF_WFXWLX", "CF_WFXW"), ("CF_SY", "CF_SY"), ("CF_YJ", "CF_YJ"), ("CF_CFLB1", "CF_CFLB"),
    ("CF_NR", "CF_NR"), ("CF_JE", "CF_NR_FK"), ("CF_JDRQ", "CF_JDRQ"), ("CF_YXQ", "CF_YXQ"),
    ("CF_GSJZQ", "CF_GSJZQ"), ("CF_XZJG", "CF_CFJG"), ("CF_JGTYSHXY", "CF_CFJGDM"), ("CF_SJLYDW", "CF_SJLY"),
    ("CF_LYTYSHXYM", "CF_SJLYDM"), ("BZ", "BZ"),
  ]
}
