// Owns reading what batches there were: who reported what, how it came, what became of it.
// Invariants: batches stand in the order of their numbers; counters are those of the receipts.
// Does not read rows of batches, but for counting those that still wait.

public import CreditModel
public import Foundation
import SegmentStore

/// A batch and what became of it (批次状态).
public struct BatchReport: Codable, Sendable, Equatable {
  /// How far a batch is.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// All its rows are in the store (已入库).
    case complete
    /// Some of its rows wait to be corrected, linked or judged again (待处理).
    case waiting
    /// Some of its rows wait, but they were sent again: what still fails waits there (已重报).
    case resubmitted
    /// Its unit said that there is nothing to report for the period (零报送).
    case nothing
  }

  /// Its number.
  public var batch: UInt64
  /// Code of the entry.
  public var entry: String
  /// Credit code of the unit.
  public var unit: String?
  /// What the file was called.
  public var file: String?
  /// How it came; `nil` in batches of before channels were noted.
  public var channel: ReportingChannel?
  /// The period it says it is for.
  public var period: String?
  /// The batch whose rejects it sends again (重报), or whose rows it judged again.
  public var resubmits: UInt64?
  /// The batches that sent its rejects again.
  public var resubmittedIn: [UInt64] = []
  /// Whether it is no file but rows of another batch that were judged again.
  public var isJudgement: Bool
  /// Rows reported.
  public var reported: Int
  /// New records.
  public var loaded: Int
  /// New versions.
  public var updated: Int
  /// Rows the store had.
  public var duplicate: Int
  /// Rows a rule failed for.
  public var questionable: Int
  /// Rows that name nobody.
  public var unlinked: Int
  /// Rows of it that still wait.
  public var waiting: Int
  /// When it was committed.
  public var instant: Date

  /// How far it is.
  public var state: State {
    if waiting > 0 { return resubmittedIn.isEmpty ? .waiting : .resubmitted }
    return reported == 0 && file == nil ? .nothing : .complete
  }

  /// Rows of it that somebody has to see to: none where they were sent again.
  public var openRows: Int { resubmittedIn.isEmpty ? waiting : 0 }

  /// The day it was committed, in the time zone of Asia/Shanghai.
  public var day: Day {
    // An instant that was decoded may be any.
    let milliseconds = max(-9e15, min(9e15, instant.timeIntervalSince1970 * 1000))
    return CreditDatabase.day(ofMilliseconds: milliseconds.isNaN ? 0 : Int64(milliseconds))
  }
}

struct BatchTable {
  let snapshot: CreditSnapshot

  /// Batches that reported something, by number.
  func reports() throws -> [BatchReport] {
    let waiting = try waitingRows()
    let instants = snapshot.database.engine.followedView().instants
    var reports: [BatchReport] = []
    // What a purge took out of a note is gone from the past, too.
    let present = EngineSnapshot(view: snapshot.engine.view, commit: snapshot.engine.view.commit)
    try DatasetScan(present, schema: SystemDatasets.batches).forEach { row in
      let number = UInt64(truncatingIfNeeded: try row.key)
      guard number <= snapshot.commit else { return }
      let kind = try row.string(0)
      guard kind == "collect" || kind == "judged" || kind == "nothing" else { return }
      let (ofEntry, ofUnit) = (try row.string(1) ?? "", try row.string(2))
      var counters = try (10..<16).map { try row.integer($0).map(Int.init(clamping:)) ?? 0 }
      // Batches of before the counters had columns have a receipt.
      if try row.integer(10) == nil, let json = try row.string(4) {
        let receipt = try JSONDecoder().decode(Receipt.self, from: Data(json.utf8))
        counters = [
          receipt.reported, receipt.loaded, receipt.updated, receipt.duplicate, receipt.questionable,
          receipt.unlinked,
        ]
      }
      let milliseconds = instants.indices.contains(Int(clamping: number) - 1) ? instants[Int(number) - 1] : 0
      reports.append(
        BatchReport(
          batch: number, entry: ofEntry, unit: ofUnit, file: try row.string(3),
          channel: try row.string(7).flatMap(ReportingChannel.init(rawValue:)), period: try row.string(8),
          resubmits: try row.integer(9).map { UInt64(bitPattern: $0) }, isJudgement: kind == "judged",
          reported: counters[0], loaded: counters[1], updated: counters[2], duplicate: counters[3],
          questionable: counters[4], unlinked: counters[5], waiting: waiting[number] ?? 0,
          instant: Date(timeIntervalSince1970: Double(milliseconds) / 1000)))
    }
    reports.sort { $0.batch < $1.batch }
    let places = Dictionary(
      reports.enumerated().map { ($1.batch, $0) }, uniquingKeysWith: { first, _ in first })
    for report in reports where !report.isJudgement {
      if let place = report.resubmits.flatMap({ places[$0] }) {
        reports[place].resubmittedIn.append(report.batch)
      }
    }
    return reports
  }

  /// Rows that are set aside, by batch.
  private func waitingRows() throws -> [UInt64: Int] {
    var rows: [UInt64: Int] = [:]
    let schema = DatasetSchema(dataset: SystemDatasets.setAside.dataset, version: 1, columns: [])
    try DatasetScan(snapshot.engine, schema: schema).forEach { row in
      rows[UInt64(truncatingIfNeeded: try row.key), default: 0] += 1
    }
    return rows
  }
}

extension CreditSnapshot {
  /// The batches of units, by number.
  ///
  /// - Parameters:
  ///   - unit: only those of a unit.
  ///   - entry: only those of an entry.
  /// - Throws: `CreditError`, code `damaged`.
  public func batches(unit: String? = nil, entry: String? = nil) throws -> [BatchReport] {
    do {
      return try BatchTable(snapshot: self).reports().filter { report in
        (unit.map { $0 == report.unit } ?? true) && (entry.map { $0 == report.entry } ?? true)
      }
    } catch { throw CreditError(wrapping: error) }
  }
}
