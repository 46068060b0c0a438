// Owns the way of one CSV record to a canonical row or a set-aside one: conversion, rules, subject.
// Invariants: every record becomes exactly one of both; nothing of it is guessed; one converter serves one thread.
// Does not decide versions (VersionDecider).

package import CreditModel
import SegmentStore

/// What all converters of a batch share.
package struct ConversionPlan: Sendable {
  package let entry: PublishedEntry
  package let header: [String]
  package let columnOfItem: [Int]
  package let joinedColumns: [(column: Int, item: Int)]
  package let rules: RecordRules
  package let options: RuleOptions
  package let identity: RecordIdentity
  /// Subjects with withdrawn or repaired records: their rows carry the raw record along.
  package let closedKeys: Set<UInt128>

  package init(
    entry: PublishedEntry, header: [String], recognition: HeaderRecognition, options: RuleOptions,
    closedKeys: Set<UInt128>, hashMask: UInt64 = .max
  ) {
    self.entry = entry
    self.header = header
    var columns = [Int](repeating: -1, count: entry.entry.items.count)
    for (column, item) in recognition.itemOfColumn.enumerated() { if let item { columns[item] = column } }
    columnOfItem = columns
    joinedColumns = recognition.joinedColumns
    rules = RecordRules(entry.entry, present: recognition.presentItems)
    self.options = options
    var identity = entry.recordIdentity
    identity.hashMask = hashMask
    self.identity = identity
    self.closedKeys = closedKeys
  }
}

/// Converts records, one after the other.
package final class RowConverter {
  private let plan: ConversionPlan
  private let items: [CatalogueItem]
  private let lengthLimit: [Int]
  private let isRequired: [Bool]
  private let subjects: SubjectReader
  private var payload = ByteArena(capacity: 1 << 12)
  private var textRanges: [Range<Int>]
  private var numbers: [Int64]
  private var isAbsent: [Bool]
  private var findings: [RuleFinding] = []
  /// Rows whose failing identifier the entry lets pass, and rows with rule warnings.
  package private(set) var warnings = 0

  package init(_ plan: ConversionPlan) {
    self.plan = plan
    items = plan.entry.entry.items
    var limits = [Int](repeating: .max, count: items.count)
    for limit in plan.rules.lengthLimits { limits[limit.item] = limit.limit }
    lengthLimit = limits
    var required = [Bool](repeating: false, count: items.count)
    for item in plan.rules.requiredItems { required[item] = true }
    isRequired = required
    subjects = SubjectReader(plan.entry, today: plan.options.today)
    textRanges = Array(repeating: 0..<0, count: items.count)
    numbers = Array(repeating: 0, count: items.count)
    isAbsent = Array(repeating: true, count: items.count)
  }

  /// What became of a record.
  package enum Outcome {
    case row(key: UInt128, longText: String?)
    case setAside(SetAsideState, [RuleFinding])
  }

  /// The payload of the row just converted; valid until the next.
  package var rowPayload: UnsafeRawBufferPointer { payload.bytes }

  /// Converts the current record of a parser.
  package func convert(_ parser: borrowing RecordParser) -> Outcome {
    findings.removeAll(keepingCapacity: true)
    if parser.isUnterminated {
      return .setAside(.questionable, [RuleFinding(rule: "R-QUOTE", item: "", message: "a quote is never closed")])
    }
    guard parser.cells.count == plan.header.count else {
      return .setAside(
        .questionable,
        [
          RuleFinding(
            rule: "R-RAGGED", item: "",
            message: "\(parser.cells.count) cells where the header has \(plan.header.count)")
        ])
    }
    readCells(parser)
    var hasRuleWarning = false
    if plan.rules.needsValues {
      let result = plan.rules.evaluate(values(), options: plan.options)
      findings += result.errors
      hasRuleWarning = !result.warnings.isEmpty
    }
    let subject = subjects.subject { index in self.textBytes(index) }
    var longText: String?
    var key: UInt128 = 0
    var isUnlinked = false
    switch subject {
    case .key(let found, let text, let isFailing):
      key = found
      longText = text
      if isFailing { hasRuleWarning = true }
    case .failing(let item, let rule, let message):
      findings.append(RuleFinding(rule: rule, item: item, message: message))
    case .none(let item, let message):
      isUnlinked = true
      if findings.isEmpty { return .setAside(.unlinked, [RuleFinding(rule: "V03", item: item, message: message)]) }
      findings.append(RuleFinding(rule: "V03", item: item, message: message))
    }
    if findings.isEmpty, !plan.entry.keyItems.isEmpty, plan.entry.keyItems.allSatisfy({ isAbsent[$0] }) {
      let names = plan.entry.entry.recordKey.joined(separator: ", ")
      findings.append(RuleFinding(rule: "R-KEY", item: names, message: "all items of the record key are missing"))
    }
    guard findings.isEmpty, !isUnlinked else { return .setAside(.questionable, findings) }
    if hasRuleWarning { warnings += 1 }
    return .row(key: key, longText: longText)
  }

  /// Reads every item into the payload: bitmap first, then the values in item order.
  private func readCells(_ parser: borrowing RecordParser) {
    payload.truncate(to: 0)
    let bitmap = payload.appendZeros(RowPayload.bitmapBytes(items.count))
    for index in items.indices {
      isAbsent[index] = true
      let column = plan.columnOfItem[index]
      if column >= 0 {
        if plan.joinedColumns.isEmpty {
          parser.withBytes(of: parser.cells[column]) { readCell($0, index) }
        } else {
          joined(parser, column, index).withUnsafeBytes { readCell($0, index) }
        }
      }
      if isAbsent[index] {
        let byte = payload.base + bitmap + index >> 3
        byte.storeBytes(of: byte.load(as: UInt8.self) | 1 << UInt8(index & 7), as: UInt8.self)
        if isRequired[index], column >= 0, !hasFinding(for: index) { findings.append(plan.rules.missing(index)) }
      }
    }
  }

  private func hasFinding(for index: Int) -> Bool {
    !findings.isEmpty && findings.contains { $0.item == items[index].id }
  }

  /// The cell of a column with those of columns joined to its item appended.
  private func joined(_ parser: borrowing RecordParser, _ column: Int, _ item: Int) -> [UInt8] {
    var bytes = parser.copy(parser.cells[column])
    for extra in plan.joinedColumns where extra.item == item {
      let more = parser.copy(parser.cells[extra.column])
      if !more.isEmpty { bytes += (bytes.isEmpty ? [] : [0x3B]) + more }
    }
    return bytes
  }

  private func readCell(_ cell: UnsafeRawBufferPointer, _ index: Int) {
    let item = items[index]
    let span = UnsafeBufferPointer(start: cell.bindMemory(to: UInt8.self).baseAddress, count: cell.count).span
    switch CellReader.read(span, as: item.type, scale: item.scale) {
    case .absent: return
    case .unconvertible:
      findings.append(
        RuleFinding(rule: "TYPE", item: item.id, message: "the cell does not convert to \(item.type.rawValue)"))
    case .number(let number):
      guard item.fits(number) else {
        findings.append(
          RuleFinding(rule: "V12", item: item.id, message: "more than \(item.precision) digits"))
        return
      }
      isAbsent[index] = false
      numbers[index] = number
      let target = payload.reserve(8)
      target.storeBytes(of: number.littleEndian, as: Int64.self)
      payload.advance(8)
    case .text(let range):
      let text = UnsafeRawBufferPointer(rebasing: cell[range])
      if text.contains(0) {
        findings.append(RuleFinding(rule: "R-NUL", item: item.id, message: "the cell holds a NUL"))
        return
      }
      if text.count > lengthLimit[index], Self.characters(text) > lengthLimit[index] {
        findings.append(plan.rules.tooLong(index, limit: lengthLimit[index]))
        return
      }
      isAbsent[index] = false
      appendText(text, index)
    }
  }

  private func appendText(_ text: UnsafeRawBufferPointer, _ index: Int) {
    let target = payload.reserve(text.count + 5)
    var count = text.count
    var width = 0
    while count >= 0x80 {
      target.storeBytes(of: UInt8(truncatingIfNeeded: count) | 0x80, toByteOffset: width, as: UInt8.self)
      count >>= 7
      width += 1
    }
    target.storeBytes(of: UInt8(count), toByteOffset: width, as: UInt8.self)
    width += 1
    if let base = text.baseAddress { (target + width).copyMemory(from: base, byteCount: text.count) }
    textRanges[index] = payload.count + width..<payload.count + width + text.count
    payload.advance(width + text.count)
  }

  /// Unicode scalars of well-formed UTF-8.
  private static func characters(_ text: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// The bytes of a text item, or `nil` when it is absent or no text.
  private func textBytes(_ index: Int) -> UnsafeRawBufferPointer? {
    guard !isAbsent[index], items[index].type.isText else { return nil }
    return UnsafeRawBufferPointer(rebasing: payload.bytes[textRanges[index]])
  }

  /// All values, for rules that look at several items.
  private func values() -> [Value?] {
    items.indices.map { index in
      if isAbsent[index] { return nil }
      if let bytes = textBytes(index) { return .text(String(decoding: bytes, as: UTF8.self)) }
      return items[index].value(stored: numbers[index])
    }
  }

  /// Order value of the row just converted.
  package var order: Int64 {
    guard let column = plan.entry.schema.orderColumn else { return 0 }
    return isAbsent[column] ? .min : numbers[column]
  }

  /// Hash of the record key of the row just converted; 0 for entries without one.
  package var keyHash: UInt64 {
    guard plan.identity.isKeyed else { return 0 }
    return XXHash64.hash(plan.identity.keyBytes(payload.bytes)) & plan.identity.hashMask
  }
}
