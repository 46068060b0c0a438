// Owns judging rows once more that were set aside: after the rules, the catalogue or the subjects changed, or with cells that somebody corrected (重新校验、补正入库).
// Invariants: a row that passes becomes a record, and is set aside no longer, in one commit; a row that does not stays as it is; the receipt of its batch is not
// touched, the commit that takes rows in has a receipt of its own, under the unit that reported them.
// A row never replaces what came after it, unless somebody corrected that very row.
// Does not take in rows that are no text or have cells beyond their header, nor, unless somebody corrects them, rows with too few cells or a quote that never closes.

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
    /// Why it does not pass; the reasons it had where it cannot be judged at all, because it is no text.
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
  /// - Throws: `CreditError`: `unknownBatch`; `unknownRow` for a correction of a row that is not set aside; `unknownEntry`, `entryNotEffective`;
  ///   `packageOfOthers` for a batch that came in a package of another platform.
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
        if let entry { _ = try catalogue.entry(entry) }
        let reader = SetAsideReader(snapshot: engine.snapshot())
        let batches = try reader.batches(of: entry)
        for (index, batch) in batches.enumerated() {
          if isCancelled() { throw CancellationError() }
          do { try judging.run(batch, [:], into: &result) } catch let error as CreditError
            where error.code == "entryNotEffective" && entry == nil || error.code == "packageOfOthers"
          {
            // Nothing is collected under that entry today, or it is not ours to correct; the others go on.
            result.remaining += try reader.numbers(ofBatch: batch).count
          }
          progress(Double(index + 1) / Double(batches.count))
        }
        return result
      } catch { throw CreditError(wrapping: error) }
    }
  }
}

private struct JudgingAgain {
  /// Rows of one commit, bytes of their raw form, and different headers among them.
  private static let rowsOfCommit = 50_000
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
    // What a package brought, its sender corrects and sends again: here it might be withdrawn there already.
    guard !Receiving.isPackage(known) else {
      throw CreditError(
        "packageOfOthers",
        "batch \(batch) came in a package: the sender corrects its rows and sends them again")
    }
    let numbers = try SetAsideReader(snapshot: snapshot).numbers(ofBatch: batch)
    if let missing = Set(corrections.keys).subtracting(numbers).min() {
      throw CreditError("unknownRow", "row \(missing) of batch \(batch) is not set aside")
    }
    guard !numbers.isEmpty else { return }
    let entry = try database.catalogue.entry(known.entry, on: options.today)
    let judging = OneBatch(number: batch, batch: known, entry: entry, corrections: corrections)
    var left = (corrections.isEmpty ? numbers : corrections.keys.sorted())[...]
    while !left.isEmpty {
      let judged = try commit(judging, left.prefix(Self.rowsOfCommit), into: &result)
      left = left.dropFirst(judged)
    }
  }

  /// What is judged.
  private struct OneBatch {
    var number: UInt64
    var batch: Batch
    var entry: PublishedEntry
    var corrections: [Int: [String: String]]
  }

  /// Rows with one header, as text: each by itself, so that no cell can reach into the row behind it.
  private struct Sheet {
    var header: [String]
    var rows: [(place: Int, text: String)] = []
  }

  /// Judges some rows and takes in those that pass; returns how many it came to.
  private func commit(
    _ judging: OneBatch, _ numbers: ArraySlice<Int>, into result: inout Judgement
  ) throws -> Int {
    var judged = Judgement()
    var taken = 0
    let (_, commit) = try database.engine.write { transaction in
      judged = Judgement()
      // Read inside the commit: somebody else may have judged them meanwhile.
      let reader = SetAsideReader(snapshot: transaction.snapshot)
      let rows = try Self.prefix(
        of: reader.rows(ofBatch: judging.number, only: Set(numbers)), taken: &taken, numbers)
      judged.judged = rows.count
      var refused: [Int: [RuleFinding]] = [:]
      let sheets = Self.sheets(rows, judging, &refused)
      var converted = Converted(
        passed: RunStack(limit: .max, spill: { $0 }),
        closed: try ClosedRecords.keys(transaction.snapshot, dataset: judging.entry.dataset),
        versions: KnownVersions(
          transaction.snapshot, judging.entry.schema, judging.entry.recordIdentity))
      for sheet in sheets {
        try convert(sheet, judging, rows, into: &converted, &refused, transaction.snapshot)
      }
      let outcome = try load(converted, judging.entry, &transaction)
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
          judged.refusals.append(
            Judgement.Refusal(batch: judging.number, row: row.row.row, reasons: reasons))
        } else {
          transaction.supersede(row.address)
        }
      }
      guard judged.remaining < judged.judged else { return }
      for (key, text) in converted.longTexts.sorted(by: { $0.key < $1.key }) {
        try LongIdentifiers.keep(text, of: key, &transaction)
      }
      try note(judged, judging, &transaction)
    }
    result.judged += judged.judged
    result.loaded += judged.loaded
    result.updated += judged.updated
    result.duplicate += judged.duplicate
    result.remaining += judged.remaining
    result.refusals += judged.refusals.prefix(max(0, Self.shownRefusals - result.refusals.count))
    if let commit { result.commits.append(commit) }
    return taken
  }

  /// So many of the rows as one commit may take, at least one; counts the numbers they came to.
  private static func prefix(
    of rows: [StoredSetAside], taken: inout Int, _ numbers: ArraySlice<Int>
  ) -> [StoredSetAside] {
    var bytes = 0
    for (place, row) in rows.enumerated() {
      if case .object(let text) = row.row.raw { bytes += text.utf8.count }
      guard bytes >= bytesOfCommit, place + 1 < rows.count else { continue }
      taken = numbers.prefix { $0 <= row.row.row }.count
      return Array(rows[...place])
    }
    taken = numbers.count
    return rows
  }

  private func note(
    _ judged: Judgement, _ judging: OneBatch, _ transaction: inout WriteTransaction
  ) throws {
    let known = judging.batch
    let receipt = Receipt(
      file: known.file ?? "", batch: transaction.commit, reported: judged.judged - judged.remaining,
      loaded: judged.loaded, updated: judged.updated, duplicate: judged.duplicate, questionable: 0,
      unlinked: 0, warnings: 0, commit: transaction.commit, seconds: 0)
    guard receipt.isBalanced else {
      throw CreditError("unbalanced", "the counters of the receipt do not add up; nothing was taken in")
    }
    let entry = judging.entry.entry
    try Batches.append(
      Batch(
        kind: "judged", entry: entry.code, unit: known.unit, file: known.file, receipt: receipt,
        reason: reason, entryVersion: entry.version, resubmits: judging.number),
      to: &transaction)
  }

  // MARK: Rows as text

  /// Puts rows with the same header together; what is no text of a record is refused.
  private static func sheets(
    _ rows: [StoredSetAside], _ judging: OneBatch, _ refused: inout [Int: [RuleFinding]]
  ) -> [Sheet] {
    var sheets: [Sheet] = []
    var known: [[String]: Int] = [:]
    for (place, stored) in rows.enumerated() {
      let corrections = judging.corrections[stored.row.row] ?? [:]
      // Where its cells stood wrongly, what was kept of them says nothing of how they were meant, until somebody looks at them.
      let isMisread = stored.row.reasons.contains { ["R-RAGGED", "R-QUOTE"].contains($0.rule) }
      guard !isMisread || !corrections.isEmpty, case .object(let text) = stored.row.raw,
        var cells = cells(text, isCorrected: !corrections.isEmpty)
      else {
        refused[place] = stored.row.reasons
        continue
      }
      for (name, cell) in corrections {
        cells[column(name, in: cells, judging.entry.entry)] = cell
      }
      let header = cells.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      if known[header] == nil {
        guard sheets.count < maximumHeaders else {
          refused[place] = stored.row.reasons
          continue
        }
        known[header] = sheets.count
        sheets.append(Sheet(header: header))
      }
      let row = header.map { CSVText.quoted(cells[$0] ?? "") }.joined(separator: ",")
      sheets[known[header] ?? 0].rows.append((place, row))
    }
    return sheets
  }

  /// The cells of a raw row by their columns; `nil` for one with cells beyond its header, unless somebody looked at it and said what its cells are.
  private static func cells(_ text: String, isCorrected: Bool) -> [String: String]? {
    var object = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    if isCorrected { object?.removeValue(forKey: RawRow.extraCells) }
    return object as? [String: String]
  }

  /// The item that somebody means by a name.
  private static func item(named name: String, _ entry: CatalogueEntry) -> Int? {
    let folded = HeaderName.folded(name)
    return entry.items.firstIndex { item in
      item.id == name || ([item.name] + item.aliases).contains { HeaderName.folded($0) == folded }
    }
  }

  /// The column of a row that somebody means: one of its header, one that stands for the same item, or a new one.
  private static func column(_ name: String, in cells: [String: String], _ entry: CatalogueEntry) -> String {
    guard cells[name] == nil else { return name }
    let item = item(named: name, entry)
    let header = cells.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard let item, let known = try? HeaderRecognition.recognize(header, for: entry) else { return name }
    return known.itemOfColumn.firstIndex(of: item).map { header[$0] } ?? name
  }

  // MARK: Judging

  /// Rows that passed so far, and what loading them needs.
  private struct Converted {
    var passed: RunStack
    var closed: Set<UInt128>
    var versions: KnownVersions
    private var origins: [UInt64: UInt64] = [:]
    var converters: [RowConverter] = []
    var longTexts: [UInt128: String] = [:]

    init(passed: RunStack, closed: Set<UInt128>, versions: KnownVersions) {
      (self.passed, self.closed, self.versions) = (passed, closed, versions)
    }

    /// The batch that brought what a commit took in: the first attempt, where rows were judged again.
    mutating func origin(ofCommit commit: UInt64, in snapshot: EngineSnapshot) throws -> UInt64 {
      if let known = origins[commit] { return known }
      let batch = try Batches.batch(commit, in: snapshot)
      let origin = batch?.kind == "judged" ? batch?.resubmits ?? commit : commit
      origins[commit] = origin
      return origin
    }
  }

  /// Converts the rows of a sheet, unless its header is none of the entry's.
  private func convert(
    _ sheet: Sheet, _ judging: OneBatch, _ rows: [StoredSetAside], into converted: inout Converted,
    _ refused: inout [Int: [RuleFinding]], _ snapshot: EngineSnapshot
  ) throws {
    let recognition: HeaderRecognition
    do throws(HeaderError) {
      recognition = try HeaderRecognition.recognize(sheet.header, for: judging.entry.entry)
    } catch {
      for row in sheet.rows {
        refused[row.place] = [RuleFinding(rule: "R-HEADER", item: "", message: error.message)]
      }
      return
    }
    let plan = ConversionPlan(
      entry: judging.entry, header: sheet.header, recognition: recognition, options: options,
      closedKeys: converted.closed)
    let converter = RowConverter(plan, poolBytes: Self.poolBytes)
    let worker = UInt8(clamping: converted.converters.count)
    for row in sheet.rows {
      let reasons = try Array(row.text.utf8).withUnsafeBytes { bytes -> [RuleFinding]? in
        var parser = RecordParser(bytes)
        guard parser.next() else { return rows[row.place].row.reasons }
        switch converter.convert(parser) {
        case .setAside(_, let reasons): return reasons
        case .row(let key, let longText):
          if let reason = try refusal(
            key, longText, converter, plan, judging, rows[row.place], &converted, snapshot)
          {
            return [reason]
          }
          let raw =
            converted.closed.contains(key)
            ? Array((RawRow.json(header: sheet.header, parser) ?? "{}").utf8) : []
          let head = RunRowHead(
            key: key, sequence: UInt64(row.place), order: converter.rowOrder,
            contentHash: plan.identity.masked(converter.rowHash),
            keyHash: plan.identity.masked(converter.keyHash), worker: worker)
          try converted.passed.append(
            head, payload: converter.row, raw: raw, plainBytes: converter.rowPlainBytes)
          return nil
        }
      }
      if let reasons { refused[row.place] = reasons }
    }
    converted.converters.append(converter)
  }

  /// Why a row that satisfies its entry is not taken in all the same.
  private func refusal(
    _ key: UInt128, _ longText: String?, _ converter: RowConverter, _ plan: ConversionPlan,
    _ judging: OneBatch,
    _ stored: StoredSetAside, _ converted: inout Converted, _ snapshot: EngineSnapshot
  ) throws -> RuleFinding? {
    if let longText {
      let taken = try converted.longTexts[key] ?? LongIdentifiers.text(of: key, in: snapshot) ?? longText
      guard taken.utf8.elementsEqual(longText.utf8) else {
        return RuleFinding(
          rule: "R-SUBJECT", item: "", message: "the identifier cannot be told from another one")
      }
      converted.longTexts[key] = longText
    }
    // What came later knows better, unless somebody looked at what this very row says: who it is about alone says nothing of that.
    let corrected = judging.corrections[stored.row.row] ?? [:]
    let entry = judging.entry.entry
    let isOnlyLinked = corrected.keys.allSatisfy { name in
      Self.item(named: name, entry).map(judging.entry.subjectItems.contains) ?? false
    }
    guard plan.identity.isKeyed, isOnlyLinked else { return nil }
    let payload = CodedRow.payload(
      converter.row, judging.entry.schema, key: key, pools: converter.pools, keyText: SubjectKey.renderText)
    guard let payload else { return nil }
    let versions = try converted.versions.versions(of: plan.identity.keyBytes(payload), under: key)
    // A version that only hides the record, or shows it again, has the values of one before; and a row that was judged again came with its batch.
    let before = versions.filter { $0.commit <= judging.number }.map(\.payload)
    let isNewer = try versions.contains { version in
      try version.isCurrent && version.commit > judging.number && !before.contains(version.payload)
        && converted.origin(ofCommit: version.commit, in: snapshot) > judging.number
    }
    guard isNewer, !versions.contains(where: { $0.payload == payload }) else { return nil }
    return RuleFinding(
      rule: "R-NEWER", item: "",
      message: corrected.isEmpty
        ? "the record has a version that came after this row; correct the row to take it in"
        : "the record has a version that came after this row; correct the record where this row knows better")
  }

  private func load(
    _ converted: Converted, _ entry: PublishedEntry, _ transaction: inout WriteTransaction
  ) throws -> BatchLoader.Outcome {
    guard converted.passed.rowCount > 0 else { return BatchLoader.Outcome() }
    let texts = BatchTexts(
      pools: converted.converters.map(\.pools),
      uncoded: Set(converted.converters.flatMap(\.itemsRepeatingKey)),
      columnCount: entry.schema.columns.count, rowCount: 0)
    let batch = BatchRows(schema: entry.schema, texts: texts)
    return try JournalLoader(identity: entry.recordIdentity, batch: batch)
      .load(converted.passed.takeRuns(), &transaction)
  }
}
