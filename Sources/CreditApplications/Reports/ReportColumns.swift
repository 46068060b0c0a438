// Owns which items of an entry a report prints, in which order, with a mark where one has no value.
// Invariants: the order is that of printed national reports; an item that may not be seen is left out, whatever stands here.

import CreditModel

extension ReportTemplate {
  /// The columns of national reports, by code of the entry.
  static let columns: [String: [String]] = {
    var columns: [String: [String]] = [:]
    let categories = [
      "administrative", "honour", "seriousBreach", "abnormalOperation", "commitment", "evaluation",
      "judiciary", "qualification", "contract", "compliance", "intellectualProperty", "volunteered",
    ]
    for entry in CatalogueEntry.nationalTemplates where categories.contains(entry.category) {
      // Who it is stands at the top of the report; the list of a list is its name.
      columns[entry.code] = entry.items.map(\.id).filter { id in
        !["_ZJLX", "_ZJHM", "_LB", "_GSZC"].contains { id.hasSuffix($0) }
      }
    }
    for (code, order) in ordered { columns[code] = order }
    return columns
  }()

  /// Items of the national templates, by code of the entry: those a city adds are printed behind the columns.
  static let nationalItems = Dictionary(
    uniqueKeysWithValues: CatalogueEntry.nationalTemplates.map { ($0.code, Set($0.items.map(\.id))) })

  /// Entries whose items are printed in another order than they are reported.
  private static let ordered: [String: [String]] = [
    "QYDJ": ["企业名称", "统一社会信用代码", "法人代表", "企业类型", "注册日期", "注册地址", "注册资金", "经营范围", "所在省份", "地区"],
    "XZXK": [
      "XK_WSH", "XK_XKWS", "XK_XKZS", "XK_XKLB", "XK_XKBH", "XK_JDRQ", "XK_YXQZ", "XK_YXQZI", "XK_NR",
      "XK_XKJG", "XK_XKJGDM", "XK_LYDW", "XK_LYDWDM",
    ],
    "XZCF": [
      "CF_WSH", "CF_CFLB", "CF_JDRQ", "CF_NR", "CF_NR_FK", "CF_NR_WFFF", "CF_NR_ZKDX", "CF_WFXW", "CF_SY",
      "CF_YJ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM",
    ],
    "K11-HGRZ": [
      "HGRZ_ZCBM", "HGRZ_SHXYM", "HGRZ_ZZJG", "HGRZ_ZCDZ", "HGRZ_ZZ", "HGRZ_ND", "HGRZ_BZ", "HGRZ_SCRQ",
      "HGRZ_DJ", "HGRZ_RDRQ", "HGRZ_ZX", "HGRZ_LYDW", "HGRZ_JG",
    ],
    "K05-JYYC": [
      "JYYC_MC", "JYYC_SHXYM", "JYYC_GSZC", "JYYC_MD", "JYYC_LRYY", "JYYC_LRRQ", "JYYC_JG", "JYYC_WSH",
      "JYYC_YCYY", "JYYC_YCRQ", "JYYC_YCJG", "JYYC_LYDW",
    ],
    "K08-XYCN": [
      "subjectName", "identify", "commitmentTypeId", "reason", "content", "commitmentDate",
      "commitmentValidity", "acceptanceUnit",
      "acceptanceUnitIdentify", "fulfillmentStatus", "fulfillmentStatusDate", "unperformedCommitmentContent",
      "liabilityBreachCommitmentContent", "acceptanceConfirmUnit", "acceptanceConfirmUnitIdentify", "remarks",
    ],
    "K09-XYPJ": [
      "XYPJ_MC", "XYPJ_SHXYM", "XYPJ_PJMC", "XYPJ_ND", "XYPJ_DJ", "XYPJ_FS", "XYPJ_RQ", "XYPJ_YXQ", "XYPJ_JG",
      "XYPJ_LYDW",
    ],
  ]
}
