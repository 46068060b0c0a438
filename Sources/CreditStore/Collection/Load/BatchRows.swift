// Owns reading the gathered rows of a batch back into plain form: for comparing rows and for the journal.
// Invariants: rows are read with the pools of the worker that wrote them; equal values give equal plain forms.

import CreditModel
package import SegmentStore

/// Reads rows of runs.
package struct BatchRows: Sendable {
  package let schema: DatasetSchema
  package let texts: BatchTexts

  package init(schema: DatasetSchema, texts: BatchTexts) {
    self.schema = schema
    self.texts = texts
  }

  /// The plain form of a row; `nil` when a spilled row does not read back as written.
  package func payload(_ row: UnsafeRawPointer) -> [UInt8]? {
    let worker = RunRow.worker(row)
    let pools =
      worker < texts.pools.count
      ? texts.pools[worker] : [TextPool?](repeating: nil, count: schema.columns.count)
    return CodedRow.payload(
      RunRow.payload(row), schema, key: RunRow.key(row), pools: pools, keyText: SubjectKey.renderText)
  }

  /// The text of one column of a row.
  ///
  /// - Parameter scratch: where it may lie until the next call.
  func text(_ row: UnsafeRawPointer, column: Int, scratch: ByteArena) -> CodedRow.OneText {
    let worker = RunRow.worker(row)
    let pool = worker < texts.pools.count ? texts.pools[worker][column] : nil
    return CodedRow.text(
      ofColumn: column, RunRow.payload(row), schema, key: RunRow.key(row), pool: pool,
      keyText: SubjectKey.renderText, scratch: scratch)
  }

  /// Whether two rows have equal values.
  package func areEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
    guard RunRow.contentHash(left) == RunRow.contentHash(right) else { return false }
    if RunRow.worker(left) == RunRow.worker(right), RunRow.payload(left).elementsEqual(RunRow.payload(right))
    {
      return true
    }
    guard let left = payload(left), let right = payload(right) else { return false }
    return left == right
  }
}
