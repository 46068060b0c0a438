// Owns the catalogue of a store: publishing entries and finding them.
// Invariants: every version ever published stays readable; opening reads nothing: entries are decoded when asked for.
// Does not judge whether old records fit a new version.

public import CreditModel
import Foundation
package import SegmentStore

/// The catalogue (信用目录) of an open store.
public final class CreditCatalogue: Sendable {
  private let engine: SegmentEngine
  private let cache = Guarded(Cache())

  /// Decoded entries: a writer's follow its own publishing, a reader's hold as long as its view of the store.
  private struct Cache {
    var commit: UInt64 = 0
    var entries: [String: PublishedEntry] = [:]
  }

  private let byDataset = Guarded<[DatasetID: String]>([:])

  package init(engine: SegmentEngine) { self.engine = engine }

  /// The current version of an entry.
  ///
  /// - Throws: `CreditError` with code `unknownEntry` that lists the codes there are.
  public func entry(_ code: String) throws -> PublishedEntry {
    if let entry = try find(code, in: engine.snapshot()) { return entry }
    let codes = try list().prefix(20).map(\.entry.code).joined(separator: ", ")
    throw CreditError("unknownEntry", "no catalogue entry \(code); published are \(codes)")
  }

  /// All current entries by code.
  public func list() throws -> [PublishedEntry] {
    var entries: [PublishedEntry] = []
    try DatasetScan(engine.snapshot(), schema: SystemDatasets.catalogue).forEach { row in
      let code = String(decoding: try row.text(0) ?? [], as: UTF8.self)
      entries.append(try decode(code, row))
    }
    return entries.sorted { $0.entry.code < $1.entry.code }
  }

  /// Publishes entries.
  ///
  /// - Returns: how many were published and how many were there already, word for word.
  /// - Throws: `CatalogueError` for an invalid entry, `CreditError` for a version that is not newer; nothing changes.
  @discardableResult
  public func publish(_ entries: [CatalogueEntry]) throws -> (published: Int, unchanged: Int) {
    guard Set(entries.map(\.code)).count == entries.count else {
      throw CreditError(
        "invalidCatalogue", "the same entry stands twice; publish its versions one after the other")
    }
    var unchanged = 0
    var published: [PublishedEntry] = []
    _ = try engine.write { transaction in
      var nextDataset = SystemDatasets.firstEntry
      try DatasetScan(transaction.snapshot, schema: SystemDatasets.catalogue).forEach { row in
        nextDataset = max(nextDataset, UInt32(clamping: try row.integer(2) ?? 0) + 1)
      }
      for entry in entries {
        try entry.validate()
        let key = SystemDatasets.key(entryCode: entry.code)
        let old = try current(entry.code, in: transaction.snapshot)
        let next: PublishedEntry
        if let old {
          if old.value.entry == entry {
            unchanged += 1
            continue
          }
          guard entry.version > old.value.entry.version else {
            throw CreditError(
              "versionNotNewer",
              "entry \(entry.code) version \(entry.version) differs from the published version "
                + "\(old.value.entry.version); give it a higher version")
          }
          next = old.value.publishing(entry)
          let keyColumns = [old.value, next].map { entry in entry.keyItems.map { entry.columnIDs[$0] } }
          guard old.value.entry.recordKey == entry.recordKey, keyColumns[0] == keyColumns[1] else {
            throw CreditError(
              "recordKeyChanged",
              "entry \(entry.code) changes its recordKey or the type of an item in it; publish it under another code"
            )
          }
          transaction.supersede(old.address)
        } else {
          guard nextDataset < 1 << 24 else { throw CreditError("limit", "more than 16 million datasets") }
          next = PublishedEntry(
            entry: entry, dataset: DatasetID(rawValue: nextDataset),
            columnIDs: entry.items.indices.map { 16 + UInt32($0) },
            nextColumnID: 16 + UInt32(entry.items.count))
          nextDataset += 1
        }
        try transaction.append(
          SystemDatasets.catalogue, key: key, batch: transaction.commit,
          version: UInt32(clamping: entry.version),
          payload: RowPayload.encode(try Self.cells(next)))
        published.append(next)
      }
    }
    cache.withLock { cache in for entry in published { cache.entries[entry.entry.code] = entry } }
    return (published.count, unchanged)
  }

  /// Publishes one entry.
  @discardableResult
  public func publish(_ entry: CatalogueEntry) throws -> Bool { try publish([entry]).published == 1 }

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

  private func current(
    _ code: String, in snapshot: EngineSnapshot
  ) throws -> (value: PublishedEntry, address: RowAddress)? {
    let schema = SystemDatasets.catalogue
    for row in try snapshot.currentRows(of: SystemDatasets.key(entryCode: code), schema: schema) {
      let cells = try row.cells(schema)
      guard cells[0].string == code else { continue }
      let entry = try Self.decode(
        code, json: cells[3].string, columns: cells[4].string, dataset: cells[2].number, next: cells[5].number
      )
      return (entry, row.address)
    }
    return nil
  }

  private func decode(_ code: String, _ row: borrowing ScanRow) throws -> PublishedEntry {
    try Self.decode(
      code, json: (try row.text(3)).map { String(decoding: $0, as: UTF8.self) },
      columns: (try row.text(4)).map { String(decoding: $0, as: UTF8.self) }, dataset: try row.integer(2),
      next: try row.integer(5))
  }

  private static func decode(
    _ code: String, json: String?, columns: String?, dataset: Int64?, next: Int64?
  ) throws -> PublishedEntry {
    guard let json, let columns, let dataset, let next,
      let entry = try CatalogueEntry.decode(json: Data(json.utf8)).first, entry.code == code
    else { throw StoreError(.damaged, "the catalogue row of entry \(code) is incomplete") }
    let map = try JSONDecoder().decode(ColumnMap.self, from: Data(columns.utf8))
    guard map.items.count == entry.items.count else {
      throw StoreError(.damaged, "the catalogue row of entry \(code) has a wrong number of columns")
    }
    return PublishedEntry(
      entry: entry, dataset: DatasetID(rawValue: UInt32(clamping: dataset)), columnIDs: map.items,
      nextColumnID: UInt32(clamping: next), knownColumns: map.known)
  }

  /// The columns of an entry's items, and of all items it ever had.
  private struct ColumnMap: Codable {
    var items: [UInt32]
    var known: [String: UInt32]
  }

  private static func columnJSON(_ entry: PublishedEntry) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(ColumnMap(items: entry.columnIDs, known: entry.knownColumns))
  }

  private static func cells(_ entry: PublishedEntry) throws -> [RowPayload.Cell] {
    [
      .text(entry.entry.code), .integer(Int64(entry.entry.version)), .integer(Int64(entry.dataset.rawValue)),
      .text(String(decoding: try entry.entry.encodedJSON(), as: UTF8.self)),
      .text(String(decoding: try columnJSON(entry), as: UTF8.self)), .integer(Int64(entry.nextColumnID)),
    ]
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
