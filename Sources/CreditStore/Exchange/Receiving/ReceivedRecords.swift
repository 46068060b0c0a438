// Owns what a package does to single records of this store: finding them, taking them back, bringing them to the values that came.
// Invariants: a record is found by its values, as a collected row would be, and else under the subject that the sender names; what nobody has cannot be taken
// back, and that is no failure; what this store closed itself stays closed. Every change asks inside its commit whether the package may still be taken in.
// Does not collect (Receiving).

import CreditModel
import SegmentStore

final class ReceivedRecords {
  /// What has to be done with a record that comes.
  enum Need {
    /// It is not here: it is collected.
    case collected
    /// It stands here as it came.
    case nothing
    /// It stands here, and has other values or was taken back by this sender.
    case edited
    /// This store closed it, and has it as it comes: a person decided.
    case refused
  }

  private let editor: RecordEditor
  private let entry: PublishedEntry
  private let sender: String
  private let admission: @Sendable (EngineSnapshot) throws -> Void
  private let today = CreditDatabase.today()
  /// Rows of the subject that was asked about last: changes of one subject come together.
  private var last: (key: UInt128, commit: UInt64, rows: [Row])?
  /// By batch.
  private var givers: [UInt64: Giver] = [:]

  /// - Parameters:
  ///   - sender: what changes are noted under; a record that was closed under it may be opened again.
  ///   - admission: throws, inside a commit, when the package may no longer be taken in.
  init(
    _ engine: SegmentEngine, _ entry: PublishedEntry, from sender: String,
    admission: @escaping @Sendable (EngineSnapshot) throws -> Void
  ) {
    editor = RecordEditor(engine: engine, entry: entry)
    self.entry = entry
    self.sender = sender
    self.admission = admission
  }

  // MARK: Finding

  private struct Row {
    var key: String
    var values: [Value?]
    var state: RecordState
    var batch: UInt64
    var isCurrent: Bool
  }

  private struct Place {
    var subject: SubjectKey
    var key: String
    var values: [Value?]
  }

  /// Where a record stands if it is here.
  private func place(_ message: ExchangeMessage) throws -> Place {
    var values = [Value?](repeating: nil, count: entry.entry.items.count)
    let identifying = Set(entry.keyItems + entry.subjectItems)
    for (index, item) in entry.entry.items.enumerated() {
      guard let text = message.values[item.id] else { continue }
      do { values[index] = try item.value(reading: text) } catch {
        // A value that this entry does not take, and that does not tell the record, is no hindrance to finding it.
        guard !entry.keyItems.isEmpty, !identifying.contains(index) else {
          throw CreditError(wrapping: error)
        }
      }
    }
    let target = try RecordMove(entry: entry).target(of: values, today: today)
    return Place(subject: target.key, key: entry.recordKey { values[$0] }, values: values)
  }

  /// All versions of records of the entry that a subject has.
  private func rows(of key: UInt128, in snapshot: EngineSnapshot) throws -> [Row] {
    if let last, last.key == key, last.commit == snapshot.commit { return last.rows }
    let reader = RecordReader(entry)
    let rows = try snapshot.rows(of: key, schema: entry.schema).map { row in
      let values = try reader.values(row.payload)
      return Row(
        key: entry.recordKey { values[$0] }, values: values,
        state: RecordState(rawValue: row.system.state) ?? .loaded, batch: row.system.batch,
        isCurrent: row.superseded == nil)
    }
    last = (key, snapshot.commit, rows)
    return rows
  }

  private func current(_ key: String, of subject: SubjectKey, in snapshot: EngineSnapshot) throws -> Row? {
    try rows(of: subject.rawValue, in: snapshot).first { $0.isCurrent && $0.key.utf8.elementsEqual(key.utf8) }
  }

  /// The subject under which a record stands: that of its values, or the one the sender names.
  private func standing(
    _ message: ExchangeMessage, _ place: Place, in snapshot: EngineSnapshot
  ) throws -> (subject: SubjectKey, row: Row)? {
    if let row = try current(place.key, of: place.subject, in: snapshot) { return (place.subject, row) }
    let named = Identifier(message.subject.text, as: message.subject.kind)
    guard let other = try LongIdentifiers.key(of: named, in: snapshot), other != place.subject,
      let row = try current(place.key, of: other, in: snapshot)
    else { return nil }
    return (other, row)
  }

  /// Who gave a version of a record.
  private enum Giver { case sender, otherSender, here }

  private func giver(_ row: Row, in snapshot: EngineSnapshot) throws -> Giver {
    if let known = givers[row.batch] { return known }
    let file = try Batches.batch(row.batch, in: snapshot)?.file ?? ""
    let giver: Giver =
      file.hasPrefix(sender) ? .sender : file.hasPrefix(Receiving.sources) ? .otherSender : .here
    givers[row.batch] = giver
    return giver
  }

  /// Whether a package closed a record, which whoever has the record may open again.
  private func isTakenBack(_ row: Row, in snapshot: EngineSnapshot) throws -> Bool {
    try giver(row, in: snapshot) != .here
  }

  /// What has to be done with a record that comes.
  func need(_ message: ExchangeMessage, in snapshot: EngineSnapshot) throws -> Need {
    // What cannot be read is collected: the rules say why it is refused.
    guard let place = try? place(message), let found = try standing(message, place, in: snapshot) else {
      return .collected
    }
    let row = found.row
    if row.state.isClosed, try isTakenBack(row, in: snapshot) { return .edited }
    if row.state.isClosed {
      // What is new of a record that this store closed itself is set aside: a person decides.
      let isKnown = try rows(of: found.subject.rawValue, in: snapshot).contains {
        $0.values == place.values && $0.key.utf8.elementsEqual(place.key.utf8)
      }
      // Under another subject it would be a record of its own.
      return isKnown || found.subject != place.subject ? .refused : .collected
    }
    if found.subject != place.subject { return .edited }
    if row.values == place.values, isWhole(message, place) { return .nothing }
    // Collecting takes a row that equals an earlier version for one that was sent twice. Of what the sender gave last it is the present state; what was
    // corrected here, or came from somebody else since, an older state of the sender's does not undo.
    let isReturning = try rows(of: place.subject.rawValue, in: snapshot).contains {
      !$0.isCurrent && $0.values == place.values && $0.key.utf8.elementsEqual(place.key.utf8)
    }
    guard isReturning else { return .collected }
    return try giver(row, in: snapshot) == .sender ? .edited : .nothing
  }

  /// Whether all values of a message could be read.
  private func isWhole(_ message: ExchangeMessage, _ place: Place) -> Bool {
    entry.entry.items.enumerated().allSatisfy { message.values[$1.id] == nil || place.values[$0] != nil }
  }

  // MARK: Changing

  private func change(
    _ subject: SubjectKey, _ key: String, to state: RecordState, _ changes: [String: Value?] = [:]
  ) throws {
    let reason = state == .withdrawn ? "taken back by the sender" : "sent by the sender"
    _ = try editor.change(
      subject: subject, key: key, to: state, reason: reason, changes: changes, today: today, source: sender,
      admission: admission)
  }

  /// Takes a record back; returns whether there was one to take back.
  func withdraw(_ message: ExchangeMessage) throws -> Bool {
    // A record that this entry cannot even hold was never here.
    guard let place = try? place(message) else { return false }
    let snapshot = editor.engine.snapshot()
    guard let found = try standing(message, place, in: snapshot), !found.row.state.isClosed,
      try isSenders(found.row, of: found.subject, in: snapshot)
    else { return false }
    try change(found.subject, place.key, to: .withdrawn)
    return true
  }

  /// Whether a record is this sender's to take back: it gave it last, or gave it first and it was corrected here since. What another sender gave last is that
  /// one's, for a subject may have moved from one city to the other; what a unit of this store reported first stays, whoever sends the same.
  private func isSenders(_ row: Row, of subject: SubjectKey, in snapshot: EngineSnapshot) throws -> Bool {
    switch try giver(row, in: snapshot) {
    case .sender: return true
    case .otherSender: return false
    case .here:
      let first = try rows(of: subject.rawValue, in: snapshot)
        .filter { $0.key.utf8.elementsEqual(row.key.utf8) }.min { $0.batch < $1.batch }
      guard let first else { return false }
      // A record that was moved here by a correction was nobody's report under this subject.
      return try giver(first, in: snapshot) == .sender || !isReport(first.batch, in: snapshot)
    }
  }

  /// Whether a batch took in rows, and is no change by hand.
  private func isReport(_ number: UInt64, in snapshot: EngineSnapshot) throws -> Bool {
    guard let batch = try Batches.batch(number, in: snapshot) else { return true }
    return batch.kind == "collect" || batch.kind == "judged"
  }

  /// Brings a record to the values that came, and opens it again where this sender closed it.
  func bring(_ message: ExchangeMessage) throws {
    let place = try place(message)
    guard isWhole(message, place) else {
      throw CreditError("invalidValue", "a value does not fit the item of this catalogue")
    }
    guard let found = try standing(message, place, in: editor.engine.snapshot()) else { return }
    var changes: [String: Value?] = [:]
    var identifying: [String: Value?] = [:]
    for (index, item) in entry.entry.items.enumerated() where found.row.values[index] != place.values[index] {
      if entry.subjectItems.contains(index) {
        identifying[item.id] = .some(place.values[index])
      } else {
        changes[item.id] = .some(place.values[index])
      }
    }
    if found.row.state.isClosed {
      try change(found.subject, place.key, to: .reinstated, changes)
    } else if !changes.isEmpty, identifying.isEmpty {
      try change(found.subject, place.key, to: .corrected, changes)
    }
    guard !identifying.isEmpty else { return }
    // A correction alone may change who the record is about, or how that is written.
    try change(
      found.subject, place.key, to: .corrected,
      found.row.state.isClosed ? identifying : identifying.merging(changes) { first, _ in first })
  }

  /// Takes back what this sender gave and no longer has: records of the entry that are not among some.
  ///
  /// - Parameter kept: digests of the records the sender has.
  /// - Returns: how many.
  func withdrawOthers(than kept: Set<UInt128>) throws -> Int {
    let snapshot = editor.engine.snapshot()
    var others: [(subject: SubjectKey, key: String)] = []
    for subject in try subjects(in: snapshot) {
      let subjectKey = SubjectKey(rawValue: subject)
      let rows = try rows(of: subject, in: snapshot)
      for row in rows where row.isCurrent && !row.state.isClosed {
        // Whoever gave a record first is its source, whoever corrected it since; unless another sender has it.
        let first = rows.filter { $0.key.utf8.elementsEqual(row.key.utf8) }.min { $0.batch < $1.batch } ?? row
        guard try giver(first, in: snapshot) == .sender, try giver(row, in: snapshot) != .otherSender,
          !kept.contains(Self.digest(subject, row.key))
        else { continue }
        others.append((subjectKey, row.key))
      }
    }
    var count = 0
    for other in others {
      do {
        try change(other.subject, other.key, to: .withdrawn)
        count += 1
      } catch let error as CreditError where error.code == "ambiguousKey" || error.code == "alreadyWithdrawn"
      {
        // Two records that were corrected here to the same content: a person has to look.
        continue
      }
    }
    return count
  }

  private func subjects(in snapshot: EngineSnapshot) throws -> [UInt128] {
    var keys: Set<UInt128> = []
    let schema = DatasetSchema(dataset: entry.dataset, version: entry.schema.version, columns: [])
    try DatasetScan(snapshot, schema: schema).forEach { (row) throws(StoreError) in keys.insert(try row.key) }
    return keys.sorted()
  }

  /// What tells a record from all others of the entry, for a set of them; `nil` where the message is none that this entry can hold.
  func digest(_ message: ExchangeMessage) -> UInt128? {
    guard let place = try? place(message) else { return nil }
    return Self.digest(place.subject.rawValue, place.key)
  }

  private static func digest(_ subject: UInt128, _ key: String) -> UInt128 {
    SubjectKey.digest(String(subject, radix: 16) + "|" + key)
  }
}
