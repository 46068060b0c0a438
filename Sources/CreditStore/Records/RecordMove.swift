// Owns bringing a record to the subject it belongs to, when a correction changes the identifier it was reported under.
// Invariants: one commit: the record is withdrawn where it stood and stands where it belongs; both histories stay readable, and a file with
// the old identifier, sent again, brings nothing back. A record that stands there already is never overwritten.
// Does not decide what is corrected (RecordEditor).

import CreditModel
import SegmentStore

/// Brings a corrected record to another subject.
struct RecordMove {
  let entry: PublishedEntry

  /// The subject that values name.
  struct Target {
    var key: SubjectKey
    /// The text of an identifier that a key does not hold whole.
    var longText: String?
  }

  /// The subject that the values of a record name, found as in a collected row.
  ///
  /// - Throws: `ruleFailed` when they name none, or the identifier fails and the entry does not let it pass.
  func target(of values: [Value?], today: Day) throws -> Target {
    let memory = StableArena()
    let outcome = SubjectReader(entry, today: today).subject { item in
      guard case .text(var text)? = values[item] else { return nil }
      return text.withUTF8 { bytes in
        UnsafeRawBufferPointer(start: memory.copy(UnsafeRawBufferPointer(bytes)), count: bytes.count)
      }
    }
    return try withExtendedLifetime(memory) {
      switch outcome {
      case .key(let key, let longText, _, _):
        return Target(key: SubjectKey(rawValue: key), longText: longText)
      case .failing(let item, let rule, let message):
        throw CreditError("ruleFailed", "\(rule): \(message)", item: item)
      case .none(let item, let message):
        throw CreditError("ruleFailed", "R-SUBJECT: \(message)", item: item)
      }
    }
  }

  /// Withdraws a record where it stands, and appends it with corrected values where it belongs.
  ///
  /// - Parameters:
  ///   - row: the current version.
  ///   - values: the corrected values.
  ///   - standing: what the subject it belongs to has under the same record key: a withdrawn record is continued.
  func move(
    _ row: StoredRow, values: [Value?], to target: Target, standing: StoredRow?,
    _ transaction: inout WriteTransaction
  ) throws {
    if let longText = target.longText {
      try LongIdentifiers.keep(longText, of: target.key.rawValue, &transaction)
    }
    if let standing {
      guard RecordState(rawValue: standing.system.state) == .withdrawn else {
        throw CreditError(
          "recordExists",
          "the subject has a record with this key already; withdraw the one under the wrong identifier")
      }
      transaction.supersede(standing.address)
    }
    transaction.supersede(row.address)
    try transaction.append(
      entry.schema, key: row.key, batch: transaction.commit, version: row.system.version + 1,
      state: RecordState.withdrawn.rawValue, payload: row.payload)
    try transaction.append(
      entry.schema, key: target.key.rawValue, batch: transaction.commit,
      version: (standing?.system.version ?? 0) + 1, state: RecordState.corrected.rawValue,
      payload: RowPayload.encode(values.map(RecordEditor.cell)))
  }
}
