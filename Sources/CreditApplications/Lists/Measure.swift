// Owns measures and memoranda as data: what follows from being on a list, for whom, and on what it rests.
// Invariants: a measure counts only on days its edition covers; a memorandum names its measures by code.

public import CreditModel

/// A measure of joint reward or punishment (联合奖惩措施).
public struct Measure: Codable, Sendable, Equatable {
  /// Its code.
  public var code: String
  /// Its name.
  public var name: String
  /// The group of measures it belongs to, as the list of measures has them.
  public var group: String
  /// The law or policy it rests on (依据).
  public var basis: String
  /// The edition of the list of measures.
  public var edition: String
  /// The first day on which the edition counts.
  public var from: Day
  /// The last day; `nil` = until the next edition.
  public var until: Day?
  /// Kinds of subjects it is for; `nil` = all.
  public var subjectKinds: [SubjectKind]?

  /// Makes a measure.
  public init(
    code: String, name: String, group: String, basis: String, edition: String, from: Day, until: Day? = nil,
    subjectKinds: [SubjectKind]? = nil
  ) {
    self.subjectKinds = subjectKinds
    self.code = code
    self.name = name
    self.group = group
    self.basis = basis
    self.edition = edition
    self.from = from
    self.until = until
  }

  func counts(on day: Day) -> Bool { from <= day && day <= until ?? .maximum }
}

/// What units agreed to do where somebody is on a list (联合奖惩备忘录).
public struct Memorandum: Codable, Sendable, Equatable {
  /// What brings it about: a record of an entry that counts on the day.
  public struct Trigger: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// The item that names the list; `nil` = every record of the entry.
    public var item: String?
    /// Words of which the item holds one.
    public var words: [String]

    /// Makes a trigger.
    public init(entry: String, item: String? = nil, words: [String] = []) {
      self.entry = entry
      self.item = item
      self.words = words
    }

    /// Whether a record of an entry brings it about; `value` gives the values of its items.
    func isMet(entry code: String, _ value: (String) -> String?) -> Bool {
      guard entry == code else { return false }
      guard let item else { return true }
      guard let value = value(item) else { return false }
      return words.isEmpty || words.contains { value.contains($0) }
    }
  }

  /// What it is called.
  public var id: String
  /// Its title.
  public var title: String
  /// The law or policy it rests on.
  public var basis: String
  /// What brings it about, any of these.
  public var triggers: [Trigger]
  /// Codes of its measures.
  public var measures: [String]
  /// Matters it is for, such as 政府采购; none = all.
  public var matters: [String]
  /// Credit codes of the units that take the measures; none = all.
  public var units: [String]
  /// The first day on which it holds.
  public var from: Day
  /// The last day; `nil` = until further notice.
  public var until: Day?

  /// Makes a memorandum.
  public init(
    id: String, title: String, basis: String, triggers: [Trigger], measures: [String], matters: [String] = [],
    units: [String] = [], from: Day, until: Day? = nil
  ) {
    self.id = id
    self.title = title
    self.basis = basis
    self.triggers = triggers
    self.measures = measures
    self.matters = matters
    self.units = units
    self.from = from
    self.until = until
  }

  func holds(on day: Day, matter: String?, unit: String?) -> Bool {
    guard from <= day, day <= until ?? .maximum else { return false }
    if let matter, !matters.isEmpty, !matters.contains(matter) { return false }
    if let unit, !units.isEmpty, !units.contains(unit) { return false }
    return true
  }
}
