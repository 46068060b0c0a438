// Owns the description of one kind of record: the catalogue entry.
// Invariants: JSON keys are a contract; everything but code, name, subject and items has a default.
// Does not hold the history of an entry (the store keeps every version) or its records.

/// A catalogue entry (信用目录项): one kind of record from some units.
///
/// ```swift
/// let entry = try CatalogueEntry.decode(json: data)   // one object or an array
/// ```
/// The keys follow the resource catalogue of GB/T 39440-2020 where it names them.
public struct CatalogueEntry: Codable, Sendable, Hashable {
  /// What an entry says about its subjects (信息性质).
  public enum Nature: String, Codable, Sendable, CaseIterable {
    /// Speaks for the subject.
    case positive
    /// Speaks against the subject.
    case negative
    /// Says neither.
    case neutral
  }

  /// How an entry is shared between units (共享属性).
  public enum Sharing: String, Codable, Sendable, CaseIterable {
    /// 无条件共享.
    case unconditional
    /// 有条件共享.
    case conditional
    /// 不予共享.
    case none
  }

  /// Whose catalogue an entry comes from (目录层级).
  public enum Level: String, Codable, Sendable, CaseIterable {
    /// 国家目录.
    case national
    /// 省级补充目录.
    case provincial
    /// 地方补充目录.
    case municipal
  }

  /// What happens to a row whose subject identifier fails its check.
  public enum InvalidIdentifierPolicy: String, Codable, Sendable, CaseIterable {
    /// It loads under the code as written and is counted as a warning.
    case warn
    /// It is set aside.
    case questionable
  }

  /// Code of the entry, unique in the catalogue (目录代码).
  public var code: String
  /// Name of the entry (目录名称).
  public var name: String
  /// Version, from 1.
  public var version: Int
  /// Category of information (信息类别), free word.
  public var category: String
  /// Nature of the information.
  public var nature: Nature
  /// Kinds of subject the entry speaks of, free words.
  public var subjectKinds: [String]
  /// Who may see records.
  public var openness: Openness
  /// How records are shared.
  public var sharing: Sharing
  /// How often units report (更新周期), free word.
  public var updateCycle: String
  /// Law or policy the entry rests on (设定依据).
  public var basis: String
  /// Credit codes of the units that report; empty means any.
  public var units: [String]
  /// Items that identify the subject, in the order they are tried.
  public var subject: [String]
  /// The item with the subject's name.
  public var subjectName: String?
  /// The item that tells the state of the subject, such as registered or revoked (主体状态).
  public var subjectState: String?
  /// Items that identify a record among those of its subject; empty means the whole content does.
  public var recordKey: [String]
  /// The date by which a subject's records are ordered.
  public var eventDate: String?
  /// Policy for failing identifiers.
  public var invalidIdentifier: InvalidIdentifierPolicy
  /// The items, in the order of the file.
  public var items: [CatalogueItem]
  /// What the entry is about (信息摘要).
  public var summary: String?
  /// Whose catalogue the entry comes from.
  public var level: Level?
  /// Division the entry belongs to, six digits (区划); `nil` = that of the unit.
  public var region: String?
  /// Condition under which a conditionally shared entry is shared (共享条件).
  public var sharingCondition: String?
  /// What changed in this version (版本说明).
  public var versionNote: String?
  /// The first day on which this version is collected under (生效日期); `nil` = at once.
  public var effectiveFrom: Day?
  /// The last day on which anything is collected under this version (失效日期); `nil` = without end.
  public var effectiveUntil: Day?
  /// What the entry asks of its rows beside the national rules (校验规则); `nil` = nothing.
  public var rules: [EntryRule]?

  /// Makes an entry; see the properties for the defaults.
  public init(
    code: String, name: String, version: Int = 1, category: String = "other", nature: Nature = .neutral,
    subjectKinds: [String] = [], openness: Openness = .government, sharing: Sharing = .unconditional,
    updateCycle: String = "irregular", basis: String = "", units: [String] = [], subject: [String],
    subjectName: String? = nil, recordKey: [String] = [], eventDate: String? = nil,
    invalidIdentifier: InvalidIdentifierPolicy = .questionable, items: [CatalogueItem]
  ) {
    self.code = code
    self.name = name
    self.version = version
    self.category = category
    self.nature = nature
    self.subjectKinds = subjectKinds
    self.openness = openness
    self.sharing = sharing
    self.updateCycle = updateCycle
    self.basis = basis
    self.units = units
    self.subject = subject
    self.subjectName = subjectName
    self.recordKey = recordKey
    self.eventDate = eventDate
    self.invalidIdentifier = invalidIdentifier
    self.items = items
  }

  /// The entry with one property changed, as a template is adapted.
  ///
  /// ```swift
  /// let ours = CatalogueEntry.administrativePenalty2018.with(\.units, ["11130300000000019B"])
  /// ```
  ///
  /// - Parameters:
  ///   - property: what is changed.
  ///   - value: its new value.
  public func with<Property>(_ property: WritableKeyPath<CatalogueEntry, Property>, _ value: Property)
    -> CatalogueEntry
  {
    var entry = self
    entry[keyPath: property] = value
    return entry
  }

  /// Reads the JSON form; missing keys take their defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    code = try container.decode(String.self, forKey: .code)
    name = try container.decode(String.self, forKey: .name)
    version = try container.decodeIfPresent(Int.self, forKey: .version) ?? 1
    category = try container.decodeIfPresent(String.self, forKey: .category) ?? "other"
    nature = try container.decodeIfPresent(Nature.self, forKey: .nature) ?? .neutral
    subjectKinds = try container.decodeIfPresent([String].self, forKey: .subjectKinds) ?? []
    openness = try container.decodeIfPresent(Openness.self, forKey: .openness) ?? .government
    sharing = try container.decodeIfPresent(Sharing.self, forKey: .sharing) ?? .unconditional
    updateCycle = try container.decodeIfPresent(String.self, forKey: .updateCycle) ?? "irregular"
    basis = try container.decodeIfPresent(String.self, forKey: .basis) ?? ""
    units = try container.decodeIfPresent([String].self, forKey: .units) ?? []
    subject = try container.decode([String].self, forKey: .subject)
    subjectName = try container.decodeIfPresent(String.self, forKey: .subjectName)
    subjectState = try container.decodeIfPresent(String.self, forKey: .subjectState)
    recordKey = try container.decodeIfPresent([String].self, forKey: .recordKey) ?? []
    eventDate = try container.decodeIfPresent(String.self, forKey: .eventDate)
    invalidIdentifier =
      try container.decodeIfPresent(InvalidIdentifierPolicy.self, forKey: .invalidIdentifier)
      ?? .questionable
    items = try container.decode([CatalogueItem].self, forKey: .items)
    summary = try container.decodeIfPresent(String.self, forKey: .summary)
    level = try container.decodeIfPresent(Level.self, forKey: .level)
    region = try container.decodeIfPresent(String.self, forKey: .region)
    sharingCondition = try container.decodeIfPresent(String.self, forKey: .sharingCondition)
    versionNote = try container.decodeIfPresent(String.self, forKey: .versionNote)
    effectiveFrom = try container.decodeIfPresent(Day.self, forKey: .effectiveFrom)
    effectiveUntil = try container.decodeIfPresent(Day.self, forKey: .effectiveUntil)
    rules = try container.decodeIfPresent([EntryRule].self, forKey: .rules)
  }

  /// The position of an item by its id.
  public func itemIndex(_ id: String) -> Int? { items.firstIndex { $0.id == id } }

  /// Who may see the values of an item: its own openness, else the entry's.
  public func openness(of item: CatalogueItem) -> Openness { item.openness ?? openness }
}
