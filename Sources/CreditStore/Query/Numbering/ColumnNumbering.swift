// Owns numbering the values that the rows of a question have in one column: groups, distinct values, the store's own columns.
// Invariants: 0 stands for "no value"; equal values have one number, whatever segment, dictionary or entry they come from; numbers count up
// and never change. Marked kernel: targets have room for the rows of a vector.
// Does not count or add up.

import CreditModel
import SegmentStore

/// The distinct values of one column of a question, numbered from 1.
final class ColumnNumbering {
  /// Words of a dictionary up to which all are numbered at once, in their order: groups are nearly sorted then.
  private static let wordsAtOnce = 1 << 16

  let column: QueryColumn
  private let part: AggregateQuery.Group.Part
  private let type: ItemType
  private let texts = TextNumbering()
  private let integers = IntegerNumbering()
  private var window = IntegerWindow()
  private var words = WordMemo()
  private var store: StoreColumnMemo

  init(_ column: QueryColumn, part: AggregateQuery.Group.Part = .value, type: ItemType) {
    self.column = column
    self.part = part
    self.type = type
    store = StoreColumnMemo(column)
  }

  private var isText: Bool { type.isText }

  /// Numbers in use, that of "no value" included.
  var count: Int { (isText ? texts.count : integers.count) + 1 }
  /// Bytes of the tables.
  var byteCount: Int { texts.byteCount + integers.byteCount }

  // MARK: Values

  /// The value of a number.
  func value(_ number: UInt32) -> QueryValue {
    guard number > 0 else { return .null }
    return isText ? .text(Array(texts[Int(number) - 1])) : .number(integer(number))
  }

  /// The integer of a number that is not 0.
  func integer(_ number: UInt32) -> Int64 { Int64(bitPattern: integers[Int(number) - 1]) }

  /// The bytes of a number that is not 0.
  func text(_ number: UInt32) -> UnsafeRawBufferPointer { texts[Int(number) - 1] }

  /// The number that a value of another numbering of the same column has here.
  func number(of number: UInt32, in other: ColumnNumbering) -> UInt32 {
    guard number > 0 else { return 0 }
    return
      (isText ? texts.number(of: other.text(number)) : integers.number(of: other.integers[Int(number) - 1]))
      + 1
  }

  /// The number of a value of another numbering of the same column; `nil` when the value has none here.
  func knownNumber(of number: UInt32, in other: ColumnNumbering) -> UInt32? {
    guard number > 0 else { return 0 }
    let known =
      isText ? texts.known(other.text(number)) : integers.known(other.integers[Int(number) - 1])
    return known.map { $0 + 1 }
  }

  /// Numbers in the order of their values: "no value" first, texts by their bytes.
  func ranks() -> [UInt32] {
    var order = Array(1..<UInt32(count))
    if isText {
      // The first eight bytes decide most comparisons.
      let prefixes = order.map { Self.prefix(text($0)) }
      order.sort { left, right in
        let (first, second) = (prefixes[Int(left) - 1], prefixes[Int(right) - 1])
        return first != second ? first < second : ByteSearch.order(text(left), text(right)) < 0
      }
    } else {
      order.sort { integer($0) < integer($1) }
    }
    var ranks = [UInt32](repeating: 0, count: count)
    for (rank, number) in order.enumerated() { ranks[Int(number)] = UInt32(rank) + 1 }
    return ranks
  }

  private static func prefix(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var prefix: UInt64 = 0
    for index in 0..<min(8, text.count) { prefix |= UInt64(text[index]) << UInt64(56 - 8 * index) }
    return prefix
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
    case .batch: integerNumbers(try vector.system(.batch), vector.selection, target)
    default: try store.numbers(of: &vector, context, texts, to: target)
    }
  }

  private func integerNumbers(
    _ values: UnsafePointer<Int64>, _ rows: RowSelection, _ target: UnsafeMutablePointer<UInt32>
  ) {
    // Seconds are brought to their day first, where only the day counts.
    let isByDay = type == .timestamp && part != .value
    let window = window.view
    var needsMore = false
    rows.visit { place in
      let known = window.number(of: isByDay ? Self.day(values[place]) : values[place])
      target[place] = known
      if known == 0 { needsMore = true }
    }
    guard needsMore else { return }
    // From here on the window may move.
    rows.visit { place in
      if target[place] == 0 {
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
    if known != 0 { return known }
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
    if words.begin(vector.chunkNumber, count: vector.wordCount(item)), words.count <= Self.wordsAtOnce {
      for code in 0..<words.count { try number(word: code, item, &vector) }
    }
    var needsMore = false
    let (memo, absent) = (words.places, words.absent)
    vector.selection.visit { place in
      // The last place of the memo stands for "no value".
      let number = memo[Int(min(codes[place], absent))]
      target[place] = number
      if number >= WordMemo.special { needsMore = true }
    }
    guard needsMore else { return }
    try vector.selection.visit { (place) throws(StoreError) in
      guard target[place] >= WordMemo.special else { return }
      let code = Int(codes[place])
      if words.places[code] == WordMemo.unknown { try number(word: code, item, &vector) }
      target[place] = words.places[code]
      if target[place] == WordMemo.template {
        target[place] = try vector.withText(item, place) { $0.map { texts.number(of: $0) + 1 } ?? 0 }
      }
    }
  }

  private func number(word code: Int, _ item: Int, _ vector: inout RowVector) throws(StoreError) {
    let (text, holes) = try vector.word(item, code)
    words.places[code] = holes > 0 ? WordMemo.template : texts.number(of: text) + 1
  }

  private func eachText(
    _ item: Int, _ vector: inout RowVector, _ target: UnsafeMutablePointer<UInt32>
  ) throws(StoreError) {
    let rows = vector.selection
    guard let (keys, nulls) = try vector.keyTexts(item) else {
      try rows.visit { (place) throws(StoreError) in
        target[place] = try vector.withText(item, place) { $0.map { texts.number(of: $0) + 1 } ?? 0 }
      }
      return
    }
    // Rows of one subject stand together: the text of their key is numbered once.
    var last: (key: UInt128, number: UInt32) = (0, 0)
    try rows.visit { (place) throws(StoreError) in
      guard nulls[place] == 0 else {
        target[place] = 0
        return
      }
      if last.number == 0 || last.key != keys[place] {
        last = (keys[place], try vector.withText(item, place) { $0.map { texts.number(of: $0) + 1 } ?? 0 })
      }
      target[place] = last.number
    }
  }
}
