// Owns what a purge leaves in place of what it took: figures, no values.
// Invariants: no cell and no identifier of a person stands here; JSON keys are a contract (docs/command.md).

public import SegmentStore

/// What a purge would take out, or did.
public struct PurgeFigures: Codable, Sendable, Equatable {
  /// Figures of one entry.
  public struct Entry: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// Records, or rows of other subjects' records.
    public var records: Int
    /// Versions of these records.
    public var versions: Int
  }

  /// Records that go, by entry.
  public var entries: [Entry] = []
  /// Rows set aside that go, because they name the subject.
  public var setAside = 0
  /// Raw rows that go with them.
  public var rawRows = 0
  /// Notes of batches that go or are replaced by others without the name of the file.
  public var batches = 0
  /// Rows of other subjects that name the subject, by entry. They stay: they belong to somebody else, and whoever is responsible for
  /// them decides.
  public var mentions: [Entry] = []

  /// Records that go.
  public var records: Int { entries.reduce(0) { $0 + $1.records } }
  /// Versions that go.
  public var versions: Int { entries.reduce(0) { $0 + $1.versions } }
}

/// Says that a purge was done, and how that was found out (清除证明).
public struct PurgeCertificate: Codable, Sendable, Equatable {
  /// UUID of the store.
  public var store: String
  /// The commit that notes the purge.
  public var commit: UInt64
  /// When that was, in UTC, ISO 8601.
  public var instant: String
  /// What was asked for, with a person's number masked.
  public var scope: String
  /// Why.
  public var reason: String
  /// What went.
  public var figures: PurgeFigures
  /// Segment files that were written anew without it, and deleted.
  public var segmentsRewritten: Int
  /// Rows of all datasets and times that were searched for the identifier afterwards; 0 where the scope names no subject, and the rows were
  /// looked for by their identity.
  public var rowsSearched: Int
  /// Files of the store afterwards; every one of them is named by the store's state.
  public var files: Int
  /// Backups that were made of this store, as far as it knows: what was purged is still in those that are older than the purge.
  public var backups: [KnownBackup]
  /// Codes of routes that begin anew, because consents or shieldings went by which their receivers have records, or have them not: what they still hold of the
  /// subject is taken back by their next packages. `nil` = none.
  public var renewedRoutes: [String]?
}
