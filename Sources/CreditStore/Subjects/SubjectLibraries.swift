// Owns counting the subjects of the three libraries (三库): legal persons, natural persons, and all other organisations.
// Invariants: a subject counts once, whatever identifiers links give it, under the kind of its best one; identifiers without records, or with withdrawn ones
// alone, count nothing.
// Does not count records.

public import CreditModel
import SegmentStore

extension CreditSnapshot {
  /// How many subjects of each kind have records (三库主体数). Sole traders are a kind of their own: some cities count them with natural persons, some with
  /// other organisations.
  ///
  /// ```swift
  /// let counts = try snapshot.subjectCounts()
  /// print(counts[.naturalPerson] ?? 0, counts[.legalPerson] ?? 0)
  /// ```
  /// - Parameter links: whether linked identifiers are one subject; `.asOf` as links were then.
  /// - Throws: `CreditError`, code `damaged`.
  public func subjectCounts(links: Links = .followed) throws -> [SubjectKind: Int] {
    do {
      var counts: [SubjectKind: Int] = [:]
      let counter = SubjectCounter(engine)
      let gone = try counter.keysOfWithdrawnAlone()
      _ = try counter.count(without: gone) { key in
        guard key >> 124 != 0 else { return false }
        counts[SubjectKind(SubjectKey(rawValue: key)), default: 0] += 1
        return true
      }
      for group in try LinkedGroups(engine, links).groups() {
        let present = try group.filter {
          try !gone.contains($0.rawValue) && !engine.datasets(of: $0.rawValue).isEmpty
        }
        guard present.count > 1 else { continue }
        for key in present { counts[SubjectKind(key), default: 0] -= 1 }
        counts[Self.kind(of: present), default: 0] += 1
      }
      return counts.filter { $0.value > 0 }
    } catch { throw CreditError(wrapping: error) }
  }

  /// The kind of a subject with several identifiers: what its credit code or identity number says, before older numbers.
  private static func kind(of keys: [SubjectKey]) -> SubjectKind {
    for family in [SubjectKey.Family.unifiedSocialCreditCode, .citizenIdentityNumber] {
      if let key = keys.filter({ $0.family == family }).min(by: { $0.rawValue < $1.rawValue }) {
        return SubjectKind(key)
      }
    }
    return keys.map(SubjectKind.init).first { $0 != .unknown } ?? .unknown
  }
}

/// Identifiers that links join, group by group.
private struct LinkedGroups {
  private let snapshot: EngineSnapshot?

  init(_ engine: EngineSnapshot, _ links: CreditSnapshot.Links) {
    switch links {
    case .ignored: snapshot = nil
    case .followed: snapshot = engine
    case .asOf(let commit):
      snapshot = EngineSnapshot(view: engine.view, commit: min(commit, engine.view.commit))
    }
  }

  func groups() throws -> [[SubjectKey]] {
    guard let snapshot, try snapshot.mayHaveRows(of: SystemDatasets.links.dataset) else { return [] }
    // Both ends of a link say the other one: together they are the pair.
    var ends: [Int64: [SubjectKey]] = [:]
    try LinkTable(snapshot: snapshot).forEachEnd { number, other in
      if let key = try LongIdentifiers.key(of: other, in: snapshot) ?? LinkTable.unseenKey(other) {
        ends[number, default: []].append(key)
      }
    }
    var leaders: [UInt128: UInt128] = [:]
    func leader(_ key: UInt128) -> UInt128 {
      var key = key
      while let next = leaders[key], next != key {
        if let further = leaders[next] { leaders[key] = further }
        key = next
      }
      return key
    }
    for pair in ends.values where pair.count == 2 {
      for key in pair where leaders[key.rawValue] == nil { leaders[key.rawValue] = key.rawValue }
      let (left, right) = (leader(pair[0].rawValue), leader(pair[1].rawValue))
      leaders[max(left, right)] = min(left, right)
    }
    let groups = Dictionary(grouping: leaders.keys, by: leader)
    return groups.values.map { $0.sorted().map(SubjectKey.init(rawValue:)) }
  }
}
