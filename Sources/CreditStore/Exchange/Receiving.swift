// Owns taking in a package of another platform: from its manifest to the receipt that goes back.
// Invariants: a package is taken in once, whole, and behind the one before it; taking it in again gives the same receipt and changes nothing; whatever
// stops it half-way, taking it in again ends it. Rows are checked as any others: what fails waits in the batch, and the receipt says so. What this
// store withdrew by itself stays withdrawn.
// Does not trust: files are compared with the manifest, changes with their numbers.

public import CreditModel
import Foundation
import SegmentStore

extension CreditDatabase {
  /// Takes in a package of another platform: records and corrections that it hands down, records that it takes back (下发数据入库).
  ///
  /// ```swift
  /// let received = try await database.receive(manifest: "inbox/province-000012.json")
  /// try JSONEncoder().encode(received.receipt).write(to: answer)
  /// ```
  /// The entry must stand in this catalogue with the same items for subject and record key.
  ///
  /// - Parameters:
  ///   - path: the manifest; the file with the changes lies beside it.
  ///   - unit: credit code of the unit that counts as the one that reports.
  /// - Throws: `CreditError`: `invalidManifest`, `unreadable`, `fileChanged`, `invalidMessage`, `unknownEntry`, `otherIdentity`, `unknownItem`, `packageMissing`
  ///   where one before it did not come, `otherPackage` where another of the number did; nothing is taken in then.
  @concurrent
  public func receive(manifest path: String, from unit: String? = nil) async throws -> ReceivedPackage {
    try await WorkerThreads.perform { [self] in
      do {
        let manifest = try Receiving.manifest(at: path)
        let folder = (path as NSString).deletingLastPathComponent
        let file = try Receiving.file(of: manifest, path)
        let changes = folder.isEmpty ? file.name : folder + "/" + file.name
        return try Receiving(self, manifest, file, unit: unit) { try FileBytes(path: changes) }.run()
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// The same for a service that gets package and manifest in a request.
  ///
  /// - Parameters:
  ///   - manifest: of the package.
  ///   - changes: its changes, a JSON line each.
  ///   - unit: credit code of the unit that counts as the one that reports.
  /// - Throws: `CreditError`, as of the other form.
  @concurrent
  public func receive(
    _ manifest: ExchangeManifest, changes: [UInt8], from unit: String? = nil
  ) async throws -> ReceivedPackage {
    try await WorkerThreads.perform { [self] in
      do {
        let file = try Receiving.file(of: manifest, "the manifest")
        return try Receiving(self, manifest, file, unit: unit) {
          var piece: [UInt8]? = changes
          return HandedBytes(totalBytes: changes.count) {
            defer { piece = nil }
            return piece
          }
        }.run()
      } catch { throw CreditError(wrapping: error) }
    }
  }
}

/// Taking in one package.
private struct Receiving {
  private static let maximumManifestBytes = 4 << 20
  private static let pieceBytes = 256 << 10

  private let database: CreditDatabase
  private let manifest: ExchangeManifest
  private let file: ExchangeManifest.File
  private let unit: String?
  private let open: @Sendable () throws -> any ByteSource

  init(
    _ database: CreditDatabase, _ manifest: ExchangeManifest, _ file: ExchangeManifest.File, unit: String?,
    open: @escaping @Sendable () throws -> any ByteSource
  ) {
    self.database = database
    self.manifest = manifest
    self.file = file
    self.unit = unit
    self.open = open
  }

  // MARK: The manifest

  static func manifest(at path: String) throws -> ExchangeManifest {
    try FileBytes.checkIsFile(path)
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    guard size <= maximumManifestBytes, let data = FileManager.default.contents(atPath: path) else {
      throw CreditError("unreadable", "the manifest cannot be read, or has more than 4 MiB", file: path)
    }
    do {
      return try JSONDecoder().decode(ExchangeManifest.self, from: data)
    } catch { throw CreditError("invalidManifest", "the file is no manifest of a package", file: path) }
  }

  /// The file with the changes.
  static func file(of manifest: ExchangeManifest, _ path: String) throws -> ExchangeManifest.File {
    guard manifest.format == ExchangeManifest.presentFormat else {
      throw CreditError(
        "invalidManifest", "the package has format \(manifest.format), which is of a later version",
        file: path)
    }
    guard manifest.form == .jsonLines, manifest.files.count == 1, let file = manifest.files.first else {
      throw CreditError(
        "invalidManifest", "only packages of the form jsonLines are taken in; collect a CSV file instead",
        file: path)
    }
    let isName = !file.name.isEmpty && !file.name.contains("/") && file.name != ".." && file.name != "."
    guard isName, (1...Int(Int32.max)).contains(manifest.package), manifest.sender.utf8.count <= 64,
      (1...64).contains(manifest.route.utf8.count), file.sha256.utf8.count == 64
    else { throw CreditError("invalidManifest", "the manifest contradicts itself", file: path) }
    return file
  }

  /// What came in before under this number; checks that none is missing before it.
  private func known() throws -> ReceivedPackage? {
    let before = try ExchangeTables(snapshot: database.engine.snapshot())
      .received(from: manifest.sender, route: manifest.route)
    if let same = before.first(where: { $0.package == manifest.package }) {
      guard same.sha256 == file.sha256, same.entry == manifest.entry else {
        throw CreditError(
          "otherPackage",
          "another package \(manifest.package) of route \(manifest.route) came in already: the sender was put back to an earlier state; let it begin anew "
            + "behind number \(before.last?.package ?? 0)")
      }
      return same
    }
    let last = before.last?.package
    guard manifest.previous == last || manifest.previous == nil && manifest.package > last ?? 0 else {
      throw CreditError(
        "packageMissing",
        "package \(manifest.package) of route \(manifest.route) goes behind \(manifest.previous.map(String.init) ?? "none"), and the last that came is "
          + "\(last.map(String.init) ?? "none"); take in the ones between, or let the sender begin anew")
    }
    return nil
  }

  // MARK: Taking in

  func run() throws -> ReceivedPackage {
    if let known = try known() { return known }
    let entry = try database.catalogue.entry(manifest.entry, on: CreditDatabase.today())
    try check(entry.entry)
    let changes = try read(entry)
    var received = ReceivedPackage(
      sender: manifest.sender, route: manifest.route, package: manifest.package, entry: manifest.entry,
      sha256: file.sha256, batch: nil, loaded: 0, updated: 0, duplicate: 0, withdrawn: 0,
      receipt: ExchangeReceipt(route: manifest.route, package: manifest.package, others: .accepted),
      received: Date())
    let editor = ReceivedRecords(database.engine, entry, from: source)
    // What is taken back goes first: of an entry without record key a corrected record would stand beside what it was.
    for message in changes.withdrawals { try withdraw(message, editor, &received) }
    try collect(entry, changes, &received)
    for message in changes.reinstated {
      let outcome = try outcome(of: message) { try editor.reinstate($0) }
      received.updated += outcome.isDone ? 1 : 0
      received.add(outcome.refusal)
    }
    return try keep(received)
  }

  /// What the changes that this package makes are noted under.
  private var source: String { "exchange:" + ExchangeTables.senderName(manifest.sender, manifest.route) }

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
  }

  private struct Changes {
    /// Numbers of the changes that are collected, in their order: 16 bytes each.
    var collected: [UInt128] = []
    /// What is taken back; among them what a corrected record replaces.
    var withdrawals: [ExchangeMessage] = []
    /// Records that this route took back earlier and that are shown again.
    var reinstated: [ExchangeMessage] = []
    var reinstatedIDs: Set<String> = []
  }

  /// Reads all changes once, before anything happens: whether the file is what the manifest says, and what each change needs.
  private func read(_ entry: PublishedEntry) throws -> Changes {
    let source = HashingBytes(try open())
    let snapshot = database.engine.snapshot()
    let closed = try ClosedRecords.keys(snapshot, dataset: entry.dataset)
    let records = ReceivedRecords(database.engine, entry, from: self.source)
    var changes = Changes()
    var puts = 0
    try forEachMessage(in: source) { message in
      guard message.operation == .put else {
        changes.withdrawals.append(message)
        return
      }
      puts += 1
      if let replaced = message.replaces {
        var withdrawal = message
        (withdrawal.operation, withdrawal.values) = (.withdraw, replaced)
        changes.withdrawals.append(withdrawal)
      }
      if !closed.isEmpty, try records.isTakenBack(message, closed, in: snapshot) {
        changes.reinstated.append(message)
        changes.reinstatedIDs.insert(message.id)
      } else {
        changes.collected.append(UInt128(message.id, radix: 16) ?? 0)
      }
    }
    let (count, digest) = try source.finish()
    guard count == file.bytes, digest == file.sha256 else {
      throw CreditError(
        "fileChanged", "the file is not the one the manifest names; let it be sent again", file: file.name)
    }
    let withdrawals = changes.withdrawals.count { $0.replaces == nil }
    guard puts == manifest.puts, withdrawals == manifest.withdrawals else {
      throw CreditError("invalidManifest", "the package holds other counts of changes than its manifest says")
    }
    return changes
  }

  private func forEachMessage(
    in source: any ByteSource, _ body: (ExchangeMessage) throws -> Void
  ) throws {
    guard file.bytes > 0 else { return }
    let reader = try JSONRecordReader(source, path: file.name, member: nil)
    var line = 0
    while let bytes = try reader.next() {
      line += 1
      guard let message = try? JSONDecoder().decode(ExchangeMessage.self, from: Data(bytes)),
        message.numbered(sender: manifest.sender).id == message.id, message.entry == manifest.entry
      else {
        throw CreditError(
          "invalidMessage", "the change cannot be read, or is not what its number says", file: file.name,
          row: line)
      }
      try body(message)
    }
  }

  private func withdraw(
    _ message: ExchangeMessage, _ records: ReceivedRecords, _ received: inout ReceivedPackage
  ) throws {
    let outcome = try outcome(of: message) { try records.withdraw($0) }
    received.withdrawn += outcome.isDone && message.replaces == nil ? 1 : 0
    received.add(outcome.refusal)
  }

  /// Does something for a change; what the store refuses is told to the sender, what fails otherwise ends it.
  private func outcome(
    of message: ExchangeMessage, _ body: (ExchangeMessage) throws -> Bool
  ) throws -> (isDone: Bool, refusal: ExchangeReceipt.Line?) {
    do { return (try body(message), nil) } catch let error as CreditError {
      return (
        false, ExchangeReceipt.Line(id: message.id, state: .rejected, code: error.code, message: error.item)
      )
    }
  }

  private func collect(
    _ entry: PublishedEntry, _ changes: Changes, _ received: inout ReceivedPackage
  ) throws {
    guard !changes.collected.isEmpty else { return }
    let rows = MessageRows(manifest.items, changes.collected)
    let reader = try JSONRecordReader(open(), path: file.name, member: nil)
    let isReinstated = changes.reinstatedIDs
    let bytes = HandedBytes(totalBytes: nil) {
      while rows.bytes.count < Self.pieceBytes, let line = try reader.next() {
        guard let message = try? JSONDecoder().decode(ExchangeMessage.self, from: Data(line)),
          message.numbered(sender: manifest.sender).id == message.id
        else {
          throw CreditError("fileChanged", "the file changed while it was read", file: file.name)
        }
        guard message.operation == .put, !isReinstated.contains(message.id) else { continue }
        try rows.append(message)
      }
      return rows.take()
    }
    var options = CollectionOptions(today: CreditDatabase.today())
    (options.channel, options.encoding) = (.interface, .utf8)
    let receipt = try Collector(
      engine: database.engine, entry: entry, unit: unit, options: options, shared: CollectionShared(),
      progress: { _ in }
    ).collect(bytes, path: source + "|\(manifest.package)")
    (received.batch, received.loaded, received.duplicate) = (receipt.batch, receipt.loaded, receipt.duplicate)
    received.updated += receipt.updated
    guard receipt.questionable + receipt.unlinked > 0 else { return }
    for row in try SetAsideReader(snapshot: database.engine.snapshot()).rows(ofBatch: receipt.batch) {
      guard changes.collected.indices.contains(row.row.row - 1) else { continue }
      let items = Set(row.row.reasons.map(\.item)).sorted().joined(separator: ", ")
      received.receipt.lines.append(
        ExchangeReceipt.Line(
          id: ExchangeMessage.text(ofNumber: changes.collected[row.row.row - 1]), state: .rejected,
          code: row.row.reasons.first?.rule, message: items.isEmpty ? nil : items))
    }
  }

  private func keep(_ received: ReceivedPackage) throws -> ReceivedPackage {
    try database.engine.write { transaction in
      let before = try ExchangeTables(snapshot: transaction.snapshot)
        .received(from: manifest.sender, route: manifest.route)
      // Somebody else may have taken it in at the same time: then it was there already.
      if let same = before.first(where: { $0.package == received.package }) { return same }
      try ExchangeTables.put(received, &transaction)
      try CreditDatabase.note("exchangeReceived", nil, &transaction)
      return received
    }.value
  }
}

extension ReceivedPackage {
  /// Adds what is said of a change, in the place of what was said of it before.
  fileprivate mutating func add(_ line: ExchangeReceipt.Line?) {
    guard let line else { return }
    receipt.lines.removeAll { $0.id == line.id }
    receipt.lines.append(line)
  }
}

/// Rows as CSV, made of messages.
private final class MessageRows: @unchecked Sendable {
  // Sendable because the store asks for bytes on one thread at a time.
  private let items: [String]
  private let numbers: [UInt128]
  private var count = 0
  private(set) var bytes = RowBytes()

  init(_ items: [String], _ numbers: [UInt128]) {
    self.items = items
    self.numbers = numbers
    bytes.append(items.map { Array($0.utf8) })
  }

  func append(_ message: ExchangeMessage) throws {
    guard count < numbers.count, UInt128(message.id, radix: 16) == numbers[count] else {
      throw CreditError("fileChanged", "the file changed while it was read")
    }
    count += 1
    bytes.append(items.map { id in message.values[id].map { Array($0.utf8) } })
  }

  func take() -> [UInt8]? { bytes.count > 0 ? bytes.takeAll() : nil }
}

/// Bytes on their way to a reader, counted and hashed.
private final class HashingBytes: ByteSource {
  private let source: any ByteSource
  private var hasher = SHA256()
  private var count = 0
  var totalBytes: Int? { source.totalBytes }

  init(_ source: any ByteSource) { self.source = source }

  func read(into target: UnsafeMutableRawPointer, count limit: Int) throws(StoreError) -> Int {
    let read = try source.read(into: target, count: limit)
    hasher.update(UnsafeRawBufferPointer(start: target, count: read))
    count += read
    return read
  }

  /// Reads what is left; gives the count and the digest of all bytes.
  func finish() throws -> (count: Int, digest: String) {
    try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      guard let base = buffer.baseAddress else { return }
      while try read(into: base, count: buffer.count) > 0 {}
    }
    return (count, hasher.finalize().hexText)
  }
}
