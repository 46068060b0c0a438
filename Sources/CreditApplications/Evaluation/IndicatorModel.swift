// Owns a model of evaluation as data: what counts, how much, and which grade follows.
// Invariants: whole points, so that everybody who adds them up comes to the same; a model is known by id and version, and a score names both.

import CreditModel

/// A transparent model of credit evaluation (信用评价指标模型).
///
/// ```swift
/// let model = IndicatorModel(
///   id: "城市信用", version: 1, name: "企业信用评价", basePoints: 800,
///   indicators: [.init(id: "P1", name: "行政处罚", entry: "XZCF", points: -20, maximumPoints: 100, months: 24)],
///   grades: [.init(grade: "A", fromPoints: 780), .init(grade: "B", fromPoints: 700), .init(grade: "C", fromPoints: 0)])
/// ```
public struct IndicatorModel: Codable, Sendable, Equatable {
  /// One indicator.
  public struct Indicator: Codable, Sendable, Equatable {
    /// What it is called, unique in the model.
    public var id: String
    /// Its name for people.
    public var name: String
    /// Code of the entry whose records count; `nil` = by category.
    public var entry: String?
    /// Category whose records count; `nil` = by entry.
    public var category: String?
    /// The item that must hold one of the words; `nil` = every record counts.
    public var item: String?
    /// The words.
    public var words: [String]
    /// Points for each record: for the subject, or against it.
    public var points: Int
    /// Points in all at most, whatever their direction.
    public var maximumPoints: Int
    /// Months back from the day within which events count; `nil` = all.
    public var months: Int?

    /// Makes an indicator.
    public init(
      id: String, name: String, entry: String? = nil, category: String? = nil, item: String? = nil,
      words: [String] = [], points: Int, maximumPoints: Int, months: Int? = nil
    ) {
      self.id = id
      self.name = name
      self.entry = entry
      self.category = category
      self.item = item
      self.words = words
      self.points = points
      self.maximumPoints = maximumPoints
      self.months = months
    }
  }

  /// The grade from so many points on.
  public struct Grade: Codable, Sendable, Equatable {
    /// The grade, such as `A`.
    public var grade: String
    /// The points from which on it holds.
    public var fromPoints: Int

    /// Makes a grade.
    public init(grade: String, fromPoints: Int) {
      self.grade = grade
      self.fromPoints = fromPoints
    }
  }

  /// What it is called.
  public var id: String
  /// Its version, from 1.
  public var version: Int
  /// Its name for people.
  public var name: String
  /// Points everybody begins with.
  public var basePoints: Int
  /// What counts.
  public var indicators: [Indicator]
  /// The grades.
  public var grades: [Grade]

  /// Makes a model.
  public init(
    id: String, version: Int, name: String, basePoints: Int, indicators: [Indicator], grades: [Grade]
  ) {
    self.id = id
    self.version = version
    self.name = name
    self.basePoints = basePoints
    self.indicators = indicators
    self.grades = grades
  }

  private static let maximumPoints = 1_000_000

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    func fits(_ points: Int) -> Bool { (-Self.maximumPoints...Self.maximumPoints).contains(points) }
    if !(1...100).contains(id.utf8.count) || version < 1 {
      return "a model has an id of 1 to 100 bytes and a version from 1"
    }
    if indicators.count > 1000 || Set(indicators.map(\.id)).count != indicators.count {
      return "model \(id) has more than a thousand indicators, or one twice"
    }
    for one in indicators {
      if (one.entry == nil) == (one.category == nil) {
        return "indicator \(one.id) counts the records of an entry or of a category"
      }
      if one.item == nil, !one.words.isEmpty { return "indicator \(one.id) has words and no item" }
      if !fits(one.points) || !fits(one.maximumPoints) || one.maximumPoints < 0
        || !(0...1200).contains(one.months ?? 0)
      {
        return "indicator \(one.id) has points or months that cannot be"
      }
    }
    if !fits(basePoints) || grades.isEmpty || grades.contains(where: { !fits($0.fromPoints) }) {
      return "model \(id) has no grades, or points that cannot be"
    }
    return nil
  }

  /// The grade of some points: the highest whose beginning is not above them, or the lowest there is.
  func grade(of points: Int) -> String {
    let ordered = grades.sorted { $0.fromPoints < $1.fromPoints }
    return (ordered.last { $0.fromPoints <= points } ?? ordered.first)?.grade ?? ""
  }
}
