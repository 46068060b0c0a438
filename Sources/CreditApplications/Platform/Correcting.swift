// Owns correcting, withdrawing and showing again records through the platform.
// Invariants: only the unit that reported a record, or the centre, as with decisions; a repaired record is no business of these: its case decides.
// Does not collect (Reporting).

import CreditModel
import CreditStore

extension AccessSession {
  /// Corrects a record (数据更正).
  ///
  /// - Parameters:
  ///   - entry: code of the entry.
  ///   - text: an identifier of the subject.
  ///   - key: the record key.
  ///   - values: items and what they become; `nil` takes a value away.
  ///   - reason: why; names nobody.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState` for a repaired record; `CreditError`: `unknownRecord`, `unknownItem`, `invalidValue`,
  ///   `reasonMissing`, `nothingChanged`, `ruleFailed`.
  public func correct(
    _ entry: String, of text: String, key: String, values: [String: String?], reason: String
  ) throws {
    try change(entry, text, key, .corrected, reason, values)
  }

  /// Withdraws a record (数据撤回): nobody is shown it any more.
  ///
  /// - Parameters:
  ///   - entry: code of the entry.
  ///   - text: an identifier of the subject.
  ///   - key: the record key.
  ///   - reason: why; names nobody.
  /// - Throws: as ``correct(_:of:key:values:reason:)``.
  public func withdraw(_ entry: String, of text: String, key: String, reason: String) throws {
    try change(entry, text, key, .withdrawn, reason)
  }

  /// Shows a withdrawn record again (恢复).
  ///
  /// - Parameters:
  ///   - entry: code of the entry.
  ///   - text: an identifier of the subject.
  ///   - key: the record key.
  ///   - reason: why; names nobody.
  /// - Throws: as ``correct(_:of:key:values:reason:)``.
  public func reinstate(_ entry: String, of text: String, key: String, reason: String) throws {
    try change(entry, text, key, .reinstated, reason)
  }

  private func change(
    _ entry: String, _ text: String, _ key: String, _ state: RecordState, _ reason: String,
    _ values: [String: String?] = [:]
  ) throws {
    let subject = identifier(text)
    try perform(.change, about: [subject]) { reading, facts in
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "every change needs a reason")
      }
      _ = try platform.database.changeRefusably("change") { snapshot, changes in
        let found = try reading.at(snapshot).records(entry, of: subject, key: key).first {
          try reading.isCompetent(for: snapshot.unit(of: $0), entry: entry)
        }
        // What is not there and what is somebody else's are answered alike.
        guard let found else {
          throw AccessRefusal(.notCompetent, "the unit that reported a record changes it, or the centre")
        }
        guard found.state != .repaired else {
          throw AccessRefusal(.wrongState, "the record is repaired; its case decides about it")
        }
        // Correcting would show it again.
        guard state != .corrected || found.state != .withdrawn else {
          throw AccessRefusal(.wrongState, "the record is withdrawn; reinstate it first")
        }
        changes.record = .init(
          entry: entry, subject: found.subject, key: key, state: state, reason: reason,
          values: try snapshot.entry(entry).changes(reading: values), today: reading.today)
      }
      (facts.entries, facts.rows) = ([entry], 1)
      // The record is changed, whatever becomes of this: the day's work lifts what is not lifted here.
      try? liftMeasures(of: subject, reading)
    }
  }
}
