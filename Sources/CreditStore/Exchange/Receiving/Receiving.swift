// Owns taking in a package of another platform: from its manifest to the receipt that goes back.
// Invariants: a package is taken in once, whole, and behind the one before it; taking it in again gives the same receipt and changes nothing; whatever
// stops it half-way, taking it in again ends it. Rows are checked as any others: what fails is set aside in the batch, and the receipt says so. Of a
// package of any size, digests alone are in memory.
// Does not trust: files are compared with the manifest at each reading, changes with their numbers.

import CreditModel
import Foundation
import SegmentStore
import Synchronization

/// Taking in one package.
struct Receiving {
  private static let pieceBytes = 256 << 10
  private static let maximumRefusals = 100_000

  private let database: CreditDatabase
  private let manifest: ExchangeManifest
  private let messages: PackageMessages
  private let unit: String?

  init(
    _ database: CreditDatabase, _ manifest: ExchangeManifest, _ file: ExchangeManifest.File, unit: String?,
    open: @escaping () throws -> any ByteSource
  ) {
    self.database = database
    self.manifest = manifest
    self.unit = unit
    messages = PackageMessages(manifest, file, open: open)
  }

  /// What comes from a store, whatever the route, is noted under this.
  static func source(_ sender: String) -> String { "\(sources)\(sender)|" }

  /// How the names of all sources begin; no file that is collected may be called so.
  static let sources = "exchange:"

  /// Whether a batch took in a package: its rows are the sender's to correct.
  static func isPackage(_ batch: Batch) -> Bool { batch.file?.hasPrefix(sources) ?? false }

  /// Stores and routes of senders from which somebody in this process takes in a package.
  private static let busy = Mutex<Set<String>>([])

  func run() throws -> ReceivedPackage {
    let name = database.identifier + "|" + ExchangeTables.senderName(manifest.sender, manifest.route)
    guard Self.busy.withLock({ $0.insert(name).inserted }) else {
      throw CreditError(
        "conflict", "somebody else takes in a package of route \(manifest.route) at this time; try again")
    }
    defer { Self.busy.withLock { _ = $0.remove(name) } }
    return try takeIn()
  }

  private func takeIn() throws -> ReceivedPackage {
    let (sender, route) = (manifest.sender, manifest.route)
    let last = try tables.lastReceived(from: sender, route: route)
    if let known = try known(last) { return known }
    let entry = try entry()
    // All of it is read once before anything happens.
    try messages.verify()
    let admission: @Sendable (EngineSnapshot) throws -> Void = { snapshot in
      guard try ExchangeTables(snapshot: snapshot).lastReceived(from: sender, route: route) == last else {
        throw CreditError(
          "conflict", "somebody else takes in packages of route \(route) at the same time; try again")
      }
    }
    let records = ReceivedRecords(
      database.engine, entry, from: Self.source(manifest.sender), admission: admission)
    var outcome = ReceivedChanges()
    // What is taken back goes first: of an entry without record key a corrected record would stand beside what it was.
    try withdraw(records, &outcome)
    let edited = try collect(entry, records, admission, &outcome)
    try bring(edited, records, &outcome)
    return try keep(received(outcome), after: last)
  }

  private var tables: ExchangeTables { ExchangeTables(snapshot: database.engine.snapshot()) }

  // MARK: Before anything happens

  /// What came in before under this number; checks that none is missing before it.
  private func known(_ last: Int?) throws -> ReceivedPackage? {
    let (sender, route) = (manifest.sender, manifest.route)
    if let same = try tables.received(manifest.package, from: sender, route: route) {
      guard same.sha256 == messages.file.sha256, same.entry == manifest.entry else {
        throw CreditError(
          "otherPackage",
          "another package \(manifest.package) of route \(route) came in already: the sender was put back to an earlier state; let it begin anew behind "
            + "number \(last ?? 0)")
      }
      return same
    }
    guard sender != database.identifier else {
      throw CreditError(
        "ownPackage", "package \(manifest.package) of route \(route) is one that this store sent itself")
    }
    guard manifest.previous == last || manifest.previous == nil && manifest.package > last ?? 0,
      manifest.package > manifest.previous ?? 0
    else {
      throw CreditError(
        "packageMissing",
        "package \(manifest.package) of route \(route) goes behind \(manifest.previous.map(String.init) ?? "none"), and the last that came is "
          + "\(last.map(String.init) ?? "none"); take in the ones between, or let the sender begin anew")
    }
    return nil
  }

  /// The entry as it is now, or as its newest version has it: the sender may be ahead of the day on which that begins.
  private func entry() throws -> PublishedEntry {
    let newest = try database.catalogue.entry(manifest.entry)
    if let present = try? database.catalogue.entry(manifest.entry, on: CreditDatabase.today()),
      (try? check(present.entry)) != nil
    {
      return present
    }
    try check(newest.entry)
    return newest
  }

  private func check(_ entry: CatalogueEntry) throws {
    guard entry.subject == manifest.subject, entry.recordKey == manifest.recordKey else {
      throw CreditError(
        "otherIdentity",
        "entry \(entry.code) tells subjects or records apart by other items here than at the sender: \(manifest.subject.joined(separator: ", ")) and "
          + "\(manifest.recordKey.joined(separator: ", ")) there")
    }
    let known = Set(entry.items.map(\.id))
    if let item = manifest.items.first(where: { !known.contains($0) }) {
      throw CreditError(
        "unknownItem", "entry \(entry.code) has no item \(item), which the sender has; publish it first",
        item: item)
    }
    guard !entry.recordKey.isEmpty || known == Set(manifest.items) else {
      throw CreditError(
        "otherIdentity",
        "entry \(entry.code) tells records apart by their content, and has other items here than at the sender"
      )
    }
    do throws(HeaderError) {
      _ = try HeaderRecognition.recognize(manifest.items, for: entry)
    } catch {
      throw CreditError("wrongHeader", error.message, file: messages.file.name)
    }
    try ReportingCheck(snapshot: database.engine.snapshot()).check(
      unit, entry, period: nil, resubmits: nil, on: CreditDatabase.today())
  }

  // MARK: Taking in

  private func withdraw(_ records: ReceivedRecords, _ outcome: inout ReceivedChanges) throws {
    var kept: Set<UInt128> = []
    try messages.forEach { message in
      if manifest.isFull, message.operation == .put, let digest = records.digest(message) {
        kept.insert(digest)
      }
      var withdrawal = message
      if message.operation == .put {
        guard let replaced = message.replaces else { return }
        withdrawal.values = replaced
      }
      let refusal = try refusal {
        if try records.withdraw(withdrawal), message.operation == .withdraw { outcome.withdrawn += 1 }
      }
      outcome.refuse(message, refusal)
    }
    if manifest.isFull { outcome.withdrawn += try records.withdrawOthers(than: kept) }
  }

  /// Collects what is not here, or has new values; returns the numbers of those that need another hand.
  private func collect(
    _ entry: PublishedEntry, _ records: ReceivedRecords,
    _ admission: @escaping @Sendable (EngineSnapshot) throws -> Void, _ outcome: inout ReceivedChanges
  ) throws -> Set<UInt128> {
    let rows = MessageRows(manifest.items, messages, records, database.engine.snapshot())
    var options = CollectionOptions(today: CreditDatabase.today())
    (options.channel, options.encoding, options.admission) = (.interface, .utf8, admission)
    options.resubmits = try repeated(entry)
    // A package of which so much is refused meets another catalogue: none of its rows is taken in.
    options.maximumRejects = Self.maximumRefusals
    let receipt: Receipt? =
      try rows.isEmpty()
      ? nil
      : try Collector(
        engine: database.engine, entry: entry, unit: unit, options: options, shared: CollectionShared(),
        progress: { _ in }
      ).collect(
        HandedBytes(totalBytes: nil) { try rows.next(Self.pieceBytes) },
        path: Self.source(manifest.sender) + "\(manifest.route)|\(manifest.package)")
    outcome.duplicate += rows.standing
    for number in rows.refused {
      outcome.refuse(
        ExchangeMessage.text(ofNumber: number), "R-CLOSED", "the record is withdrawn or repaired here")
    }
    guard let receipt else { return rows.edited }
    outcome.batch = receipt.batch
    outcome.loaded = receipt.loaded
    outcome.updated += receipt.updated
    outcome.duplicate += receipt.duplicate
    guard receipt.questionable + receipt.unlinked > 0 else { return rows.edited }
    for row in try SetAsideReader(snapshot: database.engine.snapshot()).rows(
      ofBatch: receipt.batch, withRaw: false)
    {
      guard rows.collected.indices.contains(row.row.row - 1) else { continue }
      outcome.refuse(
        ExchangeMessage.text(ofNumber: rows.collected[row.row.row - 1]),
        row.row.reasons.first?.rule ?? "",
        // Messages of rules never repeat values.
        row.row.reasons.map { $0.item.isEmpty ? $0.message : "\($0.item): \($0.message)" }
          .joined(separator: "; "))
    }
    return rows.edited
  }

  /// The batch whose refused rows come again: units are judged by their first attempt, whatever came of it.
  private func repeated(_ entry: PublishedEntry) throws -> UInt64? {
    guard let number = manifest.repeats,
      let batch = try tables.received(number, from: manifest.sender, route: manifest.route)?.batch
    else { return nil }
    // Who counts as reporting may be another unit since: then it is a batch of its own.
    let check = ReportingCheck(snapshot: database.engine.snapshot())
    do {
      try check.check(unit, entry.entry, period: nil, resubmits: batch, on: CreditDatabase.today())
      return batch
    } catch let error as CreditError where error.code == "otherBatch" || error.code == "unknownBatch" {
      return nil
    }
  }

  private func bring(
    _ edited: Set<UInt128>, _ records: ReceivedRecords, _ outcome: inout ReceivedChanges
  ) throws {
    guard !edited.isEmpty else { return }
    try messages.forEach { message in
      guard message.operation == .put, edited.contains(message.number) else { return }
      let refusal = try refusal {
        try records.bring(message)
        outcome.updated += 1
      }
      outcome.refuse(message, refusal)
    }
  }

  /// Does something for a change; what the store refuses is told to the sender, what fails otherwise ends it.
  private func refusal(_ body: () throws -> Void) throws -> CreditError? {
    do {
      try body()
      return nil
    } catch let error as CreditError where error.code != "conflict" {
      // Another taking in of the same package was a moment quicker.
      return ["alreadyWithdrawn", "notClosed", "nothingChanged"].contains(error.code) ? nil : error
    }
  }

  private func received(_ outcome: ReceivedChanges) -> ReceivedPackage {
    ReceivedPackage(
      sender: manifest.sender, route: manifest.route, package: manifest.package, entry: manifest.entry,
      sha256: messages.file.sha256, batch: outcome.batch, loaded: outcome.loaded, updated: outcome.updated,
      duplicate: outcome.duplicate, withdrawn: outcome.withdrawn, rejected: outcome.refusals.count,
      receipt: ExchangeReceipt(
        route: manifest.route, package: manifest.package, others: .accepted,
        lines: outcome.refusals.values.sorted { $0.id < $1.id }),
      received: Date())
  }

  private func keep(_ received: ReceivedPackage, after last: Int?) throws -> ReceivedPackage {
    try database.engine.write { transaction in
      let tables = ExchangeTables(snapshot: transaction.snapshot)
      // Somebody else may have taken it in at the same time: then it was there already.
      if let same = try tables.received(received.package, from: received.sender, route: received.route) {
        return same
      }
      guard try tables.lastReceived(from: received.sender, route: received.route) == last else {
        throw CreditError("conflict", "somebody else takes in packages of route \(received.route)")
      }
      try ExchangeTables.put(received, &transaction)
      try CreditDatabase.note("exchangeReceived", nil, &transaction)
      return received
    }.value
  }
}

/// What became of the changes of a package.
private struct ReceivedChanges {
  var batch: UInt64?
  var loaded = 0
  var updated = 0
  var duplicate = 0
  var withdrawn = 0
  /// By number of the change.
  var refusals: [String: ExchangeReceipt.Line] = [:]

  mutating func refuse(_ message: ExchangeMessage, _ refusal: CreditError?) {
    if let refusal { refuse(message.id, refusal.code, refusal.item) }
  }

  mutating func refuse(_ id: String, _ code: String, _ message: String?) {
    let limits = ExchangeReceipt.Line.maximumBytes
    refusals[id] = ExchangeReceipt.Line(
      id: id, state: .rejected, code: ExchangeReceipt.Line.cut(code, to: limits.code),
      message: message.flatMap { $0.isEmpty ? nil : ExchangeReceipt.Line.cut($0, to: limits.message) })
  }
}

/// The rows of a package that are collected, as CSV, and what becomes of the others.
private final class MessageRows: @unchecked Sendable {
  // Sendable because the store asks for bytes on one thread at a time, and for the rest when that has ended.
  private let items: [String]
  private let messages: PackageMessages
  private let records: ReceivedRecords
  private let snapshot: EngineSnapshot
  private var reader: PackageMessages.Reader?
  private var bytes = RowBytes()
  /// Numbers of the changes that are collected, in the order of their rows.
  private(set) var collected: [UInt128] = []
  /// Those of records that are brought to their values one by one.
  private(set) var edited: Set<UInt128> = []
  /// Those of records that this store closed and has as they come.
  private(set) var refused: [UInt128] = []
  /// Records that stand here as they came.
  private(set) var standing = 0

  init(
    _ items: [String], _ messages: PackageMessages, _ records: ReceivedRecords, _ snapshot: EngineSnapshot
  ) {
    self.items = items
    self.messages = messages
    self.records = records
    self.snapshot = snapshot
  }

  /// Whether there is nothing to collect; reads up to the first row that is.
  func isEmpty() throws -> Bool {
    while collected.isEmpty, try advance() {}
    return collected.isEmpty
  }

  /// The next bytes; `nil` at the end.
  func next(_ count: Int) throws -> [UInt8]? {
    while bytes.count < count, try advance() {}
    return bytes.count > 0 ? bytes.takeAll() : nil
  }

  private func advance() throws -> Bool {
    let reader = try reader ?? messages.reader()
    self.reader = reader
    guard let message = try reader.next() else { return false }
    guard message.operation == .put else { return true }
    switch try records.need(message, in: snapshot) {
    case .collected:
      if collected.isEmpty { bytes.append(items.map { Array($0.utf8) }) }
      collected.append(message.number)
      bytes.append(items.map { id in message.values[id].map { Array($0.utf8) } })
    case .edited: edited.insert(message.number)
    case .refused: refused.append(message.number)
    case .nothing: standing += 1
    }
    return true
  }
}
