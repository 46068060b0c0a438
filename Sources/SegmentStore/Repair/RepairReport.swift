// Owns what a repair tells: what was whole, what came from a backup, what was rebuilt, what is lost.
// Invariants: every row of the damaged store is in the repaired one or counted here, as far as its number can be known; no values and no keys.

/// What a repair did (修复报告).
public struct RepairReport: Sendable, Equatable, Codable {
  /// Rows that are lost together.
  public struct Loss: Sendable, Equatable, Codable {
    /// The file they stood in.
    public var file: String
    /// Number of the dataset; `nil` when that is lost too.
    public var dataset: UInt32?
    /// Number of rows; `nil` where nothing tells it any more.
    public var rows: Int?
    /// Batches the rows came with, or may have come with where nothing else is known; collecting their files again brings the rows back.
    public var batches: [UInt64]
    /// The rows came with commits from this one on …
    public var firstCommit: UInt64
    /// … to this one.
    public var lastCommit: UInt64
  }

  /// The commit the repaired store stands at.
  public var commit: UInt64
  /// Whether commits behind it are lost, because the journal is damaged and could not be mended, and no backup has them.
  public var losesCommits: Bool
  /// Segments that were whole.
  public var segmentsWhole: Int
  /// Damaged segments that the backup had whole.
  public var segmentsFromBackup: Int
  /// Damaged segments of which rows could be read.
  public var segmentsRebuilt: Int
  /// Segments of which nothing could be read.
  public var segmentsLost: Int
  /// Rows of the repaired store, superseded ones too.
  public var rows: Int
  /// What was damaged.
  public var faults: [StoreFault]
  /// What is lost.
  public var losses: [Loss]

  /// Whether everything is there.
  public var isComplete: Bool { losses.isEmpty && !losesCommits }
}
