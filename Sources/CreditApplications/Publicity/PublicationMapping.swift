// Owns which items of an entry tell how long its records are public.
// Invariants: entries without a mapping are shown as long as their records hold.

/// How the records of an entry are published (公示要素映射).
public struct PublicationMapping: Codable, Sendable, Equatable {
  /// How long records of an entry are shown.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// As the rules for penalties say (行政处罚).
    case penalty
    /// From the decision on, without end (行政许可).
    case permit
    /// From the day of entry to the day of exit (名单).
    case list
    /// As long as the record holds.
    case asItHolds
  }

  /// Code of the entry.
  public var entry: String
  /// How long.
  public var kind: Kind
  /// The item with the day of the decision, or of entry.
  public var day: String
  /// The item with the last day: of publication for penalties, of membership for lists.
  public var lastDay: String?
  /// Of lists: another item with a last day; the earlier one counts.
  public var otherLastDay: String?
  /// The item that says who may see a record (公开类型): 1 可向社会公开, 2 特定范围内公开, 3 不可公开; without a value it is for some range only.
  public var openness: String?
  /// The item with the categories of a penalty.
  public var categories: String?
  /// The item with the name of the organ.
  public var authority: String?
  /// The items that tell the field a decision belongs to.
  public var fields: [String]
  /// The item with the class of the breach: 轻微, 一般, 严重, 特定严重.
  public var breachClass: String?
  /// The item with the procedure: 简易程序 or 普通程序, or 01 and 02.
  public var procedure: String?

  /// Makes a mapping.
  public init(
    entry: String, kind: Kind, day: String, lastDay: String? = nil, categories: String? = nil,
    authority: String? = nil, fields: [String] = [], breachClass: String? = nil, procedure: String? = nil,
    otherLastDay: String? = nil, openness: String? = nil
  ) {
    self.otherLastDay = otherLastDay
    self.openness = openness
    self.entry = entry
    self.kind = kind
    self.day = day
    self.lastDay = lastDay
    self.categories = categories
    self.authority = authority
    self.fields = fields
    self.breachClass = breachClass
    self.procedure = procedure
  }

  /// The mappings of the national templates.
  public static let national =
    [
      PublicationMapping(
        entry: "XZCF", kind: .penalty, day: "CF_JDRQ", lastDay: "CF_GSJZQ", categories: "CF_CFLB",
        authority: "CF_CFJG", fields: ["CF_WFXW", "CF_SY", "CF_YJ"]),
      PublicationMapping(entry: "XZXK", kind: .permit, day: "XK_JDRQ"),
      PublicationMapping(entry: "YZSX", kind: .list, day: "YZSX_RQ", lastDay: "YZSX_YCRQ"),
      PublicationMapping(entry: "K05-JYYC", kind: .list, day: "JYYC_LRRQ", lastDay: "JYYC_YCRQ"),
      PublicationMapping(entry: "K05-FZCH", kind: .list, day: "FZCH_RDRQ", lastDay: "FZCH_JCRQ"),
      PublicationMapping(entry: "K11-SXRY", kind: .list, day: "SXRY_RQ", lastDay: "SXRY_YXQ"),
      PublicationMapping(entry: "K11-HGRZ", kind: .list, day: "HGRZ_RDRQ"),
      PublicationMapping(
        entry: "K08-XYCN", kind: .asItHolds, day: "commitmentDate", openness: "publicationType"),
    ]
    + CatalogueEntry.reportedLists.filter { $0.category == "seriousBreach" }.compactMap { entry in
      entry.eventDate.map { day in
        PublicationMapping(
          entry: entry.code, kind: .list, day: day, lastDay: entry.items.first { $0.name == "移出日期" }?.id,
          otherLastDay: entry.items.first { $0.name == "处罚截止日期" }?.id)
      }
    }
}
