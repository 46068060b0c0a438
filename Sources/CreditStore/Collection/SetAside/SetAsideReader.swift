// Owns reading rows that were set aside: those of a batch, and those of an entry over all its batches.
// Invariants: rows stand by batch, then in file order; a row that was judged again and taken in is set aside no longer, and earlier snapshots still have it.
// Does not judge.

public import CreditModel
import Foundation
import SegmentStore

/// A row that was set aside, with the batch that brought it.
public struct SetAsideEntry: Sendable {
  /// Number of the batch.
  public let batch: UInt64
  /// The row.
  public let row: SetAsideRow

  /// Puts a row beside its batch.
  public init(batch: UInt64, row: SetAsideRow) {
    self.batch = batch
    self.row = row
  }
}

/// A stored row that was set aside.
struct StoredSetAside {
  var address: RowAddress
  var row: SetAsideRow
}

struct SetAsideReader {
  let snapshot: EngineSnapshot

  /// A row that is set aside, as far as its number and state tell.
  struct Place {
    var number: UInt32
    var state: SetAsideState
    var address: RowAddress
    var row: Int { Int(number) }
  }

  /// The rows of a batch that are set aside as of the snapshot, in file order; of each no more is read than this.
  func places(ofBatch batch: UInt64) throws -> [Place] {
    let all = SystemDatasets.setAside
    let schema = DatasetSchema(dataset: all.dataset, version: all.version, columns: Array(all.columns[..<2]))
    var places: [Place] = []
    func append(_ number: Int64?, _ state: Int64?, _ address: RowAddress) throws(StoreError) {
      guard let number = number.flatMap(UInt32.init(exactly:)),
        let state = state.flatMap(SetAsideState.init(rawValue:))
      else { throw incomplete }
      places.append(Place(number: number, state: state, address: address))
    }
    let key = SystemDatasets.key(batch: batch)
    let lying = try snapshot.places(of: key, includesHistory: false, among: [schema.dataset])
    try snapshot.visitCurrentRows(lying, schema: schema) { (rows, _, reader) throws(StoreError) in
      var values = [(number: Int64?, state: Int64?)](repeating: (nil, nil), count: rows.count)
      try reader.integers(0, rows) { values[$0].number = $1 }
      try reader.integers(1, rows) { values[$0].state = $1 }
      for (row, value) in zip(rows, values) {
        try append(value.number, value.state, reader.address(of: row))
      }
    } memory: { (row) throws(StoreError) in
      guard let cells = row.payload.withUnsafeBytes({ RowPayload.decode($0, schema) }) else {
        throw incomplete
      }
      try append(cells[0].number, cells[1].number, row.address)
    }
    // They stand in their order, nearly always.
    if zip(places, places.dropFirst()).contains(where: { $0.number > $1.number }) {
      places.sort { $0.number < $1.number }
    }
    return places
  }

  /// Visits the rows of a batch that are set aside as of the snapshot, in file order; of all of them no more than their places is in memory.
  func forEach(ofBatch batch: UInt64, _ body: (SetAsideRow) throws -> Void) throws {
    let schema = SystemDatasets.setAside
    let key = SystemDatasets.key(batch: batch)
    let fetcher = RowFetcher(snapshot)
    for place in try places(ofBatch: batch) {
      let row = try fetcher.row(at: place.address, key: key, schema: schema)
      try body(try stored(row, try row.cells(schema), withRaw: true).row)
    }
  }

  private var incomplete: StoreError { StoreError(.damaged, "a set-aside row is incomplete") }

  /// The numbers of the rows of a batch that are set aside as of the snapshot, ascending.
  func numbers(ofBatch batch: UInt64) throws -> [Int] { try places(ofBatch: batch).map(\.row) }

  /// The rows of a batch that are set aside as of the snapshot, in file order.
  ///
  /// - Parameters:
  ///   - wanted: numbers of the rows; `nil` = all.
  ///   - withRaw: whether the rows as they were sent are read too.
  func rows(
    ofBatch batch: UInt64, only wanted: Set<Int>? = nil, withRaw: Bool = true
  ) throws -> [StoredSetAside] {
    let schema = SystemDatasets.setAside
    var result: [StoredSetAside] = []
    for row in try snapshot.currentRows(of: SystemDatasets.key(batch: batch), schema: schema) {
      let cells = try row.cells(schema)
      // Reasons are taken apart and raw rows looked up one by one: only of those that are asked for.
      if let wanted, let number = cells[0].number, !wanted.contains(Int(number)) { continue }
      result.append(try stored(row, cells, withRaw: withRaw))
    }
    return result.sorted { $0.row.row < $1.row.row }
  }

  /// The first rows of a batch that are set aside as of the snapshot and wanted, in file order; the others are not read.
  ///
  /// - Parameter rule: only those with this rule among their reasons.
  func rows(
    ofBatch batch: UInt64, limit: Int, rule: String?, where isWanted: (Place) -> Bool
  ) throws -> [StoredSetAside] {
    let schema = SystemDatasets.setAside
    let key = SystemDatasets.key(batch: batch)
    let fetcher = RowFetcher(snapshot)
    var result: [StoredSetAside] = []
    for place in try places(ofBatch: batch) where result.count < limit && isWanted(place) {
      let row = try fetcher.row(at: place.address, key: key, schema: schema)
      let cells = try row.cells(schema)
      if let rule, try !reasons(cells).contains(where: { $0.rule == rule }) { continue }
      result.append(try stored(row, cells, withRaw: true))
    }
    return result
  }

  private func stored(
    _ row: StoredRow, _ cells: [RowPayload.Cell], withRaw: Bool
  ) throws -> StoredSetAside {
    guard let number = cells[0].number, let state = cells[1].number.flatMap(SetAsideState.init(rawValue:)),
      case .text(let digest) = cells[3]
    else { throw incomplete }
    return StoredSetAside(
      address: row.address,
      row: SetAsideRow(
        row: Int(number), state: state, reasons: try reasons(cells),
        raw: withRaw ? try raw(digest) : .missing))
  }

  private func reasons(_ cells: [RowPayload.Cell]) throws -> [RuleFinding] {
    try JSONDecoder().decode([RuleFinding].self, from: Data((cells[2].string ?? "[]").utf8))
  }

  private func raw(_ digest: [UInt8]) throws -> SetAsideRow.Raw {
    let schema = SystemDatasets.rawRows
    guard let row = try snapshot.rows(of: SystemDatasets.key(digest: digest), schema: schema).first else {
      return .missing
    }
    let cells = try row.cells(schema)
    let text = cells[1].string ?? ""
    switch cells[0].number {
    case RawRow.base64: return .base64(text)
    case RawRow.excerpt: return .excerpt(text)
    default: return .object(text)
    }
  }

  /// Batches from a number on that have rows set aside, of one entry or of all, ascending.
  func batches(of entry: String?, from first: UInt64 = 0) throws -> [UInt64] {
    var keys: Set<UInt128> = []
    try DatasetScan(
      snapshot, schema: DatasetSchema(dataset: SystemDatasets.setAside.dataset, version: 1, columns: [])
    ).forEach { row in keys.insert(try row.key) }
    let numbers = keys.map { UInt64(truncatingIfNeeded: $0) }.filter { $0 >= first }.sorted()
    guard let entry else { return numbers }
    return try numbers.filter { try Batches.entry(ofBatch: $0, in: snapshot) == entry }
  }
}

extension CreditSnapshot {
  /// Rows a batch set aside and that are so still, in file order.
  ///
  /// - Parameter batch: number of the batch.
  /// - Throws: `CreditError` with code `unknownBatch`.
  public func setAsideRows(ofBatch batch: UInt64) throws -> [SetAsideRow] {
    do {
      guard try Batches.batch(batch, in: engine) != nil else {
        throw CreditError("unknownBatch", "there is no batch \(batch)")
      }
      return try SetAsideReader(snapshot: engine).rows(ofBatch: batch).map(\.row)
    } catch { throw CreditError(wrapping: error) }
  }

  /// Visits the rows a batch set aside and that are so still, in file order, one after the other: of a batch of which millions were set aside no more than their
  /// places is in memory.
  ///
  /// ```swift
  /// try snapshot.forEachSetAsideRow(ofBatch: 12) { row in print(row.row, row.reasons) }
  /// ```
  /// - Parameters:
  ///   - batch: number of the batch.
  ///   - body: is given the rows; what it throws ends the visit.
  /// - Throws: `CreditError` with code `unknownBatch`; what the body throws.
  public func forEachSetAsideRow(ofBatch batch: UInt64, _ body: (SetAsideRow) throws -> Void) throws {
    do {
      guard try Batches.batch(batch, in: engine) != nil else {
        throw CreditError("unknownBatch", "there is no batch \(batch)")
      }
      try SetAsideReader(snapshot: engine).forEach(ofBatch: batch, body)
    } catch let error as StoreError { throw CreditError(wrapping: error) }
  }

  /// The entry that a batch was reported for, as this snapshot has it.
  ///
  /// - Parameter batch: number of the batch.
  /// - Throws: `CreditError`: `unknownBatch`, `unknownEntry`.
  public func entry(ofBatch batch: UInt64) throws -> CatalogueEntry {
    do {
      guard let known = try Batches.batch(batch, in: engine) else {
        throw CreditError("unknownBatch", "there is no batch \(batch)")
      }
      return try entry(known.entry)
    } catch { throw CreditError(wrapping: error) }
  }

  /// Rows of an entry that are set aside, whatever batch brought them (疑问数据、未关联数据查询).
  ///
  /// ```swift
  /// for found in try snapshot.setAsideRows(of: "XZCF", rule: "V03") { print(found.batch, found.row.row) }
  /// ```
  /// - Parameters:
  ///   - entry: code of the entry; `nil` means all.
  ///   - state: only questionable, or only unlinked ones.
  ///   - rule: only those with this rule among their reasons.
  ///   - last: batch and number of the row behind which the answer begins: the last one of the page before.
  ///   - limit: rows at most, 1 to 100,000.
  /// - Throws: `CreditError`: `limit`, `unknownEntry`, `damaged`.
  public func setAsideRows(
    of entry: String?, state: SetAsideState? = nil, rule: String? = nil,
    after last: (batch: UInt64, row: Int)? = nil, limit: Int = 1000
  ) throws -> [SetAsideEntry] {
    do {
      guard (1...100_000).contains(limit) else {
        throw CreditError("limit", "an answer has 1 to 100000 rows, not \(limit)")
      }
      if let entry { _ = try entries([entry]) }
      let reader = SetAsideReader(snapshot: engine)
      var found: [SetAsideEntry] = []
      for batch in try reader.batches(of: nil, from: last?.batch ?? 0) where found.count < limit {
        // Batches behind the page are not looked at.
        if let entry, try Batches.entry(ofBatch: batch, in: engine) != entry { continue }
        let rows = try reader.rows(ofBatch: batch, limit: limit - found.count, rule: rule) { place in
          if let last, batch == last.batch, place.row <= last.row { return false }
          return state.map { $0 == place.state } ?? true
        }
        found += rows.map { SetAsideEntry(batch: batch, row: $0.row) }
      }
      return found
    } catch { throw CreditError(wrapping: error) }
  }
}
