// Owns the record as callers see it: one version with its values.
// Invariants: values are canonical and in the order of the entry's items; the key is the contract's text form.
// Does not mask anything: who may see what is decided above.

public import CreditModel
import Foundation
package import SegmentStore

/// One version of one credit record (信用记录).
public struct CreditRecord: Sendable {
  /// The entry the record belongs to.
  public var entry: CatalogueEntry { published.entry }
  private let published: PublishedEntry
  /// Kind and text of the subject's identifier.
  public let subject: Identifier
  /// Version, from 1.
  public let version: Int
  /// State of this version.
  public let state: RecordState
  /// Batch that brought the version.
  public let batch: UInt64
  /// Commit that made the version.
  public let commit: UInt64
  /// Commit that superseded the version; `nil` while it is current.
  public let until: UInt64?
  /// Values by position of the item; `nil` = absent.
  public let values: [Value?]

  /// The record key: values of the entry's record-key items joined by `|`, or 32 hex digits of the content.
  ///
  /// Computed at each call: without a record key it is half of a SHA-256, which few readers need.
  public var key: String {
    published.keyItems.isEmpty
      ? RecordKey.contentDigest(values) : RecordKey.text(published.keyItems.map { values[$0] })
  }

  package init(
    entry: PublishedEntry, subject: Identifier, version: Int, state: RecordState, batch: UInt64,
    commit: UInt64,
    until: UInt64?, values: [Value?]
  ) {
    published = entry
    self.subject = subject
    self.version = version
    self.state = state
    self.batch = batch
    self.commit = commit
    self.until = until
    self.values = values
  }

  /// Whether this is the current version as of the snapshot.
  public var isCurrent: Bool { until == nil }

  /// The value of an item.
  public subscript(_ item: String) -> Value? { published.entry.itemIndex(item).flatMap { values[$0] } }
}

package enum RecordKey {
  /// The text form of a key: canonical values joined by `|`, with `\` and `|` escaped by `\`, absent = empty.
  package static func text(_ values: [Value?]) -> String {
    let parts = values.map { value -> [UInt8] in
      // Byte by byte: a combining mark behind a bar makes one Character of both.
      (value?.canonicalText ?? "").utf8.flatMap { $0 == 0x5C || $0 == 0x7C ? [0x5C, $0] : [$0] }
    }
    return String(decoding: Array(parts.joined(separator: [0x7C])), as: UTF8.self)
  }

  /// The key of a record of an entry without record key: half of the SHA-256 over its canonical values.
  package static func contentDigest(_ values: [Value?]) -> String {
    var hasher = SHA256()
    for value in values {
      // Each value with its length, so that no two lists of values run together.
      guard let text = value?.canonicalText else {
        hasher.update([0xFF, 0xFF, 0xFF, 0xFF])
        continue
      }
      let count = UInt32(text.utf8.count)
      hasher.update((0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) })
      hasher.update(text.utf8)
    }
    return hasher.finalize().prefix(16).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
  }
}

/// Turns stored rows into records.
package struct RecordReader {
  package let entry: PublishedEntry

  package init(_ entry: PublishedEntry) { self.entry = entry }

  /// The values of a payload in the order of the items.
  package func values(_ payload: [UInt8]) throws(StoreError) -> [Value?] {
    var values = [Value?](repeating: nil, count: entry.entry.items.count)
    let isWhole = payload.withUnsafeBytes { bytes in
      RowPayload.walk(bytes, entry.schema) { index, view in
        switch view {
        case .null: break
        case .integer(let number): values[index] = entry.entry.items[index].value(stored: number)
        case .text(let text): values[index] = .text(String(decoding: text, as: UTF8.self))
        }
      }
    }
    guard isWhole else { throw StoreError(.damaged, "a row does not fit its entry") }
    return values
  }

  package func record(_ row: StoredRow, subject: Identifier) throws(StoreError) -> CreditRecord {
    try record(row.system, superseded: row.superseded, subject: subject, values: try values(row.payload))
  }

  private func record(
    _ system: RowSystemValues, superseded: UInt64?, subject: Identifier, values: [Value?]
  ) throws(StoreError) -> CreditRecord {
    guard let state = RecordState(rawValue: system.state) else {
      throw StoreError(.damaged, "a row has an unknown state")
    }
    return CreditRecord(
      entry: entry, subject: subject, version: Int(system.version), state: state, batch: system.batch,
      commit: system.commit, until: superseded, values: values)
  }

  /// Orders records by event date, then by commit: segments are read one after the other.
  private func sort(_ records: inout [CreditRecord]) {
    guard let column = entry.schema.orderColumn else { return records.sort { $0.commit < $1.commit } }
    func precedes(_ left: CreditRecord, _ right: CreditRecord) -> Bool {
      let orders = (left.values[column]?.stored ?? .min, right.values[column]?.stored ?? .min)
      return orders.0 != orders.1 ? orders.0 < orders.1 : left.commit < right.commit
    }
    records.sort(by: precedes)
  }

  /// The records of a subject that no later version superseded, straight from their columns.
  package func currentRecords(
    of key: UInt128, subject: Identifier, in snapshot: EngineSnapshot, includesWithdrawn: Bool
  ) throws(StoreError) -> [CreditRecord] {
    var records: [CreditRecord] = []
    let items = entry.entry.items
    let schema = entry.schema
    // Nearly always they are in order: one segment has them all.
    var last = (order: Int64.min, commit: UInt64(0))
    var isOrdered = true
    func append(_ system: RowSystemValues, _ values: [Value?]) throws(StoreError) {
      let order = schema.orderColumn.flatMap { values[$0]?.stored } ?? .min
      if order < last.order || order == last.order && system.commit < last.commit { isOrdered = false }
      last = (order, system.commit)
      records.append(try record(system, superseded: nil, subject: subject, values: values))
    }
    func isWanted(_ system: RowSystemValues) -> Bool {
      includesWithdrawn || system.state != RecordState.withdrawn.rawValue
    }
    try snapshot.visitCurrentRows(of: key, schema: schema) { (system, row, rows) throws(StoreError) in
      guard isWanted(system) else { return }
      var values = [Value?](repeating: nil, count: items.count)
      for index in values.indices {
        if schema.columns[index].type == .integer {
          if let number = try rows.integer(index, row) { values[index] = items[index].value(stored: number) }
        } else if let text = try rows.text(index, row, key: key) {
          values[index] = .text(String(decoding: text, as: UTF8.self))
        }
      }
      try append(system, values)
    } memory: { (row) throws(StoreError) in
      if isWanted(row.system) { try append(row.system, try values(row.payload)) }
    }
    if !isOrdered { sort(&records) }
    return records
  }
}
