// Owns the layout of a credit report as data: its sections, and what stands in which.
// Invariants: every record a reader may see stands in exactly one section, or in none where its category is named by none and there is no section for others.
// Does not hold texts of any record.

public import CreditModel

/// The layout of a credit report (信用报告模板).
public struct ReportTemplate: Codable, Sendable, Equatable {
  /// One section.
  public struct Section: Codable, Sendable, Equatable {
    /// Its number as printed.
    public var number: String
    /// Its title.
    public var title: String
    /// Categories of information that stand in it.
    public var categories: [String]
    /// Codes of entries that stand in it, whatever their category and the organ.
    public var entries: [String]
    /// Words in the name of the organ that decided; `nil` = any.
    public var authorityWords: [String]?
    /// Only what says this of its subject; `nil` = all.
    public var natures: [CatalogueEntry.Nature]?
    /// Whether what only the city or the province collects stands in it.
    public var isLocal: Bool
    /// Whether all that no other section takes stands in it.
    public var takesOthers: Bool
    /// Ids of the items shown of an entry, by code; others show all that may be seen.
    public var columns: [String: [String]]
    /// Whether it has no records, and says how many the others have.
    public var isSummary: Bool?
    /// Whether items that a city added to a national entry are printed behind its columns.
    public var printsAddedItems: Bool?

    /// Makes a section.
    public init(
      _ number: String, _ title: String, categories: [String] = [], entries: [String] = [],
      authorityWords: [String]? = nil, natures: [CatalogueEntry.Nature]? = nil, isLocal: Bool = false,
      takesOthers: Bool = false, columns: [String: [String]] = [:], isSummary: Bool? = nil,
      printsAddedItems: Bool? = nil
    ) {
      self.printsAddedItems = printsAddedItems
      self.isSummary = isSummary
      self.number = number
      self.title = title
      self.categories = categories
      self.entries = entries
      self.authorityWords = authorityWords
      self.natures = natures
      self.isLocal = isLocal
      self.takesOthers = takesOthers
      self.columns = columns
    }
  }

  /// What it is called.
  public var id: String
  /// Its version as printed.
  public var version: String
  /// The title of the report.
  public var title: String
  /// Whether it is for natural persons; `nil` = for anybody.
  public var isForPersons: Bool?
  /// Whether sections print which entries they rest on, so that "no record" says of what (专项信用报告).
  public var printsScope: Bool
  /// The sections, in the order of the page.
  public var sections: [Section]
  /// Categories that stand in no report: data gathered for financing.
  public var leftOutCategories: [String]
  /// Advice at the end.
  public var advice: [String]
  /// What stands in a section without records.
  public var emptyText: String
  /// What stands for a value that is not there.
  public var absentText: String
  /// What is printed behind the advice where nothing at all is known of the subject; `nil` = nothing.
  public var unknownText: String?

  /// Makes a layout; see the properties.
  public init(
    id: String, version: String, title: String, isForPersons: Bool?, printsScope: Bool = false,
    sections: [Section], leftOutCategories: [String] = ReportTemplate.financing, advice: [String] = [],
    emptyText: String = "查询期内无相关信息", absentText: String = "— —",
    unknownText: String? = "未查到该主体代码的任何信息，请核对代码；代码有误时，本报告不能作为无违法违规的依据。"
  ) {
    self.unknownText = unknownText
    self.id = id
    self.version = version
    self.title = title
    self.isForPersons = isForPersons
    self.printsScope = printsScope
    self.sections = sections
    self.leftOutCategories = leftOutCategories
    self.advice = advice
    self.emptyText = emptyText
    self.absentText = absentText
  }

  /// Categories of the national templates for financing data.
  public static let financing = [
    "utility", "tax", "socialInsurance", "housingFund", "financing", "logistics",
  ]

  /// The section a record stands in.
  func place(
    of record: ShownRecord, level: CatalogueEntry.Level?, authority: () -> String?
  ) -> Int? {
    func isOfNature(_ section: Section) -> Bool { section.natures?.contains(record.nature) ?? true }
    func fits(_ section: Section) -> Bool {
      guard isOfNature(section) else { return false }
      guard let words = section.authorityWords else { return true }
      return authority().map { name in words.contains { name.contains($0) } } ?? false
    }
    if let place = sections.firstIndex(where: { $0.entries.contains(record.entry) && isOfNature($0) }) {
      return place
    }
    guard !leftOutCategories.contains(record.category) else { return nil }
    if level == .municipal || level == .provincial,
      let place = sections.firstIndex(where: { $0.isLocal && fits($0) })
    {
      return place
    }
    return sections.firstIndex { $0.categories.contains(record.category) && fits($0) }
      ?? sections.firstIndex { $0.takesOthers && fits($0) }
  }
}
