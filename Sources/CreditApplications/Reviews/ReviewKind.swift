// Owns the kinds of information a review asks for: which records count as which.
// Invariants: a kind without any condition takes nothing; values of items are compared whole, so that 未违约 is no 违约; the definitions a review was asked with
// stay with it.

public import CreditModel

/// A kind of information that a review counts (审查信息种类).
///
/// ```swift
/// let breaches = ReviewKind(
///   code: "contractBreach", name: "合同违约", sources: [.init(entry: "K07-HTLX", item: "HTLX_ZT", values: ["违约"])])
/// ```
public struct ReviewKind: Codable, Sendable, Equatable {
  /// Records of one entry, or some of them.
  public struct Source: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// The item that tells which of its records; `nil` = all of them.
    public var item: String?
    /// The values of the item, whole.
    public var values: [String]?

    /// Takes records of an entry.
    public init(entry: String, item: String? = nil, values: [String]? = nil) {
      self.entry = entry
      self.item = item
      self.values = values
    }

    func takes(_ record: ShownRecord) -> Bool {
      guard record.entry == entry else { return false }
      guard let item else { return true }
      return record[item].map { values?.contains($0) ?? false } ?? false
    }
  }

  /// Its code, as requests name it.
  public var code: String
  /// Its name, as the result sheet prints it.
  public var name: String
  /// Categories of entries whose records it takes; `nil` with `natures` = of any category.
  public var categories: [String]?
  /// Natures of those entries; `nil` with `categories` = of any nature.
  public var natures: [CatalogueEntry.Nature]?
  /// Records of single entries that it takes as well.
  public var sources: [Source]?

  /// Makes a kind.
  public init(
    code: String, name: String, categories: [String]? = nil, natures: [CatalogueEntry.Nature]? = nil,
    sources: [Source]? = nil
  ) {
    self.code = code
    self.name = name
    self.categories = categories
    self.natures = natures
    self.sources = sources
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if !(1...100).contains(code.utf8.count) || code.contains(where: \.isWhitespace) {
      return "the code of a kind has 1 to 100 bytes and no blanks"
    }
    if name.allSatisfy(\.isWhitespace) || name.utf8.count > 300 { return "kind \(code) has no name" }
    if categories == nil, natures == nil, sources == nil {
      return "kind \(code) takes no records: give it categories, natures or sources"
    }
    if categories == [] || natures == [] || sources == [] {
      return "kind \(code) has an empty list: leave it out, or name something"
    }
    if let source = sources?.first(where: { ($0.item == nil) != ($0.values ?? [] == []) }) {
      return "kind \(code) takes records of \(source.entry) by an item and its values, or all of them"
    }
    return nil
  }

  /// Whether it takes records of an entry, or some of them.
  func concerns(code: String, category: String, nature: CatalogueEntry.Nature) -> Bool {
    takesAll(category: category, nature: nature) || sources?.contains { $0.entry == code } ?? false
  }

  /// Whether it takes a record.
  func takes(_ record: ShownRecord) -> Bool {
    takesAll(category: record.category, nature: record.nature)
      || sources?.contains { $0.takes(record) } ?? false
  }

  private func takesAll(category: String, nature: CatalogueEntry.Nature) -> Bool {
    guard categories != nil || natures != nil else { return false }
    return categories?.contains(category) ?? true && natures?.contains(nature) ?? true
  }

  /// The kinds there are where a city sets none: by category, so that a city's own entries count too.
  public static let national = [
    ReviewKind(
      code: "penalty", name: "行政处罚等负面信息", categories: ["administrative"], natures: [.negative]),
    ReviewKind(code: "seriousBreach", name: "严重失信主体名单", categories: ["seriousBreach"]),
    ReviewKind(code: "abnormalOperation", name: "经营异常", categories: ["abnormalOperation"]),
    ReviewKind(code: "enforcement", name: "法院执行", sources: [.init(entry: "K02-FYZX")]),
    ReviewKind(
      code: "contractBreach", name: "合同违约",
      sources: [
        .init(entry: "K07-HTLX", item: "HTLX_ZT", values: ["违约", "已违约", "部分违约", "严重违约", "违约终止"])
      ]),
    ReviewKind(
      code: "commitmentBreach", name: "违反信用承诺",
      sources: [.init(entry: "K08-XYCN", item: "fulfillmentStatus", values: ["部分履行", "全部未履行"])]),
    ReviewKind(code: "negative", name: "全部负面信息", natures: [.negative]),
    ReviewKind(code: "honour", name: "守信荣誉", categories: ["honour"]),
    ReviewKind(code: "permit", name: "行政许可", sources: [.init(entry: "XZXK")]),
  ]
}
