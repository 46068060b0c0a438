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
  /// Values that are not absent; for `distinct`, different ones.
  private var counts: [Int] = []
  private var sums: [Int128] = []
  private var numbers: [Int64] = []
  private var texts: [[UInt8]] = []
  private var values: ColumnNumbering?
  private var pairs: PairNumbering?
  private let scratch = VectorNumbers()

  init(_ function: AggregateQuery.Measure.Function, _ column: QueryColumn?, type: ItemType) {
    self.function = function
    self.column = column
    self.type = type
    guard let column else { return }
    if case .item = column {
      if function == .distinct { values = ColumnNumbering(column, type: type) }
    } else if function == .distinct || function == .min || function == .max {
      values = ColumnNumbering(column, type: type)
    }
    if function == .distinct { pairs = PairNumbering() }
  }

  /// Bytes of the tables.
  var byteCount: Int {
    counts.capacity * 8 + sums.capacity * 16 + numbers.capacity * 8 + texts.capacity * 24
      + (values?.byteCount ?? 0) + (pairs?.byteCount ?? 0)
  }

  /// Prepares for groups below a count.
  mutating func reserve(_ groups: Int) {
    guard function != .count, counts.count < groups else { return }
    let more = max(groups, counts.count * 2) - counts.count
    counts.append(contentsOf: repeatElement(0, count: more))
    switch function {
    case .sum, .avg: sums.append(contentsOf: repeatElement(0, count: more))
    case .min, .max:
      if type.isText {
        texts.append(contentsOf: repeatElement([], count: more))
      } else {
        numbers.append(contentsOf: repeatElement(0, count: more))
      }
    case .distinct, .count: break
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
    case .sum, .avg: addSums(try integers(column, &vector), vector, groups)
    case .distinct: try addDistinct(&vector, context, groups)
    case .min, .max:
      guard type.isText else {
        addExtremes(try integers(column, &vector), vector, groups)
        return
      }
      if case .item(let item) = column {
        try addTextExtremes(item, &vector, groups)
      } else {
        try addStoreExtremes(&vector, context, groups)
      }
    }
  }

  private func integers(_ column: QueryColumn, _ vector: inout RowVector) throws(StoreError) -> IntegerVector
  {
    if case .item(let item) = column { return try vector.integers(item) }
    return try vector.batches()
  }

  private mutating func addSums(
    _ integers: IntegerVector, _ vector: borrowing RowVector, _ groups: UnsafePointer<UInt32>?
  ) {
    let (values, nulls) = (integers.values, integers.nulls)
    guard let groups else {
      var sum: Int128 = 0
      var absent = 0
      // Absent values are 0.
      vector.forEach { place in
        sum &+= Int128(values[place])
        absent &+= Int(nulls[place])
      }
      sums[0] &+= sum
      counts[0] += vector.selectedCount - absent
      return
    }
    counts.withUnsafeMutableBufferPointer { counts in
      sums.withUnsafeMutableBufferPointer { sums in
        vector.forEach { place in
          let group = Int(groups[place])
          sums[group] &+= Int128(values[place])
          counts[group] &+= 1 &- Int(nulls[place])
        }
      }
    }
  }

  private mutating func addExtremes(
    _ integers: IntegerVector, _ vector: borrowing RowVector, _ groups: UnsafePointer<UInt32>?
  ) {
    let isMinimum = function == .min
    counts.withUnsafeMutableBufferPointer { counts in
      numbers.withUnsafeMutableBufferPointer { numbers in
        vector.forEach { place in
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
    for index in 0..<vector.selectedCount {
      let place = Int(vector.selection[index])
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
        function == .min ? text.lexicographicallyPrecedes(present) : present.lexicographicallyPrecedes(text)
      }
      if !isBetter { return }
    }
    texts[group] = Array(text)
  }

  private mutating func addStoreExtremes(
    _ vector: inout RowVector, _ context: QueryContext, _ groups: UnsafePointer<UInt32>?
  ) throws {
    guard let values else { return }
    try values.numbers(of: &vector, context, to: scratch.base)
    for place in vector.selection where scratch.base[Int(place)] > 0 {
      addExtreme(
        values.text(scratch.base[Int(place)]), groups.map { Int($0[Int(place)]) } ?? 0)
    }
  }

  private mutating func addDistinct(
    _ vector: inout RowVector, _ context: QueryContext, _ groups: UnsafePointer<UInt32>?
  ) throws {
    guard let values, let pairs else { return }
    try values.numbers(of: &vector, context, to: scratch.base)
    pairs.reserve(left: counts.count, right: values.count)
    let numbers = scratch.base
    counts.withUnsafeMutableBufferPointer { counts in
      vector.forEach { place in
        guard numbers[place] > 0 else { return }
        let group = groups.map { $0[place] } ?? 0
        let before = pairs.count
        _ = pairs.number(group, numbers[place])
        if pairs.count > before { counts[Int(group)] += 1 }
      }
    }
  }

  // MARK: Merging

  /// Adds what another thread gathered.
  ///
  /// - Parameter groups: the group here of each group there.
  mutating func merge(_ other: MeasureColumn, groups: [UInt32]) {
    guard function != .count else { return }
    if let pairs, let values, let otherPairs = other.pairs, let otherValues = other.values {
      let numbers = (0..<UInt32(otherValues.count)).map { values.number(of: $0, in: otherValues) }
      pairs.reserve(left: counts.count, right: values.count)
      for index in 0..<otherPairs.count {
        let pair = otherPairs[index]
        let group = groups[Int(pair.left)]
        let before = pairs.count
        _ = pairs.number(group, numbers[Int(pair.right)])
        if pairs.count > before { counts[Int(group)] += 1 }
      }
      return
    }
    for (index, group) in groups.enumerated() where index < other.counts.count && other.counts[index] > 0 {
      let group = Int(group)
      if !other.sums.isEmpty { sums[group] &+= other.sums[index] }
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

  // MARK: Results

  /// Values that are not absent, or different ones.
  func count(_ group: Int) -> Int { group < counts.count ? counts[group] : 0 }

  /// The exact sum.
  func sum(_ group: Int) -> Int128 { group < sums.count ? sums[group] : 0 }

  /// The smallest or largest value.
  func extreme(_ group: Int) -> QueryValue {
    guard count(group) > 0 else { return .null }
    return type.isText ? .text(texts[group]) : .number(numbers[group])
  }
}
