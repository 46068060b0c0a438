// Owns the history of an entry: its versions, what changed between them, going back to one, and which was in effect on a day.
// Invariants: no version ever goes; going back makes a new version, so that numbers only rise.
// Does not decide whether a version may be published (EntryReviews).

public import CreditModel
public import Foundation
import SegmentStore

/// One published version of an entry (目录版本).
public struct EntryVersion: Sendable {
  /// The entry as it was published.
  public var entry: CatalogueEntry
  /// The commit that published it.
  public var commit: UInt64
  /// When that was.
  public var instant: Date
}

extension CreditCatalogue {
  /// All published versions of an entry, ascending.
  ///
  /// - Parameter code: the entry.
  /// - Throws: `CreditError`, code `unknownEntry`.
  public func versions(of code: String) throws -> [EntryVersion] {
    do {
      let versions = try publishedVersions(of: code, in: engine.snapshot())
      guard !versions.isEmpty else { throw CreditError("unknownEntry", "no catalogue entry \(code)") }
      return versions.map { version in
        let milliseconds = engine.instant(of: version.commit) ?? 0
        return EntryVersion(
          entry: version.entry.entry, commit: version.commit,
          instant: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
      }
    } catch { throw CreditError(wrapping: error) }
  }

  /// One version of an entry.
  ///
  /// - Parameters:
  ///   - number: the version.
  ///   - code: the entry.
  /// - Throws: `CreditError`, codes `unknownEntry` and `unknownVersion`.
  public func version(_ number: Int, of code: String) throws -> EntryVersion {
    let versions = try versions(of: code)
    guard let version = versions.first(where: { $0.entry.version == number }) else {
      let known = versions.map { "\($0.entry.version)" }.joined(separator: ", ")
      throw CreditError("unknownVersion", "entry \(code) has no version \(number); there are \(known)")
    }
    return version
  }

  /// What changed between two versions of an entry.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - from: the earlier version.
  ///   - to: the later one; `nil` = the current one.
  /// - Throws: `CreditError`, codes `unknownEntry` and `unknownVersion`.
  public func difference(of code: String, from: Int, to: Int? = nil) throws -> CatalogueDifference {
    let later = try to.map { try version($0, of: code).entry } ?? entry(code).entry
    return CatalogueDifference(from: try version(from, of: code).entry, to: later)
  }

  /// Publishes what an earlier version said, as the next version (版本回滚).
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - number: the version to go back to.
  ///   - note: why; kept as the new version's `versionNote`.
  ///   - leavesValues: as in ``publish(_:leavesValues:)->(_,_)``.
  /// - Returns: the entry as it was published, or as it stands when it says that already.
  /// - Throws: `CreditError`: `unknownEntry`, `unknownVersion`, `recordKeyChanged`, `subjectChanged`, `typeChanged`.
  @discardableResult
  public func rollBack(
    _ code: String, to number: Int, note: String? = nil, leavesValues: Bool = false
  ) throws -> CatalogueEntry {
    do { return try putBack(code, to: number, note: note, leavesValues) } catch {
      throw CreditError(wrapping: error)
    }
  }

  private func putBack(
    _ code: String, to number: Int, note: String?, _ leavesValues: Bool
  ) throws -> CatalogueEntry {
    let wanted = try version(number, of: code).entry
    let current = try entry(code).entry
    guard number != current.version else { return current }
    var next = wanted
    next.version = current.version + 1
    next.versionNote = note ?? "回滚至版本 \(number)"
    // Days that were said of another time.
    (next.effectiveFrom, next.effectiveUntil) = (nil, nil)
    guard !CatalogueDifference(from: current, to: next).changes.isEmpty else { return current }
    try publish(next, leavesValues: leavesValues)
    return next
  }

  /// The version of an entry that files are collected under on a day.
  ///
  /// A version with a later first day waits: until then its predecessor holds.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - day: the day, as a rule today.
  /// - Throws: `CreditError`: `unknownEntry`, `entryNotEffective` where no version holds on the day.
  public func entry(_ code: String, on day: Day) throws -> PublishedEntry {
    do {
      let current = try entry(code)
      var found: PublishedEntry? = current
      if let first = current.entry.effectiveFrom, first > day {
        found = try publishedVersions(of: code, in: engine.snapshot()).last {
          ($0.entry.entry.effectiveFrom ?? day) <= day
        }?.entry
        guard found != nil else {
          throw CreditError("entryNotEffective", "entry \(code) is in effect from \(first) on")
        }
      }
      if let found, let last = found.entry.effectiveUntil, last < day {
        throw CreditError(
          "entryNotEffective",
          "entry \(code) version \(found.entry.version) was in effect until \(last); publish a new version to go on"
        )
      }
      return found ?? current
    } catch { throw CreditError(wrapping: error) }
  }

  /// All versions of an entry that a snapshot knows, ascending.
  func publishedVersions(
    of code: String, in snapshot: EngineSnapshot
  ) throws -> [(entry: PublishedEntry, commit: UInt64)] {
    let rows = try snapshot.rows(of: SystemDatasets.key(entryCode: code), schema: SystemDatasets.catalogue)
    return try rows.sorted { $0.system.commit < $1.system.commit }.compactMap { row in
      try CatalogueRow.entry(code, of: row).map { ($0, row.system.commit) }
    }
  }
}
