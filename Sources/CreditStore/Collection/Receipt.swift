// Owns the receipt of a batch.
// Invariants: reported = loaded + updated + duplicate + questionable + unlinked, always; JSON keys are a contract.

public import CreditModel
package import SegmentStore

/// What became of a file (回执).
public struct Receipt: Codable, Sendable, Equatable {
  /// The file, as it was named.
  public var file: String
  /// Number of the batch.
  public var batch: UInt64
  /// Rows in the file.
  public var reported: Int
  /// New records.
  public var loaded: Int
  /// New versions of records.
  public var updated: Int
  /// Rows equal to a version the store has.
  public var duplicate: Int
  /// Rows kept aside because a rule failed (疑问数据).
  public var questionable: Int
  /// Rows kept aside because nothing identifies their subject (未关联数据).
  public var unlinked: Int
  /// Rows taken in although something about them deserves a look: a failing identifier, a rule of severity warning.
  public var warnings: Int
  /// The same by rule, with the first rows of each; `nil` where there are none. Names that no register gives their subjects stand here alone (V16): the row
  /// itself is as it should be.
  public var warningRules: [RowWarning]?
  /// Columns of the file that are no item of the entry, as they are headed: nothing of them was taken in; `nil` where there are none.
  public var ignoredColumns: [String]?
  /// The commit that made the batch visible.
  public var commit: UInt64
  /// Time it took.
  public var seconds: Double

  /// Whether the counters add up.
  public var isBalanced: Bool { reported == loaded + updated + duplicate + questionable + unlinked }
}

/// How far a collection has come.
public struct CollectionProgress: Sendable {
  /// What is being done.
  public enum Phase: String, Sendable {
    /// Reading, checking and sorting rows.
    case reading
    /// Deciding versions, encoding and writing.
    case loading
  }
  /// The phase.
  public var phase: Phase
  /// Share of the phase that is done, 0 to 1.
  public var fraction: Double
  /// Rows read so far.
  public var rows: Int
  /// Rows kept aside so far.
  public var setAside: Int
}

/// Settings of a collection.
public struct CollectionOptions: Sendable {
  /// Encoding of the file.
  public var encoding: FileEncoding = .auto
  /// Settings of the rules; by default those of today.
  public var rules: RuleOptions
  /// Rows kept aside at which a wholly wrong file is refused; `nil` means no limit.
  public var maximumRejects: Int?
  /// How the data came (报送渠道).
  public var channel = ReportingChannel.file
  /// Label of the period the data is for, such as `2026-11` (所属期); `nil` = what the unit's task says on the day.
  public var period: String?
  /// The batch whose rejected rows are sent again, corrected (重报).
  public var resubmits: UInt64?
  /// Codes of entries whose names are those of the subjects (主体库); rows of other entries with another name are counted in the receipt as V16. Empty:
  /// names are not compared. An entry that is not published counts as one without records.
  public var nameRegisters = ["QYDJ"]
  /// Asked before the file is read, and inside the commit; throws when it may not be taken in.
  package var admission: @Sendable (EngineSnapshot) throws -> Void = { _ in }
  /// Bits of content and key hashes that count; tests force collisions with fewer.
  package var hashMask: UInt64 = .max

  /// Makes settings for rules of a day.
  public init(today: Day) { rules = RuleOptions(today: today) }
}
