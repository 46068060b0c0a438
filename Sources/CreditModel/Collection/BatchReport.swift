// Owns what is known of a batch: who reported what, how it came, what became of it.
// Invariants: the counters are those of the receipt.
// Does not find batches (CreditStore).

public import Foundation

/// A batch and what became of it (批次状态).
public struct BatchReport: Codable, Sendable, Equatable {
  /// How far a batch is.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// All its rows are in the store (已入库).
    case complete
    /// Some of its rows wait to be corrected, linked or judged again (待处理).
    case waiting
    /// Some of its rows wait, but as many were sent again: what still fails waits there (已重报).
    case resubmitted
    /// Its unit said that there is nothing to report for the period (零报送).
    case nothing
  }

  /// Its number.
  public var batch: UInt64
  /// Code of the entry.
  public var entry: String
  /// Credit code of the unit.
  public var unit: String?
  /// What the file was called.
  public var file: String?
  /// How it came; `nil` in batches of before channels were noted.
  public var channel: ReportingChannel?
  /// The period it says it is for.
  public var period: String?
  /// The batch whose rejects it sends again (重报), or whose rows it judged again.
  public var resubmits: UInt64?
  /// The batches that sent its rejects again.
  public var resubmittedIn: [UInt64] = []
  /// Rows of it that these batches brought as far as their receipts tell: those that became records or versions, and the most that failed again in one of them.
  public var resubmittedRows = 0
  /// Whether it is no file but rows of another batch that were judged again.
  public var isJudgement: Bool
  /// Rows reported.
  public var reported: Int
  /// New records.
  public var loaded: Int
  /// New versions.
  public var updated: Int
  /// Rows the store had.
  public var duplicate: Int
  /// Rows a rule failed for.
  public var questionable: Int
  /// Rows that name nobody.
  public var unlinked: Int
  /// Rows of it that still wait.
  public var waiting: Int
  /// When it was committed.
  public var instant: Date

  package init(
    batch: UInt64, entry: String, unit: String?, file: String?, channel: ReportingChannel?, period: String?,
    resubmits: UInt64?, isJudgement: Bool, reported: Int, loaded: Int, updated: Int, duplicate: Int,
    questionable: Int, unlinked: Int, waiting: Int, instant: Date
  ) {
    self.batch = batch
    self.entry = entry
    self.unit = unit
    self.file = file
    self.channel = channel
    self.period = period
    self.resubmits = resubmits
    self.isJudgement = isJudgement
    self.reported = reported
    self.loaded = loaded
    self.updated = updated
    self.duplicate = duplicate
    self.questionable = questionable
    self.unlinked = unlinked
    self.waiting = waiting
    self.instant = instant
  }

  /// How far it is.
  public var state: State {
    if waiting > 0 { return openRows > 0 ? .waiting : .resubmitted }
    return reported == 0 && file == nil ? .nothing : .complete
  }

  /// Rows of it that somebody has to see to: those that wait, without as many as were sent again. Nobody says which rows were sent again; of those that
  /// wait no longer all are taken to be among them, so that no row is hidden that waits.
  public var openRows: Int {
    let done = max(0, questionable + unlinked - waiting)
    return max(0, waiting - max(0, resubmittedRows - done))
  }

  /// Whether it is a file without rows: an export that failed looks so, and a unit that has nothing to report says so itself.
  package var isEmptyFile: Bool { reported == 0 && file != nil && !isJudgement }

  /// The day it was committed, in the time zone of Asia/Shanghai.
  public var day: Day {
    // An instant that was decoded may be any.
    let milliseconds = max(-9e15, min(9e15, instant.timeIntervalSince1970 * 1000))
    return Day(millisecondsSinceEpoch: milliseconds.isNaN ? 0 : Int64(milliseconds))
  }
}
