// Owns what a counter is told about a subject: the lists it is on, and what has to be done.
// Invariants: only records the caller may see; a membership counts from the day of entry to the day of exit, and not once it was repaired or withdrawn.

public import CreditModel
import CreditStore

/// What a counter is told (信用核查结果).
public struct CounterCheck: Codable, Sendable, Equatable {
  /// A list the subject is on.
  public struct Membership: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// Name of the list.
    public var list: String
    /// What it says of the subject.
    public var nature: CatalogueEntry.Nature
    /// The record key; `nil` where the caller may not see it.
    public var key: String?
    /// The day of entry.
    public var since: Day?
    /// Whether somebody objects to it.
    public var isDisputed: Bool
  }

  /// A measure to be taken.
  public struct Due: Codable, Sendable, Equatable {
    /// Code of the measure.
    public var measure: String
    /// Its name.
    public var name: String
    /// Its group.
    public var group: String
    /// What it rests on.
    public var basis: String
    /// Id of the memorandum.
    public var memorandum: String
    /// The membership that brings it about, as a number in `memberships` from 0.
    public var membership: Int
  }

  /// The identifier as it was asked about.
  public var subject: String
  /// The lists it is on.
  public var memberships: [Membership]
  /// What has to be done.
  public var measures: [Due]
  /// The commit of the store.
  public var commit: UInt64

  /// Whether it is on no list that brings a measure about.
  public var isClear: Bool { measures.isEmpty }
}

extension AccessSession {
  /// Checks a subject at a counter: which lists it is on, and which measures the caller's unit has to take in a matter (办事核查).
  ///
  /// ```swift
  /// let check = try session.check("91130302MA0000015N", matter: "政府采购")
  /// for due in check.measures { print(due.name, due.basis) }
  /// ```
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - matter: the matter; `nil` = any.
  /// - Throws: `AccessRefusal`; `CreditError`, code `unknownUnit` where the unit it is asked for is none.
  public func check(_ text: String, matter: String? = nil) throws -> CounterCheck {
    let subject = identifier(text)
    return try perform(.screen, about: [subject]) { reading, facts in
      let checking = try Checking(reading, matter: matter)
      // A number may stand under another kind than its form suggests.
      let found = try checking.screen([text]).first?.identifier ?? subject
      if found != subject { facts.found = [found] }
      let check = try checking.check(text, found)
      facts.entries = Set(check.memberships.map(\.entry))
      facts.rows = check.memberships.count
      return check
    }
  }

  /// Checks many subjects at once (批量核查); those on no list are told apart without reading records.
  ///
  /// - Parameters:
  ///   - texts: identifiers.
  ///   - matter: the matter; `nil` = any.
  /// - Returns: an answer for each, in the same order.
  /// - Throws: `AccessRefusal` with rule `tooManySubjects`; `CreditError`, code `unknownUnit`.
  public func check(_ texts: [String], matter: String? = nil) throws -> [CounterCheck] {
    let subjects = texts.map { identifier($0) }
    return try perform(.screen, about: subjects) { reading, facts in
      let checking = try Checking(reading, matter: matter)
      let found = try checking.screen(texts)
      return try zip(zip(texts, subjects), found).map { asked, screening in
        guard screening.isFound else {
          return CounterCheck(
            subject: asked.0, memberships: [], measures: [], commit: reading.snapshot.commit)
        }
        let identifier = screening.identifier ?? asked.1
        if identifier != asked.1 { facts.found.append(identifier) }
        let check = try checking.check(asked.0, identifier)
        facts.entries.formUnion(check.memberships.map(\.entry))
        facts.rows += check.memberships.count
        return check
      }
    }
  }
}

/// Checking subjects against the memoranda of a day.
struct Checking {
  private let reading: AccessReading
  private let memoranda: [Memorandum]
  private let measures: [String: Measure]
  /// Codes of the entries that bring measures about, and of lists.
  let entries: Set<String>
  private let choice: String

  /// - Throws: `CreditError`, code `unknownUnit`: with a digit wrong in its code no measure would be due for the unit.
  init(_ reading: AccessReading, matter: String?) throws {
    self.reading = reading
    let configuration = reading.configuration
    let unit = reading.grant.unit
    if let unit, !Identifier.check(unit, as: .unifiedSocialCreditCode, on: reading.today).isValid {
      let named = configuration.memoranda(on: reading.today).flatMap(\.units)
      guard try named.contains(unit) || reading.platform.register(reading.snapshot).units[unit] != nil else {
        throw CreditError("unknownUnit", "\(unit) is no unit of the register and no valid credit code of one")
      }
    }
    memoranda = configuration.memoranda(on: reading.today).filter {
      $0.holds(on: reading.today, matter: matter, unit: unit)
    }
    measures = configuration.measures(on: reading.today)
    let lists = configuration.mappings.values.filter { $0.kind == .list }.map(\.entry)
    entries = Set(memoranda.flatMap(\.triggers).map(\.entry) + lists)
    choice = "check|" + entries.sorted().joined(separator: " ")
  }

  /// Counts records of the lists that the caller may see, and of nothing else.
  func screen(_ texts: [String]) throws -> [Screening] {
    let entries = entries
    let selection = try reading.visible(choice: choice) { entries.contains($0.code) }
    return try reading.snapshot.screen(texts, among: selection)
  }

  func check(_ text: String, _ subject: Identifier) throws -> CounterCheck {
    let entries = entries
    let records = try reading.records(of: subject, choice: choice) { entries.contains($0.code) }
      .filter { counts($0) }
    var check = CounterCheck(
      subject: text, memberships: [], measures: [], commit: reading.snapshot.commit)
    for record in records {
      let list = reading.configuration.listItem(of: record.entry).flatMap { record[$0] } ?? record.entryName
      check.memberships.append(
        .init(
          entry: record.entry, list: list, nature: record.nature, key: record.key, since: record.day,
          isDisputed: record.isDisputed))
      for memorandum in memoranda
      where memorandum.triggers.contains(where: { $0.isMet(entry: record.entry) { record[$0] } }) {
        for measure in memorandum.measures.compactMap({ measures[$0] })
        where measure.subjectKinds?.contains(record.subjectKind) ?? true {
          check.measures.append(
            .init(
              measure: measure.code, name: measure.name, group: measure.group, basis: measure.basis,
              memorandum: memorandum.id, membership: check.memberships.count - 1))
        }
      }
    }
    return check
  }

  /// Whether a membership counts today.
  private func counts(_ record: ShownRecord) -> Bool {
    record.state != "repaired" && record.isInForce
  }
}
