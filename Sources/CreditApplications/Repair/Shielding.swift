// Owns shielding the records of a body in reorganisation while its plan is carried out.
// Invariants: it rests on the ruling of a court; what is shielded is kept, and shown again when the shielding ends without the plan being fulfilled.
// Does not repair records: a fulfilled plan is a ground for repair, record by record.

public import CreditModel
import CreditStore

/// That unfavourable records of a body are not shown while its plan of reorganisation is carried out (重整期间信用信息屏蔽).
public struct Shielding: Codable, Sendable, Equatable {
  /// From whom records are kept.
  public enum Extent: String, Codable, Sendable, CaseIterable {
    /// They are not public (暂停公示).
    case publication
    /// They are neither public nor shown to departments and lenders (暂停公示和共享). Packages of the exchange hold them all the same: what receivers
    /// show is theirs to decide.
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
  var problem: String? {
    if !(1...100).contains(id.utf8.count) || ruling.allSatisfy(\.isWhitespace) || !document.isSound {
      return "a shielding has a number, and the ruling it rests on"
    }
    if until < from { return "it ends before it begins" }
    if subject.isOfPerson { return "only bodies are reorganised" }
    return nil
  }

  /// Whether records are kept on a day.
  func isInForce(on day: Day) -> Bool { from <= day && day <= until && endedOn.map { day < $0 } ?? true }

  /// Whether it is about records of an entry.
  func isAbout(_ entry: CatalogueEntry) -> Bool {
    entries?.contains(entry.code) ?? (entry.nature == .negative)
  }

  /// Whether it keeps a record from an audience on a day.
  func hides(_ record: CreditRecord, from audience: Audience, on day: Day) -> Bool {
    // A person whose company is reorganised is not.
    guard isInForce(on: day), !record.subject.isOfPerson else { return false }
    guard isAbout(record.entry) else { return false }
    switch audience {
    case .everybody: return true
    case .government, .authorized: return extent == .publicationAndSharing
    case .subject, .centre: return false
    }
  }
}

extension AccessSession {
  /// Keeps the unfavourable records of a body from the public while its plan of reorganisation is carried out (重整屏蔽).
  ///
  /// - Parameter shielding: what, from whom, on which ruling.
  /// - Returns: it, with its first step.
  /// - Throws: `AccessRefusal` with rule `notCompetent` for whoever is not the centre; `CreditError`: `invalidShielding`, `alreadyExists`, `unknownEntry`.
  @discardableResult
  public func shield(_ shielding: Shielding) throws -> Shielding {
    let subject = Identifier(shielding.subject.text, as: shielding.subject.kind)
    return try perform(.decide, about: [subject]) { reading, facts in
      try reading.checkIsCentre()
      if let problem = shielding.problem { throw CreditError("invalidShielding", problem) }
      for code in shielding.entries ?? [] { _ = try reading.snapshot.entry(code) }
      var made = shielding
      (made.subject, made.endedOn, made.steps) = (subject, nil, [step("shielded", reading, shielding.ruling)])
      let result = made
      try platform.database.change("shielding") { snapshot, changes in
        guard try snapshot.document(DocumentKind.shielding, result.id) == nil else {
          throw CreditError("alreadyExists", "there is a shielding \(result.id) already")
        }
        try changes.put(DocumentKind.shielding, result.id, result, subjects: [subject])
      }
      facts.rows = 1
      return result
    }
  }

  /// Ends a shielding before its last day: the plan was fulfilled, or failed (终止屏蔽).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - reason: why.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState` where it is over; `CreditError`: `unknownCase`, `reasonMissing`.
  @discardableResult
  public func endShielding(_ id: String, reason: String) throws -> Shielding {
    try perform(.decide) { reading, facts in
      try reading.checkIsCentre()
      guard !reason.allSatisfy(\.isWhitespace) else { throw CreditError("reasonMissing", "say why") }
      let result = try platform.database.changeRefusably("shielding") { snapshot, changes -> Shielding in
        let document = try snapshot.document(DocumentKind.shielding, id)
        guard var shielding = try document?.decoded(as: Shielding.self) else {
          throw CreditError("unknownCase", "there is no shielding \(id)")
        }
        guard shielding.endedOn == nil, reading.today <= shielding.until else {
          throw AccessRefusal(.wrongState, "the shielding is over")
        }
        shielding.endedOn = reading.today
        shielding.steps.append(step("ended", reading, reason))
        try changes.put(DocumentKind.shielding, id, shielding)
        return shielding
      }
      (facts.rows, facts.found) = (1, [result.subject])
      return result
    }
  }

  /// The shieldings of a body, the oldest first, for the centre.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func shieldings(of text: String) throws -> [Shielding] {
    let subject = identifier(text)
    return try perform(.decide, about: [subject]) { reading, facts in
      try reading.checkIsCentre()
      let all = try reading.documents(DocumentKind.shielding, of: subject, as: Shielding.self)
      facts.rows = all.count
      return all
    }
  }
}

extension AccessReading {
  fileprivate func checkIsCentre() throws(AccessRefusal) {
    guard audience == .centre else {
      throw AccessRefusal(.notCompetent, "the centre decides about shielding")
    }
  }
}
