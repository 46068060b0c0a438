// Owns changing one record by hand: correcting, withdrawing, reinstating, repairing.
// Invariants: nothing is overwritten: each change is a new version in a commit of its own, with its reason in the batch; a slip of the pen that is corrected
// makes no repaired record public again.
// Does not check who may do so.

package import CreditModel
package import SegmentStore

package struct RecordEditor {
  package let engine: SegmentEngine
  package let entry: PublishedEntry

  package init(engine: SegmentEngine, entry: PublishedEntry) {
    self.engine = engine
    self.entry = entry
  }

  /// Makes a new version of a record.
  ///
  /// - Parameters:
  ///   - key: text form of the record key.
  ///   - changes: items to change; `nil` removes a value. Only corrections and reinstatements may change values, and only corrections the
  ///     identifier: the record moves to the subject it names.
  ///   - source: what the change comes from, where it is no person: noted as the file of its batch.
  ///   - admission: asked inside the commit; throws when the change may not be made any more.
  package func change(
    subject: SubjectKey, key: String, to state: RecordState, reason: String, changes: [String: Value?],
    today: Day, source: String? = nil, admission: (EngineSnapshot) throws -> Void = { _ in }
  ) throws -> UInt64 {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw CreditError("reasonMissing", "every change needs a reason")
    }
    // Nearly always the record is still the same when our turn comes: reading it does not have to wait for the turn.
    let before = engine.snapshot()
    let early = try found(subject: subject, key: key, in: before)
    let (_, commit) = try engine.write { transaction in
      try admission(transaction.snapshot)
      let isSame = transaction.snapshot.isStillCurrent(early.row.address, since: before)
      let found = isSame ? early : try found(subject: subject, key: key, in: transaction.snapshot)
      try put(
        found, subject: subject, to: state, reason: reason, changes: changes, today: today, source: source,
        &transaction)
    }
    guard let commit else { throw CreditError("failed", "the change was not committed") }
    return commit
  }

  /// Makes a new version of a record in a transaction that changes more.
  package func change(
    subject: SubjectKey, key: String, to state: RecordState, reason: String, changes: [String: Value?],
    today: Day, _ transaction: inout WriteTransaction
  ) throws {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw CreditError("reasonMissing", "every change needs a reason")
    }
    let found = try found(subject: subject, key: key, in: transaction.snapshot)
    try put(
      found, subject: subject, to: state, reason: reason, changes: changes, today: today, source: nil,
      &transaction)
  }

  private func put(
    _ found: (row: StoredRow, values: [Value?], unit: String?), subject: SubjectKey, to state: RecordState,
    reason: String, changes: [String: Value?], today: Day, source: String?,
    _ transaction: inout WriteTransaction
  ) throws {
    let (row, values, unit) = found
    let next = try apply(changes, to: values, from: row, state: state, today: today)
    if let target = try target(of: next, from: values, subject, today: today) {
      guard !(RecordState(rawValue: row.system.state)?.isClosed ?? false) else {
        throw CreditError(
          "closed", "the record is withdrawn or repaired: reinstate it before it goes to another subject")
      }
      let key = entry.recordKey { next[$0] }
      try RecordMove(entry: entry).move(
        row, values: next, to: target,
        standing: try match(target.key, key: key, in: transaction.snapshot)?.row, &transaction)
    } else {
      try checkIsNew(next, from: values, subject, in: transaction.snapshot)
      transaction.supersede(row.address)
      try transaction.append(
        entry.schema, key: subject.rawValue, batch: transaction.commit, version: row.system.version + 1,
        state: try self.state(after: state, of: row, in: transaction.snapshot).rawValue,
        payload: RowPayload.encode(next.map(Self.cell)))
    }
    // The record stays that of the unit which reported it.
    try Batches.append(
      Batch(
        kind: state.name, entry: entry.entry.code, unit: unit, file: source, receipt: nil, reason: reason,
        // What was not changed was not checked either.
        entryVersion: changes.isEmpty
          ? try Batches.entryVersion(ofBatch: row.system.batch, in: transaction.snapshot)
          : entry.entry.version),
      to: &transaction)
  }

  /// The state of a record after a change: what was repaired stays so when it is corrected, until somebody reinstates it.
  private func state(
    after change: RecordState, of row: StoredRow, in snapshot: EngineSnapshot
  ) throws -> RecordState {
    guard change == .corrected else { return change }
    // What was withdrawn is shown as it was before that.
    var last = row
    let reader = RecordReader(entry)
    func key(_ row: StoredRow) throws -> String {
      let values = try reader.values(row.payload)
      return entry.recordKey { values[$0] }
    }
    while last.system.state == RecordState.withdrawn.rawValue {
      let previous = try snapshot.rows(of: row.key, schema: entry.schema).first { other in
        try other.superseded == last.system.commit && other.system.version + 1 == last.system.version
          && (entry.keyItems.isEmpty || key(other) == key(last))
      }
      guard let previous else { break }
      last = previous
    }
    return last.system.state == RecordState.repaired.rawValue ? .repaired : change
  }

  /// Refuses values that another record of the subject has already, where all values together are the key: neither could be told from the other any more.
  private func checkIsNew(
    _ next: [Value?], from values: [Value?], _ subject: SubjectKey, in snapshot: EngineSnapshot
  ) throws {
    guard entry.keyItems.isEmpty, next != values else { return }
    let key = entry.recordKey { next[$0] }
    let isTaken: Bool
    do { isTaken = try match(subject, key: key, in: snapshot) != nil } catch let error as CreditError
      where error.code == "ambiguousKey"
    { isTaken = true }
    guard !isTaken else {
      throw CreditError(
        "recordExists", "the subject has a record with these values already; withdraw this one instead")
    }
  }

  /// The subject that corrected values name, where it is another one.
  private func target(
    of next: [Value?], from values: [Value?], _ subject: SubjectKey, today: Day
  ) throws -> RecordMove.Target? {
    guard entry.subjectItems.contains(where: { next[$0] != values[$0] }) else { return nil }
    let target = try RecordMove(entry: entry).target(of: next, today: today)
    return target.key == subject ? nil : target
  }

  static func cell(_ value: Value?) -> RowPayload.Cell {
    guard let value else { return .null }
    if case .text(let text) = value { return .text(text) }
    return .integer(value.stored ?? 0)
  }

  /// The current version of the record, and the unit that reported it.
  private func found(
    subject: SubjectKey, key: String, in snapshot: EngineSnapshot
  ) throws -> (row: StoredRow, values: [Value?], unit: String?) {
    let (row, values) = try find(subject: subject, key: key, in: snapshot)
    return (row, values, try Batches.unit(ofBatch: row.system.batch, in: snapshot))
  }

  /// The current version of the record.
  private func find(
    subject: SubjectKey, key: String, in snapshot: EngineSnapshot
  ) throws -> (row: StoredRow, values: [Value?]) {
    guard let found = try match(subject, key: key, in: snapshot) else {
      throw CreditError("unknownRecord", "the subject has no record of \(entry.entry.code) with this key")
    }
    return found
  }

  /// The current version of the record of a subject with a key, if there is one.
  private func match(
    _ subject: SubjectKey, key: String, in snapshot: EngineSnapshot
  ) throws -> (row: StoredRow, values: [Value?])? {
    let reader = RecordReader(entry)
    var found: (StoredRow, [Value?])?
    for row in try snapshot.currentRows(of: subject.rawValue, schema: entry.schema) {
      let values = try reader.values(row.payload)
      let text = entry.recordKey { values[$0] }
      if text.utf8.elementsEqual(key.utf8) {
        guard found == nil else { throw CreditError("ambiguousKey", "several records have this key") }
        found = (row, values)
      }
    }
    return found
  }

  private func apply(
    _ changes: [String: Value?], to values: [Value?], from row: StoredRow, state: RecordState, today: Day
  ) throws -> [Value?] {
    let present = RecordState(rawValue: row.system.state)
    switch state {
    case .withdrawn where present == .withdrawn:
      throw CreditError("alreadyWithdrawn", "the record is withdrawn already")
    case .reinstated where present?.isClosed != true:
      throw CreditError("notClosed", "only a withdrawn or repaired record can be reinstated")
    default: break
    }
    var next = values
    for (id, value) in changes {
      guard let index = entry.entry.itemIndex(id) else {
        throw CreditError("unknownItem", "entry \(entry.entry.code) has no item \(id)", item: id)
      }
      let isSubject = entry.subjectItems.contains(index)
      if entry.keyItems.contains(index) || isSubject && state != .corrected, next[index] != value {
        throw CreditError(
          "identityChanged",
          isSubject
            ? "the item identifies the subject; correct the record to bring it to another one"
            : "the item identifies the record; withdraw this record and collect the right one", item: id)
      }
      next[index] = try value.map { try fitted($0, to: entry.entry.items[index]) }
    }
    if state == .corrected, next == values {
      throw CreditError("nothingChanged", "the record has these values already")
    }
    if !changes.isEmpty {
      // Older layouts do not carry every item: only what the record had or is being given is asked for.
      let changed = changes.keys.compactMap(entry.entry.itemIndex)
      let present = Set(values.indices.filter { values[$0] != nil }).union(changed)
      try check(next, present: present, today: today)
    }
    return next
  }

  /// The value in the item's own type and scale; anything that would have to be bent is refused.
  private func fitted(_ value: Value, to item: CatalogueItem) throws -> Value {
    guard let read = try item.value(reading: value.canonicalText), read.canonicalText == value.canonicalText,
      item.type.isText == { if case .text = value { true } else { false } }()
    else {
      throw CreditError(
        "invalidValue", "the value is not a \(item.type.rawValue) as the item holds it", item: item.id)
    }
    if case .text(let text) = read, text.utf8.contains(0) {
      throw CreditError("invalidValue", "the value holds a NUL", item: item.id)
    }
    return read
  }

  /// A changed record must satisfy the rules a collected row must.
  private func check(_ values: [Value?], present: Set<Int>, today: Day) throws {
    let rules = RecordRules(entry.entry, present: present)
    if let missing = rules.requiredItems.first(where: { values[$0] == nil }) {
      let finding = rules.missing(missing)
      throw CreditError("ruleFailed", "\(finding.rule): \(finding.message)", item: finding.item)
    }
    for item in rules.itemsWithOptions.sorted() where present.contains(item) {
      guard case .text(var text)? = values[item] else { continue }
      let isAllowed = text.withUTF8 { rules.allow(UnsafeRawBufferPointer($0), for: item) }
      guard isAllowed else {
        let finding = rules.notAnOption(item)
        throw CreditError("ruleFailed", "\(finding.rule): \(finding.message)", item: finding.item)
      }
    }
    if let finding = rules.evaluate(values, options: RuleOptions(today: today)).errors.first {
      throw CreditError("ruleFailed", "\(finding.rule): \(finding.message)", item: finding.item)
    }
  }
}
