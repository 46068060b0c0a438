// Owns what a catalogue search knows of an entry, and how it is kept beside the entry's JSON.
// Invariants: packed and unpacked give the same summary, but that control characters become blanks and empty texts leave lists; reading 25,000 of them reads no JSON.
// Does not hold items.

/// An entry of the catalogue without its items, as searching finds it (目录摘要).
public struct CatalogueSummary: Codable, Sendable, Equatable {
  /// Code of the entry.
  public var code: String
  /// Its current version.
  public var version: Int
  /// Name of the entry.
  public var name: String
  /// Category of information.
  public var category: String
  /// Nature of the information.
  public var nature: CatalogueEntry.Nature
  /// Who may see records.
  public var openness: Openness
  /// How records are shared.
  public var sharing: CatalogueEntry.Sharing
  /// How often units report.
  public var updateCycle: String
  /// Law or policy the entry rests on.
  public var basis: String
  /// Kinds of subject.
  public var subjectKinds: [String]
  /// Credit codes of the units that report; empty means any.
  public var units: [String]
  /// Whose catalogue the entry comes from.
  public var level: CatalogueEntry.Level?
  /// Division of the entry: its own, or else that of its first unit; `nil` when it has neither.
  public var region: String?
  /// The first day of the version.
  public var effectiveFrom: Day?
  /// The last day of the version.
  public var effectiveUntil: Day?
  /// How many items the entry has.
  public var itemCount: Int

  /// The summary of an entry.
  public init(of entry: CatalogueEntry) {
    code = entry.code
    version = entry.version
    name = entry.name
    category = entry.category
    nature = entry.nature
    openness = entry.openness
    sharing = entry.sharing
    updateCycle = entry.updateCycle
    basis = entry.basis
    subjectKinds = entry.subjectKinds
    units = entry.units
    level = entry.level
    region = entry.region ?? entry.units.lazy.compactMap(Self.division(ofUnit:)).first
    effectiveFrom = entry.effectiveFrom
    effectiveUntil = entry.effectiveUntil
    itemCount = entry.items.count
  }

  /// The division in a unified social credit code.
  private static func division(ofUnit code: String) -> String? {
    let bytes = Array(code.utf8)
    guard bytes.count == 18, bytes[2..<8].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return String(decoding: bytes[2..<8], as: UTF8.self)
  }

  // MARK: Stored form

  private static let fieldMark: UInt8 = 0x1F
  private static let listMark: UInt8 = 0x1E

  /// The fields with marks between them, lists with other marks: code and version stand in columns of their own.
  package var packed: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ text: String) {
      if !bytes.isEmpty { bytes.append(Self.fieldMark) }
      bytes += text.utf8.map { $0 < 0x20 ? 0x20 : $0 }
    }
    func append(_ list: [String]) {
      bytes.append(Self.fieldMark)
      for (index, text) in list.enumerated() {
        if index > 0 { bytes.append(Self.listMark) }
        bytes += text.utf8.map { $0 < 0x20 ? 0x20 : $0 }
      }
    }
    for text in [
      nature.rawValue, openness.rawValue, sharing.rawValue, level?.rawValue ?? "", region ?? "",
      effectiveFrom?.description ?? "", effectiveUntil?.description ?? "", String(itemCount), updateCycle,
      category, name, basis,
    ] { append(text) }
    append(subjectKinds)
    append(units)
    return bytes
  }

  /// Reads the packed form; `nil` when it is not one.
  package init?(code: String, version: Int, packed: UnsafeRawBufferPointer) {
    let fields = packed.split(separator: Self.fieldMark, maxSplits: 13, omittingEmptySubsequences: false)
    guard fields.count == 14 else { return nil }
    func text(_ field: Int) -> String { String(decoding: fields[field], as: UTF8.self) }
    func optional(_ field: Int) -> String? { fields[field].isEmpty ? nil : text(field) }
    func list(_ field: Int) -> [String] {
      fields[field].isEmpty
        ? []
        : fields[field].split(separator: Self.listMark, omittingEmptySubsequences: false).map {
          String(decoding: $0, as: UTF8.self)
        }
    }
    guard let nature = CatalogueEntry.Nature(rawValue: text(0)), let openness = Openness(rawValue: text(1)),
      let sharing = CatalogueEntry.Sharing(rawValue: text(2)), let itemCount = Int(text(7))
    else { return nil }
    self.code = code
    self.version = version
    self.nature = nature
    self.openness = openness
    self.sharing = sharing
    self.itemCount = itemCount
    level = optional(3).flatMap(CatalogueEntry.Level.init)
    region = optional(4)
    effectiveFrom = optional(5).flatMap { Day($0) }
    effectiveUntil = optional(6).flatMap { Day($0) }
    updateCycle = text(8)
    category = text(9)
    name = text(10)
    basis = text(11)
    subjectKinds = list(12)
    units = list(13)
  }

  /// Ids, names and aliases of all items of an entry, a line each.
  package static func itemTexts(of entry: CatalogueEntry) -> String {
    entry.items.map { item in ([item.id, item.name] + item.aliases).joined(separator: "\u{1E}") }
      .joined(separator: "\n")
  }
}
