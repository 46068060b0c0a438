// Owns the way of one CSV record to a canonical row or a set-aside one: conversion, rules, subject.
// Invariants: every record becomes exactly one of both; nothing of it is guessed; one converter serves one thread.
// Does not decide versions (VersionDecider).

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
package import CreditModel
package import SegmentStore

/// What all converters of a batch share.
package struct ConversionPlan: Sendable {
  package let entry: PublishedEntry
  package let header: [String]
  package let columnOfItem: [Int]
  package let joinedColumns: [(column: Int, item: Int)]
  /// The column with the status of the 2015 layout, and the item of the 2018 one.
  package let status2015: (column: Int, item: Int?)?
  /// The items of an identity number of the 2015 layout and of its kind, which that layout does not say.
  package let identityCard2015: (number: Int, kind: Int)?
  package let rules: RecordRules
  package let options: RuleOptions
  package let identity: RecordIdentity
  /// Subjects with withdrawn or repaired records: their rows carry the raw record along.
  package let closedKeys: Set<UInt128>
  /// Why a row with more or fewer cells than the header is set aside, where that is not what is wrong with it.
  package var raggedReason: RuleFinding?

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
    status2015 = recognition.status2015.map { ($0, recognition.itemOfColumn[$0]) }
    identityCard2015 = recognition.identityCard2015
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
  private let coded = ByteArena(capacity: 1 << 12)
  /// Cells put together from several columns.
  private let joinedCells = StableArena(chunkBytes: 1 << 12)
  private let bitmapBytes: Int
  private struct Hot {
    var rowHash: UInt64 = 0
    var keyHash: UInt64 = 0
    var rowPlainBytes = 0
    /// The item whose text is known to be that of the row's key; -1 when nothing is known.
    var verbatimItem = -1
    var mayHoldNUL = true
  }

  /// Behind a pointer, because the checks of a class's properties cost too much for every cell.
  private let hot: UnsafeMutablePointer<Hot>
  /// The distinct texts met in each item; `nil` for numbers and for items whose texts repeat the subject's key.
  private let poolOfItem: [TextPool?]
  private let orderItem: Int
  private var findings: [RuleFinding] = []
  /// Rows whose failing identifier the entry lets pass, and rows with rule warnings.
  package private(set) var warnings = 0
  /// The rules of the warnings of the row just converted.
  private(set) var warningRules: [String] = []

  /// - Parameter poolBytes: bytes that the distinct texts of all items may take.
  package init(_ plan: ConversionPlan, poolBytes: Int) {
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
    for item in plan.rules.itemsWithOptions { slots[item].hasOptions = true }
    bitmapBytes = RowPayload.bitmapBytes(items.count)
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot())
    subjects = SubjectReader(plan.entry, today: plan.options.today)
    for index in items.indices { slots[index].isText = items[index].type.isText }
    for index in plan.entry.subjectItems { slots[index].isSubject = true }
    for index in plan.identity.keyColumns { slots[index].isKey = true }
    orderItem = plan.entry.schema.orderColumn ?? -1
    let texts = items.count { $0.type.isText }
    let limit = min(4 << 20, max(16 << 10, poolBytes / max(1, texts)))
    poolOfItem = items.map { $0.type.isText ? TextPool(byteLimit: limit) : nil }
    for index in items.indices { slots[index].pool = poolOfItem[index].map(Unmanaged.passUnretained) }
  }

  deinit {
    slots.deallocate()
    hot.deallocate()
  }

  private struct Slot {
    var type: ItemType
    var scale: Int
    var column: Int
    var hasPrecision: Bool
    var lengthLimit = Int.max
    var isRequired = false
    var hasOptions = false
    var isSubject = false
    var isKey = false
    var isText = false
    var hash: UInt64 = 0
    var isAbsent = true
    var number: Int64 = 0
    var text = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether some text of the item was that of its row's key: such a column is stored without texts or dictionary.
    var repeatsKey = false
    /// The item's pool, kept alive by `poolOfItem`: counting references for each cell costs more than looking it up.
    var pool: Unmanaged<TextPool>?
  }

  /// Whether the bytes being converted hold a NUL anywhere; looked for once a chunk instead of once a cell.
  package var mayHoldNUL: Bool {
    get { hot.pointee.mayHoldNUL }
    set { hot.pointee.mayHoldNUL = newValue }
  }

  /// What became of a record.
  package enum Outcome {
    case row(key: UInt128, longText: String?)
    case setAside(SetAsideState, [RuleFinding])
  }

  /// The row just converted, in coded form; valid until the next.
  package var row: UnsafeRawBufferPointer { coded.bytes }
  /// The hash of its values.
  package var rowHash: UInt64 { hot.pointee.rowHash }
  /// The hash of the values of its record key.
  package var keyHash: UInt64 { hot.pointee.keyHash }
  /// About the bytes of the row without codes.
  package var rowPlainBytes: Int { hot.pointee.rowPlainBytes }
  /// The value by which rows of a subject are ordered.
  package var rowOrder: Int64 { orderItem < 0 || slots[orderItem].isAbsent ? .min : slots[orderItem].number }

  /// The pools the rows refer to.
  package var pools: [TextPool?] { poolOfItem }
  /// Items with texts that repeat their row's key.
  package var itemsRepeatingKey: [Int] { items.indices.filter { slots[$0].repeatsKey } }

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
          plan.raggedReason
            ?? RuleFinding(
              rule: "R-RAGGED", item: "",
              message: "\(parser.cellCount) cells where the header has \(plan.header.count)")
        ])
    }
    readCells(parser)
    if let status = plan.status2015 { readStatus(status.column, status.item, parser) }
    if let card = plan.identityCard2015 { readIdentityCard(card.number, card.kind) }
    if !warningRules.isEmpty { warningRules.removeAll() }
    if plan.rules.needsValues {
      let result = plan.rules.evaluate(values(), options: plan.options)
      findings += result.errors
      warningRules = result.warnings.map(\.rule)
    }
    // Before the subject: a row with neither is questionable, not unlinked.
    if !plan.entry.keyItems.isEmpty, plan.entry.keyItems.allSatisfy({ slots[$0].isAbsent }) {
      let names = plan.entry.entry.recordKey.joined(separator: ", ")
      findings.append(
        RuleFinding(rule: "R-KEY", item: names, message: "all items of the record key are missing"))
    }
    let subject = subjects.subject { index in self.textBytes(index) }
    var longText: String?
    var key: UInt128 = 0
    var isUnlinked = false
    switch subject {
    case .key(let found, let text, let isFailing, let verbatim):
      key = found
      hot.pointee.verbatimItem = verbatim ?? -1
      longText = text
      if isFailing { warningRules.append("V03") }
    case .failing(let item, let rule, let message):
      findings.append(RuleFinding(rule: rule, item: item, message: message))
    case .none(let item, let message):
      isUnlinked = true
      if findings.isEmpty {
        return .setAside(.unlinked, [RuleFinding(rule: "V03", item: item, message: message)])
      }
      findings.append(RuleFinding(rule: "V03", item: item, message: message))
    }
    guard findings.isEmpty, !isUnlinked else { return .setAside(.questionable, findings) }
    if !warningRules.isEmpty { warnings += 1 }
    code(key)
    return .row(key: key, longText: longText)
  }

  /// Brings the values of an accepted row into coded form.
  private func code(_ key: UInt128) {
    var room = bitmapBytes
    for index in slots.indices where !slots[index].isAbsent {
      guard slots[index].isText else {
        room &+= CodedRow.integerRoom
        continue
      }
      room &+= CodedRow.room(text: slots[index].text.count)
      let hash = TextHash.hash(slots[index].text)
      slots[index].hash = hash
      // All look-ups of the row wait for memory at the same time instead of one after the other.
      slots[index].pool?._withUnsafeGuaranteedRef { $0.prepare(hash: hash) }
    }
    coded.truncate(to: 0)
    // Invariant: every cell below takes at most the room counted for it.
    let base = coded.reserve(room)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bitmapBytes)
    var target = base + bitmapBytes
    var hash = ContentHash.start
    var keyHash = ContentHash.start
    for index in slots.indices {
      let value: UInt64
      if slots[index].isAbsent {
        let byte = base + index >> 3
        byte.storeBytes(of: byte.load(as: UInt8.self) | 1 << UInt8(index & 7), as: UInt8.self)
        value = ContentHash.null
      } else if slots[index].isText {
        value = slots[index].hash
        target += codeText(index, value, key, target)
      } else {
        value = UInt64(bitPattern: slots[index].number)
        target += CodedRow.write(integer: slots[index].number, to: target)
      }
      hash = TextHash.combine(hash, value)
      if slots[index].isKey { keyHash = TextHash.combine(keyHash, value) }
    }
    hot.pointee.keyHash = keyHash
    coded.advance(target - base)
    hot.pointee.rowHash = hash
    hot.pointee.rowPlainBytes = room
  }

  @inline(__always)
  private func codeText(_ index: Int, _ hash: UInt64, _ key: UInt128, _ target: UnsafeMutableRawPointer)
    -> Int
  {
    let text = slots[index].text
    if slots[index].isSubject, index == hot.pointee.verbatimItem || repeatsKey(text, key) {
      slots[index].repeatsKey = true
      return CodedRow.writeKey(to: target)
    }
    guard let pool = slots[index].pool,
      let found = pool._withUnsafeGuaranteedRef({ $0.code(of: text, hash: hash) })
    else { return CodedRow.write(text: text, to: target) }
    return CodedRow.write(
      code: found.code, holes: found.holes, numbers: pool._withUnsafeGuaranteedRef { $0.numbers }, to: target)
  }

  private func repeatsKey(_ text: UnsafeRawBufferPointer, _ key: UInt128) -> Bool {
    guard text.count <= CodedRow.maximumKeyTextBytes, text.count > 0 else { return false }
    return withUnsafeTemporaryAllocation(byteCount: CodedRow.maximumKeyTextBytes, alignment: 8) { target in
      guard let base = target.baseAddress, SubjectKey.renderText(key, to: base) == text.count else {
        return false
      }
      return text.baseAddress.map { memcmp($0, base, text.count) == 0 } ?? false
    }
  }

  /// Reads every item of a record.
  private func readCells(_ parser: borrowing RecordParser) {
    if !plan.joinedColumns.isEmpty { joinedCells.removeAll() }
    for index in slots.indices {
      slots[index].isAbsent = true
      let column = slots[index].column
      if column >= 0 {
        if plan.joinedColumns.isEmpty {
          parser.withBytes(of: parser[column]) { readCell($0, index) }
        } else {
          let cell = joined(parser, column, index)
          let place = cell.withUnsafeBytes { joinedCells.copy($0) }
          readCell(UnsafeRawBufferPointer(start: place, count: cell.count), index)
        }
      }
      if slots[index].isAbsent, slots[index].isRequired, column >= 0, !hasFinding(for: index) {
        findings.append(plan.rules.missing(index))
      }
    }
  }

  /// A permit in force, as the 2018 layout writes it.
  private static let inForce: StaticString = "1"

  /// What the status of the 2015 layout says: a decision that was withdrawn is no record; of others a permit is in force.
  private func readStatus(_ column: Int, _ item: Int?, _ parser: borrowing RecordParser) {
    let cell = parser.copy(parser[column])
    guard case .text(let range) = CellReader.read(cell.span, as: .text, scale: 0) else { return }
    guard !cell[range].elementsEqual([0x31]) else {
      findings.append(
        RuleFinding(
          rule: "R-STATUS", item: item.map { items[$0].id } ?? plan.header[column],
          message: "the decision was withdrawn (status 1 of 2015): withdraw the record, if there is one"))
      return
    }
    guard let item, !slots[item].isAbsent else { return }
    slots[item].text = UnsafeRawBufferPointer(
      start: Self.inForce.utf8Start, count: Self.inForce.utf8CodeUnitCount)
  }

  /// Numbers of the 2015 layout are those of identity cards or of other documents of people; the 2018 layout has an item that says so. Other numbers that
  /// stand there are what they are.
  private func readIdentityCard(_ number: Int, _ kind: Int) {
    guard !slots[number].isAbsent,
      let word = DocumentKinds.word(
        inIdentityColumn: String(decoding: slots[number].text, as: UTF8.self), on: plan.options.today)
    else { return }
    slots[kind].isAbsent = false
    slots[kind].text = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
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
    case .text(let range):
      let text = UnsafeRawBufferPointer(rebasing: cell[range])
      if hot.pointee.mayHoldNUL, let base = text.baseAddress, memchr(base, 0, text.count) != nil {
        findings.append(RuleFinding(rule: "R-NUL", item: items[index].id, message: "the cell holds a NUL"))
        return
      }
      guard text.count <= ColumnBlockLimits.valueBytes else {
        findings.append(
          RuleFinding(rule: "R-SIZE", item: items[index].id, message: "the value is longer than 16 MiB"))
        return
      }
      let limit = slots[index].lengthLimit
      // Blanks and hyphens in a number are dropped before anything is asked of it.
      if text.count > limit, Self.characters(text, isIdentifier: items[index].identifier != nil) > limit {
        findings.append(plan.rules.tooLong(index, limit: limit))
        return
      }
      if slots[index].hasOptions, !plan.rules.allow(text, for: index) {
        findings.append(plan.rules.notAnOption(index))
        return
      }
      slots[index].isAbsent = false
      slots[index].text = text
    }
  }

  /// Unicode scalars of well-formed UTF-8, of an identifier those that count.
  private static func characters(_ text: UnsafeRawBufferPointer, isIdentifier: Bool) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 {
      if !isIdentifier || byte != 0x20 && byte != 0x2D { count += 1 }
    }
    return count
  }

  /// The bytes of a text item, or `nil` when it is absent or no text.
  private func textBytes(_ index: Int) -> UnsafeRawBufferPointer? {
    guard !slots[index].isAbsent, slots[index].isText else { return nil }
    return slots[index].text
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
