// Owns what the store knows of one subject beside its records: identifiers, names with their days, kind, division, state.
// Invariants: everything comes from records that stand, or once stood and were replaced, and from links that hold; a record that was withdrawn as wrong names
// nobody. Nothing is guessed: where no entry says which item tells the state, there is none.
// Does not mask (CreditApplications) and does not list records.

public import CreditModel
import SegmentStore

/// A subject of the three libraries (主体档案).
public struct SubjectProfile: Codable, Sendable, Equatable {
  /// A name that records give the subject.
  public struct Name: Codable, Sendable, Equatable {
    /// The name, as it stands in the records.
    public var name: String
    /// The first day for which a record has it.
    public var first: Day
    /// The last one.
    public var last: Day
    /// Whether it is one that the subject no longer has (曾用名).
    public var isFormer: Bool
    /// Codes of the entries that have it.
    public var entries: [String]
  }

  /// What a record says of the state of the subject: registered, cancelled, revoked.
  public struct State: Codable, Sendable, Equatable {
    /// The words of the record (登记状态).
    public var state: String
    /// Code of the entry.
    public var entry: String
    /// The day for which it says so.
    public var day: Day
  }

  /// The identifier that was asked about.
  public var subject: Identifier
  /// Kind of the subject, by that identifier.
  public var kind: SubjectKind
  /// Division inside the identifier, where its kind carries one.
  public var division: Int?
  /// All its identifiers, that one first.
  public var identifiers: [Identifier]
  /// Its names: the present one first, then by the last day, the latest first.
  public var names: [Name]
  /// Its state, the latest first.
  public var states: [State]
  /// Current records that are not withdrawn, by code of the entry.
  public var records: [String: Int]
}

extension CreditSnapshot {
  /// What is known of a subject.
  ///
  /// The present name is that of the latest record of a registration, where there is one, and of the latest record else; names that differ from it by more
  /// than width, case and brackets are former ones. Names and states of a person's companies are not the person's, and the other way round.
  ///
  /// ```swift
  /// let profile = try snapshot.profile(of: Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode))
  /// for name in profile.names where name.isFormer { print(name.name, name.last) }
  /// ```
  /// - Parameters:
  ///   - subject: kind and text of one of its identifiers.
  ///   - links: which links are followed.
  /// - Throws: `CreditError`, code `damaged`.
  public func profile(of subject: Identifier, links: Links = .followed) throws -> SubjectProfile {
    do {
      let identifiers = try linked(subject, links).map(\.identifier)
      let key = LinkTable.unseenKey(subject)
      var profile = SubjectProfile(
        subject: subject, kind: key.map(SubjectKind.init) ?? .unknown, division: key?.division,
        identifiers: identifiers, names: [], states: [], records: [:])
      var collected = ProfileFacts()
      for identifier in identifiers {
        let versions = try records(of: identifier, versions: .history, links: .ignored)
        for record in versions where record.isCurrent && record.state != .withdrawn {
          profile.records[record.entry.code, default: 0] += 1
        }
        // A person is not called as its company is, nor a company as its owner.
        guard subject.isCalled(asIn: identifier.subjectKind) else { continue }
        for record in standing(versions) { collected.add(record, on: try day(of: record)) }
      }
      (profile.names, profile.states) = (collected.names(), collected.states())
      return profile
    } catch { throw CreditError(wrapping: error) }
  }

  /// Versions of records that were not withdrawn in the end.
  private func standing(_ versions: [CreditRecord]) -> [CreditRecord] {
    /// What tells the version that follows another: of an entry without record key, versions of one record have no key in common.
    struct Follower: Hashable {
      var entry: String
      var key: String
      var commit: UInt64
      var version: Int
    }
    func follower(_ record: CreditRecord, _ commit: UInt64, _ version: Int) -> Follower {
      Follower(
        entry: record.entry.code, key: record.entry.recordKey.isEmpty ? "" : record.key, commit: commit,
        version: version)
    }
    let all = Dictionary(
      versions.map { (follower($0, $0.commit, $0.version), $0) }, uniquingKeysWith: { first, _ in first })
    return versions.filter { version in
      var last = version
      while let until = last.until, let next = all[follower(last, until, last.version + 1)] { last = next }
      return last.state != .withdrawn
    }
  }

  /// The day a record speaks of: that of its event, or of its commit.
  private func day(of record: CreditRecord) throws -> Day {
    switch record.entry.eventDate.flatMap({ record[$0] }) {
    case .day(let day): return day
    case .second(let second): return second.day
    case .month(let month): return Day(year: month.year, month: month.month, day: 1) ?? .epoch
    default: return Day(millisecondsSinceEpoch: database.engine.instant(of: record.commit) ?? 0)
    }
  }
}

/// Names and states, put together from records.
private struct ProfileFacts {
  private struct Seen {
    var first: Day
    var last: Day
    /// The last time, by registrations before all others, then by day and commit.
    var rank: (isRegistration: Bool, day: Day, commit: UInt64)
    var entries: Set<String>
  }

  private var seen: [String: Seen] = [:]
  private var found: [(state: SubjectProfile.State, commit: UInt64)] = []

  mutating func add(_ record: CreditRecord, on day: Day) {
    let entry = record.entry
    if let name = entry.subjectName.flatMap({ record[$0] })?.canonicalText, !name.isEmpty {
      let rank = (isRegistration: entry.category == "registration", day: day, commit: record.commit)
      var known = seen[name] ?? Seen(first: day, last: day, rank: rank, entries: [])
      known.first = min(known.first, day)
      known.last = max(known.last, day)
      if Self.isLess(known.rank, rank) { known.rank = rank }
      known.entries.insert(entry.code)
      seen[name] = known
    }
    if let state = entry.subjectState.flatMap({ record[$0] })?.canonicalText, record.isCurrent {
      found.append((SubjectProfile.State(state: state, entry: entry.code, day: day), record.commit))
    }
  }

  private static func isLess(
    _ left: (isRegistration: Bool, day: Day, commit: UInt64),
    _ right: (isRegistration: Bool, day: Day, commit: UInt64)
  ) -> Bool {
    if left.isRegistration != right.isRegistration { return right.isRegistration }
    return (left.day, left.commit) < (right.day, right.commit)
  }

  func names() -> [SubjectProfile.Name] {
    let latest = seen.max { left, right in
      if Self.isLess(left.value.rank, right.value.rank) { return true }
      if Self.isLess(right.value.rank, left.value.rank) { return false }
      return right.key.utf8.lexicographicallyPrecedes(left.key.utf8)
    }
    guard let present = latest?.key else { return [] }
    let form = NormalizedName(present)
    return seen.map { name, seen in
      SubjectProfile.Name(
        name: name, first: seen.first, last: seen.last, isFormer: NormalizedName(name) != form,
        entries: seen.entries.sorted())
    }.sorted { left, right in
      if (left.name == present) != (right.name == present) { return left.name == present }
      if left.isFormer != right.isFormer { return right.isFormer }
      if left.last != right.last { return left.last > right.last }
      return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
  }

  func states() -> [SubjectProfile.State] {
    found.sorted { ($0.state.day, $0.commit) > ($1.state.day, $1.commit) }.map(\.state)
  }
}
