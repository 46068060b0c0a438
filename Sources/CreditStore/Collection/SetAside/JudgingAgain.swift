// Owns judging rows once more that were set aside: after the rules, the catalogue or the subjects changed, or with cells that somebody corrected (重新校验、补正入库).
// Invariants: a row that passes becomes a record, and is set aside no longer, in one commit; a row that does not stays as it is; the receipt of its batch is not
// touched, the commit that takes rows in has a receipt of its own, under the unit that reported them.
// Does not take in rows that are no text or have cells beyond their header.

public import CreditModel
import Foundation
import SegmentStore

/// What became of rows that were judged again.
public struct Judgement: Codable, Sendable, Equatable {
  /// A row that stays set aside, and why.
  public struct Refusal: Codable, Sendable, Equatable {
    /// Batch of the row.
    public var batch: UInt64
    /// Its number in the file.
    public var row: Int
    /// Why it does not pass; empty for a row that cannot be judged because it is no text.
    public var reasons: [RuleFinding]
  }

  /// Rows judged.
  public var judged = 0
  /// New records.
  public var loaded = 0
  /// New versions of records.
  public var updated = 0
  /// Rows equal to a version the store has.
  public var duplicate = 0
  /// Rows that stay as they are.
  public var remaining = 0
  /// Some of those, with the reasons they have now, at most a thousand.
  public var refusals: [Refusal] = []
  /// The commits that took rows in.
  public var commits: [UInt64] = []
}

extension CreditDatabase {
  /// Judges rows of a batch again, as the entry stands now.
  ///
  /// ```swift
  /// // The unit names the subject that was missing in row 17.
  /// let result = try database.judgeAgain(batch: 12, corrections: [17: ["统一社会信用代码": "91130302MA0000015N"]])
  /// ```
  /// - Parameters:
  ///   - batch: number of the batch.
  ///   - corrections: cells by row and column, named as in the header or as the entry's item; rows that are not named are judged as they were sent. With corrections only the
  ///     rows they name are judged.
  ///   - reason: why; kept with the commit, does not name anybody.
  ///   - options: settings of the rules; by default those of today.
  /// - Throws: `CreditError`: `unknownBatch`; `unknownRow` for a correction of a row that is not set aside; `unknownEntry`.
  public func judgeAgain(
    batch: UInt64, corrections: [Int: [String: String]] = [:], reason: String? = nil,
    options: RuleOptions? = nil
  ) throws -> Judgement {
    do {
      var result = Judgement()
      try JudgingAgain(self, options ?? RuleOptions(today: Self.today()), reason)
        .run(batch, corrections, into: &result)
      return result
    } catch { throw CreditError(wrapping: error) }
  }

  /// Judges all rows of an entry again that are set aside, as the entry stands now. Cancelling the task ends it between two batches.
  ///
  /// - Parameters:
  ///   - entry: code of the entry; `nil` means all.
  ///   - reason: why; kept with the commits, does not name anybody.
  ///   - progress: told the share that is done, from another thread.
  /// - Throws: as the other form; `cancelled` when the task was cancelled: what was taken in until then stays.
  @concurrent
  public func judgeAgain(
    entry: String?, reason: String? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Judgement {
    try await Cancellation.background { [self] isCancelled in
      do {
        var result = Judgement()
        let judging = JudgingAgain(self, RuleOptions(today: Self.today()), reason)
        let batches = try SetAsideReader(snapshot: engine.snapshot()).batches(of: entry)
        for (index, batch) in batches.enumerated() {
          if isCancelled() { throw CancellationError() }
          try judging.run(batch, [:], into: &result)
          progress(Double(index + 1) / Double(batches.count))
        }
        return result
      } catch { throw CreditError(wrapping: error) }
    }
  }
}

private struct JudgingAgain {
  /// Rows of one commit, and different headers among them.
  private static let rowsOfCommit = 5000
  private static let bytesOfCommit = 16 << 20
  private static let maximumHeaders = 60
  private static let shownRefusals = 1000
  private static let poolBytes = 1 << 20

  private let database: CreditDatabase
  private let options: RuleOptions
  private let reason: String?

  init(_ database: CreditDatabase, _ options: RuleOptions, _ reason: String?) {
    self.database = database
    self.options = options
    self.reason = reason
  }

  func run(_ batch: UInt64, _ corrections: [Int: [String: String]], into result: inout Judgement) throws {
    let snapshot = database.engine.snapshot()
    guard let known = try Batches.batch(batch, in: snapshot) else {
      throw CreditError("unknownBatch", "there is no batch \(batch)")
    }
    let rows = try SetAsideReader(snapshot: snapshot).rows(ofBatch: batch)
    let numbers = Set(rows.map(\.row.row))
    if let missing = corrections.keys.sorted().first(where: { !numbers.contains($0) }) {
      throw CreditError("unknownRow", "row \(missing) of batch \(batch) is not set aside")
    }
    guard !rows.isEmpty else { return }
    let entry = try database.catalogue.entry(known.entry, on: options.today)
    let wanted = corrections.isEmpty ? numbers : Set(corrections.keys)
    var part: Set<Int> = []
    var bytes = 0
    for stored in rows where wanted.contains(stored.row.row) {
      part.insert(stored.row.row)
      if case .object(let text) = stored.row.raw { bytes += text.utf8.count }
      guard part.count == Self.rowsOfCommit || bytes >= Self.bytesOfCommit else { continue }
      try commit(batch, known, part, corrections, entry, into: &result)
      (part, bytes) = ([], 0)
    }
    if !part.isEmpty { try commit(batch, known, part, corrections, entry, into: &result) }
  }

  /// A header and the rows under it, as text.
  private struct Sheet {
    var header: [String]
    var text: String
    var places: [Int] = []
  }

  /// Judges some rows and takes in those that pass.
  private func commit(
    _ number: UInt64, _ known: Batch, _ wanted: Set<Int>, _ corrections: [Int: [String: String]],
    _ entry: PublishedEntry, into result: inout Judgement
  ) throws {
    var judged = Judgement()
    let (_, commit) = try database.engine.write { transaction in
      judged = Judgement()
      // Read inside the commit: somebody else may have judged them meanwhile.
      let rows = try SetAsideReader(snapshot: transaction.snapshot).rows(ofBatch: number)
        .filter { wanted.contains($0.row.row) }
      judged.judged = rows.count
      var refused: [Int: [RuleFinding]] = [:]
      let sheets = Self.sheets(rows, corrections, entry.entry, &refused)
      let passed = RunStack(limit: .max, spill: { $0 })
      let closed = try ClosedRecords.keys(transaction.snapshot, dataset: entry.dataset)
      var converters: [RowConverter] = []
      var longTexts: [UInt128: String] = [:]
      for sheet in sheets {
        let converter = try convert(
          sheet, entry, closed, worker: converters.count, to: passed, &refused, &longTexts,
          transaction.snapshot)
        if let converter { converters.append(converter) }
      }
      let outcome = try load(passed, converters, entry, &transaction)
      for row in outcome.closed {
        refused[Int(row.sequence)] = [
          RuleFinding(
            rule: "R-CLOSED", item: "",
            message: "the record is withdrawn or repaired; reinstate or correct it to change it")
        ]
      }
      (judged.loaded, judged.updated, judged.duplicate) = (outcome.loaded, outcome.updated, outcome.duplicate)
      for (place, row) in rows.enumerated() {
        if let reasons = refused[place] {
          judged.remaining += 1
          judged.refusals.append(Judgement.Refusal(batch: number, row: row.row.row, reasons: reasons))
        } else {
          transaction.supersede(row.address)
        }
      }
      guard judged.remaining < judged.judged else { return }
      try keep(longTexts, &transaction)
      try note(judged, known, entry, &transaction)
    }
    result.judged += judged.judged
    result.loaded += judged.loaded
    result.updated += judged.updated
    result.duplicate += judged.duplicate
    result.remaining += judged.remaining
    result.refusals += judged.refusals.prefix(max(0, Self.shownRefusals - result.refusals.count))
    if let commit { result.commits.append(commit) }
  }

  private func note(
    _ judged: Judgement, _ known: Batch, _ entry: PublishedEntry, _ transaction: inout WriteTransaction
  ) throws {
    let receipt = Receipt(
      file: known.file ?? "", batch: transaction.commit, reported: judged.judged - judged.remaining,
      loaded: judged.loaded, updated: judged.updated, duplicate: judged.duplicate, questionable: 0,
      unlinked: 0,
      warnings: 0, commit: transaction.commit, seconds: 0)
    guard receipt.isBalanced else {
      throw CreditError("unbalanced", "the counters of the receipt do not add up; nothing was taken in")
    }
    try Batches.append(
      Batch(
        kind: "judged", entry: entry.entry.code, unit: known.unit, file: known.file, receipt: receipt,
        reason: reason,
        entryVersion: entry.entry.version),
      to: &transaction)
  }

  private func keep(_ longTexts: [UInt128: String], _ transaction: inout WriteTransaction) throws {
    for (key, text) in longTexts.sorted(by: { $0.key < $1.key })
    where try LongIdentifiers.text(of: key, in: transaction.snapshot) == nil {
      try transaction.append(
        SystemDatasets.longIdentifiers, key: key, batch: transaction.commit,
        payload: RowPayload.encode([.text(text)]))
    }
  }

  // MARK: Rows as text

  /// Puts rows with the same header together; what is no text of a record is refused.
  private static func sheets(
    _ rows: [StoredSetAside], _ corrections: [Int: [String: String]], _ entry: CatalogueEntry,
    _ refused: inout [Int: [RuleFinding]]
  ) -> [Sheet] {
    var sheets: [Sheet] = []
    var known: [[String]: Int] = [:]
    for (place, stored) in rows.enumerated() {
      guard case .object(let text) = stored.row.raw,
        var cells = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: String]
      else {
        // Among them rows with cells beyond their header, which stand in a list.
        refused[place] = stored.row.reasons
        continue
      }
      for (name, cell) in corrections[stored.row.row] ?? [:] {
        cells[column(name, in: cells, entry)] = cell
      }
      let header = cells.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      if known[header] == nil {
        guard sheets.count < maximumHeaders else {
          refused[place] = stored.row.reasons
          continue
        }
        known[header] = sheets.count
        sheets.append(Sheet(header: header, text: ""))
      }
      let sheet = known[header] ?? 0
      sheets[sheet].text += header.map { quoted(cells[$0] ?? "") }.joined(separator: ",") + "\n"
      sheets[sheet].places.append(place)
    }
    return sheets
  }

  /// The column of a row that somebody means: one of its header, one that stands for the same item, or a new one.
  private static func column(_ name: String, in cells: [String: String], _ entry: CatalogueEntry) -> String {
    guard cells[name] == nil else { return name }
    let folded = HeaderName.folded(name)
    let item = entry.items.firstIndex { item in
      item.id == name || ([item.name] + item.aliases).contains { HeaderName.folded($0) == folded }
    }
    let header = cells.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard let item, let known = try? HeaderRecognition.recognize(header, for: entry) else { return name }
    return known.itemOfColumn.firstIndex(of: item).map { header[$0] } ?? name
  }

  private static func quoted(_ cell: String) -> String { "\"" + cell.replacing("\"", with: "\"\"") + "\"" }

  /// Converts the rows of a sheet; `nil` when its header is none of the entry's.
  private func convert(
    _ sheet: Sheet, _ entry: PublishedEntry, _ closed: Set<UInt128>, worker: Int, to passed: RunStack,
    _ refused: inout [Int: [RuleFinding]], _ longTexts: inout [UInt128: String], _ snapshot: EngineSnapshot
  ) throws -> RowConverter? {
    let recognition: HeaderRecognition
    do throws(HeaderError) {
      recognition = try HeaderRecognition.recognize(sheet.header, for: entry.entry)
    } catch {
      for place in sheet.places {
        refused[place] = [RuleFinding(rule: "R-HEADER", item: "", message: error.message)]
      }
      return nil
    }
    let plan = ConversionPlan(
      entry: entry, header: sheet.header, recognition: recognition, options: options, closedKeys: closed)
    let converter = RowConverter(plan, poolBytes: Self.poolBytes)
    let bytes = Array(sheet.text.utf8)
    try bytes.withUnsafeBytes { bytes in
      var parser = RecordParser(bytes)
      var row = 0
      while parser.next(), row < sheet.places.count {
        let place = sheet.places[row]
        row += 1
        switch converter.convert(parser) {
        case .setAside(_, let reasons): refused[place] = reasons
        case .row(let key, let longText):
          if let longText {
            let taken = try longTexts[key] ?? LongIdentifiers.text(of: key, in: snapshot) ?? longText
            guard taken.utf8.elementsEqual(longText.utf8) else {
              refused[place] = [
                RuleFinding(
                  rule: "R-SUBJECT", item: "", message: "the identifier cannot be told from another one")
              ]
              continue
            }
            longTexts[key] = longText
          }
          let raw =
            closed.contains(key) ? Array((RawRow.json(header: sheet.header, parser) ?? "{}").utf8) : []
          let head = RunRowHead(
            key: key, sequence: UInt64(place), order: converter.rowOrder,
            contentHash: plan.identity.masked(converter.rowHash),
            keyHash: plan.identity.masked(converter.keyHash),
            worker: UInt8(clamping: worker))
          try passed.append(head, payload: converter.row, raw: raw, plainBytes: converter.rowPlainBytes)
        }
      }
    }
    return converter
  }

  private func load(
    _ passed: RunStack, _ converters: [RowConverter], _ entry: PublishedEntry,
    _ transaction: inout WriteTransaction
  ) throws -> BatchLoader.Outcome {
    guard passed.rowCount > 0 else { return BatchLoader.Outcome() }
    let texts = BatchTexts(
      pools: converters.map(\.pools), uncoded: Set(converters.flatMap(\.itemsRepeatingKey)),
      columnCount: entry.schema.columns.count, rowCount: 0)
    let batch = BatchRows(schema: entry.schema, texts: texts)
    return try JournalLoader(identity: entry.recordIdentity, batch: batch).load(
      passed.takeRuns(), &transaction)
  }
}
