// Owns closing rows that were set aside and that nobody will correct any more: sent again in another file, or given up (销号).
// Invariants: a closed row waits no longer, and is read in every state before, as it was sent; the receipt of its batch stays; that rows were closed, and why, is
// a commit of its own.
// Does not decide whether the row was sent again: whoever closes it says so.

import CreditModel
import SegmentStore

/// Rows that were closed.
public struct ClosedRows: Codable, Sendable, Equatable {
  /// How many.
  public var rows = 0
  /// The commits that closed them.
  public var commits: [UInt64] = []
}

extension CreditDatabase {
  /// Rows of one commit.
  private static let closedRowsOfCommit = 500_000

  /// Closes rows of a batch that are set aside.
  ///
  /// A row that came again in another file, corrected, is a record by now, while its first attempt still waits: unless the file said which batch it sends
  /// again, nobody can tell that from outside.
  ///
  /// ```swift
  /// try database.closeSetAsideRows(ofBatch: 12, rows: [17, 18], reason: "sent again on 3 March")
  /// ```
  /// - Parameters:
  ///   - batch: number of the batch.
  ///   - rows: their numbers in the file; `nil` means all that are set aside still.
  ///   - reason: why; kept with the commit, must not name anybody.
  /// - Returns: what was closed; of no rows no commit is made.
  /// - Throws: `CreditError`: `unknownBatch`, `unknownRow` for a row that is not set aside, `reasonMissing`.
  @discardableResult
  public func closeSetAsideRows(
    ofBatch batch: UInt64, rows: Set<Int>? = nil, reason: String
  ) throws -> ClosedRows {
    do {
      guard reason.contains(where: { !$0.isWhitespace }) else {
        throw CreditError("reasonMissing", "rows are closed for a reason")
      }
      var closed = ClosedRows()
      var left = rows
      while left.map({ !$0.isEmpty }) ?? true {
        let (taken, commit) = try engine.write { transaction in
          try Self.close(left, ofBatch: batch, reason, isFirst: closed.commits.isEmpty, &transaction)
        }
        guard let commit, !taken.isEmpty else { break }
        closed.rows += taken.count
        closed.commits.append(commit)
        left?.subtract(taken)
      }
      return closed
    } catch { throw CreditError(wrapping: error) }
  }

  /// Closes as many rows as a commit takes; returns their numbers.
  private static func close(
    _ wanted: Set<Int>?, ofBatch number: UInt64, _ reason: String, isFirst: Bool,
    _ transaction: inout WriteTransaction
  ) throws -> [Int] {
    guard let batch = try Batches.batch(number, in: transaction.snapshot) else {
      throw CreditError("unknownBatch", "there is no batch \(number)")
    }
    // Read inside the commit: somebody else may have judged them meanwhile.
    let found = try SetAsideReader(snapshot: transaction.snapshot).places(ofBatch: number).filter {
      wanted?.contains($0.row) ?? true
    }
    if isFirst, let missing = wanted?.subtracting(found.map(\.row)).min() {
      throw CreditError("unknownRow", "row \(missing) of batch \(number) is not set aside")
    }
    let taken = found.prefix(closedRowsOfCommit)
    for row in taken { transaction.supersede(row.address) }
    guard !taken.isEmpty else { return [] }
    try Batches.append(
      Batch(
        kind: "closed", entry: batch.entry, unit: batch.unit, file: batch.file, receipt: nil, reason: reason,
        entryVersion: batch.entryVersion, resubmits: number),
      to: &transaction)
    return taken.map(\.row)
  }
}
