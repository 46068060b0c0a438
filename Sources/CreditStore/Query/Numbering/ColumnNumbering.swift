// Owns numbering the values that the rows of a question have in one column: groups, distinct values, the store's own columns.
// Invariants: 0 stands for "no value"; equal values have one number, whatever segment, dictionary or entry they come from; numbers count up
// and never change. Marked kernel: targets have room for the rows of a vector.
// Counts rows by number only where that needs no number of each row; does not add up.

import CreditModel
import SegmentStore

/// The distinct values of one column of a question, numbered from 1.
final class ColumnNumbering {
  /// Words of a dictionary up to which all are numbered at once, in their order: groups are nearly sorted then.
  private static let wordsAtOnce = 1 << 16

  let column: QueryColumn
  private let part: AggregateQuery.Group.Part
  private let type: ItemType
  private let texts: KeyedTexts
  private let integers = IntegerNumbering<UInt64>()
  private var window = IntegerWindow()
  private var words = WordMemo()
  private var codeCounts: CodeCounts
  private var store: StoreColumnMemo

  /// - Parameters:
  ///   - templates: shared by all numberings of a question whose values meet.
  ///   - maximumCodeCounts: rows by the codes of dictionaries that ``count(_:in:)`` keeps at most.
  init(
    _ column: QueryColumn, part: AggregateQuery.Group.Part = .value, type: ItemType,
    templates: TemplateNumbers = TemplateNumbers(), maximumCodeCounts: Int = 0
  ) {
    codeCounts = CodeCounts(limit: maximumCodeCounts)
    texts = KeyedTexts(templates)
    self.column = column
    self.part = part
    self.type = type
    store = StoreColumnMemo(column)
  }

  /// Whether its values are texts.
  var isText: Bool { type.isText }

  /// Numbers in use, that of "no value" included.
  var count: Int { (isText ? texts.count : integers.count) + 1 }
  /// Bytes of the tables.
  var byteCount: Int { texts.byteCount + integers.byteCount + codeCounts.byteCount }

  // MARK: Values

  /// The value of a number.
  func value(_ number: UInt32) -> QueryValue {
    guard number > 0 else { return .null }
    return isText ? .text(withText(number) { Array($0) }) : .number(integer(number))
  }

  /// The integer of a number that is not 0.
  func integer(_ number: UInt32) -> Int64 { Int64(bitPattern: integers[Int(number) - 1]) }

  /// Gives the bytes of a number that is not 0.
  func withText<Result>(_ number: UInt32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    texts.withText(Int(number) - 1, body)
  }

  /// The number of a text, which is added if it is new.
  func number(ofText text: String) -> UInt32 { texts.number(of: text) + 1 }

  /// For each number of another numbering of the same column the one its value has here.
  func numbers(of other: ColumnNumbering) -> [UInt32] {
    let numbers = isText ? texts.numbers(of: other.texts) : integers.numbers(of: other.integers)
    return [0] + numbers.map { $0 + 1 }
  }

  /// The number of an integer of another numbering of the same column; `nil` when it has none here.
  func knownNumber(ofInteger number: UInt32, in other: ColumnNumbering) -> UInt32? {
    guard number > 0 else { return 0 }
    return integers.known(other.integers[Int(number) - 1]).map { $0 + 1 }
  }

  /// Prepares for giving out values that other threads met; nothing is numbered after this.
  func finish() {
    texts.finish()
    integers.finish()
    window = IntegerWindow()
    words = WordMemo()
  }

  /// Numbers of values in the order of these, without "no value"; texts by their bytes.
  func ascending() -> [UInt32] {
    isText ? texts.ascending(adding: 1) : (1..<UInt32(count)).sorted { integer($0) < integer($1) }
  }

  // MARK: Numbering

  /// Writes the numbers of the selected rows of a vector, by their places.
  func numbers(
    of vector: inout RowVector, _ context: QueryContext, to target: UnsafeMutablePointer<UInt32>
  ) throws {
    switch column {
    case .item(let item) where isText: try textNumbers(item, &vector, target)
    case .item(let item):
      let integers = try vector.integers(item)
      integerNumbers(integers.values, vector.selection, target)
      if integers.hasAbsent {
        vector.selection.visit { place in if integers.nulls[place] == 1 { target[place] = 0 } }
      }
    case .received:
      try context.firsts.forEach(of: &vector, context) { target[$0] = number(ofInteger: $1) }
    case .batch: integerNumbers(try vector.system(.batch), vector.selection, target)
    default: try store.numbers(of: &vector, context, texts, to: target)
    }
  }

  private func integerNumbers(
    _ values: UnsafePointer<Int64>, _ rows: RowSelection, _ target: UnsafeMutablePointer<UInt32>
  ) {
    // Seconds are brought to their day first, where only the day counts.
    let isByDay = type == .timestamp && part != .value
    if isByDay {
      let window = window.view
      rows.visit { target[$0] = window.number(of: Self.day(values[$0])) }
    } else if !window.view.numbers(of: values, rows, to: target) {
      return
    }
    // From here on the window may move.
    rows.visit { place in
      if target[place] == IntegerWindow.unknown {
        target[place] = number(ofInteger: isByDay ? Self.day(values[place]) : values[place])
      }
    }
  }

  private static func day(_ seconds: Int64) -> Int64 {
    // A constant divisor, and rounded down.
    let quotient = seconds / 86_400
    return seconds < quotient &* 86_400 ? quotient &- 1 : quotient
  }

  private func number(ofInteger value: Int64) -> UInt32 {
    let known = window.view.number(of: value)
    if known != IntegerWindow.unknown { return known }
    let number = integers.number(of: UInt64(bitPattern: Self.part(value, part, type))) + 1
    window.set(value, number)
    return number
  }

  /// The month (since year 0), quarter (year times 4 plus quarter) or year of a day, or of a month.
  private static func part(_ value: Int64, _ part: AggregateQuery.Group.Part, _ type: ItemType) -> Int64 {
    guard part != .value else { return value }
    let month =
      type == .month ? value : Int64(Day(daysSinceEpoch: Int(value))?.month.monthsSinceYearZero ?? 0)
    switch part {
    case .month, .value: return month
    case .quarter: return month / 3
    case .year: return month / 12
    }
  }

  private func textNumbers(
    _ item: Int, _ vector: inout RowVector, _ target: UnsafeMutablePointer<UInt32>
  ) throws(StoreError) {
    guard let codes = try vector.codes(item) else {
      try eachText(item, &vector, target)
      return
    }
    try beginWords(item, &vector)
    let rows = vector.selection
    // The last place of the memo stands for "no value".
    let largest = rows.lookUp(codes, in: words.places, limit: words.absent, to: target)
    guard largest >= WordMemo.special else { return }
    try vector.selection.visit { (place) throws(StoreError) in
      guard target[place] >= WordMemo.special else { return }
      let code = Int(codes[place])
      if words.places[code] == WordMemo.unknown { try number(word: code, item, &vector) }
      target[place] = words.places[code]
      if target[place] == WordMemo.template {
        target[place] = try number(textAt: place, item, &vector)
      }
    }
  }

  /// Begins with the words of the chunk at hand: few are numbered at once.
  private func beginWords(_ item: Int, _ vector: inout RowVector) throws(StoreError) {
    guard words.begin(vector.chunkNumber, count: vector.wordCount(item)), words.count <= Self.wordsAtOnce
    else {
      return
    }
    for code in 0..<words.count { try number(word: code, item, &vector) }
  }

  // MARK: Counting

  /// Counts the selected rows by number, where that needs no number of each row; false where it does. Some rows are counted once
  /// ``addCodeCounts(to:_:)`` is called.
  func count(_ vector: inout RowVector, in counts: inout RowCounts) throws -> Bool {
    guard case .item(let item) = column, isText else { return false }
    if let codes = try vector.codes(item) {
      guard !vector.hasTemplates(item), vector.wordCount(item) <= Self.wordsAtOnce else { return false }
      if !codeCounts.begin(vector, item) {
        try addCodeCounts(to: &counts) { _ in }
        guard codeCounts.begin(vector, item) else { return false }
      }
      codeCounts.add(codes, vector.selection)
      return true
    }
    guard let shared = try vector.sharedTexts(item), shared.isWhole else { return false }
    let rows = vector.selection
    try rows.visit(shared.runs) { (key, indexes) throws(StoreError) in
      guard let first = indexes.first else { return }
      let number = Int(try number(sharedBy: key, at: rows.place(first), shared, item, &vector))
      if number >= counts.count { counts.reserve(count) }
      counts.add(indexes.count, to: number)
    }
    return true
  }

  /// Takes over the rows of words that another thread counted.
  func mergeCodeCounts(_ other: ColumnNumbering) { codeCounts.merge(other.codeCounts) }

  /// Numbers the words of which rows were counted.
  ///
  /// - Parameter check: asked now and then, with the bytes that are needed meanwhile.
  func addCodeCounts(to counts: inout RowCounts, _ check: (_ bytes: Int) throws -> Void) throws {
    let dictionaries = codeCounts.take()
    var found: [(key: UInt128, rows: UInt32)] = []
    for dictionary in dictionaries {
      var words = dictionary.words
      let absent = dictionary.counts.count - 1
      for code in 0..<absent where dictionary.counts[code] > 0 {
        found.append((texts.keys.key(of: try words.word(code)), dictionary.counts[code]))
        if found.count & 1023 == 0 { try check(found.capacity * 32) }
      }
      guard dictionary.counts[absent] > 0 else { continue }
      counts.reserve(1)
      counts.add(Int(dictionary.counts[absent]), to: 0)
    }
    // Numbered in their order, words of several dictionaries need not be looked for.
    if dictionaries.count > 1 { found.sort { $0.key < $1.key } }
    for (place, (key, rows)) in found.enumerated() {
      let number = Int(texts.number(of: key)) + 1
      if number >= counts.count { counts.reserve(count) }
      counts.add(Int(rows), to: number)
      if place & 1023 == 1023 { try check(found.capacity * 32) }
    }
  }

  private func number(textAt place: Int, _ item: Int, _ vector: inout RowVector) throws(StoreError) -> UInt32
  {
    try vector.withText(item, place) { $0.map { texts.number(of: $0) + 1 } ?? 0 }
  }

  private func number(word code: Int, _ item: Int, _ vector: inout RowVector) throws(StoreError) {
    let (text, holes) = try vector.word(item, code)
    words.places[code] = holes > 0 ? WordMemo.template : texts.number(of: text) + 1
  }

  private func eachText(
    _ item: Int, _ vector: inout RowVector, _ target: UnsafeMutablePointer<UInt32>
  ) throws(StoreError) {
    let rows = vector.selection
    guard let shared = try vector.sharedTexts(item) else {
      try rows.visit { (place) throws(StoreError) in
        target[place] = try number(textAt: place, item, &vector)
      }
      return
    }
    // Rows of one subject stand together: what they share is numbered once, if one of them has it.
    try rows.visit(shared.runs) { (key, indexes) throws(StoreError) in
      var number: UInt32 = 0
      for index in indexes {
        let place = rows.place(index)
        switch shared.kind(place) {
        case SharedText.none: target[place] = 0
        case SharedText.own: target[place] = try self.number(textAt: place, item, &vector)
        default:
          if number == 0 { number = try self.number(sharedBy: key, at: place, shared, item, &vector) }
          target[place] = number
        }
      }
    }
  }

  /// The number of a text that the row at a place shares with others of its key.
  private func number(
    sharedBy key: UInt128, at place: Int, _ shared: SharedTextRows, _ item: Int, _ vector: inout RowVector
  ) throws(StoreError) -> UInt32 {
    guard shared.isOfKeys else { return try number(textAt: place, item, &vector) }
    return texts.number(of: try texts.keys.key(ofSubject: key)) + 1
  }
}
