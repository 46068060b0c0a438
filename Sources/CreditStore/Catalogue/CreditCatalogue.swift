// Owns the catalogue of a store: publishing entries, finding and searching them.
// Invariants: every version ever published stays readable; opening reads nothing: entries are decoded when asked for.
// Does not judge whether old records fit a new version.

public import CreditModel
import Foundation
package import SegmentStore

/// The catalogue (信用目录) of an open store.
public final class CreditCatalogue: Sendable {
  let engine: SegmentEngine
  private let cache = Guarded(Cache())

  /// Decoded entries: a writer's follow its own publishing, a reader's hold as long as its view of the store.
  private struct Cache {
    var commit: UInt64 = 0
    var entries: [String: PublishedEntry] = [:]
  }

  private let byDataset = Guarded<[DatasetID: String]>([:])
  private let searched = Guarded(CatalogueIndex())

  package init(engine: SegmentEngine) { self.engine = engine }

  /// The current version of an entry.
  ///
  /// - Throws: `CreditError` with code `unknownEntry` that lists the codes there are.
  public func entry(_ code: String) throws -> PublishedEntry {
    if let entry = try find(code, in: engine.snapshot()) { return entry }
    let codes = try list().prefix(20).map(\.entry.code).joined(separator: ", ")
    throw CreditError("unknownEntry", "no catalogue entry \(code); published are \(codes)")
  }

  /// The current entry with a code, or `nil`.
  package func known(_ code: String) throws -> PublishedEntry? { try find(code, in: engine.snapshot()) }

  /// All current entries by code.
  public func list() throws -> [PublishedEntry] {
    var entries: [PublishedEntry] = []
    try DatasetScan(engine.snapshot(), schema: SystemDatasets.catalogue).forEach { row in
      entries.append(try CatalogueRow.entry(row))
    }
    return entries.sorted { $0.entry.code < $1.entry.code }
  }

  /// The JSON texts of all current entries by code, as they are stored: there may be tens of thousands, and nothing in them is read.
  public func listJSON() throws -> [(code: String, json: String)] {
    let all = SystemDatasets.catalogue
    let schema = DatasetSchema(
      dataset: all.dataset, version: all.version, columns: [all.columns[0], all.columns[3]])
    var texts: [(code: String, json: String)] = []
    try DatasetScan(engine.snapshot(), schema: schema).forEach { row in
      texts.append(
        (
          String(decoding: try row.text(0) ?? [], as: UTF8.self),
          String(decoding: try row.text(1) ?? [], as: UTF8.self)
        ))
    }
    return texts.sorted { $0.code.utf8.lexicographicallyPrecedes($1.code.utf8) }
  }

  // MARK: Publishing

  /// Publishes entries.
  ///
  /// - Parameters:
  ///   - entries: the entries, each once.
  ///   - leavesValues: whether items may get another type or scale although records have values: these stay in older versions and are not shown. Collecting
  ///     the files again brings them back.
  /// - Returns: how many were published and how many were there already, word for word.
  /// - Throws: `CatalogueError` for an invalid entry; `CreditError`: `versionNotNewer`, `recordKeyChanged`, `subjectChanged`, `typeChanged`; nothing changes.
  @discardableResult
  public func publish(
    _ entries: [CatalogueEntry], leavesValues: Bool = false
  ) throws -> (published: Int, unchanged: Int) {
    guard Set(entries.map(\.code)).count == entries.count else {
      throw CreditError(
        "invalidCatalogue", "the same entry stands twice; publish its versions one after the other")
    }
    var published: [PublishedEntry] = []
    let early = try lookEarly(at: entries, leavesValues)
    _ = try engine.write { transaction in
      var numbers = CatalogueNumbers()
      for entry in entries {
        if let next = try place(entry, leavesValues, early, &numbers, &transaction) { published.append(next) }
      }
    }
    remember(published)
    return (published.count, entries.count - published.count)
  }

  /// What was looked at before a transaction began.
  struct EarlyLook {
    var commit: UInt64
    /// The published versions whose records were looked at, by entry.
    var versions: [String: Int]
  }

  /// Looks for values that would be left behind before anybody has to wait: all records of an entry may have to be read.
  private func lookEarly(at entries: [CatalogueEntry], _ leavesValues: Bool) throws -> EarlyLook {
    let snapshot = engine.snapshot()
    var look = EarlyLook(commit: snapshot.commit, versions: [:])
    for entry in entries {
      // What is wrong with the entry itself is found in its turn.
      guard let old = try current(entry.code, in: snapshot)?.value, old.entry != entry,
        (try? entry.validate()) != nil, let next = try? Self.successor(of: old, entry)
      else { continue }
      try LeftValues(old: old, next: next, snapshot: snapshot).check(leavesValues: leavesValues)
      look.versions[entry.code] = old.entry.version
    }
    return look
  }

  /// Publishes one entry.
  @discardableResult
  public func publish(_ entry: CatalogueEntry, leavesValues: Bool = false) throws -> Bool {
    try publish([entry], leavesValues: leavesValues).published == 1
  }

  /// The numbers of datasets that a transaction gives out; looked for when the first is needed.
  struct CatalogueNumbers {
    fileprivate var nextDataset: UInt32?

    fileprivate mutating func take(_ snapshot: EngineSnapshot) throws -> DatasetID {
      var next = nextDataset ?? SystemDatasets.firstEntry
      if nextDataset == nil {
        let all = SystemDatasets.catalogue
        let schema = DatasetSchema(dataset: all.dataset, version: all.version, columns: [all.columns[2]])
        try DatasetScan(snapshot, schema: schema).forEach { row in
          next = max(next, UInt32(clamping: try row.integer(0) ?? 0) + 1)
        }
      }
      guard next < 1 << 24 else { throw CreditError("limit", "more than 16 million datasets") }
      nextDataset = next + 1
      return DatasetID(rawValue: next)
    }
  }

  /// Puts a version of an entry in the place of the current one; `nil` when it is the same word for word.
  func place(
    _ entry: CatalogueEntry, _ leavesValues: Bool, _ early: EarlyLook? = nil,
    _ numbers: inout CatalogueNumbers,
    _ transaction: inout WriteTransaction
  ) throws -> PublishedEntry? {
    try entry.validate()
    try Self.checkSpelling(entry)
    let next: PublishedEntry
    if let old = try current(entry.code, in: transaction.snapshot) {
      if old.value.entry == entry { return nil }
      next = try Self.successor(of: old.value, entry)
      let isSeen = early?.versions[entry.code] == old.value.entry.version
      try LeftValues(
        old: old.value, next: next, snapshot: transaction.snapshot, after: isSeen ? early?.commit ?? 0 : 0
      ).check(leavesValues: leavesValues)
      transaction.supersede(old.address)
    } else {
      next = PublishedEntry(
        entry: entry, dataset: try numbers.take(transaction.snapshot),
        columnIDs: entry.items.indices.map { 16 + UInt32($0) },
        nextColumnID: 16 + UInt32(entry.items.count))
    }
    try transaction.append(
      SystemDatasets.catalogue, key: SystemDatasets.key(entryCode: entry.code), batch: transaction.commit,
      version: UInt32(clamping: entry.version), payload: RowPayload.encode(try CatalogueRow.cells(next)))
    return next
  }

  private static let aliasBytes = 4096

  /// What is asked of entries that are published from now on; those that are stored may break it.
  private static func checkSpelling(_ entry: CatalogueEntry) throws(CatalogueError) {
    // Two spellings of the same characters would be two entries that nobody can tell apart.
    guard entry.code.utf8.elementsEqual(entry.code.precomposedStringWithCanonicalMapping.utf8) else {
      throw CatalogueError(
        entry: entry.code, path: "code", message: "must be written with composed characters (NFC)")
    }
    for (index, item) in entry.items.enumerated()
    where item.aliases.contains(where: { $0.utf8.count > aliasBytes }) {
      throw CatalogueError(
        entry: entry.code, path: "items[\(index)].aliases",
        message: "an alias is longer than \(aliasBytes) bytes")
    }
  }

  /// The next version of a published entry.
  ///
  /// - Throws: `CreditError`, codes `versionNotNewer` and `recordKeyChanged`.
  static func successor(
    of old: PublishedEntry, _ entry: CatalogueEntry
  ) throws(CreditError) -> PublishedEntry {
    guard entry.version > old.entry.version else {
      throw CreditError(
        "versionNotNewer",
        "entry \(entry.code) version \(entry.version) differs from the published version "
          + "\(old.entry.version); give it a higher version")
    }
    let next = old.publishing(entry)
    let keyColumns = [old, next].map { entry in entry.keyItems.map { entry.columnIDs[$0] } }
    guard old.entry.recordKey == entry.recordKey, keyColumns[0] == keyColumns[1] else {
      throw CreditError(
        "recordKeyChanged",
        "entry \(entry.code) changes its recordKey or the type of an item in it; publish it under another code"
      )
    }
    return next
  }

  /// Keeps what a commit published for those who ask next.
  func remember(_ published: [PublishedEntry]) {
    // A reader's entries belong to a commit; and of two that published, the later one may be here first.
    guard engine.mode.isExclusive else { return }
    cache.withLock { cache in
      for entry in published where cache.entries[entry.entry.code]?.entry.version ?? 0 < entry.entry.version {
        cache.entries[entry.entry.code] = entry
      }
    }
  }

  // MARK: Searching

  /// Entries that fit, a page at a time, by code.
  ///
  /// The first search reads the summaries of all entries; later ones read what was published since. Searching 25,000 entries takes milliseconds.
  ///
  /// - Parameters:
  ///   - query: the conditions.
  ///   - after: `next` of the page before; `nil` for the first.
  ///   - limit: entries of a page, at least 1.
  /// - Throws: `CreditError`, code `damaged` with file and offset where bytes on disk are not what was written.
  public func search(
    _ query: CatalogueQuery, after: String? = nil, limit: Int = 50
  ) throws -> CatalogueResults {
    do { return try index().search(query, after: after, limit: limit) } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// The same among those entries alone that may be found.
  package func search(
    _ query: CatalogueQuery, after: String?, limit: Int, where isVisible: (CatalogueSummary) -> Bool
  ) throws -> CatalogueResults {
    do {
      let index = try index()
      return index.search(query, after: after, limit: limit, visible: index.summaries.map(isVisible))
    } catch { throw CreditError(wrapping: error) }
  }

  /// The summaries of all entries, up to date.
  func index() throws -> CatalogueIndex {
    let snapshot = engine.snapshot()
    var index = searched.withLock { $0 }
    // Where the store was put back to an earlier state, what is known is of another one.
    let isOther = index.commit > 0 && engine.instant(of: index.commit) != index.instant
    if isOther { index = CatalogueIndex() }
    guard index.commit < snapshot.commit else { return index }
    try index.advance(to: snapshot, at: engine.instant(of: snapshot.commit))
    searched.withLock { if isOther || $0.commit < index.commit { $0 = index } }
    return index
  }

  /// The version of an entry that was current in a snapshot.
  package func entry(_ code: String, asOf snapshot: EngineSnapshot) throws -> PublishedEntry {
    if let entry = try knownEntry(code, asOf: snapshot) { return entry }
    throw CreditError("unknownEntry", "there was no catalogue entry \(code) at commit \(snapshot.commit)")
  }

  /// The same, or `nil` when the entry was not published yet.
  private func knownEntry(_ code: String, asOf snapshot: EngineSnapshot) throws -> PublishedEntry? {
    snapshot.commit == engine.lastKnownCommit
      ? try find(code, in: snapshot) : try current(code, in: snapshot)?.value
  }

  private func find(_ code: String, in snapshot: EngineSnapshot) throws -> PublishedEntry? {
    let isWriter = engine.mode.isExclusive
    let known = cache.withLock { cache -> PublishedEntry? in
      if !isWriter, cache.commit != snapshot.commit { cache = Cache(commit: snapshot.commit) }
      return cache.entries[code]
    }
    if let known { return known }
    guard let entry = try current(code, in: snapshot)?.value else { return nil }
    // What was published meanwhile is newer than what was read here.
    cache.withLock {
      if isWriter || $0.commit == snapshot.commit, $0.entries[code] == nil { $0.entries[code] = entry }
    }
    return entry
  }

  func current(
    _ code: String, in snapshot: EngineSnapshot
  ) throws -> (value: PublishedEntry, address: RowAddress)? {
    let schema = SystemDatasets.catalogue
    for row in try snapshot.currentRows(of: SystemDatasets.key(entryCode: code), schema: schema) {
      if let entry = try CatalogueRow.entry(code, of: row) { return (entry, row.address) }
    }
    return nil
  }
}

extension CreditCatalogue {
  /// Entries whose datasets are among those given, by code. Keeps the numbers of datasets it has seen.
  package func entries(of datasets: Set<DatasetID>, asOf snapshot: EngineSnapshot) throws -> [PublishedEntry]
  {
    let wanted = datasets.filter { $0.rawValue >= SystemDatasets.firstEntry }
    let known = byDataset.withLock { table in wanted.compactMap { table[$0] } }
    if known.count == wanted.count {
      // A segment may hold datasets of entries that came later than the snapshot.
      return try known.sorted().compactMap { try knownEntry($0, asOf: snapshot) }
    }
    let all = try codes(asOf: snapshot)
    byDataset.withLock { table in for entry in all { table[entry.dataset] = entry.code } }
    return try all.filter { wanted.contains($0.dataset) }.map(\.code).sorted().compactMap {
      try knownEntry($0, asOf: snapshot)
    }
  }

  /// Codes and datasets of all entries, without reading the entries themselves: there may be tens of thousands.
  package func codes(asOf snapshot: EngineSnapshot) throws -> [(code: String, dataset: DatasetID)] {
    let all = SystemDatasets.catalogue
    let schema = DatasetSchema(dataset: all.dataset, version: 1, columns: [all.columns[0], all.columns[2]])
    var codes: [(String, DatasetID)] = []
    try DatasetScan(snapshot, schema: schema).forEach { row in
      codes.append(
        (
          String(decoding: try row.text(0) ?? [], as: UTF8.self),
          DatasetID(rawValue: UInt32(clamping: try row.integer(1) ?? 0))
        ))
    }
    return codes
  }
}
