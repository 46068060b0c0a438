// Owns the changes of a package: reading them from the store, each as a message.
// Invariants: a package says how the receiver gets from the store as it was at one commit to the store as it was at another: a record that changed twice
// goes once, one that came and was withdrawn in between does not go at all. The same package gives the same messages, whatever was committed or merged
// since; a purge alone can take some away.
// Does not decide where a package ends (Packing).

import CreditModel
import SegmentStore

struct PackageContent {
  /// Versions read at a time.
  static let pageVersions = 50_000

  /// As of the last commit of the package.
  private let snapshot: CreditSnapshot
  /// The entry as it was when the package was put together: its items go, and no others.
  private let entry: PublishedEntry
  private let itemIDs: Set<String>
  /// Those that tell subject and record.
  private let identifying: Set<String>
  private let from: UInt64
  private let isFull: Bool
  /// For changes that go once more: which, and the store as it is by then; what has a newer version does not go.
  private let repeated: RepeatedChanges?
  /// Whose records the receiver had and may have; `nil` on routes upward.
  private let consents: PackagePermissions?
  /// For a package that goes now: whose records may go; `nil` where nobody is asked.
  var permitted: PermittedSubjects?

  /// That entry.
  var published: CatalogueEntry { entry.entry }

  init(_ package: ExchangePackage, in database: CreditDatabase) throws {
    try self.init(package, repeating: RepeatedChanges(package, in: database), in: database)
  }

  init(
    _ package: ExchangePackage, repeating repeated: RepeatedChanges?, in database: CreditDatabase
  ) throws {
    snapshot = database.snapshot(asOf: package.toCommit)
    entry = try database.catalogue.entry(
      package.entry, asOf: database.engine.snapshot(asOf: package.entryCommit))
    itemIDs = Set(entry.entry.items.map(\.id))
    identifying = Set(entry.entry.subject + entry.entry.recordKey)
    from = package.fromCommit
    isFull = package.isFull
    consents = try PackagePermissions(package, in: database)
    self.repeated = repeated
  }

  /// Numbers of the changes that the receiver had refused by some commit.
  func refused(in package: ExchangePackage, as then: CreditSnapshot) throws -> Set<String> {
    let lines = try ExchangeTables(snapshot: then.engine).lines(of: package.number, package.route)
    guard package.others == .rejected else {
      return Set(lines.values.filter { $0.state == .rejected }.map(\.id))
    }
    var refused: Set<String> = []
    try forEach { message in
      if lines[message.id]?.state != .accepted { refused.insert(message.id) }
    }
    return refused
  }

  /// Gives the messages, in the order in which the changes came.
  ///
  /// - Throws: `CreditError`, code `consentEnded`, before a record is given that may not go.
  func forEach(_ body: (ExchangeMessage) throws -> Void) throws {
    try visit { message, _ in
      if let permitted, message.operation == .put,
        !permitted.allows(Identifier(message.subject.text, as: message.subject.kind))
      {
        throw CreditError(
          "consentEnded",
          "the package holds records of somebody whose consent ended since, or who is shielded: where the receiver does not have it, let the route begin anew"
        )
      }
      try body(message)
    }
  }

  /// Gives the numbers of the changes; of those that go once more, the numbers that they had.
  func forEachNumber(_ body: (String) throws -> Void) throws {
    try visit { _, number in try body(number) }
  }

  private func visit(_ body: (_ message: ExchangeMessage, _ number: String) throws -> Void) throws {
    // Two records of an entry without record key may have been corrected to one content: elsewhere they are one record, and one message.
    var given: Set<String> = []
    var units: [UInt64: String?] = [:]
    var token = try ChangeToken(
      store: snapshot.database.identifier, commit: from,
      instant: from == 0 ? nil : snapshot.database.engine.instant(of: from)
    ).text()
    let histories = SubjectHistories(snapshot, entry.entry.code)
    while true {
      let page = try snapshot.changes(
        since: token, entries: [entry.entry.code], pageOf: Self.pageVersions)
      for record in page.changes where record.until == nil {
        guard let message = try message(record, histories, &units) else { continue }
        // Under the number it had when it went before.
        let number = try repeated?.original.asOfPresent(message).id ?? message.id
        guard repeated?.only.contains(number) ?? true, try isNewest(record) else { continue }
        guard !entry.keyItems.isEmpty || given.insert(message.id).inserted else { continue }
        guard try consents?.maySendAgain(message) ?? true else { continue }
        try body(try asOfPresent(message), number)
      }
      guard page.hasMore else { break }
      token = page.next
    }
    try forEachByConsent(&units) { message, record in
      guard repeated?.only.contains(message.id) ?? true,
        try message.operation == .withdraw || isNewest(record)
      else { return }
      guard try consents?.maySendAgain(message, isOpen: { try isOpen(record) }) ?? true else { return }
      guard !entry.keyItems.isEmpty || given.insert(message.id).inserted else { return }
      try body(message, message.id)
    }
  }

  /// Gives what goes, or is taken back, because a subject consented, or does no longer, and not because a record changed.
  private func forEachByConsent(
    _ units: inout [UInt64: String?], _ body: (ExchangeMessage, CreditRecord) throws -> Void
  ) throws {
    guard let consents else { return }
    func give(
      _ subject: Identifier, _ operation: ExchangeMessage.Operation, in snapshot: CreditSnapshot
    ) throws {
      for record in try snapshot.records(of: subject, entry: entry.entry.code, links: .ignored)
      where !record.state.isClosed {
        // What is taken back is named, and not given once more; without record key only its values name it.
        let all = values(record)
        let isWhole = operation == .put || !consents.isNamedAlone && entry.keyItems.isEmpty
        let given = isWhole ? all : all.filter { identifying.contains($0.key) }
        try body(try message(record, operation, given, &units), record)
      }
    }
    if !isFull, from > 0 {
      let before = snapshot.database.snapshot(asOf: from)
      for subject in consents.lost { try give(subject, .withdraw, in: before) }
    }
    for subject in consents.gained { try give(subject, .put, in: snapshot) }
  }

  private func message(
    _ record: CreditRecord, _ operation: ExchangeMessage.Operation, _ values: [String: String],
    replacing replaces: [String: String]? = nil, _ units: inout [UInt64: String?]
  ) throws -> ExchangeMessage {
    if units[record.batch] == nil {
      units[record.batch] = .some(try Batches.unit(ofBatch: record.batch, in: snapshot.engine))
    }
    return ExchangeMessage(
      operation: operation, entry: entry.entry.code,
      subject: .init(kind: record.subject.kind, text: record.subject.text), key: record.key,
      version: record.version, state: record.state.name, unit: units[record.batch] ?? nil, values: values,
      replaces: replaces
    ).numbered(sender: snapshot.database.identifier)
  }

  /// What goes again as the store is now: a content that another record has taken meanwhile is not taken back.
  private func asOfPresent(_ message: ExchangeMessage) throws -> ExchangeMessage {
    guard let present = repeated?.present, let replaces = message.replaces else { return message }
    let subject = Identifier(message.subject.text, as: message.subject.kind)
    let isTaken = try present.records(of: subject, entry: entry.entry.code, links: .ignored)
      .contains { values($0) == replaces }
    guard isTaken else { return message }
    var changed = message
    changed.replaces = nil
    return changed.numbered(sender: snapshot.database.identifier)
  }

  private func message(
    _ record: CreditRecord, _ histories: SubjectHistories, _ units: inout [UInt64: String?]
  ) throws -> ExchangeMessage? {
    // All there is: what is not in it is taken back by the receiver.
    if isFull, record.state.isClosed { return nil }
    // Whose consent came or went gets all records, or none, whatever changed in them.
    guard consents?.isSteady(record.subject) ?? true else { return nil }
    let operation = record.state.isClosed ? ExchangeMessage.Operation.withdraw : .put
    var values = values(record)
    var replaces: [String: String]?
    let needsEarlier = record.state.isClosed || entry.keyItems.isEmpty && record.version > 1
    if needsEarlier, !isFull {
      let earlier = try earlier(record, histories).map(self.values)
      switch (operation, earlier) {
      case (.withdraw, nil): return nil
      case (.withdraw, let earlier?): values = earlier
      case (.put, let earlier?): if earlier != values { replaces = earlier }
      case (.put, nil): break
      }
    }
    return try message(record, operation, values, replacing: replaces, &units)
  }

  private func values(_ record: CreditRecord) -> [String: String] {
    var values: [String: String] = [:]
    for (item, value) in zip(record.entry.items, record.values) where itemIDs.contains(item.id) {
      values[item.id] = value?.canonicalText
    }
    return values
  }

  /// What the receiver has of a record: its version at the commit behind which the package begins.
  private func earlier(_ record: CreditRecord, _ histories: SubjectHistories) throws -> CreditRecord? {
    guard from > 0 else { return nil }
    let versions = try histories.versions(of: record.subject)
    var current = record
    while current.commit > from {
      // Of an entry without record key, versions of one record follow each other alone by this.
      let previous = versions.first { version in
        version.until == current.commit && version.version == current.version - 1
          && (entry.keyItems.isEmpty || version.key.utf8.elementsEqual(current.key.utf8))
      }
      guard let previous else { return nil }
      current = previous
    }
    return current.state.isClosed ? nil : current
  }

  /// Whether a record is there when changes go again: then it goes, and is not taken back.
  private func isOpen(_ record: CreditRecord) throws -> Bool {
    guard let present = repeated?.present else { return false }
    return try present.records(of: record.subject, entry: entry.entry.code, links: .ignored).contains {
      other in
      !other.state.isClosed
        && (entry.keyItems.isEmpty
          ? values(other) == values(record) : other.key.utf8.elementsEqual(record.key.utf8))
    }
  }

  /// Whether nothing newer of a record has come since, which would go by itself.
  private func isNewest(_ record: CreditRecord) throws -> Bool {
    guard let present = repeated?.present else { return true }
    let isKeyed = !entry.keyItems.isEmpty
    return try present.records(
      of: record.subject, entry: entry.entry.code, versions: .history, links: .ignored
    ).contains { version in
      // Of an entry without record key the key changes with its items; the values of a version do not.
      version.commit == record.commit && version.version == record.version && version.until == nil
        && (isKeyed
          ? version.key.utf8.elementsEqual(record.key.utf8) : values(version) == values(record))
    }
  }
}

/// The histories of subjects, one after the other: changes of one subject come together.
private final class SubjectHistories {
  private let snapshot: CreditSnapshot
  private let entry: String
  private var last: (subject: Identifier, versions: [CreditRecord])?

  init(_ snapshot: CreditSnapshot, _ entry: String) {
    self.snapshot = snapshot
    self.entry = entry
  }

  func versions(of subject: Identifier) throws -> [CreditRecord] {
    if let last, last.subject.isSame(as: subject) { return last.versions }
    let versions = try snapshot.records(
      of: subject, entry: entry, versions: .history, links: .ignored)
    last = (subject, versions)
    return versions
  }
}
