// Owns what is gathered for one measure of all groups.
// Invariants: sums are exact (128 bits hold the sum of 2^64 numbers of 64 bits); absent values count for nothing; the answer does not depend
// on the order of rows. Marked kernel: groups are below what was reserved.

import CreditModel
import SegmentStore

/// One measure, by group.
struct MeasureColumn {
  let function: AggregateQuery.Measure.Function
  private let column: QueryColumn?
  private let type: ItemType
  /// Values that are not absent; for `distinct`, different ones. Sums count what is absent themselves.
  private var counts: [Int] = []
  private var sums = ExactSums()
  private var numbers: [Int64] = []
  private var texts: [[UInt8]] = []
  private var textBytes = 0
  private var values: ColumnNumbering?
  private var pairs: PairNumbering?
  /// Without groups: the different texts.
  private var distinct: DistinctTexts?
  /// Without groups: by number, whether the value was met, where values are no texts of an item.
  private var met: [Bool] = []
  private let scratch = VectorNumbers()

  /// - Parameters:
  ///   - templates: shared by the threads of the question.
  ///   - byteLimit: bytes that different values may take.
  init(
    _ function: AggregateQuery.Measure.Function, _ column: QueryColumn?, type: ItemType, isGrouped: Bool,
    templates: TemplateNumbers, byteLimit: Int
  ) {
    self.function = function
    self.column = column
    self.type = type
    guard let column else { return }
    if case .item(let item) = column {
      if function == .distinct, type.isText, !isGrouped {
        distinct = DistinctTexts(item, templates, byteLimit: byteLimit)
        return
      }
      if function == .distinct { values = ColumnNumbering(column, type: type, templates: templates) }
    } else if function == .distinct || function == .min || function == .max {
      values = ColumnNumbering(column, type: type, templates: templates)
    }
    if function == .distinct { pairs = PairNumbering() }
  }

  /// Bytes of the tables.
  var byteCount: Int {
    counts.capacity * 8 + sums.byteCount + numbers.capacity * 8 + texts.capacity * 24 + textBytes
      + met.capacity
      + (values?.byteCount ?? 0) + (pairs?.byteCount ?? 0) + (distinct?.byteCount ?? 0)
  }

  /// Prepares for groups below a count.
  mutating func reserve(_ groups: Int) {
    if function == .sum || function == .avg {
      sums.reserve(groups)
      return
    }
    guard function != .count, counts.count < groups else { return }
    let more = max(groups, counts.count * 2) - counts.count
    counts.append(contentsOf: repeatElement(0, count: more))
    switch function {
    case .min, .max:
      if type.isText {
        texts.append(contentsOf: repeatElement([], count: more))
      } else {
        numbers.append(contentsOf: repeatElement(0, count: more))
      }
    case .distinct, .count, .sum, .avg: break
    }
  }

  // MARK: Adding

  /// Adds the selected rows of a vector to their groups.
  ///
  /// - Parameter groups: the group of each row, by its place; `nil` = all are of group 0.
  mutating func add(
    _ vector: inout RowVector, _ context: QueryContext, _ groups: UnsafePointer<UInt32>?
  ) throws {
    guard let column else { return }
    switch function {
    case .count: break
    case .sum, .avg:
      if groups == nil, case .item(let item) = column, let sum = try vector.packedSum(item) {
        sums.add(sum)
        return
      }
      let bounds = bounds(column, vector)
      sums.add(try integers(column, &vector), vector.selection, groups, bounds)
    case .distinct: try addDistinct(&vector, context, groups)
    case .min, .max:
      guard type.isText else {
        if groups == nil, let bounds = bounds(column, vector), cannotImprove(bounds) { return }
        addExtremes(try integers(column, &vector), vector.selection, groups)
        return
      }
      if case .item(let item) = column {
        try addTextExtremes(item, &vector, groups)
      } else {
        try addStoreExtremes(&vector, context, groups)
      }
    }
  }

  private func bounds(_ column: QueryColumn, _ vector: borrowing RowVector) -> ClosedRange<Int64>? {
    if case .item(let item) = column { vector.bounds(item) } else { nil }
  }

  /// Whether no value of a range is better than the one found, without groups.
  private func cannotImprove(_ bounds: ClosedRange<Int64>) -> Bool {
    guard counts[0] > 0 else { return false }
    return function == .min ? bounds.lowerBound >= numbers[0] : bounds.upperBound <= numbers[0]
  }

  private func integers(_ column: QueryColumn, _ vector: inout RowVector) throws(StoreError) -> IntegerVector
  {
    if case .item(let item) = column { return try vector.integers(item) }
    return try vector.batches()
  }

  private mutating func addExtremes(
    _ integers: IntegerVector, _ rows: RowSelection, _ groups: UnsafePointer<UInt32>?
  ) {
    let isMinimum = function == .min
    guard groups != nil else {
      var best: Int64 = isMinimum ? .max : .min
      var found = 0
      rows.visit { place in
        let value = integers.nulls[place] == 0 ? integers.values[place] : best
        best = isMinimum ? min(best, value) : max(best, value)
        found &+= 1 &- Int(integers.nulls[place])
      }
      guard found > 0 else { return }
      numbers[0] = counts[0] == 0 ? best : isMinimum ? min(best, numbers[0]) : max(best, numbers[0])
      counts[0] += found
      return
    }
    counts.withUnsafeMutableBufferPointer { counts in
      numbers.withUnsafeMutableBufferPointer { numbers in
        rows.visit { place in
          guard integers.nulls[place] == 0 else { return }
          let group = groups.map { Int($0[place]) } ?? 0
          let value = integers.values[place]
          if counts[group] == 0 || (isMinimum ? value < numbers[group] : value > numbers[group]) {
            numbers[group] = value
          }
          counts[group] &+= 1
        }
      }
    }
  }

  private mutating func addTextExtremes(
    _ item: Int, _ vector: inout RowVector, _ groups: UnsafePointer<UInt32>?
  ) throws(StoreError) {
    if groups == nil, !vector.hasTemplates(item), let codes = try vector.codes(item) {
      // Codes of whole texts are in the order of the texts.
      var (first, last, found) = (UInt32.max, UInt32(0), 0)
      vector.selection.visit { place in
        guard codes[place] != absentCode else { return }
        (first, last) = (min(first, codes[place]), max(last, codes[place]))
        found &+= 1
      }
      guard found > 0 else { return }
      addExtreme(try vector.word(item, Int(function == .min ? first : last)).text, 0)
      counts[0] += found - 1
      return
    }
    try vector.selection.visit { (place) throws(StoreError) in
      let group = groups.map { Int($0[place]) } ?? 0
      try vector.withText(item, place) { text in
        if let text { addExtreme(text, group) }
      }
    }
  }

  private mutating func addExtreme(_ text: UnsafeRawBufferPointer, _ group: Int) {
    counts[group] += 1
    if counts[group] > 1 {
      let isBetter = texts[group].withUnsafeBytes { present in
        function == .min ? ByteSearch.order(text, present) < 0 : ByteSearch.order(text, present) > 0
      }
      if !isBetter { return }
    }
    textBytes += text.count - texts[group].count
    texts[group] = Array(text)
  }

  private mutating func addStoreExtremes(
    _ vector: inout RowVector, _ context: QueryContext, _ groups: UnsafePointer<UInt32>?
  ) throws {
    guard let values else { return }
    try values.numbers(of: &vector, context, to: scratch.base)
    vector.selection.visit { place in
      guard scratch.base[place] > 0 else { return }
      values.withText(scratch.base[place]) { text in
        addExtreme(text, groups.map { Int($0[place]) } ?? 0)
      }
    }
  }

  private mutating func addDistinct(
    _ vector: inout RowVector, _ context: QueryContext, _ groups: UnsafePointer<UInt32>?
  ) throws {
    if let distinct {
      try distinct.add(&vector)
      return
    }
    guard let values, let pairs else { return }
    try values.numbers(of: &vector, context, to: scratch.base)
    guard groups != nil else {
      meet(scratch.base, vector.selection, values.count)
      return
    }
    pairs.reserve(left: counts.count, right: values.count)
    let numbers = scratch.base
    // Numbers count up: a pair whose number was not given out before is new.
    var known = pairs.count
    counts.withUnsafeMutableBufferPointer { counts in
      vector.selection.visit { place in
        guard numbers[place] > 0 else { return }
        let group = groups?[place] ?? 0
        guard Int(pairs.number(group, numbers[place])) >= known else { return }
        known &+= 1
        counts[Int(group)] &+= 1
      }
    }
  }

  private mutating func meet(_ numbers: UnsafePointer<UInt32>, _ rows: RowSelection, _ count: Int) {
    reserveMet(count)
    var found = 0
    met.withUnsafeMutableBufferPointer { met in
      rows.visit { place in
        let number = Int(numbers[place])
        if number > 0, !met[number] {
          met[number] = true
          found &+= 1
        }
      }
    }
    counts[0] += found
  }

  // MARK: Merging

  /// Adds what another thread gathered.
  ///
  /// - Parameters:
  ///   - groups: the group here of each group there.
  ///   - isLast: whether nothing is merged after this.
  mutating func merge(_ other: MeasureColumn, groups: [UInt32], isLast: Bool) {
    guard function != .count else { return }
    if let distinct, let other = other.distinct {
      distinct.merge(other)
      return
    }
    if let pairs, let values, let otherPairs = other.pairs, let otherValues = other.values {
      if !other.met.isEmpty {
        mergeMet(other.met, values, otherValues, isLast: isLast)
        return
      }
      let numbers = values.numbers(of: otherValues)
      pairs.reserve(left: counts.count, right: values.count)
      for index in 0..<otherPairs.count {
        let pair = otherPairs[index]
        let group = groups[Int(pair.left)]
        let known = pairs.count
        if Int(pairs.number(group, numbers[Int(pair.right)])) >= known { counts[Int(group)] += 1 }
      }
      return
    }
    if function == .sum || function == .avg {
      sums.merge(other.sums, groups: groups)
      return
    }
    for (index, group) in groups.enumerated() where index < other.counts.count && other.counts[index] > 0 {
      let group = Int(group)
      if !other.numbers.isEmpty {
        let value = other.numbers[index]
        if counts[group] == 0 || (function == .min ? value < numbers[group] : value > numbers[group]) {
          numbers[group] = value
        }
      }
      if !other.texts.isEmpty {
        let isBetter =
          function == .min
          ? other.texts[index].lexicographicallyPrecedes(texts[group])
          : texts[group].lexicographicallyPrecedes(other.texts[index])
        if counts[group] == 0 || isBetter { texts[group] = other.texts[index] }
      }
      counts[group] += other.counts[index]
    }
  }

  /// - Parameter isLast: whether nothing is merged after this: integers that are new here need not be kept then.
  private mutating func mergeMet(
    _ other: [Bool], _ values: ColumnNumbering, _ otherValues: ColumnNumbering, isLast: Bool
  ) {
    let known = isLast && !type.isText ? [] : values.numbers(of: otherValues)
    for number in 1..<UInt32(otherValues.count) where Int(number) < other.count && other[Int(number)] {
      guard
        let own = known.isEmpty
          ? values.knownNumber(ofInteger: number, in: otherValues) : known[Int(number)]
      else {
        counts[0] += 1
        continue
      }
      if Int(own) >= met.count || !met[Int(own)] { counts[0] += 1 }
      setMet(Int(own))
    }
  }

  private mutating func setMet(_ number: Int) {
    reserveMet(number + 1)
    met[number] = true
  }

  private mutating func reserveMet(_ count: Int) {
    guard met.count < count else { return }
    met.append(contentsOf: repeatElement(false, count: max(count, met.count * 2) - met.count))
  }

  // MARK: Results

  /// Works out what is only known once all threads are done.
  mutating func finish(threads: Int) {
    if let distinct { counts[0] = distinct.count(threads: threads) }
  }

  /// Values that are not absent, or different ones.
  ///
  /// - Parameter rows: rows of the group.
  func count(_ group: Int, of rows: Int) -> Int {
    switch function {
    case .sum, .avg: rows - sums.absent(group)
    default: group < counts.count ? counts[group] : 0
    }
  }

  /// The exact sum.
  func sum(_ group: Int) -> Int128 { sums[group] }

  /// The smallest or largest value.
  func extreme(_ group: Int) -> QueryValue {
    guard group < counts.count, counts[group] > 0 else { return .null }
    return type.isText ? .text(texts[group]) : .number(numbers[group])
  }
}
