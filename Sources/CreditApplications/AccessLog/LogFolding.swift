// Owns bringing the log files of processes that ended into the store, and proving that nothing of the log was changed.
// Invariants: a file is folded once, in one commit, with its last hash and a hash over all files before it; it is removed after that commit. A file whose
// chain is broken is not folded and not removed, and the others are. A last line that a process which died did not write to its end is left out.

import CreditModel
import CreditStore
import Foundation

/// What is kept of a folded file.
struct FoldedLog: Codable, Equatable {
  /// Name of the file.
  var file: String
  /// Lines.
  var lines: Int
  /// Hash of its last line.
  var hash: String
  /// Number among the folded files, from 1.
  var number: Int
  /// SHA-256 over the chain hash before it and its own.
  var chain: String

  static func chain(after previous: String, hash: String) -> String {
    ContentDigest.hex(ContentDigest.sha256(Array((previous + hash).utf8)))
  }
}

/// What checking the access log found (日志校验).
public struct LogVerification: Codable, Sendable, Equatable {
  /// Files that were folded into the store.
  public var foldedFiles: Int
  /// Files that were not yet.
  public var openFiles: Int
  /// Lines checked.
  public var lines: Int
  /// The hash over all folded files: kept elsewhere, it shows later that none was taken away.
  public var head: String
  /// What is wrong, with the file and the line; empty where nothing is.
  public var faults: [String]

  /// Whether nothing is wrong.
  public var isSound: Bool { faults.isEmpty }
}

extension CreditPlatform {
  /// Brings the files of processes that ended into the store; those of processes that run stay.
  ///
  /// - Returns: how many lines came into the store.
  /// - Throws: `CreditError`: `logTampered` names file and line, `readOnly`.
  @discardableResult
  public func foldLog() throws -> Int {
    var lines = 0
    var failure: CreditError?
    for name in try log.folder.names(ending: LogChain.ending) {
      do {
        lines +=
          try log.folder.withAbandoned(name) { () throws(CreditError) -> Int in
            do { return try fold(name) } catch { throw CreditError(wrapping: error) }
          } ?? 0
      } catch {
        // A file that is not what was written does not hold up the others.
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return lines
  }

  private func fold(_ name: String) throws -> Int {
    // Another process may have folded it between listing and locking.
    guard try log.folder.names(ending: name).contains(name) else { return 0 }
    let content = try LogChain.read(
      try log.folder.read(name), file: name, store: database.identifier, key: log.key)
    if !content.entries.isEmpty {
      _ = try database.change("accessLog") { snapshot, changes in
        guard try snapshot.document(DocumentKind.logFile, name) == nil else { return }
        let last = try Self.lastFolded(snapshot)
        let hash = ContentDigest.hex(content.hash)
        let folded = FoldedLog(
          file: name, lines: content.entries.count, hash: hash, number: (last?.number ?? 0) + 1,
          chain: FoldedLog.chain(after: last?.chain ?? "", hash: hash))
        try changes.put(DocumentKind.logFile, name, folded)
        try changes.put(DocumentKind.logHead, DocumentKind.logHead, folded)
        for entry in content.entries { changes.logRows += Self.rows(of: entry, in: name) }
      }
    }
    try log.folder.remove(name)
    return content.entries.count
  }

  /// The file folded last. Stores of before have no note of it, and are searched.
  private static func lastFolded(_ snapshot: CreditSnapshot) throws -> FoldedLog? {
    let head = try snapshot.document(DocumentKind.logHead, DocumentKind.logHead)
    return try head?.decoded(as: FoldedLog.self) ?? folded(snapshot).last
  }

  /// The folded files, in the order in which they were.
  private static func folded(_ snapshot: CreditSnapshot) throws -> [FoldedLog] {
    try snapshot.documents([DocumentKind.logFile]).map { try $0.decoded(as: FoldedLog.self) }
      .sorted { $0.number < $1.number }
  }

  private static func rows(of entry: AccessLogEntry, in file: String) -> [LogRow] {
    let subjects: [String?] = entry.subjects.isEmpty ? [nil] : entry.subjects
    return subjects.enumerated().map { place, subject in
      LogRow(
        instant: entry.instant, file: file, sequence: entry.sequence, place: place, account: entry.account,
        unit: entry.unit, roles: entry.roles.joined(separator: " "), portal: entry.portal.rawValue,
        terminal: entry.terminal, action: entry.action.rawValue, purpose: entry.purpose,
        caseNumber: entry.caseNumber, entries: entry.entries.joined(separator: " "), rows: entry.rows,
        consent: entry.consent, outcome: entry.outcome, subject: subject)
    }
  }

  /// The entry that rows of one line stand for.
  static func entry(of rows: [LogRow]) throws(CreditError) -> AccessLogEntry {
    guard let first = rows.first, let portal = Portal(rawValue: first.portal),
      let action = AccessAction(rawValue: first.action)
    else { throw CreditError("logTampered", "a line of the log has a word that is none") }
    func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
    return AccessLogEntry(
      sequence: first.sequence, instant: first.instant, account: first.account, unit: first.unit,
      roles: words(first.roles), portal: portal, terminal: first.terminal, action: action,
      purpose: first.purpose, caseNumber: first.caseNumber, subjects: rows.compactMap(\.subject),
      entries: words(first.entries), rows: first.rows, consent: first.consent, outcome: first.outcome)
  }

  // MARK: Proof

  /// Lines that are checked at once: the memory it takes.
  private static let linesAtOnce = 500_000

  /// Checks every line of the log there is, in the store and in files beside it.
  ///
  /// - Parameter expected: the head that an earlier check gave and that was kept elsewhere; where it is no longer on the way to the present one, files were
  ///   taken out.
  /// - Throws: `CreditError` where something cannot be read; what is wrong with the log is in the result.
  public func verifyLog(expecting expected: String? = nil) throws -> LogVerification {
    try log.flush()
    // Files first: one that is folded meanwhile is in the snapshot.
    let names = try log.folder.names(ending: LogChain.ending)
    let files = try names.compactMap { name in
      try log.folder.readIfThere(name).map { (name: name, bytes: $0) }
    }
    let snapshot = database.snapshot()
    let folded = try Self.folded(snapshot)
    let foldedNames = Set(folded.map(\.file))
    var result = LogVerification(
      foldedFiles: folded.count, openFiles: 0, lines: 0, head: folded.last?.chain ?? "", faults: [])
    var chain = ""
    var heads: Set<String> = [""]
    for (place, file) in folded.enumerated() {
      chain = FoldedLog.chain(after: chain, hash: file.hash)
      if file.chain != chain || file.number != place + 1 {
        result.faults.append("\(file.file): a file folded before it was taken out, or its note was changed")
        chain = file.chain
      }
      heads.insert(file.chain)
    }
    if let expected, !heads.contains(expected) {
      result.faults.append("the head \(expected) is none of this log: files were taken out of its end")
    }
    var rest = folded[...]
    while !rest.isEmpty {
      var count = 0
      let part = rest.prefix { file in
        count += file.lines
        return count <= Self.linesAtOnce || count == file.lines
      }
      rest = rest.dropFirst(part.count)
      try verify(Array(part), in: snapshot, &result)
    }
    for file in files where !foldedNames.contains(file.name) {
      result.openFiles += 1
      do {
        let content = try LogChain.read(file.bytes, file: file.name, store: database.identifier, key: log.key)
        result.lines += content.entries.count
      } catch { result.faults.append(error.description) }
    }
    return result
  }

  private func verify(
    _ files: [FoldedLog], in snapshot: CreditSnapshot, _ result: inout LogVerification
  ) throws {
    var rows: [String: [LogRow]] = Dictionary(
      files.map { ($0.file, []) }, uniquingKeysWith: { first, _ in first })
    try snapshot.forEachLogRow { row in rows[row.file]?.append(row) }
    for file in files {
      let lines = Dictionary(grouping: rows[file.file] ?? [], by: \.sequence)
      var hash = try LogChain.head(store: database.identifier, file: file.file, key: log.key).hash
      for sequence in 1...max(1, file.lines) {
        guard let line = lines[sequence]?.sorted(by: { $0.place < $1.place }) else {
          result.faults.append("\(file.file): line \(sequence) is missing")
          break
        }
        hash = LogChain.next(try Self.entry(of: line), after: hash, key: log.key)
        result.lines += 1
      }
      if lines.count != file.lines || ContentDigest.hex(hash) != file.hash {
        result.faults.append("\(file.file): its lines are not those that were folded")
      }
    }
  }
}
