// Owns what can be asked of the access log: who looked at a subject, and how the platform is used.
// Invariants: what is in files that are not folded yet counts too, so that nothing is missing because a process still runs.

public import CreditModel
import CreditStore

/// How often something was done (使用情况统计).
public struct AccessUse: Codable, Sendable, Equatable {
  /// Month, in Asia/Shanghai.
  public var month: Month
  /// Where.
  public var portal: Portal
  /// Credit code of the unit; `nil` on the website.
  public var unit: String?
  /// What.
  public var action: AccessAction
  /// How often it was allowed.
  public var allowed: Int
  /// How often it was refused or failed.
  public var refused: Int
  /// Subjects asked about.
  public var subjects: Int
  /// Records shown or written.
  public var rows: Int
}

extension CreditPlatform {
  /// What stands in files beside the store. They are read before the snapshot is taken, so that a file folded meanwhile is in one of both.
  private func openFiles() throws -> [(name: String, entries: [AccessLogEntry])] {
    try log.flush()
    return try log.folder.names(ending: LogChain.ending).compactMap { name in
      guard let bytes = try log.folder.readIfThere(name) else { return nil }
      return (name, try LogChain.read(bytes, file: name, store: database.identifier, key: log.key).entries)
    }
  }

  /// All lines, those in files beside the store too.
  private func forEachLine(_ body: (AccessLogEntry) throws -> Void) throws {
    let files = try openFiles()
    let snapshot = database.snapshot()
    var folded: Set<String> = []
    for document in try snapshot.documents([DocumentKind.logFile]) { folded.insert(document.id) }
    try snapshot.forEachLogRow { row in
      var entry = try Self.entry(of: [row])
      // A line of many subjects has a row for each; records are counted with the first.
      if row.place > 0 { entry.rows = 0 }
      entry.sequence = row.place == 0 ? entry.sequence : 0
      try body(entry)
    }
    for file in files where !folded.contains(file.name) {
      for entry in file.entries { try body(entry) }
    }
  }

  /// Who looked at a subject, under any identifier that is linked with it, oldest first.
  ///
  /// - Parameter own: the identifiers that count; `nil` = all that are linked.
  func accesses(to subject: Identifier, among own: Set<Identifier>? = nil) throws -> [AccessLogEntry] {
    let files = try openFiles()
    let snapshot = database.snapshot()
    let identifiers = try snapshot.identifiers(of: subject)
    var hashes: Set<String> = [log.hash(of: subject)]
    for identifier in identifiers where own?.contains(identifier) ?? true {
      hashes.insert(log.hash(of: identifier))
    }
    var found: [AccessLogEntry] = []
    for hash in hashes { found += try snapshot.logRows(of: hash).map { try Self.entry(of: [$0]) } }
    for file in files where try snapshot.document(DocumentKind.logFile, file.name) == nil {
      found += file.entries.compactMap { entry in
        let own = entry.subjects.filter(hashes.contains)
        guard !own.isEmpty else { return nil }
        var entry = entry
        entry.subjects = own
        return entry
      }
    }
    return found.sorted { ($0.instant, $0.sequence) < ($1.instant, $1.sequence) }
  }

  /// How the platform is used, by month, portal, unit and action.
  func use(from first: Month?, through last: Month?) throws -> [AccessUse] {
    struct Place: Hashable {
      var month: Month
      var portal: Portal
      var unit: String?
      var action: AccessAction
    }
    var uses: [Place: AccessUse] = [:]
    try forEachLine { entry in
      let month = Day(millisecondsSinceEpoch: entry.instant).month
      guard month >= first ?? month, month <= last ?? month else { return }
      let place = Place(month: month, portal: entry.portal, unit: entry.unit, action: entry.action)
      var use =
        uses[place]
        ?? AccessUse(
          month: month, portal: entry.portal, unit: entry.unit, action: entry.action, allowed: 0, refused: 0,
          subjects: 0, rows: 0)
      // Further subjects of a line that was counted.
      if entry.sequence > 0 {
        if entry.outcome == Self.allowed { use.allowed += 1 } else { use.refused += 1 }
      }
      use.subjects += entry.subjects.count
      use.rows += entry.rows
      uses[place] = use
    }
    return uses.values.sorted { left, right in
      if left.month != right.month { return left.month < right.month }
      if left.portal != right.portal { return left.portal.rawValue < right.portal.rawValue }
      if left.unit != right.unit { return left.unit ?? "" < right.unit ?? "" }
      return left.action.rawValue < right.action.rawValue
    }
  }
}
