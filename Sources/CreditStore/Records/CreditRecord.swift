// Owns the record as callers see it: one version with its values.
// Invariants: values are canonical and in the order of the entry's items; the key is the contract's text form.
// Does not mask anything: who may see what is decided above.

public import CreditModel
import Foundation
import SegmentStore

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
  public let values: RecordValues

  /// The record key: values of the entry's record-key items joined by `|`, or 32 hex digits of the content.
  ///
  /// Computed at each call: without a record key it is half of a SHA-256, which few readers need.
  public var key: String { published.recordKey { values[$0] } }

  /// The key with its values as somebody may see them; a digest, where there is no record key, holds none.
  ///
  /// - Parameter shown: gives the value to show for an item's place and its value.
  package func key(_ shown: (Int, Value) -> Value) -> String {
    published.keyItems.isEmpty
      ? key : published.recordKey { place in values[place].map { shown(place, $0) } }
  }

  package init(
    entry: PublishedEntry, subject: Identifier, version: Int, state: RecordState, batch: UInt64,
    commit: UInt64,
    until: UInt64?, values: RecordValues
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

  /// The key of a record of an entry without record key: half of the SHA-256 over its canonical values, each with the id of its column.
  ///
  /// Absent values do not count: an item that joins the entry later changes no key.
  package static func contentDigest(_ values: some Sequence<(column: UInt32, value: Value)>) -> String {
    var hasher = SHA256()
    for (column, value) in values {
      // Each value with its length, so that no two lists of values run together.
      let text = value.canonicalText
      for number in [column, UInt32(text.utf8.count)] {
        hasher.update((0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) })
      }
      hasher.update(text.utf8)
    }
    return hasher.finalize().prefix(16).hexText
  }
}
