// Owns one worker of a collection: chunks in, rows of a run and rows set aside out.
// Invariants: one thread each; a record that is no text in the file's encoding is set aside alone, its neighbours go on.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import CreditModel
package import SegmentStore
package import Synchronization

/// What all workers of a batch share.
package final class CollectionShared: Sendable {
  package let longIdentifiers = Guarded<[UInt128: String]>([:])
  package let isCancelled = Atomic<Bool>(false)
  package let rowsRead = Atomic<Int>(0)
  package let setAside = Atomic<Int>(0)
  package init() {}
}

package final class CollectionWorker {
  private let plan: ConversionPlan
  private let shared: CollectionShared
  private let converter: RowConverter
  private let number: UInt8
  private let snapshot: EngineSnapshot
  package let rows: RunStack
  /// Rows kept aside, by their sequence; the row number in the payload is filled in when it is known.
  package let setAside: RunStack
  /// Raw rows of those, by their digest.
  package let rawRows: RunStack
  /// Rows of each chunk, to number rows across the file.
  package private(set) var rowsOfChunk: [(chunk: Int, rows: Int)] = []
  package var warnings: Int { converter.warnings }
  /// The same by rule.
  private(set) var rowWarnings = RowWarnings()
  /// The distinct texts of each item, which the rows refer to.
  package var pools: [TextPool?] { converter.pools }
  package var itemsRepeatingKey: [Int] { converter.itemsRepeatingKey }
  package private(set) var questionable = 0
  package private(set) var unlinked = 0

  /// - Parameters:
  ///   - number: of the worker among those of the batch, below 64.
  ///   - spill: where rows go when they are more than the memory allows.
  package init(
    _ plan: ConversionPlan, number: Int, shared: CollectionShared, snapshot: EngineSnapshot,
    memory: CollectionMemory,
    spill: @escaping (MemoryRun) throws -> any GatheredRun
  ) {
    rows = RunStack(limit: memory.rowBytes, spill: spill)
    setAside = RunStack(limit: memory.setAsideBytes, spill: spill)
    rawRows = RunStack(limit: memory.setAsideBytes, spill: spill)
    self.plan = plan
    self.shared = shared
    self.snapshot = snapshot
    self.number = UInt8(clamping: number)
    converter = RowConverter(plan, poolBytes: memory.poolBytes)
  }

  /// Reasons kept of one row.
  private static let maximumReasons = 64

  /// Rows are numbered chunk by chunk: upper 24 bits the chunk, lower 40 the row in it.
  package static func sequence(chunk: Int, row: Int) -> UInt64 { UInt64(chunk) << 40 | UInt64(row) }

  /// Sorts the rows taken in.
  package func finish() {
    rows.seal()
    setAside.seal()
    rawRows.seal()
  }

  /// Takes in a chunk.
  package func process(_ chunk: SourceChunk) throws {
    var row = 0
    if let oversize = chunk.oversize {
      let finding = RuleFinding(rule: "R-SIZE", item: "", message: "the record is longer than 16 MiB")
      try keepAside(
        chunk.index, &row, .questionable, [finding], form: RawRow.excerpt, raw: RawRow.excerpt(oversize))
    } else {
      try process(chunk.bytes, chunk, &row)
    }
    rowsOfChunk.append((chunk.index, row))
    shared.rowsRead.add(row, ordering: .relaxed)
  }

  private func process(_ bytes: UnsafeRawBufferPointer, _ chunk: SourceChunk, _ row: inout Int) throws {
    if chunk.encoding == .gb18030 {
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count * 3 / 2)
      if GB18030.shared?.decode(bytes, into: &text) == true {
        return try text.withUnsafeBytes { try records($0, chunk.index, &row) }
      }
    } else if UTF8Validation.isValid(bytes) {
      return try records(bytes, chunk.index, &row)
    }
    // Some record is no text: take them one by one. Quotes, commas and line ends are never part of a longer character.
    var parser = RecordParser(bytes)
    while parser.next() {
      try refuseSwallowing(parser)
      let record = UnsafeRawBufferPointer(rebasing: bytes[parser.recordRange])
      var text: [UInt8] = []
      let isText: Bool
      if chunk.encoding == .gb18030 {
        isText = GB18030.shared?.decode(record, into: &text) ?? false
      } else {
        isText = UTF8Validation.isValid(record)
        text = Array(record)
      }
      if isText {
        try text.withUnsafeBytes { try records($0, chunk.index, &row) }
      } else {
        let finding = RuleFinding(
          rule: "R-ENCODING", item: "",
          message: "the record is not valid \(chunk.encoding == .gb18030 ? "GB 18030" : "UTF-8")")
        try keepAside(
          chunk.index, &row, .questionable, [finding], form: RawRow.base64, raw: RawRow.base64(record))
      }
    }
  }

  /// Takes in the records of well-formed text.
  private func records(_ text: UnsafeRawBufferPointer, _ chunk: Int, _ row: inout Int) throws {
    var parser = RecordParser(text)
    converter.mayHoldNUL = text.baseAddress.map { memchr($0, 0, text.count) != nil } ?? false
    while parser.next() {
      try refuseSwallowing(parser)
      if parser.recordRange.count > ChunkReader.maximumRecordBytes {
        // Decoded, the record is larger than any record may be.
        let record = UnsafeRawBufferPointer(rebasing: text[parser.recordRange])
        try keepOversize(record, chunk, &row)
        continue
      }
      switch converter.convert(parser) {
      case .setAside(let state, let reasons):
        guard let raw = RawRow.json(header: plan.header, parser) else {
          try keepOversize(UnsafeRawBufferPointer(rebasing: text[parser.recordRange]), chunk, &row)
          continue
        }
        try keepAside(chunk, &row, state, reasons, form: RawRow.object, raw: raw)
      case .row(let key, let longText):
        if let longText, try isCollision(key, longText) {
          let finding = RuleFinding(
            rule: "R-SUBJECT", item: "", message: "the identifier cannot be told from another one")
          try keepAside(
            chunk, &row, .questionable, [finding], form: RawRow.object,
            raw: RawRow.json(header: plan.header, parser) ?? "{}")
          continue
        }
        if !converter.warningRules.isEmpty {
          rowWarnings.add(converter.warningRules, of: Self.sequence(chunk: chunk, row: row))
        }
        let raw =
          plan.closedKeys.contains(key) ? Array((RawRow.json(header: plan.header, parser) ?? "{}").utf8) : []
        let hash = plan.identity.masked(converter.rowHash)
        let head = RunRowHead(
          key: key, sequence: Self.sequence(chunk: chunk, row: row), order: converter.rowOrder,
          contentHash: hash, keyHash: plan.identity.masked(converter.keyHash), worker: number)
        try rows.append(head, payload: converter.row, raw: raw, plainBytes: converter.rowPlainBytes)
        row += 1
      }
    }
  }

  /// A quote that is never closed and swallows more than a MiB makes the file wrong, not a row.
  private func refuseSwallowing(_ parser: borrowing RecordParser) throws {
    guard parser.isUnterminated, parser.recordRange.count > ChunkReader.maximumUnterminatedBytes else {
      return
    }
    throw CreditError(
      "unterminatedQuote", "a quote is never closed and swallows \(parser.recordRange.count >> 20) MiB")
  }

  /// Keeps the beginning, length and digest of a record whose raw form would be too large.
  private func keepOversize(_ record: UnsafeRawBufferPointer, _ chunk: Int, _ row: inout Int) throws {
    let finding = RuleFinding(rule: "R-SIZE", item: "", message: "the record is longer than 16 MiB")
    let oversize = SourceChunk.Oversize(
      head: Array(record.prefix(ChunkReader.oversizeHeadBytes)), length: record.count,
      digest: SHA256.hash(record))
    try keepAside(chunk, &row, .questionable, [finding], form: RawRow.excerpt, raw: RawRow.excerpt(oversize))
  }

  private func keepAside(
    _ chunk: Int, _ row: inout Int, _ state: SetAsideState, _ reasons: [RuleFinding], form: Int64, raw: String
  ) throws {
    let sequence = Self.sequence(chunk: chunk, row: row)
    let reasons = Array(reasons.prefix(Self.maximumReasons))
    try SetAsideRows.append(
      sequence: sequence, state: state, reasons: reasons, form: form, raw: raw, to: setAside, rawRows: rawRows
    )
    if state == .questionable { questionable += 1 } else { unlinked += 1 }
    shared.setAside.add(1, ordering: .relaxed)
    row += 1
  }

  /// Whether another text already has the key of a long identifier.
  private func isCollision(_ key: UInt128, _ text: String) throws -> Bool {
    if let known = shared.longIdentifiers.withLock({ $0[key] }) {
      return !known.utf8.elementsEqual(text.utf8)
    }
    let stored = try LongIdentifiers.text(of: key, in: snapshot)
    let known = shared.longIdentifiers.withLock { table -> String in
      let winner = table[key] ?? stored ?? text
      table[key] = winner
      return winner
    }
    return !known.utf8.elementsEqual(text.utf8)
  }
}
