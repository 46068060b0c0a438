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
  /// Whose record it has to be.
  package var subject: Identifier
  /// Credit code of the unit whose record it is.
  package var unit: String?
  /// Texts of the items, by id; absent ones are left out.
  package var values: [String: String]
  /// Why; names nobody.
  package var reason: String
  /// The day on which it is judged.
  package var today: Day

  package init(
    entry: String, subject: Identifier, unit: String?, values: [String: String], reason: String, today: Day
  ) {
    self.entry = entry
    self.subject = subject
    self.unit = unit
    self.values = values
    self.reason = reason
    self.today = today
  }

  private static let poolBytes = 1 << 20

  /// The row it became.
  private struct Row {
    var converter: RowConverter
    var head: RunRowHead
    var longText: String?
  }

  /// Finds out whether the entry would take it.
  ///
  /// - Throws: as ``load(_:_:)``, but for `recordExists`.
  func check(_ published: PublishedEntry, in snapshot: EngineSnapshot) throws {
    _ = try row(published, in: snapshot)
  }

  /// Takes it in.
  ///
  /// - Parameter published: the entry, as it is in force.
  /// - Throws: `CreditError`: what a unit may not report, `unknownItem`, `invalidIdentifier` where its values name another subject, `ruleFailed` with the
  ///   item, `recordExists`.
  func load(_ published: PublishedEntry, _ transaction: inout WriteTransaction) throws {
    let row = try row(published, in: transaction.snapshot)
    if let text = row.longText { try LongIdentifiers.keep(text, of: row.head.key, &transaction) }
    let converter = row.converter
    let passed = RunStack(limit: .max, spill: { $0 })
    try passed.append(row.head, payload: converter.row, raw: [], plainBytes: converter.rowPlainBytes)
    let texts = BatchTexts(
      pools: [converter.pools], uncoded: Set(converter.itemsRepeatingKey),
      columnCount: published.schema.columns.count, rowCount: 0)
    let outcome = try JournalLoader(
      identity: published.recordIdentity, batch: BatchRows(schema: published.schema, texts: texts)
    ).load(passed.takeRuns(), &transaction)
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
  private func row(_ published: PublishedEntry, in snapshot: EngineSnapshot) throws -> Row {
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
    // Whether the record is closed is found out when it is loaded.
    let plan = ConversionPlan(
      entry: published, header: header, recognition: recognition, options: RuleOptions(today: today),
      closedKeys: [])
    let converter = RowConverter(plan, poolBytes: Self.poolBytes)
    let text = header.map { CSVText.quoted(values[$0] ?? "") }.joined(separator: ",")
    return try Array(text.utf8).withUnsafeBytes { bytes in
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
        guard LinkTable.unseenKey(subject)?.rawValue == key else {
          throw CreditError(
            "invalidIdentifier", "the values of the record name another subject than \(subject.kind.rawValue)"
          )
        }
        let head = RunRowHead(
          key: key, sequence: 0, order: converter.rowOrder,
          contentHash: plan.identity.masked(converter.rowHash),
          keyHash: plan.identity.masked(converter.keyHash), worker: 0)
        return Row(converter: converter, head: head, longText: longText)
      }
    }
  }
}
