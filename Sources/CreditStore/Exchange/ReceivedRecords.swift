// Owns what a package does to single records of this store: taking them back, showing again what it took back.
// Invariants: records are found by their values, as a collected row would be, never by the sender's word; what nobody has cannot be taken back, and
// that is no failure; what this store itself closed stays closed.
// Does not collect (Receiving).

import CreditModel
import SegmentStore

struct ReceivedRecords {
  private let editor: RecordEditor
  private let entry: PublishedEntry
  private let source: String
  private let today = CreditDatabase.today()

  /// - Parameter source: what changes are noted under; a record that was closed under it may be opened again.
  init(_ engine: SegmentEngine, _ entry: PublishedEntry, from source: String) {
    editor = RecordEditor(engine: engine, entry: entry)
    self.entry = entry
    self.source = source
  }

  private struct Place {
    var subject: SubjectKey
    var key: String
    var values: [Value?]
  }

  /// - Parameter needsAll: whether values that this store's entry does not take matter, which do not identify the record.
  private func place(_ message: ExchangeMessage, needsAll: Bool) throws -> Place {
    var values = [Value?](repeating: nil, count: entry.entry.items.count)
    let identifying = Set(entry.keyItems + entry.subjectItems)
    for (index, item) in entry.entry.items.enumerated() {
      guard let text = message.values[item.id] else { continue }
      do { values[index] = try item.value(reading: text) } catch {
        guard !needsAll, !entry.keyItems.isEmpty, !identifying.contains(index) else {
          throw CreditError(wrapping: error)
        }
      }
    }
    let target = try RecordMove(entry: entry).target(of: values, today: today)
    return Place(subject: target.key, key: entry.recordKey { values[$0] }, values: values)
  }

  /// Whether the record of a change is here, and this source took it back.
  ///
  /// - Parameter closed: subjects that have a closed record at all.
  func isTakenBack(
    _ message: ExchangeMessage, _ closed: Set<UInt128>, in snapshot: EngineSnapshot
  ) throws -> Bool {
    guard let place = try? place(message, needsAll: false), closed.contains(place.subject.rawValue),
      let row = try row(place, in: snapshot), RecordState(rawValue: row.system.state)?.isClosed == true
    else { return false }
    return try Batches.batch(row.system.batch, in: snapshot)?.file == source
  }

  private func row(_ place: Place, in snapshot: EngineSnapshot) throws -> StoredRow? {
    let reader = RecordReader(entry)
    return try snapshot.currentRows(of: place.subject.rawValue, schema: entry.schema).first { row in
      let values = try reader.values(row.payload)
      return entry.recordKey { values[$0] }.utf8.elementsEqual(place.key.utf8)
    }
  }

  /// Takes a record back; returns whether there was one to take back.
  func withdraw(_ message: ExchangeMessage) throws -> Bool {
    let place = try place(message, needsAll: false)
    do {
      _ = try editor.change(
        subject: place.subject, key: place.key, to: .withdrawn, reason: "taken back by the sender",
        changes: [:], today: today, source: source)
      return true
    } catch let error as CreditError where error.code == "unknownRecord" || error.code == "alreadyWithdrawn" {
      return false
    }
  }

  /// Shows a record again that was taken back, with the values it has now; returns whether it was still closed.
  func reinstate(_ message: ExchangeMessage) throws -> Bool {
    let place = try place(message, needsAll: true)
    let snapshot = editor.engine.snapshot()
    guard let row = try row(place, in: snapshot), RecordState(rawValue: row.system.state)?.isClosed == true
    else { return false }
    let present = try RecordReader(entry).values(row.payload)
    var changes: [String: Value?] = [:]
    for (index, item) in entry.entry.items.enumerated() where present[index] != place.values[index] {
      changes[item.id] = .some(place.values[index])
    }
    _ = try editor.change(
      subject: place.subject, key: place.key, to: .reinstated, reason: "shown again by the sender",
      changes: changes, today: today, source: source)
    return true
  }
}
