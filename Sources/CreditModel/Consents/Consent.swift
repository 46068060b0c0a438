// Owns what a subject consented to.
// Invariants: a consent is for one subject, one unit and one purpose; revoking it ends reading and erases nothing.
// Does not refuse anybody (CreditApplications).

/// That a subject lets a unit see data about it (信用信息查询授权书).
public struct Consent: Codable, Sendable, Hashable {
  /// How a consent was given.
  public enum Channel: String, Codable, Sendable, CaseIterable {
    /// Online, by somebody whose name was checked (线上实名).
    case online
    /// On paper (纸质).
    case paper
  }

  /// What it is called; unique (授权书编号).
  public var id: String
  /// Who consents.
  public var subject: Identifier
  /// Credit code of the unit that may see the data.
  public var grantee: String
  /// Categories of information it may see.
  public var categories: [String]
  /// Codes of entries it may see beside them.
  public var entries: [String]
  /// Ids of the items it may see; `nil` = all of these entries.
  public var items: [String]?
  /// The first day of events it may see; `nil` = without beginning.
  public var dataFrom: Day?
  /// The last day of events it may see; `nil` = without end.
  public var dataUntil: Day?
  /// What for, as the caller has to state it, such as the number of a loan application.
  public var purpose: String
  /// The day on which it was given.
  public var grantedOn: Day
  /// The last day on which it holds.
  public var validUntil: Day
  /// How it was given.
  public var channel: Channel
  /// SHA-256 of the document that proves it, 64 hex digits.
  public var evidence: String
  /// Whether a guardian gave it.
  public var isByGuardian: Bool
  /// The day on which it was revoked.
  public var revokedOn: Day?
  /// Why it was revoked.
  public var revocationReason: String?

  /// Makes a consent; see the properties.
  public init(
    id: String, subject: Identifier, grantee: String, categories: [String] = [], entries: [String] = [],
    items: [String]? = nil, dataFrom: Day? = nil, dataUntil: Day? = nil, purpose: String, grantedOn: Day,
    validUntil: Day, channel: Channel, evidence: String, isByGuardian: Bool = false
  ) {
    self.id = id
    self.subject = subject
    self.grantee = grantee
    self.categories = categories
    self.entries = entries
    self.items = items
    self.dataFrom = dataFrom
    self.dataUntil = dataUntil
    self.purpose = purpose
    self.grantedOn = grantedOn
    self.validUntil = validUntil
    self.channel = channel
    self.evidence = evidence
    self.isByGuardian = isByGuardian
  }

  private enum CodingKeys: String, CodingKey {
    case id, subject, grantee, categories, entries, items, dataFrom, dataUntil, purpose, grantedOn,
      validUntil, channel,
      evidence, isByGuardian, revokedOn, revocationReason
  }

  /// Reads a consent; categories and entries that are left out are none, and a guardian gave it only where it says so.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    subject = try values.decode(Identifier.self, forKey: .subject)
    grantee = try values.decode(String.self, forKey: .grantee)
    categories = try values.decodeIfPresent([String].self, forKey: .categories) ?? []
    entries = try values.decodeIfPresent([String].self, forKey: .entries) ?? []
    items = try values.decodeIfPresent([String].self, forKey: .items)
    dataFrom = try values.decodeIfPresent(Day.self, forKey: .dataFrom)
    dataUntil = try values.decodeIfPresent(Day.self, forKey: .dataUntil)
    purpose = try values.decode(String.self, forKey: .purpose)
    grantedOn = try values.decode(Day.self, forKey: .grantedOn)
    validUntil = try values.decode(Day.self, forKey: .validUntil)
    channel = try values.decode(Channel.self, forKey: .channel)
    evidence = try values.decode(String.self, forKey: .evidence)
    isByGuardian = try values.decodeIfPresent(Bool.self, forKey: .isByGuardian) ?? false
    revokedOn = try values.decodeIfPresent(Day.self, forKey: .revokedOn)
    revocationReason = try values.decodeIfPresent(String.self, forKey: .revocationReason)
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if !(1...100).contains(id.utf8.count) { return "a consent's id has 1 to 100 bytes" }
    if categories.isEmpty, entries.isEmpty { return "consent \(id) is for nothing" }
    if purpose.allSatisfy(\.isWhitespace) { return "consent \(id) does not say what for" }
    if validUntil < grantedOn { return "consent \(id) ends before it begins" }
    guard DigestText.isOne(evidence) else {
      return "consent \(id) needs the SHA-256 of its evidence, 64 lower-case hex digits"
    }
    return nil
  }

  package func allows(entry: String, category: String) -> Bool {
    entries.contains(entry) || categories.contains(category)
  }

  package func allows(eventOn day: Day?) -> Bool {
    guard dataFrom != nil || dataUntil != nil else { return true }
    // Where the consent is for some time only, what has no date is not known to lie in it.
    guard let day else { return false }
    return dataFrom ?? .minimum <= day && day <= dataUntil ?? .maximum
  }

  /// The same with its subject's number as it is written in records: else it would not be found with them.
  package var normalized: Consent {
    var consent = self
    consent.subject = Identifier(subject.text, as: subject.kind)
    return consent
  }

  /// Whether it holds on a day.
  package func holds(on day: Day) -> Bool {
    grantedOn <= day && day <= validUntil && revokedOn.map { day < $0 } ?? true
  }
}

/// Texts that are SHA-256 digests.
package enum DigestText {
  /// Whether a text is 64 lower-case hex digits.
  package static func isOne(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
