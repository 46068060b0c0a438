// Owns looking up the versions of records by subject and record key, for many rows of few subjects one after the other.
// Invariants: as of one snapshot; a subject's rows are read once while it is among those remembered, so that ten thousand rows of one subject cost what one
// costs.
// Does not decide what versions mean.

import SegmentStore

/// The versions of records that rows stand for.
final class KnownVersions {
  /// A version as it is stored.
  struct Version {
    var payload: [UInt8]
    var commit: UInt64
    var isCurrent: Bool
  }

  /// Versions that are remembered at most, but for those of the subject that was asked about last.
  private static let maximumVersions = 200_000

  private let snapshot: EngineSnapshot
  private let schema: DatasetSchema
  private let identity: RecordIdentity
  private var known: [UInt128: [[UInt8]: [Version]]] = [:]
  private var count = 0

  init(_ snapshot: EngineSnapshot, _ schema: DatasetSchema, _ identity: RecordIdentity) {
    (self.snapshot, self.schema, self.identity) = (snapshot, schema, identity)
  }

  /// All versions of one record.
  ///
  /// - Parameters:
  ///   - record: the bytes of its record key.
  ///   - key: its subject.
  func versions(of record: [UInt8], under key: UInt128) throws -> [Version] {
    if let found = known[key] { return found[record] ?? [] }
    var versions: [[UInt8]: [Version]] = [:]
    for row in try snapshot.rows(of: key, schema: schema) {
      versions[identity.keyBytes(row.payload), default: []].append(
        Version(payload: row.payload, commit: row.system.commit, isCurrent: row.superseded == nil))
      count += 1
    }
    if count > Self.maximumVersions {
      known.removeAll()
      count = versions.values.reduce(0) { $0 + $1.count }
    }
    known[key] = versions
    return versions[record] ?? []
  }
}
