// Owns changing documents of the applications, and a record with them, in one commit.
// Invariants: what is decided is decided on the store as it is inside the commit; all of a change is there, or none of it.
// Does not decide who may change what (CreditApplications).

package import CreditModel
import Foundation
import SegmentStore

/// What a change of an application consists of.
package struct ApplicationChanges {
  /// A new version of a record that goes with the documents.
  package struct RecordChange: Sendable {
    package var entry: String
    package var subject: Identifier
    package var key: String
    package var state: RecordState
    package var reason: String
    /// Items and their new values; `nil` takes one away.
    package var values: [String: Value?]
    /// The day on which new values are judged; today where it is not said.
    package var today: Day?

    package init(
      entry: String, subject: Identifier, key: String, state: RecordState, reason: String,
      values: [String: Value?] = [:], today: Day? = nil
    ) {
      self.today = today
      self.entry = entry
      self.subject = subject
      self.key = key
      self.state = state
      self.reason = reason
      self.values = values
    }
  }

  struct Document {
    var kind: String
    var id: String
    var json: String
    var subjects: [SubjectKey]
  }

  private(set) var documents: [Document] = []
  /// Where documents stand, by kind and id.
  private var places: [String: Int] = [:]
  /// Lines of the access log that come into the store.
  package var logRows: [LogRow] = []
  package init() {}

  /// The record that changes; one at most, as a commit has one note.
  package var record: RecordChange?
  /// The record that comes in, where none changes.
  package var entered: EnteredRecord?
  /// A record that its entry has to be able to take, and that does not come in yet.
  package var foreseen: EnteredRecord?

  /// Puts a document in the place of its current version, or makes it.
  ///
  /// - Parameter subjects: those it concerns; whom it concerned before it still does.
  package mutating func put(
    _ kind: String, _ id: String, _ value: some Encodable, subjects: [Identifier] = []
  ) throws {
    let keys = try subjects.map { subject in
      guard let key = LinkTable.unseenKey(subject) else {
        throw CreditError(
          "invalidIdentifier", "an identifier must have 1 to \(SubjectKey.maximumTextBytes) bytes")
      }
      return key
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    // Of two versions in one change the later one counts: a document has one current version.
    if let place = places[kind + "\u{0}" + id] {
      documents[place].json = json
      documents[place].subjects += keys
      return
    }
    places[kind + "\u{0}" + id] = documents.count
    documents.append(Document(kind: kind, id: id, json: json, subjects: keys))
  }
}

/// What takes a trial back.
private struct TrialIsOver: Error {}

extension CreditDatabase {
  /// Changes documents, and a record with them, in one commit.
  ///
  /// - Parameters:
  ///   - note: what it is, kept with the batch.
  ///   - reason: why; names nobody.
  ///   - body: decides on the store inside the commit; what it throws undoes all.
  /// - Returns: what the body returned, and the commit; `nil` where nothing was changed.
  @discardableResult
  package func change<Result>(
    _ note: String, reason: String? = nil, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result
  ) throws -> (result: Result, commit: UInt64?) {
    do {
      let (result, commit) = try engine.write { try apply(note, reason, body, &$0) }
      return (result, commit)
    } catch { throw CreditError(wrapping: error) }
  }

  /// From now on changes fail at once where another process writes, instead of waiting for their turn.
  package func stopWaiting() { engine.stopWaiting() }

  /// Does as ``change(_:reason:_:)`` and takes it back: tells whether it could be done.
  ///
  /// - Throws: what the change would throw.
  package func tryChange<Result>(
    _ note: String, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result
  ) throws {
    do {
      _ = try engine.write { transaction in
        _ = try apply(note, nil, body, &transaction)
        throw TrialIsOver()
      }
    } catch is TrialIsOver { return } catch { throw CreditError(wrapping: error) }
  }

  private func apply<Result>(
    _ note: String, _ reason: String?, _ body: (CreditSnapshot, inout ApplicationChanges) throws -> Result,
    _ transaction: inout WriteTransaction
  ) throws -> Result {
    var changes = ApplicationChanges()
    let result = try body(CreditSnapshot(transaction.snapshot, database: self), &changes)
    if let foreseen = changes.foreseen {
      try foreseen.check(
        try catalogue.entry(foreseen.entry, on: foreseen.today), in: transaction.snapshot)
    }
    let records = (changes.record == nil ? 0 : 1) + (changes.entered == nil ? 0 : 1)
    guard records <= 1 else { throw CreditError("failed", "a commit changes one record") }
    guard !changes.documents.isEmpty || records > 0 || !changes.logRows.isEmpty else { return result }
    for document in changes.documents {
      try DocumentTable.put(
        document.kind, document.id, json: document.json, subjects: document.subjects, &transaction)
    }
    for row in changes.logRows { try LogTable.append(row, to: &transaction) }
    if let record = changes.record {
      try change(record, &transaction)
    } else if let entered = changes.entered {
      try entered.load(try catalogue.entry(entered.entry, on: entered.today), &transaction)
    } else {
      try Self.note(note, reason, &transaction)
    }
    return result
  }

  private func change(_ record: ApplicationChanges.RecordChange, _ transaction: inout WriteTransaction) throws
  {
    let entry = try catalogue.entry(record.entry, asOf: transaction.snapshot)
    guard let key = try LongIdentifiers.key(of: record.subject, in: transaction.snapshot) else {
      throw CreditError("unknownRecord", "the subject has no record of \(record.entry)")
    }
    try RecordEditor(engine: engine, entry: entry).change(
      subject: key, key: record.key, to: record.state, reason: record.reason, changes: record.values,
      today: record.today ?? Self.today(), &transaction)
  }
}
