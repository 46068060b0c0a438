// Owns what the catalogue covers: entries and records by unit, region, category and nature (目录覆盖情况).
// Invariants: every entry counts once in each grouping, but once for each of its units by unit and of its kinds by kind of subject.

import CreditModel

/// Counts of one group of entries.
public struct CoverageGroup: Codable, Sendable, Equatable {
  /// What the entries have in common: a unit's credit code, a division, a word; `nil` where they have none.
  public var key: String?
  /// Entries of the group.
  public var entries: Int
  /// Those of them that have records.
  public var entriesWithRecords: Int
  /// Items of all entries of the group.
  public var items: Int
  /// Current records.
  public var records: Int
}

/// By what coverage is grouped.
public enum CoverageGrouping: String, Codable, Sendable, CaseIterable {
  /// By reporting unit; entries that any unit may report stand under `nil`.
  case unit
  /// By division.
  case region
  /// By category of information.
  case category
  /// By nature.
  case nature
  /// By kind of subject; an entry counts for each of its kinds.
  case subjectKind
  /// By update cycle.
  case updateCycle
}

extension CreditDatabase {
  /// Counts entries and their records by what they have in common.
  ///
  /// - Parameter grouping: by what.
  /// - Returns: groups by key, the one without a key first.
  /// - Throws: `CreditError`, code `damaged` with file and offset where bytes on disk are not what was written.
  public func catalogueCoverage(by grouping: CoverageGrouping) throws -> [CoverageGroup] {
    do {
      let counts = try recordCounts()
      var groups: [String?: CoverageGroup] = [:]
      for summary in try catalogue.index().summaries {
        let records = counts[summary.code] ?? 0
        for key in Self.keys(of: summary, by: grouping) {
          var group =
            groups[key]
            ?? CoverageGroup(key: key, entries: 0, entriesWithRecords: 0, items: 0, records: 0)
          group.entries += 1
          group.entriesWithRecords += records > 0 ? 1 : 0
          group.items += summary.itemCount
          group.records += records
          groups[key] = group
        }
      }
      return groups.values.sorted { left, right in
        guard let first = left.key, let second = right.key else { return left.key == nil && right.key != nil }
        return first.utf8.lexicographicallyPrecedes(second.utf8)
      }
    } catch { throw CreditError(wrapping: error) }
  }

  private static func keys(of summary: CatalogueSummary, by grouping: CoverageGrouping) -> [String?] {
    func orNone(_ keys: [String]) -> [String?] { keys.isEmpty ? [nil] : Array(Set(keys)) }
    switch grouping {
    case .unit: return orNone(summary.units)
    case .region: return [summary.region]
    case .category: return [summary.category]
    case .nature: return [summary.nature.rawValue]
    case .subjectKind: return orNone(summary.subjectKinds)
    case .updateCycle: return [summary.updateCycle]
    }
  }
}
