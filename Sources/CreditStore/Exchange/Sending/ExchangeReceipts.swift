// Owns noting what became of packages: that they went, what the receiver said, and what that means for one record.
// Invariants: a receipt is noted whole or not at all; noting it again changes nothing; a change that the package does not hold is an error. What a
// receiver says later holds.
// Does not send and does not ask receivers.

public import CreditModel
public import Foundation
import SegmentStore

/// How the change of one record stands with one receiver (单条上报状态).
public struct ExchangeStatus: Codable, Sendable, Equatable {
  /// How it stands.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// It is in no package yet.
    case waiting
    /// It is in a package that did not go yet.
    case packed
    /// It went.
    case sent
    /// The receiver has it.
    case accepted
    /// The receiver refused it.
    case rejected
    /// It did not go: something newer of the same record went instead, or the receiver never had what was withdrawn.
    case superseded
    /// It was taken back, or is not given, because its subject does not consent, or is shielded while it is reorganised.
    case withheld
  }

  /// Code of the route.
  public var route: String
  /// Version of the record.
  public var version: Int
  /// How it stands.
  public var state: State
  /// The last package it is in; `nil` while it waits, or did not go.
  public var package: Int?
  /// Its number there.
  public var id: String?
  /// How often it went.
  public var attempts: Int
  /// The receiver's word for why it refused it.
  public var code: String?
  /// The same for people.
  public var message: String?
}

extension CreditDatabase {
  private static let maximumReceiptLines = 1_000_000

  /// Notes that a package went to its receiver (已发送): once for each time it goes.
  ///
  /// - Parameters:
  ///   - number: the package.
  ///   - code: its route.
  ///   - instant: when.
  /// - Throws: `CreditError`: `unknownPackage`, `restart`.
  public func noteSent(_ number: Int, of code: String, at instant: Date = Date()) throws {
    do {
      _ = try engine.write { transaction in
        var package = try ExchangeTables(snapshot: transaction.snapshot).package(number, of: code)
        guard package.state != .restart else {
          throw CreditError("restart", "package \(number) of route \(code) holds nothing that could go")
        }
        package.attempts += 1
        package.sent = instant
        try ExchangeTables.put(package, &transaction)
        try Self.note("exchangeSent", nil, &transaction)
      }
    } catch { throw CreditError(wrapping: error) }
  }

  /// Notes what the receiver said of a package (回执登记).
  ///
  /// ```swift
  /// try database.note(ExchangeReceipt(route: "hebei-xzcf", package: 12, others: .accepted))
  /// ```
  /// - Parameter receipt: of the whole package, or of some of its changes.
  /// - Returns: the package as it stands now.
  /// - Throws: `CreditError`: `invalidReceipt`, `unknownPackage`, `unknownChange` for a line that names none of the package; nothing is noted then.
  @discardableResult
  public func note(_ receipt: ExchangeReceipt) throws -> ExchangePackage {
    do {
      if let problem = receipt.problem { throw CreditError("invalidReceipt", problem) }
      guard receipt.lines.count <= Self.maximumReceiptLines else {
        throw CreditError("limit", "a receipt has at most \(Self.maximumReceiptLines) lines")
      }
      let known = try ExchangeTables(snapshot: engine.snapshot()).package(receipt.package, of: receipt.route)
      guard known.state != .restart else {
        throw CreditError(
          "unknownPackage", "package \(receipt.package) of route \(receipt.route) holds nothing")
      }
      try check(receipt.lines, of: known)
      return try engine.write { transaction in
        let tables = ExchangeTables(snapshot: transaction.snapshot)
        var package = try tables.package(receipt.package, of: receipt.route)
        let before = package
        var lines = try tables.lines(of: receipt.package, receipt.route)
        let changed = receipt.lines.filter { lines[$0.id] != $0 }
        for line in changed { lines[line.id] = line }
        package.others = receipt.others ?? package.others
        package.accepted = lines.values.count { $0.state == .accepted }
        package.rejected = lines.values.count { $0.state == .rejected }
        // What it did not name fares as the others.
        switch package.others {
        case .accepted?: package.accepted = max(package.accepted, package.changes - package.rejected)
        case .rejected?: package.rejected = max(package.rejected, package.changes - package.accepted)
        case nil: break
        }
        guard package != before || !changed.isEmpty else { return package }
        // A receipt says that it went, whoever forgot to note it.
        if package.attempts == 0 { package.attempts = 1 }
        try ExchangeTables.put(changed, of: receipt.package, receipt.route, &transaction)
        try ExchangeTables.put(package, &transaction)
        try Self.note("exchangeReceipt", nil, &transaction)
        return package
      }.value
    } catch { throw CreditError(wrapping: error) }
  }

  private func check(_ lines: [ExchangeReceipt.Line], of package: ExchangePackage) throws {
    var unknown = Set(lines.map(\.id))
    guard !unknown.isEmpty else { return }
    var hasher = SHA256()
    try PackageContent(package, in: self).forEach { message in
      unknown.remove(message.id)
      hasher.update(message)
    }
    // Of a package that lost records to a purge, a receipt may name what is gone.
    guard let id = unknown.min(), hasher.finalize().hexText == package.sha256 else { return }
    throw CreditError(
      "unknownChange", "package \(package.number) of route \(package.route) holds no change \(id.prefix(40))")
  }
}

extension CreditSnapshot {
  /// How the current version of a record stands with every receiver, by route.
  ///
  /// - Parameter record: a current record of this snapshot, withdrawn ones too.
  /// - Throws: `CreditError`, code `damaged`.
  public func exchangeStatuses(of record: CreditRecord) throws -> [ExchangeStatus] {
    do {
      let tables = ExchangeTables(snapshot: engine)
      return try tables.routes().filter { $0.entries.contains(record.entry.code) }.map {
        try status(of: record, $0, tables)
      }
    } catch { throw CreditError(wrapping: error) }
  }

  private func status(
    of record: CreditRecord, _ route: ExchangeRoute, _ tables: ExchangeTables
  ) throws -> ExchangeStatus {
    var status = ExchangeStatus(
      route: route.code, version: record.version, state: .waiting, package: nil, id: nil, attempts: 0)
    let all = try tables.packages(of: route.code)
    let start = all.lastIndex { $0.state == .restart }.map { all.index(after: $0) } ?? 0
    let passed = all[start...].filter {
      $0.entry == record.entry.code && $0.toCommit >= record.commit
    }
    guard !passed.isEmpty else {
      // What may not go does not wait for a package.
      if try !mayGo(record, on: route) { status.state = .withheld }
      return status
    }
    // Of who was shielded records went, came back and went again as with a consent.
    func isShielded() throws -> Bool {
      guard try !documents(ShieldingDocument.kind, of: record.subject).isEmpty else { return false }
      return try passed.contains { try PackagePermissions($0, in: database)?.names(record.subject) ?? false }
    }
    let byConsent = try route.purpose == .authorized || isShielded()
    status.state = byConsent ? .withheld : .superseded
    // Whoever consents later gets records that are old by then: the last package that names the record tells.
    for package in byConsent ? passed.reversed() : passed
    where byConsent || package.fromCommit < record.commit {
      if byConsent, status.package != nil { break }
      guard let (id, operation) = try number(of: record, in: package) else { continue }
      guard !byConsent || operation == .put || record.state.isClosed else { break }
      let line = try tables.lines(of: package.number, route.code)[id]
      status.package = package.number
      status.id = id
      status.attempts += package.attempts
      (status.code, status.message) = (line?.code, line?.message)
      switch line?.state ?? package.others {
      case .accepted?: status.state = .accepted
      case .rejected?: status.state = .rejected
      case nil: status.state = package.attempts > 0 ? .sent : .packed
      }
    }
    return status
  }

  /// Whether a record that is in no package yet may be in the next one.
  private func mayGo(_ record: CreditRecord, on route: ExchangeRoute) throws -> Bool {
    guard route.purpose != .upward, !record.state.isClosed else { return true }
    // Nobody's consent that could be: there is no need to look at all others.
    if route.purpose == .authorized,
      try ownLinked(record.subject).allSatisfy({
        try documents(ConsentDocument.kind, of: $0.identifier).isEmpty
      })
    {
      return false
    }
    return try PermittedSubjects(route, record.entry, self, on: CreditDatabase.today()).allows(record.subject)
  }

  private func number(
    of record: CreditRecord, in package: ExchangePackage
  ) throws -> (id: String, operation: ExchangeMessage.Operation)? {
    var found: (id: String, operation: ExchangeMessage.Operation)?
    try PackageContent(package, in: database).forEach { message in
      if message.version == record.version, message.subject.kind == record.subject.kind,
        message.subject.text.utf8.elementsEqual(record.subject.text.utf8),
        message.key.utf8.elementsEqual(record.key.utf8)
      {
        found = (message.id, message.operation)
      }
    }
    return found
  }
}
