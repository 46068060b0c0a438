// Owns the built-in entry of enterprise registration.
// Invariants: the ten Chinese column names are the item ids, all text but the date.

extension CatalogueEntry {
  /// Enterprise registration (企业登记): one record per body and name.
  public static let enterpriseRegistration: CatalogueEntry = {
    let names = ["企业名称", "统一社会信用代码", "注册日期", "企业类型", "法人代表", "注册资金", "经营范围", "所在省份", "地区", "注册地址"]
    var items = names.map { CatalogueItem(id: $0) }
    items.change("注册日期") { $0.type = .date }
    items.change("统一社会信用代码") { $0.identifier = .any }
    return CatalogueEntry(
      code: "QYDJ", name: "企业登记", category: "registration", nature: .neutral,
      subjectKinds: ["legalPerson", "soleTrader", "otherOrganization"], openness: .public,
      updateCycle: "daily",
      basis: "企业信息公示暂行条例", subject: ["统一社会信用代码"], subjectName: "企业名称", recordKey: ["企业名称"],
      eventDate: "注册日期", invalidIdentifier: .warn, items: items
    ).with(\.level, .national)
  }()
}
