// Owns reading what batches there were: who reported what, how it came, what became of it.
// Invariants: batches stand in the order of their numbers; counters are those of the receipts.
// Does not read rows of batches, but for counting those that still wait.

public import CreditModel
import Foundation
import SegmentStore

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
    var failedAgain: [Int: Int] = [:]
    for report in reports where !report.isJudgement {
      guard let place = report.resubmits.flatMap({ places[$0] }) else { continue }
      reports[place].resubmittedIn.append(report.batch)
      // A file that is sent twice corrects no more rows than once, and what fails again waits in its own batch.
      reports[place].resubmittedRows += report.loaded + report.updated
      failedAgain[place] = max(failedAgain[place] ?? 0, report.questionable + report.unlinked)
    }
    for (place, rows) in failedAgain { reports[place].resubmittedRows += rows }
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
