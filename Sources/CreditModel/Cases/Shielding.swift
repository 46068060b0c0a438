// Owns shielding the records of a body in reorganisation while its plan is carried out.
// Invariants: it rests on the ruling of a court; what is shielded is kept, and shown again when the shielding ends without the plan being fulfilled.
// Does not repair records: a fulfilled plan is a ground for repair, record by record. Does not know who reads them.

/// That unfavourable records of a body are not shown while its plan of reorganisation is carried out (重整期间信用信息屏蔽).
public struct Shielding: Codable, Sendable, Equatable {
  /// From whom records are kept.
  public enum Extent: String, Codable, Sendable, CaseIterable {
    /// They are not public (暂停公示).
    case publication
    /// They are neither public nor shared with departments and lenders (暂停公示和共享): subscriptions and routes by consent take them back while it lasts.
    /// Platforms above have them all the same.
    case publicationAndSharing
  }

  /// Number of the case.
  public var id: String
  /// Whose records.
  public var subject: Identifier
  /// From whom they are kept.
  public var extent: Extent
  /// Codes of the entries; `nil` = all that say something unfavourable.
  public var entries: [String]?
  /// Number of the ruling that approved the plan (裁定书文号).
  public var ruling: String
  /// The ruling.
  public var document: CaseMaterial
  /// The first day.
  public var from: Day
  /// The last day: of the plan.
  public var until: Day
  /// The day on which it was ended before its last.
  public var endedOn: Day?
  /// What happened.
  public var steps: [CaseStep]

  /// Makes it.
  public init(
    id: String, subject: Identifier, extent: Extent = .publication, entries: [String]? = nil, ruling: String,
    document: CaseMaterial, from: Day, until: Day
  ) {
    self.id = id
    self.subject = subject
    self.extent = extent
    self.entries = entries
    self.ruling = ruling
    self.document = document
    self.from = from
    self.until = until
    steps = []
  }

  /// What is wrong with it, or `nil`.
  package var problem: String? {
    if !(1...100).contains(id.utf8.count) || ruling.allSatisfy(\.isWhitespace) || !document.isSound {
      return "a shielding has a number, and the ruling it rests on"
    }
    if until < from { return "it ends before it begins" }
    if subject.isOfPerson { return "only bodies are reorganised" }
    return nil
  }

  /// Whether records are kept on a day.
  package func isInForce(on day: Day) -> Bool {
    from <= day && day <= until && endedOn.map { day < $0 } ?? true
  }

  /// Whether it is about records of an entry.
  package func isAbout(_ entry: CatalogueEntry) -> Bool {
    entries?.contains(entry.code) ?? (entry.nature == .negative)
  }
}
