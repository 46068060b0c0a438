// Owns what the built-in templates have in common: the items that name a subject, the items of an act, and how they identify.
// Invariants: item ids begin with the prefix of their entry; the documents of people are for authorised eyes and masked.
// Does not hold any template itself.

/// The parts of a template.
enum TemplateParts {
  /// Kinds of subject that are not people.
  static let bodies = ["legalPerson", "soleTrader", "otherOrganization"]
  /// All kinds of subject.
  static let everybody = bodies + ["naturalPerson"]

  /// Name and numbers of a body; with `people` also the documents of a natural person.
  static func subject(_ prefix: String, people: Bool = false) -> String {
    let body = """
      \(prefix)_MC | 主体名称 | text 200 | required | 企业名称;单位名称;机构名称;法人名称;名称
      \(prefix)_SHXYM | 统一社会信用代码 | text 18 | | 信用代码;社会信用代码;统一信用代码
      \(prefix)_ZZJG | 组织机构代码 | text 32 | |
      \(prefix)_GSZC | 工商注册号 | text 50 | | 工商登记码;营业执照注册号
      """
    guard people else { return body + "\n" }
    return body + "\n" + """
      \(prefix)_LB | 主体类别 | code 100 | | 行政相对人类别
      \(prefix)_ZJLX | 证件类型 | code 64 | |
      \(prefix)_ZJHM | 证件号码 | text 64 | | 身份证号;身份证号码;公民身份号码

      """
  }

  /// Who speaks: the organ and the unit the data comes from.
  static func organ(_ prefix: String, _ name: String) -> String {
    """
    \(prefix)_JG | \(name) | text 200 | required | 决定机关;认定机关;认定单位;列入决定机构;列入决定机关名称
    \(prefix)_JGDM | \(name)统一社会信用代码 | text 18 | | 决定机关统一社会信用代码;认定单位统一社会信用代码
    \(prefix)_LYDW | 数据来源单位 | text 200 | |
    \(prefix)_LYDWDM | 数据来源单位统一社会信用代码 | text 18 | |
    \(prefix)_BZ | 备注 | text 4000 | | 备注信息

    """
  }

  /// A template whose items follow the conventions above.
  ///
  /// - Parameters:
  ///   - kind: the national kind of information (K01 to K13), or XYD for what is gathered for financing; the code of the entry is kind and prefix.
  ///   - prefix: what its item ids begin with.
  ///   - key: ids of the record key, without the prefix.
  ///   - date: id of the event date, without the prefix.
  static func entry(
    _ kind: String, _ prefix: String, _ name: String, category: String, nature: CatalogueEntry.Nature,
    people: Bool = false,
    onlyPeople: Bool = false, openness: Openness = .government,
    sharing: CatalogueEntry.Sharing = .unconditional,
    cycle: String, basis: String, key: [String], date: String, _ table: String
  ) -> CatalogueEntry {
    var items = ItemTable.items(table)
    let kinds: [(String, IdentifierRequirement)] = [
      ("SHXYM", .unifiedSocialCreditCode), ("ZZJG", .organizationCode), ("GSZC", .businessRegistrationNumber),
      ("NSRSBH", .taxpayerNumber), ("JGDM", .unifiedSocialCreditCode), ("LYDWDM", .unifiedSocialCreditCode),
    ]
    for (id, kind) in kinds { items.change("\(prefix)_\(id)") { $0.identifier = kind } }
    items.change("\(prefix)_ZJHM") {
      $0.identifier = .any
      $0.identifierKindFrom = "\(prefix)_ZJLX"
    }
    // A taxpayer number may be made of an identity number; accounts, addresses and other parties are nobody else's business.
    for (id, mask) in [
      ("ZJHM", [6, 4]), ("NSRSBH", [6, 4]), ("GRZH", [2, 2]), ("DZ", [6, 0]), ("DSR", [1, 0]),
    ] {
      items.change("\(prefix)_\(id)") { ($0.openness, $0.mask) = (.authorized, mask) }
    }
    // Numbers of documents are given anew by each organ.
    if key.contains("JGDM") { items.change("\(prefix)_JGDM") { $0.required = true } }
    let known = Set(items.map(\.id))
    let subject = ["SHXYM", "ZZJG", "GSZC", "NSRSBH", "ZJHM"].map { "\(prefix)_\($0)" }.filter(known.contains)
    return CatalogueEntry(
      code: "\(kind)-\(prefix)", name: name, category: category, nature: nature,
      subjectKinds: onlyPeople ? ["naturalPerson"] : people ? everybody : bodies, openness: openness,
      sharing: sharing, updateCycle: cycle, basis: basis, subject: subject, subjectName: "\(prefix)_MC",
      recordKey: key.map { "\(prefix)_\($0)" }, eventDate: "\(prefix)_\(date)", items: items
    ).with(\.level, .national)
  }
}
