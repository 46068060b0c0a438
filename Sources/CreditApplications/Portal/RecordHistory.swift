// Owns looking at what records were: as of an earlier state of the store, and version by version.
// Invariants: the past holds what was corrected, withdrawn and repaired since, so that only the centre, the subject itself and the unit that reported a record
// see it; what they may do is decided by the rights of today.

public import CreditModel
import CreditStore
public import Foundation

/// A state of the store that is over.
public enum PastState: Sendable, Equatable {
  /// After a commit.
  case commit(UInt64)
  /// At an instant: after the last commit that was not later.
  case instant(Date)
}

/// One version of a record (历史版本).
public struct RecordVersion: Codable, Sendable, Equatable {
  /// The version.
  public var record: ShownRecord
  /// Whether it is the current one.
  public var isCurrent: Bool
  /// The commit that replaced it.
  public var until: UInt64?
}

extension AccessSession {
  /// The records of a subject as they were (历史时点查询).
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  ///   - past: when.
  /// - Throws: `AccessRefusal`, `actionNotGranted` where no role sees the past; `CreditError`.
  public func records(
    of text: String, kind: IdentifierKind? = nil, asOf past: PastState
  ) throws -> [ShownRecord] {
    let subject = identifier(text, kind: kind)
    let commit: UInt64
    switch past {
    case .commit(let number): commit = number
    case .instant(let instant): commit = platform.database.snapshot(asOf: instant).commit
    }
    return try perform(.query, about: [subject], asOf: commit) { all, facts in
      var reading = try all.ofThePast()
      reading.isOfPast = true
      let records = try reading.records(of: subject)
      facts.note(records, [], for: .centre)
      return records
    }
  }

  /// All versions of a subject's records, by record, the oldest first (变更历史).
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  ///   - entry: code of the entry.
  ///   - key: the record key; `nil` = of all records of the entry.
  /// - Throws: `AccessRefusal`: `actionNotGranted`, `entryNotGranted`; `CreditError`, code `unknownEntry`.
  public func history(
    of text: String, kind: IdentifierKind? = nil, entry: String, key: String? = nil
  ) throws -> [RecordVersion] {
    let subject = identifier(text, kind: kind)
    return try perform(.query, about: [subject]) { all, facts in
      var reading = try all.ofThePast()
      reading.isOfPast = true
      guard try reading.visible().codes.contains(entry) else {
        throw AccessRefusal(.entryNotGranted, "records of \(entry) may not be seen")
      }
      let versions = try reading.snapshot.records(of: subject, entry: entry, versions: .history).filter {
        record in key.map { record.key.utf8.elementsEqual($0.utf8) } ?? true
      }
      let shown = try versions.compactMap { record in
        try reading.shown(record, asked: subject).map {
          RecordVersion(record: $0, isCurrent: record.isCurrent, until: record.until)
        }
      }
      facts.note(shown.map(\.record), [], for: .centre)
      return shown
    }
  }
}

extension AccessReading {
  /// The reading with those roles alone that may see the past.
  fileprivate func ofThePast() throws(AccessRefusal) -> AccessReading {
    try limited(
      to: { $0.audience == .centre || $0.audience == .subject || $0.audience == .government },
      or: AccessRefusal(
        .actionNotGranted, "the past is seen by the centre, the subject itself and the unit that reported it")
    )
  }
}
