// Owns the record of what was done: one row a batch.
// Invariants: written in the commit of the batch; never changed, but for a purge that takes a name out of it: the row that holds it is replaced
// by another of the same batch, which counts for the past too.

package import CreditModel
import Foundation
package import SegmentStore

/// What one commit of the store above the engine did.
package struct Batch: Sendable {
  package var kind: String
  package var entry: String
  package var unit: String?
  package var file: String?
  package var receipt: Receipt?
  package var reason: String?
  /// The version of the entry its rows were checked against.
  package var entryVersion: Int?
  /// How its data came.
  package var channel: ReportingChannel?
  /// The label of the period it is for, where it says so.
  package var period: String?
  /// The batch whose rejects it sends again.
  package var resubmits: UInt64?
}

package enum Batches {
  /// Adds the batch to its own commit.
  package static func append(_ batch: Batch, to transaction: inout WriteTransaction) throws {
    try append(batch, as: transaction.commit, to: &transaction)
  }

  /// Adds a row that stands for an earlier batch from now on.
  package static func append(
    _ batch: Batch, as number: UInt64, to transaction: inout WriteTransaction
  ) throws {
    func cell(_ text: String?) -> RowPayload.Cell { text.map { .text($0) } ?? .null }
    var json: String?
    if let receipt = batch.receipt {
      json = String(decoding: try JSONEncoder().encode(receipt), as: UTF8.self)
    }
    try transaction.append(
      SystemDatasets.batches, key: SystemDatasets.key(batch: number), batch: transaction.commit,
      payload: RowPayload.encode(
        [
          .text(batch.kind), .text(batch.entry), cell(batch.unit), cell(batch.file), cell(json),
          cell(batch.reason), batch.entryVersion.map { .integer(Int64($0)) } ?? .null,
          cell(batch.channel?.rawValue), cell(batch.period),
          batch.resubmits.map { .integer(Int64(bitPattern: $0)) } ?? .null,
        ] + counters(batch.receipt)))
  }

  private static func counters(_ receipt: Receipt?) -> [RowPayload.Cell] {
    guard let receipt else { return Array(repeating: .null, count: 6) }
    return [
      receipt.reported, receipt.loaded, receipt.updated, receipt.duplicate, receipt.questionable,
      receipt.unlinked,
    ].map { .integer(Int64($0)) }
  }

  /// The batch with a number, or `nil`.
  package static func batch(_ number: UInt64, in snapshot: EngineSnapshot) throws -> Batch? {
    guard let cells = try cells(of: number, in: snapshot) else { return nil }
    return Batch(
      kind: cells[0].string ?? "", entry: cells[1].string ?? "", unit: cells[2].string, file: cells[3].string,
      receipt: try cells[4].string.map { try JSONDecoder().decode(Receipt.self, from: Data($0.utf8)) },
      reason: cells[5].string, entryVersion: cells[6].number.map(Int.init(clamping:)),
      channel: cells[7].string.flatMap(ReportingChannel.init(rawValue:)), period: cells[8].string,
      resubmits: cells[9].number.map { UInt64(bitPattern: $0) })
  }

  /// The version of its entry that the rows of a batch were checked against; `nil` where nobody noted it.
  package static func entryVersion(ofBatch number: UInt64, in snapshot: EngineSnapshot) throws -> Int? {
    try cells(of: number, in: snapshot)?[6].number.map(Int.init(clamping:))
  }

  /// The entry a batch was reported for; its receipt is not decoded.
  package static func entry(ofBatch number: UInt64, in snapshot: EngineSnapshot) throws -> String? {
    try cells(of: number, in: snapshot)?[1].string
  }

  /// The unit that reported a batch; its receipt is not decoded.
  package static func unit(ofBatch number: UInt64, in snapshot: EngineSnapshot) throws -> String? {
    try cells(of: number, in: snapshot)?[2].string
  }

  private static func cells(
    of number: UInt64, in snapshot: EngineSnapshot
  ) throws(StoreError) -> [RowPayload.Cell]? {
    let schema = SystemDatasets.batches
    guard number <= snapshot.commit else { return nil }
    let present = EngineSnapshot(view: snapshot.view, commit: snapshot.view.commit)
    let rows = try present.rows(of: SystemDatasets.key(batch: number), schema: schema)
    guard let row = rows.max(by: { $0.system.commit < $1.system.commit }) else { return nil }
    return try row.cells(schema)
  }
}
