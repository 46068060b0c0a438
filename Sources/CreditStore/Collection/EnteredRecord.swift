// Owns taking in one record that was filled into a form, in a commit that changes more than it (手工填报).
// Invariants: it is judged as a row of a file is: conversion, rules, subject; what does not pass is refused, and nothing is set aside; a record that is there
// already is not touched. The batch has a receipt like any other, so that statistics count it.
// Does not decide who may fill it in.

package import CreditModel
import SegmentStore

/// A record that was filled into a form.
package struct EnteredRecord: Sendable {
  /// Code of the entry.
  package var entry: String
  /// Credit code of the unit whose record it is.
  package var unit: String?
  /// Texts of the items, by id; absent ones are left out.
  package var values: [String: String]
  /// Why; names nobody.
  package var reason: String
  /// The day on which it is judged.
  package var today: Day

  package init(entry: String, unit: String?, values: [String: String], reason: String, today: Day) {
    self.entry = entry
    self.unit = unit
    self.values = values
    self.reason = reason
    self.today = today
  }

  private static let poolBytes = 1 << 20

  /// Takes it in.
  ///
  /// - Parameter published: the entry, as it is in force.
  /// - Throws: `CreditError`: what a unit may not report, `unknownItem`, `ruleFailed` with the item, `recordExists`.
  func load(_ published: PublishedEntry, _ transaction: inout WriteTransaction) throws {
    let options = RuleOptions(today: today)
    let snapshot = transaction.snapshot
    try ReportingCheck(snapshot: snapshot).check(
      unit, published.entry, period: nil, resubmits: nil, on: today)
    let header = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    if let unknown = header.first(where: { published.entry.itemIndex($0) == nil }) {
      throw CreditError("unknownItem", "entry \(entry) has no item \(unknown)", item: unknown)
    }
    let recognition: HeaderRecognition
    do throws(HeaderError) {
      recognition = try HeaderRecognition.recognize(header, for: published.entry)
    } catch { throw CreditError("ruleFailed", error.message) }
    let closed = try ClosedRecords.keys(snapshot, dataset: published.dataset)
    let plan = ConversionPlan(
      entry: published, header: header, recognition: recognition, options: options, closedKeys: closed)
    let converter = RowConverter(plan, poolBytes: Self.poolBytes)
    let passed = try convert(header, plan, converter, &transaction)
    let texts = BatchTexts(
      pools: [converter.pools], uncoded: Set(converter.itemsRepeatingKey),
      columnCount: published.schema.columns.count, rowCount: 0)
    let outcome = try JournalLoader(
      identity: published.recordIdentity, batch: BatchRows(schema: published.schema, texts: texts)
    ).load(passed, &transaction)
    guard outcome.loaded == 1 else {
      throw CreditError("recordExists", "the subject has a record of \(entry) with this key already")
    }
    try Batches.append(
      Batch(
        kind: "collect", entry: entry, unit: unit, file: nil,
        receipt: Receipt(
          file: "", batch: transaction.commit, reported: 1, loaded: 1, updated: 0, duplicate: 0,
          questionable: 0, unlinked: 0, warnings: converter.warnings, commit: transaction.commit, seconds: 0),
        reason: reason, entryVersion: published.entry.version, channel: .manual),
      to: &transaction)
  }

  /// The row, once it passed the rules.
  private func convert(
    _ header: [String], _ plan: ConversionPlan, _ converter: RowConverter,
    _ transaction: inout WriteTransaction
  ) throws -> [any GatheredRun] {
    let row = header.map { CSVText.quoted(values[$0] ?? "") }.joined(separator: ",")
    let passed = RunStack(limit: .max, spill: { $0 })
    var kept: (key: UInt128, text: String)?
    try Array(row.utf8).withUnsafeBytes { bytes in
      var parser = RecordParser(bytes)
      guard parser.next() else {
        throw CreditError("ruleFailed", "the record holds a character that is none")
      }
      switch converter.convert(parser) {
      case .setAside(_, let reasons):
        guard let reason = reasons.first else {
          throw CreditError("ruleFailed", "the record does not satisfy entry \(entry)")
        }
        throw CreditError("ruleFailed", "\(reason.rule): \(reason.message)", item: reason.item)
      case .row(let key, let longText):
        kept = longText.map { (key, $0) }
        let head = RunRowHead(
          key: key, sequence: 0, order: converter.rowOrder,
          contentHash: plan.identity.masked(converter.rowHash),
          keyHash: plan.identity.masked(converter.keyHash), worker: 0)
        try passed.append(
          head, payload: converter.row,
          raw: plan.closedKeys.contains(key) ? Array((RawRow.json(header: header, parser) ?? "{}").utf8) : [],
          plainBytes: converter.rowPlainBytes)
      }
    }
    if let kept { try LongIdentifiers.keep(kept.text, of: kept.key, &transaction) }
    return passed.takeRuns()
  }
}
