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

  /// The numbers of the rows of a batch that are set aside as of the snapshot, ascending.
  func numbers(ofBatch batch: UInt64) throws -> [Int] {
    let schema = SystemDatasets.setAside
    return try snapshot.currentRows(of: SystemDatasets.key(batch: batch), schema: schema).map { row in
      guard let number = try row.cells(schema)[0].number else {
        throw StoreError(.damaged, "a set-aside row is incomplete")
      }
      return Int(number)
    }.sorted()
  }

  /// The rows of a batch that are set aside as of the snapshot, in file order.
  ///
  /// - Parameters:
  ///   - wanted: numbers of the rows; `nil` = all.
  ///   - withRaw: whether the rows as they were sent are read too.
  func rows(
    ofBatch batch: UInt64, only wanted: Set<Int>? = nil, withRaw: Bool = true
  ) throws -> [StoredSetAside] {
    try rows(ofBatch: batch, limit: .max, withRaw: withRaw) { row, _ in wanted?.contains(row) ?? true }
  }

  /// The first rows of a batch that are set aside as of the snapshot, of a number and with a state that are wanted, in file order.
  func rows(
    ofBatch batch: UInt64, limit: Int, rule: String? = nil, withRaw: Bool = true,
    _ isWanted: (_ row: Int, SetAsideState) -> Bool
  ) throws -> [StoredSetAside] {
    let schema = SystemDatasets.setAside
    var found: [(row: Int, state: SetAsideState, address: RowAddress, cells: [RowPayload.Cell])] = []
    for row in try snapshot.currentRows(of: SystemDatasets.key(batch: batch), schema: schema) {
      let cells = try row.cells(schema)
      guard let number = cells[0].number, let state = cells[1].number.flatMap(SetAsideState.init(rawValue:))
      else { throw StoreError(.damaged, "a set-aside row is incomplete") }
      if isWanted(Int(number), state) { found.append((Int(number), state, row.address, cells)) }
    }
    found.sort { $0.row < $1.row }
    // Reasons are taken apart and raw rows looked up one by one: only of those that are given.
    var result: [StoredSetAside] = []
    for row in found {
      guard result.count < limit else { break }
      guard case .text(let digest) = row.cells[3] else {
        throw StoreError(.damaged, "a set-aside row is incomplete")
      }
      let json = Data((row.cells[2].string ?? "[]").utf8)
      let reasons = try JSONDecoder().decode([RuleFinding].self, from: json)
      if let rule, !reasons.contains(where: { $0.rule == rule }) { continue }
      result.append(
        StoredSetAside(
          address: row.address,
          row: SetAsideRow(
            row: row.row, state: row.state, reasons: reasons, raw: withRaw ? try raw(digest) : .missing)))
    }
    return result
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
    return try numbers.filter { try Batches.batch($0, in: snapshot)?.entry == entry }
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
      for batch in try reader.batches(of: entry, from: last?.batch ?? 0) where found.count < limit {
        let rows = try reader.rows(ofBatch: batch, limit: limit - found.count, rule: rule) { row, stored in
          if let last, batch == last.batch, row <= last.row { return false }
          return state.map { $0 == stored } ?? true
        }
        found += rows.map { SetAsideEntry(batch: batch, row: $0.row) }
      }
      return found
    } catch { throw CreditError(wrapping: error) }
  }
}
