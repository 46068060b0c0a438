// Owns the way of one CSV record to a canonical row or a set-aside one: conversion, rules, subject.
// Invariants: every record becomes exactly one of both; nothing of it is guessed; one converter serves one thread.
// Does not decide versions (VersionDecider).

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
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
  /// What converting a cell needs of its item, and where its value went: plain memory, touched for every cell.
  private let slots: UnsafeMutableBufferPointer<Slot>
  private let subjects: SubjectReader
  private let payload = ByteArena(capacity: 1 << 12)
  private let bitmapBytes: Int
  private var findings: [RuleFinding] = []
  /// Rows whose failing identifier the entry lets pass, and rows with rule warnings.
  package private(set) var warnings = 0

  package init(_ plan: ConversionPlan) {
    self.plan = plan
    items = plan.entry.entry.items
    slots = .allocate(capacity: items.count)
    for (index, item) in items.enumerated() {
      slots.initializeElement(
        at: index,
        to: Slot(
          type: item.type, scale: item.scale, column: plan.columnOfItem[index],
          hasPrecision: item.type == .decimal && item.precision < 18))
    }
    for limit in plan.rules.lengthLimits { slots[limit.item].lengthLimit = limit.limit }
    for item in plan.rules.requiredItems { slots[item].isRequired = true }
    bitmapBytes = RowPayload.bitmapBytes(items.count)
    subjects = SubjectReader(plan.entry, today: plan.options.today)
  }

  deinit { slots.deallocate() }

  private struct Slot {
    var type: ItemType
    var scale: Int
    var column: Int
    var hasPrecision: Bool
    var lengthLimit = Int.max
    var isRequired = false
    var isAbsent = true
    var number: Int64 = 0
    var textStart = 0
    var textCount = 0
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
      return .setAside(
        .questionable, [RuleFinding(rule: "R-QUOTE", item: "", message: "a quote is never closed")])
    }
    guard parser.cellCount == plan.header.count else {
      return .setAside(
        .questionable,
        [
          RuleFinding(
            rule: "R-RAGGED", item: "",
            message: "\(parser.cellCount) cells where the header has \(plan.header.count)")
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
      if findings.isEmpty {
        return .setAside(.unlinked, [RuleFinding(rule: "V03", item: item, message: message)])
      }
      findings.append(RuleFinding(rule: "V03", item: item, message: message))
    }
    if findings.isEmpty, !plan.entry.keyItems.isEmpty, plan.entry.keyItems.allSatisfy({ slots[$0].isAbsent })
    {
      let names = plan.entry.entry.recordKey.joined(separator: ", ")
      findings.append(
        RuleFinding(rule: "R-KEY", item: names, message: "all items of the record key are missing"))
    }
    guard findings.isEmpty, !isUnlinked else { return .setAside(.questionable, findings) }
    if hasRuleWarning { warnings += 1 }
    return .row(key: key, longText: longText)
  }

  /// Reads every item into the payload: bitmap first, then the values in item order.
  private func readCells(_ parser: borrowing RecordParser) {
    payload.truncate(to: 0)
    _ = payload.appendZeros(bitmapBytes)
    for index in slots.indices {
      slots[index].isAbsent = true
      let column = slots[index].column
      if column >= 0 {
        if plan.joinedColumns.isEmpty {
          parser.withBytes(of: parser[column]) { readCell($0, index) }
        } else {
          joined(parser, column, index).withUnsafeBytes { readCell($0, index) }
        }
      }
      if slots[index].isAbsent {
        let byte = payload.base + index >> 3
        byte.storeBytes(of: byte.load(as: UInt8.self) | 1 << UInt8(index & 7), as: UInt8.self)
        if slots[index].isRequired, column >= 0, !hasFinding(for: index) {
          findings.append(plan.rules.missing(index))
        }
      }
    }
  }

  private func hasFinding(for index: Int) -> Bool {
    !findings.isEmpty && findings.contains { $0.item == items[index].id }
  }

  /// The cell of a column with those of columns joined to its item appended.
  private func joined(_ parser: borrowing RecordParser, _ column: Int, _ item: Int) -> [UInt8] {
    var parts = [parser.copy(parser[column])]
    for extra in plan.joinedColumns where extra.item == item {
      parts.append(parser.copy(parser[extra.column]))
    }
    // A part that means "missing" is none.
    let present = parts.compactMap { part -> ArraySlice<UInt8>? in
      guard case .text(let range) = CellReader.read(part.span, as: .text, scale: 0) else { return nil }
      return part[range]
    }
    return Array(present.joined(separator: [0x3B]))
  }

  private func readCell(_ cell: UnsafeRawBufferPointer, _ index: Int) {
    let span = UnsafeBufferPointer(
      start: cell.baseAddress?.assumingMemoryBound(to: UInt8.self), count: cell.count
    ).span
    switch CellReader.read(span, as: slots[index].type, scale: slots[index].scale) {
    case .absent: return
    case .unconvertible:
      findings.append(
        RuleFinding(
          rule: "TYPE", item: items[index].id,
          message: "the cell does not convert to \(items[index].type.rawValue)"))
    case .number(let number):
      guard !slots[index].hasPrecision || items[index].fits(number) else {
        findings.append(
          RuleFinding(
            rule: "V12", item: items[index].id, message: "more than \(items[index].precision) digits"))
        return
      }
      slots[index].isAbsent = false
      slots[index].number = number
      payload.reserve(8).storeBytes(of: number.littleEndian, as: Int64.self)
      payload.advance(8)
    case .text(let range):
      let text = UnsafeRawBufferPointer(rebasing: cell[range])
      if let base = text.baseAddress, memchr(base, 0, text.count) != nil {
        findings.append(RuleFinding(rule: "R-NUL", item: items[index].id, message: "the cell holds a NUL"))
        return
      }
      guard text.count <= ColumnBlockLimits.valueBytes else {
        findings.append(
          RuleFinding(rule: "R-SIZE", item: items[index].id, message: "the value is longer than 16 MiB"))
        return
      }
      let limit = slots[index].lengthLimit
      if text.count > limit, Self.characters(text) > limit {
        findings.append(plan.rules.tooLong(index, limit: limit))
        return
      }
      slots[index].isAbsent = false
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
    slots[index].textStart = payload.count + width
    slots[index].textCount = text.count
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
    guard !slots[index].isAbsent, slots[index].type.isText else { return nil }
    return UnsafeRawBufferPointer(start: payload.base + slots[index].textStart, count: slots[index].textCount)
  }

  /// All values, for rules that look at several items.
  private func values() -> [Value?] {
    items.indices.map { index in
      if slots[index].isAbsent { return nil }
      if let bytes = textBytes(index) { return .text(String(decoding: bytes, as: UTF8.self)) }
      return items[index].value(stored: slots[index].number)
    }
  }
}
